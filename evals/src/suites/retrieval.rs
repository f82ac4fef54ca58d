//! What the suites with a corpus, queries and judgements have in common.

use std::time::Instant;

use anyhow::Result;
use quipu_memory::{NewPage, Query};

use crate::Args;
use crate::data::{Collection, Document};
use crate::metrics::{mean, ndcg, quantile, recall, reciprocal_rank};
use crate::report::Report;
use crate::store::{Shelf, page};

/// A collection in a store, and what is known of it.
pub struct Suite {
    /// Its folder.
    pub folder: &'static str,
    /// The figure to beat by words alone, in the metric `of`, and whose it is.
    pub lexical: (f64, &'static str),
    /// What is compared.
    pub of: Metric,
}

/// What a suite is judged by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    Ndcg,
    ReciprocalRank,
}

/// Stores the corpus, asks every query, and measures what is found.
pub fn run(args: &Args, suite: &Suite) -> Result<Report> {
    let collection = Collection::read(&args.data.join(suite.folder))?;
    let begun = Instant::now();
    let shelf = Shelf::with(collection.documents.iter().map(as_page))?;
    let stored = begun.elapsed().as_secs_f64();
    let mut report = Report::default();
    let name = suite.folder;
    measure(&mut report, suite, &collection, &shelf)?;
    let pages = collection.documents.len() as f64;
    report.add(
        format!("{name} stored, pages a second"),
        pages / stored,
        None,
        "/s",
    );
    Ok(report)
}

fn as_page(document: &Document) -> NewPage {
    page(&document.id, &document.title, &document.text)
}

fn measure(
    report: &mut Report,
    suite: &Suite,
    collection: &Collection,
    shelf: &Shelf,
) -> Result<()> {
    let (mut gains, mut recalls, mut ranks, mut times) = (vec![], vec![], vec![], vec![]);
    for question in &collection.questions {
        let begun = Instant::now();
        let ranking = shelf.ids(&Query::new(question.text.clone(), 100))?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        // A query that nobody judged says nothing, but has to run.
        let Some(judged) = collection.judged.get(&question.id) else {
            continue;
        };
        if let (Some(gain), Some(found)) =
            (ndcg(&ranking, judged, 10), recall(&ranking, judged, 100))
        {
            gains.push(gain);
            recalls.push(found);
            ranks.push(reciprocal_rank(&ranking, judged, 10));
        }
    }
    let name = suite.folder;
    let baseline = |metric| (metric == suite.of).then_some(suite.lexical);
    report.score(
        format!("{name} lexical nDCG@10"),
        mean(&gains),
        baseline(Metric::Ndcg),
    );
    report.score(format!("{name} lexical R@100"), mean(&recalls), None);
    report.score(
        format!("{name} lexical MRR@10"),
        mean(&ranks),
        baseline(Metric::ReciprocalRank),
    );
    report.add(
        format!("{name} queries run"),
        times.len() as f64,
        None,
        "queries",
    );
    report.add(
        format!("{name} query of 100 hits, p50"),
        quantile(&times, 0.5),
        None,
        "ms",
    );
    report.add(
        format!("{name} query of 100 hits, p99"),
        quantile(&times, 0.99),
        None,
        "ms",
    );
    Ok(())
}
