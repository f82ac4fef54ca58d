//! What every store ranks by, so that all give the same order.
//!
//! A page scores by BM25 on its title and its text; then a page that stands in a whole
//! gets a part of the scores of the pages around it, and of those that it is linked with
//! (`links/lend.rs`). The weights were chosen on the
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

    /// The whole it is a part of; `None` where there is none.
    pub(crate) fn whole(self) -> Option<u64> {
        (self.0 != 0).then_some(self.0 >> PART_BITS)
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

/// How much one standard deviation of nearness counts, where the best page by words
/// counts one.
const MEANING_WEIGHT: f32 = 0.18;
/// From how many deviations on a page is found that shares no word with the query, and
/// from which cosine: the vector of a short text counts for little, and in a small store
/// nothing stands out.
const STANDS_OUT: f32 = 2.0;
const NEAR: f32 = 0.4;
/// What a page gets of the best score in the whole it stands in.
const WHOLE_WEIGHT: f32 = 0.2;
/// What cosines are like before any was seen: so many, around zero, with this deviation.
/// It matters in a small store only, where the pages say little about each other.
const PRIOR_COUNT: f64 = 10.0;
const PRIOR_DEVIATION: f64 = 0.15;
/// Terms of a text whose vector counts half.
const VECTOR_LENGTH_HALF: f32 = 20.0;

/// How much the vector of a text of so many terms says, 0 to 1: a greeting is near to
/// everything that names the same person, and answers nothing.
pub(crate) fn vector_weight(terms: usize) -> f32 {
    terms as f32 / (terms as f32 + VECTOR_LENGTH_HALF)
}

/// How near the pages of a store are to a query. Whether a cosine is high depends on the
/// model and on the query; how far it stands out does not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Nearness {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Nearness {
    /// Takes in the cosine of a page.
    pub(crate) fn saw(&mut self, cosine: f32) {
        self.count += 1.0;
        self.sum += f64::from(cosine);
        self.squares += f64::from(cosine) * f64::from(cosine);
    }

    /// How many standard deviations `cosine` is above the mean.
    pub(crate) fn above(&self, cosine: f32) -> f32 {
        let count = self.count + PRIOR_COUNT;
        let mean = self.sum / count;
        let prior = PRIOR_COUNT * PRIOR_DEVIATION * PRIOR_DEVIATION;
        let variance = (self.squares + prior) / count - mean * mean;
        ((f64::from(cosine) - mean) / variance.max(1e-12).sqrt()) as f32
    }
}

/// The score of a page that scores `by_words`, where the best scores `best_by_words`, and
/// is so many deviations nearer than the mean, with a vector at `cosine`. Zero for one that
/// shares no word, is not near and does not stand out: something is always nearest, and
/// whoever searches would believe it.
pub(crate) fn fused(by_words: f32, best_by_words: f32, deviations: f32, cosine: f32) -> f32 {
    let by_words = match best_by_words > 0.0 {
        true => by_words / best_by_words,
        false => 0.0,
    };
    match by_words > 0.0 || deviations >= STANDS_OUT || cosine >= NEAR {
        // Three deviations below is as far as can be, so that no score is negative.
        true => by_words + MEANING_WEIGHT * (deviations.max(-3.0) + 3.0),
        false => 0.0,
    }
}

/// Adds to each page a part of the best score in the whole it stands in: what is found
/// often stands where other things of the kind do.
pub(crate) fn with_wholes<T>(found: &mut [Candidate<T>]) {
    let mut best: HashMap<u64, f32> = HashMap::new();
    for page in found.iter() {
        if let Some(whole) = page.place.whole() {
            let best = best.entry(whole).or_default();
            *best = best.max(page.score);
        }
    }
    for page in found.iter_mut().filter(|page| page.score > 0.0) {
        let of_whole = page.place.whole().and_then(|whole| best.get(&whole));
        page.score += WHOLE_WEIGHT * of_whole.unwrap_or(&page.score);
    }
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
    fn what_stands_out_is_near_whatever_the_model() {
        let check = |cosines: &[f32], cosine, low, high| {
            let mut near = Nearness::default();
            cosines.iter().for_each(|cosine| near.saw(*cosine));
            let above = near.above(cosine);
            assert!((low..high).contains(&above), "{cosine}: {above}");
        };
        check(&[], 0.3, 1.9, 2.1);
        check(&[0.6], 0.6, 1.5, 3.0);
        check(&[0.1; 1000], 0.1, -0.1, 0.1);
        let wide: Vec<f32> = (0..1000).map(|n| 0.5 + (n % 2) as f32 * 0.2).collect();
        check(&wide, 0.8, 1.7, 2.1);
        assert_eq!(fused(0.0, 3.0, 1.9, 0.3), 0.0);
        assert!(fused(0.0, 3.0, 2.1, 0.3) > 0.0);
        assert!(fused(0.0, 3.0, 0.5, 0.5) > 0.0);
        assert!(fused(3.0, 3.0, -9.0, 0.0) > 0.0);
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
