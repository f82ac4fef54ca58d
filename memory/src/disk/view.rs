//! What a search sees: the index, and the tail that it does not know yet.

use super::db::Db;
use super::finder::{Finder, Found};
use super::index::PageIndex;
use super::tail::Tail;
use crate::error::StoreError;
use crate::page::PageId;
use crate::rank::{self, rounded};
use crate::store::{HITS_MAX, Query};

/// The store as it was after change `seq`.
#[derive(Clone)]
pub(super) struct View {
    finder: Finder,
    tail: Tail,
    /// The last change the index knows.
    pub(super) applied: i64,
    /// The last change the tail knows.
    pub(super) seq: i64,
}

impl View {
    /// The index alone.
    pub(super) fn of(index: &PageIndex) -> Self {
        Self {
            finder: index.finder(),
            tail: Tail::default(),
            applied: index.applied(),
            seq: index.applied(),
        }
    }

    /// Takes in what was committed since. Call it within a snapshot.
    pub(super) fn extend(&mut self, db: &Db) -> Result<(), StoreError> {
        let seq = db.head()?.seq;
        self.tail.extend(db, self.seq)?;
        self.seq = seq;
        Ok(())
    }

    /// The best pages with any of `terms`, or beside one that has, within the filters of
    /// `query`; equal scores in the order of ids.
    pub(super) fn search(
        &self,
        terms: &[String],
        query: &Query,
    ) -> tantivy::Result<Vec<(f32, PageId)>> {
        let k = query.k.min(HITS_MAX);
        if terms.is_empty() || k == 0 {
            return Ok(Vec::new());
        }
        let in_tail = self.tail.scored(&self.finder, terms, query)?;
        let best = self.best(terms, query, &in_tail, k)?;
        let mut found = rank::with_neighbours(best, k, |places| {
            let n = places.len() + self.tail.changes();
            let mut there = match places.is_empty() {
                true => Vec::new(),
                false => self.finder.at(places, terms, query, &self.tail, n)?,
            };
            there.retain(|found| !self.tail.replaces(&found.page));
            let in_tail = in_tail.iter().filter(|found| places.contains(&found.place));
            there.extend(in_tail.cloned());
            Ok::<_, tantivy::TantivyError>(there)
        })?;
        sort(&mut found);
        found.retain(|found| found.score > 0.0);
        found.truncate(k);
        Ok(found
            .into_iter()
            .map(|found| (found.score, found.page))
            .collect())
    }

    /// The best candidates by their own score, best first.
    fn best(
        &self,
        terms: &[String],
        query: &Query,
        in_tail: &Found,
        k: usize,
    ) -> tantivy::Result<Found> {
        let n = rank::candidates(k);
        let joined = |indexed: Found| {
            let is_current = |id: &PageId| !self.tail.replaces(id);
            let mut best: Found = indexed
                .into_iter()
                .filter(|found| is_current(&found.page))
                .chain(in_tail.iter().filter(|found| found.score > 0.0).cloned())
                .collect();
            sort(&mut best);
            best.truncate(n);
            best
        };
        let enough = n + self.tail.changes();
        let best = joined(self.finder.best(terms, query, &self.tail, enough)?);
        // Where the last candidate scores like the last hit, others that do may have
        // been passed over, and the ids have to decide.
        let tied = best.len() == n && best[k.min(n) - 1].score == best[n - 1].score;
        match tied {
            false => Ok(best),
            true => Ok(joined(
                self.finder.best_by_id(terms, query, &self.tail, enough)?,
            )),
        }
    }
}

/// Best first; equal ones in the order of their ids.
fn sort(found: &mut Found) {
    for found in found.iter_mut() {
        found.score = rounded(found.score);
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.page.cmp(&b.page)));
}
