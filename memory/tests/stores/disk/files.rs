//! Documents that come from files, and stores of an older release.

use std::path::Path;

use quipu_memory::{Access, DiskStore, ImportedFile, NewPage, Place, Store, StoreError, Suspicion};

use super::{filled, ids, open, page};

fn file(path: &str, sha256: &str) -> ImportedFile {
    ImportedFile {
        path: path.into(),
        bytes: 7,
        modified_ns: 1_700_000_000_000_000_000,
        sha256: sha256.into(),
    }
}

fn parts(path: &str, texts: &[&str]) -> Vec<NewPage> {
    let part = |(n, text): (usize, &&str)| NewPage {
        place: Some(Place {
            of: path.into(),
            part: n as u32,
        }),
        ..page(&format!("{path}#{n}"), text)
    };
    texts.iter().enumerate().map(part).collect()
}

#[test]
fn a_file_is_replaced_as_a_whole() {
    let dir = crate::folder();
    let store = open(dir.path());
    let first = file("/a/one.txt", "aa");
    store
        .put_file(
            &first,
            parts("/a/one.txt", &["a llama", "a cord", "a knot"]),
        )
        .expect("put");
    store
        .put_file(&file("/b/two.txt", "bb"), parts("/b/two.txt", &["a llama"]))
        .expect("put");
    assert_eq!(store.file("/a/one.txt").expect("file"), Some(first));
    assert_eq!(store.file("/a/none.txt").expect("file"), None);
    assert_eq!(store.files_below("/a/").expect("files"), ["/a/one.txt"]);
    assert_eq!(ids(&store, "knot")[0], "/a/one.txt#2");

    let second = file("/a/one.txt", "cc");
    store
        .put_file(&second, parts("/a/one.txt", &["an alpaca"]))
        .expect("put");
    assert_eq!(store.stats().expect("stats").pages, 2);
    assert_eq!(ids(&store, "cord knot"), [""; 0]);
    assert_eq!(store.file("/a/one.txt").expect("file"), Some(second));

    assert_eq!(store.remove_file("/b/two.txt").expect("removed"), 1);
    assert_eq!(store.remove_file("/b/two.txt").expect("removed"), 0);
    assert_eq!(ids(&store, "llama"), [""; 0]);
    assert_eq!(store.files_below("/").expect("files"), ["/a/one.txt"]);
}

/// Makes the store at `path` one that a release of `format` made.
fn made_old(path: &Path, format: i64) {
    let database = rusqlite::Connection::open(path.join("pages.sqlite")).expect("opens");
    // What each format did not have.
    let lacked = [
        "DROP INDEX pages_by_place; DROP INDEX history_by_id; DROP INDEX memories_by_space;
         ALTER TABLE pages DROP COLUMN whole; ALTER TABLE pages DROP COLUMN part;
         ALTER TABLE pages DROP COLUMN space; ALTER TABLE pages DROP COLUMN derived;
         ALTER TABLE pages DROP COLUMN version; ALTER TABLE head DROP COLUMN embedder;
         DROP TABLE history; DROP TABLE vectors; DROP TABLE files;",
        "ALTER TABLE pages DROP COLUMN secrecy; ALTER TABLE history DROP COLUMN secrecy;",
        "ALTER TABLE pages DROP COLUMN suspicion; ALTER TABLE history DROP COLUMN suspicion;",
    ];
    for lacked in lacked[format as usize - 1..].iter().rev() {
        database.execute_batch(lacked).expect("made old");
    }
    let version = database.pragma_update(None, "user_version", format);
    version.expect("made old");
}

#[test]
fn a_store_of_an_older_format_is_brought_up_to_date() {
    let check = |format: i64| {
        let dir = crate::folder();
        let path = filled(dir.path());
        made_old(&path, format);
        let error = DiskStore::open(&path, Access::ReadOnly).err().expect("old");
        assert!(
            matches!(error, StoreError::Older { .. }),
            "{format}: {error}"
        );
        let store = open(&path);
        assert_eq!(ids(&store, "llama").len(), 31, "{format}");
        let before = store.get(&"p1".into()).expect("get").expect("there");
        assert_eq!((before.version, before.suspicion), (1, None), "{format}");
        let suspicious = NewPage {
            suspicion: Some(Suspicion::new(0.9, 1.0)),
            ..page("new", "one more llama")
        };
        let put = store.put(suspicious).expect("put");
        assert_eq!(
            store.get(&"new".into()).expect("get"),
            Some(put),
            "{format}"
        );
    };
    (1..=3).for_each(check);
}
