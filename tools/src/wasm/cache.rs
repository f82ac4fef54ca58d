//! Compiled components, and what is known of them, on disk, so that only the first load
//! compiles, and a start needs no code at all.
//!
//! A file is named by the component's hash and the engine's own compatibility hash and starts
//! with a code over its name and what follows, made with a key that only the root's user can
//! read. Loading compiled code is only safe when it is exactly what this program wrote for
//! this very component, so anything else is made again, without a word.

use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

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

/// The purpose for which the key is derived.
const PURPOSE: &str = "quipu compiled components 1";

pub(super) struct Cache {
    /// The folder, and the key of what is in it.
    place: Option<(PathBuf, [u8; HASH_BYTES])>,
}

impl Cache {
    /// A cache in `folder`; none where there is no folder or no key.
    pub(super) fn new(folder: Option<PathBuf>, key: Option<[u8; HASH_BYTES]>) -> Self {
        let key = key.map(|key| blake3::derive_key(PURPOSE, &key));
        Self {
            place: folder.zip(key),
        }
    }

    /// The compiled code of the component with `hash`.
    pub(super) fn get(&self, engine: &Engine, hash: &str) -> Option<Component> {
        let path = self.path(engine, hash, CODE)?;
        let code = self.read(&path)?;
        // Best effort: what is used stays.
        let used = File::options().append(true).open(&path);
        let _ = used.and_then(|file| file.set_modified(SystemTime::now()));
        // SAFETY: the code at its head shows that these are the bytes that `put` wrote under
        // this name, which nobody without the key could have made; the name says which
        // component was compiled for which engine.
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
        let text = self.read(&self.path(engine, hash, KNOWN)?)?;
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
            .place
            .as_ref()
            .and_then(|(folder, _)| folder.read_dir().ok());
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
        let Some(code) = self.code(&path, bytes) else {
            return;
        };
        if let Err(error) = write(&path, &code, bytes) {
            tracing::debug!(path = %path.display(), %error, "not cached");
        }
    }

    /// The file at `path`, after the code that it begins with, if it is what this program
    /// wrote there.
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        if !is_ours(path) {
            return None;
        }
        let file = std::fs::read(path).ok()?;
        let (code, content) = file.split_at_checked(HASH_BYTES)?;
        // Hashes of this library are compared in a time that tells nothing.
        let code = blake3::Hash::from_slice(code).ok()?;
        if self.code(path, content).map(blake3::Hash::from_bytes) != Some(code) {
            tracing::debug!(path = %path.display(), "not what was written; made again");
            return None;
        }
        Some(file)
    }

    /// The code over `content` under the name of `path`.
    fn code(&self, path: &Path, content: &[u8]) -> Option<[u8; HASH_BYTES]> {
        let (_, key) = self.place.as_ref()?;
        let name = path.file_name()?.as_encoded_bytes();
        let mut hash = blake3::Hasher::new_keyed(key);
        hash.update(&(name.len() as u64).to_le_bytes()).update(name);
        Some(*hash.update(content).finalize().as_bytes())
    }

    fn path(&self, engine: &Engine, hash: &str, kind: &str) -> Option<PathBuf> {
        let (folder, _) = self.place.as_ref()?;
        let mut hasher = std::hash::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Some(folder.join(format!("{hash}-{:016x}.{kind}", hasher.finish())))
    }
}

fn write(path: &Path, code: &[u8], content: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    private(folder, 0o700)?;
    // Readable by its owner alone from the start.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(code)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
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

/// Whether the file is of the user this program runs as, and nobody else may write it.
#[cfg(unix)]
fn is_ours(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::symlink_metadata(path).is_ok_and(|file| {
        file.is_file()
            && file.mode() & 0o022 == 0
            && file.uid() == rustix::process::geteuid().as_raw()
    })
}

#[cfg(not(unix))]
fn is_ours(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_nobody_uses_goes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(Some(folder.path().to_owned()), Some([7; HASH_BYTES]));
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

    #[test]
    fn only_what_was_written_under_a_name_is_read_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = |key| Cache::new(Some(folder.path().to_owned()), Some([key; HASH_BYTES]));
        let at = |name: &str| folder.path().join(name);
        let put = |name: &str, content: &[u8]| {
            let code = cache(1).code(&at(name), content).unwrap();
            write(&at(name), &code, content).unwrap();
        };
        put("a.cwasm", b"code of a");
        put("b.cwasm", b"code of b");
        let check = |key: u8, name: &str, there: bool| {
            assert_eq!(cache(key).read(&at(name)).is_some(), there, "{key} {name}");
        };
        check(1, "a.cwasm", true);
        // A key of another root, and another component's code.
        check(2, "a.cwasm", false);
        std::fs::copy(at("b.cwasm"), at("a.cwasm")).unwrap();
        check(1, "a.cwasm", false);
        // A checksum that anybody can make.
        let forged = [blake3::hash(b"evil").as_bytes().as_slice(), b"evil"].concat();
        std::fs::write(at("b.cwasm"), forged).unwrap();
        check(1, "b.cwasm", false);
        assert!(
            Cache::new(Some(folder.path().to_owned()), None)
                .place
                .is_none()
        );
        #[cfg(unix)]
        {
            put("c.cwasm", b"code of c");
            check(1, "c.cwasm", true);
            private(&at("c.cwasm"), 0o666).unwrap();
            check(1, "c.cwasm", false);
        }
    }
}
