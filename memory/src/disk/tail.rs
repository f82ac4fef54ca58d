//! The tail: changes that the index has not been told of yet, searched as they are.
//!
//! A write is acknowledged when the database has it; the index follows in batches. In
//! between a search asks the index and this, with the statistics of both together.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tantivy::Term;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::Field;

use super::db::Db;
use super::finder::{Finder, Found};
use crate::bag::Bag;
use crate::error::StoreError;
use crate::page::{Kind, Page, PageId, Trust};
use crate::rank::{Candidate, PlaceKey, TITLE_WEIGHT, bm25, rounded};
use crate::space::Space;
use crate::store::Query;

/// Pages put after a change, and the ids of all that changed since.
#[derive(Clone, Default)]
pub(super) struct Tail {
    entries: HashMap<PageId, Arc<Entry>>,
    /// What the index says of these pages is out of date.
    changed: HashSet<PageId>,
    title_tokens: u64,
    text_tokens: u64,
}

struct Entry {
    title: Bag,
    text: Bag,
    place: PlaceKey,
    kind: Kind,
    trust: Trust,
    space: Space,
}

impl Tail {
    /// Takes in what changed after change `since`.
    pub(super) fn extend(&mut self, db: &Db, since: i64) -> Result<(), StoreError> {
        for id in db.removed_since(since)? {
            self.take(&id);
            self.changed.insert(id);
        }
        db.each_since(since, |_, page| {
            self.put(page);
            Ok(())
        })
    }

    fn put(&mut self, page: &Page) {
        self.take(&page.id);
        let entry = Entry {
            title: Bag::of(&page.title),
            text: Bag::of(&page.text),
            place: PlaceKey::of(page.place.as_ref()),
            kind: page.kind,
            trust: page.trust,
            space: page.space.clone(),
        };
        self.title_tokens += u64::from(entry.title.len);
        self.text_tokens += u64::from(entry.text.len);
        self.changed.insert(page.id.clone());
        self.entries.insert(page.id.clone(), Arc::new(entry));
    }

    fn take(&mut self, id: &PageId) {
        if let Some(entry) = self.entries.remove(id) {
            self.title_tokens -= u64::from(entry.title.len);
            self.text_tokens -= u64::from(entry.text.len);
        }
    }

    /// Whether the index is out of date about the page.
    pub(super) fn replaces(&self, id: &PageId) -> bool {
        self.changed.contains(id)
    }

    /// How many pages the index is out of date about.
    pub(super) fn changes(&self) -> usize {
        self.changed.len()
    }

    /// Its pages, for the statistics.
    pub(super) fn pages(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Terms of its titles or texts.
    pub(super) fn tokens(&self, in_title: bool) -> u64 {
        match in_title {
            true => self.title_tokens,
            false => self.text_tokens,
        }
    }

    /// Its pages that have `term` in the title or the text.
    pub(super) fn pages_with(&self, term: &str, in_title: bool) -> u64 {
        let has = |entry: &&Arc<Entry>| entry.bag(in_title).count(term) > 0;
        self.entries.values().filter(has).count() as u64
    }

    /// Its pages within the filters of `query`, with their own scores for `terms`; zero
    /// where none matches.
    pub(super) fn scored(
        &self,
        finder: &Finder,
        terms: &[String],
        query: &Query,
    ) -> tantivy::Result<Found> {
        let wanted: Vec<(&PageId, &Arc<Entry>)> = self
            .entries
            .iter()
            .filter(|(_, entry)| query.admits(entry.kind, entry.trust, &entry.space))
            .collect();
        let mut scores = vec![0.0; wanted.len()];
        let (title, text) = finder.word_fields();
        if !wanted.is_empty() {
            let statistics = finder.statistics(self);
            let n = statistics.total_num_docs()?;
            for (field, in_title, weight) in [(title, true, TITLE_WEIGHT), (text, false, 1.0)] {
                let len_mean = statistics.total_num_tokens(field)? as f32 / n as f32;
                for term in terms {
                    let df = doc_freq(&statistics, field, term)?;
                    for (score, (_, entry)) in scores.iter_mut().zip(&wanted) {
                        let bag = entry.bag(in_title);
                        let of_term = bm25(bag.count(term), as_indexed(bag.len), len_mean, df, n);
                        *score += weight * of_term;
                    }
                }
            }
        }
        let scored = wanted.into_iter().zip(scores);
        Ok(scored
            .map(|((id, entry), score)| Candidate {
                page: id.clone(),
                score: rounded(score),
                place: entry.place,
                terms: as_indexed(entry.text.len),
            })
            .collect())
    }
}

impl Entry {
    fn bag(&self, in_title: bool) -> &Bag {
        match in_title {
            true => &self.title,
            false => &self.text,
        }
    }
}

fn doc_freq(
    statistics: &impl Bm25StatisticsProvider,
    field: Field,
    term: &str,
) -> tantivy::Result<u64> {
    statistics.doc_freq(&Term::from_field_text(field, term))
}

/// The length of a field as the index remembers it, in one byte.
fn as_indexed(len: u32) -> u32 {
    FieldNormReader::id_to_fieldnorm(FieldNormReader::fieldnorm_to_id(len))
}
