//! Searching the index: terms to candidates.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use tantivy::collector::sort_key::SortByString;
use tantivy::collector::{Collector, TopDocs};
use tantivy::columnar::{Column, StrColumn};
use tantivy::fieldnorm::FieldNormReader;
use tantivy::query::{
    Bm25StatisticsProvider, BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query as IndexQuery,
    TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, Order, Searcher, SegmentOrdinal, Term};

use super::analyzer::ByScore;
use super::index::Fields;
use super::tail::Tail;
use crate::page::{PageId, Trust};
use crate::rank::{Candidate, PlaceKey, TITLE_WEIGHT, rounded};
use crate::space::Space;
use crate::store::Query;

/// What an index finds: pages by id.
pub(super) type Found = Vec<Candidate<PageId>>;

/// The index at one moment, shared by the threads that search.
#[derive(Clone)]
pub(super) struct Finder {
    searcher: Searcher,
    fields: Fields,
}

/// What is looked up of the pages of one segment.
struct Columns {
    ids: Option<StrColumn>,
    places: Column<u64>,
    /// Terms in the text.
    lengths: FieldNormReader,
}

/// The statistics of the index and the tail together.
struct Statistics<'a> {
    finder: &'a Finder,
    tail: &'a Tail,
}

impl Finder {
    pub(super) fn new(searcher: Searcher, fields: Fields) -> Self {
        Self { searcher, fields }
    }

    /// The best `n` pages with any of `terms` within the filters of `query`, by their own
    /// score, best first; of those that score the same as the last, any.
    pub(super) fn best(
        &self,
        terms: &[String],
        query: &Query,
        tail: &Tail,
        n: usize,
    ) -> tantivy::Result<Found> {
        let collector = TopDocs::with_limit(n).order_by_score();
        let words = self.filtered(Occur::Should, self.words(terms), query);
        self.candidates(self.collected(&words, tail, &collector)?)
    }

    /// As `best`, but of those that score the same as the last, the first by id. Looks
    /// at every page that matches, where `best` can pass over most.
    pub(super) fn best_by_id(
        &self,
        terms: &[String],
        query: &Query,
        tail: &Tail,
        n: usize,
    ) -> tantivy::Result<Found> {
        let best_first = (ByScore, Order::Desc);
        let then_by_id = (SortByString::for_field("id"), Order::Asc);
        let collector = TopDocs::with_limit(n).order_by((best_first, then_by_id));
        let words = self.filtered(Occur::Should, self.words(terms), query);
        let found = self.collected(&words, tail, &collector)?;
        self.candidates(found.into_iter().map(|((score, _), at)| (score, at)))
    }

    /// The pages at `places` within the filters of `query`, at most `n`, with their own
    /// scores for `terms`.
    pub(super) fn at(
        &self,
        places: &[PlaceKey],
        terms: &[String],
        query: &Query,
        tail: &Tail,
        n: usize,
    ) -> tantivy::Result<Found> {
        let there = one_of(self.fields.place, places.iter().map(|place| place.0));
        self.among(there, terms, query, tail, n)
    }

    /// The pages called `ids`, with their own scores for `terms`.
    pub(super) fn called(
        &self,
        ids: &[&PageId],
        terms: &[String],
        query: &Query,
        tail: &Tail,
    ) -> tantivy::Result<Found> {
        let terms_of = ids
            .iter()
            .map(|id| Term::from_field_text(self.fields.id, id.as_str()));
        self.among(any_of(terms_of), terms, query, tail, ids.len())
    }

    fn among(
        &self,
        there: Box<dyn IndexQuery>,
        terms: &[String],
        query: &Query,
        tail: &Tail,
        n: usize,
    ) -> tantivy::Result<Found> {
        let mut clauses = self.words(terms);
        clauses.push((Occur::Must, there));
        let words = self.filtered(Occur::Must, clauses, query);
        let collector = TopDocs::with_limit(n).order_by_score();
        self.candidates(self.collected(&words, tail, &collector)?)
    }

    /// What `collector` takes of the pages that match `words`, scored by the statistics of the
    /// index and of `tail`.
    fn collected<C: Collector>(
        &self,
        words: &BooleanQuery,
        tail: &Tail,
        collector: &C,
    ) -> tantivy::Result<C::Fruit> {
        let statistics = Statistics { finder: self, tail };
        self.searcher
            .search_with_statistics_provider(words, collector, &statistics)
    }

    /// Documents in how many terms of `field` there are on average.
    pub(super) fn statistics<'a>(&'a self, tail: &'a Tail) -> impl Bm25StatisticsProvider + 'a {
        Statistics { finder: self, tail }
    }

    /// The field of titles and the field of texts.
    pub(super) fn word_fields(&self) -> (Field, Field) {
        (self.fields.title, self.fields.text)
    }

