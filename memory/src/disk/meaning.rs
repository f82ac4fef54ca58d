//! Finding by meaning: the vectors of the pages, held in memory for searching.
//!
//! The database keeps them; here they lie one after another, so that a query is compared
//! with all of them in one pass. A million pages of 256 dimensions take 260 MB.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::db::{Db, VectorOf};
use crate::error::StoreError;
use crate::rank::{Nearness, rounded, vector_weight};
use crate::store::Query;
use crate::text;
use crate::vector::{Embedder, Packed, cosine, length};

/// Texts turned into vectors at once.
const BATCH: usize = 64;
/// The way vectors are made of texts and packed; raised when that changes.
const WAY: u32 = 2;
/// Words of a title that are looked at.
const TITLE_TERMS_MAX: usize = 64;
/// Candidates looked at, for each that is wanted, before filters are taken to admit no more.
const ADMITTED_ONE_IN: usize = 20;

/// Embedders and the vectors they made.
pub(super) struct Meaning {
    /// The first makes the vectors. The others may have made some of those that are there, and
    /// find their pages until these have one of the first.
    models: Vec<Model>,
    /// Whether every page has a vector of the first.
    is_complete: AtomicBool,
    /// Whether pages have vectors of the others.
    has_others: AtomicBool,
    /// Whether pages are stored without vectors for now.
    is_deferred: AtomicBool,
}

/// An embedder and the vectors it made, as far as they were read.
struct Model {
    embedder: Arc<dyn Embedder>,
    /// What tells its vectors from those of others.
    kind: String,
    table: Mutex<Arc<Table>>,
}

/// A page near to a query.
pub(super) struct Near {
    pub(super) page: VectorOf,
    /// How near its vector is: 0 for a text that shares nothing with the query, 1 for the same.
    pub(super) cosine: f32,
    /// How far it stands out among the pages, in standard deviations.
    pub(super) deviations: f32,
}

/// Vectors of one model in the order of their pages' last change.
#[derive(Clone, Default)]
struct Table {
    seqs: Vec<i64>,
    rows: Vec<u8>,
    /// How much each vector counts: its length.
    lengths: Vec<f32>,
    /// Bytes of one row; of another length none is held.
    stride: usize,
    /// How many there were when it was read, and the last of them.
    read: (u64, i64),
}

/// A query as one model sees it, and how near the pages are to it.
struct Sight {
    table: Arc<Table>,
    vector: Packed,
    /// The cosine of texts that share nothing.
    floor: f32,
    /// The nearest with their scores, nearest first.
    nearest: Vec<(f32, i64)>,
    all: Nearness,
}

/// A query as all models see it.
pub(super) struct Looked(Vec<Sight>);

impl Model {
    fn new(embedder: Arc<dyn Embedder>) -> Self {
        Self {
            kind: Meaning::kind_of(embedder.as_ref()),
            embedder,
            table: Mutex::default(),
        }
    }

    /// The table with every vector stored so far. While pages wait for vectors these come in
    /// any order, and those of other models go: then it is read again after each change.
    fn current(&self, db: &Db, is_complete: bool) -> Result<Arc<Table>, StoreError> {
        let mut held = self.table.lock();
        if !is_complete {
            let now = db.vectors_of(&self.kind)?;
            if held.read != now {
                let mut table = Table {
                    read: now,
                    ..Table::default()
                };
                db.each_vector_since(&self.kind, 0, |seq, row| table.push(seq, row))?;
                *held = Arc::new(table);
            }
            return Ok(held.clone());
        }
        let last = held.seqs.last().copied().unwrap_or(0);
        if db.last_vector()? > last {
            // Copies only while a search on another thread still looks at the old one.
            let table = Arc::make_mut(&mut held);
            db.each_vector_since(&self.kind, last, |seq, row| table.push(seq, row))?;
        }
        Ok(held.clone())
    }
}

impl Meaning {
    /// The first of `embedders` makes the vectors.
    pub(super) fn new(embedders: Vec<Arc<dyn Embedder>>, is_complete: bool) -> Self {
        Self {
            models: embedders.into_iter().map(Model::new).collect(),
            is_complete: AtomicBool::new(is_complete),
            has_others: AtomicBool::new(false),
            is_deferred: AtomicBool::new(false),
        }
    }

    /// Looks whether pages have vectors of the other models.
    pub(super) fn see_others(&self, db: &Db) -> Result<(), StoreError> {
        let mut has = false;
        for model in self.models.iter().skip(1) {
            has = has || db.vectors_of(&model.kind)?.0 > 0;
        }
        self.has_others.store(has, Ordering::Release);
        Ok(())
    }

