//! Measures of a ranking.

use std::collections::HashMap;

/// How relevant each document is to one query; above zero is relevant.
pub type Judgements = HashMap<String, i32>;

/// Normalised discounted cumulative gain of the first `k` (Järvelin and Kekäläinen, 2002),
/// with the grade as the gain. `None` where nothing is relevant.
pub fn ndcg(ranking: &[String], judged: &Judgements, k: usize) -> Option<f64> {
    let discounted = |gains: &mut dyn Iterator<Item = i32>| -> f64 {
        let places = gains.take(k).enumerate();
        places
            .map(|(place, gain)| f64::from(gain.max(0)) / (place as f64 + 2.0).log2())
            .sum()
    };
    let mut ideal: Vec<i32> = judged.values().copied().collect();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    let best = discounted(&mut ideal.into_iter());
    let gains = ranking
        .iter()
        .map(|id| judged.get(id).copied().unwrap_or(0));
    (best > 0.0).then(|| discounted(&mut gains.into_iter()) / best)
}

/// The share of the relevant documents among the first `k`. `None` where nothing is relevant.
pub fn recall(ranking: &[String], judged: &Judgements, k: usize) -> Option<f64> {
    let relevant = judged.values().filter(|grade| **grade > 0).count();
    let found = ranking.iter().take(k).filter(|id| is_relevant(judged, id));
    (relevant > 0).then(|| found.count() as f64 / relevant as f64)
}

/// One over the place of the first relevant document among the first `k`; zero without one.
pub fn reciprocal_rank(ranking: &[String], judged: &Judgements, k: usize) -> f64 {
    let first = ranking
        .iter()
        .take(k)
        .position(|id| is_relevant(judged, id));
    first.map_or(0.0, |place| 1.0 / (place as f64 + 1.0))
}

fn is_relevant(judged: &Judgements, id: &str) -> bool {
    judged.get(id).is_some_and(|grade| *grade > 0)
}

/// The mean of `values`; zero of none.
pub fn mean(values: &[f64]) -> f64 {
    match values.is_empty() {
        true => 0.0,
        false => values.iter().sum::<f64>() / values.len() as f64,
    }
}

/// The value below which the share `part` of `values` lies.
pub fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len().saturating_sub(1)) as f64 * part;
    sorted.get(at.round() as usize).copied().unwrap_or(0.0)
}

/// The 95 % interval of a share of `hits` in `n` (Wilson 1927); of none, anything.
pub fn wilson(hits: usize, n: usize) -> [f64; 2] {
    /// The normal deviate.
    const Z: f64 = 1.96;
    if n == 0 {
        return [0.0, 1.0];
    }
    let (n, share) = (n as f64, hits as f64 / n as f64);
    let middle = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    [
        ((middle - half) / scale).max(0.0),
        ((middle + half) / scale).min(1.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        let check = |hits: usize, n: usize, want: [f64; 2]| {
            let found = wilson(hits, n);
            for (found, want) in found.iter().zip(want) {
                assert!((found - want).abs() < 5e-3, "{hits} of {n}: {found} {want}");
            }
        };
        check(0, 10, [0.0, 0.278]);
        check(5, 10, [0.237, 0.763]);
        check(10, 10, [0.722, 1.0]);
        check(0, 0, [0.0, 1.0]);
    }

    #[test]
    fn rankings_are_measured_as_published() {
        let judged: Judgements = [("a".into(), 3), ("b".into(), 1), ("c".into(), 0)].into();
        let ranking = |ids: &str| ids.chars().map(String::from).collect::<Vec<_>>();
        let check = |ids: &str, expected: [f64; 3]| {
            let ranking = ranking(ids);
            let found = [
                ndcg(&ranking, &judged, 10).unwrap_or(-1.0),
                recall(&ranking, &judged, 10).unwrap_or(-1.0),
                reciprocal_rank(&ranking, &judged, 10),
            ];
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-4, "{ids}: {found} {expected}");
            }
        };
        check("ab", [1.0, 1.0, 1.0]);
        check("ba", [0.7967, 1.0, 1.0]);
        check("xca", [0.4131, 0.5, 0.3333]);
        check("", [0.0, 0.0, 0.0]);
        assert_eq!(ndcg(&ranking("a"), &Judgements::new(), 10), None);
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), 2.0);
    }
}
