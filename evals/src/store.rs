//! A store for one suite, in a folder that goes with it.

use anyhow::Result;
use quipu_memory::{Access, DiskStore, Kind, NewPage, Query, Store, Trust};
use tempfile::TempDir;

/// Pages written at once.
const BATCH: usize = 1_000;

/// A store and its folder.
pub struct Shelf {
    pub store: DiskStore,
    /// Removed when dropped, after the store.
    _folder: TempDir,
}

impl Shelf {
    /// An empty store.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = DiskStore::open(folder.path().join("store"), Access::ReadWrite)?;
        Ok(Self {
            store,
            _folder: folder,
        })
    }

    /// A store with `pages`.
    pub fn with(pages: impl IntoIterator<Item = NewPage>) -> Result<Self> {
        let shelf = Self::new()?;
        let mut pages = pages.into_iter().peekable();
        while pages.peek().is_some() {
            shelf.store.put_all(pages.by_ref().take(BATCH).collect())?;
        }
        Ok(shelf)
    }

    /// The ids found by `query`, best first.
    pub fn ids(&self, query: &Query) -> Result<Vec<String>> {
        let hits = self.store.search(query)?;
        Ok(hits.into_iter().map(|hit| hit.id.to_string()).collect())
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
