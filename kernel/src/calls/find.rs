//! `find_tool`: brings tools into sight where not all of them are.

use futures_util::future::BoxFuture;
use quipu_tools::Effect;
use serde_json::json;

use super::{Body, Caller, InProcess, Sight, Spec, Syscall, SystemCall, Written, object};
use crate::journal::{Outcome, StepRow};
use crate::process::Ending;

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
        Body::Process(Box::new(self))
    }
}

impl InProcess for Find {
    fn run<'a>(
        self: Box<Self>,
        process: &'a mut dyn Caller,
        _: &'a StepRow,
    ) -> BoxFuture<'a, Result<Outcome, Ending>> {
        Box::pin(async move { Ok(process.find_tools(&self.query)) })
    }
}
