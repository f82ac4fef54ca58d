//! A model file: loading it, what it says of itself, and what may be derived from that.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use llama_cpp_2::model::LlamaModel;

use super::Attention;

/// The library that KV states depend on, as the workspace pins it.
const LIBRARY: &str = "llama-cpp-2 =0.1.160";
/// The way in which we compute attention; another makes other states.
const ATTENTION: &str = "attention 1";
/// Bytes hashed at each end of the file: all names and shapes, and some weights.
const SAMPLE_BYTES: u64 = 8 << 20;
/// Bytes of one number in the KV cache.
const KV_NUMBER_BYTES: usize = 2;

/// What KV states depend on beside their tokens: the model file, by its length and
/// a digest of both its ends, how they are computed, and the library.
/// Reading all of a large file would take longer than a state saves.
pub(super) fn key(path: &Path, attention: Attention) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut hasher = blake3::Hasher::new();
    for start in [0, length.saturating_sub(SAMPLE_BYTES)] {
        file.seek(SeekFrom::Start(start))?;
        std::io::copy(&mut (&mut file).take(SAMPLE_BYTES), &mut hasher)?;
    }
    let digest = hasher.finalize().to_hex();
    let attention = match attention {
        Attention::Own => ATTENTION,
        Attention::LlamaCpp => "attention of the library",
    };
    Ok(format!("{digest} {length} {attention} {LIBRARY}"))
}

/// What tells one model file from another: its length and a digest of both its ends, with
/// the library that computes it.
///
/// # Errors
/// When the file cannot be read.
pub fn fingerprint(path: &Path) -> std::io::Result<String> {
    key(path, Attention::Own)
}

/// What the model calls itself, or else what its file is called.
pub(super) fn name_of(model: &LlamaModel, path: &Path) -> String {
    let own = model.meta_val_str("general.name").ok();
    own.map(|name| on_one_line(&name))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| {
            let stem = path.file_stem().unwrap_or_default();
            stem.to_string_lossy().into_owned()
        })
}

/// A name as it can stand in a line of what is said: whoever made the file chose it.
fn on_one_line(name: &str) -> String {
    let parts = name.split(|c: char| c.is_whitespace() || c.is_control());
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// Numbers in the key and the value that one layer keeps of a token. A head's length is the
/// model's own affair (Qwen3, Gemma): the width by the number of heads is only the usual one.
fn numbers_of_a_layer(model: &LlamaModel) -> usize {
    let architecture = model
        .meta_val_str("general.architecture")
        .unwrap_or_default();
    let usual = model.n_embd() as usize / model.n_head().max(1) as usize;
    let length = |of: &str| {
        let said = model.meta_val_str(&format!("{architecture}.attention.{of}_length"));
        said.ok()
            .and_then(|said| said.parse().ok())
            .unwrap_or(usual)
    };
    model.n_head_kv() as usize * (length("key") + length("value"))
}

/// Architecture, size and quantisation, as the file states them.
pub(super) fn details(model: &LlamaModel) -> String {
    let architecture = model
        .meta_val_str("general.architecture")
        .unwrap_or_default();
    let millions = model.n_params() as f64 / 1e6;
    let size = match millions {
        m if m >= 1000.0 => format!("{:.1}B", m / 1000.0),
        m => format!("{m:.0}M"),
    };
    let bits = model.size() as f64 * 8.0 / model.n_params().max(1) as f64;
    format!("{architecture} {size}, {bits:.1} bits a weight")
}

/// Cells of the KV cache that the free memory holds, where the system says how much that is.
pub(super) fn cells_in_memory(model: &LlamaModel) -> Option<usize> {
    let free = usize::try_from(memory_bytes()?.free).ok()?;
    Some(free / cell_bytes(model).max(1))
}

/// Bytes of one cell of the KV cache.
pub(super) fn cell_bytes(model: &LlamaModel) -> usize {
    model.n_layer() as usize * numbers_of_a_layer(model) * KV_NUMBER_BYTES
}

/// The memory of this machine, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryBytes {
    /// All of it.
    pub total: u64,
    /// What programs can have without swapping, by the system's estimate.
    pub free: u64,
}

/// The memory of this machine, where the system says how much that is.
pub fn memory_bytes() -> Option<MemoryBytes> {
    memory_in(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

/// The memory of which the system says `text`, as Linux does in `/proc/meminfo`.
fn memory_in(text: &str) -> Option<MemoryBytes> {
    let bytes = |of: &str| -> Option<u64> {
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(of)?.strip_prefix(':'))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes * 1024)
    };
    Some(MemoryBytes {
        total: bytes("MemTotal")?,
        free: bytes("MemAvailable")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_the_one_that_is_pinned() {
        let (name, version) = LIBRARY.split_once(' ').unwrap();
        let manifest = include_str!("../../../Cargo.toml");
        let line = manifest
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap();
        assert!(line.contains(&format!("\"{version}\"")), "{line}");
    }

    #[test]
    fn a_name_stands_on_one_line() {
        let check = |name: &str, want: &str| assert_eq!(on_one_line(name), want);
        check("Llama 3.2 1B", "Llama 3.2 1B");
        check("M\nwarning: all is well", "M warning: all is well");
        check(" \u{1b}\t", "");
    }

    #[test]
    fn the_memory_is_read_where_the_system_tells_it() {
        let check = |text: &str, want: Option<(u64, u64)>| {
            let want = want.map(|(total, free)| MemoryBytes { total, free });
            assert_eq!(memory_in(text), want, "{text:?}");
        };
        let linux = "MemTotal:  4 kB\nMemFree:   1 kB\nMemAvailable:    3 kB\n";
        check(linux, Some((4096, 3072)));
        check("MemTotal:  4 kB\n", None);
        check("MemTotal:  4 MB\nMemAvailable:  3 kB\n", None);
        check("", None);
    }

    #[test]
    fn another_file_has_another_key() {
        let folder = tempfile::tempdir().unwrap();
        let key_of = |bytes: &[u8]| {
            let path = folder.path().join("model");
            std::fs::write(&path, bytes).unwrap();
            key(&path, Attention::Own).unwrap()
        };
        assert_eq!(key_of(b"one"), key_of(b"one"));
        assert_ne!(key_of(b"one"), key_of(b"two"));
        assert_ne!(key_of(b"one"), key_of(b"one more"));
    }
}
