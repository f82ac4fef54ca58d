//! The chain of a journal: for everything that is written of a process a link with the
//! digest of the row and a code over it and the link before, made with a key that only the
//! root's user can read. The last link of each process is noted in a file apart (`heads`).
//!
//! A row that was changed does not fit its digest; a link that was changed or taken out
//! does not fit its code; links that were cut off at the end are missed by the note. The
//! note may be a little older than the journal, after a crash, and never newer.
//!
//! A link also keeps a piece of its process's tape (`tape/`), and the digest of what changes
//! in the row of the process: its state and its times. What does not fit is found in `fault`.

mod fault;
mod heads;

use std::path::{Path, PathBuf};

use quipu_memory::private::{self, Key};
use rusqlite::{Connection, OptionalExtension, params};

use super::{JournalError, Result, Said};
use crate::process::Pid;
use heads::Heads;

/// The table of links, beside the rows.
pub(super) const TABLE: &str = "
    CREATE TABLE chain (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        pid INTEGER NOT NULL,
        n INTEGER NOT NULL,
        kind TEXT NOT NULL,
        digest BLOB NOT NULL,
        mac BLOB NOT NULL,
        process BLOB,
        said TEXT
    );
    CREATE INDEX chain_of ON chain (pid, id);";
/// Version 3 kept no tapes.
pub(super) const FROM_3: &str = "
    ALTER TABLE chain ADD COLUMN process BLOB;
    ALTER TABLE chain ADD COLUMN said TEXT;";

/// The purpose for which the key is derived.
const PURPOSE: &str = "quipu journal chain 2";
/// The purpose for the mark that tells this journal's calls from those of others.
const MARK: &str = "quipu journal mark 1";
/// The purpose for the codes of what stands beside the links.
const SEAL: &str = "quipu journal seal 1";
/// The purpose in journals whose links have no digest of their process.
const EARLIER_PURPOSE: &str = "quipu journal chain 1";
/// The file of the key, beside the journal.
const KEY_FILE: &str = "key";

/// The code of a link.
pub(super) type Mac = [u8; 32];

/// One link as it is in the table.
#[derive(Default)]
struct Link {
    id: i64,
    n: u32,
    kind: String,
    digest: Vec<u8>,
    mac: Vec<u8>,
    /// Digest of the changing part of the process's row; none in links of version 3.
    process: Option<Vec<u8>>,
    /// A piece of the tape.
    said: Option<String>,
}

/// The chain of one journal.
pub(super) struct Chain {
    key: Key,
    earlier_key: Key,
    /// The mark that tells the calls of its processes from those of other journals.
    pub(super) mark: Key,
    /// The last link of each process.
    pub(super) heads: Heads,
    /// The file that the key is missing in, where somebody only looks at links made with it.
    keyless: Option<PathBuf>,
}

impl Chain {
    /// Opens the chain of the journal at `path`, which has links or has none.
    ///
    /// # Errors
    /// [`JournalError::KeyLost`] where it has links to write after, and their key is missing.
    pub(super) fn open(path: &Path, writable: bool, has_links: bool) -> Result<Self> {
        let key_file = path.with_file_name(KEY_FILE);
        let failed = |source| JournalError::Key {
            path: key_file.clone(),
            source,
        };
        let found = private::read_key(&key_file).map_err(failed)?;
        let key = match (found, writable) {
            (Some(key), _) => key,
            // With a new one all that is there would be a stranger's.
            (None, true) if has_links => {
                let path = key_file.clone();
                return Err(JournalError::KeyLost { path });
            }
            (None, true) => private::key(&key_file).map_err(failed)?,
            // A reader makes no files, and still finds what was changed.
            (None, false) => Key::default(),
        };
        let is_keyless = found.is_none() && has_links;
        let heads = Heads::open(path, writable).map_err(|source| JournalError::Key {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            key: blake3::derive_key(PURPOSE, &key),
            earlier_key: blake3::derive_key(EARLIER_PURPOSE, &key),
            mark: blake3::derive_key(MARK, &key),
            heads,
            keyless: is_keyless.then_some(key_file),
        })
    }

