//! What a process did, as JSON for other programs.

use quipu_kernel::gate::Ruling;
use quipu_kernel::gate::plan::Plan;
use quipu_kernel::journal::{ProcessRow, StepRow};
use quipu_kernel::process::{Exit, Pid};
use quipu_kernel::window::reminder::Reminder;
use serde_json::{Value, json};

use super::{hints, sources};

/// A process as `quipu ps --json` and the API list it.
pub fn process(row: &ProcessRow) -> Value {
    let mut process = json!(row);
    process["state"] = row.state_word().into();
    process
}

/// Adds to what is told of a process what it was to do on its own, where that was planned.
pub fn add_plan(report: &mut Value, plan: Option<&Plan>) {
    if let Some(plan) = plan {
        report["plan"] = json!(plan);
    }
}

/// Adds what was ruled on a step to it, in a list of steps.
pub fn add_rulings(steps: &mut Value, rulings: &[(u32, Ruling)]) {
    for step in steps.as_array_mut().into_iter().flatten() {
        let ruled = rulings.iter().find(|(n, _)| step["n"] == *n);
        if let Some((_, ruling)) = ruled {
            step["ruling"] = json!(ruling);
        }
    }
}

/// The value that `quipu run --format json` prints; `text_of` is the text of a page of the store.
pub fn report(
    pid: Pid,
    exit: &Exit,
    reminder: Option<Reminder>,
    steps: Vec<StepRow>,
    text_of: &dyn Fn(&str) -> Option<String>,
) -> Value {
    let mut outcomes = steps.iter().filter_map(|step| step.outcome.as_ref());
    // What ends a process has the lowest label of everything that it had read.
    let label = exit.answer.as_ref().and(outcomes.next_back());
    let label = label.map(|outcome| outcome.label.clone());
    let sources = sources::of(exit.answer.as_ref(), reminder.as_ref(), &steps, text_of);
    let steps: Vec<Value> = steps
        .into_iter()
        .map(|step| {
            let outcome = step.outcome;
            let ms = step.decide_ms + outcome.as_ref().map_or(0, |outcome| outcome.ms);
            json!({
                "n": step.n,
                "action": step.action,
                "observation": outcome.as_ref().map(|outcome| &outcome.text),
                "label": outcome.as_ref().map(|outcome| &outcome.label),
                "ms": ms,
            })
        })
        .collect();
    let mut report = json!({
        "pid": pid,
        "status": exit.status,
        "answer": exit.answer,
        "label": label,
        "confidence": null,
        "sources": sources,
        "steps": steps,
        "usage": exit.usage,
        "ms": exit.ms,
        "limits_hit": exit.limits_hit,
    });
    if !exit.left.is_empty() {
        report["left"] = json!(exit.left);
    }
    if let Some(error) = hints::ended(exit) {
        report["error"] = json!(error);
    }
    if let Some(reminder) = reminder {
        report["recalled"] = json!(reminder);
    }
    report
}
