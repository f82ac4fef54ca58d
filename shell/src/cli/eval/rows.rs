//! The results of cases: a line each, their sums, and the table of these.

use std::collections::BTreeMap;

use anyhow::Result;
use quipu_kernel::deliberation::{BranchReport, Support};
use quipu_kernel::judgement::Question;
use quipu_kernel::label::{Secrecy, Trust};
use quipu_kernel::process::Usage;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::calibration::Calibration;
use super::calls::Made;
use super::cases::Case;
use super::conditions::Under;
use super::trace::Step;
use crate::cli::results::Kind;
use crate::terminal::output::{self, seconds};

/// The normal deviate of a 95 % interval.
const Z: f64 = 1.96;

/// The results of an eval. What could not be run is made again.
pub const KIND: Kind = Kind {
    one: "a result of an eval",
    stays: |line| line["error"].is_null(),
    key: |line| {
        let round = line["round"].as_u64().unwrap_or(0) as u32;
        key(&line["id"], &line["model"], &line["agent"], round)
    },
};

/// The result of one case by one agent on one model. What another program wrote may have
/// little more than the id.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Row {
    /// The case.
    pub id: Value,
    /// The model.
    pub model: String,
    /// The agent, as it was given; none for the usual one.
    pub agent: Option<String>,
    /// Which of the runs of the case it is, from 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub round: u32,
    /// The group of the case.
    pub tag: String,
    /// Whether everything held.
    pub passed: bool,
    /// The conditions that did not hold.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Why the case could not be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The answer.
    pub answer: Option<Value>,
    /// The calls.
    pub calls: Vec<Made>,
    /// How it ended: as `quipu run` says it, or `stopped` where the case is stopped at
    /// its calls.
    pub status: Option<String>,
    /// Steps; calls that were decided together are one.
    pub steps: Option<usize>,
    /// Tokens.
    pub usage: Option<Usage>,
    /// Wall-clock time of the process, in milliseconds.
    pub ms: Option<u64>,
    /// Time of the decisions up to the first call or the answer, in milliseconds.
    pub decide_ms: Option<u64>,
    /// The questions that the model was asked before it acted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub judged: Vec<Judged>,
    /// With `--think`: how likely the answer is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// With `--think`: what speaks for the answer and against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support: Option<Support>,
    /// With `--think`: what became of each branch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<BranchReport>,
    /// The memories at the end, where a check looks at them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Vec<String>>,
    /// The files of the case at the end, by path, where it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<BTreeMap<String, String>>,
    /// The log-likelihood of each choice of a case that has choices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub likelihoods: Vec<f32>,
    /// With `--judge`: how likely its answer is good. Advice: no case holds by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<f32>,
    /// Under which conditions it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub under: Option<Under>,
    /// The steps of the run, if they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<Step>,
    /// Beside it: the lowest trust of what was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Trust>,
    /// And the highest secrecy.
    #[serde(skip_serializing_if = "Secrecy::is_public")]
    pub secrecy: Secrecy,
}

fn is_zero(round: &u32) -> bool {
    *round == 0
}

/// A question that the model was asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judged {
    /// Which.
    pub question: Question,
    /// Its log-odds on each way it was put.
    pub odds: Vec<f32>,
    /// How likely yes is, 0 to 1.
    pub likely: f32,
}

impl Row {
    /// Says whether everything holds that `case` asks. Of what could not be run nothing
    /// does, whatever it was to lack.
    pub fn judge(&mut self, case: &Case) {
        let problem = match &self.error {
            Some(error) => Some(error.clone()),
            None => case
                .check
                .iter()
                .find_map(|check| check.hold(self).err())
                .or_else(|| case.wrong_choice(self.answer.as_ref())),
        };
        self.tag = case.group().to_owned();
        self.passed = problem.is_none();
        self.why = problem.unwrap_or_default();
    }

    /// The agent and the model of the run.
    fn column(&self) -> (&str, Option<&str>) {
        (&self.model, self.agent.as_deref())
    }
}

/// The key of a result, to know it again.
pub fn key(id: &Value, model: &Value, agent: &Value, round: u32) -> String {
    json!([id, model, agent, round]).to_string()
}

