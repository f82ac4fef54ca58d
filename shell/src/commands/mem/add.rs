//! `quipu mem add`: files, folders, web pages and JSON lines.
//!
//! Each file is stored at once with what is known of it, so that an import that was
//! stopped goes on where it was, and one that is repeated reads only what changed.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use quipu_memory::{Access, DiskStore, ImportedFile, Store, Syntax, Trust};
use quipu_tools::{CallContext, Capability};
use serde_json::json;

use super::import::{Document, key};
use super::reader::{self, Reader};
use super::walk::{self, Ignored};
use super::{bar, import, jsonl};
use crate::commands::lines::file_words;
use crate::error::{FAILED, UserError};
use crate::init::Session;
use crate::output::visible;
use crate::settings::Space;
use crate::user_call::user_call;

/// Bring documents in: files, folders of them, web pages, or JSON lines
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Files, folders (ignore files are respected) and web addresses
    #[arg(required_unless_present = "jsonl", value_name = "PATH|URL")]
    what: Vec<String>,
    /// Read pages from FILE, lines {"_id","title","text"[,"source","trust"]}
    #[arg(long, value_name = "FILE", conflicts_with = "what")]
    jsonl: Option<PathBuf>,
    /// Vouch for them: they count as your own words, come up unasked, and taint nothing.
    /// Otherwise they are a stranger's
    #[arg(long)]
    vouch: bool,
    /// Bring in hidden files too, and those that ignore files name
    #[arg(long, conflicts_with = "jsonl")]
    no_ignore: bool,
    /// Put them into this space, which only some agents read [default: shared]
    #[arg(long, value_name = "NAME")]
    space: Option<Space>,
}

/// What became of the files.
#[derive(Debug, Default)]
struct Tally {
    pages: usize,
    files: usize,
    unchanged: usize,
    removed: usize,
    /// What was left out, and why.
    skipped: Vec<String>,
    /// What was not all read, and what is missing.
    partly: Vec<String>,
    /// What ignore rules left out, and what is hidden.
    ignored: Ignored,
}

/// An import under way.
struct Import<'a> {
    store: &'a DiskStore,
    reader: Reader<'a>,
    space: String,
    /// How far the pages can be trusted.
    trust: Trust,
    tally: Tally,
}

/// Runs the command.
pub fn run(session: &Session, args: &AddArgs) -> Result<u8> {
    let (urls, paths): (Vec<&String>, Vec<&String>) =
        args.what.iter().partition(|what| is_url(what));
    if let Some(missing) = paths.iter().find(|path| !Path::new(path).exists()) {
        return Err(UserError::usage(
            format!("there is no {}", visible(missing)),
            "name files, folders or web addresses",
        ));
    }
    let store = session.store(Access::ReadWrite)?;
    let space = args.space.clone().unwrap_or_default().0;
    store.defer_vectors();
    let trust = match args.vouch {
        true => Trust::User,
        false => Trust::Untrusted,
    };
    if let Some(path) = &args.jsonl {
        let added = jsonl::add(&store, path, &space, trust)?;
        say!("added {added} pages from {}", file_words(path));
        session.give_vectors(&store)?;
        return Ok(0);
    }
    let mut import = Import {
        store: &store,
        reader: Reader::new(session)?,
        space,
        trust,
        tally: Tally::default(),
    };
    for url in urls {
        if let Err(reason) = import.url(url) {
            let line = format!("{}: {reason}", visible(url));
            import.tally.skipped.push(line);
        }
    }
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    import.files(&paths, args.no_ignore)?;
    import.remove_gone(&paths)?;
    let tally = import.tally;
    report(&tally);
    session.give_vectors(&store)?;
    // Whoever adds something means to have it afterwards.
    let nothing = tally.pages + tally.unchanged + tally.removed == 0;
    Ok(if nothing { FAILED } else { 0 })
}

fn is_url(what: &str) -> bool {
    what.starts_with("http://") || what.starts_with("https://")
}

fn report(tally: &Tally) {
    for line in &tally.partly {
        say!("{line}");
    }
    for line in &tally.skipped {
        say!("skipped {line}");
    }
    if let Some(names) = tally.ignored.named() {
        say!("left out by ignore rules or hidden: {names}");
    }
    let mut words = format!("added {} pages from {} files", tally.pages, tally.files);
    for (count, what) in [
        (tally.unchanged, "unchanged"),
        (tally.removed, "gone and removed"),
    ] {
        if count > 0 {
            words.push_str(&format!(", {count} {what}"));
        }
    }
    words.push_str(&format!(", skipped {}", tally.skipped.len()));
    if let Some(count) = tally.ignored.counted() {
        words.push_str(&format!(
            ", {count} left out by ignore rules or hidden (--no-ignore brings them in)"
        ));
    }
    say!("{words}");
}

