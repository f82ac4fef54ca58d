//! An import under way: files, folders and web pages.
//!
//! Each file is stored at once with what is known of it. So an import that was stopped goes on
//! where it was, and one that is repeated reads only what changed. Which files of a folder are
//! meant is decided in `walk`, how one becomes pages in `document`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_memory::{ImportedFile, Syntax};
use quipu_tools::{CallContext, Capability};
use serde_json::json;

pub use super::document::Shelf;

use super::archive;
use super::document::{self, Document, key};
use super::failure::why;
use super::opened::{self, CLOSED};
use super::reader::{self, Reader};
use super::walk::{self, Ignored};
use crate::session::Session;
use crate::session::library::Library;
use crate::terminal::bar::{bar, busy, silence};
use crate::terminal::error::{INTERRUPTED, UserError};
use crate::terminal::files::straight;
use crate::terminal::interrupts::is_pressed;
use crate::terminal::output::visible;
use crate::terminal::text::not_what_it_says;
use crate::terminal::words::{fill, words};

/// Pages of one file from which on storing them takes so long that it is said.
const BUSY_PAGES_MIN: usize = 500;

/// The results of an import.
#[derive(Debug, Default)]
pub struct Tally {
    /// Pages that were stored.
    pub pages: usize,
    /// Files they came from.
    pub files: usize,
    /// Files that are as they were.
    pub unchanged: usize,
    /// Files that are gone, and their pages with them.
    pub removed: usize,
    /// The files that were left out, and why.
    pub skipped: Vec<String>,
    /// The files that were read in part, and what is missing.
    pub partly: Vec<String>,
    /// The files left out by ignore rules, or because they are hidden.
    pub ignored: Ignored,
}

/// An import under way.
pub struct Import<'a> {
    pub(super) store: &'a dyn Library,
    reader: Reader<'a>,
    /// Where the pages go, and how they are kept.
    pub(super) shelf: Shelf,
    /// Whether hidden files come in too, and those that ignore files name.
    pub(super) no_ignore: bool,
    /// Whether archives are opened.
    archives: bool,
    pub(super) tally: Tally,
}

/// Which files are meant, beside the named ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Hidden files, and those that ignore files name.
    pub ignored: bool,
    /// The members of archives.
    pub archives: bool,
}

impl<'a> Import<'a> {
    /// An import into `store`, whose pages go to the `shelf`.
    ///
    /// # Errors
    /// When the tools that read formats cannot be loaded.
    pub fn new(
        session: &'a Session,
        store: &'a dyn Library,
        shelf: Shelf,
        wanted: Wanted,
    ) -> Result<Self> {
        Ok(Self {
            store,
            reader: Reader::new(session)?,
            shelf,
            no_ignore: wanted.ignored,
            archives: wanted.archives,
            tally: Tally::default(),
        })
    }

    /// Brings in web pages and files, and removes what is gone from folders among `paths`.
    /// What cannot be read is left out and counted.
    ///
    /// # Errors
    /// When the store fails; what was stored before stays.
    pub fn bring(mut self, urls: &[&String], paths: &[PathBuf]) -> Result<Tally> {
        for url in urls {
            if let Err(reason) = self.url(url) {
                let line = format!("{}: {reason}", visible(url));
                self.tally.skipped.push(line);
            }
        }
        // One file has one name, from whichever folder it is named.
        let paths: Vec<PathBuf> = paths.iter().map(|path| straight(path)).collect();
        self.files(&paths)?;
        self.remove_gone(&paths)?;
        Ok(self.tally)
    }

    fn files(&mut self, paths: &[PathBuf]) -> Result<()> {
        let walked = walk::files_below(paths, self.no_ignore);
        self.tally.skipped.extend(walked.skipped);
        self.tally.ignored = walked.ignored;
        let files = walked.files;
        let progress = bar(files.len() as u64);
        let _silence = silence(&progress);
        for file in &files {
            go_on()?;
            progress.set_message(visible(&file.display().to_string()));
            if let Err(reason) = self.file(file)? {
                self.skip(file, &reason, ": ");
            }
            progress.inc(1);
        }
        progress.finish_and_clear();
        Ok(())
    }

