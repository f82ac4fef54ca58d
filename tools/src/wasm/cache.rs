//! Compiled components, and what is known of them, on disk, so that only the first load
//! compiles, and a start needs no code at all.
//!
//! A file is named by the component's hash and the engine's own compatibility hash
//! and starts with the hash of what follows: loading compiled code is only safe
//! when it is exactly what this program wrote, so anything else is compiled again.

use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::known::Known;

const HASH_BYTES: usize = 32;
/// How long compiled code is kept that nobody uses.
const UNUSED_MAX: Duration = Duration::from_hours(30 * 24);
/// How files of compiled code end.
const CODE: &str = "cwasm";
/// How files end that say what is known of a component. The number changes with what
/// [`Known`] holds, or where it comes from.
const KNOWN: &str = "known-1.json";

pub(super) struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The compiled code of the component with `hash`.
    pub(super) fn get(&self, engine: &Engine, hash: &str) -> Option<Component> {
        let path = self.path(engine, hash, CODE)?;
        let code = read(&path)?;
        // Best effort: what is used stays.
        let used = File::options().append(true).open(&path);
        let _ = used.and_then(|file| file.set_modified(SystemTime::now()));
        // SAFETY: the hash shows that these are the bytes `put` wrote, the owner
        // check that nobody else could have, and the name that the same component
        // was compiled for a compatible engine.
        unsafe { Component::deserialize(engine, &code[HASH_BYTES..]) }.ok()
    }

    /// Best effort: without a cache the next load compiles again.
    pub(super) fn put(&self, engine: &Engine, hash: &str, compiled: &Component) {
        match compiled.serialize() {
            Ok(code) => {
                self.write(engine, hash, CODE, &code);
                self.forget_unused();
            }
            Err(error) => tracing::debug!(%error, "not cached"),
        }
    }

    /// What is known of the component with `hash`.
    pub(super) fn known(&self, engine: &Engine, hash: &str) -> Option<Known> {
        let text = read(&self.path(engine, hash, KNOWN)?)?;
        serde_json::from_slice(&text[HASH_BYTES..]).ok()
    }

    /// Best effort, as [`Cache::put`].
    pub(super) fn put_known(&self, engine: &Engine, hash: &str, known: &Known) {
        match serde_json::to_vec(known) {
            Ok(text) => self.write(engine, hash, KNOWN, &text),
            Err(error) => tracing::debug!(%error, "not cached"),
        }
    }

    /// Removes the code of components that were changed, removed, or compiled by another
    /// release, and not used since.
    fn forget_unused(&self) {
        let files = self
            .folder
            .as_ref()
            .and_then(|folder| folder.read_dir().ok());
        for file in files.into_iter().flatten().flatten() {
            let modified = file.metadata().and_then(|meta| meta.modified());
            let age = modified.ok().and_then(|time| time.elapsed().ok());
            let path = file.path();
            if path.extension().is_some_and(|end| end == CODE) && age > Some(UNUSED_MAX) {
                let _ = std::fs::remove_file(path);
            }
        }
    }

    fn write(&self, engine: &Engine, hash: &str, kind: &str, bytes: &[u8]) {
        let Some(path) = self.path(engine, hash, kind) else {
            return;
        };
        if let Err(error) = write(&path, bytes) {
            tracing::debug!(path = %path.display(), %error, "not cached");
        }
    }

    fn path(&self, engine: &Engine, hash: &str, kind: &str) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        let mut hasher = std::hash::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Some(folder.join(format!("{hash}-{:016x}.{kind}", hasher.finish())))
    }
}

/// The file at `path`, after the hash that it begins with, if it is what this program
/// wrote.
fn read(path: &Path) -> Option<Vec<u8>> {
    if !is_ours(path) {
        return None;
    }
    let file = std::fs::read(path).ok()?;
    let (hash, content) = file.split_at_checked(HASH_BYTES)?;
    if hash != digest(content) {
        tracing::warn!(path = %path.display(), "damaged cache file; making it again");
        return None;
    }
    Some(file)
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    private(folder, 0o700)?;
    let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = File::create(&unfinished)?;
    private(&unfinished, 0o600)?;
    file.write_all(&digest(content))?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}

#[cfg(unix)]
fn private(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn private(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

/// Whether only the user this program runs as could have written the file.
#[cfg(unix)]
fn is_ours(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let folder_owner = path.parent().and_then(|folder| folder.metadata().ok());
    match (std::fs::symlink_metadata(path), folder_owner) {
        (Ok(file), Some(folder)) => {
            file.is_file() && file.mode() & 0o022 == 0 && file.uid() == folder.uid()
        }
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_ours(path: &Path) -> bool {
    path.is_file()
}

fn digest(bytes: &[u8]) -> [u8; HASH_BYTES] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_nobody_uses_goes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().to_owned()));
        let put = |name: &str, age: Duration| {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        };
        put("old.cwasm", UNUSED_MAX * 2);
        put("new.cwasm", UNUSED_MAX / 2);
        put("old.known-1.json", UNUSED_MAX * 2);
        cache.forget_unused();
        let left = |name: &str| folder.path().join(name).exists();
        assert!(!left("old.cwasm") && left("new.cwasm") && left("old.known-1.json"));
    }
}
