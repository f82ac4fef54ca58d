//! Files and folders that only their owner can read: what people keep here is theirs.
//!
//! Folders are 0700 and files 0600. What is made here is made so; what an earlier release
//! left open to others can be closed. The rights of a database's companions are its own, so
//! it is enough that it is made with the right ones. Where the system has no such rights
//! nothing is done.
//!
//! What is made here survives a power cut once it is made: its bytes are synced, and so is the
//! folder that has its name, which a system may keep in memory for longer than the bytes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Rights of a folder: its owner's alone.
#[cfg(unix)]
const FOLDER: u32 = 0o700;
/// Rights of a file.
#[cfg(unix)]
const FILE: u32 = 0o600;
/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// A secret of one root: what it writes for itself is known again by it.
pub type Key = [u8; KEY_BYTES];

/// Makes the folder at `path` and those above it, where they are missing, and closes it
/// to others.
///
/// # Errors
/// Where it cannot be made.
pub fn folder(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|path| !path.exists()).collect();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, FOLDER);
    builder.create(path)?;
    close(path);
    missing.into_iter().rev().try_for_each(sync_name)
}

/// Waits until the name of what is at `path`, or that nothing is there, is on the disk.
///
/// # Errors
/// Where the disk fails. A folder that cannot be opened, or of a system that does not sync
/// folders, is left as it is.
pub fn sync_name(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    // Elsewhere a folder is no file that can be opened.
    if !cfg!(unix) {
        return Ok(());
    }
    use ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match File::open(parent).and_then(|parent| parent.sync_all()) {
        Err(error) if [InvalidInput, PermissionDenied, Unsupported].contains(&error.kind()) => {
            Ok(())
        }
        synced => synced,
    }
}

/// Puts `bytes` into the file at `path`, closed to others, in place of what it had: whole or
/// not at all, whatever happens.
///
/// # Errors
/// Where it cannot be written; it is as it was then.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = beside(path, bytes)?;
    let renamed = fs::rename(&unfinished, path);
    if renamed.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    renamed.and_then(|()| sync_name(path))
}

/// A new file with `bytes`, in the folder of `path`.
fn beside(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    let unfinished = path.with_extension(format!("{}-{made}.tmp", std::process::id()));
    // One of a process that had this number and died.
    let _ = fs::remove_file(&unfinished);
    let mut file = file(&unfinished)?;
    match file.write_all(bytes).and_then(|()| file.sync_all()) {
        Ok(()) => Ok(unfinished),
        Err(error) => {
            let _ = fs::remove_file(&unfinished);
            Err(error)
        }
    }
}

/// Opens the file at `path` to read and write, makes it where there is none, and closes
/// it to others.
///
/// # Errors
/// Where it can be neither opened nor made.
pub fn file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, FILE);
    let file = options.open(path)?;
    close(path);
    Ok(file)
}

/// The key in the file at `path`. A new one is made where there is none, or one that is no
/// key: what was written under another is then made again.
///
/// # Errors
/// Where the file can be neither read nor made.
pub fn key(path: &Path) -> io::Result<Key> {
    if let Some(key) = read_key(path)? {
        return Ok(key);
    }
    let mut key = Key::default();
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let parent = path.parent().unwrap_or(Path::new("."));
    folder(parent)?;
    // Whole or not at all, and the first of two that make one wins.
    let unfinished = beside(path, &key)?;
    if read_key(path)?.is_none() {
        let _ = fs::remove_file(path);
    }
    let linked = fs::hard_link(&unfinished, path);
    let _ = fs::remove_file(&unfinished);
    // What is written under it may be on the disk before its name is.
    sync_name(path)?;
    match linked {
        Ok(()) => Ok(key),
        Err(error) => read_key(path)?.ok_or(error),
    }
}

/// The key in the file at `path`, if there is one.
///
/// # Errors
/// Where the file is there and cannot be read.
pub fn read_key(path: &Path) -> io::Result<Option<Key>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?.take(1 + KEY_BYTES as u64).read_to_end(&mut bytes)?,
    };
    Ok(bytes.try_into().ok())
}

/// Closes what is at `path`, and all below it, to others. Best effort: it may be
/// somebody else's, or on a disk without rights.
pub fn close_all(path: &Path) {
    close(path);
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        close_all(&entry.path());
    }
}

/// Takes the rights of others, and leaves those of the owner as they are.
pub fn close(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A link may lead to where others are meant to read.
        let Ok(meta) = path.symlink_metadata() else {
            return;
        };
        let mode = meta.permissions().mode();
        if !meta.is_symlink() && mode & 0o077 != 0 {
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(mode & !0o077));
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules.toml");
        for text in ["one", "another"] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        // A folder is in the way: it stays, and nothing is left beside it.
        let taken = folder.path().join("taken");
        fs::create_dir_all(taken.join("full")).unwrap();
        assert!(replace(&taken, b"text").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_key_is_made_once_and_again_where_it_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/key");
        assert_eq!(read_key(&path).unwrap(), None);
        let first = key(&path).unwrap();
        assert_eq!(key(&path).unwrap(), first);
        assert_ne!(first, Key::default());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
        fs::write(&path, "short").unwrap();
        assert_ne!(key(&path).unwrap(), first);
        assert_eq!(read_key(&path).unwrap().unwrap(), key(&path).unwrap());
    }
}
