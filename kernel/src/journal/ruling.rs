//! The recorded rulings on the steps of a process.

use std::collections::BTreeMap;

use super::{Journal, Result, wrap};
use crate::gate::{Ruling, Word};
use crate::process::Pid;

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

    /// Which steps of `pid` are effects of its plan, and which effects, counted from 0.
    pub fn planned(&self, pid: Pid) -> Result<BTreeMap<u32, usize>> {
        let rulings = self.rulings(pid)?.into_iter();
        let planned = rulings.filter_map(|(n, ruling)| Some((n, ruling.planned?)));
        Ok(planned.collect())
    }

    /// The steps of `pid` that were refused, each of which ended a run.
    pub fn refused(&self, pid: Pid) -> Result<Vec<u32>> {
        let rulings = self.rulings(pid)?.into_iter();
        let refused = rulings.filter(|(_, ruling)| ruling.word == Word::Refused);
        Ok(refused.map(|(n, _)| n).collect())
    }
}
