//! A store for one suite, in a folder that goes with it.

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::Result;
use quipu_cpu::embed::StaticEmbedder;
use quipu_cpu::llama::LlamaEmbedder;
use quipu_kernel::Vectors;
use quipu_memory::{Access, DiskStore, Embedder, Kind, Mode, NewPage, Query, Store, Trust};
use tempfile::TempDir;

use crate::Args;
use crate::vector_cache::Kept;

/// Pages written at once.
const BATCH: usize = 1_000;

/// A store and its folder.
pub struct Shelf {
    pub store: DiskStore,
    /// Removed when dropped, after the store.
    _folder: TempDir,
}

impl Shelf {
    /// An empty store, with the embedder that the arguments name.
    pub fn new(args: &Args) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut store = DiskStore::open(folder.path().join("store"), Access::ReadWrite)?;
        if let Some(path) = &args.embedder {
            store = store.with_embedder(embedder(args, path)?, &|_, _| {})?;
        }
        Ok(Self {
            store,
            _folder: folder,
        })
    }

    /// A store with `pages`.
    pub fn with(args: &Args, pages: impl IntoIterator<Item = NewPage>) -> Result<Self> {
        let shelf = Self::new(args)?;
        let mut pages = pages.into_iter().peekable();
        while pages.peek().is_some() {
            shelf.store.put_all(pages.by_ref().take(BATCH).collect())?;
        }
        Ok(shelf)
    }

    /// The store closed and opened again, without an embedder; and how long that took, in
    /// seconds: to close it, to open it for writing, and beside it for reading.
    pub fn reopened(self) -> Result<(Self, [f64; 3])> {
        let Self { store, _folder } = self;
        let dir = store.dir().to_owned();
        let begun = Instant::now();
        drop(store);
        let closed = begun.elapsed();
        let begun = Instant::now();
        let store = DiskStore::open(&dir, Access::ReadWrite)?;
        let opened = begun.elapsed();
        let begun = Instant::now();
        drop(DiskStore::open(&dir, Access::ReadOnly)?);
        let beside = begun.elapsed();
        let took = [closed, opened, beside].map(|took| took.as_secs_f64());
        Ok((Self { store, _folder }, took))
    }

    /// The size of the store on the disk once it is closed, in bytes.
    pub fn closed_size(self) -> Result<u64> {
        let Self { store, _folder } = self;
        let dir = store.dir().to_owned();
        drop(store);
        size(&dir)
    }

    /// The ids found by `query`, best first.
    pub fn ids(&self, query: &Query) -> Result<Vec<String>> {
        let hits = self.store.search(query)?;
        Ok(hits.into_iter().map(|hit| hit.id.to_string()).collect())
    }
}

/// Bytes of all files below `dir`.
pub fn size(dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        bytes += match meta.is_dir() {
            true => size(&entry.path())?,
            false => meta.len(),
        };
    }
    Ok(bytes)
}

/// The embedding model at `path`, read once: a GGUF file, or the folder of a static one.
pub fn embedder(args: &Args, path: &Path) -> Result<Arc<dyn Embedder>> {
    static OPEN: OnceLock<Arc<dyn Embedder>> = OnceLock::new();
    if let Some(open) = OPEN.get() {
        return Ok(open.clone());
    }
    let open: Arc<dyn Embedder> = match path.is_dir() {
        true => Arc::new(Vectors(StaticEmbedder::open(path, "evals")?)),
        false => Arc::new(Vectors(LlamaEmbedder::load(path, "evals", args.threads)?)),
    };
    let open = match &args.vectors {
        Some(file) => Arc::new(Kept::open(open, file)?),
        None => open,
    };
    Ok(OPEN.get_or_init(|| open).clone())
}

/// The ways of searching that can be measured.
pub fn modes(args: &Args) -> &'static [Mode] {
    match args.embedder {
        Some(_) => &[Mode::Lexical, Mode::Semantic, Mode::Hybrid],
        None => &[Mode::Lexical],
    }
}

/// A mode as it is written.
pub fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Best => "best",
        Mode::Lexical => "lexical",
        Mode::Semantic => "semantic",
        Mode::Hybrid => "hybrid",
    }
}

/// A document called `id`.
pub fn page(id: &str, title: &str, text: &str) -> NewPage {
    NewPage {
        id: Some(id.into()),
        kind: Kind::Document,
        title: title.to_owned(),
        text: text.to_owned(),
        source: "evals".into(),
        trust: Trust::User,
        ..NewPage::default()
    }
}
