//! `process.spawn`: starts a child for a part of the task.

use quipu_tools::{Bus, Effect, Role};
use serde_json::{Value, json};

use super::{Body, Facts, Own, Sight, Spec, Syscall, SystemCall, Written};

/// The name a model writes.
pub const SPAWN: &str = "process.spawn";

/// Characters of a child's task.
pub(super) const TASK_CHARS_MAX: usize = 2_000;
/// Characters of a text that is handed to a child.
pub(super) const INPUT_CHARS_MAX: usize = 20_000;

/// Start a process of one's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Spawn {
    /// What it is to do.
    pub task: String,
    /// A text that the task is about: the name of an attached text, or the text itself.
    pub input: Option<String>,
}

impl SystemCall for Spawn {
    const SPEC: Spec = Spec {
        name: SPAWN,
        written: Written::Tool,
        description: "Starts a process for one part of the task, which works on its own. \
                      process.wait brings its answer.",
        parameters: |_| {
            Some(json!({
                "type": "object",
                "properties": {
                    "task": {"type": "string", "minLength": 1, "maxLength": TASK_CHARS_MAX,
                        "description": "All that it is to do; it sees nothing else."},
                    "input": {"type": "string", "maxLength": INPUT_CHARS_MAX,
                        "description": "A text for it, or the name of an attached document."}
                },
                "required": ["task"],
                "additionalProperties": false
            }))
        },
        sight: Sight::OfParents,
        useful: |_| true,
        // A child changes something only by calls of its own, which pass the gate.
        effect: Effect::Read,
        needs: &[],
        parse: |action| {
            let input = action.args.get("input").and_then(Value::as_str);
            Ok(Syscall::Spawn(Self {
                task: action.text("task")?,
                input: input.map(str::to_owned),
            }))
        },
    };
    const ON_OTHERS: bool = true;

    fn body(self) -> Body {
        Body::Process(Own::Spawn(self))
    }

    fn facts(&self, _: &Bus, _: &dyn Fn() -> String) -> Facts {
        let args = json!({"task": self.task, "input": self.input});
        Facts::of(&Self::SPEC).with_args(args, &[("task", Role::Content), ("input", Role::Content)])
    }
}