    /// The vectors of `texts`, each a title and a text.
    pub(super) fn of<'a>(
        embedder: &dyn Embedder,
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Vec<Packed>, StoreError> {
        let whole: Vec<String> = texts
            .into_iter()
            .map(|(title, text)| match says_what(title, text) {
                true => format!("{title}\n{text}"),
                false => text.to_owned(),
            })
            .collect();
        let mut packed = Vec::with_capacity(whole.len());
        for batch in whole.chunks(BATCH) {
            let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
            let vectors = embedder
                .embed(&batch)
                .map_err(|source| StoreError::Embedder { source })?;
            let both = vectors.iter().zip(&batch);
            packed.extend(both.map(|(vector, text)| {
                Packed::of_length(vector, vector_weight(text::tokens(text).count()))
            }));
        }
        match packed.len() == whole.len() {
            true => Ok(packed),
            false => Err(StoreError::Embedder {
                source: "it gave fewer vectors than there were texts".into(),
            }),
        }
    }

    /// The embedder that makes the vectors.
    ///
    /// # Panics
    /// Never: there is one, or no `Meaning`.
    pub(super) fn embedder(&self) -> &dyn Embedder {
        self.models[0].embedder.as_ref()
    }

    /// What tells the vectors of `embedder`, as they are kept here, from all others.
    pub(super) fn kind_of(embedder: &dyn Embedder) -> String {
        format!("{} ({WAY})", embedder.name())
    }

    /// Whether every page has a vector of the embedder.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete.load(Ordering::Acquire)
    }

    /// Whether pages are found by their meaning: all by vectors of the embedder, or some still
    /// by those of another one.
    pub(super) fn finds(&self) -> bool {
        self.is_complete() || self.has_others.load(Ordering::Acquire)
    }

    /// Whether a page is to be stored with its vector.
    pub(super) fn gives(&self) -> bool {
        !self.is_deferred.load(Ordering::Acquire)
    }

    /// Notes that every page has a vector of the embedder, from now on.
    pub(super) fn completed(&self) {
        self.drop_tables();
        self.is_complete.store(true, Ordering::Release);
        self.has_others.store(false, Ordering::Release);
        self.is_deferred.store(false, Ordering::Release);
    }

    /// Notes that pages may have none, from now on.
    pub(super) fn deferred(&self) {
        self.is_complete.store(false, Ordering::Release);
        self.is_deferred.store(true, Ordering::Release);
    }

    /// Forgets what is held, which is read again when it is needed.
    pub(super) fn drop_tables(&self) {
        for model in &self.models {
            *model.table.lock() = Arc::default();
        }
    }

    /// Compares `text` with all pages; `n` is how many are wanted. `reading` is held no longer
    /// than the vectors are read: computing that of the query may take a while.
    pub(super) fn look(
        &self,
        reading: &Mutex<Db>,
        text: &str,
        n: usize,
    ) -> Result<Looked, StoreError> {
        let is_complete = self.is_complete();
        let usable = match is_complete {
            true => &self.models[..1],
            false => &self.models[..],
        };
        let mut sights = Vec::with_capacity(usable.len());
        for model in usable {
            let table = model.current(&reading.lock(), is_complete)?;
            if table.seqs.is_empty() {
                continue;
            }
            let vector = model
                .embedder
                .embed_query(text)
                .map_err(|source| StoreError::Embedder { source })?;
            let (vector, floor) = (Packed::of(&vector), model.embedder.floor());
            let (nearest, all) = table.nearest(&vector, floor, n * ADMITTED_ONE_IN);
            sights.push(Sight {
                table,
                vector,
                floor,
                nearest,
                all,
            });
        }
        Ok(Looked(sights))
    }
}

impl Looked {
    /// The `n` pages that are nearest within the filters of `query`, nearest first.
    pub(super) fn nearest(
        &self,
        db: &Db,
        query: &Query,
        n: usize,
    ) -> Result<Vec<Near>, StoreError> {
        let mut admitted: Vec<Near> = Vec::with_capacity(n);
        let mut seen = HashSet::new();
        for sight in &self.0 {
            let mut left = n;
            for &(score, seq) in &sight.nearest {
                if left == 0 {
                    break;
                }
                // A page that was removed or changed meanwhile has another vector, or none; one
                // that has just got a better one may be seen by both.
                let Some(page) = db.page_of_vector(seq)? else {
                    continue;
                };
                if query.admits(page.kind, page.trust, &page.space) && seen.insert(seq) {
                    left -= 1;
                    admitted.push(Near {
                        page,
                        cosine: sight.cosine(score, seq),
                        deviations: sight.all.above(rounded(score.max(0.0))),
                    });
                }
            }
        }
        if self.0.len() > 1 {
            admitted.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
            admitted.truncate(n);
        }
        Ok(admitted)
    }

