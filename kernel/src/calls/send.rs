//! `process.send`: a text for another process of the family, which reads it with
//! `process.wait`.

use quipu_tools::{Bus, Effect, Role};
use serde_json::json;

use super::wait::{number, process};
use super::{Body, Facts, Own, Sight, Spec, Syscall, SystemCall, Written, object};
use crate::process::Pid;

/// The name a model writes.
pub const SEND: &str = "process.send";

/// Characters of a message.
const TEXT_CHARS_MAX: usize = 4_000;

/// Send a text to another process.
#[derive(Clone, Debug, PartialEq)]
pub struct SendText {
    /// Which one.
    pub process: Pid,
    /// The text.
    pub text: String,
}

impl SystemCall for SendText {
    const SPEC: Spec = Spec {
        name: SEND,
        written: Written::Tool,
        description: "Sends a text to a process, which reads it when it waits for you.",
        parameters: |_| {
            let text = json!({"type": "string", "minLength": 1, "maxLength": TEXT_CHARS_MAX});
            Some(object(&[("process", number()), ("text", text)]))
        },
        sight: Sight::OfParents,
        useful: |_| true,
        effect: Effect::Read,
        needs: &[],
        parse: |action| {
            Ok(Syscall::SendText(Self {
                process: process(action)?,
                text: action.text("text")?,
            }))
        },
    };
    const ON_OTHERS: bool = true;

    fn body(self) -> Body {
        Body::Process(Own::SendText(self))
    }

    fn facts(&self, _: &Bus, _: &dyn Fn() -> String) -> Facts {
        let args = json!({"process": self.process, "text": self.text});
        Facts::of(&Self::SPEC).with_args(args, &[("text", Role::Content)])
    }
}
