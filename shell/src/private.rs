//! Files and folders that only their owner can read: folders 0700, files 0600.
//!
//! What is made here is made so; what an earlier release left open to others is closed
//! at the next start.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use crate::paths::Paths;

/// Makes the folder at `path`, and those above it, where they are missing.
///
/// # Errors
/// Where it cannot be made.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens the file at `path` to read and write, and makes it where there is none.
///
/// # Errors
/// Where it can be neither opened nor made.
pub fn file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Closes to others what lies at `paths`, except models and compiled code, which
/// tell nothing of their user. Best effort: a file may be somebody else's.
pub fn mend(paths: &Paths) {
    for folder in [&paths.state, &paths.store, &paths.tools] {
        close_all(folder);
    }
    close(&paths.cache);
    for part in ["kv", "mcp"] {
        close_all(&paths.cache.join(part));
    }
    for file in [&paths.config, &paths.servers()] {
        close(file);
    }
}

fn close_all(path: &Path) {
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
