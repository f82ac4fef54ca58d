//! All that is kept of one process, to run it again.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tape::{Piece, Recorded, Told};
use super::{Journal, JournalError, Result, wrap};
use crate::label::Label;
use crate::process::{Pid, Program};

/// Where an imported process comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Origin {
    /// Its number there.
    pub(super) pid: Pid,
    /// The label of its task there.
    pub(super) label: Label,
    /// The last hash of the file that it came in.
    pub(super) chain: String,
}

/// What is kept of a process.
pub(crate) struct Kept {
    /// The number that it had when it ran.
    pub(crate) pid: Pid,
    /// Its program as it ran.
    pub(crate) program: Program,
    pub(crate) recorded: Arc<Recorded>,
    /// Texts by their hash.
    texts: HashMap<String, String>,
}

impl Kept {
    /// The text with this hash, read as JSON.
    pub(crate) fn text<T: serde::de::DeserializeOwned>(&self, hash: &str) -> Option<T> {
        let text = self.texts.get(hash)?;
        serde_json::from_str(text).ok()
    }
}

impl Journal {
    /// All that is kept of `pid`.
    ///
    /// # Errors
    /// When there is no such process, or it cannot be read.
    pub(crate) fn kept(&self, pid: Pid) -> Result<Kept> {
        // Read first: whatever a machine writes meanwhile is then more than the tape says, and
        // not less.
        let pieces = self.pieces(pid)?;
        let (mut program, _) = self.program(pid)?;
        let origin = self.origin(pid)?;
        let rulings = self.rulings(pid)?.into_iter().collect();
        let exit = self.process(pid)?.exit;
        let recorded = Recorded::new(pieces, self.steps(pid)?, rulings, self.reminder(pid)?, exit);
        let texts = self.texts(pid)?.into_iter().collect();
        let ran_as = origin.as_ref().map_or(pid, |origin| origin.pid);
        if let Some(origin) = origin {
            program.label = origin.label;
        }
        Ok(Kept {
            pid: ran_as,
            program,
            recorded: Arc::new(recorded),
            texts,
        })
    }

    /// What each run of `pid` started from: whether a person was there, the limits, the CPU with
    /// digests of its file and its template, the sampling, and hashes of the boot page, the
    /// gate's rules and the tools.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn runs(&self, pid: Pid) -> Result<Vec<Value>> {
        let mut runs: Vec<Value> = Vec::new();
        for told in self.pieces(pid)?.into_iter().flat_map(|piece| piece.told) {
            match (told, runs.last_mut()) {
                (Told::Run(run), _) => runs.push(serde_json::to_value(run)?),
                (Told::Boot(hash), Some(run)) => run["boot"] = hash.into(),
                _ => {}
            }
        }
        Ok(runs)
    }

    /// All that `pid` was told, entry by entry, as it stands on its tape.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn told(&self, pid: Pid) -> Result<Vec<Value>> {
        let told = self.pieces(pid)?.into_iter().flat_map(|piece| piece.told);
        let told = told.map(serde_json::to_value);
        Ok(told.collect::<std::result::Result<_, _>>()?)
    }

    /// Where `pid` was imported from, if it was.
    pub(super) fn origin(&self, pid: Pid) -> Result<Option<Origin>> {
        let connection = self.connection.lock();
        let origin: Option<Option<String>> = connection
            .query_row("SELECT imported FROM process WHERE pid=?1", [pid], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|error| wrap(&self.path, error))?;
        let origin = origin.ok_or(JournalError::NoProcess(pid))?;
        let origin = origin.map(|text| serde_json::from_str(&text));
        Ok(origin.transpose()?)
    }

    /// The pieces of the tape of `pid`, in order. One that cannot be read is an error.
    fn pieces(&self, pid: Pid) -> Result<Vec<Piece>> {
        let links = self.links(pid)?;
        let said = links.into_iter().filter_map(|(_, _, said)| said);
        let pieces = said.map(|said| serde_json::from_str(&said));
        Ok(pieces.collect::<std::result::Result<_, _>>()?)
    }

    /// The links of `pid` in order: the kind of row, the step, and a piece of the tape.
    pub(super) fn links(&self, pid: Pid) -> Result<Vec<(String, u32, Option<String>)>> {
        let sql = "SELECT kind, n, said FROM chain WHERE pid=?1 ORDER BY id";
        self.list(sql, pid, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    }

    /// The texts that the runs of `pid` name, with their hashes.
    pub(super) fn texts(&self, pid: Pid) -> Result<Vec<(String, String)>> {
        let sql = "SELECT hash, text FROM content JOIN uses USING (hash) WHERE pid=?1";
        self.list(sql, pid, |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// The rows that `sql` finds for `pid`, each read by `read`.
    pub(super) fn list<T>(
        &self,
        sql: &str,
        pid: Pid,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let connection = self.connection.lock();
        let wrap = |error| wrap(&self.path, error);
        let mut statement = connection.prepare(sql).map_err(wrap)?;
        let rows = statement.query_map([pid], read);
        rows.and_then(|rows| rows.collect()).map_err(wrap)
    }
}
