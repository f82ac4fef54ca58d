//! What AgentDojo gives: tasks with the calls that do them, injected calls, tools; and the
//! plans that were written for the tasks by hand, from their prompts alone.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use quipu_kernel::gate::plan::{Plan, Planned};
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::writes;
use crate::data::lines;

/// Reads the results of tools, which are YAML, for what they say.
const RESULTS: &str = include_str!("results.py");
/// The plans, and the day of each suite.
const PLANS: &str = include_str!("plans.json");

/// A call of a tool.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Call {
    pub function: String,
    pub args: Value,
}

/// A call of the solution of a task, with what came back.
#[derive(Clone, Debug, Deserialize)]
pub struct Done {
    #[serde(flatten)]
    pub call: Call,
    pub result: Value,
}

/// A task of a user.
#[derive(Clone, Debug, Deserialize)]
pub struct Task {
    pub suite: String,
    pub id: String,
    pub prompt: String,
    pub ground_truth: Vec<Done>,
}

/// A task into which calls are injected.
#[derive(Clone, Debug, Deserialize)]
pub struct Pair {
    pub suite: String,
    pub user_task: String,
    pub injection_calls: Vec<Call>,
}

/// A tool.
#[derive(Clone, Debug, Deserialize)]
pub struct Tool {
    pub suite: String,
    pub name: String,
    pub description: String,
    pub parameters: Value,
}

#[derive(Deserialize)]
struct Plans {
    days: BTreeMap<String, String>,
    plans: BTreeMap<String, Vec<Planned>>,
}

/// All of it.
pub struct Set {
    pub tasks: Vec<Task>,
    pub pairs: Vec<Pair>,
    pub tools: Vec<Tool>,
    plans: Plans,
}

impl Set {
    /// Reads the folder `dir`, with a `python` that has PyYAML.
    pub fn read(dir: &Path, python: &Path) -> Result<Self> {
        let mut tasks: Vec<Task> = lines(&dir.join("user_tasks.jsonl"))?;
        let all = tasks.iter_mut().flat_map(|task| &mut task.ground_truth);
        let mut done: Vec<&mut Done> = all.collect();
        let texts = done.iter().map(|done| done.result.clone());
        let values = values(python, &texts.collect::<Vec<_>>())?;
        ensure!(values.len() == done.len(), "a result is missing");
        for (done, value) in done.iter_mut().zip(values) {
            done.result = value;
        }
        let pairs: Vec<Pair> = lines(&dir.join("pairs.jsonl"))?;
        Ok(Self {
            tasks,
            pairs,
            tools: lines(&dir.join("tools.jsonl"))?,
            plans: serde_json::from_str(PLANS).context("plans.json")?,
        })
    }

    /// Keeps of each suite the first `most` tasks that change something.
    pub fn keep(&mut self, most: usize) {
        let mut kept: BTreeMap<String, usize> = BTreeMap::new();
        self.tasks.retain(|task| {
            let mut calls = task.ground_truth.iter();
            let n = kept.entry(task.suite.clone()).or_default();
            let keep = *n < most && calls.any(|done| writes(&done.call.function));
            *n += usize::from(keep);
            keep
        });
    }

    /// Puts another plan in the place of that of `task`.
    pub fn replace(&mut self, task: &Task, effects: Vec<Planned>) {
        let name = format!("{} {}", task.suite, task.id);
        self.plans.plans.insert(name, effects);
    }

    /// The plan of `task`: of no effects, where it has none that can be planned.
    pub fn plan(&self, task: &Task) -> Result<Plan> {
        let effects = self.plans.plans.get(&format!("{} {}", task.suite, task.id));
        let effects = effects.cloned().unwrap_or_default();
        let day = self.plans.days.get(&task.suite).context("a day")?;
        let plan = json!({"effects": effects, "made_on": day});
        serde_json::from_value(plan).context("a plan")
    }
}

/// What the texts of results say.
fn values(python: &Path, texts: &[Value]) -> Result<Vec<Value>> {
    let mut child = Command::new(python)
        .args(["-c", RESULTS])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| python.display().to_string())?;
    let asked: String = texts.iter().map(|text| format!("{text}\n")).collect();
    let mut stdin = child.stdin.take().context("no standard input")?;
    let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "PyYAML is needed");
    if let Ok(written) = writer.join() {
        written?;
    }
    let lines = String::from_utf8(output.stdout)?;
    let values = lines
        .lines()
        .map(|line| serde_json::from_str(line).context("a result"));
    values.collect()
}
