//! `quipu mem search`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use console::style;
use quipu_memory::{Access, Hit, Mode, Query};
use serde_json::{Value, json};

use crate::config::process::SpaceName;
use crate::service::lent::library;
use crate::session::Session;
use crate::session::embedder::how_to_get_one;
use crate::session::library::{Library, Meaning};
use crate::terminal::error::UserError;
use crate::terminal::lines::{file_words, json_lines};
use crate::terminal::output::{self, counted, visible};

/// Find pages by their words and their meaning
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// What to look for
    #[arg(required_unless_present = "jsonl")]
    query: Option<String>,
    /// Read queries from FILE, lines {"_id","text"}, and print a line of hits for each
    #[arg(long, value_name = "FILE", conflicts_with = "query")]
    jsonl: Option<PathBuf>,
    /// The most hits
    #[arg(short, value_name = "N", default_value = "10")]
    k: NonZeroUsize,
    /// How to search
    #[arg(long, value_enum, default_value_t = ModeWord::Best)]
    mode: ModeWord,
    /// Only pages of this space
    #[arg(long, value_name = "NAME")]
    space: Option<SpaceName>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How to search.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ModeWord {
    /// By words and meaning where an embedding model is there, else by words
    Best,
    /// By words (BM25)
    Lexical,
    /// By meaning
    Semantic,
    /// By words and meaning
    Hybrid,
}

impl From<ModeWord> for Mode {
    fn from(word: ModeWord) -> Self {
        match word {
            ModeWord::Best => Mode::Best,
            ModeWord::Lexical => Mode::Lexical,
            ModeWord::Semantic => Mode::Semantic,
            ModeWord::Hybrid => Mode::Hybrid,
        }
    }
}

/// Runs the command.
pub fn run(session: &Session, args: &SearchArgs) -> Result<u8> {
    let query = args.query.as_deref().unwrap_or_default();
    if args.jsonl.is_none() && query.trim().is_empty() {
        return Err(UserError::usage(
            "there is nothing to look for: the query is empty",
            "say it in words: quipu mem search \"…\"",
        ));
    }
    let store = library(session, Access::ReadOnly)?;
    require_meaning(store.as_ref(), args.mode)?;
    let search = |text: &str| {
        store.search(&Query {
            mode: args.mode.into(),
            spaces: args.space.as_ref().map(|space| vec![space.0.clone()]),
            ..Query::new(text, args.k.get())
        })
    };
    if let Some(path) = &args.jsonl {
        for line in json_lines(path)? {
            let (number, value) = line?;
            let text = value["text"].as_str().ok_or_else(|| {
                UserError::usage(
                    format!("{}, line {number}: no \"text\"", file_words(path)),
                    "lines are {\"_id\": …, \"text\": …}",
                )
            })?;
            let hits = search(text)?;
            output::json(&json!({"_id": value["_id"], "hits": short(&hits)}))?;
        }
        return Ok(0);
    }
    let hits = search(query)?;
    if args.json {
        output::json(&hits)?;
        return Ok(0);
    }
    if hits.is_empty() {
        match store.stats()?.pages {
            0 => say!("{}", super::EMPTY),
            _ => say!("nothing found"),
        }
    }
    for hit in hits {
        let head = visible(&format!("{}  {}", hit.id, hit.title));
        output::line(&format!(
            "{}  {}",
            style(head.trim_end()).bold(),
            style(format!(
                "{:.2} · {} · {}",
                hit.score,
                visible(&hit.source),
                super::standing(hit.trust, hit.secrecy)
            ))
            .dim()
        ))?;
        let lines = visible(&hit.snippet).replace('\n', "\n    ");
        output::line(&format!("    {lines}"))?;
    }
    Ok(0)
}

/// Refuses a search by meaning where pages have no vectors for it.
fn require_meaning(store: &dyn Library, mode: ModeWord) -> Result<()> {
    let asks = matches!(mode, ModeWord::Semantic | ModeWord::Hybrid);
    if !asks {
        return Ok(());
    }
    Err(match store.meaning()? {
        Meaning::Complete | Meaning::Changing(_) => return Ok(()),
        Meaning::Incomplete(pages) => UserError::usage(
            format!(
                "no vector of the embedding model yet: {}",
                counted(pages, "page")
            ),
            "`quipu mem rebuild` makes them; `--mode lexical` goes without",
        ),
        Meaning::NoModel => UserError::usage(
            "no embedding model is there to search by meaning",
            format!("{}; `--mode lexical` goes without", how_to_get_one()),
        ),
    })
}

fn short(hits: &[Hit]) -> Vec<Value> {
    let hit = |hit: &Hit| json!({"id": hit.id, "score": hit.score, "snippet": hit.snippet});
    hits.iter().map(hit).collect()
}
