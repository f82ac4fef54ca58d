//! The tasks of a batch, as its file has them: one JSON object a line.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::Result;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::process::{Attached, PRIORITIES, Program};
use serde::Deserialize;
use serde_json::Value;

use super::BatchArgs;
use crate::session::Session;
use crate::session::agent::{self, Loaded};
use crate::terminal::error::UserError;
use crate::terminal::lines::{file_words, lines, object};
use crate::terminal::toml_words;

/// One line of the tasks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    id: Value,
    prompt: String,
    agent: Option<PathBuf>,
    /// A text that the task is about; a stranger's.
    input: Option<String>,
    #[serde(default)]
    priority: i64,
}

/// A task that was read: its id, its agent, and what is run.
pub(super) type Ready = (Value, Loaded, Program);

/// All tasks, before anything runs: a typing error in the last line is found first.
pub(super) fn read(session: &Session, args: &BatchArgs) -> Result<Vec<Ready>> {
    let name = file_words(&args.tasks);
    let wrong = |number: usize, reason: &dyn std::fmt::Display| {
        UserError::usage(
            format!("{name}, line {number}: {reason}"),
            "one task a line: {\"id\": …, \"prompt\": \"…\"}, and perhaps \"agent\", \"input\" and \"priority\"",
        )
    };
    let mut tasks = Vec::new();
    let mut numbers = HashMap::new();
    for (number, value) in lines(&args.tasks)? {
        let value = value.map_err(|reason| wrong(number, &reason))?;
        let (task, priority) = task(value).map_err(|reason| wrong(number, &reason))?;
        let loaded = task
            .agent
            .as_deref()
            .map(|path| agent::load(path, &session.paths))
            .transpose();
        let loaded = loaded.map_err(|error| error.context(format!("{name}, line {number}")))?;
        let loaded = loaded.unwrap_or_default();
        let mut program = args.process.program(session, &loaded, task.prompt);
        session.teach(&loaded, &mut program);
        program.priority = priority;
        if args.tasks.as_os_str() == "-" {
            program.label = session.piped();
        }
        program.attached.extend(task.input.map(|text| Attached {
            picture: None,
            text,
            label: Label::new(format!("input of task {}", task.id), Trust::Untrusted),
        }));
        if let Some(first) = numbers.insert(task.id.to_string(), number) {
            say!(
                "warning: {name}, line {number}: line {first} has the id {} too",
                task.id
            );
        }
        tasks.push((task.id, loaded, program));
    }
    if tasks.is_empty() {
        return Err(UserError::usage(
            format!("{name} has no tasks"),
            "one JSON object a line: {\"id\": 1, \"prompt\": \"…\"}",
        ));
    }
    Ok(tasks)
}

/// The task of a line, with its priority.
fn task(value: Value) -> Result<(Task, i8), String> {
    let task: Task = serde_json::from_value(object(value)?)
        .map_err(|error| toml_words::meant(&error.to_string()))?;
    if task.prompt.trim().is_empty() {
        return Err("the prompt is empty".into());
    }
    let priority = i8::try_from(task.priority).ok();
    let priority = priority.filter(|priority| PRIORITIES.contains(priority));
    let priority = priority.ok_or_else(|| {
        let (low, high) = (PRIORITIES.start(), PRIORITIES.end());
        format!("priority {} is not in {low}..={high}", task.priority)
    })?;
    Ok((task, priority))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slip_in_a_key_is_told() {
        let check = |line: Value, want: &str| {
            let said = task(line).err().unwrap_or_default();
            assert!(said.contains(want), "{said}");
        };
        let slip = "unknown field `promt` (did you mean `prompt`?), expected one of `id`";
        check(serde_json::json!({"id": 1, "promt": "a"}), slip);
        check(serde_json::json!([1, "a"]), "not a JSON object");
    }

    proptest! {
        /// Any line is a task or says what is wrong with it.
        #[test]
        fn torture_a_line_of_tasks_is_read_or_refused(
            prompt in "[ -~é]{0,6}",
            priority in "-?[0-9]{1,20}|null|\"1\"|1e3",
            key in "agent|input|id|other|prompt",
            more in "[\\[\\]{}\":,0-9a-z ]{0,12}",
            cut in any::<prop::sample::Index>(),
        ) {
            let text = format!(
                "{{\"id\":1,\"prompt\":{},\"priority\":{priority},\"{key}\":{more}}}",
                Value::from(prompt)
            );
            let lines = [&text[..], text.get(..cut.index(text.len())).unwrap_or_default(), &more];
            for line in lines {
                if let Ok(value) = serde_json::from_str(line)
                    && let Ok((task, priority)) = task(value)
                {
                    prop_assert!(!task.prompt.trim().is_empty());
                    prop_assert!(PRIORITIES.contains(&priority));
                }
            }
        }
    }
}
