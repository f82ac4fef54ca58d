//! Vectors that were computed before: one file for one model.
//!
//! The file is a row of entries: 32 bytes of SHA-256 over the kind of text and the text, four of
//! length, and so many numbers of four bytes, all little-endian. A cut one at the end is left out.

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use quipu_memory::Embedder;
use sha2::{Digest, Sha256};

type Key = [u8; 32];
type Vectors = Result<Vec<Vec<f32>>, Box<dyn Error + Send + Sync>>;

/// An embedder that computes only what it has not computed before.
pub struct Kept {
    embedder: Arc<dyn Embedder>,
    state: Mutex<(HashMap<Key, Vec<f32>>, File)>,
}

impl Kept {
    /// `embedder` with what the file at `path` has of it.
    pub fn open(embedder: Arc<dyn Embedder>, path: &Path) -> Result<Self> {
        let bytes = fs::read(path).unwrap_or_default();
        let (known, whole) = read(&bytes);
        let file = File::options().create(true).append(true).open(path)?;
        file.set_len(whole as u64)?;
        Ok(Self {
            embedder,
            state: Mutex::new((known, file)),
        })
    }

    /// The vectors of `texts` of a kind, of which `compute` gives those that are not known.
    fn of(&self, kind: &str, texts: &[&str], compute: &dyn Fn(&[&str]) -> Vectors) -> Vectors {
        let key = |text: &str| -> Key { Sha256::digest(format!("{kind}\0{text}")).into() };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, file) = &mut *state;
        let unknown = texts.iter().filter(|text| !known.contains_key(&key(text)));
        let unknown: Vec<&str> = unknown.copied().collect();
        for (text, vector) in unknown.iter().zip(compute(&unknown)?) {
            let mut entry = key(text).to_vec();
            entry.extend((vector.len() as u32).to_le_bytes());
            entry.extend(vector.iter().flat_map(|number| number.to_le_bytes()));
            file.write_all(&entry)?;
            known.insert(key(text), vector);
        }
        let of = |text: &&str| known.get(&key(text)).cloned();
        let all: Option<Vec<_>> = texts.iter().map(of).collect();
        all.ok_or_else(|| "a text got no vector".into())
    }
}

/// The entries of `bytes`, and how many bytes the whole ones take.
fn read(bytes: &[u8]) -> (HashMap<Key, Vec<f32>>, usize) {
    let mut known = HashMap::new();
    let mut rest = bytes;
    while let Some((key, after)) = rest.split_first_chunk::<32>() {
        let Some((len, after)) = after.split_first_chunk::<4>() else {
            break;
        };
        let Some((numbers, after)) = after.split_at_checked(4 * u32::from_le_bytes(*len) as usize)
        else {
            break;
        };
        let numbers = numbers.as_chunks::<4>().0.iter();
        known.insert(*key, numbers.map(|n| f32::from_le_bytes(*n)).collect());
        rest = after;
    }
    (known, bytes.len() - rest.len())
}

impl Embedder for Kept {
    fn name(&self) -> &str {
        self.embedder.name()
    }

    fn embed(&self, texts: &[&str]) -> Vectors {
        self.of("text", texts, &|texts| self.embedder.embed(texts))
    }

    fn embed_query(&self, text: &str) -> Result<Vec<f32>, Box<dyn Error + Send + Sync>> {
        let one = |texts: &[&str]| -> Vectors {
            let vectors = texts.iter().map(|text| self.embedder.embed_query(text));
            vectors.collect()
        };
        let mut vectors = self.of("query", &[text], &one)?;
        vectors
            .pop()
            .ok_or_else(|| "no vector for the query".into())
    }

    fn floor(&self) -> f32 {
        self.embedder.floor()
    }
}
