//! `process.wait`: the next message of another process of the family, or its answer.

use quipu_tools::Effect;
use serde_json::{Value, json};

use super::{Action, Body, Own, Sight, Spec, Syscall, SystemCall, Written, object};
use crate::process::Pid;

/// The name a model writes.
pub const WAIT: &str = "process.wait";

/// Wait for another process.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// Which one.
    pub process: Pid,
}

impl SystemCall for Wait {
    const SPEC: Spec = Spec {
        name: WAIT,
        written: Written::Tool,
        description: "Waits for a process: brings what it sends to you next, or its answer.",
        parameters: |_| Some(object(&[("process", number())])),
        sight: Sight::OfParents,
        useful: |_| true,
        effect: Effect::Read,
        needs: &[],
        parse: |action| {
            Ok(Syscall::Wait(Self {
                process: process(action)?,
            }))
        },
    };
    const ON_OTHERS: bool = true;

    fn body(self) -> Body {
        Body::Process(Own::Wait(self))
    }
}

/// The schema of a process's number.
pub(super) fn number() -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": 9_999_999_999_u64})
}

/// The process that an action names.
pub(super) fn process(action: &Action<'_>) -> Result<Pid, String> {
    let number = action.args.get("process").and_then(Value::as_i64);
    let number = number.and_then(|number| Pid::try_from(number).ok());
    number.ok_or_else(|| format!("{} needs the number of a \"process\"", action.name))
}
