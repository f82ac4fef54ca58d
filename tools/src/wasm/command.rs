//! Programs of their own (`wasi:cli/run`): words and an input in, what they print out.

use serde_json::Value;
use wasmtime::Store;
use wasmtime::component::{Func, Val};
use wasmtime_wasi::I32Exit;

use super::guest::{Guest, Program};
use super::printed;
use super::stdio::Tail;
use crate::device::{ErrorKind, ToolError};

/// What the program `name` is started with by a call with `args`.
pub(super) fn program(name: &str, args: &Value, stdout: Tail) -> Program {
    let words = args["args"].as_array().into_iter().flatten();
    let words = words.filter_map(Value::as_str).map(str::to_owned);
    let stdin = args["stdin"].as_str().unwrap_or_default();
    Program {
        args: std::iter::once(name.to_owned()).chain(words).collect(),
        stdin: stdin.as_bytes().to_vec(),
        stdout,
    }
}

/// Runs a program to its end. A program that ends well has printed its result; one that does
/// not has said why on its standard error, which is `said`.
pub(super) async fn run(
    store: &mut Store<Guest>,
    function: &Func,
    program: &Program,
    said: &Tail,
) -> wasmtime::Result<Result<Value, ToolError>> {
    let mut results = [Val::Bool(false)];
    let ended = function.call_async(&mut *store, &[], &mut results).await;
    let code = match ended {
        Ok(()) => i32::from(matches!(results[0], Val::Result(Err(_)))),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(code)) => *code,
            None => return Err(error),
        },
    };
    let printed = program.stdout.text();
    Ok(match code {
        0 => Ok(Value::String(printed)),
        code => {
            let reason = format!("the program ended with code {code}");
            let told = match said.text().trim().is_empty() {
                true => printed,
                false => said.text(),
            };
            Err(ToolError::new(
                ErrorKind::Failed,
                printed::cause(&reason, &told),
                "",
            ))
        }
    })
}
