//! `quipu mem`: documents and memories. Beside a machine on the same root they are asked of
//! that machine; no command knows.

mod add;
mod choose;
pub mod consolidate;
mod export;
mod links;
mod remains;
mod rm;
mod search;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use clap::{Args, Subcommand};
use quipu_kernel::label::{Label, Level, Suspicion};
use quipu_memory::{Access, Page, PageId, PageSummary, Secrecy, Trust};
use serde_json::json;

use crate::config::process::{SpaceName, space_words};
use crate::service::lent::library;
use crate::session::Session;
use crate::session::library::{Library, Meaning};
use crate::terminal::bar::{bar, silence};
use crate::terminal::error::UserError;
use crate::terminal::hints;
use crate::terminal::interrupts::is_pressed;
use crate::terminal::output::{self, ago, counted, shortened};
use crate::terminal::words::words;

/// Pages of one call to the store when all are listed.
const LIST_PAGES: usize = 1000;

/// Documents and memories
#[derive(Debug, Subcommand)]
pub enum MemCommand {
    Add(add::AddArgs),
    Search(search::SearchArgs),
    /// Show one page, or all pages of a file, whole
    Show(ShowArgs),
    /// List the pages
    Ls(LsArgs),
    /// Print the pages with their text as JSON lines, which `mem add --jsonl` reads
    Export(export::ExportArgs),
    /// Remove pages, or all pages of a file or a folder
    Rm(rm::RmArgs),
    /// Say how much is stored
    Stats(JsonArgs),
    /// Merge memories that belong together into a new one; the originals stay
    Consolidate,
    /// Build the search index anew from the stored pages, and the vectors that are missing
    Rebuild(RebuildArgs),
}

/// Arguments of `mem rebuild`.
#[derive(Debug, Args)]
pub struct RebuildArgs {
    /// First measure which of the embedding models here finds the pages of this store better, and
    /// use that one from now on
    #[arg(long)]
    choose: bool,
}

/// Arguments of `mem show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The page, or the file that its pages were brought in from
    id: String,
    /// Say how much it reads like an attack, if others wrote it
    #[arg(long)]
    signals: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `mem ls`.
