//! An open store: one connection that writes, one that reads, and what a search sees.

use std::fs;
use std::mem;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};

use super::db::{Changes, Db};
use super::index::{self, PageIndex};
use super::lock::WriteLock;
use super::view::View;
use super::{DATABASE, INDEX, error};
use crate::error::StoreError;
use crate::page::{NewPage, Page, PageId};
use crate::private;
use crate::store::Share;
use crate::vector::Packed;

/// Pages and bytes of text that may wait in the tail before the index takes them.
const TAIL_PAGES_MAX: usize = 256;
const TAIL_BYTES_MAX: usize = 2 << 20;

pub(super) struct Open {
    /// A second connection, so that reading need not wait for a long write. Closed before
    /// the first, which leaves everything in one file only if it is the last.
    pub(super) reading: Mutex<Db>,
    pub(super) writing: Mutex<Writing>,
    /// Writes of threads that wait for `writing`; whoever has it does them all at once.
    queue: Mutex<Vec<Job>>,
    view: RwLock<Arc<View>>,
    /// Last, to be given back when all else is closed.
    lock: Option<WriteLock>,
}

pub(super) struct Writing {
    pub(super) db: Db,
    index: PageIndex,
    /// What was written since the index last followed.
    waiting_pages: usize,
    waiting_bytes: usize,
}

/// Pages to be put, and where to leave what became of them.
struct Job {
    pages: Vec<NewPage>,
    /// One for each page, or none at all.
    vectors: Vec<Packed>,
    /// What the memories of their space may take; `None` for anything.
    quota: Option<Share>,
    done: Arc<Mutex<Option<Done>>>,
}

type Done = Result<Vec<Page>, StoreError>;

impl Open {
    pub(super) fn for_writing(
        dir: &Path,
        patience: Duration,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Self, StoreError> {
        private::folder(dir).map_err(|source| error::io("create", dir, source))?;
        let lock = WriteLock::take(dir, patience)?;
        let (database, folder) = (dir.join(DATABASE), dir.join(INDEX));
        refuse_lost_database(&database, &folder)?;
        private::file(&database).map_err(|source| error::io("open", &database, source))?;
        let mut db = Db::open(&database)?;
        // SQLite syncs the name of its log where it makes one, not where one that was killed did.
        private::sync_name(&database).map_err(|source| error::io("sync", dir, source))?;
        let index = PageIndex::open(&folder, &db, progress)?;
        index.note_sound();
        private::close_all(dir);
        db.forget_removed()?;
        let reading = Db::open_read_only(&database)?
            .ok_or_else(|| db.corrupt("it vanished while opening"))?;
        Ok(Self::new(db, index, reading, Some(lock)))
    }

    pub(super) fn for_reading(dir: &Path) -> Result<Option<Self>, StoreError> {
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
            queue: Mutex::default(),
            lock,
        }
    }

    /// Puts pages, together with those of other threads that are waiting to: they share
    /// one wait for the disk.
    pub(super) fn put_all(
        &self,
        pages: Vec<NewPage>,
        vectors: Vec<Packed>,
        quota: Option<Share>,
    ) -> Done {
        let done = Arc::default();
        self.queue.lock().push(Job {
            pages,
            vectors,
            quota,
            done: Arc::clone(&done),
        });
        let mut writing = self.writing.lock();
        if let Some(done) = done.lock().take() {
            return done;
        }
        let jobs = mem::take(&mut *self.queue.lock());
        let (pages, bytes) = writing.put_together(jobs);
        self.follow(&mut writing, pages, bytes);
        drop(writing);
        let done = done.lock().take();
        done.expect("it was in the queue, and all that was there is done")
    }

    pub(super) fn remove(&self, id: &PageId) -> Result<bool, StoreError> {
        let mut writing = self.writing.lock();
        let removed = writing.change(|changes| changes.forget(id))?;
        self.follow(&mut writing, usize::from(removed), 0);
        Ok(removed)
    }

