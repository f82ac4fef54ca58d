//! Programs of their own, as functions: words and an input in, what is printed out.

use serde_json::json;

use super::Exported;
use crate::device::{Effect, FunctionSpec};

/// The interface of a program, whatever its version.
const RUN: &str = "wasi:cli/run";

/// Whether the interface `name` is that of a program.
pub(super) fn is_run(name: &str) -> bool {
    name.split('@').next() == Some(RUN)
}

/// The function that a program with the interface `name` is.
pub(super) fn exported(name: String) -> Exported {
    let words = json!({"type": "array", "items": {"type": "string"},
        "description": "Words of its command line, without its own name."});
    let input = json!({"type": "string", "description": "What it reads as its standard input."});
    Exported {
        interface: Some(name),
        name: "run".to_owned(),
        command: true,
        spec: FunctionSpec::new(
            "run",
            "Runs the program; what it prints is the result.",
            json!({
                "type": "object",
                "properties": {"args": words, "stdin": input},
                "additionalProperties": false
            }),
            json!({"type": "string"}),
            Effect::Read,
        ),
    }
}
