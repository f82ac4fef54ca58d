//! `answer`: the process ends with it.

use quipu_tools::Effect;
use serde_json::Value;

use super::{Body, Own, Sight, Spec, Syscall, SystemCall, Written};

/// Finish with an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Text, or JSON when the program has an answer schema.
    pub answer: Value,
}

impl SystemCall for Answer {
    const SPEC: Spec = Spec {
        name: "answer",
        written: Written::Key,
        description: "Replies to the user and ends the task.",
        parameters: |_| None,
        sight: Sight::Always,
        useful: |_| true,
        effect: Effect::Read,
        needs: &[],
        parse: |action| {
            Ok(Syscall::Answer(Self {
                answer: action.args.clone(),
            }))
        },
    };

    fn body(self) -> Body {
        Body::Process(Own::Answer(self))
    }
}
