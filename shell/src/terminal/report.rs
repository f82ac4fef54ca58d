//! What a process did, as JSON for other programs.

use quipu_kernel::gate::Ruling;
use quipu_kernel::gate::plan::Plan;
use serde_json::{Value, json};

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
