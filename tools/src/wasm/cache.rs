//! Compiled components on disk, so that only the first load compiles.
//!
//! A file is named by the component's hash and the engine's own compatibility hash
//! and starts with the hash of what follows: loading compiled code is only safe
//! when it is exactly what this program wrote, so anything else is compiled again.

use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

const HASH_BYTES: usize = 32;

pub(super) struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    pub(super) fn get(&self, engine: &Engine, component: &[u8]) -> Option<Component> {
        let path = self.path(engine, component)?;
        if !is_ours(&path) {
            return None;
        }
        let file = std::fs::read(&path).ok()?;
        let (hash, code) = file.split_at_checked(HASH_BYTES)?;
        if hash != digest(code) {
            tracing::warn!(path = %path.display(), "damaged cache file; compiling again");
            return None;
        }
        // SAFETY: the hash shows that these are the bytes `put` wrote, the owner
        // check that nobody else could have, and the name that the same component
        // was compiled for a compatible engine.
        unsafe { Component::deserialize(engine, code) }.ok()
    }

    /// Best effort: without a cache the next load compiles again.
    pub(super) fn put(&self, engine: &Engine, component: &[u8], compiled: &Component) {
        let Some(path) = self.path(engine, component) else {
            return;
        };
        if let Err(error) = write(&path, compiled) {
            tracing::debug!(path = %path.display(), %error, "not cached");
        }
    }

    fn path(&self, engine: &Engine, component: &[u8]) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        let mut hasher = std::hash::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let name = format!("{}-{:016x}.cwasm", hex(&digest(component)), hasher.finish());
        Some(folder.join(name))
    }
}

fn write(path: &Path, compiled: &Component) -> std::io::Result<()> {
    let code = compiled.serialize().map_err(std::io::Error::other)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    private(folder, 0o700)?;
    let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file = std::fs::File::create(&unfinished)?;
    private(&unfinished, 0o600)?;
    file.write_all(&digest(&code))?;
    file.write_all(&code)?;
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
