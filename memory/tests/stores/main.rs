//! Stores from outside: what all of them keep to, and what one on a disk promises beyond that.

use std::path::Path;

use tempfile::TempDir;

mod contract;
mod disk;

/// A folder that costs nothing to sync, where there is one: these tests are about what is written,
/// and a disk takes longer than all that they do.
fn folder() -> TempDir {
    let shared = Path::new("/dev/shm");
    let made = match shared.is_dir() {
        true => tempfile::tempdir_in(shared),
        false => tempfile::tempdir(),
    };
    made.expect("a folder")
}
