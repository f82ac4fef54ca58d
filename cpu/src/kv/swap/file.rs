//! An image as a file of its own.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{For, SwapSettings};
use crate::{Pid, whole_file};

/// The first bytes of an image file; the digit is the version of its layout.
const MAGIC: &[u8; 8] = b"QUIPUKV1";
/// How the files end.
pub const EXTENSION: &str = "kv";
/// Bytes of a BLAKE3 digest.
pub const DIGEST_BYTES: usize = 32;
/// The most tokens an image file may claim to have: more than any window.
const TOKENS_MAX: usize = 1 << 22;

/// What a file says of its image before the state itself.
pub struct Header {
    pub key: String,
    pub whose: For,
    pub from: usize,
    pub tokens: Vec<i32>,
}

impl Header {
    /// Whether it is a passing request's, which nobody asks for again: those have negative
    /// numbers.
    pub fn is_passing(&self) -> bool {
        matches!(self.whose, For::Process(pid) if pid < 0)
    }

    /// Magic, pid (0 for everyone), first token with a state, tokens, length of the
    /// key; then the key, the tokens, and the digest of all that and the state.
    fn bytes(&self) -> Vec<u8> {
        let Header {
            key,
            whose,
            from,
            tokens,
        } = self;
        let pid = match *whose {
            For::Process(pid) => pid,
            For::Everyone => 0,
        };
        let mut bytes = MAGIC.to_vec();
        for number in [pid, *from as i64, tokens.len() as i64, key.len() as i64] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(key.as_bytes());
        bytes.extend(tokens.iter().flat_map(|token| token.to_le_bytes()));
        bytes
    }
}

/// What the secret is used for here.
const PURPOSE: &str = "quipu KV images 1";

fn keyed(secret: &[u8; 32]) -> blake3::Hasher {
    blake3::Hasher::new_keyed(&blake3::derive_key(PURPOSE, secret))
}

/// Writes an image to a file of its own, which appears whole or not at all; the `secret`
/// is in its digest.
pub fn write(
    folder: &Path,
    header: &Header,
    state: &[u8],
    secret: &[u8; 32],
) -> std::io::Result<(PathBuf, u64)> {
    let header = header.bytes();
    let mut hasher = keyed(secret);
    let digest = hasher.update(&header).update(state).finalize();
    let name = blake3::hash(&header).to_hex();
    let path = folder.join(format!("{}.{EXTENSION}", &name[..32]));
    whole_file::write(&path, &[&header, digest.as_bytes(), state])?;
    let bytes = header.len() + DIGEST_BYTES + state.len();
    Ok((path, bytes as u64))
}

/// `None` when the file cannot be an image.
pub fn read_header(path: &Path) -> Option<Header> {
    let mut file = fs::File::open(path).ok()?;
    let mut fixed = [0; 40];
    file.read_exact(&mut fixed).ok()?;
    let number = |i: usize| {
        let bytes = fixed[8 + 8 * i..16 + 8 * i].try_into().ok()?;
        usize::try_from(i64::from_le_bytes(bytes)).ok()
    };
    let pid = Pid::from_le_bytes(fixed[8..16].try_into().ok()?);
    let (from, tokens, key_bytes) = (number(1)?, number(2)?, number(3)?);
    if &fixed[..8] != MAGIC || tokens > TOKENS_MAX || key_bytes > 4096 || from > tokens {
        return None;
    }
    let mut rest = vec![0; key_bytes + 4 * tokens];
    file.read_exact(&mut rest).ok()?;
    let (key, tokens) = rest.split_at(key_bytes);
    let number = |bytes: &[u8]| bytes.try_into().map(i32::from_le_bytes).ok();
    Some(Header {
        key: String::from_utf8(key.to_vec()).ok()?,
        whose: match pid {
            0 => For::Everyone,
            pid => For::Process(pid),
        },
        from,
        tokens: tokens.chunks_exact(4).map(number).collect::<Option<_>>()?,
    })
}

/// The state in the file, if the file is sound, of this root, and the image of `tokens`.
pub fn read(path: &Path, settings: &SwapSettings, tokens: &[i32]) -> Option<Vec<u8>> {
    let header = read_header(path)?;
    if !is_ours(path) || header.key != settings.key || header.tokens != tokens {
        return None;
    }
    let head = header.bytes();
    let mut bytes = fs::read(path).ok()?;
    let state = bytes.split_off((head.len() + DIGEST_BYTES).min(bytes.len()));
    let digest = blake3::Hash::from_slice(bytes.get(head.len()..)?).ok()?;
    let mut hasher = keyed(&settings.secret);
    let computed = hasher.update(&head).update(&state).finalize();
    (computed == digest).then_some(state)
}

/// Notes that an image is of use: others are forgotten before it.
pub fn touch(path: &Path) {
    let file = fs::File::options().write(true).open(path);
    // If its use cannot be noted, an image is forgotten earlier.
    let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
}

/// Whether the file is of the user this program runs as, and nobody else may write it.
#[cfg(unix)]
fn is_ours(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).is_ok_and(|file| {
        let own = file.uid() == rustix::process::geteuid().as_raw();
        file.is_file() && own && file.mode() & 0o022 == 0
    })
}

#[cfg(not(unix))]
fn is_ours(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: [u8; 32] = [7; 32];

    fn settings() -> SwapSettings {
        SwapSettings {
            memory_bytes_max: 0,
            disk_bytes_max: 1 << 20,
            folder: None,
            secret: SECRET,
            key: "k".into(),
        }
    }

    proptest! {
        /// An image is read as it was written; one that was changed anywhere is none.
        #[test]
        fn torture_an_image_is_sound_or_none(
            tokens in prop::collection::vec(any::<i32>(), 1..20),
            state in prop::collection::vec(any::<u8>(), 0..50),
            change in (any::<prop::sample::Index>(), 1u8..),
            cut in any::<prop::sample::Index>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let header = Header {
                key: "k".into(),
                whose: For::Everyone,
                from: 0,
                tokens: tokens.clone(),
            };
            let (path, _) = write(folder.path(), &header, &state, &SECRET).unwrap();
            prop_assert_eq!(read(&path, &settings(), &tokens), Some(state));
            let sound = fs::read(&path).unwrap();
            let mut changed = sound.clone();
            changed[change.0.index(sound.len())] ^= change.1;
            for damaged in [&changed[..], &sound[..cut.index(sound.len())]] {
                fs::write(&path, damaged).unwrap();
                let _ = read_header(&path);
                prop_assert_eq!(read(&path, &settings(), &tokens), None);
            }
        }
    }
}
