//! Copying a process in the journal.

use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::{Value, json};

use super::{Journal, Result, now_ms, pictures, wrap};
use crate::journal::JournalError;
use crate::process::{Branch, Pid, Sampling};

impl Journal {
    /// Records a copy of `pid` as it was after its step `at`, or after its last completed step.
    /// Returns the number of the copy.
    pub fn fork(&self, pid: Pid, at: Option<u32>) -> Result<Pid> {
        self.copy(pid, at, &json!({}))
    }

    /// The same after its step `at`, as a branch whose tokens are chosen by `sampling`.
    pub fn fork_as(&self, pid: Pid, at: u32, branch: &Branch, sampling: Sampling) -> Result<Pid> {
        let otherwise = json!({"branch": branch, "sampling": sampling, "interactive": false});
        self.copy(pid, Some(at), &otherwise)
    }

    /// Checks that there is a process `pid` whose step `at` is done, as [`Self::fork`] needs.
    ///
    /// # Errors
    /// Where there is no such process or step, or the process was imported.
    pub fn check_fork(&self, pid: Pid, at: Option<u32>) -> Result<()> {
        if self.process(pid)?.imported {
            return Err(JournalError::Imported(pid));
        }
        let done = last_done(&self.connection.lock(), pid);
        let done = done.map_err(|error| wrap(&self.path, error))?;
        match at {
            Some(at) if at > done => Err(JournalError::NoStep { pid, at, done }),
            _ => Ok(()),
        }
    }

    /// Records a copy of `pid` after its step `at`, or its last completed step. The fields in
    /// `otherwise` replace those of its program.
    fn copy(&self, pid: Pid, at: Option<u32>, otherwise: &Value) -> Result<Pid> {
        // A copy does not repair what somebody changed.
        self.verify(pid)?;
        if self.origin(pid)?.is_some() {
            return Err(JournalError::Imported(pid));
        }
        let wrap = |error| wrap(&self.path, error);
        let mut connection = self.connection.lock();
        // It reads before it writes: another program that writes in between would end it.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = transaction.map_err(wrap)?;
        let done = last_done(&transaction, pid).map_err(wrap)?;
        let at = at.unwrap_or(done);
        if at > done {
            return Err(JournalError::NoStep { pid, at, done });
        }
        // A copy has no parent: the parent of the original waits for one child.
        let copied = transaction
            .execute(
                "INSERT INTO process (program, model, state, created_ms, updated_ms, spent_ms, recalled)
                 SELECT json_patch(json_remove(program, '$.child_of', '$.tellings'), ?3), model, 'ready', ?2, ?2, spent_ms, recalled
                 FROM process WHERE pid=?1",
                params![pid, now_ms(), otherwise.to_string()],
            )
            .map_err(wrap)?;
        if copied == 0 {
            return Err(JournalError::NoProcess(pid));
        }
        let child = transaction.last_insert_rowid();
        pictures::copy(&transaction, pid, child).map_err(wrap)?;
        // The original ended with an answer or a refusal; the copy is to go on.
        transaction
            .execute(
                "INSERT INTO step (pid, n, action, usage, decide_ms, outcome, ok, label, act_ms, ruling)
                 SELECT ?2, n, action, usage, decide_ms, outcome, ok, label, act_ms, ruling FROM step
                 WHERE pid=?1 AND n<=?3 AND json_extract(action, '$.answer') IS NULL
                   AND coalesce(json_extract(ruling, '$.word'), '') <> 'refused'",
                params![pid, child, at],
            )
            .map_err(wrap)?;
        let head = match &self.chain {
            Some(chain) => Some(chain.take_in_process(&transaction, child).map_err(wrap)?),
            None => None,
        };
        transaction.commit().map_err(wrap)?;
        self.note_head(child, head);
        Ok(child)
    }
}

/// The last completed step of `pid`; 0 where there is none.
fn last_done(connection: &Connection, pid: Pid) -> rusqlite::Result<u32> {
    let last: Option<u32> = connection.query_row(
        "SELECT max(n) FROM step WHERE pid=?1 AND outcome IS NOT NULL",
        [pid],
        |row| row.get(0),
    )?;
    Ok(last.unwrap_or(0))
}
