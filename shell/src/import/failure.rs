//! Why a file was not read, in the words of the report at the end of an import.

use quipu_tools::{ErrorKind, ToolError};

use crate::terminal::hints;

/// Why a file cannot be read, in words for the report.
pub fn failed(what: &str, error: &ToolError) -> String {
    match error.kind {
        ErrorKind::Trap => {
            format!("{what} that is broken (open it in its program and save it again)")
        }
        ErrorKind::Timeout => format!("{what} that takes too long to read (split it)"),
        ErrorKind::Memory => format!("{what} that takes too much memory to read (split it)"),
        _ => why(error),
    }
}

/// A failed call in words for the report.
pub fn why(error: &ToolError) -> String {
    match hints::tool(error) {
        hint if hint.is_empty() => error.message.clone(),
        hint => format!("{} ({hint})", error.message),
    }
}
