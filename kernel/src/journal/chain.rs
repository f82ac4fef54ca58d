//! The chain of a journal: for everything that is written of a process a link with the
//! digest of the row and a code over it and the link before, made with a key that only the
//! root's user can read. The last link of each process is noted in a file apart.
//!
//! A row that was changed does not fit its digest; a link that was changed or taken out
//! does not fit its code; links that were cut off at the end are missed by the note. The
//! note may be a little older than the journal, after a crash, and never newer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use quipu_memory::private::{self, Key};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::wrap;
use super::{BUSY_MAX, Journal, JournalError, Result};
use crate::process::Pid;

/// The table of links, beside the rows.
pub(super) const TABLE: &str = "
    CREATE TABLE chain (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        pid INTEGER NOT NULL,
        n INTEGER NOT NULL,
        kind TEXT NOT NULL,
        digest BLOB NOT NULL,
        mac BLOB NOT NULL
    );
    CREATE INDEX chain_of ON chain (pid, id);";

const HEADS: &str = "CREATE TABLE IF NOT EXISTS head (pid INTEGER PRIMARY KEY, mac BLOB NOT NULL);";

/// What the key is used for here.
const PURPOSE: &str = "quipu journal chain 1";
/// The file of the key, beside the journal.
const KEY_FILE: &str = "key";
/// The file of the heads, beside the journal.
const HEADS_FILE: &str = "journal.heads";

/// The code of a link.
pub(super) type Mac = [u8; 32];

/// One link as it is in the table.
struct Link {
    id: i64,
    n: u32,
    kind: String,
    digest: Vec<u8>,
    mac: Vec<u8>,
}

/// The chain of one journal.
pub(super) struct Chain {
    key: Key,
    heads: PathBuf,
    /// `None` where they are only read, when they are needed.
    open: Option<Mutex<Connection>>,
}

impl Chain {
    /// Opens the chain of the journal at `path`.
    pub(super) fn open(path: &Path, writable: bool) -> Result<Self> {
        let key_file = path.with_file_name(KEY_FILE);
        let key = match writable {
            true => private::key(&key_file),
            // Who only looks makes nothing, and finds what was changed all the same.
            false => private::read_key(&key_file).map(Option::unwrap_or_default),
        };
        let key = key.map_err(|source| JournalError::Key {
            path: key_file,
            source,
        })?;
        let heads = path.with_file_name(HEADS_FILE);
        let open = match writable {
            true => Some(Mutex::new(open_heads(&heads)?)),
            false => None,
        };
        Ok(Self {
            key: blake3::derive_key(PURPOSE, &key),
            heads,
            open,
        })
    }

