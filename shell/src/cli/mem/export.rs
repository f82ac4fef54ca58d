//! `quipu mem export`: the pages as JSON lines, as `quipu mem add --jsonl` reads them.

use anyhow::Result;
use clap::Args;
use quipu_memory::{Access, Page, Trust};
use serde_json::{Value, json};

use super::{EMPTY, summaries};
use crate::config::process::SpaceName;
use crate::import::jsonl::is_of_a_process;
use crate::service::lent::library;
use crate::session::Session;
use crate::terminal::output::{self, counted};

/// Arguments of `mem export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Only pages of this space
    #[arg(long, value_name = "NAME")]
    space: Option<SpaceName>,
}

/// Prints the pages, a line for each.
///
/// # Errors
/// Those of the store and of standard output.
pub fn run(session: &Session, args: &ExportArgs) -> Result<u8> {
    let store = library(session, Access::ReadOnly)?;
    let pages = summaries(store.as_ref(), args.space.as_ref())?;
    let mut written = 0_u64;
    for page in &pages {
        // One that was removed meanwhile is passed over.
        if let Some(page) = store.get(&page.id)? {
            output::json(&line(&page))?;
            written += 1;
        }
    }
    match written {
        0 => say!("{EMPTY}"),
        _ => say!(
            "{}: `quipu mem add --jsonl FILE` brings them in again; with --vouch, your own stay yours",
            counted(written, "page")
        ),
    }
    Ok(0)
}

/// What is told of a page. An id that only processes give is left out: the page gets another where
/// it is brought in. Nothing but the machine itself is trusted like the machine.
fn line(page: &Page) -> Value {
    let id = page.id.as_str();
    json!({
        "_id": (!is_of_a_process(id)).then_some(id),
        "title": page.title,
        "text": page.text,
        "source": page.source,
        "trust": page.trust.min(Trust::User),
        "secrecy": page.secrecy,
    })
}