    /// How far the page of each change stands out, in standard deviations; zero for one that
    /// has no vector, of which nothing is known.
    pub(super) fn deviations(&self, seqs: &[i64]) -> Vec<f32> {
        let of = |seq: &i64| {
            let mut found = self.0.iter().filter_map(|sight| {
                let at = sight.table.seqs.binary_search(seq).ok()?;
                let score = sight.table.score(at, &sight.vector, sight.floor);
                Some(sight.all.above(rounded(score.max(0.0))))
            });
            found.next().unwrap_or(0.0)
        };
        seqs.iter().map(of).collect()
    }
}

impl Sight {
    /// How near the vector of a page is that scored `score`, whatever it counts.
    fn cosine(&self, score: f32, seq: i64) -> f32 {
        let length = match self.table.seqs.binary_search(&seq) {
            Ok(at) => self.table.lengths[at].max(f32::MIN_POSITIVE),
            Err(_) => 1.0,
        };
        rounded((score / length).clamp(0.0, 1.0))
    }
}

/// Whether a title adds to what the text means. One that is mostly numbers says when, or
/// which in a row, and beside a short text it would be most of what is compared.
fn says_what(title: &str, text: &str) -> bool {
    if title.is_empty() || text.starts_with(title) {
        return false;
    }
    let terms = text::query_terms(title, TITLE_TERMS_MAX).into_iter();
    let (numbers, words): (Vec<_>, Vec<_>) =
        terms.partition(|term| term.starts_with(|first: char| first.is_ascii_digit()));
    text.trim().is_empty() || numbers.len() <= words.len()
}

impl Table {
    fn push(&mut self, seq: i64, vector: &[u8]) {
        if self.seqs.is_empty() {
            self.stride = vector.len();
        }
        if vector.len() == self.stride {
            self.seqs.push(seq);
            self.rows.extend_from_slice(vector);
            self.lengths.push(length(vector));
        }
    }

    fn row(&self, at: usize) -> &[u8] {
        &self.rows[at * self.stride..(at + 1) * self.stride]
    }

    /// How near row `at` is to `vector`, as much as it counts: its cosine, on a scale where
    /// `floor` is zero and one stays one, times its length. Below zero where it is farther
    /// than texts that share nothing.
    fn score(&self, at: usize, vector: &Packed, floor: f32) -> f32 {
        let product = cosine(self.row(at), vector.as_bytes());
        (product - floor * self.lengths[at]) / (1.0 - floor)
    }

    /// The `n` nearest, nearest first; equally near ones in the order they were stored. And
    /// how near all are.
    fn nearest(&self, vector: &Packed, floor: f32, n: usize) -> (Vec<(f32, i64)>, Nearness) {
        let mut all = Nearness::default();
        let mut best: BinaryHeap<Reverse<(u32, Reverse<i64>)>> = BinaryHeap::with_capacity(n + 1);
        for (at, seq) in self.seqs.iter().enumerate() {
            let score = self.score(at, vector, floor).max(0.0);
            all.saw(score);
            // Bits of numbers that are not negative order as the numbers do.
            let entry = (score.to_bits(), Reverse(*seq));
            if best.len() < n {
                best.push(Reverse(entry));
            } else if best.peek().is_some_and(|Reverse(least)| entry > *least) {
                best.pop();
                best.push(Reverse(entry));
            }
        }
        let sorted = best.into_sorted_vec().into_iter();
        let sorted = sorted.map(|Reverse((bits, Reverse(seq)))| (f32::from_bits(bits), seq));
        (sorted.collect(), all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_no_meaning() {
        let check = |title: &str, text: &str, want: bool| {
            assert_eq!(says_what(title, text), want, "{title}");
        };
        check("Quipus", "They record numbers.", true);
        check("Apollo 11", "It flew to the Moon.", true);
        check("1:56 pm on 8 May, 2023", "Caroline: hello", false);
        check("2023-05-08", "", true);
        check("", "They record numbers.", false);
        check("They", "They record numbers.", false);
    }
}
