//! `DiskStore`: pages in SQLite, found through a tantivy index beside it.
//!
//! A folder holds `pages.sqlite` (the truth), `index/` (derived, can be deleted) and
//! `lock`. A write is acknowledged when the database has it. The index follows in
//! batches; until then a search looks at what is new in the tail (`tail.rs`). A crash
//! leaves the index behind, and the next opening brings it up to date.
//!
//! | file | job |
//! | --- | --- |
//! | `open`, `lock` | an open store; one writer at a time |
//! | `db/` | the database |
//! | `files` | which file was imported when |
//! | `index`, `analyzer`, `sound` | the index, its terms, and whether its files are sound |
//! | `tail`, `view` | what the index does not know yet, and both as a search sees them |
//! | `search`, `finder`, `meaning` | a search, by words and by meaning |
//! | `vectors` | pages that have none are given theirs |
//! | `error` | what can go wrong below |

mod analyzer;
mod db;
mod error;
mod files;
mod finder;
mod index;
mod lock;
mod meaning;
mod open;
mod search;
mod sound;
mod tail;
mod vectors;
mod view;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use self::error::is_full_disk;
pub use self::files::ImportedFile;
use crate::error::StoreError;
use crate::page::{NewPage, Page, PageId};
use crate::private;
use crate::space::Space;
use crate::store::{Hit, Mode, PageSummary, Query, Share, Stats, Store};
use crate::vector::Embedder;
use db::Db;
use meaning::Meaning;
use open::Open;

const DATABASE: &str = "pages.sqlite";
const INDEX: &str = "index";

/// How a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// For reading and writing: one at a time, made if it does not exist.
    ReadWrite,
    /// For reading, beside any number of others and one writer. A store that does not
    /// exist yet is empty, and is not made.
    ReadOnly,
}

/// A store in a folder.
///
/// What reads fails where the files are damaged or cannot be read ([`StoreError::Corrupt`],
/// [`StoreError::Io`], [`StoreError::Backend`]), what writes also where the disk is full
/// ([`StoreError::Full`]); a method names what else can go wrong.
pub struct DiskStore {
    dir: PathBuf,
    access: Access,
    /// Unset while a store opened for reading does not exist.
    open: OnceLock<Open>,
    meaning: Option<Meaning>,
    screen: Option<Screen>,
}

/// What a text becomes before it is stored; `None` where it stays as it is.
pub type Screen = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

impl DiskStore {
    /// Opens the store in the folder `dir`. An index that is missing, damaged or behind
    /// is brought up to date first; see [`DiskStore::open_with`] to watch that.
    ///
    /// # Errors
    /// As of [`DiskStore::open_with`].
    pub fn open(dir: impl Into<PathBuf>, access: Access) -> Result<Self, StoreError> {
        Self::open_with(dir, access, Duration::ZERO, &|_, _| {})
    }

