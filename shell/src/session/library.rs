//! What commands need of a store beside its pages: the files they came from, their vectors, and
//! its upkeep.
//!
//! A store that this program has opened is a library. So is the store of the machine that runs
//! on this root in another program (`service/lent`). No command knows which one it has.

use quipu_memory::{DiskStore, ImportedFile, Mode, NewPage, Store, StoreError};
use serde::{Deserialize, Serialize};

/// Hears how far long work is: what is done, and the whole.
pub type Progress<'a> = &'a dyn Fn(u64, u64);

/// How far pages are found by their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// There is no embedding model.
    NoModel,
    /// There is one, and this many pages have no vector of it.
    Incomplete(u64),
    /// This many pages have no vector of it, and meanwhile are found by those of another model.
    Changing(u64),
    /// Every page has a vector.
    Complete,
}

/// A store with what belongs to it. The methods do what those of [`DiskStore`] with the same
/// names do, and fail as they do.
pub trait Library: Store {
    /// The file of this path as it was imported; `None` if it was not.
    fn file(&self, path: &str) -> Result<Option<ImportedFile>, StoreError>;

    /// The paths of all imported files that begin with `prefix`, in order.
    fn files_below(&self, prefix: &str) -> Result<Vec<String>, StoreError>;

    /// Stores the pages of a file in place of those it had before; says how many.
    fn put_file(&self, file: &ImportedFile, pages: Vec<NewPage>) -> Result<usize, StoreError>;

    /// Notes that a file whose pages are stored has other dates now.
    fn note_file(&self, file: &ImportedFile) -> Result<(), StoreError>;

    /// Removes a file's pages and what is known of it; says how many pages it had.
    fn remove_file(&self, path: &str) -> Result<usize, StoreError>;

    /// How far pages are found by their meaning now.
    fn meaning(&self) -> Result<Meaning, StoreError>;

    /// Leaves pages without vectors from now on, until [`Library::give_vectors`].
    fn defer_vectors(&self) -> Result<(), StoreError>;

    /// Gives every page that has none its vector.
    fn give_vectors(&self, progress: Progress) -> Result<(), StoreError>;

    /// Builds the index anew from the pages.
    fn rebuild(&self, progress: Progress) -> Result<(), StoreError>;

    /// Leaves no trace of removed pages in the files of the store.
    fn purge(&self) -> Result<(), StoreError>;
}

impl Library for DiskStore {
    fn file(&self, path: &str) -> Result<Option<ImportedFile>, StoreError> {
        DiskStore::file(self, path)
    }

    fn files_below(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        DiskStore::files_below(self, prefix)
    }

    fn put_file(&self, file: &ImportedFile, pages: Vec<NewPage>) -> Result<usize, StoreError> {
        DiskStore::put_file(self, file, pages).map(|stored| stored.len())
    }

    fn note_file(&self, file: &ImportedFile) -> Result<(), StoreError> {
        DiskStore::note_file(self, file)
    }

    fn remove_file(&self, path: &str) -> Result<usize, StoreError> {
        DiskStore::remove_file(self, path)
    }

    fn meaning(&self) -> Result<Meaning, StoreError> {
        if !self.has_embedder() {
            return Ok(Meaning::NoModel);
        }
        Ok(match (self.mode(Mode::Hybrid), self.without_vectors()?) {
            (Mode::Hybrid, 0) => Meaning::Complete,
            (Mode::Hybrid, pages) => Meaning::Changing(pages),
            (_, pages) => Meaning::Incomplete(pages),
        })
    }

    fn defer_vectors(&self) -> Result<(), StoreError> {
        DiskStore::defer_vectors(self);
        Ok(())
    }

    fn give_vectors(&self, progress: Progress) -> Result<(), StoreError> {
        DiskStore::give_vectors(self, progress)
    }

    fn rebuild(&self, progress: Progress) -> Result<(), StoreError> {
        DiskStore::rebuild(self, progress)
    }

    fn purge(&self) -> Result<(), StoreError> {
        DiskStore::purge(self)
    }
}
