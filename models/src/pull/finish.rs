//! From fetched bytes to a model in place: room, joining, checking, renaming.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;

use super::super::catalogue::Window;
use super::super::checksum::Checksum;
use super::super::error::ModelError;
use super::super::gguf;

/// Bytes handled at once.
const STEP: usize = 1 << 20;

/// Refuses to start what the disk of `folder` cannot hold. `needed` is in bytes.
pub fn require_room(folder: &Path, needed: u64) -> Result<(), ModelError> {
    let free =
        fs4::available_space(folder).map_err(ModelError::io("ask the free space of", folder))?;
    match needed > free {
        true => Err(ModelError::NoSpace {
            folder: folder.to_owned(),
            needed,
            free,
        }),
        false => Ok(()),
    }
}

/// Joins `parts` into one file in `partial`, inflating the window `deflated` of them
/// where one is given; stops one byte past `bytes`, which the check then refuses.
pub async fn join(
    parts: Vec<PathBuf>,
    deflated: Option<Window>,
    partial: &Path,
    bytes: u64,
) -> Result<PathBuf, ModelError> {
    let into = partial.join("joined.gguf");
    let mut reader = chain(&parts)?;
    if let Some(window) = deflated {
        io::copy(&mut reader.by_ref().take(window.offset), &mut io::sink())
            .map_err(ModelError::io("read the parts in", partial))?;
        reader = Box::new(DeflateDecoder::new(reader.take(window.bytes)));
    }
    let mut out = File::create(&into).map_err(ModelError::io("create", &into))?;
    let mut from = reader.take(bytes + 1);
    let mut buffer = vec![0; STEP];
    loop {
        let taken = read_full(&mut from, &mut buffer)
            .map_err(ModelError::io("read the parts in", partial))?;
        if taken == 0 {
            return Ok(into);
        }
        out.write_all(&buffer[..taken])
            .map_err(ModelError::io("write", &into))?;
        // Lets the caller stop between steps.
        tokio::task::yield_now().await;
    }
}

/// The files one after another.
fn chain(parts: &[PathBuf]) -> Result<Box<dyn Read + Send>, ModelError> {
    let mut all: Box<dyn Read + Send> = Box::new(io::empty());
    for part in parts {
        let file = File::open(part).map_err(ModelError::io("open", part))?;
        all = Box::new(all.chain(file));
    }
    Ok(all)
}

/// Checks size, checksum (where known) and, with `is_gguf`, that the file is a whole GGUF.
pub async fn check(
    file: &Path,
    name: &str,
    bytes: u64,
    sha256: Option<&str>,
    is_gguf: bool,
) -> Result<(), ModelError> {
    if let Some(wanted) = sha256 {
        let got = digest(file).await?;
        if got != wanted {
            let (name, wanted) = (name.to_owned(), wanted.to_owned());
            return Err(ModelError::Checksum { name, wanted, got });
        }
    }
    let has = fs::metadata(file)
        .map_err(ModelError::io("read", file))?
        .len();
    if has != bytes {
        let needs = Some(bytes);
        return Err(gguf::GgufError::Truncated {
            path: file.to_owned(),
            has,
            needs,
        }
        .into());
    }
    if is_gguf {
        gguf::read(file)?;
    }
    Ok(())
}

/// Puts a checked file where it belongs, in one step that survives a power cut.
pub fn place(file: &Path, path: &Path) -> Result<(), ModelError> {
    sync(file)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(ModelError::io("create", folder))?;
    fs::rename(file, path).map_err(ModelError::io("rename into", path))?;
    sync_folder(folder);
    Ok(())
}

/// Forces a file's bytes to the disk.
pub fn sync(file: &Path) -> Result<(), ModelError> {
    let open = File::options().write(true).open(file);
    open.and_then(|open| open.sync_all())
        .map_err(ModelError::io("write", file))
}

/// Forces a rename to the disk, where the system allows; a lost rename only costs a
/// repetition.
pub fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|open| open.sync_all());
}

/// SHA-256 of a file, in lower-case hexadecimal.
pub async fn digest(path: &Path) -> Result<String, ModelError> {
    let mut checksum = Checksum::open(path).map_err(ModelError::io("open", path))?;
    while checksum.step().map_err(ModelError::io("read", path))? > 0 {
        // Lets the caller stop between steps.
        tokio::task::yield_now().await;
    }
    Ok(checksum.finish())
}

/// Reads until `buffer` is full or the end; fewer, longer steps than single reads.
fn read_full(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
