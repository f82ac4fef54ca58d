//! The SQLite file: the truth about what is stored.

mod changes;
mod files;
mod linked;
mod memories;
mod rows;
mod vectors;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

pub(super) use self::changes::Changes;
use self::rows::{page, summary, word};
pub(super) use self::vectors::VectorOf;
use super::error;
use crate::error::StoreError;
use crate::ids::Ids;
use crate::page::{Page, PageId, sha256};
use crate::store::{LIST_MAX, PageSummary, Stats};

/// Marks the file as ours: "QUPU".
const APPLICATION_ID: i64 = 0x5155_5055;
/// The format of the file; raised with every change to `schema.sql`.
const FORMAT: i64 = 4;
/// A reader may wait this long while the writer checkpoints.
const BUSY_MAX: Duration = Duration::from_secs(5);
/// Statements that stay compiled: more than there are here.
const STATEMENTS: usize = 64;
/// Removals remembered for an index that missed them; an older index is built anew.
const REMOVED_MAX: i64 = 10_000;

type Result<T> = std::result::Result<T, StoreError>;

/// An open database.
pub(super) struct Db {
    conn: Connection,
    path: PathBuf,
}

/// The row that says which store this is and how far it has come.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// The store's own name, drawn when it was made.
    pub(super) store: String,
    /// The number of the last change.
    pub(super) seq: i64,
    /// An index that ends before this change cannot be brought up to date.
    pub(super) forgotten: i64,
    /// What made the vectors; empty where nothing did.
    pub(super) embedder: String,
    ids: Ids,
}

