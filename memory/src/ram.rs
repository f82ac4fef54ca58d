//! `RamStore`: the reference implementation. Short enough to be seen to be right; it
//! forgets with the process, and a search looks at every page.

use std::collections::BTreeMap;

use parking_lot::RwLock;

use crate::bag::Bag;
use crate::error::StoreError;
use crate::ids::Ids;
use crate::links::lend::{Linked, with_links};
use crate::page::{Kind, NewPage, Page, PageId};
use crate::rank::{self, Candidate, PlaceKey, TITLE_WEIGHT};
use crate::snippet::snippet;
use crate::space::Space;
use crate::store::{
    HISTORY_MAX, HITS_MAX, Hit, LIST_MAX, Mode, PageSummary, Query, Share, Stats, Store,
};
use crate::suspicion::Suspicion;
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
    place: PlaceKey,
    /// What it said before, oldest first.
    history: Vec<Page>,
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

    fn put_within(&self, page: NewPage, quota: Share) -> Result<Page, StoreError> {
        page.check()?;
        let mut state = self.state.write();
        let before = state.share(&page.space);
        let replaced = page.id.as_ref().and_then(|id| state.pages.get(id));
        let there =
            |entry: &&Entry| entry.page.kind == Kind::Memory && entry.page.space == page.space;
        let mut after = before;
        if let Some(entry) = replaced.filter(there) {
            after.pages -= 1;
            after.bytes -= entry.page.text.len() as u64;
        }
        if page.kind == Kind::Memory {
            after.pages += 1;
            after.bytes += page.text.len() as u64;
        }
        quota.admit(&page.space, before, after)?;
        Ok(state.put(page))
    }

    fn spaces(&self) -> Result<BTreeMap<Space, Share>, StoreError> {
        let state = self.state.read();
        let memories = state.pages.values().map(|entry| &entry.page);
        let mut spaces: BTreeMap<Space, Share> = BTreeMap::new();
        for page in memories.filter(|page| page.kind == Kind::Memory) {
            let share = spaces.entry(page.space.clone()).or_default();
            share.pages += 1;
            share.bytes += page.text.len() as u64;
        }
        Ok(spaces)
    }

    fn memories(&self, space: &Space, limit: usize) -> Result<Vec<Page>, StoreError> {
        let state = self.state.read();
        let mut found: Vec<&Entry> = state.pages.values().collect();
        found.retain(|entry| entry.page.kind == Kind::Memory && entry.page.space == *space);
        found.sort_by_key(|entry| std::cmp::Reverse(entry.seq));
        let newest = found.into_iter().take(limit.min(LIST_MAX));
        Ok(newest.map(|entry| entry.page.clone()).collect())
    }

    fn get(&self, id: &PageId) -> Result<Option<Page>, StoreError> {
        Ok(self
            .state
            .read()
            .pages
            .get(id)
            .map(|entry| entry.page.clone()))
    }

    fn history(&self, id: &PageId) -> Result<Vec<Page>, StoreError> {
        let state = self.state.read();
        let versions = state.pages.get(id).map(|entry| &entry.history);
        Ok(versions.into_iter().flatten().rev().cloned().collect())
    }

    fn search(&self, query: &Query) -> Result<Vec<Hit>, StoreError> {
        if query.mode == Mode::Semantic {
            // It has no embedder.
            return Ok(Vec::new());
        }
        let k = query.k.min(HITS_MAX);
        let terms = text::query_terms(&query.text, rank::QUERY_TERMS_MAX);
        let state = self.state.read();
        let scored: Vec<Candidate<&Page>> = state
            .scored(&terms)
            .filter(|found| query.admits(found.page.kind, found.page.trust, &found.page.space))
            .collect();
        let mut best: Vec<_> = scored
            .iter()
            .filter(|found| found.score > 0.0)
            .cloned()
            .collect();
        sort(&mut best);
        best.truncate(rank::candidates(k));
        let at = |places: &[PlaceKey]| {
            let there = |found: &&Candidate<&Page>| places.contains(&found.place);
            Ok::<_, StoreError>(scored.iter().filter(there).cloned().collect())
        };
        let mut found = rank::with_neighbours(best, k, at)?;
        sort(&mut found);
        found.retain(|found| found.score > 0.0);
        with_links(&mut found, |pages| {
            let linked = pages.iter().map(|page| Linked::of(page));
            Ok::<_, StoreError>(linked.collect())
        })?;
        sort(&mut found);
        found.truncate(k);
        let hit = |Candidate { page, score, .. }: Candidate<&Page>| Hit {
            id: page.id.clone(),
            title: page.title.clone(),
            score,
            snippet: snippet(&page.text, &terms),
            source: page.source.clone(),
            trust: page.trust,
            secrecy: page.secrecy,
            suspicion: page.suspicion,
            created_ms: page.created_ms,
            place: page.place.clone(),
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
    fn share(&self, space: &Space) -> Share {
        let mut share = Share::default();
        let pages = self.pages.values().map(|entry| &entry.page);
        for page in pages.filter(|page| page.kind == Kind::Memory && page.space == *space) {
            share.pages += 1;
            share.bytes += page.text.len() as u64;
        }
        share
    }

    fn put(&mut self, new: NewPage) -> Page {
        let id = match new.id.clone() {
            Some(id) => {
                self.ids.saw(&id);
                id
            }
            None => self.ids.next(new.kind),
        };
        let mut page = new.stored_as(id.clone());
        for source in page.derived_from.iter().filter_map(|id| self.pages.get(id)) {
            page.trust = page.trust.min(source.page.trust);
            page.secrecy = page.secrecy.max(source.page.secrecy);
            page.suspicion = Suspicion::joined(page.suspicion, source.page.suspicion);
        }
        let mut history = Vec::new();
        if let Some(before) = self.pages.remove(&id) {
            page.follows(&before.page);
            history = before.history;
            if before.page.kind == Kind::Memory && page.version > before.page.version {
                history.push(before.page);
                history.drain(..history.len().saturating_sub(HISTORY_MAX));
            }
        }
        self.seq += 1;
        let entry = Entry {
            title: Bag::of(&page.title),
            text: Bag::of(&page.text),
            place: PlaceKey::of(page.place.as_ref()),
            page: page.clone(),
            seq: self.seq,
            history,
        };
        self.pages.insert(id, entry);
        page
    }

    /// Every page with its own score.
    fn scored(&self, terms: &[String]) -> impl Iterator<Item = Candidate<&Page>> {
        let titles: Vec<&Bag> = self.pages.values().map(|entry| &entry.title).collect();
        let texts: Vec<&Bag> = self.pages.values().map(|entry| &entry.text).collect();
        let scores = bm25(&titles, terms).into_iter().zip(bm25(&texts, terms));
        let scored = self.pages.values().zip(scores);
        scored.map(|(entry, (by_title, by_text))| Candidate {
            page: &entry.page,
            score: rank::rounded(TITLE_WEIGHT * by_title + by_text),
            place: entry.place,
            terms: entry.text.len,
        })
    }
}

/// Best first; equal ones in the order of their ids.
fn sort(found: &mut [Candidate<&Page>]) {
    for found in found.iter_mut() {
        found.score = rank::rounded(found.score);
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.page.id.cmp(&b.page.id)));
}

/// The BM25 score of every bag.
fn bm25(bags: &[&Bag], terms: &[String]) -> Vec<f32> {
    let n = bags.len() as u64;
    let len_mean = bags.iter().map(|bag| bag.len as f32).sum::<f32>() / n as f32;
    let mut scores = vec![0.0; bags.len()];
    for term in terms {
        let df = bags.iter().filter(|bag| bag.count(term) > 0).count() as u64;
        for (score, bag) in scores.iter_mut().zip(bags) {
            *score += rank::bm25(bag.count(term), bag.len, len_mean, df, n);
        }
    }
    scores
}

fn summary(page: &Page) -> PageSummary {
    PageSummary {
        id: page.id.clone(),
        kind: page.kind,
        title: page.title.clone(),
        source: page.source.clone(),
        trust: page.trust,
        secrecy: page.secrecy,
        created_ms: page.created_ms,
        bytes: page.text.len() as u64,
        space: page.space.clone(),
    }
}
