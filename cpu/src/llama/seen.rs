//! The rows of pictures as files, so that a picture is computed once for all runs.
//!
//! A file is named after the picture and its projector, and bound by a secret to the root. One
//! that does not match is removed: the picture is simply computed again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::sight::Encoded;
use crate::kv::pictures::Span;
use crate::whole_file;

/// The first bytes of a file; the digit is the version of its layout.
const MAGIC: &[u8; 8] = b"QUIPUSE1";
/// How the files end.
const EXTENSION: &str = "seen";
/// What the secret is used for.
const PURPOSE: &str = "quipu rows of pictures 1";
/// Bytes of a file: more than any picture has.
const FILE_BYTES: u64 = 64 << 20;
/// Bytes of a digest.
const DIGEST_BYTES: usize = 32;
/// Numbers before the rows of a chunk: cells, positions, columns or 0, and whether it is causal.
const HEADS: usize = 4;

/// The file of a picture. Its name says nothing of what is in it to who has not the secret.
fn path(folder: &Path, digest: &[u8; 32], secret: &[u8; 32]) -> PathBuf {
    let name = keyed(secret).update(digest).finalize().to_hex();
    folder.join(format!("{}.{EXTENSION}", &name[..32]))
}

fn keyed(secret: &[u8; 32]) -> blake3::Hasher {
    blake3::Hasher::new_keyed(&blake3::derive_key(PURPOSE, secret))
}

/// Keeps the rows of the picture `digest`. A failure is told to the log: it costs time only.
pub(super) fn write(folder: &Path, digest: &[u8; 32], chunks: &[Encoded], secret: &[u8; 32]) {
    let path = path(folder, digest, secret);
    if let Err(error) = try_write(&path, digest, chunks, secret) {
        tracing::warn!("a picture cannot be kept in {}: {error}", folder.display());
    }
}

fn try_write(
    path: &Path,
    digest: &[u8; 32],
    chunks: &[Encoded],
    secret: &[u8; 32],
) -> std::io::Result<()> {
    let mut body = Vec::new();
    for chunk in chunks {
        let heads: [usize; HEADS] = [
            chunk.span.cells,
            chunk.span.positions,
            chunk.columns.unwrap_or(0),
            usize::from(chunk.causal),
        ];
        let heads = heads
            .iter()
            .flat_map(|&number| (number as u32).to_le_bytes());
        body.extend(heads);
        body.extend(chunk.rows.iter().flat_map(|number| number.to_le_bytes()));
    }
    let sum = keyed(secret).update(digest).update(&body).finalize();
    whole_file::write(path, &[MAGIC, sum.as_bytes(), &body])
}

/// The rows of the picture `digest`, each of `width` numbers, if they are kept and sound.
pub(super) fn read(
    folder: &Path,
    digest: &[u8; 32],
    width: usize,
    secret: &[u8; 32],
) -> Option<Vec<Encoded>> {
    let path = path(folder, digest, secret);
    let length = fs::symlink_metadata(&path).ok()?.len();
    let bytes = match length <= FILE_BYTES {
        true => fs::read(&path).ok()?,
        false => Vec::new(),
    };
    let chunks = parse(&bytes, digest, width, secret);
    match chunks {
        Some(_) => {
            let file = fs::File::options().write(true).open(&path);
            // One whose use cannot be noted is forgotten earlier.
            let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
        }
        None => {
            let _ = fs::remove_file(&path);
        }
    }
    chunks
}

fn parse(bytes: &[u8], digest: &[u8; 32], width: usize, secret: &[u8; 32]) -> Option<Vec<Encoded>> {
    let bytes = bytes.strip_prefix(MAGIC.as_slice())?;
    let (sum, mut body) = bytes.split_at_checked(DIGEST_BYTES)?;
    let sum = blake3::Hash::from_slice(sum).ok()?;
    if keyed(secret).update(digest).update(body).finalize() != sum {
        return None;
    }
    let mut chunks = Vec::new();
    while !body.is_empty() {
        let (heads, rest) = body.split_at_checked(4 * HEADS)?;
        let numbers = heads.as_chunks::<4>().0.iter();
        let heads: Vec<usize> = numbers.map(|n| u32::from_le_bytes(*n) as usize).collect();
        let span = Span::new(heads[0], heads[1])?;
        let (rows, rest) = rest.split_at_checked(4 * span.cells * width)?;
        let rows = rows.as_chunks::<4>().0.iter();
        chunks.push(Encoded {
            span,
            columns: (heads[2] > 0).then_some(heads[2]),
            causal: heads[3] == 1,
            rows: rows.map(|number| f32::from_le_bytes(*number)).collect(),
        });
        body = rest;
    }
    (!chunks.is_empty()).then_some(chunks)
}

/// Removes the files that were not used for longest until the rest has at most `most` bytes.
pub(super) fn shrink(folder: &Path, most: u64) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
        .filter(|entry| entry.path().extension().is_some_and(|e| e == EXTENSION))
        .filter_map(|entry| {
            let meta = entry.metadata().ok()?;
            Some((meta.modified().ok()?, meta.len(), entry.path()))
        })
        .collect();
    files.sort();
    let mut all: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, bytes, path) in files {
        if all <= most {
            return;
        }
        let _ = fs::remove_file(path);
        all -= bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    fn chunk(first: u8) -> Encoded {
        Encoded {
            span: Span::new(5, 2).unwrap(),
            columns: Some(3),
            causal: first.is_multiple_of(2),
            rows: (first..first + 10).map(f32::from).collect(),
        }
    }

    #[test]
    fn rows_are_read_as_they_were_written_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = ([1; 32], [2; 32]);
        let rows = vec![chunk(4), chunk(7)];
        write(folder.path(), &one, &rows, &SECRET);
        let again = |digest, width, secret| read(folder.path(), digest, width, secret);
        assert_eq!(again(&one, 2, &SECRET), Some(rows.clone()));
        assert_eq!(again(&other, 2, &SECRET), None);
        assert_eq!(again(&one, 2, &[8; 32]), None);

        let file = path(folder.path(), &one, &SECRET);
        let sound = fs::read(&file).unwrap();
        for at in [0, 9, 50, sound.len() - 1] {
            let mut changed = sound.clone();
            changed[at] ^= 1;
            fs::write(&file, &changed).unwrap();
            assert_eq!(again(&one, 2, &SECRET), None, "{at}");
            assert!(!file.exists());
        }
        fs::write(&file, &sound[..40]).unwrap();
        assert_eq!(again(&one, 2, &SECRET), None);
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        for n in 1..4 {
            write(folder.path(), &[n; 32], &[chunk(n)], &SECRET);
            let file = fs::File::options()
                .write(true)
                .open(path(folder.path(), &[n; 32], &SECRET));
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(n.into());
            file.unwrap().set_modified(time).unwrap();
        }
        let length = fs::metadata(path(folder.path(), &[1; 32], &SECRET)).unwrap();
        shrink(folder.path(), 2 * length.len());
        let kept = [1, 2, 3].map(|n| path(folder.path(), &[n; 32], &SECRET).exists());
        assert_eq!(kept, [false, true, true]);
    }
}