impl Db {
    /// Opens the file for writing; makes it if there is none.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let db = Self::connect(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        )?;
        let blank = db.is_blank()?;
        // Before anything is written: it may not be ours.
        let format = match blank {
            true => 0,
            false => db.check_format()?,
        };
        db.prepare_writing(format)
            .map_err(|source| error::database(path, source))?;
        Ok(db)
    }

    /// Opens the file for reading; `None` if there is none, or nothing in it yet.
    pub(super) fn open_read_only(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let db = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        if db.is_blank()? {
            return Ok(None);
        }
        match db.check_format()? {
            FORMAT => Ok(Some(db)),
            _ => Err(StoreError::Older {
                path: path.to_owned(),
            }),
        }
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self> {
        let open = || {
            let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            conn.busy_timeout(BUSY_MAX)?;
            conn.set_prepared_statement_cache_capacity(STATEMENTS);
            Ok(conn)
        };
        let conn = open().map_err(|source| error::database(path, source))?;
        Ok(Self {
            conn,
            path: path.to_owned(),
        })
    }

    fn is_blank(&self) -> Result<bool> {
        let tables: i64 = self.one("SELECT count(*) FROM sqlite_schema")?;
        Ok(tables == 0)
    }

    /// Makes the tables of a file of `format`, zero for an empty one, those of ours.
    fn prepare_writing(&self, format: i64) -> rusqlite::Result<()> {
        self.conn.pragma_update(None, "journal_mode", "WAL")?;
        // An acknowledged page survives a power cut, not just a crash.
        self.conn.pragma_update(None, "synchronous", "FULL")?;
        // On macOS a plain sync leaves the bytes in the cache of the drive.
        self.conn.pragma_update(None, "fullfsync", "ON")?;
        // What is removed is overwritten.
        self.conn.pragma_update(None, "secure_delete", "ON")?;
        let change = match format {
            0 => include_str!("schema.sql"),
            1 => concat!(
                include_str!("from_1.sql"),
                include_str!("from_2.sql"),
                include_str!("from_3.sql")
            ),
            2 => concat!(include_str!("from_2.sql"), include_str!("from_3.sql")),
            3 => include_str!("from_3.sql"),
            _ => return self.conn.execute_batch(include_str!("indices.sql")),
        };
        self.conn.execute_batch(&format!(
            "BEGIN IMMEDIATE; {change} PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {FORMAT}; COMMIT;"
        ))?;
        self.conn.execute_batch(include_str!("indices.sql"))
    }

    /// The format of the file, if this release can work with it.
    fn check_format(&self) -> Result<i64> {
        let application: i64 = self.one("PRAGMA application_id")?;
        let found: i64 = self.one("PRAGMA user_version")?;
        if application != APPLICATION_ID {
            return Err(self.corrupt("it is the database of another program"));
        }
        if found > FORMAT {
            return Err(StoreError::Newer {
                path: self.path.clone(),
                found,
                known: FORMAT,
            });
        }
        Ok(found)
    }

    /// Which store this is and how far it has come.
    pub(super) fn head(&self) -> Result<Head> {
        head(&self.conn).map_err(self.failed())
    }

    /// Lets `read` see the database as it is at one moment, whatever is written meanwhile.
    pub(super) fn snapshot<T>(&self, read: impl FnOnce() -> Result<T>) -> Result<T> {
        let snapshot = self.conn.unchecked_transaction().map_err(self.failed())?;
        let seen = read();
        snapshot.finish().map_err(self.failed())?;
        seen
    }

    /// The page of this id, checked against its digest.
    pub(super) fn get(&self, id: &PageId) -> Result<Option<Page>> {
        let page = self
            .conn
            .prepare_cached("SELECT * FROM pages WHERE id = ?1")
            .and_then(|mut found| found.query_row([id.as_str()], page).optional())
            .map_err(self.failed())?;
        match page {
            Some(page) if sha256(&page.text) != page.sha256 => {
                Err(self.corrupt(format!("the text of page `{id}` is not what was stored")))
            }
            page => Ok(page),
        }
    }

    /// Earlier versions of a page, newest first.
    pub(super) fn history(&self, id: &PageId) -> Result<Vec<Page>> {
        let select = || {
            let mut found = self
                .conn
                .prepare_cached("SELECT * FROM history WHERE id = ?1 ORDER BY seq DESC")?;
            let versions = found.query_map([id.as_str()], page)?;
            versions.collect::<rusqlite::Result<_>>()
        };
        select().map_err(self.failed())
    }

    /// Pages in the order they were last put, without their texts.
    pub(super) fn list(&self, offset: usize, limit: usize) -> Result<Vec<PageSummary>> {
        let select = || {
            let mut found = self.conn.prepare_cached(
                "SELECT id, kind, title, source, trust, secrecy, created_ms, space, octet_length(text) AS bytes
                 FROM pages ORDER BY seq LIMIT ?1 OFFSET ?2",
            )?;
            let bounds = params![
                limit.min(LIST_MAX) as i64,
                i64::try_from(offset).unwrap_or(i64::MAX)
            ];
            found
                .query_map(bounds, summary)?
                .collect::<rusqlite::Result<_>>()
        };
        select().map_err(self.failed())
    }

    /// Counts and sizes.
    pub(super) fn stats(&self) -> Result<Stats> {
        let mut stats = Stats::default();
        let mut count = || {
            let mut groups = self.conn.prepare_cached(
                "SELECT kind, trust, count(*) AS pages, sum(octet_length(text)) AS bytes FROM pages GROUP BY kind, trust",
            )?;
            let mut rows = groups.query([])?;
            while let Some(row) = rows.next()? {
                let pages = row.get::<_, i64>("pages")? as u64;
                stats.pages += pages;
                stats.bytes += row.get::<_, i64>("bytes")? as u64;
                *stats.by_kind.entry(word(row, "kind")?).or_default() += pages;
                *stats.by_trust.entry(word(row, "trust")?).or_default() += pages;
            }
            Ok(())
        };
        count().map_err(self.failed())?;
        Ok(stats)
    }

    /// Number of pages.
    pub(super) fn count(&self) -> Result<u64> {
        self.one::<i64>("SELECT count(*) FROM pages")
            .map(|count| count as u64)
    }

    /// Number of pages put after change `seq`.
    pub(super) fn count_since(&self, seq: i64) -> Result<u64> {
        let count =
            self.conn
                .query_row("SELECT count(*) FROM pages WHERE seq > ?1", [seq], |row| {
                    row.get::<_, i64>(0)
                });
        count.map(|count| count as u64).map_err(self.failed())
    }

    /// Ids removed after change `seq`.
    pub(super) fn removed_since(&self, seq: i64) -> Result<Vec<PageId>> {
        let select = || {
            let mut found = self
                .conn
                .prepare_cached("SELECT id FROM removed WHERE seq > ?1 ORDER BY seq")?;
            let ids = found.query_map([seq], |row| row.get::<_, String>(0).map(PageId::from))?;
            ids.collect::<rusqlite::Result<_>>()
        };
        select().map_err(self.failed())
    }

    /// Hands each page put after change `seq`, with its number, to `each`, in order.
    pub(super) fn each_since(
        &self,
        seq: i64,
        mut each: impl FnMut(i64, &Page) -> Result<()>,
    ) -> Result<()> {
        let failed = || self.failed();
        let mut found = self
            .conn
            .prepare_cached("SELECT * FROM pages WHERE seq > ?1 ORDER BY seq")
            .map_err(failed())?;
        let mut rows = found.query([seq]).map_err(failed())?;
        while let Some(row) = rows.next().map_err(failed())? {
            let seq = row.get("seq").map_err(failed())?;
            each(seq, &page(row).map_err(failed())?)?;
        }
        Ok(())
    }

    /// Forgets removals once there are many; call it when the index is up to date.
    pub(super) fn forget_removed(&mut self) -> Result<()> {
        if self.one::<i64>("SELECT count(*) FROM removed")? <= REMOVED_MAX {
            return Ok(());
        }
        self.forget_all_removed()
    }

    /// Forgets all removals; call it when the index is up to date.
    pub(super) fn forget_all_removed(&mut self) -> Result<()> {
        let forget =
            "BEGIN IMMEDIATE; DELETE FROM removed; UPDATE head SET forgotten = seq; COMMIT;";
        self.conn.execute_batch(forget).map_err(self.failed())
    }

    /// Writes everything into the one file and empties the log beside it; says whether
    /// it could, which it cannot while another process reads an old state.
    pub(super) fn checkpoint(&self) -> Result<bool> {
        let busy: i64 = self.one("PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(busy == 0)
    }

    pub(super) fn corrupt(&self, detail: impl Into<String>) -> StoreError {
        StoreError::Corrupt {
            path: self.path.clone(),
            detail: detail.into(),
        }
    }

    fn one<T: rusqlite::types::FromSql>(&self, sql: &str) -> Result<T> {
        self.conn
            .query_row(sql, [], |row| row.get(0))
            .map_err(self.failed())
    }

    fn failed(&self) -> impl FnOnce(rusqlite::Error) -> StoreError + use<'_> {
        |source| error::database(&self.path, source)
    }

    #[cfg(test)]
    pub(super) fn conn(&self) -> &Connection {
        &self.conn
    }
}

fn head(conn: &Connection) -> rusqlite::Result<Head> {
    conn.prepare_cached("SELECT store, seq, last_id, forgotten, embedder FROM head")?
        .query_row([], |row| {
            Ok(Head {
                store: row.get(0)?,
                seq: row.get(1)?,
                ids: Ids { last: row.get(2)? },
                forgotten: row.get(3)?,
                embedder: row.get(4)?,
            })
        })
}
