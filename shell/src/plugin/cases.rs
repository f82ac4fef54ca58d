//! The calls a project is tested with: `tests.jsonl`, whatever its language.
//!
//! A line is `{"call": FUNCTION, "args": {…}, "result": …}`, or with `"error"`: a part
//! of the message that the call has to fail with.

use std::path::Path;

use anyhow::Result;
use quipu_tools::{CallContext, Device};
use serde::Deserialize;
use serde_json::Value;

use crate::terminal::error::UserError;
use crate::terminal::text::read_text;

/// The file's name in a project.
pub const FILE: &str = "tests.jsonl";

/// One call with what has to come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    call: String,
    args: Value,
    result: Option<Value>,
    error: Option<String>,
}

/// How many calls did what they should, and what the others did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Calls that did.
    pub passed: usize,
    /// A line for each case that failed.
    pub failed: Vec<String>,
}

/// Makes the calls in the file at `path` on `device`.
pub fn run(path: &Path, device: &dyn Device) -> Result<Outcome> {
    let text = read_text(path, "a list of calls")?;
    let mut outcome = Outcome::default();
    for (n, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let case: Case = serde_json::from_str(line).map_err(|error| {
            UserError::usage(
                format!("{}:{}: {error}", path.display(), n + 1),
                r#"a line is {"call":"f","args":{},"result":…} or {"call":"f","args":{},"error":"…"}"#,
            )
        })?;
        match mistake(&case, device) {
            None => outcome.passed += 1,
            Some(mistake) => {
                outcome
                    .failed
                    .push(format!("{FILE}:{}: {}: {mistake}", n + 1, case.call))
            }
        }
    }
    Ok(outcome)
}

/// What is wrong with the result of a call.
fn mistake(case: &Case, device: &dyn Device) -> Option<String> {
    let got = device.call(&case.call, &case.args, &CallContext::default());
    match (got, &case.result, &case.error) {
        (Ok(got), Some(want), None) => (got != *want).then(|| format!("gave {got}, not {want}")),
        (Ok(got), None, Some(_)) => Some(format!("gave {got}; it should have failed")),
        (Err(error), None, Some(want)) => (!error.message.contains(want.as_str()))
            .then(|| format!("failed with {:?}, not {want:?}", error.message)),
        (Err(error), Some(_), None) => Some(format!("failed: {error}")),
        (_, _, _) => Some("expects neither a result nor an error, or both".into()),
    }
}
