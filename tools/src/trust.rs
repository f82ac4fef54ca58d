//! The folders that their user trusts, kept in a file.
//!
//! Trust is bound to the hashes of the files that take effect in a folder: one that was
//! changed, or came later, is not trusted. Which files those are is the caller's to say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::grants::component_hash;
use crate::state_file::{self, StateError};

/// The hashes of files, by their paths inside a folder.
pub type Files = BTreeMap<String, String>;

/// The folders of one user.
#[derive(Debug)]
pub struct TrustBook {
    path: PathBuf,
    folders: BTreeMap<String, Files>,
}

/// How a folder differs from what was trusted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is as it was when it was trusted.
    Trusted,
    /// It was never trusted.
    Unknown,
    /// These files were changed, added or removed since.
    Changed(Vec<String>),
}

impl TrustBook {
    /// Opens the file at `path`; one that is not there yet is empty.
    ///
    /// # Errors
    /// A file that cannot be read, or is damaged.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        Ok(Self {
            path: path.to_owned(),
            folders: state_file::read(path)?,
        })
    }

    /// How `folder`, by its canonical path, stands with `files` in it now.
    pub fn standing(&self, folder: &str, files: &Files) -> Standing {
        let Some(known) = self.folders.get(folder) else {
            return Standing::Unknown;
        };
        let differs = |name: &&String| known.get(*name) != files.get(*name);
        let mut changed: Vec<String> = known.keys().filter(differs).cloned().collect();
        let added = files.keys().filter(|name| !known.contains_key(*name));
        changed.extend(added.cloned());
        changed.sort();
        match changed.is_empty() {
            true => Standing::Trusted,
            false => Standing::Changed(changed),
        }
    }

    /// The files that `folder` was trusted with, if it was.
    pub fn files(&self, folder: &str) -> Option<&Files> {
        self.folders.get(folder)
    }

    /// Trusts `folder` with `files` as they are.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn trust(&mut self, folder: &str, files: Files) -> Result<(), StateError> {
        self.change(|folders| {
            folders.insert(folder.to_owned(), files);
            (true, ())
        })
    }

    /// Trusts `folder` no more. `false` when it was not trusted.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn forget(&mut self, folder: &str) -> Result<bool, StateError> {
        self.change(|folders| {
            let was = folders.remove(folder).is_some();
            (was, was)
        })
    }

    /// Changes what the file has; nothing counts here that it has not.
    fn change<R>(
        &mut self,
        change: impl FnOnce(&mut BTreeMap<String, Files>) -> (bool, R),
    ) -> Result<R, StateError> {
        let (folders, said) = state_file::change(&self.path, change)?;
        self.folders = folders;
        Ok(said)
    }

    /// The folders that were trusted, by name.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.keys().map(String::as_str)
    }
}

/// The hash of a file, as the book has it.
pub fn file_hash(bytes: &[u8]) -> String {
    component_hash(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_folder_says_what_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/trust.toml");
        let files = |text: &str| -> Files {
            let pairs = text
                .split_whitespace()
                .map(|pair| pair.split_once('=').unwrap());
            pairs
                .map(|(name, text)| (name.to_owned(), file_hash(text.as_bytes())))
                .collect()
        };
        let mut book = TrustBook::open(&path).unwrap();
        book.trust("/a \"b\"", files(".mcp.json=1 x/y=2")).unwrap();
        book.trust("/empty", Files::new()).unwrap();
        let mut book = TrustBook::open(&path).unwrap();
        let check = |folder: &str, now: &str, want: Standing| {
            assert_eq!(book.standing(folder, &files(now)), want, "{folder} {now}");
        };
        let changed = |names: &[&str]| {
            Standing::Changed(names.iter().map(|name| (*name).to_owned()).collect())
        };
        check("/a \"b\"", "x/y=2 .mcp.json=1", Standing::Trusted);
        check("/a \"b\"", ".mcp.json=3 x/y=2", changed(&[".mcp.json"]));
        check("/a \"b\"", ".mcp.json=1", changed(&["x/y"]));
        check("/a \"b\"", ".mcp.json=1 a=1 x/y=1", changed(&["a", "x/y"]));
        check("/empty", "", Standing::Trusted);
        check("/empty", ".mcp.json=1", changed(&[".mcp.json"]));
        check("/a", ".mcp.json=1 x/y=2", Standing::Unknown);
        assert!(book.forget("/empty").unwrap() && !book.forget("/empty").unwrap());
        let mut book = TrustBook::open(&path).unwrap();
        assert_eq!(book.folders().collect::<Vec<_>>(), ["/a \"b\""]);
        // What another program does is kept, and what cannot be written does not count.
        let mut other = TrustBook::open(&path).unwrap();
        other.forget("/a \"b\"").unwrap();
        book.trust("/c", files("x=1")).unwrap();
        assert_eq!(book.folders().collect::<Vec<_>>(), ["/c"]);
        std::fs::write(&path, "nonsense").unwrap();
        assert!(book.trust("/d", files("x=1")).is_err());
        assert_eq!(book.standing("/d", &files("x=1")), Standing::Unknown);
    }
}
