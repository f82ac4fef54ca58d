//! What the memories of a space may take.

use std::collections::BTreeMap;

use quipu_memory::{Kind, NewPage, PageId, Share, Space, Store, StoreError};

use super::page;

fn memory(id: &str, space: &str, text: &str) -> NewPage {
    NewPage {
        kind: Kind::Memory,
        space: space.into(),
        ..page(id, "", text)
    }
}

pub fn a_full_space_takes_nothing_and_loses_nothing(store: &dyn Store) {
    let quota = Share {
        pages: 2,
        bytes: 20,
    };
    let put = |id: &str, text: &str| {
        store
            .put_within(memory(id, "a", text), quota)
            .map_err(|error| error.to_string())
    };
    put("one", "0123456789").expect("there is room");
    // Documents, and other spaces, are not counted.
    let document = page("doc", "", &"d".repeat(100));
    let document = NewPage {
        space: "a".into(),
        ..document
    };
    store.put(document).expect("put");
    let other = memory("", "b", &"b".repeat(100));
    store.put(other).expect("put");
    let said = put("two", "0123456789+").expect_err("one byte too many");
    assert_eq!(
        said,
        "the space `a` may hold 20 bytes of memories and holds 10: nothing was written, and nothing is lost"
    );
    assert_eq!(store.get(&"two".into()).expect("get"), None);
    put("two", "0123456789").expect("just enough");
    let error = store
        .put_within(memory("three", "a", ""), quota)
        .expect_err("one page too many");
    assert!(
        matches!(
            error,
            StoreError::Quota {
                held: 2,
                most: 2,
                ..
            }
        ),
        "{error}"
    );
    // A page may say something else, as long as it gets no longer.
    put("two", "987654321").expect("shorter");
    put("two", "98765432101").expect_err("longer than there is room");
    let kept = store.get(&PageId::from("two")).expect("get").expect("kept");
    assert_eq!(kept.text, "987654321");
    // Whoever is beyond a quota that was lowered may still shrink.
    let lower = Share { pages: 1, bytes: 5 };
    store
        .put_within(memory("two", "a", "9876"), lower)
        .expect("it shrinks");
}

pub fn memories_are_counted_by_space_and_come_newest_first(store: &dyn Store) {
    assert_eq!(store.spaces().expect("spaces"), BTreeMap::new());
    for (id, space, text) in [
        ("m1", "", "one"),
        ("m2", "a", "three"),
        ("m3", "", "seventeen"),
        ("m1", "", "one again"),
    ] {
        store.put(memory(id, space, text)).expect("put");
    }
    store.put(page("d", "", "no memory")).expect("put");
    let share = |pages, bytes| Share { pages, bytes };
    let spaces = BTreeMap::from([(Space::SHARED, share(2, 18)), ("a".into(), share(1, 5))]);
    assert_eq!(store.spaces().expect("spaces"), spaces);
    let newest = |space: &str, limit: usize| -> Vec<String> {
        let pages = store
            .memories(&space.into(), limit)
            .expect("memories")
            .into_iter();
        pages.map(|page| page.id.to_string()).collect()
    };
    assert_eq!(newest("", 10), ["m1", "m3"]);
    assert_eq!(newest("", 1), ["m1"]);
    assert_eq!(newest("a", 10), ["m2"]);
    assert_eq!(newest("nowhere", 10), [""; 0]);
    let listed = store.list(0, 10).expect("list");
    let spaces: Vec<Option<&str>> = listed.iter().map(|page| page.space.name()).collect();
    assert_eq!(spaces, [Some("a"), None, None, None]);
}
