//! The lock of a store: one writer at a time, across processes.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use crate::error::StoreError;

/// The name of the lock file. It stays when the lock ends: the operating system ends
/// the lock with its process, however that dies, so nothing has to be cleaned up.
const LOCK_FILE: &str = "lock";

/// The right to write a store, held until dropped.
pub(super) struct WriteLock {
    _file: File,
}

impl WriteLock {
    /// Takes the lock of the store in `dir`; does not wait.
    pub(super) fn take(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(LOCK_FILE);
        let io = |doing| {
            let path = path.clone();
            move |source| super::error::io(doing, &path, source)
        };
        let mut file = crate::private::file(&path).map_err(io("open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // Only for the message: a holder that has not written it yet is no failure.
                let _ = file.read_to_string(&mut pid);
                let holder = match pid.trim() {
                    "" => "another process".to_owned(),
                    pid => format!("process {pid}"),
                };
                return Err(StoreError::Locked {
                    path: dir.to_owned(),
                    holder,
                });
            }
            Err(TryLockError::Error(source)) => return Err(io("lock")(source)),
        }
        file.set_len(0).map_err(io("write"))?;
        write!(file, "{}", std::process::id()).map_err(io("write"))?;
        Ok(Self { _file: file })
    }
}
