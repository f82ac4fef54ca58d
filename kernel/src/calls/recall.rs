//! `memory.recall`: the page fault. It brings back a page that left the window, or the rest of
//! one that was cut; of a picture what is in it, and its text.

use quipu_tools::Effect;
use serde_json::{Value, json};

use super::{Body, Own, Sight, Spec, Syscall, SystemCall, Written};

/// The name a model writes.
pub const RECALL: &str = "memory.recall";

/// Bring an evicted or cut page back, verbatim.
#[derive(Clone, Debug, PartialEq)]
pub struct Recall {
    /// The page's id, such as `s3`, or `p1` of a picture.
    pub page: String,
    /// Character to start from, for a page too long to show at once.
    pub from: usize,
}

impl SystemCall for Recall {
    const SPEC: Spec = Spec {
        name: RECALL,
        written: Written::Tool,
        description: "Shows an earlier page again, by its id.",
        // Whatever was shown can be shown again, whatever tools the agent has.
        parameters: |given| {
            let pattern = match given.pictures {
                true => "^[ps][0-9]{1,6}$",
                false => "^s[0-9]{1,6}$",
            };
            Some(json!({
                "type": "object",
                "properties": {
                    "page": {"type": "string", "pattern": pattern},
                    "from": {"type": "integer", "minimum": 0, "maximum": 99_999_999}
                },
                "required": ["page"],
                "additionalProperties": false
            }))
        },
        // At the start there is nothing to bring back. Later, the stubs of evicted pages name
        // this call.
        sight: Sight::Later,
        useful: |now| now.recallable,
        effect: Effect::Read,
        needs: &[],
        parse: |action| {
            let from = action.args.get("from").and_then(Value::as_u64);
            Ok(Syscall::Recall(Self {
                page: action.text("page")?,
                from: from.unwrap_or(0) as usize,
            }))
        },
    };

    fn body(self) -> Body {
        Body::Process(Own::Recall(self))
    }
}
