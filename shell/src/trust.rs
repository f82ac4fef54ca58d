//! What a folder may put into effect: nothing, before its user trusted it as it is.
//!
//! Trusted are a canonical path and the hashes of the files named here. Whoever reads one
//! of them takes it from [`effective`], so that the bytes that were checked are those that
//! are used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_tools::trust::{Files, Standing, TrustBook, file_hash};

use crate::error::UserError;
use crate::paths::Paths;

/// The servers of a folder.
pub const SERVERS: &str = ".mcp.json";
/// Agents and rules of a folder, with all that is below it.
const OWN: &str = ".quipu";
/// Files below [`OWN`] that are looked at; more is no configuration.
const FILES_MAX: usize = 1000;
/// The longest of these files.
const BYTES_MAX: u64 = 4 << 20;

/// The files of one folder that could take effect.
#[derive(Debug)]
pub struct Folder {
    /// Its canonical path.
    pub path: PathBuf,
    /// What is in the files, by their paths inside the folder.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Folder {
    /// Reads `folder`.
    ///
    /// # Errors
    /// A folder that is not there, or has a file that cannot be looked at.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = canonical(folder)?;
        let mut files = BTreeMap::new();
        collect(&path, Path::new(SERVERS), &mut files)?;
        collect(&path, Path::new(OWN), &mut files)?;
        Ok(Self { path, files })
    }

    /// Its name in the book.
    ///
    /// # Errors
    /// A path that cannot be written down.
    pub fn key(&self) -> Result<&str> {
        key(&self.path)
    }

    /// The hashes of its files.
    pub fn hashes(&self) -> Files {
        let files = self.files.iter();
        files
            .map(|(name, bytes)| (name.clone(), file_hash(bytes)))
            .collect()
    }

    /// How it stands in `book`.
    ///
    /// # Errors
    /// As [`Folder::key`].
    pub fn standing(&self, book: &TrustBook) -> Result<Standing> {
        Ok(book.standing(self.key()?, &self.hashes()))
    }
}

/// The files of `folder` that take effect.
///
/// # Errors
/// Where there are some and the folder is not trusted as it is: says so, and what to do.
pub fn effective(folder: &Path, paths: &Paths) -> Result<Folder> {
    let folder = Folder::read(folder)?;
    if folder.files.is_empty() {
        return Ok(folder);
    }
    let named = folder.path.display().to_string();
    let quoted = shell_words::quote(&named).into_owned();
    let hint = format!("`quipu trust {quoted}` shows what is in it, and trusts it");
    match folder.standing(&book(paths)?)? {
        Standing::Trusted => Ok(folder),
        Standing::Unknown => {
            let files: Vec<&str> = folder.files.keys().map(String::as_str).collect();
            let what =
                format!("the folder {named} is not trusted, so nothing in it takes effect: ");
            Err(UserError::usage(what + &files.join(", "), hint))
        }
        Standing::Changed(files) => {
            let what = format!("the folder {named} changed since it was trusted: ");
            Err(UserError::usage(what + &files.join(", "), hint))
        }
    }
}

/// The book of trusted folders.
///
/// # Errors
/// A book that is damaged.
pub fn book(paths: &Paths) -> Result<TrustBook> {
    Ok(TrustBook::open(&paths.trust())?)
}

/// The canonical path of `folder`.
///
/// # Errors
/// Where there is no such folder.
pub fn canonical(folder: &Path) -> Result<PathBuf> {
    let wrong = |reason: String| {
        UserError::usage(
            format!("{}: {reason}", folder.display()),
            "name a folder that is there",
        )
    };
    let path = folder
        .canonicalize()
        .map_err(|error| wrong(error.to_string()))?;
    match path.is_dir() {
        true => Ok(path),
        false => Err(wrong("it is not a folder".into())),
    }
}

/// The name of a folder in the book.
///
/// # Errors
/// A path that cannot be written down: two of them could look the same.
pub fn key(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        UserError::usage(
            format!("{}: its path is not UTF-8", path.display()),
            "rename the folder",
        )
    })
}

/// Reads the file at `below` in `folder`, or all files below it, into `files`.
fn collect(folder: &Path, below: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    let path = folder.join(below);
    let failed = |reason: &dyn std::fmt::Display| {
        UserError::usage(
            format!("{}: {reason}", path.display()),
            "mend it, or remove it, so that the folder can be trusted",
        )
    };
    let meta = match path.metadata() {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(&error)),
    };
    if meta.is_dir() {
        // A link could lead to a folder that holds this one.
        if path.is_symlink() {
            return Err(failed(&"it is a link to a folder"));
        }
        for entry in path.read_dir().map_err(|error| failed(&error))? {
            let entry = entry.map_err(|error| failed(&error))?;
            collect(folder, &below.join(entry.file_name()), files)?;
        }
        return Ok(());
    }
    if !meta.is_file() {
        return Err(failed(&"it is neither a file nor a folder"));
    }
    if files.len() >= FILES_MAX || meta.len() > BYTES_MAX {
        return Err(failed(&"it is too much for a configuration"));
    }
    let bytes = std::fs::read(&path).map_err(|error| failed(&error))?;
    files.insert(key(below)?.to_owned(), bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_could_take_effect_are_found() {
        let root = tempfile::tempdir().unwrap();
        let found = || match Folder::read(root.path()) {
            Ok(folder) => folder.files.into_keys().collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        };
        let write = |name: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        };
        assert_eq!(found(), "");
        write("README.md");
        write(".quipu/agents/a.toml");
        write(".mcp.json");
        assert_eq!(found(), ".mcp.json .quipu/agents/a.toml");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(root.path(), root.path().join(".quipu/loop")).unwrap();
            assert!(found().contains("a link to a folder"), "{}", found());
        }
    }
}
