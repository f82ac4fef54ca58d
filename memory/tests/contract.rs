//! One contract, every store: each check takes a `&dyn Store` and is run on all of them.

use std::str::FromStr;

use proptest::prelude::*;
use quipu_memory::{
    Access, DiskStore, HITS_MAX, ID_BYTES_MAX, Kind, LABEL_BYTES_MAX, NewPage, PageId, Query,
    RamStore, SNIPPET_CHARS_MAX, Stats, Store, StoreError, TEXT_BYTES_MAX, Trust,
};

/// Runs each check on a fresh store of each kind.
macro_rules! contract {
    ($($check:ident),+ $(,)?) => {
        mod ram {
            $(#[test] fn $check() { super::$check(&super::RamStore::new()); })+
        }
        mod disk {
            $(#[test] fn $check() {
                let folder = tempfile::tempdir().expect("a folder");
                let store = super::DiskStore::open(folder.path(), super::Access::ReadWrite);
                super::$check(&store.expect("a new store"));
            })+
        }
    };
}

contract! {
    an_empty_store_is_empty,
    what_was_put_is_got_back_verbatim,
    ids_are_short_and_never_come_back,
    a_page_replaces_the_one_of_its_id,
    a_removed_page_is_gone,
    words_match_whatever_their_form,
    the_title_counts_more,
    rare_words_count_more,
    filters_hold,
    hostile_queries_are_only_text,
    equal_pages_come_in_order_of_id,
    the_order_does_not_depend_on_how_pages_came,
    k_is_kept,
    snippets_show_the_match,
    snippets_are_plain_and_bounded,
    a_batch_is_all_or_nothing,
    a_batch_is_its_pages_one_after_another,
    limits_are_named,
    list_and_stats_agree,
    threads_share_a_store,
    any_page_is_got_back_verbatim,
    any_text_is_a_query,
}

fn page(id: &str, title: &str, text: &str) -> NewPage {
    NewPage {
        id: (!id.is_empty()).then(|| PageId::from(id)),
        kind: Kind::Document,
        title: title.into(),
        text: text.into(),
        source: "test".into(),
        trust: Trust::User,
    }
}

fn put(store: &dyn Store, id: &str, title: &str, text: &str) {
    store.put(page(id, title, text)).expect("put");
}

fn ids(store: &dyn Store, query: &str) -> Vec<String> {
    found(store, &Query::new(query, 100))
}

fn found(store: &dyn Store, query: &Query) -> Vec<String> {
    let hits = store.search(query).expect("search");
    hits.iter().map(|hit| hit.id.to_string()).collect()
}

fn an_empty_store_is_empty(store: &dyn Store) {
    assert_eq!(ids(store, "anything"), [""; 0]);
    assert_eq!(store.get(&"m1".into()).expect("get"), None);
    assert!(!store.remove(&"m1".into()).expect("remove"));
    assert_eq!(store.list(0, 10).expect("list"), []);
    assert_eq!(store.stats().expect("stats"), Stats::default());
    assert_eq!(store.put_all(vec![]).expect("no pages"), []);
}

fn what_was_put_is_got_back_verbatim(store: &dyn Store) {
    let new = NewPage {
        id: Some("wool/1".into()),
        kind: Kind::Memory,
        title: "  Título \u{0} ".into(),
        text: "\r\n a\u{0}b \u{feff}e\u{301} 🦙\t".into(),
        source: "https://example.org/?a=\"b\"".into(),
        trust: Trust::System,
    };
    let put = store.put(new.clone()).expect("put");
    assert_eq!(
        (&put.title, &put.text, &put.source, put.kind, put.trust),
        (&new.title, &new.text, &new.source, new.kind, new.trust),
    );
    assert_eq!(put.sha256.len(), 64);
    assert!(put.created_ms > 1_500_000_000_000);
    assert_eq!(store.get(&put.id).expect("get"), Some(put));
    assert_eq!(store.get(&"wool/2".into()).expect("get"), None);
}

