//! `quipu mem rm`: removes pages, and all pages of what was brought in from a file, a folder or
//! an address.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Result;
use clap::Args;
use quipu_memory::{Access, PageId};

use super::no_page;
use super::remains::Gone;
use crate::service::lent::library;
use crate::session::Session;
use crate::session::library::Library;
use crate::terminal::files::straight;
use crate::terminal::output::{self, counted};

/// Arguments of `mem rm`.
#[derive(Debug, Args)]
pub struct RmArgs {
    /// The pages, or the files and folders that they were brought in from
    #[arg(required = true)]
    id: Vec<String>,
}

/// Processes that are named one by one beside the command that removes them.
const NAMED_MAX: usize = 8;

/// Numbers without a page in a row after which a document has no more: single pages may have
/// been removed.
const GAP_MAX: usize = 100;

/// What is to be removed.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Meant {
    Page(PageId),
    /// A file, by the name that it is known by.
    File(String),
}

/// Removes what `args` name: all of it or nothing.
///
/// # Errors
/// A name of nothing that is stored, and those of the store.
pub fn run(session: &Session, args: &RmArgs) -> Result<u8> {
    let store = library(session, Access::ReadWrite)?;
    let store = store.as_ref();
    // A wrong name is found before anything is gone.
    let (mut all, mut seen) = (Vec::new(), HashSet::new());
    for id in &args.id {
        let meant = meant(store, id)?.into_iter();
        all.extend(meant.filter(|meant| seen.insert(meant.clone())));
    }
    let mut gone = Gone::default();
    for meant in &all {
        match meant {
            Meant::Page(id) => gone.note(store, id)?,
            Meant::File(name) => {
                for id in pages_of(store, name)? {
                    gone.note(store, &id)?;
                }
            }
        }
    }
    for meant in &all {
        match meant {
            Meant::Page(id) => {
                store.remove(id)?;
                say!("removed {}", output::visible(id.as_str()));
            }
            Meant::File(name) => {
                let count = store.remove_file(name)?;
                let pages = counted(count as u64, "page");
                say!("removed {}: {pages}", output::visible(name));
            }
        }
    }
    // Gone from the files too, not only from what is found.
    store.purge()?;
    say_where_it_remains(session, store, &gone)?;
    Ok(0)
}

/// Names the memories and the processes that still have the words of what is `gone`.
fn say_where_it_remains(session: &Session, store: &dyn Library, gone: &Gone) -> Result<()> {
    let made = gone.made_of(store)?;
    if !made.is_empty() {
        let made: Vec<String> = made.iter().map(|id| output::visible(id.as_str())).collect();
        say!(
            "its words are also in what was made of it; to remove that too: quipu mem rm {}",
            made.join(" ")
        );
    }
    let pids = gone.remains(&session.journal()?)?;
    if !pids.is_empty() {
        let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
        let of = match pids.len() {
            ..=NAMED_MAX => format!("process {}", pids.join(", ")),
            many => counted(many, "process"),
        };
        say!(
            "its words are still in the journal of {of}; to remove that too: quipu log rm {}",
            pids.join(" ")
        );
    }
    Ok(())
}

/// What `name` refers to: a page, a file that was brought in, or a folder of such files; as
/// written, or relative to the current folder.
fn meant(store: &dyn Library, name: &str) -> Result<Vec<Meant>> {
    let page = PageId::from(name);
    if store.get(&page)?.is_some() {
        return Ok(vec![Meant::Page(page)]);
    }
    for name in names_of(name) {
        if store.file(&name)?.is_some() {
            return Ok(vec![Meant::File(name)]);
        }
        let below = store.files_below(&format!("{}/", name.trim_end_matches('/')))?;
        if !below.is_empty() {
            return Ok(below.into_iter().map(Meant::File).collect());
        }
        // A page of the network is no file.
        let pages = pages_of(store, &name)?;
        if !pages.is_empty() {
            return Ok(pages.into_iter().map(Meant::Page).collect());
        }
    }
    Err(no_page(store, name))
}

/// The pages of the file or the address `name`, as written, or relative to the current folder.
pub(super) fn pages_of_document(store: &dyn Library, name: &str) -> Result<Vec<PageId>> {
    for name in names_of(name) {
        let pages = pages_of(store, &name)?;
        if !pages.is_empty() {
            return Ok(pages);
        }
    }
    Ok(Vec::new())
}

/// The names that something called `name` may be stored by.
fn names_of(name: &str) -> impl Iterator<Item = String> {
    let whole = |path: &Path| {
        let path = std::path::absolute(path).ok();
        path.map(|path| path.display().to_string())
    };
    let path = Path::new(name);
    let names = std::iter::once(name.to_owned())
        .chain(whole(&straight(path)))
        // As earlier releases stored it.
        .chain(whole(path));
    names.filter(|name| !name.is_empty())
}

/// The pages of the document of this name.
fn pages_of(store: &dyn Library, name: &str) -> Result<Vec<PageId>> {
    let mut ids = Vec::new();
    let mut missing = 0;
    for n in 1_usize.. {
        let id = PageId::from(format!("{name}#{n}"));
        match store.get(&id)? {
            Some(_) => {
                missing = 0;
                ids.push(id);
            }
            None if missing >= GAP_MAX => break,
            None => missing += 1,
        }
    }
    Ok(ids)
}
