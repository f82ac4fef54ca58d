//! Searching the index: terms to page ids, best first.

use tantivy::collector::TopDocs;
use tantivy::collector::sort_key::SortByString;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query as IndexQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{IndexReader, Order, Term};

use super::analyzer::ByScore;
use super::index::Fields;
use crate::page::{PageId, Trust};
use crate::rank::TITLE_WEIGHT;
use crate::store::{HITS_MAX, Query};

/// A view of the index, shared by the threads that search.
#[derive(Clone)]
pub(super) struct Finder {
    pub(super) reader: IndexReader,
    pub(super) fields: Fields,
    /// The last change this view is known to show.
    pub(super) applied: i64,
}

impl Finder {
    /// The best pages with any of `terms`, within the filters of `query`; equal scores
    /// in the order of ids.
    pub(super) fn search(
        &self,
        terms: &[String],
        query: &Query,
    ) -> tantivy::Result<Vec<(f32, PageId)>> {
        let limit = query.k.min(HITS_MAX);
        if terms.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let best_first = (ByScore, Order::Desc);
        let then_by_id = (SortByString::for_field("id"), Order::Asc);
        let collector = TopDocs::with_limit(limit).order_by((best_first, then_by_id));
        let found = self
            .reader
            .searcher()
            .search(&self.query(terms, query), &collector)?;
        let hits = found.into_iter();
        Ok(hits
            .filter_map(|((score, id), _)| Some((score, PageId::from(id?))))
            .collect())
    }

    fn query(&self, terms: &[String], query: &Query) -> BooleanQuery {
        let any = terms.iter().flat_map(|term| {
            let in_title = BoostQuery::new(word(self.fields.title, term), TITLE_WEIGHT);
            [
                (Occur::Should, Box::new(in_title) as _),
                (Occur::Should, word(self.fields.text, term)),
            ]
        });
        let mut clauses = vec![(
            Occur::Must,
            Box::new(BooleanQuery::new(any.collect())) as Box<dyn IndexQuery>,
        )];
        if let Some(kind) = query.kind {
            clauses.push((Occur::Must, one_of(self.fields.kind, [kind as u64])));
        }
        if let Some(least) = query.min_trust {
            let enough = Trust::ALL
                .iter()
                .filter(|&&trust| trust >= least)
                .map(|&trust| trust as u64);
            clauses.push((Occur::Must, one_of(self.fields.trust, enough)));
        }
        BooleanQuery::new(clauses)
    }
}

fn word(field: Field, term: &str) -> Box<dyn IndexQuery> {
    let term = Term::from_field_text(field, term);
    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
}

/// Pages with one of `values`, adding nothing to the score.
fn one_of(field: Field, values: impl IntoIterator<Item = u64>) -> Box<dyn IndexQuery> {
    let terms = values
        .into_iter()
        .map(|value| Term::from_field_u64(field, value));
    Box::new(ConstScoreQuery::new(
        Box::new(TermSetQuery::new(terms)),
        0.0,
    ))
}
