//! What was ruled on a step: approvals and refusals, by whom and why.

use serde::{Deserialize, Serialize};

use super::{Journal, Result, wrap};
use crate::process::Pid;

/// What was said to a call that somebody had to agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// It may be done.
    Approved,
    /// It may not, and that ended the run.
    Refused,
    /// It may not, and the process was told so.
    Denied,
}

/// Who gave a word that stands for all calls.
pub(crate) const BEFOREHAND: &str = "the user, beforehand for all calls";

/// A ruling on one step, written down before what it allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// What was said.
    pub word: Word,
    /// By whom.
    pub by: String,
    /// Why somebody had to agree.
    pub reason: String,
    /// The key of the call that it is about.
    pub call: String,
}

impl Ruling {
    /// The word that the user gave beforehand for all calls.
    pub fn standing(reason: String, call: &str) -> Self {
        Self {
            word: Word::Approved,
            by: BEFOREHAND.into(),
            reason,
            call: call.to_owned(),
        }
    }

    /// In words for people.
    pub fn told(&self) -> String {
        let word = match self.word {
            Word::Approved => "approved",
            Word::Refused => "refused",
            Word::Denied => "denied",
        };
        format!("{word} by {}: {}", self.by, self.reason)
    }
}

impl Journal {
    /// The rulings on steps of `pid`, by step.
    pub fn rulings(&self, pid: Pid) -> Result<Vec<(u32, Ruling)>> {
        let connection = self.connection.lock();
        let mut statement = connection
            .prepare("SELECT n, ruling FROM step WHERE pid=?1 AND ruling IS NOT NULL ORDER BY n")
            .map_err(|error| wrap(&self.path, error))?;
        let rows = statement.query_map([pid], |row| Ok((row.get(0)?, super::json_column(row, 1)?)));
        rows.and_then(|rows| rows.collect())
            .map_err(|error| wrap(&self.path, error))
    }

    /// The steps of `pid` that were refused, each of which ended a run.
    pub fn refused(&self, pid: Pid) -> Result<Vec<u32>> {
        let rulings = self.rulings(pid)?.into_iter();
        let refused = rulings.filter(|(_, ruling)| ruling.word == Word::Refused);
        Ok(refused.map(|(n, _)| n).collect())
    }
}
