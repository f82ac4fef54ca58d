//! `ask`: a question to the person at the machine.

use quipu_tools::Effect;
use serde_json::Value;

use super::{Body, Own, Sight, Spec, Syscall, SystemCall, Written};

/// Ask the person at the machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// The question.
    pub question: String,
}

impl SystemCall for Ask {
    const SPEC: Spec = Spec {
        name: "ask",
        written: Written::Key,
        description: "Asks the user for something that only the user knows.",
        parameters: |_| None,
        sight: Sight::Always,
        useful: |_| true,
        effect: Effect::Read,
        needs: &[],
        parse: |action| match action.args {
            Value::String(question) => Ok(Syscall::Ask(Self {
                question: question.clone(),
            })),
            _ => Err("\"ask\" is a string".into()),
        },
    };

    fn body(self) -> Body {
        Body::Process(Own::Ask(self))
    }
}
