//! `quipu mem add`: files, folders, web pages and JSON lines. How they are read is in
//! `import/`.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use quipu_memory::{Access, Secrecy, Trust};

use crate::config::process::SpaceName;
use crate::import::job::{Import, Shelf, Tally, Wanted};
use crate::import::jsonl;
use crate::service::lent::library;
use crate::session::Session;
use crate::session::library::Library;
use crate::terminal::error::UserError;
use crate::terminal::interrupts;
use crate::terminal::lines::file_words;
use crate::terminal::output::{one_line, visible};
use crate::terminal::words::{fill, words};

/// Bring documents in: files, folders of them, web pages, or JSON lines
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Files, folders (ignore files are respected) and web addresses
    #[arg(required_unless_present = "jsonl", value_name = "PATH|URL")]
    what: Vec<String>,
    /// Read pages from FILE, lines {"_id","title","text"[,"source","trust","secrecy"]}
    #[arg(long, value_name = "FILE", conflicts_with = "what")]
    jsonl: Option<PathBuf>,
    /// Vouch for them: they count as your own words, come up unasked, and taint nothing.
    /// Otherwise they are a stranger's
    #[arg(long)]
    vouch: bool,
    /// They are private: a process that has read them sends nothing out of this machine but where
    /// you send it, and no model on another machine is shown them
    #[arg(long)]
    private: bool,
    /// They are secret: they never leave this machine, whoever approves it
    #[arg(long, conflicts_with = "private")]
    secret: bool,
    /// Bring in hidden files too, and those that ignore files name
    #[arg(long, conflicts_with = "jsonl")]
    no_ignore: bool,
    /// Open archives (zip, 7z, tar, also packed as gz, xz or zst) and bring in what is in them, as
    /// from a folder
    #[arg(long, conflicts_with = "jsonl")]
    archives: bool,
    /// Put them into this space, which only some agents read [default: shared]
    #[arg(long, value_name = "NAME")]
    space: Option<SpaceName>,
}

impl AddArgs {
    /// Where what is brought in goes, and how it is kept.
    fn shelf(&self) -> Shelf {
        Shelf {
            space: self.space.clone().unwrap_or_default().0,
            trust: match self.vouch {
                true => Trust::User,
                false => Trust::Untrusted,
            },
            secrecy: match (self.secret, self.private) {
                (true, _) => Secrecy::Secret,
                (false, true) => Secrecy::Private,
                (false, false) => Secrecy::Public,
            },
        }
    }
}

/// Runs the command.
pub fn run(session: &Session, args: &AddArgs) -> Result<u8> {
    let (urls, paths): (Vec<&String>, Vec<&String>) =
        args.what.iter().partition(|what| is_url(what));
    check_paths(&paths)?;
    let store = library(session, Access::ReadWrite)?;
    store.defer_vectors()?;
    let shelf = args.shelf();
    if let Some(path) = &args.jsonl {
        return add_lines(session, store.as_ref(), path, &shelf);
    }
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let wanted = Wanted {
        ignored: args.no_ignore,
        archives: args.archives,
    };
    let import = Import::new(session, store.as_ref(), shelf, wanted)?;
    let watched = interrupts::watch()?;
    let tally = import.bring(&urls, &paths)?;
    // From here on the command can be stopped at any moment.
    drop(watched);
    report(&tally);
    session.give_vectors(store.as_ref())?;
    // Whoever adds something means to have it afterwards.
    match tally.pages + tally.unchanged + tally.removed {
        0 => Err(nothing(&tally)),
        _ => Ok(0),
    }
}

/// Checks that each of `paths` names something that is there, before anything is opened.
fn check_paths(paths: &[&String]) -> Result<()> {
    if paths.iter().any(|path| path.is_empty()) {
        return Err(UserError::usage(
            "an empty word names no file",
            "name files, folders or web addresses; is a variable in the command empty?",
        ));
    }
    if paths.iter().any(|path| *path == "-") && !Path::new("-").exists() {
        return Err(UserError::usage(
            "standard input has no name to be found by",
            "write it to a file and name that; lines of pages come with --jsonl -",
        ));
    }
    if let Some(other) = paths.iter().find(|path| is_other_address(path)) {
        return Err(UserError::usage(
            format!("{} cannot be fetched", visible(other)),
            "a web address begins with http:// or https://; fetch the others first, and name \
             the file",
        ));
    }
    match paths.iter().find(|path| !Path::new(path).exists()) {
        Some(missing) => Err(UserError::usage(
            format!("there is no {}", visible(missing)),
            "name files, folders or web addresses",
        )),
        None => Ok(()),
    }
}

/// Adds the pages that are lines of the file at `path`.
fn add_lines(session: &Session, store: &dyn Library, path: &Path, shelf: &Shelf) -> Result<u8> {
    let added = jsonl::add(store, path, shelf)?;
    if added > 0 {
        let file = file_words(path);
        let values: [(&str, &dyn Display); 2] = [("pages", &added), ("file", &file)];
        say!("{}", fill(words().added_jsonl, &values));
    }
    session.give_vectors(store)?;
    match added {
        0 => Err(UserError::failed(
            format!("{} has no pages", file_words(path)),
            "one JSON object a line: {\"_id\":\"…\",\"title\":\"…\",\"text\":\"…\"}",
        )),
        _ => Ok(0),
    }
}

/// To somebody who added what brought nothing in.
fn nothing(tally: &Tally) -> anyhow::Error {
    let hint = match (tally.skipped.is_empty(), tally.ignored.counted()) {
        (false, _) => "what was skipped is named above, each with its reason",
        (true, Some(_)) => "--no-ignore brings in what ignore rules leave out, and hidden files",
        (true, None) => "there is no file in it: name a folder that has some, or a file",
    };
    UserError::failed("nothing was brought in", hint)
}

/// Whether it is an address that is no web address, and no file.
fn is_other_address(what: &str) -> bool {
    what.contains("://") && !Path::new(what).exists()
}

fn is_url(what: &str) -> bool {
    what.starts_with("http://") || what.starts_with("https://")
}

fn report(tally: &Tally) {
    for line in &tally.partly {
        say!("{}", one_line(line));
    }
    for line in &tally.skipped {
        say!(
            "{}",
            fill(words().skipped_one, &[("what", &one_line(line))])
        );
    }
    if let Some(names) = tally.ignored.named() {
        say!(
            "{}",
            fill(words().ignored_names, &[("names", &one_line(&names))])
        );
    }
    let stored: [(&str, &dyn Display); 2] = [("pages", &tally.pages), ("files", &tally.files)];
    let mut told = fill(words().added, &stored);
    let counts = [
        (words().unchanged, tally.unchanged),
        (words().removed, tally.removed),
    ];
    for (template, count) in counts.iter().filter(|(_, count)| *count > 0) {
        told.push_str(&fill(template, &[("count", count)]));
    }
    told.push_str(&fill(words().skipped, &[("count", &tally.skipped.len())]));
    if let Some(count) = tally.ignored.counted() {
        told.push_str(&fill(words().ignored, &[("count", &count)]));
    }
    say!("{told}");
}
