//! What a folder may put into effect: nothing, before its user trusted it as it is. And
//! which agents' files their user vouches for.
//!
//! Trusted are a canonical path and the hashes of the files named here, and of those that an
//! agent's file pulls in: its parts. Whoever reads one of them takes it from [`effective`], or
//! hashes what it read, so that the bytes that were checked are those that are used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_tools::trust::{Files, Standing, TrustBook, file_hash};

use crate::config::paths::Paths;
use crate::terminal::error::UserError;
use crate::terminal::files::unread;

/// The servers of a folder.
pub const SERVERS: &str = ".mcp.json";
/// Agents of a folder, with all that is below it.
const OWN: &str = ".quipu";
/// What a project tells agents.
pub const PROJECT: &str = "AGENTS.md";
/// The agent that a folder is, and what it tells agents. Each takes effect by itself, so it is
/// trusted with the folder, and does not keep anything else in it from taking effect.
const AGENTS: [&str; 3] = ["agent.toml", "SKILL.md", PROJECT];
/// The name in the book of a file that was trusted by itself.
pub const ITSELF: &str = ".";
/// U+FEFF in UTF-8, which whoever reads a file may have taken off.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Files below [`OWN`] that are looked at; more is no configuration.
const FILES_MAX: usize = 1000;
/// The longest of these files.
const BYTES_MAX: u64 = 4 << 20;

/// The files of one folder that could take effect.
#[derive(Debug)]
pub struct Folder {
    /// Its canonical path.
    pub path: PathBuf,
    /// The contents of the files, by their paths inside the folder.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The agent in it, if it is one.
    pub agents: BTreeMap<String, Vec<u8>>,
    /// What the agent in it pulls in, for whoever can read agents to put here.
    pub parts: Files,
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
        let mut agents = BTreeMap::new();
        for agent in AGENTS {
            collect(&path, Path::new(agent), &mut agents)?;
        }
        Ok(Self {
            path,
            files,
            agents,
            parts: Files::new(),
        })
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
        let mut hashes = self.parts.clone();
        let files = self.files.iter().chain(&self.agents);
        hashes.extend(files.map(|(name, bytes)| (name.clone(), file_hash(bytes))));
        hashes
    }

    /// How it stands in `book`.
    ///
    /// # Errors
    /// As [`Folder::key`].
    pub fn standing(&self, book: &TrustBook) -> Result<Standing> {
        Ok(book.standing(self.key()?, &self.hashes()))
    }

    /// How what takes effect in it by itself stands in `book`. An agent and its parts are looked
    /// at where that agent is loaded.
    fn effective_standing(&self, book: &TrustBook) -> Result<Standing> {
        let key = self.key()?;
        let hash = |(name, bytes): (&String, &Vec<u8>)| (name.clone(), file_hash(bytes));
        let mut files: Files = self.files.iter().map(hash).collect();
        let known = book.files(key).into_iter().flatten();
        let others = known.filter(|(name, _)| !takes_effect(name));
        files.extend(others.map(|(name, hash)| (name.clone(), hash.clone())));
        Ok(book.standing(key, &files))
    }
}

/// Whether the file of this name takes effect in its folder by itself.
fn takes_effect(name: &str) -> bool {
    name == SERVERS || Path::new(name).starts_with(OWN)
}

/// Whether `file` is one of its user's own agents, which need no trust.
pub fn is_own(file: &Path, paths: &Paths) -> bool {
    let own = paths.agents().canonicalize();
    let path = file.canonicalize();
    matches!((own, path), (Ok(own), Ok(path)) if path.starts_with(&own))
}

/// Whether `file` was trusted at any time, by itself or with a folder above it. If not, nothing has
/// to be read to say how it stands.
///
/// # Errors
/// A book that is damaged.
pub fn is_known(file: &Path, paths: &Paths) -> Result<bool> {
    let book = book(paths)?;
    let path = file.canonicalize();
    Ok(path.is_ok_and(|path| entries(&path, &book).next().is_some()))
}

