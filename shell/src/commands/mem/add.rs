//! `quipu mem add`: text files, folders, and JSON lines.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use ignore::WalkBuilder;
use quipu_memory::{Access, DiskStore, Kind, NewPage, PageId, Place, Store, Trust};
use serde_json::Value;

use super::bar;
use crate::commands::lines::{file_words, json_lines};
use crate::error::{FAILED, UserError};
use crate::init::Session;

/// Characters of one page of a document.
const PAGE_CHARS: usize = 2000;
/// Pages written in one transaction.
const BATCH_PAGES: usize = 500;
/// Larger files are left out, with a line in the report.
const FILE_BYTES_MAX: u64 = 32 << 20;

/// Bring documents in: text files, folders of them, or JSON lines
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Files and folders; ignore files are respected
    #[arg(required_unless_present = "jsonl")]
    path: Vec<PathBuf>,
    /// Read pages from FILE, lines {"_id","title","text"[,"source","trust"]}
    #[arg(long, value_name = "FILE", conflicts_with = "path")]
    jsonl: Option<PathBuf>,
}

/// Runs the command.
pub fn run(session: &Session, args: &AddArgs) -> Result<u8> {
    let store = session.store(Access::ReadWrite)?;
    if let Some(path) = &args.jsonl {
        let added = add_lines(&store, path)?;
        eprintln!("added {added} pages from {}", file_words(path));
        return Ok(0);
    }
    let files = files_below(&args.path)?;
    let progress = bar(files.len() as u64);
    let (mut pages, mut skipped) = (0, Vec::new());
    for file in &files {
        match read(file) {
            Ok(text) => pages += add_file(&store, file, &text)?,
            Err(reason) => skipped.push(format!("{}: {reason}", file.display())),
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    for line in &skipped {
        eprintln!("skipped {line}");
    }
    eprintln!(
        "added {pages} pages from {} files, skipped {}",
        files.len() - skipped.len(),
        skipped.len()
    );
    Ok(match pages == 0 && !skipped.is_empty() {
        true => FAILED,
        false => 0,
    })
}

fn files_below(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.exists() {
            return Err(UserError::usage(
                format!("there is no {}", path.display()),
                "name files or folders; web pages cannot be added yet",
            ));
        }
        let walk = WalkBuilder::new(path).sort_by_file_path(Ord::cmp).build();
        let found = walk.flatten().filter(|entry| entry.path().is_file());
        files.extend(found.map(|entry| entry.into_path()));
    }
    Ok(files)
}

fn read(file: &Path) -> Result<String, String> {
    let bytes = file.metadata().map_err(|error| error.to_string())?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(format!("{bytes} bytes; the limit is {FILE_BYTES_MAX}"));
    }
    let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
    match String::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => Err("not a text file".into()),
        Ok(text) => Ok(text),
        Err(_) => Err("not a text file in UTF-8".into()),
    }
}

/// Adds one file as the pages of a document. Its pages are named by its path, so
/// adding it again replaces them.
fn add_file(store: &DiskStore, file: &Path, text: &str) -> Result<usize> {
    let source = std::path::absolute(file)?.display().to_string();
    let title = file.file_name().unwrap_or_default().to_string_lossy();
    let pages: Vec<NewPage> = chunks(text)
        .into_iter()
        .enumerate()
        .map(|(i, chunk)| NewPage {
            id: Some(PageId::from(format!("{source}#{}", i + 1))),
            kind: Kind::Document,
            title: title.to_string(),
            text: chunk,
            source: source.clone(),
            trust: Trust::User,
            place: Some(Place {
                of: source.clone(),
                part: i as u32,
            }),
        })
        .collect();
    let count = pages.len();
    for batch in pages.chunks(BATCH_PAGES) {
        store.put_all(batch.to_vec())?;
    }
    // What a shorter version no longer has is removed.
    for i in count + 1.. {
        if !store.remove(&PageId::from(format!("{source}#{i}")))? {
            break;
        }
    }
    Ok(count)
}

/// Cuts a text at blank lines into pieces of at most [`PAGE_CHARS`] characters; a
/// longer paragraph is cut at white space.
fn chunks(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut length = 0;
    for paragraph in text
        .split("\n\n")
        .map(str::trim_end)
        .filter(|p| !p.trim().is_empty())
    {
        for part in parts(paragraph) {
            let chars = part.chars().count();
            match pieces.last_mut() {
                Some(piece) if length + chars + 2 <= PAGE_CHARS => {
                    piece.push_str("\n\n");
                    piece.push_str(part);
                    length += chars + 2;
                }
                _ => {
                    pieces.push(part.to_owned());
                    length = chars;
                }
            }
        }
    }
    pieces
}

fn parts(mut paragraph: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while let Some((end, _)) = paragraph.char_indices().nth(PAGE_CHARS) {
        let cut = paragraph[..end]
            .rfind(char::is_whitespace)
            .filter(|cut| *cut > 0)
            .unwrap_or(end);
        parts.push(paragraph[..cut].trim_end());
        paragraph = paragraph[cut..].trim_start();
    }
    if !paragraph.is_empty() {
        parts.push(paragraph);
    }
    parts
}

fn add_lines(store: &DiskStore, path: &Path) -> Result<usize> {
    let mut batch = Vec::new();
    let mut added = 0;
    for line in json_lines(path)? {
        let (number, value) = line?;
        batch.push(page(path, number, &value)?);
        if batch.len() == BATCH_PAGES {
            added += store.put_all(std::mem::take(&mut batch))?.len();
        }
    }
    Ok(added + store.put_all(batch)?.len())
}

fn page(path: &Path, number: usize, value: &Value) -> Result<NewPage> {
    let bad = |what: String| {
        UserError::usage(
            format!("{}, line {number}: {what}", file_words(path)),
            "lines are {\"_id\", \"title\", \"text\"[, \"source\", \"trust\"]}; the lines before may be stored",
        )
    };
    let text = |key: &str| match &value[key] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(bad(format!("{key:?} is not a text"))),
    };
    let id = match &value["_id"] {
        Value::Number(number) => Some(number.to_string()),
        _ => text("_id")?,
    };
    let trust = match text("trust")?.as_deref() {
        None => Trust::User,
        // Only the kernel's own text is trusted like the system.
        Some("system") => return Err(bad("the trust \"system\" cannot be given".into())),
        Some(word) => word
            .parse()
            .map_err(|_| bad("\"trust\" is user or untrusted".into()))?,
    };
    Ok(NewPage {
        id: id.map(PageId::from),
        kind: Kind::Document,
        title: text("title")?.unwrap_or_default(),
        text: text("text")?.ok_or_else(|| bad("no \"text\"".into()))?,
        source: text("source")?.unwrap_or_else(|| file_words(path)),
        trust,
        ..NewPage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_blank_lines_and_nothing_is_lost() {
        let check = |text: &str, want: &[usize]| {
            let pieces = chunks(text);
            let lengths: Vec<usize> = pieces.iter().map(|piece| piece.chars().count()).collect();
            assert_eq!(lengths, want);
            let words = |text: &str| {
                text.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            assert_eq!(words(&pieces.join(" ")), words(text));
        };
        check("", &[]);
        check("one\n\ntwo", &[8]);
        check(
            &format!("{}\n\n{}", "a".repeat(1500), "b".repeat(1500)),
            &[1500, 1500],
        );
        check(&"word ".repeat(1000), &[1999, 1999, 999]);
        check(&"é".repeat(2000), &[2000]);
    }
}