#[derive(Debug, Args)]
pub struct LsArgs {
    /// Only pages of this space
    #[arg(long, value_name = "NAME")]
    space: Option<SpaceName>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of commands that only list.
#[derive(Debug, Args)]
pub struct JsonArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is said of a store without pages.
const EMPTY: &str = "nothing is stored yet: `quipu mem add PATH` brings documents in";

/// Runs the command.
pub async fn run(session: &Session, command: MemCommand) -> Result<u8> {
    match command {
        MemCommand::Add(args) => add::run(session, &args),
        MemCommand::Search(args) => search::run(session, &args),
        MemCommand::Show(args) => show(session, &args),
        MemCommand::Ls(args) => list(session, &args),
        MemCommand::Export(args) => export::run(session, &args),
        MemCommand::Rm(args) => rm::run(session, &args),
        MemCommand::Stats(args) => stats(session, &args),
        MemCommand::Consolidate => consolidate::run(session).await,
        MemCommand::Rebuild(args) => rebuild(session, &args),
    }
}

fn no_page(store: &dyn Library, id: &str) -> anyhow::Error {
    let hint = match Path::new(id).is_file() {
        true => "`quipu mem add` brings the file in; `quipu mem ls` lists the pages".to_owned(),
        false => {
            let pages = summaries(store, None).unwrap_or_default();
            // Whoever names a file means all its pages.
            let is_file = !id.contains('#');
            let ids = pages
                .iter()
                .map(|page| match page.id.as_str().rsplit_once('#') {
                    Some((file, _)) if is_file => file,
                    _ => page.id.as_str(),
                });
            hints::near(id, ids, "`quipu mem ls` lists the pages")
        }
    };
    UserError::usage(format!("there is no page {id}"), hint)
}

/// How much the `text` of a page with this `label` reads like an attack, where others wrote it.
fn suspicion_of(session: &Session, label: Label, text: &str) -> Option<Suspicion> {
    let detection = &session.detection;
    if !detection.is_on() {
        say!("texts of others are not scanned for attacks: `quipu doctor` says why");
        return None;
    }
    let is_strange = detection.concern(&label);
    let said = detection.seen_if(label, text, &|| !is_pressed()).suspicion;
    if is_strange && said.is_none() {
        say!("{}", words().not_looked_at);
    }
    said
}

fn show(session: &Session, args: &ShowArgs) -> Result<u8> {
    let store = library(session, Access::ReadOnly)?;
    let store = store.as_ref();
    let id = PageId::from(args.id.as_str());
    if let Some(page) = store.get(&id)? {
        show_page(session, store, &page, args)?;
        return Ok(0);
    }
    let ids = rm::pages_of_document(store, &args.id)?;
    if ids.is_empty() {
        return Err(no_page(store, &args.id));
    }
    for id in &ids {
        if let Some(page) = store.get(id)? {
            show_page(session, store, &page, args)?;
        }
    }
    Ok(0)
}

/// Prints a page, and on standard error what is known of it.
fn show_page(session: &Session, store: &dyn Library, page: &Page, args: &ShowArgs) -> Result<()> {
    let label = Label::of_pages(std::iter::once(&page.id), page.trust);
    // A detector takes longer to read than the page.
    let looked = match args.signals {
        true => suspicion_of(session, label, &page.text),
        false => None,
    };
    // Beside that, what was said of the text that a process made it of.
    let suspicion = Suspicion::joined(page.suspicion, looked);
    if args.json {
        let mut shown = serde_json::to_value(page)?;
        if let Some(said) = suspicion {
            shown["suspicion"] = serde_json::to_value(said)?;
        }
        return output::json(&shown);
    }
    let source = output::visible(&page.source);
    let space = match page.space.name() {
        None => String::new(),
        Some(name) => format!(" · in space {}", output::visible(name)),
    };
    let said = suspicion.map(|said| format!(" · suspicion {said}"));
    say!(
        "{} · {} · from {source} · {}{}{space} · {}",
        page.id,
        page.kind,
        standing(page.trust, page.secrecy),
        said.unwrap_or_default(),
        ago(page.created_ms)
    );
    if !page.title.is_empty() {
        output::line(&output::visible(&page.title))?;
    }
    output::line(&output::visible(&page.text))?;
    for earlier in store.history(&page.id)? {
        let text = output::visible(&shortened(&earlier.text, 60));
        say!("version {} said: {text}", earlier.version);
    }
    for (word, linked) in [
        ("links to", links::from(store, page)?),
        ("linked from", links::to(store, page)?),
    ] {
        for other in linked {
            let (id, title) = (
                output::visible(other.id.as_str()),
                shortened(&other.title, 60),
            );
            say!("{word} {id}: {}", output::visible(&title));
        }
    }
    for source in store.lineage(&page.id)? {
        let text = output::visible(&shortened(&source.text, 60));
        say!("made from {}: {text}", output::visible(source.id.as_str()));
    }
    Ok(())
}

/// What is known of all pages, or of those of a space.
fn summaries(store: &dyn Library, space: Option<&SpaceName>) -> Result<Vec<PageSummary>> {
    let mut pages = Vec::new();
    loop {
        let more = store.list(pages.len(), LIST_PAGES)?;
        if more.is_empty() {
            break;
        }
        pages.extend(more);
    }
    if let Some(SpaceName(space)) = space {
        pages.retain(|page| page.space == *space);
    }
    Ok(pages)
}

fn list(session: &Session, args: &LsArgs) -> Result<u8> {
    let store = library(session, Access::ReadOnly)?;
    let pages = summaries(store.as_ref(), args.space.as_ref())?;
    if args.json {
        output::json(&pages)?;
    } else if pages.is_empty() {
        match &args.space {
            Some(space) => say!("nothing is stored in {}", space_words(&space.0)),
            None => say!("{EMPTY}"),
        }
    } else {
        let rows = pages.iter().map(|page| {
            vec![
                page.id.to_string(),
                page.kind.to_string(),
                standing(page.trust, page.secrecy),
                space_words(&page.space).to_owned(),
                page.bytes.to_string(),
                ago(page.created_ms),
                shortened(&page.title, 40),
                shortened(&page.source, 40),
            ]
        });
        output::table(
            &[
                "ID", "KIND", "TRUST", "SPACE", "BYTES", "STORED", "TITLE", "SOURCE",
            ],
            rows.collect(),
        )?;
    }
    Ok(0)
}

fn stats(session: &Session, args: &JsonArgs) -> Result<u8> {
    let store = library(session, Access::ReadOnly)?;
    let (stats, spaces) = (store.stats()?, store.spaces()?);
    let meaning = store.meaning()?;
    if args.json {
        let mut value = serde_json::to_value(&stats)?;
        let named = spaces
            .iter()
            .map(|(name, share)| (space_words(name), share));
        value["spaces"] = json!(named.collect::<BTreeMap<_, _>>());
        value["meaning"] = json!({
            "model": session.embedder()?.map(|embedder| embedder.called().to_owned()),
            "waiting": waiting(meaning),
        });
        output::json(&value)?;
        return Ok(0);
    }
    output::line(&format!(
        "{}, {} of text",
        counted(stats.pages, "page"),
        counted(stats.bytes, "byte")
    ))?;
    for (kind, pages) in &stats.by_kind {
        output::line(&format!("  {kind}: {pages}"))?;
    }
    for (trust, pages) in &stats.by_trust {
        output::line(&format!("  from {trust}: {pages}"))?;
    }
    let embedder = session.embedder()?;
    let called = embedder.as_ref().map_or("", |embedder| embedder.called());
    if let Some(words) = meaning_words(meaning, called) {
        output::line(&format!("  {words}"))?;
    }
    for (space, share) in &spaces {
        let name = output::visible(space_words(space));
        output::line(&format!(
            "  memories in {name}: {}, {}",
            share.pages,
            counted(share.bytes, "byte")
        ))?;
    }
    Ok(0)
}

/// Pages that wait for a vector.
fn waiting(meaning: Meaning) -> u64 {
    match meaning {
        Meaning::Incomplete(pages) | Meaning::Changing(pages) => pages,
        Meaning::NoModel | Meaning::Complete => 0,
    }
}

/// How far the pages are found by their meaning, by the model `called` so.
fn meaning_words(meaning: Meaning, called: &str) -> Option<String> {
    let more = "`quipu mem rebuild` makes them";
    Some(match meaning {
        Meaning::NoModel => return None,
        Meaning::Complete => format!("found by their meaning with {called}"),
        Meaning::Incomplete(pages) => {
            format!("found by their words; {pages} have no vector of {called} yet: {more}")
        }
        Meaning::Changing(pages) => format!(
            "found by their meaning with {called}; {pages} still with another model: {more}"
        ),
    })
}

fn rebuild(session: &Session, args: &RebuildArgs) -> Result<u8> {
    if args.choose {
        choose::choose(session)?;
    }
    let store = library(session, Access::ReadWrite)?;
    let bar = bar(0);
    let silence = silence(&bar);
    store.rebuild(&|done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    drop(silence);
    session.give_vectors(store.as_ref())?;
    say!(
        "the index is rebuilt: {}",
        counted(store.stats()?.pages, "page")
    );
    Ok(0)
}

/// How far a page is trusted, and who may learn it where not everybody may.
fn standing(trust: Trust, secrecy: Secrecy) -> String {
    Level { trust, secrecy }.to_string()
}
