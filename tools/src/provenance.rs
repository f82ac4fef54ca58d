//! Where the installed tools came from, kept in a file: so that a tool is not replaced by
//! another one of its name unnoticed, nor a reference that came to lead elsewhere taken
//! for the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::state_file::{self, StateError};

/// The origins of one user's tools.
#[derive(Debug)]
pub struct ProvenanceBook {
    path: PathBuf,
    kept: Kept,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// By the name of a tool.
    tools: BTreeMap<String, Origin>,
    /// The digest of each reference to a registry when it was first followed.
    locked: BTreeMap<String, String>,
}

/// Where a tool came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// What stays the same from version to version: a path, or a repository.
    pub source: String,
    /// The hash of the component.
    pub component: String,
}

impl ProvenanceBook {
    /// Opens the file at `path`; one that is not there yet is empty.
    ///
    /// # Errors
    /// A file that cannot be read, or is damaged.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        Ok(Self {
            path: path.to_owned(),
            kept: state_file::read(path)?,
        })
    }

    /// Where the tool `name` came from, if that was noted.
    pub fn origin(&self, name: &str) -> Option<&Origin> {
        self.kept.tools.get(name)
    }

    /// The digest that `reference` had when it was last agreed to.
    pub fn locked(&self, reference: &str) -> Option<&str> {
        self.kept.locked.get(reference).map(String::as_str)
    }

    /// Notes that the tool `name` comes from `origin`; `reference` is what was followed to
    /// it, with its digest.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn note(
        &mut self,
        name: &str,
        origin: Origin,
        reference: Option<(&str, &str)>,
    ) -> Result<(), StateError> {
        self.change(|kept| {
            kept.tools.insert(name.to_owned(), origin);
            if let Some((reference, digest)) = reference {
                kept.locked.insert(reference.to_owned(), digest.to_owned());
            }
            true
        })
    }

    /// Forgets where `name` came from. What references led to stays.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn forget(&mut self, name: &str) -> Result<(), StateError> {
        self.change(|kept| kept.tools.remove(name).is_some())
    }

    /// Changes what the file has; nothing counts here that it has not. `change` says whether there
    /// is anything to write.
    fn change(&mut self, change: impl FnOnce(&mut Kept) -> bool) -> Result<(), StateError> {
        let (kept, ()) = state_file::change(&self.path, |kept: &mut Kept| (change(kept), ()))?;
        self.kept = kept;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_and_digests_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tools.toml");
        let origin = Origin {
            source: "ghcr.io/a/b".into(),
            component: "c1".into(),
        };
        let mut book = ProvenanceBook::open(&path).unwrap();
        let followed = Some(("ghcr.io/a/b:1.0", "sha256:d1"));
        book.note("b", origin.clone(), followed).unwrap();
        let mut book = ProvenanceBook::open(&path).unwrap();
        assert_eq!(book.origin("b"), Some(&origin));
        assert_eq!(book.locked("ghcr.io/a/b:1.0"), Some("sha256:d1"));
        book.forget("b").unwrap();
        let mut book = ProvenanceBook::open(&path).unwrap();
        assert_eq!(book.origin("b"), None);
        assert_eq!(book.locked("ghcr.io/a/b:1.0"), Some("sha256:d1"));
        // What cannot be written down is not locked.
        std::fs::write(&path, "nonsense").unwrap();
        let other = Some(("ghcr.io/a/b:2.0", "sha256:d2"));
        assert!(book.note("b", origin, other).is_err());
        assert_eq!(
            (book.origin("b"), book.locked("ghcr.io/a/b:2.0")),
            (None, None)
        );
    }
}
