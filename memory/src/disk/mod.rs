//! `DiskStore`: pages in SQLite, found through a tantivy index beside it.
//!
//! A folder holds `pages.sqlite` (the truth), `index/` (derived, can be deleted) and
//! `lock`. A write is acknowledged when the database has it. The index follows in
//! batches; until then a search looks at what is new in the tail (`tail.rs`). A crash
//! leaves the index behind, and the next opening brings it up to date.

mod analyzer;
mod db;
mod error;
mod finder;
mod index;
mod lock;
mod tail;
mod view;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};

use crate::error::StoreError;
use crate::page::{NewPage, Page, PageId};
use crate::rank::QUERY_TERMS_MAX;
use crate::snippet::snippet;
use crate::store::{Hit, PageSummary, Query, Stats, Store};
use crate::text;
use db::{Changes, Db};
use index::PageIndex;
use lock::WriteLock;
use view::View;

const DATABASE: &str = "pages.sqlite";
const INDEX: &str = "index";
/// Pages and bytes of text that may wait in the tail before the index takes them.
const TAIL_PAGES_MAX: usize = 256;
const TAIL_BYTES_MAX: usize = 2 << 20;

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
pub struct DiskStore {
    dir: PathBuf,
    access: Access,
    /// Unset while a store opened for reading does not exist.
    open: OnceLock<Open>,
}

struct Open {
    /// A second connection, so that reading need not wait for a long write. Closed before
    /// the first, which leaves everything in one file only if it is the last.
    reading: Mutex<Db>,
    writing: Mutex<Writing>,
    view: RwLock<Arc<View>>,
    /// Last, to be given back when all else is closed.
    _lock: Option<WriteLock>,
}

struct Writing {
    db: Db,
    index: PageIndex,
    /// What was written since the index last followed.
    waiting_pages: usize,
    waiting_bytes: usize,
}

impl DiskStore {
    /// Opens the store in the folder `dir`. An index that is missing, damaged or behind
    /// is brought up to date first; see [`DiskStore::open_with`] to watch that.
    pub fn open(dir: impl Into<PathBuf>, access: Access) -> Result<Self, StoreError> {
        Self::open_with(dir, access, &|_, _| {})
    }

