//! How likely a token is by its logits.

use toktrie::SimpleVob;

use super::vocab::Vocab;
use crate::{Likely, TokenOdds};

/// How likely `token` was by `logits` among the tokens that `mask` allows, with the `most`
/// likeliest of them.
pub(super) fn odds(
    logits: &[f32],
    mask: Option<&SimpleVob>,
    token: i32,
    most: usize,
    vocab: &Vocab,
) -> TokenOdds {
    let (log, likeliest) = among(logits, mask, token, most);
    let likely = |(token, log): (i32, f32)| Likely {
        bytes: vocab.bytes(token).to_vec(),
        log,
    };
    TokenOdds {
        token: likely((token, log)),
        likeliest: likeliest.into_iter().map(likely).collect(),
    }
}

/// The logarithm of the probability of `token`, and the likeliest tokens with theirs.
fn among(
    logits: &[f32],
    mask: Option<&SimpleVob>,
    token: i32,
    most: usize,
) -> (f32, Vec<(i32, f32)>) {
    let is_allowed = |i: &usize| mask.is_none_or(|mask| *i < mask.len() && mask.get(*i));
    let total = log_sum((0..logits.len()).filter(is_allowed).map(|i| logits[i]));
    let chosen = usize::try_from(token).ok().filter(is_allowed);
    let chosen = chosen.and_then(|i| logits.get(i));
    let log = chosen.map_or(f32::NEG_INFINITY, |logit| (logit - total).min(0.0));
    if most == 0 {
        return (log, Vec::new());
    }
    let mut all: Vec<usize> = (0..logits.len()).filter(is_allowed).collect();
    let by_logit = |a: &usize, b: &usize| logits[*b].total_cmp(&logits[*a]).then(a.cmp(b));
    if all.len() > most {
        all.select_nth_unstable_by(most, by_logit);
        all.truncate(most);
    }
    all.sort_unstable_by(by_logit);
    let all = all
        .into_iter()
        .map(|i| (i as i32, (logits[i] - total).min(0.0)));
    (log, all.collect())
}

/// The logarithm of the sum of exponentials, without overflow; minus infinity of nothing.
pub(super) fn log_sum(values: impl Iterator<Item = f32> + Clone) -> f32 {
    let most = values.clone().fold(f32::NEG_INFINITY, f32::max);
    match most.is_finite() {
        true => most + values.map(|value| (value - most).exp()).sum::<f32>().ln(),
        false => most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_share_what_is_allowed() {
        let logits = [0.0, 2f32.ln(), 0.0, 4f32.ln()];
        let check = |allowed: Option<&[bool]>, token, most, want: f32, first: &[(i32, f32)]| {
            let mask = allowed.map(SimpleVob::from_slice);
            let (log, likeliest) = among(&logits, mask.as_ref(), token, most);
            assert!((log.exp() - want).abs() < 1e-6, "{log}");
            assert_eq!(likeliest.len(), first.len(), "{likeliest:?}");
            for ((token, log), (same, share)) in likeliest.iter().zip(first) {
                assert!(
                    token == same && (log.exp() - share).abs() < 1e-6,
                    "{likeliest:?}"
                );
            }
        };
        check(None, 3, 0, 0.5, &[]);
        check(None, 1, 2, 0.25, &[(3, 0.5), (1, 0.25)]);
        check(
            None,
            0,
            9,
            0.125,
            &[(3, 0.5), (1, 0.25), (0, 0.125), (2, 0.125)],
        );
        let two = [true, false, true, false];
        check(Some(&two), 2, 5, 0.5, &[(0, 0.5), (2, 0.5)]);
        check(Some(&two), 3, 0, 0.0, &[]);
    }
}
