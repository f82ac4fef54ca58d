//! Explains what stopped a guest.

use std::time::Duration;

use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

use super::STACK_BYTES;
use super::limits::{Stopped, TABLE_ELEMENTS_MAX};
use super::printed::{self, progress};
use crate::device::{ErrorKind, ToolError};

/// The limits of one call, for messages.
#[derive(Clone, Copy)]
pub(super) struct CallLimits {
    pub(super) deadline: Duration,
    pub(super) memory_bytes: usize,
    pub(super) all_memory_bytes: usize,
    pub(super) output_bytes: usize,
    pub(super) calls: usize,
}

const SMALLER: &str = "try a smaller or simpler input";
const LATER: &str = "try again when other tools have finished";

/// `error` as the caller sees it; `printed` is the end of what the guest printed.
pub(super) fn explain(error: &wasmtime::Error, limits: &CallLimits, printed: &str) -> ToolError {
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        let mut error = named(*stopped, limits);
        if !matches!(stopped, Stopped::Cancelled | Stopped::Busy) {
            error.message.push_str(&progress(printed));
        }
        return error;
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return named(Stopped::Busy, limits);
    }
    if let Some(I32Exit(code)) = error.downcast_ref::<I32Exit>() {
        return ToolError::new(
            ErrorKind::Trap,
            printed::cause(&format!("the tool exited with code {code}"), printed),
            "",
        );
    }
    if error.downcast_ref::<Trap>() == Some(&Trap::StackOverflow) {
        return ToolError::new(
            ErrorKind::Memory,
            format!(
                "the tool recurses deeper than its {} KiB of stack{}",
                STACK_BYTES >> 10,
                progress(printed)
            ),
            SMALLER,
        );
    }
    let reason = error.root_cause().to_string();
    // The engine has no type for it that others may name.
    if reason.contains("fuel allocated for hostcalls") {
        return ToolError::new(
            ErrorKind::OutputTooLarge,
            format!(
                "the tool handed over more than a result of {} bytes can be made of",
                limits.output_bytes
            ),
            "ask for less at a time",
        );
    }
    let hint = match printed.contains("ModuleNotFoundError: ") {
        true => "import it at the top of the tool: modules are there only while it is built",
        false => "this is a defect of the tool; try another input",
    };
    ToolError::new(
        ErrorKind::Trap,
        printed::cause(&format!("the tool failed: {reason}"), printed),
        hint,
    )
}

/// Why the code of the tool `name` was not waited for any longer.
pub(super) fn unready(error: &wasmtime::Error, name: &str) -> ToolError {
    match error.downcast_ref::<Stopped>() {
        Some(Stopped::Cancelled) => {
            ToolError::new(ErrorKind::Cancelled, "the call was cancelled", "")
        }
        Some(Stopped::Deadline) => ToolError::new(
            ErrorKind::Timeout,
            format!("{name} is still being made ready: a tool is compiled when it is first used"),
            "try again; that is done once",
        ),
        _ => ToolError::new(ErrorKind::Unavailable, error.to_string(), LATER),
    }
}

fn named(stopped: Stopped, limits: &CallLimits) -> ToolError {
    let mib = |bytes: usize| bytes >> 20;
    let (kind, message, hint) = match stopped {
        Stopped::Cancelled => (ErrorKind::Cancelled, "the call was cancelled".into(), ""),
        Stopped::Deadline => (
            ErrorKind::Timeout,
            format!(
                "the tool did not finish within {} ms",
                limits.deadline.as_millis()
            ),
            SMALLER,
        ),
        Stopped::Memory => (
            ErrorKind::Memory,
            format!(
                "the tool needs more than its {} MiB of memory",
                mib(limits.memory_bytes)
            ),
            SMALLER,
        ),
        Stopped::TotalMemory => (
            ErrorKind::Busy,
            format!(
                "all running tools together may use {} MiB of memory, and this one would pass that",
                mib(limits.all_memory_bytes)
            ),
            LATER,
        ),
        Stopped::Table => (
            ErrorKind::Memory,
            format!("the tool needs tables of more than {TABLE_ELEMENTS_MAX} elements"),
            SMALLER,
        ),
        Stopped::Output => (
            ErrorKind::OutputTooLarge,
            format!("the tool printed more than {} bytes", limits.output_bytes),
            SMALLER,
        ),
        Stopped::Busy => (
            ErrorKind::Busy,
            format!("{} tools are running already", limits.calls),
            LATER,
        ),
    };
    ToolError::new(kind, message, hint)
}
