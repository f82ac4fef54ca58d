//! How far likelihoods are from what happens.

use serde::Serialize;

/// Groups of likelihoods that are compared with what happens.
const BINS: usize = 10;
/// From which likelihood on an answer counts as sure.
const SURE: f32 = 0.9;

/// How good the confidence of answers is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Answers with a confidence.
    pub n: usize,
    /// The expected calibration error, 0 to 1: the mean distance of confidence and share of
    /// right answers, over ten groups of confidences (Guo et al. 2017, arXiv 1706.04599).
    pub ece: f64,
    /// Answers above .9.
    pub sure: usize,
    /// Of these, the right ones.
    pub sure_right: usize,
}

impl Calibration {
    /// The calibration of likelihoods, each with whether the answer was right; `None` where there
    /// are none.
    pub fn of(likely: &[(f32, bool)]) -> Option<Self> {
        let mut bins = [(0usize, 0.0f64, 0usize); BINS];
        for (likely, right) in likely {
            let at = ((likely * BINS as f32) as usize).min(BINS - 1);
            bins[at].0 += 1;
            bins[at].1 += f64::from(*likely);
            bins[at].2 += usize::from(*right);
        }
        let gaps = bins
            .iter()
            .map(|(_, sum, right)| (sum - *right as f64).abs());
        let sure: Vec<bool> = likely
            .iter()
            .filter(|(likely, _)| *likely > SURE)
            .map(|(_, right)| *right)
            .collect();
        (!likely.is_empty()).then(|| Self {
            n: likely.len(),
            ece: gaps.sum::<f64>() / likely.len() as f64,
            sure: sure.len(),
            sure_right: sure.iter().filter(|right| **right).count(),
        })
    }

    /// In words.
    pub fn told(&self) -> String {
        format!(
            "confidence: expected calibration error {:.3} on {}; above {SURE}: {} of {} right",
            self.ece, self.n, self.sure_right, self.sure
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_distance_of_what_is_said_and_what_happens() {
        let check = |likely: &[(f32, bool)], want: Option<(f64, usize, usize)>| {
            let got = Calibration::of(likely);
            let got = got.map(|it| ((it.ece * 1e4).round() / 1e4, it.sure, it.sure_right));
            assert_eq!(got, want, "{likely:?}");
        };
        check(&[], None);
        check(&[(1.0, true)], Some((0.0, 1, 1)));
        check(&[(0.95, false)], Some((0.95, 1, 0)));
        // Half of those at .5 are right.
        check(&[(0.5, true), (0.5, false)], Some((0.0, 0, 0)));
        check(&[(0.2, true), (0.8, true)], Some((0.5, 0, 0)));
    }
}
