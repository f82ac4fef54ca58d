//! The steps of a run, as pages show them and as examples are made of them.

use quipu_kernel::journal::StepRow;
use quipu_kernel::label::Label;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::outcome::WITH;

/// Characters of an observation that are kept.
const OBSERVATION_CHARS: usize = 2_000;

/// One decision, and its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The action; calls that were decided together are one.
    pub action: Value,
    /// The observation, or its beginning.
    pub observation: String,
    /// Whether all of it worked.
    pub ok: bool,
}

/// The steps of a process with these `rows`.
pub fn of(rows: &[StepRow]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for row in rows {
        let mut action = row.action.clone();
        let together = action
            .as_object_mut()
            .is_some_and(|action| action.shift_remove(WITH).is_some());
        let outcome = row.outcome.as_ref();
        let (text, ok) = outcome.map_or(("", false), |outcome| (&outcome.text, outcome.ok));
        let observation: String = text.chars().take(OBSERVATION_CHARS).collect();
        match steps.last_mut().filter(|_| together) {
            Some(last) => {
                last.action = joined(last.action.take(), action);
                last.observation.push('\n');
                last.observation.push_str(&observation);
                last.ok &= ok;
            }
            None => steps.push(Step {
                action,
                observation,
                ok,
            }),
        }
    }
    steps
}

/// The calls of `first` and the call `next` as one action.
fn joined(mut first: Value, next: Value) -> Value {
    match first.get_mut("calls").and_then(Value::as_array_mut) {
        Some(calls) => {
            calls.push(next);
            first
        }
        None => json!({"calls": [first, next]}),
    }
}

/// The label of all that the steps `rows` brought in together.
pub fn label(rows: &[StepRow]) -> Label {
    let outcomes = rows.iter().filter_map(|row| row.outcome.as_ref());
    Label::lowest(outcomes.map(|outcome| &outcome.label))
}

#[cfg(test)]
mod tests {
    use quipu_kernel::journal::Outcome;
    use quipu_kernel::label::Trust;
    use quipu_kernel::process::Usage;

    use super::*;

    #[test]
    fn calls_that_were_decided_together_are_one_step() {
        let row = |action: Value, text: &str, trust| StepRow {
            n: 1,
            action,
            usage: Usage::default(),
            decide_ms: 0,
            outcome: Some(Outcome {
                text: text.into(),
                ok: text != "bad",
                label: Label::new("tool:t", trust),
                ms: 0,
            }),
        };
        let rows = [
            row(json!({"tool": "a"}), "1", Trust::System),
            row(json!({"tool": "b", "with": 1}), "bad", Trust::Untrusted),
            row(json!({"tool": "c", "with": 1}), "3", Trust::System),
            row(json!({"answer": "d"}), "", Trust::System),
        ];
        let steps = of(&rows);
        assert_eq!(steps.len(), 2);
        let calls = json!({"calls": [{"tool": "a"}, {"tool": "b"}, {"tool": "c"}]});
        assert_eq!(steps[0].action, calls);
        assert_eq!(
            (steps[0].observation.as_str(), steps[0].ok),
            ("1\nbad\n3", false)
        );
        assert_eq!(label(&rows).trust, Trust::Untrusted);
        assert_eq!(label(&rows[..1]).trust, Trust::System);
    }
}
