//! The compiled components that the roots of tests share: to compile a guest takes longer than most
//! tests.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The key of every root that shares. Journals are chained with it too, so a test of two roots
/// that are strangers to each other gives one of them a key of its own.
const KEY: [u8; 32] = [7; 32];

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
