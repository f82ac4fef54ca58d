//! The tables of the journal, and how those of an earlier release are brought up to date.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::chain::{self, Chain};
use super::error::wrap;
use super::{JournalError, Result, pictures};

/// The version that this release writes.
pub(super) const SCHEMA_VERSION: i32 = 5;
const SCHEMA: &str = "
    CREATE TABLE process (
        pid INTEGER PRIMARY KEY AUTOINCREMENT,
        program TEXT NOT NULL,
        model TEXT NOT NULL,
        state TEXT NOT NULL,
        exit TEXT,
        created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL,
        spent_ms INTEGER NOT NULL DEFAULT 0,
        recalled TEXT,
        imported TEXT,
        parent INTEGER
    );
    CREATE TABLE step (
        pid INTEGER NOT NULL REFERENCES process(pid),
        n INTEGER NOT NULL,
        action TEXT NOT NULL,
        usage TEXT NOT NULL,
        decide_ms INTEGER NOT NULL,
        outcome TEXT,
        ok INTEGER,
        label TEXT,
        act_ms INTEGER,
        ruling TEXT,
        PRIMARY KEY (pid, n)
    );";

/// Version 1 knew no recalled pages.
const FROM_1: &str = "ALTER TABLE process ADD COLUMN recalled TEXT;";
/// Version 2 knew no rulings, and did not chain its rows.
const FROM_2: &str = "ALTER TABLE step ADD COLUMN ruling TEXT;";
/// Version 3 knew no imported processes.
const FROM_3: &str = "ALTER TABLE process ADD COLUMN imported TEXT;";
/// Version 4 had the parent of a process in its program only.
const FROM_4: &str = "
    ALTER TABLE process ADD COLUMN parent INTEGER;
    UPDATE process SET parent=json_extract(program, '$.child_of.pid')
        WHERE imported IS NULL AND json_valid(program);";

/// Texts that many runs name and the journal keeps once, and which processes name which.
const CONTENT: &str = "
    CREATE TABLE IF NOT EXISTS content (
        hash TEXT PRIMARY KEY,
        text TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS uses (
        pid INTEGER NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (pid, hash)
    ) WITHOUT ROWID;";

/// Selects the processes that answered here. Imported processes may say anything, and a damaged
/// row counts as none.
pub(super) const ANSWERED: &str = "imported IS NULL AND json_valid(exit)";
/// The answer of such a process, without the spaces around it.
pub(super) const ANSWER: &str =
    "trim(json_extract(exit, '$.answer'), char(0x20, 0x09, 0x0a, 0x0d))";
/// Characters of an answer by which it is looked up.
pub(super) const HEAD_CHARS: usize = 64;

/// The beginning of an answer: an index over the whole would hold each answer twice.
pub(super) fn answer_head() -> String {
    format!("substr({ANSWER}, 1, {HEAD_CHARS})")
}

/// Makes the index, which only saves time: without it all rows are read.
pub(super) fn index(connection: &Connection) -> rusqlite::Result<()> {
    let head = answer_head();
    connection.execute_batch(&format!(
        "CREATE INDEX IF NOT EXISTS process_answer ON process({head}) WHERE {ANSWERED};
         CREATE INDEX IF NOT EXISTS process_parent ON process(parent) WHERE parent IS NOT NULL;"
    ))
}

/// The version of the tables that are there; 0 where there are none.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings the tables to `SCHEMA_VERSION`, from nothing or from an older version: from
/// the one that is there when nobody else can change it.
pub(super) fn migrate(
    path: &Path,
    connection: &mut Connection,
    chain: Option<&Chain>,
) -> Result<()> {
    let wrap = |error| wrap(path, error);
    let change = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(wrap)?;
    let found = version(&change).map_err(wrap)?;
    let tables = match found {
        SCHEMA_VERSION => return Ok(()),
        0 => [SCHEMA, chain::TABLE].concat(),
        1 => [FROM_1, FROM_2, FROM_3, FROM_4, chain::TABLE].concat(),
        2 => [FROM_2, FROM_3, FROM_4, chain::TABLE].concat(),
        3 => [FROM_3, FROM_4, chain::FROM_3].concat(),
        4 => FROM_4.to_owned(),
        found => {
            let path = path.to_owned();
            return Err(JournalError::Version { path, found });
        }
    };
    let tables = [tables.as_str(), CONTENT, pictures::TABLES].concat();
    change.execute_batch(&tables).map_err(wrap)?;
    if let (1 | 2, Some(chain)) = (found, chain) {
        // What an earlier release wrote is taken as it is found now.
        chain.take_in(&change).map_err(wrap)?;
    }
    change
        .pragma_update(None, "user_version", SCHEMA_VERSION)
        .and_then(|()| change.commit())
        .map_err(wrap)
}