fn ids_are_short_and_never_come_back(store: &dyn Store) {
    let given = |kind| {
        let new = NewPage {
            kind,
            ..page("", "", "text")
        };
        store.put(new).expect("put").id.to_string()
    };
    assert_eq!(given(Kind::Memory), "m1");
    assert_eq!(given(Kind::Document), "d2");
    assert!(store.remove(&"d2".into()).expect("remove"));
    assert_eq!(given(Kind::Document), "d3");
    put(store, "m40", "", "chosen by the caller");
    assert_eq!(given(Kind::Memory), "m41");
}

fn a_page_replaces_the_one_of_its_id(store: &dyn Store) {
    put(store, "a", "", "an old llama");
    put(store, "b", "", "another llama");
    put(store, "a", "", "a new alpaca");
    assert_eq!(
        store.get(&"a".into()).expect("get").expect("there").text,
        "a new alpaca"
    );
    assert_eq!(ids(store, "llama"), ["b"]);
    assert_eq!(ids(store, "alpaca"), ["a"]);
    assert_eq!(store.stats().expect("stats").pages, 2);
}

fn a_removed_page_is_gone(store: &dyn Store) {
    put(store, "a", "", "a llama");
    put(store, "b", "", "another llama");
    assert!(store.remove(&"a".into()).expect("remove"));
    assert_eq!(ids(store, "llama"), ["b"]);
    assert_eq!(store.get(&"a".into()).expect("get"), None);
    assert!(!store.remove(&"a".into()).expect("removed twice"));
    put(store, "a", "", "the llama returns");
    assert_eq!(ids(store, "return"), ["a"]);
}

fn words_match_whatever_their_form(store: &dyn Store) {
    put(store, "forms", "", "Knotted CORDS, cafés; naïve Straße ﬁne");
    put(store, "han", "", "結び目のある紐");
    put(store, "other", "", "nothing of the kind");
    for query in [
        "knots",
        "cord",
        "cafe",
        "CAFE\u{301}",
        "naive",
        "STRASSE",
        "fine",
    ] {
        assert_eq!(ids(store, query), ["forms"], "{query}");
    }
    assert_eq!(ids(store, "紐"), ["han"]);
}

fn the_title_counts_more(store: &dyn Store) {
    put(store, "in-text", "wool", "llama");
    put(store, "in-title", "llama", "wool");
    assert_eq!(ids(store, "llama"), ["in-title", "in-text"]);
    assert_eq!(ids(store, "wool"), ["in-text", "in-title"]);
}

fn rare_words_count_more(store: &dyn Store) {
    for n in 0..20 {
        put(store, &format!("common{n}"), "", "the wool of the herd");
    }
    put(store, "rare", "", "the quipu of the herd");
    assert_eq!(ids(store, "wool quipu")[0], "rare");
}

fn filters_hold(store: &dyn Store) {
    for kind in Kind::ALL {
        for trust in Trust::ALL {
            let new = NewPage {
                kind: *kind,
                trust: *trust,
                ..page(&format!("{kind}-{trust}"), "", "llama")
            };
            store.put(new).expect("put");
        }
    }
    for kind in [None, Some(Kind::Document), Some(Kind::Memory)] {
        for min_trust in [
            None,
            Some(Trust::Untrusted),
            Some(Trust::User),
            Some(Trust::System),
        ] {
            let query = Query {
                kind,
                min_trust,
                ..Query::new("llama", 10)
            };
            let hits = store.search(&query).expect("search");
            let kinds = if kind.is_some() { 1 } else { 2 };
            let trusts = min_trust.map_or(3, |least| 3 - least as usize);
            assert_eq!(hits.len(), kinds * trusts, "{query:?}");
            for hit in hits {
                let page = store.get(&hit.id).expect("get").expect("there");
                assert!(kind.is_none_or(|kind| page.kind == kind), "{query:?}");
                assert!(
                    min_trust.is_none_or(|least| hit.trust >= least),
                    "{query:?}"
                );
                assert_eq!(page.trust, hit.trust);
            }
        }
    }
}

