//! What only a store on a disk can promise: crashes, other processes, damage.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use quipu_memory::{
    Access, DiskStore, Hit, Kind, NewPage, PageId, Query, Stats, Store, StoreError, Trust,
};

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
    let dir = tempfile::tempdir().expect("a folder");
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
            assert!(meta.contains("quipu 1 "));
            fs::write(path, meta.replace("quipu 1 ", "quipu 0 ")).expect("written");
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
        let dir = tempfile::tempdir().expect("a folder");
        let path = filled(dir.path());
        let before = search(&open(&path), "llama herd 3");
        damage(&path.join("index"));

        // Beside a writer nothing may be changed: an index in memory has to do.
        let reader = DiskStore::open(&path, Access::ReadOnly).expect("opens for reading");
        assert_eq!(search(&reader, "llama herd 3"), before, "{what}, read only");

        let indexed = AtomicU64::new(0);
        let store = DiskStore::open_with(&path, Access::ReadWrite, &|done, total| {
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
    let dir = tempfile::tempdir().expect("a folder");
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
    let store = DiskStore::open_with(&path, Access::ReadWrite, &|done, _| {
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
    let dir = tempfile::tempdir().expect("a folder");
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
fn rebuilding_changes_no_answer() {
    let dir = tempfile::tempdir().expect("a folder");
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
fn a_second_writer_is_told_who_holds_the_store() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = open(dir.path());
    let error = DiskStore::open(dir.path(), Access::ReadWrite)
        .err()
        .expect("locked");
    let expected = format!("is being written by process {}; wait", std::process::id());
    assert!(error.to_string().contains(&expected), "{error}");
    assert!(matches!(&error, StoreError::Locked { path, .. } if path == dir.path()));
    drop(first);
    open(dir.path());
}

#[test]
fn readers_work_beside_the_writer() {
    let dir = tempfile::tempdir().expect("a folder");
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
    let dir = tempfile::tempdir().expect("a folder");
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

#[test]
fn a_damaged_database_is_named_and_left_alone() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("text", |path| {
            fs::write(path, "this is no database, only a text that is long enough")
                .expect("written")
        }),
        ("header", |path| {
            let mut bytes = fs::read(path).expect("read");
            bytes[..16].fill(0);
            fs::write(path, bytes).expect("written");
        }),
        ("emptied", |path| fs::write(path, "").expect("written")),
        ("deleted", |path| fs::remove_file(path).expect("deleted")),
        ("another program's", |path| {
            fs::remove_file(path).expect("deleted");
            let other = rusqlite::Connection::open(path).expect("opens");
            other
                .execute_batch("CREATE TABLE notes (text TEXT)")
                .expect("made");
        }),
    ];
    for (what, damage) in damages {
        let dir = tempfile::tempdir().expect("a folder");
        let path = filled(dir.path());
        let database = path.join("pages.sqlite");
        damage(&database);
        let left = fs::read(&database).ok();
        let error = DiskStore::open(&path, Access::ReadWrite).err().expect(what);
        assert!(
            matches!(&error, StoreError::Corrupt { path, .. } if *path == database),
            "{what}: {error}"
        );
        assert!(
            error.to_string().contains("pages.sqlite"),
            "{what}: {error}"
        );
        assert!(
            fs::read(&database).ok() == left,
            "{what}: the file is as it was"
        );
    }
}

#[test]
fn a_changed_text_is_noticed() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = filled(dir.path());
    let database = path.join("pages.sqlite");
    let mut bytes = fs::read(&database).expect("read");
    let at = bytes
        .windows(14)
        .position(|part| part == b"one more llama")
        .expect("the text is there");
    bytes[at] = b'O';
    fs::write(&database, bytes).expect("written");
    let error = open(&path).get(&"late".into()).expect_err("damaged");
    assert!(
        error.to_string().contains("the text of page `late`"),
        "{error}"
    );
}

#[test]
fn a_newer_format_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = filled(dir.path());
    let database = rusqlite::Connection::open(path.join("pages.sqlite")).expect("opens");
    database
        .pragma_update(None, "user_version", 99)
        .expect("written");
    drop(database);
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let error = DiskStore::open(&path, access).err().expect("too new");
        assert!(
            matches!(error, StoreError::Newer { found: 99, .. }),
            "{error}"
        );
    }
}

#[test]
fn many_removals_are_forgotten_but_never_undone() {
    let dir = tempfile::tempdir().expect("a folder");
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

const CHILD_DIR: &str = "QUIPU_TEST_CHILD_DIR";

/// Not a test of its own: the process that the next test kills. Writes pages and says
/// which were acknowledged, until it dies.
#[test]
fn child_that_writes() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let store = open(Path::new(&dir));
    let mut out = std::io::stdout();
    for n in 0.. {
        if n % 5 == 4 {
            let id = PageId::from(format!("k{}", n - 2));
            assert!(store.remove(&id).expect("removed"));
            writeln!(out, "\nremoved {id}").expect("said");
        } else {
            let put = store
                .put(page(&format!("k{n}"), &format!("llama w{n}")))
                .expect("put");
            writeln!(out, "\nput {}", put.id).expect("said");
        }
        out.flush().expect("said");
    }
}

#[test]
fn a_killed_writer_loses_nothing_it_acknowledged() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut alive = std::collections::BTreeSet::new();
    for acknowledged in [1, 7, 23] {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args([
                "--exact",
                "child_that_writes",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD_DIR, dir.path().join("store"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut note = |line: String| match line.split_once(' ') {
            Some(("put", id)) => alive.insert(id.to_owned()),
            Some(("removed", id)) => alive.remove(id),
            _ => false,
        };
        let mut noted = 0;
        while noted < acknowledged {
            noted += usize::from(note(
                lines.next().expect("the child writes").expect("a line"),
            ));
        }
        child.kill().expect("killed"); // SIGKILL
        lines.map_while(Result::ok).for_each(|line| {
            note(line);
        });
        child.wait().expect("ended");

        let store = open(&dir.path().join("store"));
        for id in &alive {
            assert!(
                store.get(&id.as_str().into()).expect("get").is_some(),
                "{id} was acknowledged"
            );
            let word = id.replace('k', "w");
            assert_eq!(ids(&store, &word), [id.as_str()], "{id} was acknowledged");
        }
        // At most the one change that was under way when the child died is there besides.
        let pages = store.stats().expect("stats").pages as usize;
        assert!(
            pages.abs_diff(alive.len()) <= 1,
            "{pages} pages, {} acknowledged",
            alive.len()
        );
        assert_eq!(ids(&store, "llama").len(), pages);
        // The next child writes the same ids again.
        for hit in search(&store, "llama") {
            store.remove(&hit.id).expect("removed");
        }
        alive.clear();
    }
}