impl Import<'_> {
    fn files(&mut self, paths: &[PathBuf], no_ignore: bool) -> Result<()> {
        let walked = walk::files_below(paths, no_ignore);
        self.tally.skipped.extend(walked.skipped);
        self.tally.ignored = walked.ignored;
        let files = walked.files;
        let progress = bar(files.len() as u64);
        for file in &files {
            if let Err(reason) = self.file(file)? {
                let name = visible(&file.display().to_string());
                self.tally.skipped.push(format!("{name}: {reason}"));
            }
            progress.inc(1);
        }
        progress.finish_and_clear();
        Ok(())
    }

    /// Adds one file, unless it is as it was. The inner error says why it is left out.
    fn file(&mut self, path: &Path) -> Result<Result<(), String>> {
        let found = match import::look(path) {
            Ok(found) => found,
            Err(reason) => return Ok(Err(reason)),
        };
        let document = Document::of_file(&found, &self.space, self.trust);
        let before = self.store.file(&document.key)?;
        let same = |before: &ImportedFile| {
            before.bytes == found.bytes
                && before.modified_ns == found.modified_ns
                && import::is_read_so(before)
        };
        // One that is vouched for now, or no more, is stored anew.
        let as_trusted = || self.is_trusted_as_before(&document.key);
        let before = match before {
            Some(before) if as_trusted()? => Some(before),
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
        let brought = match import::pages(document, &bytes, &self.reader) {
            Ok(brought) if brought.pages.is_empty() => return Ok(Err("it has no text".into())),
            Ok(brought) => brought,
            Err(reason) => return Ok(Err(reason)),
        };
        if !brought.missing.is_empty() {
            let name = visible(&path.display().to_string());
            let missing = visible(&brought.missing.join("; "));
            self.tally.partly.push(format!("{name}: {missing}"));
        }
        self.tally.pages += self.store.put_file(&file, brought.pages)?.len();
        self.tally.files += 1;
        Ok(Ok(()))
    }

    /// Whether the pages of the document `key` are trusted as those of this import.
    fn is_trusted_as_before(&self, key: &str) -> Result<bool> {
        let page = self.store.get(&format!("{key}#1").as_str().into())?;
        Ok(page.is_none_or(|page| page.trust == self.trust))
    }

    /// Removes what was imported from the folders and is there no more.
    fn remove_gone(&mut self, paths: &[PathBuf]) -> Result<()> {
        for folder in paths.iter().filter(|path| path.is_dir()) {
            let folder = std::path::absolute(folder)?;
            let prefix = format!("{}/", folder.display().to_string().trim_end_matches('/'));
            for known in self.store.files_below(&key(&self.space, &prefix))? {
                let path = &known[key(&self.space, "").len()..];
                if !Path::new(path).exists() {
                    self.store.remove_file(&known)?;
                    self.tally.removed += 1;
                }
            }
        }
        Ok(())
    }

    /// Adds a web page, brought by the browser tool under its own rules.
    fn url(&mut self, url: &str) -> Result<(), String> {
        let bus = self.reader.bus();
        let context = granting(url)?;
        let answer = bus
            .resolve("browser.fetch")
            .and_then(|fetch| user_call(&fetch, &json!({ "url": url }), &context))
            .map_err(|error| reader::why(&error))?;
        let (title, text) = reader::words_of(&answer)?;
        let document = Document {
            key: key(&self.space, url),
            source: url.to_owned(),
            title: if title.is_empty() {
                url.to_owned()
            } else {
                title
            },
            trust: self.trust,
            space: self.space.clone(),
        };
        let pages = document.of_text(&text, Syntax::Markdown, &self.reader);
        let file = ImportedFile {
            path: document.key,
            bytes: text.len() as u64,
            modified_ns: 0,
            sha256: String::new(),
        };
        let stored = self.store.put_file(&file, pages);
        self.tally.pages += stored.map_err(|error| error.to_string())?.len();
        self.tally.files += 1;
        Ok(())
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
    use quipu_memory::Store;
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
        write("d.txt", b"wrong \xff\xff");
        write("new\nline.txt", b"lost?");
        std::os::unix::fs::symlink("nowhere", docs.join("e.txt")).expect("linked");
        let store = DiskStore::open(dir.path().join("store"), Access::ReadWrite).expect("opens");
        let add = |space: &str| {
            let mut import = Import {
                store: &store,
                reader: Reader::with(Bus::default()),
                space: space.to_owned(),
                trust: Trust::Untrusted,
                tally: Tally::default(),
            };
            let paths = [docs.clone()];
            import.files(&paths, false).expect("added");
            import.remove_gone(&paths).expect("removed");
            let tally = import.tally;
            (
                tally.pages,
                tally.unchanged,
                tally.removed,
                tally.skipped.len(),
            )
        };
        assert_eq!(add(""), (2, 0, 0, 4));
        assert_eq!(add(""), (0, 2, 0, 4));
        // The same files in another space are other pages.
        assert_eq!(add("notes"), (2, 0, 0, 4));
        // A page that was removed comes back with its file.
        let id = format!("{}#1", docs.join("a.md").display());
        assert!(store.remove(&id.as_str().into()).expect("removed"));
        assert_eq!(add(""), (1, 1, 0, 4));
        write("a.md", b"# Wool\nof the alpaca");
        std::fs::remove_file(docs.join("sub/b.txt")).expect("removed");
        assert_eq!(add(""), (1, 0, 1, 4));
        assert_eq!(store.stats().expect("stats").pages, 3);
        assert_eq!(add("notes"), (1, 0, 1, 4));
        assert_eq!(store.stats().expect("stats").pages, 2);
    }
}
