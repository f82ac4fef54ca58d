//! `process.map`: the same task for each thing of a list, a child each.

use quipu_tools::{Bus, Effect, Role};
use serde_json::{Value, json};

use super::spawn::{INPUT_CHARS_MAX, TASK_CHARS_MAX};
use super::{Body, Facts, Own, Sight, Spec, Syscall, SystemCall, Written};
use crate::process::{AT_ONCE_MAX, ITEMS_MAX};

/// The name a model writes.
pub const MAP: &str = "process.map";

/// Do the same with each of several things.
#[derive(Clone, Debug, PartialEq)]
pub struct MapList {
    /// What is to be done with one.
    pub task: String,
    /// The things: names of attached texts, or texts; all attached ones where there are none.
    pub items: Vec<String>,
    /// Children that run at once.
    pub at_once: Option<usize>,
}

impl SystemCall for MapList {
    const SPEC: Spec = Spec {
        name: MAP,
        written: Written::Tool,
        description: "Does the same task for each attached document, or for each of the items, \
                      in a process each, and brings all answers.",
        parameters: |_| {
            Some(json!({
                "type": "object",
                "properties": {
                    "task": {"type": "string", "minLength": 1, "maxLength": TASK_CHARS_MAX,
                        "description": "What to do with one of them."},
                    "items": {"type": "array", "minItems": 1, "maxItems": ITEMS_MAX,
                        "items": {"type": "string", "maxLength": INPUT_CHARS_MAX},
                        "description": "Texts, or names of attached documents; all attached ones if left out."},
                    "at_once": {"type": "integer", "minimum": 1, "maximum": AT_ONCE_MAX}
                },
                "required": ["task"],
                "additionalProperties": false
            }))
        },
        sight: Sight::OfParents,
        useful: |_| true,
        effect: Effect::Read,
        needs: &[],
        parse: |action| {
            let items = action.args.get("items").and_then(Value::as_array);
            let text = |item: &Value| item.as_str().map(str::to_owned);
            let at_once = action.args.get("at_once").and_then(Value::as_u64);
            Ok(Syscall::MapList(Self {
                task: action.text("task")?,
                items: items.into_iter().flatten().filter_map(text).collect(),
                at_once: at_once.map(|at_once| at_once as usize),
            }))
        },
    };
    const ON_OTHERS: bool = true;

    fn body(self) -> Body {
        Body::Process(Own::MapList(self))
    }

    fn facts(&self, _: &Bus, _: &dyn Fn() -> String) -> Facts {
        let args = json!({"task": self.task, "items": self.items});
        Facts::of(&Self::SPEC).with_args(args, &[("task", Role::Content), ("items", Role::Content)])
    }
}