    /// Opens the store in the folder `dir`; calls `progress(done, total)` for each page
    /// that has to be indexed again.
    ///
    /// Errors: `Locked` while another writes; `Corrupt` when the database is damaged (it
    /// is left as it is); `Newer`, `Full`, `Io`.
    pub fn open_with(
        dir: impl Into<PathBuf>,
        access: Access,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Self, StoreError> {
        let store = Self {
            dir: dir.into(),
            access,
            open: OnceLock::new(),
        };
        match access {
            Access::ReadWrite => {
                let open = Open::for_writing(&store.dir, progress)?;
                store.open.get_or_init(|| open);
            }
            Access::ReadOnly => {
                store.opened()?;
            }
        }
        Ok(store)
    }

    /// The folder of the store.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Builds the index anew from the database, calling `progress(done, total)` for each
    /// page. Other threads may go on searching the old one meanwhile.
    pub fn rebuild(&self, progress: &dyn Fn(u64, u64)) -> Result<(), StoreError> {
        let open = self.writable()?;
        let mut writing = open.writing.lock();
        let Writing { db, index, .. } = &mut *writing;
        index.discard();
        *index = PageIndex::build(&self.dir.join(INDEX), db, progress)?;
        open.show(&mut writing);
        Ok(())
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
}

impl Open {
    fn for_writing(dir: &Path, progress: &dyn Fn(u64, u64)) -> Result<Self, StoreError> {
        fs::create_dir_all(dir).map_err(|source| error::io("create", dir, source))?;
        let lock = WriteLock::take(dir)?;
        let (database, folder) = (dir.join(DATABASE), dir.join(INDEX));
        refuse_lost_database(&database, &folder)?;
        let mut db = Db::open(&database)?;
        let index = PageIndex::open(&folder, &db, progress)?;
        db.forget_removed()?;
        let reading = Db::open_read_only(&database)?
            .ok_or_else(|| db.corrupt("it vanished while opening"))?;
        Ok(Self::new(db, index, reading, Some(lock)))
    }

    fn for_reading(dir: &Path) -> Result<Option<Self>, StoreError> {
        let database = dir.join(DATABASE);
        let (Some(db), Some(reading)) = (
            Db::open_read_only(&database)?,
            Db::open_read_only(&database)?,
        ) else {
            return Ok(None);
        };
        let index = PageIndex::open_read_only(&dir.join(INDEX), &db)?;
        Ok(Some(Self::new(db, index, reading, None)))
    }

    fn new(db: Db, index: PageIndex, reading: Db, lock: Option<WriteLock>) -> Self {
        Self {
            view: RwLock::new(Arc::new(View::of(&index))),
            writing: Mutex::new(Writing {
                db,
                index,
                waiting_pages: 0,
                waiting_bytes: 0,
            }),
            reading: Mutex::new(reading),
            _lock: lock,
        }
    }

    /// Shows searches the index as it is now. Nothing is committed meanwhile.
    fn show(&self, writing: &mut Writing) {
        writing.waiting_pages = 0;
        writing.waiting_bytes = 0;
        *self.view.write() = Arc::new(View::of(&writing.index));
    }

    /// Lets the index follow once enough is waiting for it. Should it fail, what waits
    /// goes on waiting, and is found all the same.
    fn follow(&self, writing: &mut Writing, pages: usize, bytes: usize) {
        writing.waiting_pages += pages;
        writing.waiting_bytes += bytes;
        if writing.waiting_pages < TAIL_PAGES_MAX && writing.waiting_bytes < TAIL_BYTES_MAX {
            return;
        }
        let Writing { db, index, .. } = &mut *writing;
        if index.catch_up(db, &|_, _| {}).is_ok() {
            self.show(writing);
        }
    }

    /// A view that shows every change committed before the call.
    fn current_view(&self) -> Result<Arc<View>, StoreError> {
        let seq = self.reading.lock().head()?.seq;
        let view = self.view.read().clone();
        if view.seq >= seq {
            return Ok(view);
        }
        let followed = match self._lock {
            // The index of another process may have followed without us.
            None => {
                let mut writing = self.writing.lock();
                let Writing { db, index, .. } = &mut *writing;
                index.catch_up(db, &|_, _| {})?;
                (index.applied() > view.applied).then(|| View::of(index))
            }
            Some(_) => None,
        };
        let mut shown = self.view.write();
        let mut next = followed.unwrap_or_else(|| View::clone(&shown));
        if next.seq < seq {
            let reading = self.reading.lock();
            reading.snapshot(|| next.extend(&reading))?;
        }
        *shown = Arc::new(next);
        Ok(shown.clone())
    }
}

impl Store for DiskStore {
    fn put_all(&self, pages: Vec<NewPage>) -> Result<Vec<Page>, StoreError> {
        let open = self.writable()?;
        pages.iter().try_for_each(NewPage::check)?;
        if pages.is_empty() {
            return Ok(Vec::new());
        }
        let mut writing = open.writing.lock();
        let stored: Vec<Page> = writing.change(|changes| {
            let put = |page| changes.put(page);
            pages.into_iter().map(put).collect()
        })?;
        let bytes = stored.iter().map(|page| page.text.len()).sum();
        open.follow(&mut writing, stored.len(), bytes);
        Ok(stored)
    }

    fn get(&self, id: &PageId) -> Result<Option<Page>, StoreError> {
        self.read(|db| db.get(id))
    }

    fn search(&self, query: &Query) -> Result<Vec<Hit>, StoreError> {
        let Some(open) = self.opened()? else {
            return Ok(Vec::new());
        };
        let terms = text::query_terms(&query.text, QUERY_TERMS_MAX);
        let found = open
            .current_view()?
            .search(&terms, query)
            .map_err(|source| error::index(&self.dir.join(INDEX), source))?;
        let mut hits = Vec::with_capacity(found.len());
        for (score, id) in found {
            // A page removed since the index was asked is no hit.
            let Some(page) = open.reading.lock().get(&id)? else {
                continue;
            };
            hits.push(Hit {
                id,
                score,
                snippet: snippet(&page.text, &terms),
                title: page.title,
                source: page.source,
                trust: page.trust,
            });
        }
        Ok(hits)
    }

    fn remove(&self, id: &PageId) -> Result<bool, StoreError> {
        let open = self.writable()?;
        let mut writing = open.writing.lock();
        let removed = writing.change(|changes| changes.remove(id))?;
        open.follow(&mut writing, usize::from(removed), 0);
        Ok(removed)
    }

    fn list(&self, offset: usize, limit: usize) -> Result<Vec<PageSummary>, StoreError> {
        self.read(|db| db.list(offset, limit))
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        self.read(Db::stats)
    }
}

impl Writing {
    /// Makes changes to the database, all or none.
    fn change<T>(
        &mut self,
        make: impl FnOnce(&mut Changes) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut changes = Changes::begin(&mut self.db)?;
        let before = changes.seq();
        let made = make(&mut changes)?;
        if changes.seq() > before {
            changes.commit()?;
        }
        Ok(made)
    }
}

impl Drop for DiskStore {
    fn drop(&mut self) {
        if let Some(open) = self.open.get_mut() {
            let Writing { db, index, .. } = open.writing.get_mut();
            // What cannot follow now does at the next opening.
            let _ = index.catch_up(db, &|_, _| {});
            index.finish();
        }
    }
}

/// A database that is gone or empty beside an index that knows pages was lost, not new:
/// making another would hide the loss.
fn refuse_lost_database(database: &Path, folder: &Path) -> Result<(), StoreError> {
    let bytes = fs::metadata(database).map_or(0, |meta| meta.len());
    match index::last_change(folder) {
        Some(seq) if seq > 0 && bytes == 0 => Err(StoreError::Corrupt {
            path: database.to_owned(),
            detail: "it is missing or empty, while the index beside it knows of pages".into(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
