//! Where unfinished pulls are kept: `FOLDER/.partial/KEY/`, guarded by
//! `FOLDER/.partial/KEY.lock`. `pull` fills these folders, `shelf` removes them.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::ModelError;

/// Folder of unfinished pulls, inside a models folder.
pub const PARTIAL: &str = ".partial";

/// A name as a single component of a path.
pub fn key_of(name: &str) -> String {
    name.replace(['/', ':'], "--")
}

/// Where the unfinished pull of `key` is kept.
pub fn partial_folder(folder: &Path, key: &str) -> PathBuf {
    folder.join(PARTIAL).join(key)
}

/// Takes the lock of `key`, held until the returned file is dropped. The lock file
/// stays: removing it would let two processes hold locks on different files.
pub fn lock(folder: &Path, key: &str) -> Result<File, ModelError> {
    let partial = folder.join(PARTIAL);
    fs::create_dir_all(&partial).map_err(ModelError::io("create", &partial))?;
    let path = partial.join(format!("{key}.lock"));
    let file = File::create(&path).map_err(ModelError::io("create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ModelError::Busy {
            name: key.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(ModelError::io("lock", &path)(source)),
    }
}
