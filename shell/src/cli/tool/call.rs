//! `quipu tool call`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use quipu_tools::{CallContext, ErrorKind, Resolved, ToolError};
use serde_json::{Value, json};

use crate::session::Session;
use crate::session::bus::Servers;
use crate::session::user_call::user_call_under;
use crate::terminal::bar::busy;
use crate::terminal::error::{FAILED, UserError, tool_code};
use crate::terminal::lines::{file_words, lines};
use crate::terminal::output::{self, visible};
use crate::terminal::words::{fill, words};

/// What a line of a file of calls is.
const LINE: &str = "one object of arguments a line";

/// Call a function of a tool
#[derive(Debug, Args)]
pub struct CallArgs {
    /// TOOL.FUNCTION, or TOOL where it has just one
    name: String,
    /// The arguments, a JSON object; `-` reads it from standard input
    #[arg(value_name = "JSON", required_unless_present = "jsonl")]
    args: Option<String>,
    /// Call once for each line of FILE, and print a line for each result
    #[arg(long, value_name = "FILE", conflicts_with = "args")]
    jsonl: Option<PathBuf>,
}

/// Runs the command.
pub fn run(session: &Session, args: &CallArgs) -> Result<u8> {
    let bus = session.bus_for(&args.name, Servers::Known)?;
    let function = bus.resolve(&args.name)?;
    let context = CallContext {
        grants: session.settings.allow.iter().cloned().collect(),
        ..CallContext::default()
    };
    if let Some(path) = &args.jsonl {
        return call_each(session, &function, path, &context);
    }
    let text = match args.args.as_deref() {
        Some("-") => std::io::read_to_string(std::io::stdin().lock())?,
        other => other.unwrap_or_default().to_owned(),
    };
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        UserError::usage(
            format!("the arguments are not JSON: {error}"),
            format!("`quipu tool show {}` shows what it takes", args.name),
        )
    })?;
    // A component that was never called is compiled first.
    let sign = busy(fill(words().waits_for, &[("tool", &visible(&args.name))]));
    let called = user_call_under(session, &function, &value, &context);
    sign.finish_and_clear();
    match called {
        Ok(result) if std::io::stdout().is_terminal() => {
            output::pretty_json(&result)?;
            Ok(0)
        }
        Ok(result) => output::json(&result).map(|()| 0),
        Err(error) => {
            say!("error: {}", error.message);
            if !error.hint.is_empty() {
                say!("hint: {}", error.hint);
            }
            Ok(tool_code(error.kind))
        }
    }
}

/// Calls `function` once for each line of the file at `path`, and prints a line for each result.
fn call_each(
    session: &Session,
    function: &Resolved,
    path: &Path,
    context: &CallContext,
) -> Result<u8> {
    let (mut failed, mut calls) = (false, 0);
    for (_, value) in lines(path)? {
        calls += 1;
        let line = match value {
            Ok(value) => timed(session, function, &value, context),
            // In its place, so that results stay in line with the input.
            Err(reason) => json!({"ok": false, "error": ToolError::new(
                ErrorKind::InvalidArgs,
                format!("not JSON: {reason}"),
                LINE,
            )}),
        };
        failed |= line["ok"] == false;
        output::json(&line)?;
    }
    match calls {
        0 => Err(UserError::usage(
            format!("{} has no calls", file_words(path)),
            LINE,
        )),
        _ => Ok(if failed { FAILED } else { 0 }),
    }
}

fn timed(session: &Session, function: &Resolved, args: &Value, context: &CallContext) -> Value {
    let begun = Instant::now();
    let result: Result<Value, ToolError> = user_call_under(session, function, args, context);
    let us = begun.elapsed().as_micros() as u64;
    match result {
        Ok(result) => json!({"ok": true, "result": result, "us": us}),
        Err(error) => json!({"ok": false, "error": error}),
    }
}