    /// Adds the link for a row of `pid` that was just written: its `kind` and step, and a piece
    /// of the tape.
    pub(super) fn link(
        &self,
        change: &Connection,
        pid: Pid,
        kind: &str,
        n: u32,
        said: Option<&Said>,
    ) -> rusqlite::Result<Mac> {
        let last = "SELECT coalesce((SELECT max(id) FROM chain), 0) + 1,
            (SELECT mac FROM chain WHERE pid=?1 ORDER BY id DESC LIMIT 1)";
        let (id, before): (i64, Option<Vec<u8>>) = change
            .prepare_cached(last)?
            .query_row([pid], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let link = Link {
            id,
            n,
            kind: kind.to_owned(),
            digest: digest(change, pid, kind, n)?.to_vec(),
            mac: Vec::new(),
            process: Some(process_digest(change, pid)?.to_vec()),
            said: said.map(|said| said.text.clone()),
        };
        let mac = self.mac(&before.unwrap_or_default(), pid, &link);
        change
            .prepare_cached(
                "INSERT INTO chain (id, pid, n, kind, digest, mac, process, said)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                id,
                pid,
                n,
                kind,
                link.digest,
                mac.as_slice(),
                link.process,
                link.said
            ])?;
        for (hash, text) in said.iter().flat_map(|said| &said.content) {
            keep(change, pid, hash, text)?;
        }
        Ok(mac)
    }

