//! The index is derived: whatever happens to it, the same pages are found.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quipu_memory::{Access, DiskStore, Store};

use super::{copy, filled, ids, open, page, search};

#[test]
fn a_lost_or_damaged_index_is_made_again() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 6] = [
        ("deleted", |index| {
            fs::remove_dir_all(index).expect("deleted")
        }),
        ("emptied", |index| {
            fs::remove_dir_all(index).expect("deleted");
            fs::create_dir(index).expect("a folder");
        }),
        ("another format", |index| {
            let path = index.join("meta.json");
            let meta = fs::read_to_string(&path).expect("meta");
            assert!(meta.contains("quipu 9 "));
            fs::write(path, meta.replace("quipu 9 ", "quipu 0 ")).expect("written");
        }),
        ("no meta", |index| {
            fs::write(index.join("meta.json"), "{").expect("written")
        }),
        ("a file gone", |index| {
            fs::remove_file(a_segment_file(index)).expect("deleted")
        }),
        ("a byte changed", |index| {
            let path = a_segment_file(index);
            let mut bytes = fs::read(&path).expect("read");
            bytes[2] ^= 0xff;
            fs::write(path, bytes).expect("written");
        }),
    ];
    for (what, damage) in damages {
        let dir = crate::folder();
        let path = filled(dir.path());
        let before = search(&open(&path), "llama herd 3");
        damage(&path.join("index"));

        // Beside a writer nothing may be changed: an index in memory has to do.
        let reader = DiskStore::open(&path, Access::ReadOnly).expect("opens for reading");
        assert_eq!(search(&reader, "llama herd 3"), before, "{what}, read only");

        let indexed = AtomicU64::new(0);
        let store =
            DiskStore::open_with(&path, Access::ReadWrite, Duration::ZERO, &|done, total| {
                assert_eq!(total, 31);
                indexed.store(done, Ordering::Relaxed);
            });
        assert_eq!(
            search(&store.expect("opens"), "llama herd 3"),
            before,
            "{what}"
        );
        assert_eq!(
            indexed.into_inner(),
            31,
            "{what}: every page is indexed again"
        );
    }
}

/// The biggest file of terms or postings in the index.
fn a_segment_file(index: &Path) -> PathBuf {
    let files = fs::read_dir(index)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    let segments = files.filter(|path| {
        path.extension()
            .is_some_and(|ext| ext == "idx" || ext == "term")
    });
    segments
        .max_by_key(|path| fs::metadata(path).expect("meta").len())
        .expect("a segment")
}

#[test]
fn an_index_behind_the_database_catches_up() {
    let dir = crate::folder();
    let path = filled(dir.path());
    copy(&path.join("index"), &dir.path().join("old"));
    let store = open(&path);
    store.put(page("new", "a new llama")).expect("put");
    store
        .put(page("p0", "no longer of the herd"))
        .expect("replaced");
    store.remove(&"p1".into()).expect("removed");
    store.remove(&"p2".into()).expect("removed");
    store
        .put(page("p2", "a returned llama"))
        .expect("put again");
    let before = ids(&store, "llama");
    drop(store);

    fs::remove_dir_all(path.join("index")).expect("deleted");
    copy(&dir.path().join("old"), &path.join("index"));
    let indexed = AtomicU64::new(0);
    let store = DiskStore::open_with(&path, Access::ReadWrite, Duration::ZERO, &|done, _| {
        indexed.store(done, Ordering::Relaxed)
    });
    let mut after = ids(&store.expect("opens"), "llama");
    assert_eq!(indexed.into_inner(), 3, "only what is new is indexed");
    let mut before = before;
    before.sort();
    after.sort();
    assert_eq!(after, before);
    assert!(!after.contains(&"p0".into()) && !after.contains(&"p1".into()));
}

#[test]
fn the_index_of_another_or_a_later_store_is_not_used() {
    let dir = crate::folder();
    let path = filled(dir.path());
    let (database, backup) = (path.join("pages.sqlite"), dir.path().join("backup"));
    fs::copy(&database, &backup).expect("a backup");
    open(&path)
        .put(page("after", "a llama after the backup"))
        .expect("put");

    // The database goes back to the backup, and the index does not.
    fs::copy(&backup, &database).expect("restored");
    assert_eq!(ids(&open(&path), "backup"), [""; 0]);

    let other = dir.path().join("other");
    let store = open(&other);
    for n in 0..40 {
        store.put(page(&format!("o{n}"), "an alpaca")).expect("put");
    }
    drop(store);
    fs::remove_dir_all(other.join("index")).expect("deleted");
    copy(&path.join("index"), &other.join("index"));
    let store = open(&other);
    assert_eq!(ids(&store, "llama"), [""; 0]);
    assert_eq!(ids(&store, "alpaca").len(), 40);
}

#[test]
fn many_removals_are_forgotten_but_never_undone() {
    let dir = crate::folder();
    let path = dir.path().join("store");
    let store = open(&path);
    store.put(page("kept", "a llama")).expect("put");
    store.put(page("gone", "a llama")).expect("put");
    drop(store);
    copy(&path.join("index"), &dir.path().join("old"));
    open(&path).remove(&"gone".into()).expect("removed");
    // Stands for ten thousand removals, each of which takes a commit.
    let database = rusqlite::Connection::open(path.join("pages.sqlite")).expect("opens");
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)
                INSERT INTO removed SELECT -i, 'r' || i FROM n";
    database.execute_batch(many).expect("written");
    drop(open(&path));
    let left: i64 = database
        .query_row("SELECT count(*) FROM removed", [], |row| row.get(0))
        .expect("counted");
    assert_eq!(left, 0);
    drop(database);

    fs::remove_dir_all(path.join("index")).expect("deleted");
    copy(&dir.path().join("old"), &path.join("index"));
    assert_eq!(ids(&open(&path), "llama"), ["kept"]);
}

#[test]
fn rebuilding_changes_no_answer() {
    let dir = crate::folder();
    let path = filled(dir.path());
    let store = open(&path);
    let before = search(&store, "llama herd 3");
    let last = AtomicU64::new(0);
    store
        .rebuild(&|done, total| last.store(done * 1_000 + total, Ordering::Relaxed))
        .expect("rebuilt");
    assert_eq!(last.into_inner(), 31_031);
    assert_eq!(search(&store, "llama herd 3"), before);
    store
        .put(page("x", "written after rebuilding"))
        .expect("put");
    assert_eq!(ids(&store, "rebuild"), ["x"]);
}

#[test]
fn what_a_commit_left_that_was_cut_off_is_removed() {
    let dir = crate::folder();
    let path = filled(dir.path());
    let index = path.join("index");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(&index).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    };
    let segment = names();
    let segment = segment.iter().find_map(|name| name.strip_suffix(".idx"));
    let segment = segment.expect("a segment");
    // The list of pages that the next removal makes, and a segment that nobody knows.
    let stray = [
        format!("{segment}.999.del"),
        "0123456789abcdef0123456789abcdef.idx".to_owned(),
    ];
    for name in &stray {
        fs::write(index.join(name), "half").expect("a file");
    }
    let store = open(&path);
    assert_eq!(search(&store, "llama").len(), 31);
    let left = names();
    assert!(stray.iter().all(|name| !left.contains(name)), "{left:?}");
}