    /// Adds the link for what was just written of `pid`: its `kind` and step.
    pub(super) fn link(
        &self,
        change: &Connection,
        pid: Pid,
        kind: &str,
        n: u32,
    ) -> rusqlite::Result<Mac> {
        let digest = digest(change, pid, kind, n)?;
        let before: Option<Vec<u8>> = change
            .prepare_cached("SELECT mac FROM chain WHERE pid=?1 ORDER BY id DESC LIMIT 1")?
            .query_row([pid], |row| row.get(0))
            .optional()?;
        let mac = self.mac(&before.unwrap_or_default(), pid, kind, n, &digest);
        change
            .prepare_cached(
                "INSERT INTO chain (pid, n, kind, digest, mac) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![pid, n, kind, digest.as_slice(), mac.as_slice()])?;
        Ok(mac)
    }

    /// Makes links for all that is there of `pid`.
    pub(super) fn take_in_process(&self, change: &Connection, pid: Pid) -> rusqlite::Result<Mac> {
        let mut mac = self.link(change, pid, "program", 0)?;
        for kind in ["recalled", "exit"] {
            let sql = format!("SELECT {kind} IS NOT NULL FROM process WHERE pid=?1");
            if change.query_row(&sql, [pid], |row| row.get(0))? {
                mac = self.link(change, pid, kind, 0)?;
            }
        }
        let mut steps =
            change.prepare("SELECT n, outcome IS NOT NULL FROM step WHERE pid=?1 ORDER BY n")?;
        let rows = steps.query_map([pid], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for row in rows {
            let (n, done): (u32, bool) = row?;
            mac = self.link(change, pid, "intent", n)?;
            if done {
                mac = self.link(change, pid, "outcome", n)?;
            }
        }
        Ok(mac)
    }

    /// Makes links for all processes of a journal that had none.
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

    /// Notes the last link of `pid`. Best effort: an older note is one of an earlier link.
    pub(super) fn note(&self, pid: Pid, mac: &Mac) {
        let Some(heads) = &self.open else { return };
        let heads = heads.lock();
        let noted = heads
            .prepare_cached("INSERT OR REPLACE INTO head (pid, mac) VALUES (?1, ?2)")
            .and_then(|mut row| row.execute(params![pid, mac.as_slice()]));
        if let Err(error) = noted {
            tracing::warn!(pid, %error, "the head of the journal's chain was not noted");
        }
    }

    /// Forgets the note on `pid`.
    pub(super) fn forget(&self, pid: Pid) {
        let gone = |heads: &Connection| heads.execute("DELETE FROM head WHERE pid=?1", [pid]);
        let done = match &self.open {
            Some(heads) => gone(&heads.lock()).map(drop),
            None if !self.heads.exists() => Ok(()),
            None => Connection::open(&self.heads).and_then(|heads| gone(&heads).map(drop)),
        };
        if let Err(error) = done {
            tracing::debug!(pid, %error, "the head of a removed process stays");
        }
    }

    /// The noted last link of `pid`.
    fn head(&self, pid: Pid) -> rusqlite::Result<Option<Vec<u8>>> {
        let find = |heads: &Connection| {
            heads
                .query_row("SELECT mac FROM head WHERE pid=?1", [pid], |row| row.get(0))
                .optional()
        };
        match &self.open {
            Some(heads) => find(&heads.lock()),
            None if !self.heads.exists() => Ok(None),
            None => find(&Connection::open(&self.heads)?),
        }
    }

    fn mac(&self, before: &[u8], pid: Pid, kind: &str, n: u32, digest: &[u8]) -> Mac {
        let mut hash = blake3::Hasher::new_keyed(&self.key);
        hash.update(before).update(&pid.to_le_bytes());
        hash.update(&n.to_le_bytes()).update(digest);
        *hash.update(kind.as_bytes()).finalize().as_bytes()
    }

    /// What is wrong with the links of `pid`, or with the rows they stand for.
    fn fault(&self, connection: &Connection, pid: Pid) -> rusqlite::Result<Option<String>> {
        let links = links(connection, pid)?;
        if links.is_empty() {
            let there = "SELECT count(*) FROM process WHERE pid=?1";
            let there: u32 = connection.query_row(there, [pid], |row| row.get(0))?;
            return Ok((there > 0).then(|| "it has no links".into()));
        }
        let mut before = Vec::new();
        for link in &links {
            let mac = self.mac(&before, pid, &link.kind, link.n, &link.digest);
            if mac.as_slice() != link.mac {
                return Ok(Some(format!("a link of {}", place(&link.kind, link.n))));
            }
            before.clone_from(&link.mac);
        }
        if let Some(head) = self.head(pid)?
            && !links.iter().any(|link| link.mac == head)
        {
            return Ok(Some("its last rows are missing".into()));
        }
        let mut latest: BTreeMap<(&str, u32), &Link> = BTreeMap::new();
        for link in &links {
            latest.insert((link.kind.as_str(), link.n), link);
        }
        for (&(kind, n), link) in &latest {
            // An outcome before the last intent belongs to a step that was decided anew.
            let intent = latest.get(&("intent", n)).map(|intent| intent.id);
            if kind == "outcome" && intent > Some(link.id) {
                continue;
            }
            if digest(connection, pid, kind, n)?.as_slice() != link.digest {
                return Ok(Some(place(kind, n)));
            }
        }
        let written = |kind: &'static str, n: u32| match latest.get(&(kind, n)) {
            Some(link) => latest.get(&("intent", n)).is_none_or(|i| i.id <= link.id),
            None => false,
        };
        let there = "SELECT recalled IS NOT NULL, exit IS NOT NULL FROM process WHERE pid=?1";
        let there: Option<(bool, bool)> = connection
            .query_row(there, [pid], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (recalled, exit) = there.unwrap_or_default();
        for (kind, there) in [("recalled", recalled), ("exit", exit)] {
            if there && !latest.contains_key(&(kind, 0)) {
                return Ok(Some(place(kind, 0)));
            }
        }
        let mut rows =
            connection.prepare("SELECT n, outcome IS NOT NULL FROM step WHERE pid=?1")?;
        for row in rows.query_map([pid], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (n, done): (u32, bool) = row?;
            if !written("intent", n) || done != written("outcome", n) {
                return Ok(Some(place("outcome", n)));
            }
        }
        Ok(None)
    }
}

impl Journal {
    /// Checks that what is there of `pid` is what was written.
    ///
    /// # Errors
    /// [`JournalError::Changed`] where it is not.
    pub fn verify(&self, pid: Pid) -> Result<()> {
        let Some(chain) = &self.chain else {
            return Ok(());
        };
        let fault = chain.fault(&self.connection.lock(), pid);
        match fault.map_err(|error| wrap(&self.path, error))? {
            None => Ok(()),
            Some(what) => Err(JournalError::Changed { pid, what }),
        }
    }
}

fn open_heads(path: &Path) -> Result<Connection> {
    private::file(path).map_err(|source| JournalError::Key {
        path: path.to_owned(),
        source,
    })?;
    let open = || {
        let heads = Connection::open(path)?;
        heads.busy_timeout(BUSY_MAX)?;
        // Not waited for: a note that is lost leaves the one before.
        heads.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")?;
        heads.execute_batch(HEADS)?;
        Ok(heads)
    };
    open().map_err(|error| wrap(path, error))
}

fn links(connection: &Connection, pid: Pid) -> rusqlite::Result<Vec<Link>> {
    let mut statement = connection
        .prepare("SELECT id, n, kind, digest, mac FROM chain WHERE pid=?1 ORDER BY id")?;
    let links = statement.query_map([pid], |row| {
        Ok(Link {
            id: row.get(0)?,
            n: row.get(1)?,
            kind: row.get(2)?,
            digest: row.get(3)?,
            mac: row.get(4)?,
        })
    })?;
    links.collect()
}

/// The digest of what stands in the row that a link of `kind` and step `n` is for.
fn digest(connection: &Connection, pid: Pid, kind: &str, n: u32) -> rusqlite::Result<Mac> {
    let of_process = |column: &str| {
        let sql = format!("SELECT {column} FROM process WHERE pid=?1 AND ?2=?2");
        (sql, 1)
    };
    let of_step = |columns: &str, count| {
        let sql = format!("SELECT {columns} FROM step WHERE pid=?1 AND n=?2");
        (sql, count)
    };
    let (sql, columns) = match kind {
        "intent" => of_step("action, usage, decide_ms, ruling", 4),
        "outcome" => of_step("outcome, ok, label, act_ms", 4),
        "recalled" => of_process("recalled"),
        "exit" => of_process("exit"),
        _ => of_process("program"),
    };
    let mut hash = blake3::Hasher::new();
    let found = connection
        .prepare_cached(&sql)?
        .query_row(params![pid, n], |row| {
            for column in 0..columns {
                let value: rusqlite::types::Value = row.get(column)?;
                // With its length, so that nothing moves from one column to the next.
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

fn place(kind: &str, n: u32) -> String {
    match (kind, n) {
        ("program", _) => "its task".to_owned(),
        ("recalled", _) => "what it was reminded of".to_owned(),
        ("exit", _) => "how it ended".to_owned(),
        (_, n) => format!("step {n}"),
    }
}