    fn candidates(
        &self,
        found: impl IntoIterator<Item = (f32, DocAddress)>,
    ) -> tantivy::Result<Found> {
        let mut candidates = Vec::new();
        // Opening a column costs more than reading from it.
        let mut columns: HashMap<SegmentOrdinal, Columns> = HashMap::new();
        for (score, at) in found {
            let columns = match columns.entry(at.segment_ord) {
                Entry::Occupied(open) => open.into_mut(),
                Entry::Vacant(new) => new.insert(self.columns(at.segment_ord)?),
            };
            let mut id = String::new();
            let Some(ids) = &columns.ids else { continue };
            let Some(ord) = ids.term_ords(at.doc_id).next() else {
                continue;
            };
            ids.ord_to_str(ord, &mut id)?;
            candidates.push(Candidate {
                page: PageId::from(id),
                score: rounded(score),
                place: PlaceKey(columns.places.first(at.doc_id).unwrap_or(0)),
                terms: columns.lengths.fieldnorm(at.doc_id),
            });
        }
        Ok(candidates)
    }

    fn columns(&self, segment: SegmentOrdinal) -> tantivy::Result<Columns> {
        let segment = self.searcher.segment_reader(segment);
        let fast = segment.fast_fields();
        Ok(Columns {
            ids: fast.str("id")?,
            places: fast.u64("place")?,
            lengths: segment.get_fieldnorms_reader(self.fields.text)?,
        })
    }

    /// One clause for each term and field.
    fn words(&self, terms: &[String]) -> Vec<(Occur, Box<dyn IndexQuery>)> {
        let any = terms.iter().flat_map(|term| {
            let in_title = BoostQuery::new(word(self.fields.title, term), TITLE_WEIGHT);
            [
                (Occur::Should, Box::new(in_title) as Box<dyn IndexQuery>),
                (Occur::Should, word(self.fields.text, term)),
            ]
        });
        any.collect()
    }

    /// Whether every page of the index is in one of `spaces`: then they filter nothing.
    fn holds_only(&self, spaces: &[Space]) -> bool {
        let spaces: std::collections::BTreeSet<&Space> = spaces.iter().collect();
        let in_one = spaces.iter().map(|space| {
            let term = Term::from_field_text(self.fields.space, space.as_stored());
            self.searcher.doc_freq(&term).unwrap_or(0)
        });
        let in_one: u64 = in_one.sum();
        let segments = self.searcher.segment_readers().iter();
        in_one
            == segments
                .map(|segment| u64::from(segment.max_doc()))
                .sum::<u64>()
    }

    /// `clauses` within the filters of `query`. A union of words alone can be searched
    /// without looking at every page, so it is left as it is where nothing is filtered.
    fn filtered(
        &self,
        all: Occur,
        clauses: Vec<(Occur, Box<dyn IndexQuery>)>,
        query: &Query,
    ) -> BooleanQuery {
        let mut filters = Vec::new();
        if let Some(kind) = query.kind {
            filters.push((Occur::Must, one_of(self.fields.kind, [kind as u64])));
        }
        if let Some(spaces) = &query.spaces
            && !self.holds_only(spaces)
        {
            let terms = spaces
                .iter()
                .map(|space| Term::from_field_text(self.fields.space, space.as_stored()));
            filters.push((Occur::Must, any_of(terms)));
        }
        if let Some(least) = query.min_trust {
            let enough = Trust::ALL
                .iter()
                .filter(|&&trust| trust >= least)
                .map(|&trust| trust as u64);
            filters.push((Occur::Must, one_of(self.fields.trust, enough)));
        }
        match (filters.is_empty(), all) {
            (true, _) => BooleanQuery::new(clauses),
            (false, Occur::Should) => {
                let words = Box::new(BooleanQuery::new(clauses)) as Box<dyn IndexQuery>;
                filters.push((Occur::Must, words));
                BooleanQuery::new(filters)
            }
            (false, _) => {
                filters.extend(clauses);
                BooleanQuery::new(filters)
            }
        }
    }
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let in_title = field == self.finder.fields.title;
        Ok(self.finder.searcher.total_num_tokens(field)? + self.tail.tokens(in_title))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.finder.searcher.total_num_docs()? + self.tail.pages())
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let in_title = term.field() == self.finder.fields.title;
        let in_tail = match term.value().as_str() {
            Some(word) => self.tail.pages_with(word, in_title),
            None => 0,
        };
        Ok(self.finder.searcher.doc_freq(term)? + in_tail)
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
    any_of(terms)
}

/// Pages with one of `terms`, adding nothing to the score.
fn any_of(terms: impl IntoIterator<Item = Term>) -> Box<dyn IndexQuery> {
    Box::new(ConstScoreQuery::new(
        Box::new(TermSetQuery::new(terms)),
        0.0,
    ))
}
