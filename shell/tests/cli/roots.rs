//! The compiled components that the roots of tests share: to compile a guest takes longer than most
//! tests.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// The key of every root that shares. Journals are chained with it too, so a test of two roots
/// that are strangers to each other gives one of them a key of its own.
const KEY: [u8; 32] = [7; 32];

/// No run of tests goes on for so long.
const UNUSED: Duration = Duration::from_secs(6 * 60 * 60);

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
        let others = others.map(|entry| entry.path());
        for other in others.filter(|folder| is_unused(folder)) {
            // Best effort: another test may be removing it.
            let _ = fs::remove_dir_all(other);
        }
        fs::create_dir_all(&own).unwrap();
    }
    own
}

/// Whether nothing was compiled into `folder` for so long that no run of tests has it: another
/// profile may be tested beside this one.
fn is_unused(folder: &Path) -> bool {
    let written = fs::metadata(folder).and_then(|found| found.modified());
    let age = written.ok().and_then(|at| at.elapsed().ok());
    age.is_some_and(|age| age > UNUSED)
}
