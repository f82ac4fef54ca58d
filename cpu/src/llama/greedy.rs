//! The likeliest token of those that the grammar allows.

use std::cmp::Ordering::Equal;

use toktrie::SimpleVob;

/// Tokens looked at together: as many as a word of the mask has bits.
const LANES: usize = u32::BITS as usize;

/// The index of the greatest of `logits` that `mask` allows; of equal ones the first. With
/// nothing to choose from it is 0.
///
/// Written so that the compiler makes vector code of it: a vocabulary is looked through for
/// every token of every process.
pub(super) fn greedy(logits: &[f32], mask: Option<&SimpleVob>) -> i32 {
    let words = mask.map(SimpleVob::as_slice);
    let mut best = [f32::NEG_INFINITY; LANES];
    let mut row_of = [0u32; LANES];
    let (rows, rest) = logits.as_chunks::<LANES>();
    let mut last = [f32::NEG_INFINITY; LANES];
    last[..rest.len()].copy_from_slice(rest);
    for (row, logits) in rows.iter().chain([&last]).enumerate() {
        let word = match words {
            Some(words) => words.get(row).copied().unwrap_or(0),
            None => u32::MAX,
        };
        if word == 0 {
            continue;
        }
        for lane in 0..LANES {
            let better = word & (1 << lane) != 0 && logits[lane] > best[lane];
            best[lane] = if better { logits[lane] } else { best[lane] };
            row_of[lane] = if better { row as u32 } else { row_of[lane] };
        }
    }
    let index = |lane: usize| row_of[lane] as usize * LANES + lane;
    let found = (0..LANES).filter(|&lane| best[lane] > f32::NEG_INFINITY);
    let first = found.max_by(|&a, &b| {
        best[a]
            .partial_cmp(&best[b])
            .unwrap_or(Equal)
            .then(index(b).cmp(&index(a)))
    });
    first
        .map(index)
        .or_else(|| mask.and_then(SimpleVob::first_bit_set))
        .unwrap_or(0) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn greedy_takes_the_best_allowed() {
        let logits = [1.0, 3.0, 2.0];
        let check = |allowed: &[bool], want| {
            assert_eq!(greedy(&logits, Some(&SimpleVob::from_slice(allowed))), want);
        };
        check(&[true, true, true], 1);
        check(&[true, false, true], 2);
        check(&[false, false, true], 2);
        assert_eq!(greedy(&logits, None), 1);
        assert_eq!(greedy(&[], None), 0);
        let hopeless = [f32::NEG_INFINITY; 3];
        let mask = SimpleVob::from_slice(&[false, true, true]);
        assert_eq!(greedy(&hopeless, Some(&mask)), 1);
    }

    proptest! {
        /// The same as looking at one after the other.
        #[test]
        fn greedy_is_the_first_of_the_best(
            logits in proptest::collection::vec((-8i8..8, any::<bool>()), 1..200),
            masked in any::<bool>(),
        ) {
            let allowed: Vec<bool> = logits.iter().map(|(_, allowed)| *allowed || !masked).collect();
            let logits: Vec<f32> = logits.iter().map(|(logit, _)| f32::from(*logit)).collect();
            let mask = SimpleVob::from_slice(&allowed);
            let mut want = None;
            for (i, &logit) in logits.iter().enumerate().filter(|(i, _)| allowed[*i]) {
                if want.is_none_or(|best: usize| logit > logits[best]) {
                    want = Some(i);
                }
            }
            let got = greedy(&logits, masked.then_some(&mask));
            prop_assert_eq!(got, want.unwrap_or(0) as i32);
        }
    }
}