/// What `book` has of the file at `path`, itself and with each folder above it, and under which name.
fn entries<'a>(path: &'a Path, book: &'a TrustBook) -> impl Iterator<Item = (&'a Files, &'a Path)> {
    path.ancestors().filter_map(move |place| {
        let known = book.files(place.to_str()?)?;
        let name = path.strip_prefix(place).ok()?;
        if name == Path::new("") {
            return Some((known, Path::new(ITSELF)));
        }
        let is_there = known.contains_key(&*name.to_string_lossy());
        is_there.then_some((known, name))
    })
}

/// How the `file` that says `text` stands with its `parts`, by their paths from its folder on: it
/// was trusted as it is, by itself or with a folder above it, or something changed since.
///
/// # Errors
/// A book that is damaged.
pub fn standing(file: &Path, text: &str, parts: &Files, paths: &Paths) -> Result<Standing> {
    let book = book(paths)?;
    let Ok(path) = file.canonicalize() else {
        return Ok(Standing::Unknown);
    };
    let marked = [BYTE_ORDER_MARK, text.as_bytes()].concat();
    let hashes = [file_hash(text.as_bytes()), file_hash(&marked)];
    let mut found = Standing::Unknown;
    for (known, name) in entries(&path, &book) {
        let changed = changed(known, name, &hashes, parts);
        match changed.is_empty() {
            true => return Ok(Standing::Trusted),
            false if found == Standing::Unknown => found = Standing::Changed(changed),
            false => {}
        }
    }
    Ok(found)
}

/// Which of the agent's file `name`, which has one of the `hashes`, and of its `parts` are not as
/// they are `known`.
fn changed(known: &Files, name: &Path, hashes: &[String], parts: &Files) -> Vec<String> {
    let folder = name.parent().unwrap_or(Path::new(""));
    let is_known = |name: &Path, hash: &String| {
        let name = name.to_str().and_then(|name| known.get(name));
        name == Some(hash)
    };
    let mut changed = Vec::new();
    if !hashes.iter().any(|hash| is_known(name, hash)) {
        changed.push("the file itself".to_owned());
    }
    let parts = parts
        .iter()
        .filter(|(part, hash)| !is_known(&folder.join(part), hash));
    changed.extend(parts.map(|(part, _)| part.clone()));
    changed
}

/// Vouches for one file as it is, with its `parts`; says what is in it.
///
/// # Errors
/// A file that cannot be read, or a book that cannot be written.
pub fn vouch(file: &Path, parts: &Files, paths: &Paths) -> Result<Vec<u8>> {
    let failed = |reason: &dyn std::fmt::Display| {
        UserError::usage(
            format!("{}: {reason}", file.display()),
            "name a folder, or the file of an agent",
        )
    };
    let path = file.canonicalize().map_err(|error| failed(&error))?;
    let size = path.metadata().map_err(|error| failed(&error))?.len();
    if size > BYTES_MAX {
        return Err(failed(&"it is too large for an agent"));
    }
    let bytes = std::fs::read(&path).map_err(|error| failed(&error))?;
    book(paths)?.trust(key(&path)?, by_itself(&bytes, parts))?;
    Ok(bytes)
}

/// What is written down of a file that is trusted by itself, with its `parts`.
fn by_itself(bytes: &[u8], parts: &Files) -> Files {
    let mut files = parts.clone();
    files.insert(ITSELF.to_owned(), file_hash(bytes));
    files
}

/// How a file that was trusted by itself stands with its `parts`; `None` where `name` is no file.
pub fn file_standing(name: &str, parts: &Files, book: &TrustBook) -> Option<Standing> {
    let path = Path::new(name);
    if !path.is_file() {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    Some(book.standing(name, &by_itself(&bytes, parts)))
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
    match folder.effective_standing(&book(paths)?)? {
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
        .map_err(|error| unread(folder, &error, "name a folder that is there"))?;
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
            "fix it, or remove it, so that the folder can be trusted",
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
        return Err(failed(&"it is too large for a configuration"));
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
        write("SKILL.md");
        write(".quipu/agents/a.toml");
        write(".mcp.json");
        assert_eq!(found(), ".mcp.json .quipu/agents/a.toml");
        std::os::unix::fs::symlink(root.path(), root.path().join(".quipu/loop")).unwrap();
        assert!(found().contains("a link to a folder"), "{}", found());
    }
}