    /// Makes changes, of which `pages` pages with `bytes` bytes of text come to the index.
    pub(super) fn change<T>(
        &self,
        make: impl FnOnce(&mut Changes) -> Result<T, StoreError>,
        size: impl FnOnce(&T) -> (usize, usize),
    ) -> Result<T, StoreError> {
        let mut writing = self.writing.lock();
        let made = writing.change(make)?;
        let (pages, bytes) = size(&made);
        self.follow(&mut writing, pages, bytes);
        Ok(made)
    }

    pub(super) fn rebuild(
        &self,
        folder: &Path,
        progress: &dyn Fn(u64, u64),
    ) -> Result<(), StoreError> {
        let mut writing = self.writing.lock();
        let Writing { db, index, .. } = &mut *writing;
        index.discard();
        *index = PageIndex::build(folder, db, progress)?;
        self.show(&mut writing);
        Ok(())
    }

    /// Overwrites what was removed; says whether the last of it is gone.
    pub(super) fn purge(&self) -> Result<bool, StoreError> {
        let mut writing = self.writing.lock();
        let Writing { db, index, .. } = &mut *writing;
        index.catch_up(db, &|_, _| {})?;
        index.purge()?;
        db.forget_all_removed()?;
        self.show(&mut writing);
        writing.db.checkpoint()
    }

    /// Brings the index up to date and waits for its threads.
    pub(super) fn finish(&mut self) {
        let Writing { db, index, .. } = self.writing.get_mut();
        if self.lock.is_some() {
            // What cannot follow now does at the next opening.
            let _ = index.catch_up(db, &|_, _| {});
        }
        index.finish();
        if self.lock.is_some() {
            index.note_sound();
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
    pub(super) fn current_view(&self) -> Result<Arc<View>, StoreError> {
        let seq = self.reading.lock().head()?.seq;
        let view = self.view.read().clone();
        if view.seq >= seq {
            return Ok(view);
        }
        let followed = match self.lock {
            Some(_) => None,
            // The index of another process may have followed without us.
            None => {
                let mut writing = self.writing.lock();
                let Writing { db, index, .. } = &mut *writing;
                index.catch_up(db, &|_, _| {})?;
                (index.applied() > view.applied).then(|| View::of(index))
            }
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

impl Writing {
    /// Makes changes to the database, all or none.
    pub(super) fn change<T>(
        &mut self,
        make: impl FnOnce(&mut Changes) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut changes = Changes::begin(&mut self.db)?;
        let made = make(&mut changes)?;
        changes.commit()?;
        Ok(made)
    }

    /// Does `jobs` in one transaction; should that fail, each in its own, so that none
    /// fails for the fault of another. Returns the pages and bytes of text put.
    fn put_together(&mut self, mut jobs: Vec<Job>) -> (usize, usize) {
        let together = match jobs.as_slice() {
            [_, _, ..] => self.change(|changes| jobs.iter().map(|job| put(changes, job)).collect()),
            _ => Ok(Vec::new()),
        };
        let together: Vec<Vec<Page>> = together.unwrap_or_default();
        let mut results = together.into_iter().map(Ok);
        let (mut pages, mut bytes) = (0, 0);
        for job in jobs.drain(..) {
            let done = match results.next() {
                Some(done) => done,
                None => self.change(|changes| put(changes, &job)),
            };
            if let Ok(stored) = &done {
                pages += stored.len();
                bytes += stored.iter().map(|page| page.text.len()).sum::<usize>();
            }
            *job.done.lock() = Some(done);
        }
        (pages, bytes)
    }
}

fn put(changes: &mut Changes, job: &Job) -> Done {
    match (job.quota, job.pages.first()) {
        (Some(quota), Some(first)) => {
            let before = changes.share(&first.space)?;
            let stored = put_pages(changes, job)?;
            quota.admit(&first.space, before, changes.share(&first.space)?)?;
            Ok(stored)
        }
        _ => put_pages(changes, job),
    }
}

fn put_pages(changes: &mut Changes, job: &Job) -> Done {
    let mut vectors = job.vectors.iter();
    let put = |page: &NewPage| {
        let stored = changes.put(page.clone())?;
        if let Some(vector) = vectors.next() {
            changes.put_vector(vector)?;
        }
        Ok(stored)
    };
    job.pages.iter().map(put).collect()
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
