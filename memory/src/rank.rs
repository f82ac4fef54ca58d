//! What every store ranks by, so that all give the same order.
//!
//! A page scores by BM25 on its title and its text; then a page that stands in a whole
//! gets a part of the scores of the pages around it. The weights were chosen on the
//! public sets that `evals/` runs, one setting for all of them.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::page::Place;

/// How much a word counts in the title, compared with one in the text. Titles are
/// short, so that BM25 gives a match in them much weight already.
pub(crate) const TITLE_WEIGHT: f32 = 0.7;
/// Different words of a query that are looked for; the rest are ignored.
pub(crate) const QUERY_TERMS_MAX: usize = 256;
/// What a page gets of the score of the page next to it, and of the one after that.
const NEIGHBOUR_WEIGHTS: [f32; 2] = [0.5, 0.2];
/// Terms of a page that gets half of that: the longer a page, the less it needs the
/// pages around it to be understood.
const LENGTH_HALF: f32 = 300.0;
/// Bits of a [`PlaceKey`] that count the parts.
const PART_BITS: u32 = 24;

/// The score that is compared and shown: four and a half digits of `score`.
///
/// Sums of the same numbers in another order differ in their last bits, and an index
/// adds them in whatever order its segments have. Rounded, equal pages score equal.
pub(crate) fn rounded(score: f32) -> f32 {
    // Rounds a positive number to the upper 15 bits of its mantissa.
    f32::from_bits((score.to_bits() + 0x100) & !0x1ff)
}

/// A place as one number, by which neighbours are found; zero for none. Wholes are told
/// apart by 40 bits of a digest: a chance meeting would only lend a little score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PlaceKey(pub(crate) u64);

impl PlaceKey {
    /// The key of `place`.
    pub(crate) fn of(place: Option<&Place>) -> Self {
        let Some(place) = place else {
            return Self(0);
        };
        let digest = Sha256::digest(place.of.as_bytes());
        let whole = digest[..5]
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let part = u64::from(place.part) & ((1 << PART_BITS) - 1);
        // Never zero, which says that there is no place.
        Self((whole | 1) << PART_BITS | part)
    }

    /// The places before and after, each with its weight.
    fn neighbours(self) -> impl Iterator<Item = (Self, f32)> {
        let part = self.0 & ((1 << PART_BITS) - 1);
        let last = (1 << PART_BITS) - 1;
        let known = self.0 != 0;
        let near = (1..).zip(NEIGHBOUR_WEIGHTS);
        near.flat_map(move |(far, weight)| {
            let before = (known && part >= far).then(|| Self(self.0 - far));
            let after = (known && part + far <= last).then(|| Self(self.0 + far));
            [before, after]
                .into_iter()
                .flatten()
                .map(move |key| (key, weight))
        })
    }
}

/// A page that may be a hit.
#[derive(Clone, Debug)]
pub(crate) struct Candidate<T> {
    /// The page, in the words of the store.
    pub(crate) page: T,
    /// Its own score; zero for a page that shares no word with the query.
    pub(crate) score: f32,
    /// Where it stands.
    pub(crate) place: PlaceKey,
    /// Terms in its text.
    pub(crate) terms: u32,
}

/// How many candidates to ask for when `k` hits are wanted.
pub(crate) fn candidates(k: usize) -> usize {
    (4 * k).max(100)
}

/// Adds to each candidate a part of the scores around it. `best` are the best by their
/// own score, best first; `at` finds the candidates at some places (pages that the
/// query's filters admit). The result is not sorted.
pub(crate) fn with_neighbours<T, E>(
    mut best: Vec<Candidate<T>>,
    k: usize,
    at: impl FnOnce(&[PlaceKey]) -> Result<Vec<Candidate<T>>, E>,
) -> Result<Vec<Candidate<T>>, E> {
    let mut own: HashMap<PlaceKey, f32> = HashMap::new();
    for candidate in best.iter().filter(|found| found.place.0 != 0) {
        own.insert(candidate.place, candidate.score);
    }
    if own.is_empty() {
        return Ok(best);
    }
    // Only around the best can a neighbour come among the hits.
    let near = best.iter().take((2 * k).max(40));
    let mut missing: Vec<PlaceKey> = near
        .flat_map(|found| found.place.neighbours())
        .map(|(key, _)| key)
        .filter(|key| !own.contains_key(key))
        .collect();
    missing.sort_by_key(|key| key.0);
    missing.dedup();
    for candidate in at(&missing)? {
        own.insert(candidate.place, candidate.score);
        best.push(candidate);
    }
    for candidate in &mut best {
        let around: f32 = candidate
            .place
            .neighbours()
            .filter_map(|(key, weight)| Some(weight * own.get(&key)?))
            .sum();
        candidate.score += around * LENGTH_HALF / (LENGTH_HALF + candidate.terms as f32);
    }
    Ok(best)
}

/// BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and
/// Beyond", 2009) with the usual constants and the logarithm that is never negative:
/// the score of a term that is `count` times in a field of `len` terms, where fields
/// have `len_mean` terms on average and `df` of `n` have the term.
pub(crate) fn bm25(count: u32, len: u32, len_mean: f32, df: u64, n: u64) -> f32 {
    const K1: f32 = 1.2;
    const B: f32 = 0.75;
    if count == 0 {
        return 0.0;
    }
    let idf = (1.0 + ((n - df) as f32 + 0.5) / (df as f32 + 0.5)).ln();
    let norm = K1 * (1.0 - B + B * len as f32 / len_mean);
    let tf = count as f32;
    idf * (1.0 + K1) * (tf / (tf + norm))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_rounded_away_and_small_scores_stay() {
        let (a, b, c) = (0.1_f32, 2.7_f32, 13.37_f32);
        assert_eq!(rounded(a + b + c), rounded(c + b + a));
        assert!(rounded(1e-6) > 0.0);
        assert!((rounded(12.345) - 12.345).abs() < 0.001);
    }

    #[test]
    fn neighbours_are_of_the_same_whole() {
        let key = |of: &str, part| {
            PlaceKey::of(Some(&Place {
                of: of.into(),
                part,
            }))
        };
        let near = |key: PlaceKey| key.neighbours().map(|(key, _)| key).collect::<Vec<_>>();
        let a = |part| key("a", part);
        assert_eq!(near(a(5)), [a(4), a(6), a(3), a(7)]);
        assert_eq!(near(a(0)), [a(1), a(2)]);
        assert_eq!(near(PlaceKey::of(None)), []);
        assert_ne!(a(1), key("b", 1));
        let last = (1 << PART_BITS) - 1;
        assert_eq!(near(a(last)), [a(last - 1), a(last - 2)]);
    }
}
