//! Reads the header of a GGUF file: what the model is, and how long the file must be.
//!
//! The format is little-endian: magic, version, counts, then key-value metadata, then
//! a table of tensors, padding, and the tensors' data. Nothing here trusts the file:
//! every length is checked against what is left of it before a byte is taken, only
//! strings that are shown are kept (cut to `scan::SHOWN_MAX`), and the counts are capped.

mod kinds;
mod scan;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use indicatif::DecimalBytes;

#[cfg(test)]
pub use scan::SHOWN_MAX;
use scan::{Fault, Scanner, Value};

/// Alignment of the tensor data where the metadata name none, in bytes.
const ALIGNMENT_USUAL: u64 = 32;
/// Largest number of metadata entries accepted; real models have dozens.
const ENTRIES_MAX: u64 = 1 << 16;
/// Largest number of tensors accepted; real models have at most some ten thousand.
const TENSORS_MAX: u64 = 1 << 18;

/// What a GGUF file says about its model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// Version of the format: 2 or 3.
    pub version: u32,
    /// Family of the network: `llama`, `qwen2`, `bert`.
    pub architecture: String,
    /// The model's own name.
    pub name: Option<String>,
    /// Its size as its makers call it: `135M`.
    pub size_label: Option<String>,
    /// Number of weights, counted from the tensors.
    pub parameters: u64,
    /// Quantisation: `Q4_K_M`; from the tensors' commonest type where not stated.
    pub quantisation: String,
    /// Largest window the model was made for, in tokens.
    pub window: Option<u64>,
    /// Width of its vectors.
    pub dimensions: Option<u64>,
    /// Whether it brings a chat template.
    pub chat_template: bool,
    /// Kind of tokenizer: `gpt2`, `llama`, `bert`.
    pub tokenizer: Option<String>,
    /// Licence as stated.
    pub licence: Option<String>,
    /// Number of tensors.
    pub tensors: u64,
    /// Bytes the file must have for every tensor to be whole.
    pub needs: u64,
}

/// Why a file is not a usable GGUF.
#[derive(Debug, thiserror::Error)]
pub enum GgufError {
    /// It is something else.
    #[error("{} is not a GGUF model: it looks like {looks}", path.display())]
    NotGguf {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        looks: &'static str,
    },
    /// It ends too early.
    #[error("{} is cut short: it has {} of {}", path.display(), bytes(*has), needs.map_or("a longer header".into(), bytes))]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes it has.
        has: u64,
        /// Bytes it needs, unless even the header is cut.
        needs: Option<u64>,
    },
    /// A version that llama.cpp does not read, or not any more.
    #[error("{} is GGUF version {version}; versions 2 and 3 are read", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// Made for the other byte order.
    #[error("{} is a big-endian GGUF", path.display())]
    BigEndian {
        /// The file.
        path: PathBuf,
    },
    /// The header contradicts itself or a limit.
    #[error("{} has a damaged header: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// It cannot be read at all.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads the header of the file at `path` and checks that the file is whole.
pub fn read(path: &Path) -> Result<Header, GgufError> {
    let io = |source| GgufError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io)?;
    let meta = file.metadata().map_err(io)?;
    if meta.is_dir() {
        return Err(GgufError::NotGguf {
            path: path.to_owned(),
            looks: "a folder",
        });
    }
    read_from(file, meta.len(), path)
}

/// Reads the header of `source`, which is `has` bytes long; `path` is for messages.
///
/// ```
/// use std::io::Cursor;
/// use std::path::Path;
///
/// use quipu_models::gguf::read_from;
///
/// let page = b"<!DOCTYPE html><title>Sign in</title>";
/// let read = read_from(Cursor::new(page), page.len() as u64, Path::new("m.gguf"));
/// let reason = read.unwrap_err().to_string();
/// assert!(reason.starts_with("m.gguf is not a GGUF model: it looks like a web page"));
/// ```
pub fn read_from(source: impl Read + Seek, has: u64, path: &Path) -> Result<Header, GgufError> {
    let path = path.to_owned();
    let header = match scan(Scanner::new(source, has)) {
        Ok(header) => header,
        Err(Fault::Not(looks)) => return Err(GgufError::NotGguf { path, looks }),
        Err(Fault::Short) => {
            return Err(GgufError::Truncated {
                path,
                has,
                needs: None,
            });
        }
        Err(Fault::Version(version)) => return Err(GgufError::Version { path, version }),
        Err(Fault::BigEndian) => return Err(GgufError::BigEndian { path }),
        Err(Fault::Damaged(why)) => return Err(GgufError::Damaged { path, why }),
        Err(Fault::Io(source)) => return Err(GgufError::Io { path, source }),
    };
    match header.needs {
        needs if needs > has => Err(GgufError::Truncated {
            path,
            has,
            needs: Some(needs),
        }),
        _ => Ok(header),
    }
}

