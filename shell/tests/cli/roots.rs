//! Where the roots of tests are, and the compiled components that they share. To compile a guest, or
//! to wait for a disk, takes longer than most tests.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use tempfile::TempDir;

/// The key of every root that shares. Journals are chained with it too, so a test of two roots
/// that are strangers to each other gives one of them a key of its own.
const KEY: [u8; 32] = [7; 32];

/// A new folder: in memory, where syncing costs nothing, if programs may be started there.
pub fn folder() -> TempDir {
    const MEMORY: &str = "/dev/shm";
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    // What is mounted, where, as what, and how; what was mounted last counts.
    let mut mounts = mounts
        .lines()
        .map(|line| line.split(' ').collect::<Vec<_>>());
    let memory = mounts.rfind(|mount| mount.get(1) == Some(&MEMORY));
    let how = memory.and_then(|mount| mount.get(3).copied());
    let made = match how.is_some_and(|how| how.split(',').all(|option| option != "noexec")) {
        true => tempfile::tempdir_in(MEMORY),
        false => tempfile::tempdir(),
    };
    made.unwrap()
}

/// Makes the new `root` one that shares.
pub fn share(root: &Path) {
    let mut folders = DirBuilder::new();
    folders.recursive(true).mode(0o700);
    folders.create(root.join("state")).unwrap();
    folders.create(root.join("cache")).unwrap();
    let key = root.join("state/key");
    fs::write(&key, KEY).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    symlink(shared(), root.join("cache/wasm")).unwrap();
}

/// Where the program under test keeps what it compiles, and what it knows of components. An
/// earlier build may have known otherwise, so each build has a folder of its own.
fn shared() -> PathBuf {
    let program = fs::metadata(env!("CARGO_BIN_EXE_quipu")).unwrap();
    let built = program.modified().unwrap();
    let built = built.duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let builds = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let own = builds.join(built.to_string());
    if !own.is_dir() {
        let others = fs::read_dir(&builds).into_iter().flatten().flatten();
        for other in others.map(|entry| entry.path()) {
            // Best effort: another test may be removing it.
            if other != own {
                let _ = fs::remove_dir_all(other);
            }
        }
        fs::create_dir_all(&own).unwrap();
    }
    own
}
