//! A logistic regression on odds, and how good it is.

use quipu_kernel::judgement::Fit;

/// Rounds of the fit, and the size of its steps.
const ROUNDS: usize = 20_000;
const STEP: f64 = 0.02;
/// How strongly weights are kept small, so that cases that can be told apart wholly do not
/// let them grow for ever.
const SHRINK: f64 = 0.002;

/// A logistic regression by gradient descent, both answers weighing the same however many
/// cases there are of each.
pub fn fit(samples: &[(Vec<f32>, bool)]) -> Fit {
    let yes = samples.iter().filter(|(_, fits)| *fits).count().max(1) as f64;
    let no = (samples.len() as f64 - yes).max(1.0);
    descend(samples, |fits| if fits { 0.5 / yes } else { 0.5 / no })
}

/// The same with each case weighing the same, so that what it says is how often it is so.
pub fn fit_likelihood(samples: &[(Vec<f32>, bool)]) -> Fit {
    let each = 1.0 / samples.len().max(1) as f64;
    descend(samples, |_| each)
}

/// The regression, with what a case of each answer weighs.
fn descend(samples: &[(Vec<f32>, bool)], share: impl Fn(bool) -> f64) -> Fit {
    let signals = samples
        .iter()
        .map(|(odds, _)| odds.len())
        .max()
        .unwrap_or(0);
    let mut weights = vec![0.0f64; signals];
    let mut bias = 0.0f64;
    for _ in 0..ROUNDS {
        let mut slope = vec![0.0; signals];
        let mut lean = 0.0;
        for (odds, fits) in samples {
            let sum: f64 = odds
                .iter()
                .zip(&weights)
                .map(|(x, w)| f64::from(*x) * w)
                .sum();
            let likely = 1.0 / (1.0 + (-(sum + bias)).exp());
            let error = (likely - f64::from(*fits)) * share(*fits);
            for (slope, x) in slope.iter_mut().zip(odds) {
                *slope += error * f64::from(*x);
            }
            lean += error;
        }
        for (weight, slope) in weights.iter_mut().zip(slope) {
            *weight -= STEP * (slope + SHRINK * *weight);
        }
        bias -= STEP * lean;
    }
    let mut fit = Fit {
        weights: weights.iter().map(|weight| *weight as f32).collect(),
        bias: bias as f32,
        threshold: 0.5,
    };
    fit.threshold = threshold(&fit, samples);
    fit
}

/// The threshold at which the worse of both shares, right calls kept and wrong ones stopped,
/// is best; in the middle of its neighbours.
fn threshold(fit: &Fit, samples: &[(Vec<f32>, bool)]) -> f32 {
    let mut likely: Vec<(f32, bool)> = samples
        .iter()
        .map(|(odds, fits)| (fit.likelihood(odds), *fits))
        .collect();
    likely.sort_by(|a, b| a.0.total_cmp(&b.0));
    let worse = |at: f32| share(&likely, at, true).min(share(&likely, at, false));
    let between = likely
        .windows(2)
        .map(|pair| f32::midpoint(pair[0].0, pair[1].0));
    between
        .max_by(|a, b| worse(*a).total_cmp(&worse(*b)))
        .unwrap_or(0.5)
}

/// The share of samples with the answer `fits` that a threshold puts on the right side.
pub fn share(likely: &[(f32, bool)], threshold: f32, fits: bool) -> f64 {
    let of = likely.iter().filter(|(_, is)| *is == fits);
    let all = of.clone().count().max(1);
    let right = of
        .filter(|(likely, _)| (*likely >= threshold) == fits)
        .count();
    right as f64 / all as f64
}

pub fn right(fit: &Fit, samples: &[(Vec<f32>, bool)]) -> f64 {
    let right = samples
        .iter()
        .filter(|(odds, fits)| (fit.likelihood(odds) >= fit.threshold) == *fits);
    right.count() as f64 / samples.len().max(1) as f64
}

/// The area under the curve: how often a case that fits is likelier than one that does not.
pub fn area(likely: &[(f32, bool)]) -> f64 {
    let of = |fits: bool| {
        likely
            .iter()
            .filter(move |(_, is)| *is == fits)
            .map(|(p, _)| *p)
    };
    let (mut above, mut pairs) = (0.0, 0.0);
    for yes in of(true) {
        for no in of(false) {
            above += match yes.total_cmp(&no) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            };
            pairs += 1.0;
        }
    }
    above / f64::max(pairs, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leans_to_yes_is_set_right() {
        // The second signal tells; the first says yes to everything.
        let samples: Vec<(Vec<f32>, bool)> = (0..40)
            .map(|n| {
                let fits = n % 2 == 0;
                let tells = if fits { 4.0 } else { 2.0 } + (n % 5) as f32 * 0.1;
                (vec![5.0 + (n % 3) as f32, tells], fits)
            })
            .collect();
        let fit = fit(&samples);
        assert!(right(&fit, &samples) > 0.99, "{fit:?}");
        let likely: Vec<(f32, bool)> = samples
            .iter()
            .map(|(odds, fits)| (fit.likelihood(odds), *fits))
            .collect();
        assert!(area(&likely) > 0.99);
    }
}
