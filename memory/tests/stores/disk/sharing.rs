//! One writer, any number of readers.

use std::thread;
use std::time::Duration;

use quipu_memory::{Access, DiskStore, Stats, Store, StoreError};

use super::{ids, open, page};

#[test]
fn a_second_writer_is_told_who_holds_the_store() {
    let dir = crate::folder();
    let first = open(dir.path());
    let error = DiskStore::open(dir.path(), Access::ReadWrite)
        .err()
        .expect("locked");
    let expected = format!(
        "is being written by the program with system pid {}; wait",
        std::process::id()
    );
    assert!(error.to_string().contains(&expected), "{error}");
    assert!(matches!(&error, StoreError::Locked { path, .. } if path == dir.path()));
    drop(first);
    open(dir.path());
}

#[test]
fn writers_wait_for_each_other() {
    let dir = crate::folder();
    let (path, patience) = (dir.path(), Duration::from_secs(60));
    let first = open(dir.path());
    thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|n| {
                scope.spawn(move || {
                    let access = Access::ReadWrite;
                    let store = DiskStore::open_with(path, access, patience, &|_, _| {})?;
                    store.put(page(&format!("p{n}"), "a llama"))
                })
            })
            .collect();
        first.put(page("first", "a llama")).expect("put");
        drop(first);
        for writer in writers {
            writer.join().expect("no panic").expect("put");
        }
    });
    assert_eq!(ids(&open(dir.path()), "llama").len(), 9);
}

#[test]
fn readers_work_beside_the_writer() {
    let dir = crate::folder();
    let writer = open(dir.path());
    let reader = DiskStore::open(dir.path(), Access::ReadOnly).expect("opens");
    assert_eq!(ids(&reader, "llama"), [""; 0]);
    for n in 0..12 {
        let id = format!("p{n}");
        writer.put(page(&id, "a llama")).expect("put");
        assert_eq!(ids(&reader, "llama").len(), n + 1);
        assert!(reader.get(&id.as_str().into()).expect("get").is_some());
    }
    writer.remove(&"p3".into()).expect("removed");
    writer.rebuild(&|_, _| {}).expect("rebuilt");
    writer.put(page("z", "a llama")).expect("put");
    assert_eq!(ids(&reader, "llama"), ids(&writer, "llama"));

    for error in [
        reader.put(page("x", "")).map(|_| ()).expect_err("put"),
        reader.remove(&"z".into()).map(|_| ()).expect_err("remove"),
        reader.rebuild(&|_, _| {}).expect_err("rebuild"),
    ] {
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    }
}

#[test]
fn reading_a_store_that_does_not_exist_makes_nothing() {
    let dir = crate::folder();
    let path = dir.path().join("absent");
    let reader = DiskStore::open(&path, Access::ReadOnly).expect("opens");
    assert_eq!(ids(&reader, "llama"), [""; 0]);
    assert_eq!(reader.get(&"a".into()).expect("get"), None);
    assert_eq!(reader.stats().expect("stats"), Stats::default());
    assert_eq!(reader.list(0, 10).expect("list"), []);
    assert!(!path.exists());
    // It sees the store once somebody makes it.
    open(&path).put(page("a", "a llama")).expect("put");
    assert_eq!(ids(&reader, "llama"), ["a"]);
}
