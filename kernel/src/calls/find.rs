//! `find_tool`: brings tools into sight where not all of them are.

use quipu_tools::Effect;
use serde_json::json;

use super::{Body, Own, Sight, Spec, Syscall, SystemCall, Written, object};

/// The name a model writes.
pub const FIND: &str = "find_tool";

/// Bring tools into sight that fit some words.
#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    /// What the tool should do.
    pub query: String,
}

impl SystemCall for Find {
    const SPEC: Spec = Spec {
        name: FIND,
        written: Written::Tool,
        description: "Finds a tool that is not listed here, by what it should do.",
        parameters: |given| {
            let query = json!({"type": "string", "maxLength": 200});
            given.tools_paged.then(|| object(&[("query", query)]))
        },
        sight: Sight::Always,
        useful: |_| true,
        effect: Effect::Read,
        needs: &[],
        parse: |action| {
            Ok(Syscall::Find(Self {
                query: action.text("query")?,
            }))
        },
    };

    fn body(self) -> Body {
        Body::Process(Own::Find(self))
    }
}