fn hostile_queries_are_only_text(store: &dyn Store) {
    put(store, "a", "", "a plain page about AND, OR and quotes");
    for nothing in [
        "",
        " ",
        "\0",
        "\"",
        "((((",
        "🦙🦙",
        "+-!{}[]^~*?:\\/",
        "\u{202e}\u{feff}",
        "''; --",
    ] {
        assert_eq!(ids(store, nothing), [""; 0], "{nothing:?}");
    }
    for hostile in [
        "plain AND",
        "\"plain",
        "title:plain",
        "plain) OR (text:*",
        "{plain TO plain]",
        "pla\0 plain",
        "plain^1e999",
        "plain'; DROP TABLE pages; --",
        "-plain",
        "NOT plain",
        "plain~9",
        "🦙 plain",
    ] {
        assert_eq!(ids(store, hostile), ["a"], "{hostile:?}");
    }
    let endless = "word ".repeat(100_000) + &"x".repeat(1 << 20);
    assert_eq!(ids(store, &endless), [""; 0]);
    let many: String = (0..5_000).map(|n| format!("w{n} ")).collect();
    assert_eq!(ids(store, &format!("plain {many}")), ["a"]);
}

fn equal_pages_come_in_order_of_id(store: &dyn Store) {
    for id in ["m10", "b", "m9", "a", "Z", "é"] {
        put(store, id, "", "the same words in each page");
    }
    let expected = ["Z", "a", "b", "m10", "m9", "é"];
    assert_eq!(ids(store, "the same words"), expected);
    let first_three = Query::new("the same words", 3);
    assert_eq!(found(store, &first_three), &expected[..3]);
}

fn the_order_does_not_depend_on_how_pages_came(store: &dyn Store) {
    let words = ["wool", "llama", "cord", "knot", "herd", "quipu", "andes"];
    let text = |n: usize| -> String {
        (0..6)
            .map(|i| words[(n * (i + 3) + i) % 7].to_owned() + " ")
            .collect()
    };
    // Some at once and some one by one, so that an index has parts of several sizes.
    let (batch, singles) = (0..40, 40..80);
    let pages = batch
        .map(|n| page(&format!("p{n:03}"), "", &text(n)))
        .collect();
    store.put_all(pages).expect("put_all");
    singles.for_each(|n| put(store, &format!("p{n:03}"), "", &text(n)));

    let hits = store
        .search(&Query::new("wool llama cord knot", 100))
        .expect("search");
    for pair in hits.windows(2) {
        let [a, b] = pair else {
            unreachable!("windows of two")
        };
        let in_order = a.score > b.score || (a.score == b.score && a.id < b.id);
        assert!(in_order, "{} {} before {} {}", a.id, a.score, b.id, b.score);
    }
    // Pages 7 apart have the same words, so they score the same and stand together.
    let score = |id: &str| {
        hits.iter()
            .find(|hit| hit.id.as_str() == id)
            .map(|hit| hit.score)
    };
    assert!(score("p001").is_some());
    assert_eq!(score("p001"), score("p050"));
    assert_eq!(
        store
            .search(&Query::new("wool llama cord knot", 100))
            .expect("again"),
        hits
    );
}

fn k_is_kept(store: &dyn Store) {
    let pages = (0..HITS_MAX + 5)
        .map(|n| page(&format!("{n}"), "", "llama"))
        .collect();
    store.put_all(pages).expect("put_all");
    for (k, expected) in [
        (0, 0),
        (1, 1),
        (7, 7),
        (HITS_MAX, HITS_MAX),
        (usize::MAX, HITS_MAX),
    ] {
        let hits = found(store, &Query::new("llama", k));
        assert_eq!(hits.len(), expected, "k = {k}");
    }
}