/// The sum of a group by one agent on one model.
#[derive(Clone, Debug, Serialize)]
pub struct Sum {
    /// The group; none for all.
    pub tag: Option<String>,
    /// The model.
    pub model: String,
    /// The agent.
    pub agent: Option<String>,
    /// Runs of cases.
    pub n: usize,
    /// Cases in which everything held.
    pub passed: usize,
    /// Their share.
    pub rate: f64,
    /// The 95 % interval of the share (Wilson 1927).
    pub interval: [f64; 2],
    /// Where each case was run several times: how they hang together.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<Repeated>,
    /// How good the confidence of answers is, where they have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Calibration>,
    /// The median time of a case, in milliseconds.
    pub ms: Option<u64>,
    /// The mean of generated tokens.
    pub tokens: Option<f64>,
}

/// Cases that were run several times.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Repeated {
    /// The share of cases that hold in all runs (pass^N).
    pub pass_all: f64,
    /// The share of cases that hold in at least one run (pass@N).
    pub pass_any: f64,
    /// How likely one run of a case holds: the mean over the cases (pass@1).
    pub pass_1: f64,
    /// The cases that hold in some runs only.
    pub flaky: Vec<Flaky>,
}

/// A case that holds in some runs only.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flaky {
    /// The case.
    pub id: Value,
    /// Runs that hold.
    pub passed: usize,
    /// Runs.
    pub runs: usize,
    /// How likely two of its runs differ, 0 to 1.
    pub rate: f64,
}

impl Flaky {
    fn of(id: &Value, passed: usize, runs: usize) -> Self {
        // Pairs of runs that differ, of all pairs.
        let pairs = (runs * (runs - 1)) as f64 / 2.0;
        Self {
            id: id.clone(),
            passed,
            runs,
            rate: (passed * (runs - passed)) as f64 / pairs,
        }
    }
}

impl Repeated {
    /// `None` where no case was run twice.
    fn of(rows: &[&Row]) -> Option<Self> {
        let mut cases: Vec<(&Value, usize, usize)> = Vec::new();
        for row in rows {
            match cases.iter_mut().find(|(id, ..)| *id == &row.id) {
                Some((_, passed, n)) => {
                    *passed += usize::from(row.passed);
                    *n += 1;
                }
                None => cases.push((&row.id, usize::from(row.passed), 1)),
            }
        }
        let share = |count: usize| count as f64 / cases.len() as f64;
        let all = cases.iter().filter(|(_, passed, n)| passed == n).count();
        let any = cases.iter().filter(|(_, passed, _)| *passed > 0).count();
        let shares = cases
            .iter()
            .map(|(_, passed, n)| *passed as f64 / *n as f64);
        let some = cases
            .iter()
            .filter(|(_, passed, n)| (1..*n).contains(passed));
        cases.iter().any(|(.., n)| *n > 1).then(|| Self {
            pass_all: share(all),
            pass_any: share(any),
            pass_1: shares.sum::<f64>() / cases.len() as f64,
            flaky: some
                .map(|(id, passed, n)| Flaky::of(id, *passed, *n))
                .collect(),
        })
    }
}

/// The sums of `rows`: each group, then all of them; models and agents side by side.
pub fn sums(rows: &[Row]) -> Vec<Sum> {
    let (mut tags, mut columns) = (Vec::new(), Vec::new());
    for row in rows {
        if !row.tag.is_empty() && !tags.contains(&Some(row.tag.as_str())) {
            tags.push(Some(row.tag.as_str()));
        }
        if !columns.contains(&row.column()) {
            columns.push(row.column());
        }
    }
    tags.push(None);
    let mut sums = Vec::new();
    for tag in tags {
        for &(model, agent) in &columns {
            let group: Vec<&Row> = rows
                .iter()
                .filter(|row| row.column() == (model, agent))
                .filter(|row| tag.is_none_or(|tag| row.tag == tag))
                .collect();
            if group.is_empty() {
                continue;
            }
            sums.push(Sum {
                tag: tag.map(str::to_owned),
                model: model.to_owned(),
                agent: agent.map(str::to_owned),
                ..sum(&group)
            });
        }
    }
    sums
}

fn sum(rows: &[&Row]) -> Sum {
    let passed = rows.iter().filter(|row| row.passed).count();
    let generated: Vec<f64> = rows
        .iter()
        .filter_map(|row| row.usage)
        .map(|usage| f64::from(usage.generated_tokens))
        .collect();
    let mean = generated.iter().sum::<f64>() / generated.len() as f64;
    let likely: Vec<(f32, bool)> = rows
        .iter()
        .filter_map(|row| Some((row.confidence?, row.passed)))
        .collect();
    Sum {
        tag: None,
        model: String::new(),
        agent: None,
        n: rows.len(),
        passed,
        rate: passed as f64 / rows.len() as f64,
        interval: wilson(passed, rows.len()),
        repeated: Repeated::of(rows),
        confidence: Calibration::of(&likely),
        ms: median(rows.iter().filter_map(|row| row.ms).collect()),
        tokens: (!generated.is_empty()).then_some(mean),
    }
}

