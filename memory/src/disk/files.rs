//! Documents brought in from files: which file was read when, so that an unchanged one
//! need not be read again, and one that is gone can be removed.

use serde::{Deserialize, Serialize};

use super::DiskStore;
use crate::error::StoreError;
use crate::page::{NewPage, Page};

/// A file as it was when it was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedFile {
    /// Its absolute path: the `of` of its pages' places.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// When it was last modified: nanoseconds since 1970, UTC.
    pub modified_ns: i64,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
}

impl DiskStore {
    /// The file of this path as it was imported; `None` if it was not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn file(&self, path: &str) -> Result<Option<ImportedFile>, StoreError> {
        self.read(|db| db.file(path))
    }

    /// The paths of all imported files that begin with `prefix`, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn files_below(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.read(|db| db.files_below(prefix))
    }

    /// Stores the pages of a file in place of those it had before, all or nothing. Each
    /// page's place has to be a part of `file.path`.
    ///
    /// # Errors
    /// Those of `Store::put`; then nothing has changed.
    pub fn put_file(
        &self,
        file: &ImportedFile,
        pages: Vec<NewPage>,
    ) -> Result<Vec<Page>, StoreError> {
        let open = self.writable()?;
        let pages = self.checked(pages)?;
        let vectors = self.vectors(&pages)?;
        open.change(
            |changes| {
                changes.remove_parts(&file.path, pages.len())?;
                let mut vectors = vectors.iter();
                let mut stored = Vec::with_capacity(pages.len());
                for page in pages {
                    stored.push(changes.put(page)?);
                    if let Some(vector) = vectors.next() {
                        changes.put_vector(vector)?;
                    }
                }
                changes.put_file(file, stored.len())?;
                Ok(stored)
            },
            |stored| {
                let bytes = stored.iter().map(|page: &Page| page.text.len()).sum();
                (stored.len(), bytes)
            },
        )
    }

    /// Notes that a file whose pages are stored has other dates now.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], and those of writing.
    pub fn note_file(&self, file: &ImportedFile) -> Result<(), StoreError> {
        let open = self.writable()?;
        open.change(|changes| changes.note_file(file), |()| (0, 0))
    }

    /// Removes a file's pages and what is known of it; says how many pages it had.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], and those of writing.
    pub fn remove_file(&self, path: &str) -> Result<usize, StoreError> {
        let open = self.writable()?;
        let remove = |changes: &mut super::db::Changes| {
            let removed = changes.remove_parts(path, 0)?;
            changes.forget_file(path)?;
            Ok(removed)
        };
        open.change(remove, |removed| (*removed, 0))
    }
}
