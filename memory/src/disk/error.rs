//! Errors of SQLite, tantivy and the operating system, in the words of a store.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;
use tantivy::TantivyError;
use tantivy::directory::error::{LockError, OpenDirectoryError, OpenReadError, OpenWriteError};

use crate::error::StoreError;

/// An error of SQLite working on the file `path`.
pub(super) fn database(path: &Path, source: rusqlite::Error) -> StoreError {
    match source.sqlite_error_code() {
        _ if is_full_disk(&source) => full(path),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt {
            path: path.to_owned(),
            detail: source.to_string(),
        },
        // Whoever only reads needs it as well: SQLite shares what it does with other programs.
        Some(ErrorCode::ReadOnly) => StoreError::Io {
            doing: "write",
            path: path.to_owned(),
            source: io::Error::new(io::ErrorKind::PermissionDenied, source),
        },
        _ => StoreError::Backend {
            path: path.to_owned(),
            source: source.into(),
        },
    }
}

/// Whether SQLite failed of a full disk. Where no room is left for the shared memory beside the
/// database, it says so by an extended code of an I/O error only (`unixShmMap` in its
/// `os_unix.c`).
pub fn is_full_disk(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        error.code == ErrorCode::DiskFull
            || error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
    })
}

/// An error of the index in the folder `path`.
pub(super) fn index(path: &Path, source: TantivyError) -> StoreError {
    let is_full = match &source {
        // What a thread of the index failed with arrives as text. 28 is ENOSPC.
        TantivyError::InternalError(text)
        | TantivyError::ErrorInThread(text)
        | TantivyError::SystemError(text) => text.contains("(os error 28)"),
        other => io_cause(other).is_some_and(is_full),
    };
    match is_full {
        true => full(path),
        false => StoreError::Backend {
            path: path.to_owned(),
            source: source.into(),
        },
    }
}

/// An error of the operating system while `doing` something to `path`.
pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> StoreError {
    match is_full(&source) {
        true => full(path),
        false => StoreError::Io {
            doing,
            path: path.to_owned(),
            source,
        },
    }
}

fn full(path: &Path) -> StoreError {
    StoreError::Full {
        path: path.parent().unwrap_or(path).to_owned(),
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

fn io_cause(error: &TantivyError) -> Option<&io::Error> {
    match error {
        TantivyError::IoError(source)
        | TantivyError::OpenDirectoryError(OpenDirectoryError::IoError {
            io_error: source, ..
        })
        | TantivyError::OpenReadError(OpenReadError::IoError {
            io_error: source, ..
        })
        | TantivyError::OpenWriteError(OpenWriteError::IoError {
            io_error: source, ..
        })
        | TantivyError::LockFailure(LockError::IoError(source), _) => Some(source),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        let enospc = || io::Error::from(io::ErrorKind::StorageFull);
        let path = Path::new("store/index");
        let from_index = TantivyError::IoError(Arc::new(enospc()));
        let from_open =
            TantivyError::OpenWriteError(OpenWriteError::wrap_io_error(enospc(), path.into()));
        let sqlite = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        let from_sqlite = sqlite(rusqlite::ffi::SQLITE_FULL);
        let from_shared_memory = sqlite(rusqlite::ffi::SQLITE_IOERR_SHMSIZE);
        let from_thread = TantivyError::InternalError(io::Error::from_raw_os_error(28).to_string());
        for error in [
            index(path, from_thread),
            index(path, from_index),
            index(path, from_open),
            database(path, from_sqlite),
            database(path, from_shared_memory),
            io("write", path, enospc()),
        ] {
            assert!(
                matches!(&error, StoreError::Full { path } if path == Path::new("store")),
                "{error:?}"
            );
            assert!(error.hint().contains("free some space"));
        }
        let other = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(matches!(io("write", path, other), StoreError::Io { .. }));
        let other = sqlite(rusqlite::ffi::SQLITE_READONLY);
        assert!(matches!(database(path, other), StoreError::Io { .. }));
        let other = sqlite(rusqlite::ffi::SQLITE_IOERR_READ);
        assert!(matches!(database(path, other), StoreError::Backend { .. }));
    }
}
