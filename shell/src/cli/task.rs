//! The parts of a task: the words on the command line, standard input, and the schema of the
//! answer.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_kernel::grammar::certainly_held;
use quipu_tools::json_schema;
use serde_json::Value;

use crate::config::jsonc;
use crate::terminal::error::UserError;
use crate::terminal::piped;
use crate::terminal::text::read_text;
use crate::terminal::words::{fill, words};

/// Reads what stands on standard input beside a task on the command line. `attach` may wait for
/// it.
///
/// # Errors
/// Where it is not text, or would be both the task and beside it.
pub fn beside(prompt: Option<&str>, attach: &[PathBuf]) -> Result<Option<String>> {
    let waits = attach.iter().any(|path| is_input(path));
    let text = match prompt {
        Some(task) if task != "-" => {
            tell_unread_files(task);
            if waits {
                let text = from_stdin()?;
                if text.trim().is_empty() {
                    say!("warning: nothing came on standard input, which --attach - waits for");
                }
                return Ok(Some(text));
            }
            piped::beside()?
        }
        _ if waits => {
            return Err(UserError::usage(
                "standard input cannot be both the task and attached to it",
                "give the task as an argument: quipu run --attach - \"…\"",
            ));
        }
        _ => None,
    };
    if let Some(text) = &text {
        // Whoever did not mean it sees that it was read.
        say!("{}", fill(words().with_input, &[("bytes", &text.len())]));
    }
    Ok(text)
}

/// Whether `--attach` names standard input.
pub fn is_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Tells of files that are named as the interactive shell reads them. Here a task may be made of
/// others' words, which are to read no file.
fn tell_unread_files(task: &str) {
    let named = task
        .split_whitespace()
        .filter_map(|word| word.strip_prefix('@'));
    for path in named.filter(|path| Path::new(path).is_file()) {
        say!(
            "hint: @{path} is not read here; use --attach {}",
            shell_words::quote(path)
        );
    }
}

/// The task, and whether it was typed rather than read from standard input.
///
/// # Errors
/// Where there is none.
pub fn prompt(argument: Option<&str>) -> Result<(String, bool)> {
    let terminal = std::io::stdin().is_terminal();
    let (text, typed) = match argument {
        // Whoever sits at the terminal types it there.
        Some("-") => (from_stdin()?, terminal),
        Some(text) => (text.to_owned(), true),
        None if terminal => return Err(no_prompt()),
        None => (from_stdin()?, false),
    };
    if text.trim().is_empty() {
        return Err(UserError::usage(
            "the task is empty",
            "say what should be done: quipu run \"…\"",
        ));
    }
    Ok((text, typed))
}

fn from_stdin() -> Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    String::from_utf8(bytes).map_err(|_| piped::not_text())
}

/// To somebody who gave no task.
pub fn no_prompt() -> anyhow::Error {
    UserError::usage(
        "there is no task",
        "quipu run \"…\", or `-` to read it from standard input",
    )
}

/// The schema in the file at `path`, in its normal form, before a model is loaded. Words that
/// a grammar cannot hold a model to are named.
///
/// # Errors
/// Where there is none in it, or no model can be held to it.
pub fn schema(path: &Path) -> Result<Value> {
    let wrong = |reason: String, hint: &str| {
        UserError::usage(format!("{}: {reason}", path.display()), hint)
    };
    const EXAMPLE: &str = "--schema takes a JSON Schema, such as {\"type\":\"number\"}";
    let text = read_text(path, "a JSON schema")?;
    let given = jsonc::value(path, &text);
    let given = given.map_err(|reason| wrong(reason, "--schema takes a JSON Schema"))?;
    let inner = json_schema::unwrapped(&given).map_err(|reason| wrong(reason, EXAMPLE))?;
    let schema = json_schema::normal(inner).map_err(|reason| wrong(reason, EXAMPLE))?;
    let held = certainly_held(&schema).map_err(|reason| {
        let reason = format!("no model can be held to it ({reason})");
        wrong(
            reason,
            "fix the schema: its bounds may exclude each other, or it is too large",
        )
    })?;
    if !held.checked.is_empty() {
        let words: Vec<&str> = held.checked.iter().map(String::as_str).collect();
        say!(
            "note: {}: {} cannot be held while it is written; the answer is checked afterwards",
            path.display(),
            words.join(", ")
        );
    }
    Ok(schema)
}
