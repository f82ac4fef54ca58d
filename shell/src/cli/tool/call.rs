//! `quipu tool call`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use quipu_tools::{CallContext, ErrorKind, Resolved, ToolError};
use serde_json::{Value, json};

use crate::session::Session;
use crate::session::bus::{Servers, resolved};
use crate::session::user_call::TypedCall;
use crate::terminal::bar::busy;
use crate::terminal::error::{FAILED, STOPPED, UserError, tool_code};
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
pub async fn run(session: &Session, args: &CallArgs) -> Result<u8> {
    let bus = session.bus_for(&args.name, Servers::Known)?;
    let function = resolved(&bus, &args.name)?;
    let context = CallContext {
        grants: session.settings.allow.iter().cloned().collect(),
        ..CallContext::default()
    };
    if let Some(path) = &args.jsonl {
        return call_each(session, &function, path, &context).await;
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
    let called = match TypedCall::agreed(session, &function, &value).await {
        Ok(call) => waited_for(&args.name, call, &context),
        Err(error) => Err(error),
    };
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

/// Carries `call` out, with a sign that this may take a while.
fn waited_for(name: &str, call: TypedCall, context: &CallContext) -> Result<Value, ToolError> {
    // A component that was never called is compiled first.
    let sign = busy(fill(words().waits_for, &[("tool", &visible(name))]));
    let called = call.run(context);
    sign.finish_and_clear();
    called
}

/// Calls `function` once for each line of the file at `path`, and prints a line for each result.
async fn call_each(
    session: &Session,
    function: &Resolved,
    path: &Path,
    context: &CallContext,
) -> Result<u8> {
    let (mut codes, mut calls) = (Vec::new(), 0);
    for (_, value) in lines(path)? {
        calls += 1;
        let begun = Instant::now();
        let result = match value {
            Ok(value) => match TypedCall::agreed(session, function, &value).await {
                Ok(call) => call.run(context),
                Err(error) => Err(error),
            },
            Err(reason) => Err(ToolError::new(
                ErrorKind::InvalidArgs,
                format!("not JSON: {reason}"),
                LINE,
            )),
        };
        codes.extend(result.as_ref().err().map(|error| tool_code(error.kind)));
        // In its place, so that results stay in line with the input.
        output::json(&told(result, begun))?;
    }
    match calls {
        0 => Err(UserError::usage(
            format!("{} has no calls", file_words(path)),
            LINE,
        )),
        _ => Ok(code_of(&codes)),
    }
}

/// The line of one call, which began at `begun`.
fn told(result: Result<Value, ToolError>, begun: Instant) -> Value {
    match result {
        Ok(result) => {
            let us = begun.elapsed().as_micros() as u64;
            json!({"ok": true, "result": result, "us": us})
        }
        Err(error) => json!({"ok": false, "error": error}),
    }
}

/// The exit code of a file of calls, of which some ended with these `codes`: that something failed
/// says more than that something was refused.
fn code_of(codes: &[u8]) -> u8 {
    match codes {
        [] => 0,
        codes if codes.iter().all(|code| *code == STOPPED) => STOPPED,
        _ => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::error::USAGE;

    #[test]
    fn a_file_of_calls_ends_with_the_code_that_says_most() {
        let check = |codes: &[u8], want: u8| assert_eq!(code_of(codes), want, "{codes:?}");
        check(&[], 0);
        check(&[STOPPED, STOPPED], STOPPED);
        check(&[STOPPED, USAGE], FAILED);
        check(&[FAILED], FAILED);
    }
}
