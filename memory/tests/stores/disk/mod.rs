//! What only a store on a disk can promise: reopening, crashes, other processes, damage.

mod crash;
mod damage;
mod files;
mod forgetting;
mod index;
mod meaning;
mod sharing;

use std::fs;
use std::path::{Path, PathBuf};

use quipu_memory::{Access, DiskStore, Hit, Kind, NewPage, Query, Store, Trust};

fn open(dir: &Path) -> DiskStore {
    DiskStore::open(dir, Access::ReadWrite).expect("the store opens")
}

fn page(id: &str, text: &str) -> NewPage {
    NewPage {
        id: Some(id.into()),
        kind: Kind::Document,
        title: String::new(),
        text: text.into(),
        source: "test".into(),
        trust: Trust::User,
        ..NewPage::default()
    }
}

fn search(store: &dyn Store, text: &str) -> Vec<Hit> {
    store.search(&Query::new(text, 1_000)).expect("search")
}

fn ids(store: &dyn Store, text: &str) -> Vec<String> {
    search(store, text)
        .into_iter()
        .map(|hit| hit.id.to_string())
        .collect()
}

/// A store with some pages in `dir/store`, closed again.
fn filled(dir: &Path) -> PathBuf {
    let path = dir.join("store");
    let store = open(&path);
    let pages = (0..30).map(|n| {
        page(
            &format!("p{n}"),
            &format!("llama number {n} of the herd {}", n % 5),
        )
    });
    store.put_all(pages.collect()).expect("put_all");
    store.put(page("late", "one more llama")).expect("put");
    path
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

#[test]
fn reopening_keeps_everything() {
    let dir = crate::folder();
    let path = filled(dir.path());
    let store = open(&path);
    let (before, stats) = (
        search(&store, "llama herd 3"),
        store.stats().expect("stats"),
    );
    let got = store.get(&"p7".into()).expect("get");
    assert_eq!((before.len(), stats.pages), (31, 31));
    drop(store);

    let store = open(&path);
    assert_eq!(search(&store, "llama herd 3"), before);
    assert_eq!(store.stats().expect("stats"), stats);
    assert_eq!(store.get(&"p7".into()).expect("get"), got);
    let next = store
        .put(NewPage {
            id: None,
            ..page("", "")
        })
        .expect("put");
    assert_eq!(next.id.as_str(), "d1");
    drop(store);
    let next = open(&path)
        .put(NewPage {
            id: None,
            ..page("", "")
        })
        .expect("put");
    assert_eq!(next.id.as_str(), "d2");
}
