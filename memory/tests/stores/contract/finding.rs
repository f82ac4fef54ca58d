//! What a search finds, in which order, and how it is shown.

use proptest::prelude::*;
use quipu_memory::{
    HITS_MAX, Kind, NewPage, Place, Query, SNIPPET_CHARS_MAX, Secrecy, Store, Trust,
};

use super::{found, ids, page, put};

pub fn words_match_whatever_their_form(store: &dyn Store) {
    put(
        store,
        "forms",
        "",
        "Knotted CORDS, cafés; naïve Straße ﬁne Müller",
    );
    put(store, "typed", "", "Frau Schroeder aus Koeln");
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
        "Mueller",
        "Muller",
        "mu\u{308}ller",
    ] {
        assert_eq!(ids(store, query), ["forms"], "{query}");
    }
    assert_eq!(ids(store, "紐"), ["han"]);
    put(store, "simple", "", "图书馆在公园旁边");
    put(store, "traditional", "", "羊毛的價錢");
    assert_eq!(ids(store, "圖書館"), ["simple"]);
    assert_eq!(ids(store, "价钱"), ["traditional"]);
    assert_eq!(ids(store, "Schröder"), ["typed"]);
}

pub fn the_title_counts_too(store: &dyn Store) {
    let text = "of the herd and of those who keep it, at some length";
    put(store, "in-text", "wool", &format!("llama {text}"));
    put(store, "in-both", "llama", &format!("llama {text}"));
    put(store, "in-title", "llama", text);
    put(store, "in-neither", "none", text);
    let found = ids(store, "llama");
    assert_eq!((found.len(), found[0].as_str()), (3, "in-both"));
}

pub fn rare_words_count_more(store: &dyn Store) {
    for n in 0..20 {
        put(store, &format!("common{n}"), "", "the wool of the herd");
    }
    put(store, "rare", "", "the quipu of the herd");
    assert_eq!(ids(store, "wool quipu")[0], "rare");
}

