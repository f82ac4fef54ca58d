//! What can go wrong with the journal.

use std::path::{Path, PathBuf};

use super::schema::SCHEMA_VERSION;
use crate::process::{Failure, Pid};

/// Why the journal could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk is full; what was acknowledged before is safe.
    #[error("{path}: the disk is full, so the step was not recorded and not carried out")]
    Full {
        /// The journal.
        path: PathBuf,
    },
    /// The file is not a journal, or damaged.
    #[error("{path}: not a usable journal: {reason}")]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// Written by a newer release.
    #[error("{path}: journal version {found}; this release knows {SCHEMA_VERSION}")]
    Version {
        /// The journal.
        path: PathBuf,
        /// The version in the file.
        found: i32,
    },
    /// Written by an earlier release, and opened only for reading. The holder of the machine's
    /// lock brings it up to date.
    #[error("{path}: journal version {found}, of an earlier release")]
    Older {
        /// The journal.
        path: PathBuf,
        /// The version in the file.
        found: i32,
    },
    /// The key or the heads of its chain cannot be used.
    #[error("{path}: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The key of its chain is missing.
    #[error(
        "{path} is missing, the key of the journal beside it: nobody can know whether what that \
         says was changed, and nothing is written after it"
    )]
    KeyLost {
        /// The file of the key.
        path: PathBuf,
    },
    /// The disk did not confirm that it has the file.
    #[error("{path}: the disk does not confirm its name: {source}")]
    Unsynced {
        /// The journal.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Somebody else has written into it.
    #[error("the journal of process {pid} was changed since it was written: {what}")]
    Changed {
        /// The process.
        pid: Pid,
        /// Where it differs.
        what: String,
    },
    /// There is no such process.
    #[error("there is no process {0}")]
    NoProcess(Pid),
    /// The process has not come that far.
    #[error("process {pid} has no step {at}; completed: {done}")]
    NoStep {
        /// The process.
        pid: Pid,
        /// The step asked for.
        at: u32,
        /// Steps it has completed.
        done: u32,
    },
    /// It ran elsewhere: it can be looked at and replayed, but not resumed.
    #[error("process {0} was imported: it ran elsewhere, and does not go on here")]
    Imported(Pid),
    /// A file that is no exported run, or a damaged one.
    #[error("line {line}: {reason}")]
    Import {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// An exported run could not be written.
    #[error("the run was not exported: {0}")]
    Transfer(std::io::Error),
    /// Anything else SQLite reports.
    #[error("{path}: {source}")]
    Sqlite {
        /// The journal.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// A value could not be written as JSON.
    #[error("cannot encode a journal entry: {0}")]
    Encode(#[from] serde_json::Error),
}

/// What SQLite says, in our words.
pub(super) fn wrap(path: &Path, error: rusqlite::Error) -> JournalError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let path = path.to_owned();
    match error.sqlite_error_code() {
        _ if quipu_memory::is_full_disk(&error) => JournalError::Full { path },
        Some(DatabaseCorrupt | NotADatabase) => JournalError::Damaged {
            path,
            reason: error.to_string(),
        },
        _ => JournalError::Sqlite {
            path,
            source: error,
        },
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Failure::Journal {
            full: matches!(error, JournalError::Full { .. }),
            reason: error.to_string(),
        }
    }
}