    /// Makes links for all existing rows of `pid`.
    pub(super) fn take_in_process(&self, change: &Connection, pid: Pid) -> rusqlite::Result<Mac> {
        let mut mac = self.link(change, pid, "program", 0, None)?;
        for kind in ["recalled", "exit"] {
            let sql = format!("SELECT {kind} IS NOT NULL FROM process WHERE pid=?1");
            if change.query_row(&sql, [pid], |row| row.get(0))? {
                mac = self.link(change, pid, kind, 0, None)?;
            }
        }
        let mut steps =
            change.prepare("SELECT n, outcome IS NOT NULL FROM step WHERE pid=?1 ORDER BY n")?;
        let rows = steps.query_map([pid], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for row in rows {
            let (n, done): (u32, bool) = row?;
            mac = self.link(change, pid, "intent", n, None)?;
            if done {
                mac = self.link(change, pid, "outcome", n, None)?;
            }
        }
        Ok(mac)
    }

    /// Makes links for all processes of a journal without links.
    pub(super) fn take_in(&self, change: &Connection) -> rusqlite::Result<()> {
        let mut pids = change.prepare("SELECT pid FROM process ORDER BY pid")?;
        let pids: Vec<Pid> = pids
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for pid in pids {
            self.take_in_process(change, pid)?;
        }
        Ok(())
    }

    /// The code of `parts`, which stand beside the links.
    pub(super) fn seal(&self, parts: &[&[u8]]) -> Mac {
        let mut hash = blake3::Hasher::new_keyed(&blake3::derive_key(SEAL, &self.key));
        for part in parts {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        *hash.finalize().as_bytes()
    }

    /// The code of `link`, after the link with the code `before`.
    fn mac(&self, before: &[u8], pid: Pid, link: &Link) -> Mac {
        let Some(process) = &link.process else {
            let mut hash = blake3::Hasher::new_keyed(&self.earlier_key);
            hash.update(before).update(&pid.to_le_bytes());
            hash.update(&link.n.to_le_bytes()).update(&link.digest);
            return *hash.update(link.kind.as_bytes()).finalize().as_bytes();
        };
        let mut hash = blake3::Hasher::new_keyed(&self.key);
        hash.update(&link.id.to_le_bytes());
        hash.update(&pid.to_le_bytes());
        hash.update(&link.n.to_le_bytes());
        let said = link.said.as_deref().map(str::as_bytes);
        hash.update(&[u8::from(said.is_some())]);
        let parts = [before, &link.digest, process, link.kind.as_bytes()];
        for part in parts.into_iter().chain(said) {
            // Each part comes with its length, so that nothing can move from one part to the
            // next.
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        *hash.finalize().as_bytes()
    }
}

/// Forgets the notes that lie beside the new journal at `path`: they are of one that was moved
/// away, and would tell of processes that this one never had. Says of how many.
pub(super) fn begin(path: &Path) -> Result<usize> {
    let begun = || -> std::io::Result<usize> {
        let noted = Heads::open(path, false)?.noted()?.len();
        heads::clear(path)?;
        Ok(noted)
    };
    begun().map_err(|source| JournalError::Key {
        path: path.to_owned(),
        source,
    })
}

/// Whether there are notes beside the journal at `path`, which may be gone.
pub(super) fn is_noted(path: &Path) -> bool {
    heads::are_there(path)
}

/// Whether the journal has links, which are known by its key. One of an earlier release has no table
/// for them.
pub(super) fn has_links(connection: &Connection) -> rusqlite::Result<bool> {
    let tables = "SELECT count(*) FROM sqlite_master WHERE type='table' AND name='chain'";
    let tables: i64 = connection.query_row(tables, [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(false);
    }
    connection.query_row("SELECT EXISTS (SELECT 1 FROM chain)", [], |row| row.get(0))
}

/// Keeps a text that `pid` names by its hash.
pub(super) fn keep(change: &Connection, pid: Pid, hash: &str, text: &str) -> rusqlite::Result<()> {
    change
        .prepare_cached("INSERT OR IGNORE INTO content (hash, text) VALUES (?1, ?2)")?
        .execute(params![hash, text])?;
    change
        .prepare_cached("INSERT OR IGNORE INTO uses (pid, hash) VALUES (?1, ?2)")?
        .execute(params![pid, hash])?;
    Ok(())
}

fn links(connection: &Connection, pid: Pid) -> rusqlite::Result<Vec<Link>> {
    let mut statement = connection.prepare(
        "SELECT id, n, kind, digest, mac, process, said FROM chain WHERE pid=?1 ORDER BY id",
    )?;
    let links = statement.query_map([pid], |row| {
        Ok(Link {
            id: row.get(0)?,
            n: row.get(1)?,
            kind: row.get(2)?,
            digest: row.get(3)?,
            mac: row.get(4)?,
            process: row.get(5)?,
            said: row.get(6)?,
        })
    })?;
    links.collect()
}

/// The digest of the row that a link of `kind` and step `n` is for.
fn digest(connection: &Connection, pid: Pid, kind: &str, n: u32) -> rusqlite::Result<Mac> {
    let sql = match kind {
        "intent" => "SELECT action, usage, decide_ms, ruling FROM step WHERE pid=?1 AND n=?2",
        "outcome" => "SELECT outcome, ok, label, act_ms FROM step WHERE pid=?1 AND n=?2",
        "recalled" => "SELECT recalled FROM process WHERE pid=?1 AND ?2=?2",
        "exit" => "SELECT exit FROM process WHERE pid=?1 AND ?2=?2",
        // What it is about has a digest in every link.
        "state" => return Ok(Mac::default()),
        _ => "SELECT program FROM process WHERE pid=?1 AND ?2=?2",
    };
    digest_of(connection, sql, params![pid, n])
}

/// The digest of the changing part of the row of `pid` that no link is for.
fn process_digest(connection: &Connection, pid: Pid) -> rusqlite::Result<Mac> {
    let sql = "SELECT model, state, created_ms, updated_ms, spent_ms, imported
        FROM process WHERE pid=?1";
    digest_of(connection, sql, params![pid])
}

/// The digest of the row that `sql` finds.
fn digest_of(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<Mac> {
    let mut hash = blake3::Hasher::new();
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.column_count();
    let found = statement
        .query_row(values, |row| {
            for column in 0..columns {
                let value: rusqlite::types::Value = row.get(column)?;
                // Each column comes with its length, so that nothing can move from one column to
                // the next.
                let text = format!("{value:?}");
                hash.update(&(text.len() as u64).to_le_bytes());
                hash.update(text.as_bytes());
            }
            Ok(())
        })
        .optional()?;
    hash.update(&[u8::from(found.is_some())]);
    Ok(*hash.finalize().as_bytes())
}
