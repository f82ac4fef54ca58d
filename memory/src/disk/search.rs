//! A search of the store: by words, by meaning, or by both.

use std::collections::{HashMap, HashSet};

use super::finder::Found;
use super::meaning::{Meaning, Near};
use super::open::Open;
use super::view::{View, sort};
use super::{DiskStore, INDEX, error};
use crate::error::StoreError;
use crate::links::lend::with_links;
use crate::page::PageId;
use crate::rank::{Candidate, PlaceKey, QUERY_TERMS_MAX, candidates, fused, with_wholes};
use crate::snippet::snippet;
use crate::store::{HITS_MAX, Hit, Mode, Query};
use crate::text;

impl DiskStore {
    /// The hits of `query`.
    pub(super) fn hits(&self, open: &Open, query: &Query) -> Result<Vec<Hit>, StoreError> {
        let k = query.k.min(HITS_MAX);
        let terms = text::query_terms(&query.text, QUERY_TERMS_MAX);
        let view = open.current_view()?;
        let meaning = self.meaning.as_ref().filter(|found| found.finds());
        let mut found = match (self.mode(query.mode), meaning) {
            (Mode::Lexical, _) => self.by_words(&view, &terms, query)?,
            (Mode::Semantic, Some(meaning)) => by_meaning(open, meaning, query, k)?,
            (_, Some(meaning)) => self.by_both(open, &view, meaning, &terms, query)?,
            (_, None) => Found::new(),
        };
        if query.mode != Mode::Semantic {
            with_links(&mut found, |ids| open.reading.lock().linked(ids))?;
            sort(&mut found);
        }
        found.truncate(k);
        let mut hits = Vec::with_capacity(found.len());
        for Candidate {
            page: id, score, ..
        } in found
        {
            // A page removed since the index was asked is no hit.
            let Some(page) = open.reading.lock().get(&id)? else {
                continue;
            };
            hits.push(Hit {
                id,
                score,
                snippet: snippet(&page.text, &terms),
                title: page.title,
                source: page.source,
                trust: page.trust,
                secrecy: page.secrecy,
                suspicion: page.suspicion,
                created_ms: page.created_ms,
                place: page.place,
            });
        }
        Ok(hits)
    }

    fn by_words(&self, view: &View, terms: &[String], query: &Query) -> Result<Found, StoreError> {
        view.search(terms, query)
            .map_err(|source| error::index(&self.dir().join(INDEX), source))
    }

    /// The scores by words of the candidates of both kinds.
    fn word_scores(
        &self,
        view: &View,
        by_words: &Found,
        nearest: &[Near],
        terms: &[String],
        query: &Query,
    ) -> Result<HashMap<PageId, f32>, StoreError> {
        let known: HashSet<&PageId> = by_words.iter().map(|found| &found.page).collect();
        let ids = nearest.iter().map(|found| &found.page.id);
        let unknown: Vec<&PageId> = ids.filter(|id| !known.contains(id)).collect();
        let called = view
            .called(&unknown, terms, query)
            .map_err(|source| error::index(&self.dir().join(INDEX), source))?;
        let called = called.into_iter().map(|found| (found.page, found.score));
        let found = by_words.iter();
        let found = found.map(|found| (found.page.clone(), found.score));
        Ok(called.chain(found).collect())
    }

    /// Candidates of both kinds, each with both scores.
    fn by_both(
        &self,
        open: &Open,
        view: &View,
        meaning: &Meaning,
        terms: &[String],
        query: &Query,
    ) -> Result<Found, StoreError> {
        let n = candidates(query.k.min(HITS_MAX));
        let mut by_words = self.by_words(view, terms, query)?;
        by_words.truncate(n);
        let best = by_words.first().map_or(0.0, |found| found.score);
        let looked = meaning.look(&open.reading, &query.text, n)?;
        let nearest = looked.nearest(&open.reading.lock(), query, n)?;
        let places = places(&by_words, &nearest);
        // Of each candidate of one kind, the score of the other kind.
        let words = self.word_scores(view, &by_words, &nearest, terms, query)?;
        let mut meant: HashMap<PageId, f32> = HashMap::new();
        {
            let reading = open.reading.lock();
            let seqs: Vec<i64> = by_words
                .iter()
                .map(|found| reading.seq_of(&found.page))
                .collect::<Result<_, _>>()?;
            let deviations = looked.deviations(&seqs).into_iter();
            meant.extend(by_words.into_iter().map(|found| found.page).zip(deviations));
        }
        // Looked at only where a page shares no word, and then it is one of these.
        let mut cosines: HashMap<PageId, f32> = HashMap::new();
        for found in nearest {
            cosines.insert(found.page.id.clone(), found.cosine);
            meant.insert(found.page.id, found.deviations);
        }

        let mut found: Found = meant
            .into_iter()
            .map(|(page, deviations)| Candidate {
                score: fused(
                    words.get(&page).copied().unwrap_or(0.0),
                    best,
                    deviations,
                    cosines.get(&page).copied().unwrap_or(0.0),
                ),
                place: places.get(&page).copied().unwrap_or_default(),
                terms: 0,
                page,
            })
            .collect();
        with_wholes(&mut found);
        sort(&mut found);
        found.retain(|found| found.score > 0.0);
        Ok(found)
    }
}

/// Where the candidates of both kinds stand.
fn places(by_words: &Found, nearest: &[Near]) -> HashMap<PageId, PlaceKey> {
    let by_words = by_words.iter();
    let by_words = by_words.map(|found| (found.page.clone(), found.place));
    let nearest = nearest.iter();
    let nearest = nearest.map(|found| (found.page.id.clone(), found.page.place));
    by_words.chain(nearest).collect()
}

fn by_meaning(
    open: &Open,
    meaning: &Meaning,
    query: &Query,
    k: usize,
) -> Result<Found, StoreError> {
    let looked = meaning.look(&open.reading, &query.text, candidates(k))?;
    let nearest = looked.nearest(&open.reading.lock(), query, candidates(k))?;
    let mut found: Found = nearest
        .into_iter()
        .map(|found| Candidate {
            place: found.page.place,
            page: found.page.id,
            score: found.cosine,
            terms: 0,
        })
        .collect();
    sort(&mut found);
    found.retain(|found| found.score > 0.0);
    Ok(found)
}
