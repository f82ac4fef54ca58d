//! Turns the end of a run into its result: the calls that count, the steps, the time.

use quipu_kernel::calls::{FIND, RECALL, REMEMBER, REPLACES};
use quipu_kernel::journal::StepRow;
use quipu_kernel::process::{Exit, Status, Usage};
use serde_json::Value;

use super::calls::Made;
use super::rows::Row;
use super::watch::Cut;

/// The status of a process that was stopped at its calls.
const STOPPED: &str = "stopped";
/// Calls that only turn pages of what a process has, which no case asks for.
const PAGING: [&str; 2] = [FIND, RECALL];
/// Marks a row of the journal that was decided together with an earlier one.
pub(super) const WITH: &str = "with";

/// How a process ended, in the word of a result.
pub(super) fn status_words(status: Status) -> String {
    status.as_str().to_owned()
}

/// Fills in what a process with these `rows` came to.
pub(super) fn whole(row: &mut Row, rows: &[StepRow], exit: Exit, device: &str) {
    row.calls = calls(rows, device);
    row.steps = Some(count_steps(rows));
    row.decide_ms = Some(decide_ms(rows));
    row.status = Some(status_words(exit.status));
    row.answer = exit.answer;
    row.usage = Some(exit.usage);
    row.ms = Some(exit.ms);
}

/// Fills in what a process with these `rows` was when it was `cut`, after `ms`. It may have
/// gone on before the signal came.
pub(super) fn part(row: &mut Row, rows: &[StepRow], cut: Cut, ms: u64, device: &str) {
    let last = match cut {
        Cut::Calls(last) => last,
        Cut::Words(step) => step - 1,
    };
    let end = rows.iter().position(|row| row.n > last);
    let rows = &rows[..end.unwrap_or(rows.len())];
    let mut usage = Usage::default();
    rows.iter().for_each(|row| usage += row.usage);
    row.calls = calls(rows, device);
    // The words are a step too, and all the time went into deciding on them.
    (row.steps, row.decide_ms) = match cut {
        Cut::Calls(_) => (Some(count_steps(rows)), Some(decide_ms(rows))),
        Cut::Words(_) => (Some(count_steps(rows) + 1), Some(ms)),
    };
    row.status = Some(STOPPED.to_owned());
    row.usage = Some(usage);
    row.ms = Some(ms);
}

/// How many calls an action makes that count.
pub(super) fn counted(action: &Value) -> usize {
    calls_in(action).len()
}

/// The calls of an action that count, in either form of it.
fn calls_in(action: &Value) -> Vec<&Value> {
    let mut calls: Vec<&Value> = match action["calls"].as_array() {
        Some(calls) => calls.iter().collect(),
        None => vec![action],
    };
    calls.retain(|call| {
        let tool = call["tool"].as_str();
        tool.is_some_and(|tool| !PAGING.contains(&tool))
    });
    calls
}

/// How many steps `rows` are: those that were decided together with an earlier one belong
/// to its step.
fn count_steps(rows: &[StepRow]) -> usize {
    let beside = |row: &&StepRow| row.action.get(WITH).is_some();
    rows.len() - rows.iter().filter(beside).count()
}

/// The time of the decisions up to the first call or the answer.
fn decide_ms(rows: &[StepRow]) -> u64 {
    let first = rows
        .iter()
        .position(|row| counted(&row.action) > 0 || row.action.get("answer").is_some());
    let until = first.map_or(rows, |first| &rows[..=first]);
    until.iter().map(|row| row.decide_ms).sum()
}

/// The calls in `rows`, as they are checked: without the case's own `device`, and without
/// what the kernel adds to them.
fn calls(rows: &[StepRow], device: &str) -> Vec<Made> {
    let own = format!("{device}.");
    rows.iter()
        .flat_map(|row| calls_in(&row.action))
        .map(|action| {
            let tool = action["tool"].as_str().unwrap_or_default();
            let mut args = action["args"].clone();
            if let (REMEMBER, Some(args)) = (tool, args.as_object_mut()) {
                args.shift_remove(REPLACES);
            }
            Made {
                tool: tool.strip_prefix(&own).unwrap_or(tool).to_owned(),
                args,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows(actions: Value) -> Vec<StepRow> {
        let actions: Vec<Value> = serde_json::from_value(actions).unwrap();
        let row = |(i, action): (usize, Value)| StepRow {
            n: i as u32 + 1,
            action,
            usage: Usage::default(),
            decide_ms: 10,
            outcome: None,
        };
        actions.into_iter().enumerate().map(row).collect()
    }

    #[test]
    fn calls_are_what_was_done_and_not_how_pages_were_turned() {
        let check = |actions: Value, want: &[&str], steps: usize, ms: u64| {
            let rows = rows(actions);
            let made: Vec<String> = calls(&rows, "t3")
                .iter()
                .map(|made| format!("{} {}", made.tool, made.args))
                .collect();
            assert_eq!(made, want);
            assert_eq!((count_steps(&rows), decide_ms(&rows)), (steps, ms));
        };
        check(json!([{"answer": "a"}]), &[], 1, 10);
        check(
            json!([{"tool": "find_tool", "args": {"query": "x"}},
                {"tool": "t3.a.b", "args": {"x": 1}}, {"answer": "a"}]),
            &["a.b {\"x\":1}"],
            3,
            20,
        );
        check(
            json!([{"tool": "t3.a", "args": {}}, {"tool": "t31.a", "args": {}, "with": 1}]),
            &["a {}", "t31.a {}"],
            1,
            10,
        );
        check(
            json!([{"calls": [{"tool": "t3.a", "args": {}}, {"tool": "t3.b", "args": {}}]}]),
            &["a {}", "b {}"],
            1,
            10,
        );
        check(
            json!([{"tool": "memory.put", "args": {"text": "x", "replaces": "m1-1"}}]),
            &["memory.put {\"text\":\"x\"}"],
            1,
            10,
        );
    }
}