fn snippets_show_the_match(store: &dyn Store) {
    let filler = "Nothing of note is written here. ".repeat(200);
    put(
        store,
        "long",
        "",
        &format!("{filler}The khipukamayuq read the knots aloud.\n{filler}"),
    );
    put(
        store,
        "titled",
        "Khipukamayuq",
        "The one who\n\n keeps the cords.",
    );
    let hits = store
        .search(&Query::new("khipukamayuq", 5))
        .expect("search");
    assert_eq!(hits[0].id.as_str(), "titled");
    assert_eq!(hits[0].snippet, "The one who keeps the cords.");
    assert!(
        hits[1]
            .snippet
            .contains("The khipukamayuq read the knots aloud."),
        "{:?}",
        hits[1]
    );
    assert_eq!(
        (hits[1].title.as_str(), hits[1].source.as_str()),
        ("", "test")
    );
}

fn snippets_are_plain_and_bounded(store: &dyn Store) {
    for (n, unit) in [
        "日本語のテキスト",
        "e\u{301}\u{1f999}",
        "<b>&amp;</b> ",
        "Überlänge ",
    ]
    .iter()
    .enumerate()
    {
        put(
            store,
            &format!("u{n}"),
            "",
            &format!("{} llama {}", unit.repeat(999), unit.repeat(999)),
        );
    }
    let hits = store.search(&Query::new("llama", 10)).expect("search");
    assert_eq!(hits.len(), 4);
    for hit in hits {
        assert!(hit.snippet.chars().count() <= SNIPPET_CHARS_MAX, "{hit:?}");
        assert!(hit.snippet.contains("llama"), "{hit:?}");
        assert!(!hit.snippet.contains("<b>llama"), "{hit:?}");
    }
}

fn a_batch_is_all_or_nothing(store: &dyn Store) {
    put(store, "a", "", "before");
    let too_long = "x".repeat(TEXT_BYTES_MAX + 1);
    let batch = vec![
        page("a", "", "after"),
        page("b", "", "after"),
        page("c", "", &too_long),
    ];
    assert!(matches!(
        store.put_all(batch),
        Err(StoreError::TooLarge { part: "text", .. })
    ));
    assert_eq!(ids(store, "before"), ["a"]);
    assert_eq!(ids(store, "after"), [""; 0]);
    assert_eq!(store.stats().expect("stats").pages, 1);
}

fn a_batch_is_its_pages_one_after_another(store: &dyn Store) {
    let batch = vec![
        page("a", "", "first"),
        page("", "", "second"),
        page("a", "", "third"),
    ];
    let stored = store.put_all(batch).expect("put_all");
    let names: Vec<&str> = stored.iter().map(|page| page.id.as_str()).collect();
    assert_eq!(names, ["a", "d1", "a"]);
    assert_eq!(ids(store, "first"), [""; 0]);
    assert_eq!(ids(store, "third"), ["a"]);
    let listed: Vec<PageId> = store
        .list(0, 9)
        .expect("list")
        .into_iter()
        .map(|page| page.id)
        .collect();
    assert_eq!(listed, ["d1".into(), "a".into()]);
}

fn limits_are_named(store: &dyn Store) {
    let full = "x".repeat(TEXT_BYTES_MAX);
    put(store, "full", "", &full);
    assert_eq!(
        store
            .get(&"full".into())
            .expect("get")
            .expect("there")
            .text
            .len(),
        TEXT_BYTES_MAX
    );

    let label = "x".repeat(LABEL_BYTES_MAX + 1);
    let cases = [
        (
            page("p", "", &(full + "x")),
            "the text of page `p` has 4194305 bytes",
        ),
        (
            page("p", &label, ""),
            "the title of page `p` has 16385 bytes",
        ),
        (
            NewPage {
                source: label,
                ..page("p", "", "")
            },
            "the source of page `p`",
        ),
        (
            page(&"x".repeat(ID_BYTES_MAX + 1), "", ""),
            "and 256 is the limit",
        ),
        (
            NewPage {
                id: Some("".into()),
                ..page("", "", "")
            },
            "cannot be the id",
        ),
        (page("a\nb", "", ""), "`a\\nb` cannot be the id"),
    ];
    for (page, expected) in cases {
        let error = store.put(page).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.hint().is_empty());
    }
    assert_eq!(store.stats().expect("stats").pages, 1);
}