    /// Adds one file or, on request, what is in an archive. The inner error says why it is
    /// left out.
    fn file(&mut self, path: &Path) -> Result<Result<(), String>> {
        match archive::kind(path) {
            Some(kind) if self.archives => self.archive(path, kind),
            Some(_) => Ok(Err(CLOSED.to_owned())),
            None => self.document(path, None),
        }
    }

    /// Adds the file at `path`, which may go by another name, unless it is as it was. The
    /// inner error says why it is left out.
    pub(super) fn document(
        &mut self,
        path: &Path,
        named: Option<&Path>,
    ) -> Result<Result<(), String>> {
        let found = match document::look(path, named) {
            Ok(found) => found,
            Err(reason) => return Ok(Err(reason)),
        };
        let document = Document::of_file(&found, &self.shelf);
        let before = self.store.file(&document.key)?;
        let same = |before: &ImportedFile| {
            before.bytes == found.bytes
                && before.modified_ns == found.modified_ns
                && document::is_read_so(before)
        };
        // A page whose trust changes is stored anew; so is a private one.
        let as_kept = || self.is_kept_as_before(&document.key);
        let before = match before {
            Some(before) if as_kept()? => Some(before),
            _ => None,
        };
        if before.as_ref().is_some_and(same) {
            self.tally.unchanged += 1;
            return Ok(Ok(()));
        }
        let (mut file, bytes) = match found.read() {
            Ok(read) => read,
            Err(reason) => return Ok(Err(reason)),
        };
        file.path.clone_from(&document.key);
        if before.is_some_and(|before| before.sha256 == file.sha256) {
            // Only touched: its pages stay, and next time it need not be read.
            self.store.note_file(&file)?;
            self.tally.unchanged += 1;
            return Ok(Ok(()));
        }
        let brought = match document::pages(document, found.at(), &bytes, &self.reader) {
            Ok(brought) if brought.pages.is_empty() => return Ok(Err("it has no text".into())),
            Ok(brought) => brought,
            Err(reason) => return Ok(Err(reason)),
        };
        // An import that was cut short is not stored.
        go_on()?;
        self.note_partly(named.unwrap_or(path), &bytes, &brought.missing);
        let pages = brought.pages.len();
        let busy =
            (pages >= BUSY_PAGES_MIN).then(|| busy(fill(words().storing, &[("pages", &pages)])));
        let stored = self.store.put_file(&file, brought.pages);
        if let Some(busy) = busy {
            busy.finish_and_clear();
        }
        self.tally.pages += stored?;
        self.tally.files += 1;
        Ok(Ok(()))
    }

    /// Notes that the file `name` is no JSON though it is called so, and what of it is `missing`.
    fn note_partly(&mut self, name: &Path, bytes: &[u8], missing: &[String]) {
        let shown = visible(&name.display().to_string());
        let is_lines = name.extension().is_some_and(|end| end != "json");
        let text = std::str::from_utf8(bytes).ok().filter(|_| is_lines);
        if let Some(odd) = text.and_then(|text| not_what_it_says(name, text)) {
            let told = format!("{shown}: {odd}; it is read as a text");
            self.tally.partly.push(told);
        }
        if !missing.is_empty() {
            let missing = visible(&missing.join("; "));
            self.tally.partly.push(format!("{shown}: {missing}"));
        }
    }

    /// Whether the pages of the document `key` are trusted and kept as those of this import.
    fn is_kept_as_before(&self, key: &str) -> Result<bool> {
        let page = self.store.get(&format!("{key}#1").as_str().into())?;
        let own = (self.shelf.trust, self.shelf.secrecy);
        Ok(page.is_none_or(|page| (page.trust, page.secrecy) == own))
    }

    /// Removes what was imported from the folders and is there no more.
    fn remove_gone(&mut self, paths: &[PathBuf]) -> Result<()> {
        for folder in paths.iter().filter(|path| path.is_dir()) {
            let folder = std::path::absolute(folder)?;
            for known in opened::known_below(self.store, &self.shelf.space, &folder)? {
                let path = &known[key(&self.shelf.space, "").len()..];
                if !opened::is_there(Path::new(path)) {
                    self.store.remove_file(&known)?;
                    self.tally.removed += 1;
                }
            }
        }
        Ok(())
    }

