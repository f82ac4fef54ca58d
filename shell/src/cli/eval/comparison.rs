//! Two runs of the same cases, compared case by case.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::rows::Row;

/// Ids that are named of each kind.
const NAMED_MAX: usize = 10;

/// What changed from one run to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Paired {
    /// Cases that are in both.
    pub n: usize,
    /// The cases that hold now and did not before.
    pub better: Vec<Value>,
    /// The cases that held before and do not now.
    pub worse: Vec<Value>,
    /// The likelihood of a difference as large as this one if the two runs were equally good:
    /// the exact test of McNemar (1947), two-sided.
    pub p: f64,
}

/// Compares `rows` with the rows of an earlier run. Of a case that was run several times, most
/// runs count.
pub fn compare(rows: &[Row], before: &[Row]) -> Paired {
    let (now, before) = (held(rows), held(before));
    let both: Vec<(&String, bool, bool)> = now
        .iter()
        .filter_map(|(id, now)| before.get(id).map(|before| (id, *before, *now)))
        .collect();
    let ids = |was: bool, is: bool| -> Vec<Value> {
        let found = both.iter().filter(|(_, b, n)| (*b, *n) == (was, is));
        let id = |id: &str| serde_json::from_str(id).unwrap_or_default();
        found.map(|(text, ..)| id(text)).collect()
    };
    let (better, worse) = (ids(false, true), ids(true, false));
    Paired {
        n: both.len(),
        p: mcnemar(better.len(), worse.len()),
        better,
        worse,
    }
}

/// Whether each case holds, by its id.
fn held(rows: &[Row]) -> BTreeMap<String, bool> {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for row in rows {
        let count = counts.entry(row.id.to_string()).or_default();
        count.0 += usize::from(row.passed);
        count.1 += 1;
    }
    let most = |(id, (passed, n)): (String, (usize, usize))| (id, 2 * passed > n);
    counts.into_iter().map(most).collect()
}

/// The two-sided p of `better` against `worse` changes, were either equally likely.
fn mcnemar(better: usize, worse: usize) -> f64 {
    let n = better + worse;
    // Terms of a binomial distribution with p = 1/2, in logarithms, since n may be thousands.
    let log_choose = |k: usize| -> f64 {
        let ratio = |i: usize| ((n - i) as f64).ln() - ((i + 1) as f64).ln();
        (0..k).map(ratio).sum()
    };
    let tail = |k: usize| (log_choose(k) - n as f64 * 2f64.ln()).exp();
    let sum: f64 = (0..=better.min(worse)).map(tail).sum();
    (2.0 * sum).min(1.0)
}

/// A loss that chance gives with at least this likelihood does not count.
const CHANCE: f64 = 0.05;

impl Paired {
    /// Whether more cases got worse than better, by more than chance.
    pub fn got_worse(&self) -> bool {
        self.worse.len() > self.better.len() && self.p <= CHANCE
    }

    /// The comparison in words: the counts, then the cases.
    pub fn told(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{} cases in both: {} better, {} worse, {} as before (McNemar p = {:.3})",
            self.n,
            self.better.len(),
            self.worse.len(),
            self.n - self.better.len() - self.worse.len(),
            self.p
        )];
        for (word, ids) in [("better", &self.better), ("worse", &self.worse)] {
            if ids.is_empty() {
                continue;
            }
            let named: Vec<String> = ids.iter().take(NAMED_MAX).map(Value::to_string).collect();
            let more = match ids.len().saturating_sub(NAMED_MAX) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            lines.push(format!("  {word}: {}{more}", named.join(", ")));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows(held: &[(&str, bool)]) -> Vec<Row> {
        let row = |(id, passed): &(&str, bool)| Row {
            id: json!(id),
            passed: *passed,
            ..Row::default()
        };
        held.iter().map(row).collect()
    }

    #[test]
    fn cases_that_changed_are_counted() {
        let before = rows(&[("a", true), ("b", false), ("c", true), ("d", false)]);
        let now = rows(&[("a", false), ("b", true), ("c", true), ("e", true)]);
        let paired = compare(&now, &before);
        assert_eq!((paired.n, paired.p), (3, 1.0));
        assert_eq!(
            (paired.better, paired.worse),
            (vec![json!("b")], vec![json!("a")])
        );
        // Two of three runs hold.
        let again = rows(&[("b", true), ("b", false), ("b", true)]);
        assert_eq!(compare(&again, &before).better, vec![json!("b")]);
    }

    #[test]
    fn a_loss_counts_where_chance_hardly_gives_it() {
        let check = |better: usize, worse: usize, want: bool| {
            let paired = Paired {
                n: 20,
                better: vec![json!(1); better],
                worse: vec![json!(2); worse],
                p: mcnemar(better, worse),
            };
            assert_eq!(paired.got_worse(), want, "{better} {worse}");
        };
        check(0, 0, false);
        check(1, 3, false);
        check(0, 8, true);
        check(8, 0, false);
    }

    #[test]
    fn the_exact_test() {
        let check = |better, worse, want: f64| {
            let p = mcnemar(better, worse);
            assert!((p - want).abs() < 1e-4, "{better} {worse}: {p}");
        };
        check(0, 0, 1.0);
        check(1, 1, 1.0);
        check(5, 0, 0.0625);
        check(10, 2, 0.03857);
        check(2, 10, 0.03857);
        check(1200, 1100, 0.03897);
    }
}
