//! Removing a process from the journal, so that its words are not on the disk any more.

use std::collections::BTreeSet;

use rusqlite::TransactionBehavior;

use super::{Journal, Result, messages, now_ms, pictures, pids, wrap};
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
        let (gone, is_clean) = self.forget_all(&format!("pid={pid}"))?;
        match gone.is_empty() {
            true => Err(JournalError::NoProcess(pid)),
            false => Ok(is_clean),
        }
    }

    /// Removes the processes that ended more than `days` days ago, and returns their numbers.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn forget_older_than(&self, days: u32) -> Result<Vec<Pid>> {
        let before = now_ms() - i64::from(days) * DAY_MS;
        let old = format!("state='exited' AND updated_ms < {before}");
        self.forget_all(&old).map(|(gone, _)| gone)
    }

    /// The processes that were here and are not, without having been removed by
    /// [`forget`](Self::forget): somebody took their rows out.
    ///
    /// # Errors
    /// When the journal or the notes beside it cannot be read.
    pub fn missing(&self) -> Result<Vec<Pid>> {
        let Some(chain) = &self.chain else {
            return Ok(Vec::new());
        };
        let unreadable = |source| JournalError::Key {
            path: self.path.clone(),
            source,
        };
        // Before the rows: no note is made before its row is there.
        let mut missing = chain.heads.noted().map_err(unreadable)?;
        let there: BTreeSet<Pid> = self.pids("true")?.into_iter().collect();
        missing.retain(|pid| !there.contains(pid));
        // One that another program removes just now has no note any more.
        let mut gone = Vec::new();
        for pid in missing {
            if chain.heads.of(pid).map_err(unreadable)?.is_some() {
                gone.push(pid);
            }
        }
        Ok(gone)
    }

    /// Removes the processes that satisfy `condition` in this moment, whatever other programs
    /// remove beside it; says which, and whether the last of them is gone.
    fn forget_all(&self, condition: &str) -> Result<(Vec<Pid>, bool)> {
        let wrap = |error| wrap(&self.path, error);
        let mut connection = self.connection.lock();
        connection
            .pragma_update(None, "secure_delete", "ON")
            .map_err(wrap)?;
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let change = change.map_err(wrap)?;
        let gone = pids(&change, condition).map_err(wrap)?;
        if gone.is_empty() {
            return Ok((gone, true));
        }
        for pid in &gone {
            for table in ["step", "chain", "uses", "shown"] {
                let sql = format!("DELETE FROM {table} WHERE pid=?1");
                change.execute(&sql, [pid]).map_err(wrap)?;
            }
            messages::forget(&change, *pid).map_err(wrap)?;
            let sql = "DELETE FROM process WHERE pid=?1";
            change.execute(sql, [pid]).map_err(wrap)?;
        }
        let unused = "DELETE FROM content WHERE hash NOT IN (SELECT hash FROM uses)";
        change.execute(unused, []).map_err(wrap)?;
        pictures::drop_unused(&change).map_err(wrap)?;
        // Before their rows: a row without a note is sound, and a note without a row tells of one
        // that somebody took out.
        if let Some(chain) = &self.chain {
            gone.iter().for_each(|pid| chain.heads.forget(*pid));
        }
        change.commit().map_err(wrap)?;
        // What earlier changes left in the gaps goes with the old file.
        let rebuilt = connection.execute_batch("VACUUM").is_ok();
        let busy: i64 = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(wrap)?;
        Ok((gone, rebuilt && busy == 0))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::process::{Exit, Program, State};

    #[test]
    fn a_process_whose_rows_were_taken_out_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let journal = Journal::open(&path, true).unwrap();
        for _ in 0..3 {
            journal.create(&Program::new("task"), "model").unwrap();
        }
        assert_eq!(journal.missing().unwrap(), Vec::<Pid>::new());
        journal.forget(1).unwrap();
        assert_eq!(journal.missing().unwrap(), Vec::<Pid>::new());
        let edit = Connection::open(&path).unwrap();
        for table in ["chain", "process"] {
            let sql = format!("DELETE FROM {table} WHERE pid=2");
            edit.execute(&sql, []).unwrap();
        }
        assert_eq!(journal.missing().unwrap(), [2]);
        // Who only looks finds it too.
        let looks = Journal::open(&path, false).unwrap();
        assert_eq!(looks.missing().unwrap(), [2]);
        assert!(matches!(journal.forget(2), Err(JournalError::NoProcess(2))));
        // One that is moved away leaves nothing that a new one would miss.
        drop((journal, looks, edit));
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.path().join(format!("journal.db{end}")));
        }
        // Until then who looks misses them all, of an empty file as well.
        for is_empty in [false, true] {
            if is_empty {
                std::fs::write(&path, "").unwrap();
            }
            let looks = Journal::open(&path, false).unwrap();
            assert_eq!(looks.missing().unwrap(), [2, 3]);
            assert!(looks.processes().unwrap().is_empty());
        }
        let anew = Journal::open(&path, true).unwrap();
        assert_eq!(anew.gone(), 2);
        assert_eq!(anew.missing().unwrap(), Vec::<Pid>::new());
        drop(anew);
        assert_eq!(Journal::open(&path, true).unwrap().gone(), 0);
    }

    #[test]
    fn what_ended_long_ago_goes_once_whoever_removes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let journal = Journal::open(&path, true).unwrap();
        let ended = |journal: &Journal| {
            let pid = journal.create(&Program::new("task"), "model").unwrap();
            journal
                .exit(pid, State::Exited, &Exit::killed(), None)
                .unwrap();
            pid
        };
        let old: Vec<Pid> = (0..6).map(|_| ended(&journal)).collect();
        let live = journal.create(&Program::new("task"), "model").unwrap();
        Connection::open(&path)
            .unwrap()
            .execute("UPDATE process SET updated_ms=0", [])
            .unwrap();
        let young = ended(&journal);
        // Two programs on one root.
        let gone = std::thread::scope(|scope| {
            let remove = || {
                let journal = Journal::open(&path, false).unwrap();
                journal.forget_older_than(1).unwrap()
            };
            let threads = [scope.spawn(remove), scope.spawn(remove)];
            threads.map(|thread| thread.join().unwrap())
        });
        let mut gone = gone.concat();
        gone.sort_unstable();
        assert_eq!(gone, old);
        assert!(journal.process(live).is_ok() && journal.process(young).is_ok());
    }
}