    /// Opens the store in the folder `dir`; waits no longer than `patience` for another
    /// writer, and calls `progress(done, total)` for each page that has to be indexed again.
    ///
    /// # Errors
    /// `Locked` where another still writes; `Corrupt` when the database is damaged (it
    /// is left as it is); `Newer`, `Older`, `Full`, `Io`.
    pub fn open_with(
        dir: impl Into<PathBuf>,
        access: Access,
        patience: Duration,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Self, StoreError> {
        let store = Self {
            dir: dir.into(),
            access,
            open: OnceLock::new(),
            meaning: None,
            screen: None,
        };
        match access {
            Access::ReadWrite => {
                let open = Open::for_writing(&store.dir, patience, progress)?;
                store.open.get_or_init(|| open);
            }
            Access::ReadOnly => {
                store.opened()?;
            }
        }
        Ok(store)
    }

    /// Lets every title, text and source pass `screen` before it is stored.
    #[must_use]
    pub fn with_screen(mut self, screen: Screen) -> Self {
        self.screen = Some(screen);
        self
    }

    /// `pages` as they are stored, if they may be.
    fn checked(&self, mut pages: Vec<NewPage>) -> Result<Vec<NewPage>, StoreError> {
        if let Some(screen) = &self.screen {
            for page in &mut pages {
                for text in [&mut page.title, &mut page.text, &mut page.source] {
                    if let Some(clean) = screen(text) {
                        *text = clean;
                    }
                }
            }
        }
        pages.iter().try_for_each(NewPage::check)?;
        Ok(pages)
    }

    /// Gives the store a function that turns texts into vectors, so that it finds pages by
    /// meaning too. Where it may write, pages without a vector of this embedder get one
    /// first, with `progress(done, total)` after some of them.
    ///
    /// # Errors
    /// `Embedder`, and those of writing. The store is as it was then.
    pub fn with_embedder(
        self,
        embedder: Arc<dyn Embedder>,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Self, StoreError> {
        let store = self.with_embedders(vec![embedder], 0)?;
        if store.access == Access::ReadWrite {
            store.give_vectors(progress)?;
        }
        Ok(store)
    }

    /// As [`DiskStore::with_embedder`], with the first of `embedders` (without one nothing
    /// changes), but when more than `at_once` pages have no vector of it, it is left at that
    /// until [`DiskStore::give_vectors`], which may take long. Meanwhile pages are found by the
    /// vectors that the others made before, and by their words.
    ///
    /// # Errors
    /// As of [`DiskStore::with_embedder`].
    pub fn with_embedders(
        mut self,
        embedders: Vec<Arc<dyn Embedder>>,
        at_once: u64,
    ) -> Result<Self, StoreError> {
        let Some(first) = embedders.first() else {
            return Ok(self);
        };
        let writes = self.access == Access::ReadWrite;
        let open = self.opened()?;
        if let Some(open) = open.filter(|_| writes) {
            vectors::prepare(&mut open.writing.lock(), first.as_ref())?;
        }
        let missing = match open {
            Some(open) => vectors::missing(&open.reading.lock(), first.as_ref())?,
            None => Some(u64::MAX),
        };
        let meaning = Meaning::new(embedders, missing.is_none());
        if let Some(open) = open {
            meaning.see_others(&open.reading.lock())?;
        }
        self.meaning = Some(meaning);
        if missing.is_some_and(|pages| writes && pages <= at_once) {
            self.give_vectors(&|_, _| {})?;
        }
        Ok(self)
    }

    /// Leaves pages without vectors from now on, until [`DiskStore::give_vectors`]: many are
    /// stored sooner, and nothing is lost of them when that is stopped.
    pub fn defer_vectors(&self) {
        if let Some(meaning) = &self.meaning {
            meaning.deferred();
        }
    }

    /// Gives every page that has none a vector of the store's embedder, calling
    /// `progress(done, total)` before the first and after some of them. Nothing to do
    /// without an embedder.
    ///
    /// # Errors
    /// `Embedder`, and those of writing; what was done by then is kept.
    pub fn give_vectors(&self, progress: &dyn Fn(u64, u64)) -> Result<(), StoreError> {
        let open = self.writable()?;
        match self.meaning.as_ref().filter(|found| !found.is_complete()) {
            Some(meaning) => vectors::give(open, meaning, progress),
            None => Ok(()),
        }
    }

    /// How many pages have no vector of the store's embedder, and wait for
    /// [`DiskStore::give_vectors`]; zero without an embedder.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn without_vectors(&self) -> Result<u64, StoreError> {
        match (&self.meaning, self.opened()?) {
            (Some(meaning), Some(open)) if !meaning.is_complete() => {
                let missing = vectors::missing(&open.reading.lock(), meaning.embedder())?;
                Ok(missing.unwrap_or(0))
            }
            _ => Ok(0),
        }
    }

    /// How a search of `mode` is done here: [`Mode::Best`] becomes one of the others.
    pub fn mode(&self, mode: Mode) -> Mode {
        let finds = self.meaning.as_ref().map(Meaning::finds);
        match (mode, finds) {
            (Mode::Best | Mode::Hybrid, Some(true)) => Mode::Hybrid,
            (Mode::Best | Mode::Hybrid, _) => Mode::Lexical,
            (mode, _) => mode,
        }
    }

    /// Whether it was given an embedder.
    pub fn has_embedder(&self) -> bool {
        self.meaning.is_some()
    }

    /// The folder of the store.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Builds the index anew from the database, calling `progress(done, total)` for each
    /// page. Other threads may go on searching the old one meanwhile.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], and those of writing.
    pub fn rebuild(&self, progress: &dyn Fn(u64, u64)) -> Result<(), StoreError> {
        self.writable()?.rebuild(&self.dir.join(INDEX), progress)
    }

    /// Leaves no trace of removed pages, of earlier contents of replaced ones and of their
    /// words and vectors in the files of the store. Takes as long as rewriting the parts
    /// of the index that held them.
    ///
    /// # Errors
    /// `Lingers` while another process reads an old state.
    pub fn purge(&self) -> Result<(), StoreError> {
        let open = self.writable()?;
        if let Some(meaning) = &self.meaning {
            meaning.drop_tables();
        }
        match open.purge()? {
            true => Ok(()),
            false => Err(StoreError::Lingers {
                path: self.dir.clone(),
            }),
        }
    }

    /// What is open; `None` while a store opened for reading does not exist.
    fn opened(&self) -> Result<Option<&Open>, StoreError> {
        if let Some(open) = self.open.get() {
            return Ok(Some(open));
        }
        let made = Open::for_reading(&self.dir)?;
        // Another thread may have been faster; then its work is as good.
        Ok(made.map(|made| self.open.get_or_init(|| made)))
    }

    fn writable(&self) -> Result<&Open, StoreError> {
        match (self.access, self.open.get()) {
            (Access::ReadWrite, Some(open)) => Ok(open),
            _ => Err(StoreError::ReadOnly {
                path: self.dir.clone(),
            }),
        }
    }

    fn read<T: Default>(
        &self,
        read: impl FnOnce(&Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.opened()? {
            Some(open) => read(&open.reading.lock()),
            None => Ok(T::default()),
        }
    }

    /// The vectors of `pages`, unless they are to be given later.
    fn vectors(&self, pages: &[NewPage]) -> Result<Vec<crate::vector::Packed>, StoreError> {
        let Some(meaning) = self.meaning.as_ref().filter(|found| found.gives()) else {
            return Ok(Vec::new());
        };
        let texts = pages
            .iter()
            .map(|page| (page.title.as_str(), page.text.as_str()));
        Meaning::of(meaning.embedder(), texts)
    }
}

impl Store for DiskStore {
    fn put_all(&self, pages: Vec<NewPage>) -> Result<Vec<Page>, StoreError> {
        let open = self.writable()?;
        let pages = self.checked(pages)?;
        if pages.is_empty() {
            return Ok(Vec::new());
        }
        let vectors = self.vectors(&pages)?;
        open.put_all(pages, vectors, None)
    }

    fn put_within(&self, page: NewPage, quota: Share) -> Result<Page, StoreError> {
        let open = self.writable()?;
        let pages = self.checked(vec![page])?;
        let vectors = self.vectors(&pages)?;
        let mut stored = open.put_all(pages, vectors, Some(quota))?;
        Ok(stored.pop().expect("one page in, one page out"))
    }

    fn spaces(&self) -> Result<BTreeMap<Space, Share>, StoreError> {
        self.read(Db::spaces)
    }

    fn memories(&self, space: &Space, limit: usize) -> Result<Vec<Page>, StoreError> {
        self.read(|db| db.memories(space, limit))
    }

    fn get(&self, id: &PageId) -> Result<Option<Page>, StoreError> {
        self.read(|db| db.get(id))
    }

    fn history(&self, id: &PageId) -> Result<Vec<Page>, StoreError> {
        self.read(|db| db.history(id))
    }

    fn search(&self, query: &Query) -> Result<Vec<Hit>, StoreError> {
        match self.opened()? {
            Some(open) => self.hits(open, query),
            None => Ok(Vec::new()),
        }
    }

    fn remove(&self, id: &PageId) -> Result<bool, StoreError> {
        self.writable()?.remove(id)
    }

    fn list(&self, offset: usize, limit: usize) -> Result<Vec<PageSummary>, StoreError> {
        self.read(|db| db.list(offset, limit))
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        self.read(Db::stats)
    }
}

impl Drop for DiskStore {
    fn drop(&mut self) {
        if let Some(open) = self.open.get_mut() {
            open.finish();
            if self.access == Access::ReadWrite {
                // The index's library makes files that others may read.
                private::close_all(&self.dir);
            }
        }
    }
}

#[cfg(test)]
mod tests;
