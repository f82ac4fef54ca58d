//! Finding by meaning: the vectors of the pages, held in memory for searching.
//!
//! The database keeps them; here they lie one after another, so that a query is compared
//! with all of them in one pass. A million pages of 256 dimensions take 260 MB.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
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

/// An embedder and the vectors it made.
pub(super) struct Meaning {
    embedder: Arc<dyn Embedder>,
    /// Whether every page has a vector of this embedder.
    is_complete: AtomicBool,
    table: Mutex<Arc<Table>>,
}

/// A page near to a query.
pub(super) struct Near {
    pub(super) page: VectorOf,
    /// How near it is, as far as its vector counts.
    pub(super) score: f32,
    /// How near its vector is.
    pub(super) cosine: f32,
}

/// Vectors in the order of their pages' last change.
#[derive(Clone, Default)]
struct Table {
    seqs: Vec<i64>,
    rows: Vec<u8>,
    /// Bytes of one row; of another length none is held.
    stride: usize,
}

impl Meaning {
    pub(super) fn new(embedder: Arc<dyn Embedder>, is_complete: bool) -> Self {
        Self {
            embedder,
            is_complete: AtomicBool::new(is_complete),
            table: Mutex::default(),
        }
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

    pub(super) fn embedder(&self) -> &dyn Embedder {
        self.embedder.as_ref()
    }

    /// What tells the vectors of `embedder`, as they are kept here, from all others.
    pub(super) fn kind_of(embedder: &dyn Embedder) -> String {
        format!("{} ({WAY})", embedder.name())
    }

    /// Whether every page has a vector of this embedder.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete.load(Ordering::Acquire)
    }

    /// Notes that every page has one, from now on.
    pub(super) fn completed(&self) {
        self.drop_table();
        self.is_complete.store(true, Ordering::Release);
    }

    /// Notes that pages may have none, from now on.
    pub(super) fn deferred(&self) {
        self.is_complete.store(false, Ordering::Release);
    }

    /// Forgets what is held, which is read again when it is needed.
    pub(super) fn drop_table(&self) {
        *self.table.lock() = Arc::default();
    }

    /// The vector of a query.
    pub(super) fn query(&self, text: &str) -> Result<Packed, StoreError> {
        let vector = self
            .embedder
            .embed_query(text)
            .map_err(|source| StoreError::Embedder { source })?;
        Ok(Packed::of(&vector))
    }

    /// The `n` pages nearest to `vector` within the filters of `query`, nearest first, and
    /// how near all pages are.
    pub(super) fn nearest(
        &self,
        db: &Db,
        vector: &Packed,
        query: &Query,
        n: usize,
    ) -> Result<(Vec<Near>, Nearness), StoreError> {
        let table = self.current(db)?;
        let mut admitted = Vec::with_capacity(n);
        let (nearest, all) = table.nearest(vector, n * ADMITTED_ONE_IN);
        for (score, seq) in nearest {
            // A page that was removed or changed meanwhile has another vector, or none.
            let Some(page) = db.page_of_vector(seq)? else {
                continue;
            };
            if query.admits(page.kind, page.trust, &page.space) {
                let of_vector = match table.seqs.binary_search(&seq) {
                    Ok(at) => length(table.row(at)).max(f32::MIN_POSITIVE),
                    Err(_) => 1.0,
                };
                admitted.push(Near {
                    page,
                    score: rounded(score.max(0.0)),
                    cosine: rounded((score / of_vector).clamp(0.0, 1.0)),
                });
            }
            if admitted.len() == n {
                break;
            }
        }
        Ok((admitted, all))
    }

    /// How near the page of change `seq` is to `vector`; zero where it has none.
    pub(super) fn near(
        &self,
        db: &Db,
        vector: &Packed,
        seqs: &[i64],
    ) -> Result<Vec<f32>, StoreError> {
        let table = self.current(db)?;
        let near = |seq: &i64| match table.seqs.binary_search(seq) {
            Ok(at) => rounded(cosine(table.row(at), vector.as_bytes()).max(0.0)),
            Err(_) => 0.0,
        };
        Ok(seqs.iter().map(near).collect())
    }

    /// The table with every vector stored so far.
    fn current(&self, db: &Db) -> Result<Arc<Table>, StoreError> {
        let mut held = self.table.lock();
        let last = held.seqs.last().copied().unwrap_or(0);
        if db.last_vector()? > last {
            // Copies only while a search on another thread still looks at the old one.
            let table = Arc::make_mut(&mut held);
            db.each_vector_since(last, |seq, vector| table.push(seq, vector))?;
        }
        Ok(held.clone())
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
        }
    }

    fn row(&self, at: usize) -> &[u8] {
        &self.rows[at * self.stride..(at + 1) * self.stride]
    }

    /// The `n` nearest, nearest first; equally near ones in the order they were stored. And
    /// how near all are.
    fn nearest(&self, vector: &Packed, n: usize) -> (Vec<(f32, i64)>, Nearness) {
        let mut all = Nearness::default();
        let mut best: BinaryHeap<Reverse<(u32, Reverse<i64>)>> = BinaryHeap::with_capacity(n + 1);
        for (at, seq) in self.seqs.iter().enumerate() {
            let score = cosine(self.row(at), vector.as_bytes()).max(0.0);
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
