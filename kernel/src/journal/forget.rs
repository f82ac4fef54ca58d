//! Removing a process from the journal, so that its words are not on the disk any more.

use super::{Journal, Result, messages, now_ms, pictures, wrap};
use crate::journal::JournalError;
use crate::process::Pid;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Journal {
    /// Removes `pid` with everything it did, and overwrites its bytes in the file. Its number is
    /// not used again. The caller makes sure that no machine runs it.
    ///
    /// Returns whether the last byte is gone. While another program reads the journal, some
    /// remain until it has finished.
    ///
    /// # Errors
    /// [`JournalError::NoProcess`] when there is no such process.
    pub fn forget(&self, pid: Pid) -> Result<bool> {
        self.forget_all(&[pid])
    }

    /// Removes the processes that ended more than `days` days ago, and returns their numbers.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn forget_older_than(&self, days: u32) -> Result<Vec<Pid>> {
        let before = now_ms() - i64::from(days) * DAY_MS;
        let old = self.pids(&format!("state='exited' AND updated_ms < {before}"))?;
        if !old.is_empty() {
            self.forget_all(&old)?;
        }
        Ok(old)
    }

    fn forget_all(&self, pids: &[Pid]) -> Result<bool> {
        let wrap = |error| wrap(&self.path, error);
        let mut connection = self.connection.lock();
        connection
            .pragma_update(None, "secure_delete", "ON")
            .map_err(wrap)?;
        let change = connection.transaction().map_err(wrap)?;
        for pid in pids {
            for table in ["step", "chain", "uses", "shown"] {
                let sql = format!("DELETE FROM {table} WHERE pid=?1");
                change.execute(&sql, [pid]).map_err(wrap)?;
            }
            messages::forget(&change, *pid).map_err(wrap)?;
            let sql = "DELETE FROM process WHERE pid=?1";
            if change.execute(sql, [pid]).map_err(wrap)? == 0 {
                return Err(JournalError::NoProcess(*pid));
            }
        }
        let unused = "DELETE FROM content WHERE hash NOT IN (SELECT hash FROM uses)";
        change.execute(unused, []).map_err(wrap)?;
        pictures::drop_unused(&change).map_err(wrap)?;
        change.commit().map_err(wrap)?;
        if let Some(chain) = &self.chain {
            pids.iter().for_each(|pid| chain.heads.forget(*pid));
        }
        // What earlier changes left in the gaps goes with the old file.
        let rebuilt = connection.execute_batch("VACUUM").is_ok();
        let busy: i64 = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(wrap)?;
        Ok(rebuilt && busy == 0)
    }
}
