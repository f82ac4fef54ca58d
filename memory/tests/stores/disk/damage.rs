//! The database is the truth: damage to it is named, and never papered over.

use std::fs;
use std::path::Path;

use quipu_memory::{Access, DiskStore, Store, StoreError};

use super::{filled, open};

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
        let dir = crate::folder();
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
    let dir = crate::folder();
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
    let dir = crate::folder();
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
