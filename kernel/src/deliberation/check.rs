//! What speaks against an answer by itself: the branch answered something else than it had worked
//! out, or the answer is of an unlikely size for the task.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::value::Worth;
use crate::journal::StepRow;
use crate::numbers;
use crate::pattern::laid_out;
use crate::planner::facts::is_told_in_sentences;

/// Evidence that an answer loses for each fault. An answer by a program alone has 1.5, so that
/// with a fault it counts less than one by a thought without a fault.
pub(super) const FAULT: f32 = 0.8;
/// How many times the product of all numbers in a task an answer may reach.
const TIMES_MAX: f64 = 1_000.0;

/// The evidence that an answer `worth` this loses, in a branch with these `steps` on `task`.
pub(super) fn faults(task: &str, steps: &[StepRow], worth: &Worth) -> f32 {
    let faults = [
        differs_from_its_result(steps, worth),
        is_of_an_odd_size(task, worth),
    ];
    FAULT * faults.iter().filter(|fault| **fault).count() as f32
}

/// Whether the last result of a program in the branch is another one than the answer.
fn differs_from_its_result(steps: &[StepRow], worth: &Worth) -> bool {
    let ran = |step: &&StepRow| step.action["args"]["code"].is_string();
    let last = steps.iter().rfind(ran);
    let outcome = last.and_then(|step| step.outcome.as_ref());
    let Some(outcome) = outcome.filter(|outcome| outcome.ok) else {
        return false;
    };
    // A result is a bare number, or has its value beside what was printed.
    let told: Option<Value> = serde_json::from_str(&outcome.text).ok();
    let result = match told {
        Some(Value::Object(map)) => match map.get("value").and_then(Value::as_str) {
            Some(value) => Worth::of(&value.into()),
            None => return false,
        },
        _ => Worth::of(&outcome.text.as_str().into()),
    };
    // An answer may say what a program printed in other words.
    matches!(result, Worth::Quantity(_)) && !result.agrees(worth)
}

/// Whether a number is negative, a fraction of something that is counted whole, or far larger
/// than anything that the numbers of the task can make.
fn is_of_an_odd_size(task: &str, worth: &Worth) -> bool {
    static COUNTS: LazyLock<Regex> = LazyLock::new(|| {
        let counts = r"(?i)\bhow\s+many\s+(?:more\s+|fewer\s+|other\s+)?(?:people|persons|children|students
            |boys|girls|men|women|friends|guests|animals|dogs|cats|birds|books|cars|boxes|bags
            |eggs|coins|tickets|trees|balls|cards|pages|rooms|seats|marbles|stamps)\b
            |多少[个人只条张本]|几[个人只条张本]";
        laid_out(counts)
    });
    let Worth::Quantity(quantity) = worth else {
        return false;
    };
    let value = quantity.value();
    let given = numbers::numbers(task);
    if given.is_empty() {
        return false;
    }
    let product: f64 = given.iter().map(|number| number.abs().max(1.0)).product();
    let part = COUNTS.is_match(task) && value.fract().abs() > 1e-9;
    let negative = is_told_in_sentences(task) && value < 0.0;
    part || negative || value.abs() > product * TIMES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Outcome;
    use crate::label::Label;
    use crate::process::Usage;
    use serde_json::json;

    #[test]
    fn a_branch_that_answers_something_else_has_a_fault() {
        let check = |result: &str, answer: &str, want: bool| {
            let step = StepRow {
                n: 1,
                action: json!({"tool": "python.run", "args": {"code": "1"}}),
                usage: Usage::default(),
                decide_ms: 0,
                outcome: Some(Outcome {
                    text: result.into(),
                    ok: true,
                    label: Label::kernel(),
                    ms: 0,
                }),
            };
            let worth = Worth::of(&json!(answer));
            assert_eq!(differs_from_its_result(&[step], &worth), want, "{result}");
        };
        check("18", "There are 18.", false);
        check("18", "There are 17.", true);
        check(r#"{"stdout":"x\n","value":"18"}"#, "17", true);
        check("the first is Ann", "Ann", false);
        assert!(!differs_from_its_result(&[], &Worth::of(&json!("1"))));
    }

    #[test]
    fn an_odd_size_is_a_fault() {
        let check = |task: &str, answer: &str, want: bool| {
            let worth = Worth::of(&json!(answer));
            assert_eq!(is_of_an_odd_size(task, &worth), want, "{task} {answer}");
        };
        let eggs = "A hen lays 5 eggs. She eats 2. How many eggs are left?";
        check(eggs, "3", false);
        check(eggs, "-3", true);
        check(eggs, "2.5", true);
        check(eggs, "50000", true);
        check("What is 4 less 9?", "-5", false);
        check("How many eggs are in a dozen?", "0.5", false);
        check(eggs, "three", false);
    }
}
