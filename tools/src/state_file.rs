//! Small TOML files of state that only their owner may read. Several programs on one root change
//! them: each change reads the file anew under a lock, so that none undoes another one's, and
//! counts once it is on disk.

use std::fs::File;
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

/// Changes what the file at `path` holds while no other program does, and returns what it holds
/// then, with what `change` said. `change` is given what the file has now and says whether it is
/// to be written; where it is not, nothing is.
///
/// # Errors
/// A file that cannot be read or written, or that this program did not write: it is as it was.
pub fn change<T, R>(
    path: &Path,
    change: impl FnOnce(&mut T) -> (bool, R),
) -> Result<(T, R), StateError>
where
    T: DeserializeOwned + Serialize + Default,
{
    let _held = hold(path).map_err(|source| io(path, source))?;
    let mut value: T = read(path)?;
    let (is_new, said) = change(&mut value);
    if is_new {
        write(path, &value)?;
    }
    Ok((value, said))
}

/// The right to change the file at `path`, until it is dropped. Who has it lets go of it in a
/// moment, so there is no limit to the wait.
fn hold(path: &Path) -> std::io::Result<File> {
    create(folder_of(path))?;
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path.with_extension("lock"))?;
    file.lock()?;
    Ok(file)
}

/// Makes `folder` for its owner alone, where there is none.
fn create(folder: &Path) -> std::io::Result<()> {
    let mut made = std::fs::DirBuilder::new();
    made.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut made, 0o700);
    made.create(folder)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
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
    let folder = folder_of(path);
    let save = || {
        create(folder)?;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Kept = BTreeMap<String, u32>;

    fn add(path: &Path, name: &str) -> Result<(Kept, bool), StateError> {
        change(path, |kept: &mut Kept| {
            let is_new = kept.insert(name.to_owned(), 1).is_none();
            (is_new, is_new)
        })
    }

    #[test]
    fn programs_that_change_a_file_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/kept.toml");
        let names: Vec<String> = (0..24).map(|n| format!("n{n}")).collect();
        std::thread::scope(|scope| {
            for name in &names {
                let path = &path;
                scope.spawn(move || add(path, name).unwrap());
            }
        });
        let kept: Kept = read(&path).unwrap();
        assert_eq!(kept.len(), names.len());
        let (kept, is_new) = add(&path, "n0").unwrap();
        assert!(!is_new && kept.len() == names.len());
    }

    #[test]
    fn what_cannot_be_written_is_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.toml");
        std::fs::write(&path, "not = what this program wrote").unwrap();
        assert!(matches!(add(&path, "a"), Err(StateError::Damaged { .. })));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "not = what this program wrote");
    }
}
