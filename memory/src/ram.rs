//! `RamStore`: the reference implementation. Short enough to be seen to be right; it
//! forgets with the process, and a search looks at every page.

use std::collections::{BTreeMap, HashMap};

use parking_lot::RwLock;

use crate::error::StoreError;
use crate::ids::Ids;
use crate::page::{NewPage, Page, PageId};
use crate::rank::{self, TITLE_WEIGHT};
use crate::snippet::snippet;
use crate::store::{HITS_MAX, Hit, LIST_MAX, PageSummary, Query, Stats, Store};
use crate::text;

/// A store in memory, for tests and for work that need not be kept.
#[derive(Default)]
pub struct RamStore {
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    pages: BTreeMap<PageId, Entry>,
    ids: Ids,
    /// Number of the last put: the order of `list`.
    seq: u64,
}

struct Entry {
    page: Page,
    seq: u64,
    title: Bag,
    text: Bag,
}

/// How often each term occurs.
struct Bag {
    counts: HashMap<String, u32>,
    len: u32,
}

impl RamStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for RamStore {
    fn put_all(&self, pages: Vec<NewPage>) -> Result<Vec<Page>, StoreError> {
        pages.iter().try_for_each(NewPage::check)?;
        let mut state = self.state.write();
        Ok(pages.into_iter().map(|page| state.put(page)).collect())
    }

    fn get(&self, id: &PageId) -> Result<Option<Page>, StoreError> {
        Ok(self
            .state
            .read()
            .pages
            .get(id)
            .map(|entry| entry.page.clone()))
    }

    fn search(&self, query: &Query) -> Result<Vec<Hit>, StoreError> {
        let terms = text::distinct_terms(&query.text, rank::QUERY_TERMS_MAX);
        let state = self.state.read();
        let scores = state.scores(&terms);
        let mut found: Vec<(f32, &Page)> = state
            .pages
            .values()
            .zip(scores)
            .filter(|(entry, score)| *score > 0.0 && wanted(&entry.page, query))
            .map(|(entry, score)| (rank::rounded(score), &entry.page))
            .collect();
        found.sort_by(|(a, page_a), (b, page_b)| b.total_cmp(a).then(page_a.id.cmp(&page_b.id)));
        found.truncate(query.k.min(HITS_MAX));
        let hit = |(score, page): (f32, &Page)| Hit {
            id: page.id.clone(),
            title: page.title.clone(),
            score,
            snippet: snippet(&page.text, &terms),
            source: page.source.clone(),
            trust: page.trust,
        };
        Ok(found.into_iter().map(hit).collect())
    }

    fn remove(&self, id: &PageId) -> Result<bool, StoreError> {
        Ok(self.state.write().pages.remove(id).is_some())
    }

    fn list(&self, offset: usize, limit: usize) -> Result<Vec<PageSummary>, StoreError> {
        let state = self.state.read();
        let mut entries: Vec<&Entry> = state.pages.values().collect();
        entries.sort_by_key(|entry| entry.seq);
        let part = entries.into_iter().skip(offset).take(limit.min(LIST_MAX));
        Ok(part.map(|entry| summary(&entry.page)).collect())
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        let mut stats = Stats::default();
        for Entry { page, .. } in self.state.read().pages.values() {
            stats.pages += 1;
            stats.bytes += page.text.len() as u64;
            *stats.by_kind.entry(page.kind).or_default() += 1;
            *stats.by_trust.entry(page.trust).or_default() += 1;
        }
        Ok(stats)
    }
}

impl State {
    fn put(&mut self, new: NewPage) -> Page {
        let id = match new.id.clone() {
            Some(id) => {
                self.ids.saw(&id);
                id
            }
            None => self.ids.next(new.kind),
        };
        let page = new.stored_as(id.clone());
        self.seq += 1;
        let entry = Entry {
            title: Bag::of(&page.title),
            text: Bag::of(&page.text),
            page: page.clone(),
            seq: self.seq,
        };
        self.pages.insert(id, entry);
        page
    }

    /// The score of every page, in the order of `pages`.
    fn scores(&self, terms: &[String]) -> Vec<f32> {
        let titles: Vec<&Bag> = self.pages.values().map(|entry| &entry.title).collect();
        let texts: Vec<&Bag> = self.pages.values().map(|entry| &entry.text).collect();
        let by_title = bm25(&titles, terms);
        let by_text = bm25(&texts, terms);
        by_title
            .iter()
            .zip(by_text)
            .map(|(title, text)| TITLE_WEIGHT * title + text)
            .collect()
    }
}

impl Bag {
    fn of(text: &str) -> Self {
        let mut bag = Self {
            counts: HashMap::new(),
            len: 0,
        };
        for token in text::tokens(text) {
            *bag.counts.entry(token.term).or_default() += 1;
            bag.len += 1;
        }
        bag
    }
}

/// The BM25 score of every bag (Robertson and Zaragoza, "The Probabilistic Relevance
/// Framework: BM25 and Beyond", 2009), with the usual constants and the logarithm that
/// is never negative.
fn bm25(bags: &[&Bag], terms: &[String]) -> Vec<f32> {
    const K1: f32 = 1.2;
    const B: f32 = 0.75;
    let n = bags.len() as f32;
    let len_mean = bags.iter().map(|bag| bag.len as f32).sum::<f32>() / n;
    let mut scores = vec![0.0; bags.len()];
    for term in terms {
        let counts: Vec<u32> = bags
            .iter()
            .map(|bag| bag.counts.get(term).copied().unwrap_or(0))
            .collect();
        let df = counts.iter().filter(|&&count| count > 0).count() as f32;
        let idf = (1.0 + (n - df + 0.5) / (df + 0.5)).ln();
        for ((score, bag), count) in scores.iter_mut().zip(bags).zip(counts) {
            if count > 0 {
                let tf = count as f32;
                let norm = K1 * (1.0 - B + B * bag.len as f32 / len_mean);
                *score += idf * tf * (K1 + 1.0) / (tf + norm);
            }
        }
    }
    scores
}

fn wanted(page: &Page, query: &Query) -> bool {
    query.min_trust.is_none_or(|least| page.trust >= least)
        && query.kind.is_none_or(|kind| page.kind == kind)
}

fn summary(page: &Page) -> PageSummary {
    PageSummary {
        id: page.id.clone(),
        kind: page.kind,
        title: page.title.clone(),
        source: page.source.clone(),
        trust: page.trust,
        created_ms: page.created_ms,
        bytes: page.text.len() as u64,
    }
}
