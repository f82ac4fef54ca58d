//! Small TOML files of state that only their owner may read.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file system says no.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It is not what this program wrote.
    #[error("{path}: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, without the text itself.
        reason: String,
    },
}

/// What the file at `path` holds; the default where there is none.
///
/// # Errors
/// A file that cannot be read, or that this program did not write.
pub fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<T, StateError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(T::default()),
        Err(source) => return Err(io(path, source)),
    };
    // The whole error would quote the file, which may hold a secret.
    toml::from_str(&text).map_err(|error| StateError::Damaged {
        path: path.to_owned(),
        reason: error.message().to_owned(),
    })
}

/// Puts `value` into the file at `path`, whole or not at all.
///
/// # Errors
/// A file that cannot be written.
pub fn write(path: &Path, value: &impl Serialize) -> Result<(), StateError> {
    let text = toml::to_string_pretty(value).map_err(|error| StateError::Damaged {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let save = || {
        let mut made = std::fs::DirBuilder::new();
        made.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut made, 0o700);
        made.create(folder)?;
        // Readable by its owner alone from the start.
        let file = tempfile::NamedTempFile::new_in(folder);
        // It would name a file that nobody knows.
        let mut file = file.map_err(|error| std::io::Error::from(error.kind()))?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        // What was revoked does not come back with the old file after a power cut. Elsewhere a
        // folder is no file that can be opened.
        match cfg!(unix) {
            true => std::fs::File::open(folder)?.sync_all(),
            false => Ok(()),
        }
    };
    save().map_err(|source| io(path, source))
}

fn io(path: &Path, source: std::io::Error) -> StateError {
    StateError::Io {
        path: path.to_owned(),
        source,
    }
}