    /// Adds a web page, brought by the browser tool under its own rules.
    fn url(&mut self, url: &str) -> Result<(), String> {
        let context = granting(url)?;
        let answer = self
            .reader
            .call("browser.fetch", &json!({ "url": url }), &context)
            .map_err(|error| why(&error))?;
        let (title, text) = reader::words_of(&answer)?;
        let document = Document {
            key: key(&self.shelf.space, url),
            source: url.to_owned(),
            title: if title.is_empty() {
                url.to_owned()
            } else {
                title
            },
            shelf: self.shelf.clone(),
        };
        let pages = document.of_text(&text, Syntax::Markdown, &self.reader);
        let file = ImportedFile {
            path: document.key,
            bytes: text.len() as u64,
            modified_ns: 0,
            sha256: String::new(),
        };
        let stored = self.store.put_file(&file, pages);
        self.tally.pages += stored.map_err(|error| error.to_string())?;
        self.tally.files += 1;
        Ok(())
    }
}

/// Stops the import where its person wants that.
fn go_on() -> Result<()> {
    match is_pressed() {
        false => Ok(()),
        true => Err(UserError::with_code(
            INTERRUPTED,
            words().import_stopped,
            words().import_again,
        )),
    }
}

/// Whoever names an address grants its host, for this call.
fn granting(url: &str) -> Result<CallContext, String> {
    let parsed = reqwest::Url::parse(url).map_err(|error| error.to_string())?;
    let host = parsed.host_str().ok_or("the address names no host")?;
    let host: Capability = format!("net:{host}")
        .parse()
        .map_err(|error| format!("{error}"))?;
    Ok(CallContext {
        grants: [host].into_iter().collect(),
        ..CallContext::default()
    })
}

#[cfg(test)]
mod tests {
    use quipu_memory::{Access, DiskStore, Store};
    use quipu_tools::Bus;

    use super::*;

    #[test]
    fn an_import_that_is_repeated_reads_only_what_changed() {
        let dir = tempfile::tempdir().expect("a folder");
        let docs = dir.path().join("docs");
        std::fs::create_dir_all(docs.join("sub")).expect("made");
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(docs.join(name), bytes).expect("written");
        };
        write("a.md", b"# Wool\nof the llama");
        write("sub/b.txt", b"a cord with knots");
        write("ignored.txt", b"not this");
        write(".ignore", b"ignored.txt\n");
        write("c.bin", b"\0\x01\x02");
        write("d.txt", b"caf\xe9 au lait");
        write("new\nline.txt", b"lost?");
        std::os::unix::fs::symlink("nowhere", docs.join("e.txt")).expect("linked");
        let store = DiskStore::open(dir.path().join("store"), Access::ReadWrite).expect("opens");
        let add = |space: &str| {
            let mut import = Import {
                store: &store,
                reader: Reader::with(Bus::default()),
                shelf: Shelf {
                    space: space.into(),
                    ..Shelf::default()
                },
                no_ignore: false,
                archives: false,
                tally: Tally::default(),
            };
            let paths = [docs.clone()];
            import.files(&paths).expect("added");
            import.remove_gone(&paths).expect("removed");
            let tally = import.tally;
            (
                tally.pages,
                tally.unchanged,
                tally.removed,
                tally.skipped.len(),
            )
        };
        assert_eq!(add(""), (3, 0, 0, 3));
        assert_eq!(add(""), (0, 3, 0, 3));
        // The same files in another space are other pages.
        assert_eq!(add("notes"), (3, 0, 0, 3));
        // A page that was removed comes back with its file.
        let id = format!("{}#1", docs.join("a.md").display());
        assert!(store.remove(&id.as_str().into()).expect("removed"));
        assert_eq!(add(""), (1, 2, 0, 3));
        write("a.md", b"# Wool\nof the alpaca");
        std::fs::remove_file(docs.join("sub/b.txt")).expect("removed");
        assert_eq!(add(""), (1, 1, 1, 3));
        assert_eq!(store.stats().expect("stats").pages, 5);
        assert_eq!(add("notes"), (1, 1, 1, 3));
        assert_eq!(store.stats().expect("stats").pages, 4);
    }
}