fn list_and_stats_agree(store: &dyn Store) {
    for n in 0..5 {
        put(store, &format!("p{n}"), "t", "a herd of llamas, é");
    }
    let memory = NewPage {
        kind: Kind::Memory,
        trust: Trust::Untrusted,
        ..page("", "", "12")
    };
    store.put(memory).expect("put");
    put(store, "p1", "t", "last");

    let names = |offset, limit| -> Vec<String> {
        let part = store.list(offset, limit).expect("list");
        part.iter().map(|page| page.id.to_string()).collect()
    };
    assert_eq!(names(0, 100), ["p0", "p2", "p3", "p4", "m1", "p1"]);
    assert_eq!(names(1, 2), ["p2", "p3"]);
    assert_eq!(names(6, 2), [""; 0]);
    assert_eq!(names(usize::MAX, usize::MAX), [""; 0]);
    assert_eq!(names(0, 0), [""; 0]);
    let first = &store.list(0, 1).expect("list")[0];
    assert_eq!(
        (first.bytes, first.kind, first.trust),
        (20, Kind::Document, Trust::User)
    );

    let stats = store.stats().expect("stats");
    assert_eq!((stats.pages, stats.bytes), (6, 4 * 20 + 2 + 4));
    assert_eq!(
        stats.by_kind.into_iter().collect::<Vec<_>>(),
        [(Kind::Document, 5), (Kind::Memory, 1)]
    );
    assert_eq!(
        stats.by_trust.into_iter().collect::<Vec<_>>(),
        [(Trust::Untrusted, 1), (Trust::User, 5)]
    );
}

fn threads_share_a_store(store: &dyn Store) {
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for n in 0..8 {
                    let id = format!("t{thread}-{n}");
                    put(store, &id, "", &format!("llama {id}"));
                    // Each thread finds at once what it has put.
                    assert!(ids(store, "llama").contains(&id), "{id}");
                }
            });
        }
    });
    assert_eq!(ids(store, "llama").len(), 32);
}

fn any_page_is_got_back_verbatim(store: &dyn Store) {
    let pages = (".{0,40}", any::<String>(), any::<String>(), "[^\\pC]{1,40}");
    let config = ProptestConfig {
        cases: 32,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |((title, text, source, id) in pages)| {
        let new = NewPage {
            id: Some(id.into()),
            kind: Kind::Memory,
            title,
            text,
            source,
            trust: Trust::Untrusted,
        };
        let put = store.put(new.clone()).expect("put");
        let got = store.get(&put.id).expect("get").expect("there");
        prop_assert_eq!(&got, &put);
        prop_assert_eq!((got.title, got.text, got.source), (new.title, new.text, new.source));
    });
}

fn any_text_is_a_query(store: &dyn Store) {
    put(store, "a", "Knots", "a cord with knots and 結び目");
    let config = ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(text in any::<String>())| {
        let hits = store.search(&Query::new(text.clone(), 5)).expect("a search never fails");
        prop_assert!(hits.len() <= 1);
        let hits = store.search(&Query::new(text + " knot", 5)).expect("a search never fails");
        prop_assert_eq!(hits.len(), 1);
    });
}

#[test]
fn words_and_json_agree() {
    for trust in Trust::ALL {
        assert_eq!(Trust::from_str(trust.as_str()), Ok(*trust));
        assert_eq!(
            serde_json::to_string(trust).expect("json"),
            format!("\"{trust}\"")
        );
    }
    for kind in Kind::ALL {
        assert_eq!(Kind::from_str(kind.as_str()), Ok(*kind));
        assert_eq!(
            serde_json::to_string(kind).expect("json"),
            format!("\"{kind}\"")
        );
    }
    assert!(Trust::Untrusted < Trust::User && Trust::User < Trust::System);
    let unknown = Trust::from_str("root").expect_err("no such trust");
    assert_eq!(
        unknown.to_string(),
        "`root` is not a trust; use one of: untrusted, user, system"
    );
    assert_eq!(
        serde_json::to_string(&PageId::from("m1")).expect("json"),
        "\"m1\""
    );
}
