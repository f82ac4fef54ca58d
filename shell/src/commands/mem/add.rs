//! `quipu mem add`: files, folders, web pages and JSON lines.
//!
//! Each file is stored at once with what is known of it, so that an import that was
//! stopped goes on where it was, and one that is repeated reads only what changed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use ignore::WalkBuilder;
use quipu_memory::{Access, DiskStore, ImportedFile, Syntax, Trust};
use quipu_tools::{Bus, CallContext, Capability};
use serde_json::json;

use super::{bar, import, jsonl};
use crate::commands::lines::file_words;
use crate::error::{FAILED, UserError};
use crate::init::Session;
use crate::output::visible;

/// Bring documents in: files, folders of them, web pages, or JSON lines
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Files, folders (ignore files are respected) and web addresses
    #[arg(required_unless_present = "jsonl", value_name = "PATH|URL")]
    what: Vec<String>,
    /// Read pages from FILE, lines {"_id","title","text"[,"source","trust"]}
    #[arg(long, value_name = "FILE", conflicts_with = "what")]
    jsonl: Option<PathBuf>,
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
    session.give_vectors(&store)?;
    if let Some(path) = &args.jsonl {
        let added = jsonl::add(&store, path)?;
        eprintln!("added {added} pages from {}", file_words(path));
        return Ok(0);
    }
    let (bus, _) = session.bus()?;
    let mut tally = Tally::default();
    for url in urls {
        if let Err(reason) = add_url(&store, &bus, url, &mut tally) {
            tally.skipped.push(format!("{}: {reason}", visible(url)));
        }
    }
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    add_files(&store, &bus, &paths, &mut tally)?;
    remove_gone(&store, &paths, &mut tally)?;
    report(&tally);
    let nothing = tally.pages + tally.unchanged + tally.removed == 0;
    Ok(match nothing && !tally.skipped.is_empty() {
        true => FAILED,
        false => 0,
    })
}

fn is_url(what: &str) -> bool {
    what.starts_with("http://") || what.starts_with("https://")
}

fn report(tally: &Tally) {
    for line in &tally.skipped {
        eprintln!("skipped {line}");
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
    eprintln!("{words}");
}

fn add_files(store: &DiskStore, bus: &Bus, paths: &[PathBuf], tally: &mut Tally) -> Result<()> {
    let files = files_below(paths, tally);
    let progress = bar(files.len() as u64);
    for file in &files {
        match add_file(store, bus, file, tally)? {
            Ok(()) => {}
            Err(reason) => {
                let name = file.display().to_string();
                tally.skipped.push(format!("{}: {reason}", visible(&name)));
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(())
}

/// The files to look at, each once, in order.
fn files_below(paths: &[PathBuf], tally: &mut Tally) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut seen = HashSet::new();
    for path in paths {
        // An ignore file counts whether or not the folder is a repository.
        let walk = WalkBuilder::new(path)
            .require_git(false)
            .sort_by_file_path(Ord::cmp)
            .build();
        for entry in walk {
            match entry {
                Ok(entry) if entry.path().is_file() => {
                    if seen.insert(std::path::absolute(entry.path()).unwrap_or_default()) {
                        files.push(entry.into_path());
                    }
                }
                Ok(_) => {}
                Err(error) => tally.skipped.push(visible(&error.to_string())),
            }
        }
    }
    files
}

/// Adds one file, unless it is as it was. The inner error says why it is left out.
fn add_file(
    store: &DiskStore,
    bus: &Bus,
    path: &Path,
    tally: &mut Tally,
) -> Result<Result<(), String>> {
    let found = match import::look(path) {
        Ok(found) => found,
        Err(reason) => return Ok(Err(reason)),
    };
    let before = store.file(&found.name())?;
    let same = |before: &ImportedFile| {
        before.bytes == found.bytes && before.modified_ns == found.modified_ns
    };
    if before.as_ref().is_some_and(same) {
        tally.unchanged += 1;
        return Ok(Ok(()));
    }
    let (file, bytes) = match found.read() {
        Ok(read) => read,
        Err(reason) => return Ok(Err(reason)),
    };
    if let Some(before) = before.filter(|before| before.sha256 == file.sha256) {
        // Only touched: its pages stay, and next time it need not be read.
        debug_assert_eq!(before.path, file.path);
        store.note_file(&file)?;
        tally.unchanged += 1;
        return Ok(Ok(()));
    }
    let pages = match import::pages(&found.path, &bytes, bus) {
        Ok(pages) => pages,
        Err(reason) => return Ok(Err(reason)),
    };
    tally.pages += store.put_file(&file, pages)?.len();
    tally.files += 1;
    Ok(Ok(()))
}

/// Removes what was imported from the folders and is there no more.
fn remove_gone(store: &DiskStore, paths: &[PathBuf], tally: &mut Tally) -> Result<()> {
    for folder in paths.iter().filter(|path| path.is_dir()) {
        let folder = std::path::absolute(folder)?;
        let prefix = format!("{}/", folder.display().to_string().trim_end_matches('/'));
        for path in store.files_below(&prefix)? {
            if !Path::new(&path).exists() {
                store.remove_file(&path)?;
                tally.removed += 1;
            }
        }
    }
    Ok(())
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

/// Adds a web page, brought by the browser tool under its own rules.
fn add_url(store: &DiskStore, bus: &Bus, url: &str, tally: &mut Tally) -> Result<(), String> {
    let answer = bus
        .call("browser.fetch", &json!({"url": url}), &granting(url)?)
        .map_err(|error| match error.hint.is_empty() {
            true => error.message.clone(),
            false => format!("{} ({})", error.message, error.hint),
        })?;
    let (title, text) = import::words_of(&answer)?;
    let title = if title.is_empty() { url } else { &title };
    let pages = import::of_text(url, title, &text, Syntax::Markdown, Trust::Untrusted);
    let file = ImportedFile {
        path: url.to_owned(),
        bytes: text.len() as u64,
        modified_ns: 0,
        sha256: String::new(),
    };
    let stored = store.put_file(&file, pages);
    tally.pages += stored.map_err(|error| error.to_string())?.len();
    tally.files += 1;
    Ok(())
}

#[cfg(test)]
mod tests {
    use quipu_memory::Store;

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
        let store = DiskStore::open(dir.path().join("store"), Access::ReadWrite).expect("opens");
        let bus = Bus::default();
        let add = || {
            let mut tally = Tally::default();
            let paths = [docs.clone()];
            add_files(&store, &bus, &paths, &mut tally).expect("added");
            remove_gone(&store, &paths, &mut tally).expect("removed");
            (
                tally.pages,
                tally.unchanged,
                tally.removed,
                tally.skipped.len(),
            )
        };
        assert_eq!(add(), (2, 0, 0, 2));
        assert_eq!(add(), (0, 2, 0, 2));
        write("a.md", b"# Wool\nof the alpaca");
        std::fs::remove_file(docs.join("sub/b.txt")).expect("removed");
        assert_eq!(add(), (1, 0, 1, 2));
        assert_eq!(store.stats().expect("stats").pages, 1);
    }
}
