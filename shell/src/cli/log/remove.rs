//! `quipu log rm`.

use std::collections::BTreeSet;

use anyhow::Result;
use quipu_kernel::journal::ProcessRow;
use quipu_kernel::process::{Pid, State};

use crate::session::lock::MachineLock;
use crate::session::{Session, images};
use crate::terminal::error::UserError;
use crate::terminal::output::counted;

/// Removes the processes that ended more than `days` days ago.
pub(super) fn old(session: &Session, days: u32) -> Result<u8> {
    let gone = session.journal()?.forget_older_than(days)?;
    images::remove(&session.paths.images(), &gone);
    match gone.len() {
        0 => say!("nothing ended more than {} ago", counted(days, "day")),
        1 => say!("removed process {} from the journal", gone[0]),
        n => say!("removed {n} processes from the journal"),
    }
    Ok(0)
}

/// Removes processes that have ended, or, where no machine runs, any.
pub(super) fn remove(session: &Session, pids: &[Pid]) -> Result<u8> {
    let paths = &session.paths;
    let journal = session.journal()?;
    // One that is named twice is removed once.
    let pids: BTreeSet<Pid> = pids.iter().copied().collect();
    let rows: Vec<ProcessRow> = pids
        .iter()
        .map(|pid| journal.process(*pid))
        .collect::<Result<_, _>>()?;
    let ended = |row: &ProcessRow| row.state == State::Exited;
    // Held until all is done, so that no machine takes one of them up meanwhile.
    let lock = match rows.iter().find(|row| !ended(row)) {
        None => MachineLock::take(&paths.lock()).ok(),
        Some(row) => Some(MachineLock::take(&paths.lock()).map_err(|_| {
            UserError::usage(
                format!("process {} has not ended, and a machine runs", row.pid),
                format!("`quipu kill {}` ends it", row.pid),
            )
        })?),
    };
    for pid in &pids {
        let gone = journal.forget(*pid)?;
        if lock.is_some() {
            images::remove(&paths.images(), &[*pid]);
        }
        match gone {
            true => say!("removed process {pid} from the journal"),
            false => say!(
                "removed process {pid} from the journal; its file keeps traces until nobody reads it"
            ),
        }
    }
    Ok(0)
}
