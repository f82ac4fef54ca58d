//! LoCoMo: questions about long conversations, and the turns that hold the answers.
//!
//! Each conversation is a store; each session is a whole, and each turn a page in it.
//! Measured is the share of the evidence among the first turns found. Questions that have
//! no answer (category 5) are left out, as is usual.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use quipu_memory::{Kind, NewPage, Place, Query};
use serde::Deserialize;

use crate::Args;
use crate::data::lines;
use crate::metrics::{Judgements, mean, quantile, recall};
use crate::report::Report;
use crate::store::{Shelf, page};

/// BM25 with a window of one turn, over all ten conversations.
const BASELINE: [f64; 2] = [0.582, 0.683];

#[derive(Debug, Deserialize)]
struct Turn {
    conv: String,
    session: String,
    date_time: String,
    dia_id: String,
    speaker: String,
    text: String,
    image_caption: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Asked {
    conv: String,
    question: String,
    category: u32,
    category_name: String,
    evidence: Vec<String>,
}

pub fn run(args: &Args) -> Result<Report> {
    let folder = args.data.join("locomo");
    let turns: Vec<Turn> = lines(&folder.join("turns.jsonl"))?;
    let questions: Vec<Asked> = lines(&folder.join("questions.jsonl"))?;
    let mut conversations: BTreeMap<&str, Vec<NewPage>> = BTreeMap::new();
    for turn in &turns {
        let pages = conversations.entry(turn.conv.as_str()).or_default();
        let part = pages.len() as u32;
        pages.push(as_page(turn, part));
    }
    let mut shelves: BTreeMap<&str, (Shelf, Vec<NewPage>)> = BTreeMap::new();
    for (name, pages) in conversations {
        shelves.insert(name, (Shelf::with(pages.clone())?, pages));
    }
    let mut report = Report::default();
    measure(&mut report, &questions, &shelves)?;
    Ok(report)
}

/// A turn as it would be remembered: who said it and when is its title.
fn as_page(turn: &Turn, part: u32) -> NewPage {
    let mut text = format!("{}: {}", turn.speaker, turn.text);
    if let Some(caption) = &turn.image_caption {
        text.push_str(&format!(" [shows {caption}]"));
    }
    NewPage {
        kind: Kind::Memory,
        place: Some(Place {
            of: format!("{} {}", turn.conv, turn.session),
            part,
        }),
        ..page(&turn.dia_id, &turn.date_time, &text)
    }
}

fn measure(
    report: &mut Report,
    questions: &[Asked],
    shelves: &BTreeMap<&str, (Shelf, Vec<NewPage>)>,
) -> Result<()> {
    let (mut at_5, mut at_10, mut times) = (vec![], vec![], vec![]);
    let mut by_category: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for asked in questions.iter().filter(|asked| asked.category <= 4) {
        let Some((shelf, pages)) = shelves.get(asked.conv.as_str()) else {
            continue;
        };
        let there = |id: &&String| {
            let is_it = |page: &NewPage| page.id.as_ref().is_some_and(|of| of.as_str() == *id);
            pages.iter().any(is_it)
        };
        let evidence = asked.evidence.iter().filter(there);
        let judged: Judgements = evidence.map(|id| (id.clone(), 1)).collect();
        let begun = Instant::now();
        let ranking = shelf.ids(&Query::new(asked.question.clone(), 10))?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        let (Some(five), Some(ten)) = (recall(&ranking, &judged, 5), recall(&ranking, &judged, 10))
        else {
            continue;
        };
        at_5.push(five);
        at_10.push(ten);
        by_category
            .entry(format!("{} {}", asked.category, asked.category_name))
            .or_default()
            .push(ten);
    }
    let [five, ten] = BASELINE.map(|figure| Some((figure, "BM25, window of one turn")));
    report.score("locomo lexical evidence recall@5", mean(&at_5), five);
    report.score("locomo lexical evidence recall@10", mean(&at_10), ten);
    for (category, values) in by_category {
        report.score(
            format!("locomo lexical recall@10, {category}"),
            mean(&values),
            None,
        );
    }
    report.add("locomo questions", at_5.len() as f64, None, "questions");
    report.add("locomo query p50", quantile(&times, 0.5), None, "ms");
    report.add("locomo query p99", quantile(&times, 0.99), None, "ms");
    Ok(())
}