pub fn filters_hold(store: &dyn Store) {
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

pub fn hostile_queries_are_only_text(store: &dyn Store) {
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

pub fn equal_pages_come_in_order_of_id(store: &dyn Store) {
    for id in ["m10", "b", "m9", "a", "Z", "é"] {
        put(store, id, "", "the same words in each page");
    }
    let expected = ["Z", "a", "b", "m10", "m9", "é"];
    assert_eq!(ids(store, "the same words"), expected);
    let first_three = Query::new("the same words", 3);
    assert_eq!(found(store, &first_three), &expected[..3]);
}

pub fn the_order_does_not_depend_on_how_pages_came(store: &dyn Store) {
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

pub fn neighbours_lend_their_score(store: &dyn Store) {
    let at = |of: &str, part, text: &str| NewPage {
        place: Some(Place {
            of: of.into(),
            part,
        }),
        ..page(&format!("{of}{part}"), "", text)
    };
    let mut pages = vec![
        at("a", 0, "How did the shearing go?"),
        at("a", 1, "Well."),
        at("a", 2, "We are tired."),
        at("b", 1, "Somebody else."),
        at("c", 0, "The shearing shed is shut, and the wool is sold."),
    ];
    pages.extend((0..30).map(|n| at("d", n * 5, "Nothing of note.")));
    store.put_all(pages).expect("put_all");
    assert_eq!(ids(store, "shearing"), ["a0", "c0", "a1", "a2"]);
    let first = Query::new("shearing", 1);
    assert_eq!(found(store, &first), ["a0"]);
    // A neighbour has to be admitted by the filters too.
    let trusted = Query {
        min_trust: Some(Trust::System),
        ..Query::new("shearing", 10)
    };
    assert_eq!(found(store, &trusted), [""; 0]);
    // Once it has gone there is nothing to lend to.
    store.remove(&"a1".into()).expect("removed");
    assert_eq!(ids(store, "shearing"), ["a0", "c0", "a2"]);
}

/// A page of the document `of` alone.
fn note(of: &str, text: &str) -> NewPage {
    NewPage {
        place: Some(Place {
            of: of.into(),
            part: 0,
        }),
        ..page(of, of, text)
    }
}

pub fn linked_pages_lend_their_score(store: &dyn Store) {
    let mut pages = vec![
        note(
            "/n/Ada.md",
            "Ada keeps a shop, and buys her dye as [[Cochineal]] says.",
        ),
        note("/n/Cochineal.md", "The price of the red dye is nine soles."),
        note("/n/Ash.md", "The price of the red paint is two soles."),
        note("/n/Indigo.md", "The price of the red string is two soles."),
    ];
    pages.extend((0..30).map(|n| note(&format!("/n/{n}.md"), "Nothing of note.")));
    store.put_all(pages).expect("put_all");
    let query = "price of the red that Ada buys";
    let ids = ids(store, query);
    let at = |id: &str| ids.iter().position(|found| found == id).expect("found");
    assert!(at("/n/Cochineal.md") < at("/n/Ash.md"), "{ids:?}");
    assert!(at("/n/Cochineal.md") < at("/n/Indigo.md"), "{ids:?}");
    // A link that leads to what was removed is only text.
    store.remove(&"/n/Cochineal.md".into()).expect("removed");
    assert!(!found(store, &Query::new(query, 10)).contains(&"/n/Cochineal.md".to_owned()));
}

pub fn a_list_of_links_lends_little_and_a_strangers_link_nothing(store: &dyn Store) {
    let score = |store: &dyn Store, id: &str| {
        let hits = store.search(&Query::new("loom", 10)).expect("search");
        let found = hits.iter().find(|hit| hit.id.as_str() == id);
        found.map_or(0.0, |hit| hit.score)
    };
    // Each text has as many words, so that all score the same by themselves.
    let list: String = (0..90).map(|n| format!("[[x{n}]] ")).collect();
    let words: String = (0..90).map(|n| format!("x{n} ")).collect();
    let stranger = NewPage {
        trust: Trust::Untrusted,
        ..note("/n/d.md", &format!("loom [[aa]] {words}"))
    };
    let pages = vec![
        note("/n/aa.md", &format!("loom oo {words}")),
        note("/n/bb.md", &format!("loom oo {words}")),
        note("/n/cc.md", &format!("loom oo {words}")),
        stranger,
    ];
    store.put_all(pages).expect("put_all");
    assert!((score(store, "/n/d.md") - score(store, "/n/aa.md")).abs() < 1e-4);
    let few = note("/n/e.md", &format!("loom [[bb]] {words}"));
    let many = note("/n/f.md", &format!("loom [[cc]] {list}"));
    store.put_all(vec![few, many]).expect("put_all");
    let [plain, few, many] = ["/n/aa.md", "/n/bb.md", "/n/cc.md"].map(|id| score(store, id));
    assert!(plain < many && many < few, "{plain} {many} {few}");
}

pub fn links_lend_within_one_origin_one_secrecy_and_never_upwards(store: &dyn Store) {
    use Secrecy::{Private, Public};
    use Trust::{Untrusted, User};
    /// A document, its trust and its secrecy.
    type Of = (&'static str, Trust, Secrecy);
    let words: String = (0..60).map(|n| format!("x{n} ")).collect();
    // Whether the page that links gains by the other, and the other by the page.
    let check = |from: Of, to: Of, gains: (bool, bool)| {
        let page = |(of, trust, secrecy): Of, text: &str| NewPage {
            trust,
            secrecy,
            ..note(of, &format!("loom {text} {words}"))
        };
        let name = to.0.rsplit('/').next().expect("a name");
        let name = name.trim_end_matches(".md");
        let alone = page(("/alone/zz.md", User, Public), "oo");
        let pages = vec![page(from, &format!("[[{name}]]")), page(to, "oo"), alone];
        store.put_all(pages).expect("put_all");
        let hits = store.search(&Query::new("loom", 10)).expect("search");
        let score = |id: &str| {
            let hit = hits.iter().find(|hit| hit.id.as_str() == id);
            hit.expect(id).score
        };
        let alone = score("/alone/zz.md");
        let gained = |of: Of| score(of.0) > alone * 1.05;
        assert_eq!((gained(from), gained(to)), gains, "{from:?} {to:?}");
        for (of, ..) in [from, to] {
            store.remove(&of.into()).expect("removed");
        }
    };
    let (aa, bb) = ("/n/aa.md", "/n/bb.md");
    check(
        (aa, Untrusted, Public),
        (bb, Untrusted, Public),
        (true, true),
    );
    check((aa, User, Public), (bb, User, Public), (true, true));
    check((aa, User, Public), (bb, Untrusted, Public), (false, true));
    check((aa, Untrusted, Public), (bb, User, Public), (false, false));
    check((aa, User, Public), (bb, User, Private), (false, false));
    check(
        (aa, Untrusted, Private),
        (bb, Untrusted, Public),
        (false, false),
    );
    let far = "/m/bb.md";
    check(
        (aa, Untrusted, Public),
        (far, Untrusted, Public),
        (false, false),
    );
    check((aa, User, Public), (far, User, Public), (true, true));
    let (web, same, other) = ("https://a.org/aa", "https://a.org/b/bb", "https://b.org/bb");
    check(
        (web, Untrusted, Public),
        (same, Untrusted, Public),
        (true, true),
    );
    check(
        (web, Untrusted, Public),
        (other, Untrusted, Public),
        (false, false),
    );
}

pub fn names_and_numbers_are_found_by_their_parts(store: &dyn Store) {
    put(
        store,
        "code",
        "",
        "fn getUserName(user_id: u64) -> HTTPResponse",
    );
    put(store, "sum", "", "it cost 1,400 in version 2.10");
    put(store, "ko", "", "한국어를 배웁니다");
    for (query, id) in [
        ("getusername", "code"),
        ("user name", "code"),
        ("get_user_name", "code"),
        ("http", "code"),
        ("1400", "sum"),
        ("2.10", "sum"),
        ("한국어", "ko"),
    ] {
        assert_eq!(ids(store, query), [id], "{query}");
    }
    assert_eq!(ids(store, "400"), [""; 0]);
}

pub fn k_is_kept(store: &dyn Store) {
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

pub fn snippets_show_the_match(store: &dyn Store) {
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
    let hit = |id: &str| {
        let hit = hits.iter().find(|hit| hit.id.as_str() == id);
        hit.expect("found")
    };
    assert_eq!(hit("titled").snippet, "The one who keeps the cords.");
    let long = hit("long");
    assert!(
        long.snippet
            .contains("The khipukamayuq read the knots aloud."),
        "{long:?}"
    );
    assert_eq!((long.title.as_str(), long.source.as_str()), ("", "test"));
}

pub fn snippets_are_plain_and_bounded(store: &dyn Store) {
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

pub fn any_text_is_a_query(store: &dyn Store) {
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