/// The middle of `values`, or of the two in the middle.
fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    let upper = *values.get(values.len() / 2)?;
    match values.len() % 2 {
        0 => Some(u64::midpoint(values[values.len() / 2 - 1], upper)),
        _ => Some(upper),
    }
}

/// The 95 % interval of a share of `passed` in `n` (Wilson 1927).
fn wilson(passed: usize, n: usize) -> [f64; 2] {
    let (n, p) = (n as f64, passed as f64 / n as f64);
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    [
        ((middle - half) / scale).max(0.0),
        ((middle + half) / scale).min(1.0),
    ]
}

/// Prints `sums` as a table.
pub fn print(sums: &[Sum]) -> Result<()> {
    let agents = sums.iter().any(|sum| sum.agent.is_some());
    let repeated = sums.iter().any(|sum| sum.repeated.is_some());
    let mut heads = vec![
        "GROUP", "MODEL", "AGENT", "CASES", "PASSED", "RATE", "95 %", "ALL", "ANY", "MEDIAN",
        "TOKENS",
    ];
    heads.retain(|head| match *head {
        "AGENT" => agents,
        "ALL" | "ANY" => repeated,
        _ => true,
    });
    let rows = sums.iter().map(|sum| {
        let mut row = vec![
            sum.tag.clone().unwrap_or_else(|| "all".into()),
            sum.model.clone(),
        ];
        if agents {
            row.push(sum.agent.clone().unwrap_or_else(|| "-".into()));
        }
        let [low, high] = sum.interval;
        row.extend([
            sum.n.to_string(),
            sum.passed.to_string(),
            percent(sum.rate),
            format!("{} – {}", percent(low), percent(high)),
        ]);
        if repeated {
            let share = |of: fn(&Repeated) -> f64| {
                let share = sum.repeated.as_ref().map(|repeated| percent(of(repeated)));
                share.unwrap_or_else(|| "-".into())
            };
            row.extend([share(|it| it.pass_all), share(|it| it.pass_any)]);
        }
        row.extend([
            sum.ms.map_or_else(|| "-".into(), seconds),
            sum.tokens
                .map_or_else(|| "-".into(), |mean| format!("{mean:.1}")),
        ]);
        row
    });
    output::table(&heads, rows.collect())
}

/// A share in words.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
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

    #[test]
    fn repeats_tell_which_cases_are_flaky() {
        let row = |id: u32, passed| Row {
            id: json!(id),
            passed,
            ..Row::default()
        };
        let once = [row(1, true), row(2, false)];
        assert_eq!(sums(&once)[0].repeated, None);
        let held = [
            (1, true),
            (1, true),
            (2, true),
            (2, false),
            (2, false),
            (3, false),
        ];
        let rows = held.map(|(id, passed)| row(id, passed));
        let repeated = sums(&rows)[0].repeated.clone().unwrap();
        assert_eq!(
            (repeated.pass_all, repeated.pass_any),
            (1.0 / 3.0, 2.0 / 3.0)
        );
        assert!((repeated.pass_1 - 4.0 / 9.0).abs() < 1e-9);
        assert_eq!(repeated.flaky, [Flaky::of(&json!(2), 1, 3)]);
        assert!((repeated.flaky[0].rate - 2.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn medians() {
        let check = |values: &[u64], want| assert_eq!(median(values.to_vec()), want);
        check(&[], None);
        check(&[3], Some(3));
        check(&[9, 1, 2], Some(2));
        check(&[4, 1, 2, 9], Some(3));
    }

    #[test]
    fn groups_in_their_order_with_models_side_by_side() {
        let row = |model: &str, tag: &str, passed| Row {
            model: model.into(),
            tag: tag.into(),
            passed,
            ..Row::default()
        };
        let rows = [
            row("z", "b", true),
            row("z", "a", false),
            row("y", "b", false),
            row("z", "", true),
        ];
        let said: Vec<String> = sums(&rows)
            .iter()
            .map(|sum| {
                let tag = sum.tag.as_deref().unwrap_or("all");
                format!("{tag} {} {}/{}", sum.model, sum.passed, sum.n)
            })
            .collect();
        let want = ["b z 1/1", "b y 0/1", "a z 0/1", "all z 2/3", "all y 0/1"];
        assert_eq!(said, want);
    }
}
