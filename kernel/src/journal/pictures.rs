//! The pictures beside tasks. Each is kept once, as a PNG file by the digest of its pixels, however
//! many processes hold it. The row of a process names the digests of those that it holds. The
//! table `shown` says the same, so that a picture goes with the last process that names it.
//!
//! Rows of earlier releases hold the pixels themselves, and are read as they are.

use std::collections::{BTreeSet, HashMap};

use quipu_cpu::CpuError;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Deserialize;

use super::{Journal, JournalError, Result, wrap};
use crate::process::{Picture, Pid, Program};

/// The pictures, and which processes hold which.
pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS picture (
        digest TEXT PRIMARY KEY,
        file BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS shown (
        pid INTEGER NOT NULL,
        digest TEXT NOT NULL,
        PRIMARY KEY (pid, digest)
    ) WITHOUT ROWID;";

/// How a row of a process names a picture. Most rows have none, and need no second look.
const NAMES: &str = "\"picture\":";
/// The fault of a picture that is missing, or is another one.
const ANOTHER: &str = "a picture beside its task";

/// The texts beside the task in a row.
#[derive(Deserialize)]
struct Beside {
    #[serde(default)]
    attached: Vec<Place>,
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    picture: Option<Held>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Held {
    /// By the digest of its pixels.
    Named(String),
    /// Its pixels, in rows of earlier releases.
    Whole(Picture),
}

/// The pictures that `row` has, in the order of the texts beside the task.
fn held(row: &str) -> serde_json::Result<Vec<Option<Held>>> {
    if !row.contains(NAMES) {
        return Ok(Vec::new());
    }
    let beside: Beside = serde_json::from_str(row)?;
    let places = beside.attached.into_iter();
    Ok(places.map(|place| place.picture).collect())
}

/// The digests of the pictures that `row`, the program of a process, names.
pub(super) fn named(row: &str) -> serde_json::Result<BTreeSet<String>> {
    let named = held(row)?.into_iter().filter_map(|held| match held {
        Some(Held::Named(digest)) => Some(digest),
        Some(Held::Whole(_)) | None => None,
    });
    Ok(named.collect())
}

/// The picture in `file`, if its digest is `digest`.
pub(super) fn read(file: &[u8], digest: &str) -> Option<Picture> {
    let picture = Picture::of_file(file).ok()?;
    (picture.id() == digest).then_some(picture)
}

/// Keeps the picture `digest` for `pid`; its file is made where the picture is not here yet.
pub(super) fn keep(
    change: &Connection,
    pid: Pid,
    digest: &str,
    file: impl FnOnce() -> std::result::Result<Vec<u8>, CpuError>,
) -> rusqlite::Result<()> {
    let is_here: bool = change
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM picture WHERE digest=?1)")?
        .query_row([digest], |row| row.get(0))?;
    if !is_here {
        let failed = |error: CpuError| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
        let file = file().map_err(failed)?;
        change
            .prepare_cached("INSERT INTO picture (digest, file) VALUES (?1, ?2)")?
            .execute(params![digest, file])?;
    }
    change
        .prepare_cached("INSERT OR IGNORE INTO shown (pid, digest) VALUES (?1, ?2)")?
        .execute(params![pid, digest])?;
    Ok(())
}

/// Notes that the process `copy` holds the pictures of `pid` too.
pub(super) fn copy(change: &Connection, pid: Pid, copy: Pid) -> rusqlite::Result<()> {
    let sql = "INSERT INTO shown (pid, digest) SELECT ?2, digest FROM shown WHERE pid=?1";
    change.execute(sql, [pid, copy]).map(drop)
}

/// Removes the pictures that no process holds any more.
pub(super) fn drop_unused(change: &Connection) -> rusqlite::Result<()> {
    let sql = "DELETE FROM picture WHERE digest NOT IN (SELECT digest FROM shown)";
    change.execute(sql, []).map(drop)
}

/// What is wrong with the pictures of `pid`, whose row itself is sound; `None` where they are
/// sound too.
pub(super) fn fault(connection: &Connection, pid: Pid) -> rusqlite::Result<Option<String>> {
    let row: Option<String> = connection
        .query_row("SELECT program FROM process WHERE pid=?1", [pid], |row| {
            row.get(0)
        })
        .optional()?;
    let Ok(named) = named(row.as_deref().unwrap_or_default()) else {
        return Ok(Some("its task".into()));
    };
    let mut shown = connection.prepare("SELECT digest FROM shown WHERE pid=?1")?;
    let shown = shown.query_map([pid], |row| row.get(0))?;
    let shown: BTreeSet<String> = shown.collect::<rusqlite::Result<_>>()?;
    if shown != named {
        return Ok(Some("which pictures stand beside its task".into()));
    }
    for digest in named {
        let file: Option<Vec<u8>> = connection
            .query_row(
                "SELECT file FROM picture WHERE digest=?1",
                [&digest],
                |row| row.get(0),
            )
            .optional()?;
        if file.and_then(|file| read(&file, &digest)).is_none() {
            return Ok(Some(ANOTHER.into()));
        }
    }
    Ok(None)
}

impl Journal {
    /// Gives `program` the pictures that `row` names. `row` is the row of `pid` from which the
    /// program was read.
    pub(super) fn hang(&self, pid: Pid, row: &str, program: &mut Program) -> Result<()> {
        for (attached, held) in program.attached.iter_mut().zip(held(row)?) {
            attached.picture = match held {
                Some(Held::Named(digest)) => Some(self.picture(pid, &digest)?),
                Some(Held::Whole(picture)) => Some(picture),
                None => None,
            };
        }
        Ok(())
    }

    /// The picture `digest`, which `pid` holds.
    fn picture(&self, pid: Pid, digest: &str) -> Result<Picture> {
        let sql = "SELECT file FROM picture JOIN shown USING (digest) WHERE pid=?1 AND digest=?2";
        let file: Option<Vec<u8>> = self
            .connection
            .lock()
            .query_row(sql, params![pid, digest], |row| row.get(0))
            .optional()
            .map_err(|error| wrap(&self.path, error))?;
        let picture = file.and_then(|file| read(&file, digest));
        picture.ok_or_else(|| JournalError::Changed {
            pid,
            what: ANOTHER.to_owned(),
        })
    }

    /// The files of the pictures that `pid` holds, with their digests.
    pub(super) fn pictures(&self, pid: Pid) -> Result<Vec<(String, Vec<u8>)>> {
        let sql = "SELECT digest, file FROM picture JOIN shown USING (digest) WHERE pid=?1
            ORDER BY digest";
        self.list(sql, pid, |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// The files of those pictures of `program` that are not kept yet, by their digests. This
    /// takes long, so it is done before the journal is locked.
    pub(super) fn new_files(&self, program: &Program) -> Result<HashMap<String, Vec<u8>>> {
        let mut files = HashMap::new();
        for picture in pictures_of(program) {
            let digest = picture.id();
            let sql = "SELECT EXISTS (SELECT 1 FROM picture WHERE digest=?1)";
            let is_here: bool = self
                .connection
                .lock()
                .query_row(sql, [&digest], |row| row.get(0))
                .map_err(|error| wrap(&self.path, error))?;
            // An error shows again where the file is needed.
            if !is_here && let Ok(file) = picture.file() {
                files.insert(digest, file);
            }
        }
        Ok(files)
    }
}

/// Keeps the pictures of `program` for `pid`, of which some are in `files` already.
pub(super) fn keep_all(
    change: &Connection,
    pid: Pid,
    program: &Program,
    mut files: HashMap<String, Vec<u8>>,
) -> rusqlite::Result<()> {
    for picture in pictures_of(program) {
        let digest = picture.id();
        let made = files.remove(&digest);
        keep(change, pid, &digest, || {
            made.map_or_else(|| picture.file(), Ok)
        })?;
    }
    Ok(())
}

fn pictures_of(program: &Program) -> impl Iterator<Item = &Picture> {
    let attached = program.attached.iter();
    attached.filter_map(|attached| attached.picture.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Label;
    use crate::process::Attached;
    use rusqlite::types::Value;

    fn picture(byte: u8) -> Picture {
        Picture::new(8, 4, vec![byte; 96]).unwrap()
    }

    /// A program with a picture for each of `bytes`, and a text without one.
    fn program(bytes: &[u8]) -> Program {
        let mut program = Program::new("What do they show?");
        let shown = bytes.iter().map(|byte| Some(picture(*byte)));
        for picture in shown.chain([None]) {
            program.attached.push(Attached {
                text: "a page".into(),
                label: Label::user(),
                picture,
            });
        }
        program
    }

    fn journal() -> (tempfile::TempDir, Journal) {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.db"), true).unwrap();
        (folder, journal)
    }

    fn count(journal: &Journal, table: &str) -> i64 {
        let connection = journal.connection.lock();
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_picture_is_kept_once_until_nobody_holds_it() {
        let (_folder, journal) = journal();
        let first = journal.create(&program(&[1, 2, 1]), "model").unwrap();
        let second = journal.create(&program(&[2]), "model").unwrap();
        let copy = journal.fork(first, None).unwrap();
        assert_eq!(
            (count(&journal, "picture"), count(&journal, "shown")),
            (2, 5)
        );
        for (pid, bytes) in [
            (first, vec![1, 2, 1]),
            (second, vec![2]),
            (copy, vec![1, 2, 1]),
        ] {
            assert_eq!(journal.program(pid).unwrap().0, program(&bytes));
            journal.verify(pid).unwrap();
        }
        let longest = "SELECT max(length(program)) FROM process";
        let longest: i64 = {
            let connection = journal.connection.lock();
            connection.query_row(longest, [], |row| row.get(0)).unwrap()
        };
        assert!(longest < 3_000, "{longest} characters");
        // What changes of a program leaves its pictures.
        journal.set_priority(first, 3).unwrap();
        assert_eq!(
            journal.program(first).unwrap().0.attached,
            program(&[1, 2, 1]).attached
        );
        journal.verify(first).unwrap();

        journal.forget(first).unwrap();
        assert_eq!(count(&journal, "picture"), 2);
        journal.forget(copy).unwrap();
        assert_eq!(count(&journal, "picture"), 1);
        assert_eq!(journal.program(second).unwrap().0, program(&[2]));
        journal.forget(second).unwrap();
        assert_eq!(
            (count(&journal, "picture"), count(&journal, "shown")),
            (0, 0)
        );
    }

    #[test]
    fn the_row_of_an_earlier_release_is_read() {
        let (_folder, journal) = journal();
        let pid = journal.create(&program(&[]), "model").unwrap();
        {
            let connection = journal.connection.lock();
            let sql = "UPDATE process SET program=json_set(program, '$.attached[0].picture',
                json('{\"width\":2,\"height\":1,\"rgb\":\"AQEBAQEB\"}'))";
            connection.execute(sql, []).unwrap();
        }
        let old = Picture::new(2, 1, vec![1; 6]).unwrap();
        assert_eq!(
            journal.program(pid).unwrap().0.attached[0].picture,
            Some(old.clone())
        );
        journal.set_priority(pid, 3).unwrap();
        assert_eq!(
            journal.program(pid).unwrap().0.attached[0].picture,
            Some(old)
        );
    }

    #[test]
    fn a_picture_that_is_another_is_noticed() {
        let check = |sql: &str, value: Value, want: &str| {
            let (_folder, journal) = journal();
            let pid = journal.create(&program(&[1]), "model").unwrap();
            journal.create(&program(&[2]), "model").unwrap();
            journal.verify(pid).unwrap();
            journal.connection.lock().execute(sql, [value]).unwrap();
            let error = journal.verify(pid).unwrap_err().to_string();
            assert!(error.ends_with(want), "{error}");
            let read = journal.program(pid);
            assert!(
                matches!(read, Err(JournalError::Changed { .. })),
                "{read:?}"
            );
        };
        let other = Value::Blob(picture(3).file().unwrap());
        check("UPDATE picture SET file=?1", other, ANOTHER);
        check(
            "UPDATE picture SET file=?1",
            Value::Blob(vec![1, 2]),
            ANOTHER,
        );
        let one = Value::Text(picture(1).id());
        check("DELETE FROM picture WHERE digest=?1", one.clone(), ANOTHER);
        check(
            "DELETE FROM shown WHERE digest=?1",
            one,
            "stand beside its task",
        );
    }
}
