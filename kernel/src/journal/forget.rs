//! Removing a process from the journal, so that its words are not on the disk any more.

use super::{Journal, Result, wrap};
use crate::journal::JournalError;
use crate::process::Pid;

impl Journal {
    /// Removes `pid` with everything it did, and overwrites what that leaves in the file.
    /// Its number is not given to another process. The caller makes sure that no machine
    /// runs it.
    ///
    /// Says whether the last of it is gone: where another program reads the journal, that
    /// takes until it has finished.
    ///
    /// # Errors
    /// [`JournalError::NoProcess`] when there is no such process.
    pub fn forget(&self, pid: Pid) -> Result<bool> {
        let wrap = |error| wrap(&self.path, error);
        let mut connection = self.connection.lock();
        connection
            .pragma_update(None, "secure_delete", "ON")
            .map_err(wrap)?;
        let change = connection.transaction().map_err(wrap)?;
        change
            .execute("DELETE FROM step WHERE pid=?1", [pid])
            .map_err(wrap)?;
        change
            .execute("DELETE FROM chain WHERE pid=?1", [pid])
            .map_err(wrap)?;
        let removed = change
            .execute("DELETE FROM process WHERE pid=?1", [pid])
            .map_err(wrap)?;
        if removed == 0 {
            return Err(JournalError::NoProcess(pid));
        }
        change.commit().map_err(wrap)?;
        if let Some(chain) = &self.chain {
            chain.forget(pid);
        }
        // What earlier changes left in the gaps goes with the old file.
        let rebuilt = connection.execute_batch("VACUUM").is_ok();
        let busy: i64 = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(wrap)?;
        Ok(rebuilt && busy == 0)
    }
}
