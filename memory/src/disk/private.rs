//! Files and folders that only their owner can read: what people keep here is theirs.
//!
//! The rights of a database's companions are its own, so it is enough that it is made
//! with the right ones. Where the system has no such rights nothing is done.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

/// Rights of a folder: its owner's alone.
#[cfg(unix)]
const FOLDER: u32 = 0o700;
/// Rights of a file.
#[cfg(unix)]
const FILE: u32 = 0o600;

/// Makes the folder at `path` and those above it, where they are missing, and closes it
/// to others.
pub(super) fn folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, FOLDER);
    builder.create(path)?;
    close(path);
    Ok(())
}

/// Makes an empty file at `path` where there is none, and closes it to others.
pub(super) fn file(path: &Path) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, FILE);
    let file = options.open(path)?;
    close(path);
    Ok(file)
}

/// Closes what is at `path`, and all below it, to others. Best effort: it may be
/// somebody else's, or on a disk without rights.
pub(super) fn close_all(path: &Path) {
    close(path);
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        close_all(&entry.path());
    }
}

/// Takes the rights of others, and leaves those of the owner as they are.
fn close(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
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
