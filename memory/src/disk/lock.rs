//! The lock of a store: one writer at a time, across processes.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::StoreError;

/// The name of the lock file. It stays when the lock ends: the operating system ends
/// the lock with its process, however that dies, so nothing has to be cleaned up.
const LOCK_FILE: &str = "lock";
/// How long to wait between two tries, at first and at most: there is no wait with an end
/// in the operating system.
const PAUSE: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(80);

/// The right to write a store, held until dropped.
pub(super) struct WriteLock {
    _file: File,
}

impl WriteLock {
    /// Takes the lock of the store in `dir`; waits no longer than `patience` for another
    /// writer, of this process or of another.
    pub(super) fn take(dir: &Path, patience: Duration) -> Result<Self, StoreError> {
        let path = dir.join(LOCK_FILE);
        let io = |doing| {
            let path = path.clone();
            move |source| super::error::io(doing, &path, source)
        };
        let mut file = crate::private::file(&path).map_err(io("open"))?;
        let began = Instant::now();
        let mut pause = PAUSE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if began.elapsed() < patience => {
                    thread::sleep(pause.min(patience));
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                Err(TryLockError::WouldBlock) => return Err(locked(&mut file, dir)),
                Err(TryLockError::Error(source)) => return Err(io("lock")(source)),
            }
        }
        file.set_len(0).map_err(io("write"))?;
        write!(file, "{}", std::process::id()).map_err(io("write"))?;
        Ok(Self { _file: file })
    }
}

/// The error that names who holds the lock.
fn locked(file: &mut File, dir: &Path) -> StoreError {
    let mut pid = String::new();
    // Only for the message: a holder that has not written it yet is no failure.
    let _ = file.read_to_string(&mut pid);
    let holder = match pid.trim() {
        "" => "another program".to_owned(),
        pid => format!("the program with system pid {pid}"),
    };
    StoreError::Locked {
        path: dir.to_owned(),
        holder,
    }
}
