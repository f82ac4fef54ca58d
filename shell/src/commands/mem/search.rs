//! `quipu mem search`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use console::style;
use quipu_memory::{Access, Hit, Query, Store};
use serde_json::{Value, json};

use crate::commands::lines::{file_words, json_lines};
use crate::error::UserError;
use crate::init::Session;
use crate::output::{self, visible};

/// Find pages by their words
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// What to look for
    #[arg(required_unless_present = "jsonl")]
    query: Option<String>,
    /// Read queries from FILE, lines {"_id","text"}, and print a line of hits for each
    #[arg(long, value_name = "FILE", conflicts_with = "query")]
    jsonl: Option<PathBuf>,
    /// The most hits
    #[arg(short, value_name = "N", default_value_t = 10)]
    k: usize,
    /// How to search
    #[arg(long, value_enum, default_value_t = Mode::Lexical)]
    mode: Mode,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How to search.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Mode {
    /// By words (BM25)
    Lexical,
}

/// Runs the command.
pub fn run(session: &Session, args: &SearchArgs) -> Result<u8> {
    let Mode::Lexical = args.mode;
    let store = session.store(Access::ReadOnly)?;
    if let Some(path) = &args.jsonl {
        for line in json_lines(path)? {
            let (number, value) = line?;
            let text = value["text"].as_str().ok_or_else(|| {
                UserError::usage(
                    format!("{}, line {number}: no \"text\"", file_words(path)),
                    "lines are {\"_id\": …, \"text\": …}",
                )
            })?;
            let hits = store.search(&Query::new(text, args.k))?;
            output::json(&json!({"_id": value["_id"], "hits": short(&hits)}))?;
        }
        return Ok(0);
    }
    let query = args.query.as_deref().unwrap_or_default();
    let hits = store.search(&Query::new(query, args.k))?;
    if args.json {
        output::json(&hits)?;
        return Ok(0);
    }
    if hits.is_empty() {
        eprintln!("nothing found");
    }
    for hit in hits {
        let head = format!("{}  {}", hit.id, visible(&hit.title));
        output::line(&format!(
            "{}  {}",
            style(head.trim_end()).bold(),
            style(format!(
                "{:.2} · {} · {}",
                hit.score,
                visible(&hit.source),
                hit.trust
            ))
            .dim()
        ))?;
        output::line(&format!("    {}", visible(&hit.snippet)))?;
    }
    Ok(0)
}

fn short(hits: &[Hit]) -> Vec<Value> {
    let hit = |hit: &Hit| json!({"id": hit.id, "score": hit.score, "snippet": hit.snippet});
    hits.iter().map(hit).collect()
}
