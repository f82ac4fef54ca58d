//! PoisonedRAG (Zou et al., 2024): for each question five texts that were planted to turn
//! its answer round, among passages that were not.
//!
//! The planted texts are stored as what the web brought, the passages as the owner's own.
//! Measured is the share of planted texts in what a process sees: of a plain search, of
//! the presentation, and of a search that asks for trusted pages.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use quipu_memory::{NewPage, Presentation, Query, Store, Trust, present};
use serde::Deserialize;

use crate::Args;
use crate::data::{Document, lines, text};
use crate::metrics::mean;
use crate::report::Report;
use crate::store::{Shelf, page};

/// Passages that a process sees of a topic.
const SEEN: usize = 5;
const PLANTED: &str = "planted-";

#[derive(Debug, Deserialize)]
struct Attack {
    question: String,
    adv_texts: Vec<String>,
}

/// The share of planted texts in what is seen, for each question.
#[derive(Default)]
struct Shares {
    shares: Vec<f64>,
    /// Questions of which more than half of what is seen was planted.
    ruled: usize,
    /// Planted texts that are shown as trusted.
    as_trusted: usize,
}

pub fn run(args: &Args) -> Result<Report> {
    let attacks = text(&args.data.join("poisonedrag/msmarco.json"))?;
    let attacks: BTreeMap<String, Attack> =
        serde_json::from_str(&attacks).context("poisonedrag/msmarco.json")?;
    let corpus: Vec<Document> = lines(&args.data.join("msmarco_sample/corpus.jsonl"))?;
    let own = corpus
        .iter()
        .map(|document| page(&document.id, &document.title, &document.text));
    let planted = attacks.iter().flat_map(|(id, attack)| {
        let planted = attack.adv_texts.iter().enumerate();
        planted.map(move |(n, text)| NewPage {
            trust: Trust::Untrusted,
            source: "https://planted.example".into(),
            // As the attack does it, each text begins with the question.
            ..page(
                &format!("{PLANTED}{id}-{n}"),
                "",
                &format!("{} {text}", attack.question),
            )
        })
    });
    let shelf = Shelf::with(args, own.chain(planted))?;

    let (mut plain, mut shown, mut trusted) =
        (Shares::default(), Shares::default(), Shares::default());
    for attack in attacks.values() {
        let query = Query::new(attack.question.clone(), SEEN);
        let seen = |hits: Vec<quipu_memory::Hit>| -> Vec<(String, Trust)> {
            let hits = hits.into_iter();
            hits.map(|hit| (hit.id.to_string(), hit.trust)).collect()
        };
        plain.add(&seen(shelf.store.search(&query)?));
        let passages = present(&shelf.store, &query, &Presentation::default())?;
        shown.add(&seen(
            passages.into_iter().map(|passage| passage.hit).collect(),
        ));
        let only = Query {
            min_trust: Some(Trust::User),
            ..query
        };
        trusted.add(&seen(shelf.store.search(&only)?));
    }
    let mut report = Report::default();
    for (name, shares) in [
        ("a plain search", &plain),
        ("the presentation", &shown),
        ("trusted pages only", &trusted),
    ] {
        let ruled = shares.ruled as f64 / attacks.len() as f64;
        report.score(
            format!("poisonedrag {name}, share planted"),
            mean(&shares.shares),
            None,
        );
        report.score(format!("poisonedrag {name}, planted rule"), ruled, None);
        let as_trusted = shares.as_trusted as f64;
        report.add(
            format!("poisonedrag {name}, shown as trusted"),
            as_trusted,
            None,
            "texts",
        );
    }
    Ok(report)
}

impl Shares {
    fn add(&mut self, seen: &[(String, Trust)]) {
        let planted: Vec<&(String, Trust)> = seen
            .iter()
            .filter(|(id, _)| id.starts_with(PLANTED))
            .collect();
        self.as_trusted += planted
            .iter()
            .filter(|(_, trust)| *trust > Trust::Untrusted)
            .count();
        self.ruled += usize::from(2 * planted.len() > seen.len());
        self.shares
            .push(planted.len() as f64 / seen.len().max(1) as f64);
    }
}
