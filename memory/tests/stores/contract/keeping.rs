//! What a store keeps, and gives back.

use proptest::prelude::*;
use quipu_memory::{
    ID_BYTES_MAX, Kind, LABEL_BYTES_MAX, NewPage, PageId, Stats, Store, StoreError, TEXT_BYTES_MAX,
    Trust,
};

use super::{ids, page, put};

pub fn an_empty_store_is_empty(store: &dyn Store) {
    assert_eq!(ids(store, "anything"), [""; 0]);
    assert_eq!(store.get(&"m1".into()).expect("get"), None);
    assert!(!store.remove(&"m1".into()).expect("remove"));
    assert_eq!(store.list(0, 10).expect("list"), []);
    assert_eq!(store.stats().expect("stats"), Stats::default());
    assert_eq!(store.put_all(vec![]).expect("no pages"), []);
}

pub fn what_was_put_is_got_back_verbatim(store: &dyn Store) {
    let new = NewPage {
        id: Some("wool/1".into()),
        kind: Kind::Memory,
        title: "  Título \u{0} ".into(),
        text: "\r\n a\u{0}b \u{feff}e\u{301} 🦙\t".into(),
        source: "https://example.org/?a=\"b\"".into(),
        trust: Trust::System,
        ..NewPage::default()
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

pub fn what_was_put_elsewhere_keeps_its_date(store: &dyn Store) {
    let check = |created_ms: Option<i64>, want: &dyn Fn(i64) -> bool| {
        let new = NewPage {
            created_ms,
            ..page("dated", "", "text")
        };
        let put = store.put(new).expect("put");
        assert!(want(put.created_ms), "{created_ms:?}: {put:?}");
        assert_eq!(store.get(&put.id).expect("get"), Some(put));
    };
    let is_now = |ms: i64| ms > 1_500_000_000_000 && ms < i64::MAX;
    check(Some(1_000), &|ms| ms == 1_000);
    check(Some(i64::MAX), &is_now);
    check(None, &is_now);
}

pub fn ids_are_short_and_never_come_back(store: &dyn Store) {
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

pub fn a_page_replaces_the_one_of_its_id(store: &dyn Store) {
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

pub fn a_removed_page_is_gone(store: &dyn Store) {
    put(store, "a", "", "a llama");
    put(store, "b", "", "another llama");
    assert!(store.remove(&"a".into()).expect("remove"));
    assert_eq!(ids(store, "llama"), ["b"]);
    assert_eq!(store.get(&"a".into()).expect("get"), None);
    assert!(!store.remove(&"a".into()).expect("removed twice"));
    put(store, "a", "", "the llama returns");
    assert_eq!(ids(store, "return"), ["a"]);
}

pub fn a_batch_is_all_or_nothing(store: &dyn Store) {
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

pub fn a_batch_is_its_pages_one_after_another(store: &dyn Store) {
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

pub fn limits_are_named(store: &dyn Store) {
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
            "the text of page `p` has a length of 4194305",
        ),
        (
            page("p", &label, ""),
            "the title of page `p` has a length of 16385",
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

pub fn list_and_stats_agree(store: &dyn Store) {
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

pub fn threads_share_a_store(store: &dyn Store) {
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

pub fn any_page_is_got_back_verbatim(store: &dyn Store) {
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
            ..NewPage::default()
        };
        let put = store.put(new.clone()).expect("put");
        let got = store.get(&put.id).expect("get").expect("there");
        prop_assert_eq!(&got, &put);
        prop_assert_eq!((got.title, got.text, got.source), (new.title, new.text, new.source));
    });
}
