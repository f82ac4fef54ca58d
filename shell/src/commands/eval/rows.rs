//! What came out of cases: a line each, and a table of them.

use std::collections::BTreeMap;

use quipu_kernel::judgement::Question;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The normal deviate of a 95 % interval.
const Z: f64 = 1.96;

/// The result of one case on one model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The case.
    pub id: Value,
    /// The model; in results of other programs it may be missing.
    #[serde(default)]
    pub model: String,
    /// The group of the case.
    #[serde(default)]
    pub tag: String,
    /// Whether everything held.
    #[serde(default)]
    pub passed: bool,
    /// What did not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The answer.
    #[serde(default)]
    pub answer: Option<Value>,
    /// The calls.
    #[serde(default)]
    pub calls: Vec<Value>,
    /// Rows of the journal.
    #[serde(default)]
    pub steps: usize,
    /// How it ended.
    #[serde(default)]
    pub status: String,
    /// Tokens generated.
    #[serde(default)]
    pub tokens: u32,
    /// Wall-clock time.
    #[serde(default)]
    pub ms: u64,
    /// What the model was asked before it acted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judged: Vec<Judged>,
    /// The memories at the end, where a check looks at them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memories: Vec<String>,
}

/// A question that the model was asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judged {
    /// Which.
    pub question: Question,
    /// Its log-odds on each way it was put.
    pub odds: Vec<f32>,
    /// How likely yes is.
    pub likely: f32,
}

/// The sum of a group on a model.
#[derive(Clone, Debug, Serialize)]
pub struct Sum {
    /// The model.
    pub model: String,
    /// The group; empty for all.
    pub tag: String,
    /// Cases.
    pub n: usize,
    /// Cases in which everything held.
    pub passed: usize,
    /// Their share.
    pub rate: f64,
    /// The 95 % interval of the share (Wilson 1927).
    pub interval: [f64; 2],
    /// The median time of a case, in milliseconds.
    pub ms: u64,
    /// The mean of generated tokens.
    pub tokens: f64,
}

/// The sums of `rows`, by model and group, with all of a model last.
pub fn sums(rows: &[Row]) -> Vec<Sum> {
    let mut groups: BTreeMap<(&str, bool, &str), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        groups.entry((&row.model, true, "")).or_default().push(row);
        if !row.tag.is_empty() {
            groups
                .entry((&row.model, false, &row.tag))
                .or_default()
                .push(row);
        }
    }
    groups
        .into_iter()
        .map(|((model, _, tag), rows)| sum(model, tag, &rows))
        .collect()
}

fn sum(model: &str, tag: &str, rows: &[&Row]) -> Sum {
    let passed = rows.iter().filter(|row| row.passed).count();
    let mut times: Vec<u64> = rows.iter().map(|row| row.ms).collect();
    times.sort_unstable();
    let tokens: u64 = rows.iter().map(|row| u64::from(row.tokens)).sum();
    Sum {
        model: model.to_owned(),
        tag: tag.to_owned(),
        n: rows.len(),
        passed,
        rate: passed as f64 / rows.len() as f64,
        interval: wilson(passed, rows.len()),
        ms: times[times.len() / 2],
        tokens: tokens as f64 / rows.len() as f64,
    }
}

/// The 95 % interval of a share of `passed` in `n` (Wilson 1927).
pub fn wilson(passed: usize, n: usize) -> [f64; 2] {
    let (n, p) = (n as f64, passed as f64 / n as f64);
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    [
        ((middle - half) / scale).max(0.0),
        ((middle + half) / scale).min(1.0),
    ]
}

/// The table of `sums`: heads and rows.
pub fn table(sums: &[Sum]) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let heads = vec![
        "MODEL", "GROUP", "CASES", "PASSED", "RATE", "95 %", "MEDIAN", "TOKENS",
    ];
    let rows = sums.iter().map(|sum| {
        let tag = if sum.tag.is_empty() { "all" } else { &sum.tag };
        vec![
            sum.model.clone(),
            tag.to_owned(),
            sum.n.to_string(),
            sum.passed.to_string(),
            format!("{:.3}", sum.rate),
            format!("{:.3} – {:.3}", sum.interval[0], sum.interval[1]),
            format!("{:.1} s", sum.ms as f64 / 1000.0),
            format!("{:.0}", sum.tokens),
        ]
    });
    (heads, rows.collect())
}

/// What the key of a row is, to know it again: an id may be any JSON.
pub fn key(model: &str, id: &Value) -> String {
    json!([model, id]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        let check = |passed, n, want: [f64; 2]| {
            let got = wilson(passed, n);
            let near = got.iter().zip(want).all(|(a, b)| (a - b).abs() < 0.001);
            assert!(near, "{passed} of {n}: {got:?}");
        };
        check(90, 100, [0.826, 0.945]);
        check(0, 10, [0.0, 0.278]);
        check(10, 10, [0.722, 1.0]);
    }
}