fn scan<R: Read + Seek>(mut from: Scanner<R>) -> Result<Header, Fault> {
    let mut header = Header {
        version: from.preamble()?,
        ..Header::default()
    };
    header.tensors = from.u64()?;
    let entries = from.u64()?;
    if entries > ENTRIES_MAX || header.tensors > TENSORS_MAX {
        return Err(Fault::Damaged("more entries than any model has"));
    }
    let alignment = metadata(&mut from, entries, &mut header)?;
    tensors(&mut from, alignment, &mut header)?;
    Ok(header)
}

/// Reads the key-value pairs into `header`; returns the alignment of the data.
fn metadata<R: Read + Seek>(
    from: &mut Scanner<R>,
    entries: u64,
    header: &mut Header,
) -> Result<u64, Fault> {
    let mut alignment = ALIGNMENT_USUAL;
    // Keys of the architecture may stand before the architecture is named.
    let mut windows = Vec::new();
    let mut widths = Vec::new();
    for _ in 0..entries {
        let key = from.text()?;
        match (key.as_str(), from.value()?) {
            ("general.architecture", Value::Text(text)) => header.architecture = text,
            ("general.name", Value::Text(text)) => header.name = Some(text),
            ("general.size_label", Value::Text(text)) => header.size_label = Some(text),
            ("general.license", Value::Text(text)) => header.licence = Some(text),
            ("tokenizer.ggml.model", Value::Text(text)) => header.tokenizer = Some(text),
            ("tokenizer.chat_template", Value::Text(text)) => {
                header.chat_template = !text.is_empty();
            }
            ("general.file_type", Value::Number(kind)) => {
                header.quantisation = kinds::file_kind(kind).unwrap_or_default().to_owned();
            }
            ("general.alignment", Value::Number(bytes)) => alignment = bytes,
            (key, Value::Number(n)) => {
                if let Some(of) = key.strip_suffix(".context_length") {
                    windows.push((of.to_owned(), n));
                } else if let Some(of) = key.strip_suffix(".embedding_length") {
                    widths.push((of.to_owned(), n));
                }
            }
            _ => {}
        }
    }
    let of_model = |found: Vec<(String, u64)>| {
        let mut found = found.into_iter();
        found
            .find(|(of, _)| *of == header.architecture)
            .map(|(_, n)| n)
    };
    (header.window, header.dimensions) = (of_model(windows), of_model(widths));
    if header.architecture.is_empty() {
        return Err(Fault::Damaged("it names no architecture"));
    }
    if !alignment.is_power_of_two() || alignment > 1 << 20 {
        return Err(Fault::Damaged("its alignment is not a small power of two"));
    }
    Ok(alignment)
}

/// Reads the table of tensors: how many weights, of what kind, up to which byte.
fn tensors<R: Read + Seek>(
    from: &mut Scanner<R>,
    alignment: u64,
    header: &mut Header,
) -> Result<(), Fault> {
    const TOO_BIG: Fault = Fault::Damaged("a tensor is larger than any file");
    let mut end: u64 = 0;
    let mut bytes_of_kind = [0u64; kinds::KINDS];
    for _ in 0..header.tensors {
        from.skip_text()?;
        let dimensions = from.u32()?;
        if dimensions > 4 {
            return Err(Fault::Damaged("a tensor has more than four dimensions"));
        }
        let mut weights: u64 = 1;
        for _ in 0..dimensions {
            weights = weights.checked_mul(from.u64()?).ok_or(TOO_BIG)?;
        }
        let kind = from.u32()?;
        let offset = from.u64()?;
        // A kind newer than this table still says where its data begin.
        let bytes = match kinds::block(kind) {
            Some((per_block, block)) => weights
                .div_ceil(per_block)
                .checked_mul(block)
                .ok_or(TOO_BIG)?,
            None => 0,
        };
        if let Some(sum) = bytes_of_kind.get_mut(kind as usize) {
            *sum = sum.saturating_add(bytes);
        }
        end = end.max(offset.checked_add(bytes).ok_or(TOO_BIG)?);
        header.parameters = header.parameters.saturating_add(weights);
    }
    let start = from.at().next_multiple_of(alignment);
    header.needs = match header.tensors {
        0 => from.at(),
        _ => start.checked_add(end).ok_or(TOO_BIG)?,
    };
    if header.quantisation.is_empty() {
        let most = (0..).zip(bytes_of_kind).max_by_key(|(_, sum)| *sum);
        let name = most
            .filter(|(_, sum)| *sum > 0)
            .and_then(|(kind, _)| kinds::tensor_kind(kind));
        header.quantisation = name.unwrap_or("unknown").to_owned();
    }
    Ok(())
}

/// A size for messages, exact where rounding would hide a difference.
fn bytes(n: u64) -> String {
    match n {
        0..1_000_000 => format!("{n} bytes"),
        _ => format!("{} ({n} bytes)", DecimalBytes(n)),
    }
}
