//! A full database, which only this module can bring about.

use super::*;
use crate::page::{Kind, Trust};

fn page(id: &str, text: String) -> NewPage {
    NewPage {
        id: Some(id.into()),
        kind: Kind::Document,
        title: String::new(),
        text,
        source: String::new(),
        trust: Trust::User,
        ..NewPage::default()
    }
}

fn limit(store: &DiskStore, pages: i64) {
    let open = store.open.get().expect("open");
    let writing = open.writing.lock();
    writing
        .db
        .conn()
        .pragma_update(None, "max_page_count", pages)
        .expect("limited");
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = DiskStore::open(dir.path(), Access::ReadWrite).expect("opens");
    store.put(page("a", "a llama".into())).expect("put");
    limit(&store, 40);

    let error = store
        .put(page("b", "a llama ".repeat(1 << 17)))
        .expect_err("full");
    assert!(
        matches!(&error, StoreError::Full { path } if path == dir.path()),
        "{error:?}"
    );
    assert!(error.hint().contains("free some space"));

    let llamas = Query::new("llama", 10);
    let found = |store: &DiskStore| store.search(&llamas).expect("search").len();
    assert_eq!(found(&store), 1);
    assert_eq!(store.get(&"b".into()).expect("get"), None);

    // A batch that fits in part is not stored in part.
    let batch = vec![
        page("c", "a llama".into()),
        page("d", "a llama ".repeat(1 << 17)),
    ];
    store.put_all(batch).expect_err("full");
    assert_eq!(found(&store), 1);

    // With room again, work goes on; so it does after reopening.
    limit(&store, 1 << 20);
    store
        .put(page("b", "a llama ".repeat(1 << 17)))
        .expect("put");
    assert_eq!(found(&store), 2);
    drop(store);
    let store = DiskStore::open(dir.path(), Access::ReadWrite).expect("opens");
    assert_eq!(found(&store), 2);
}
