//! `memory.extract`: takes values out of a page that is held back, without showing it. A child
//! without tools reads the page.

use quipu_tools::{Bus, Effect, Role};
use serde_json::{Value, json};

use super::{Body, Facts, Own, RECALL, Sight, Spec, Syscall, SystemCall, Written, object};
use crate::gate::quarantine::{CHOICE_CHARS_MAX, CHOICES_MAX, FORMATS, KINDS};
use crate::journal::{Journal, JournalError, StepRow};
use crate::label::Trust;
use crate::process::Pid;

/// The name a model writes.
pub const EXTRACT: &str = "memory.extract";

/// Characters of a question about a page.
const QUESTION_CHARS_MAX: usize = 1_000;

/// Take values out of a page that is held back.
#[derive(Clone, Debug, PartialEq)]
pub struct Extract {
    /// The page's id, such as `s3`.
    pub page: String,
    /// The question about the page.
    pub question: String,
    /// JSON Schema of the answer: an object with the values.
    pub schema: Value,
}

impl SystemCall for Extract {
    const SPEC: Spec = Spec {
        name: EXTRACT,
        written: Written::Tool,
        description: "Takes values out of a page that is held back. Numbers, booleans, values of \
                      an enum, and dates and addresses that stand in the page are shown; of any \
                      other text a handle is.",
        parameters: |_| {
            Some(object(&[
                (
                    "page",
                    json!({"type": "string", "pattern": "^s[0-9]{1,6}$"}),
                ),
                (
                    "question",
                    json!({"type": "string", "minLength": 1, "maxLength": QUESTION_CHARS_MAX}),
                ),
                ("schema", values()),
            ]))
        },
        sight: Sight::Later,
        useful: |now| now.held,
        // The child that reads has no tools, so the call changes nothing.
        effect: Effect::Read,
        needs: &[],
        parse: |action| {
            Ok(Syscall::Extract(Self {
                page: action.text("page")?,
                question: action.text("question")?,
                schema: action.args["schema"].clone(),
            }))
        },
    };
    const ON_OTHERS: bool = true;

    fn body(self) -> Body {
        Body::Process(Own::Extract(self))
    }

    fn facts(&self, _: &Bus, _: &dyn Fn() -> String) -> Facts {
        let args = json!({"page": self.page, "question": self.question, "schema": self.schema});
        let roles = [
            ("page", Role::Selector),
            ("question", Role::Content),
            ("schema", Role::Content),
        ];
        Facts::of(&Self::SPEC).with_args(args, &roles)
    }
}

/// The steps of `pid` whose texts the process had by handles only, in order: it had a plan, and
/// had recalled none of these texts before.
///
/// # Errors
/// When the journal cannot be read.
pub fn held_steps(journal: &Journal, pid: Pid) -> Result<Vec<u32>, JournalError> {
    let program = journal.program_in_words(pid)?;
    let reminder = journal.reminder(pid)?;
    let plan = program.plan.as_ref();
    let plans = plan.is_some_and(|plan| !plan.effects.is_empty());
    let attached = program.attached.iter().map(|text| &text.label);
    let begun = attached.chain(reminder.iter().map(|reminder| &reminder.label));
    let mut begun = begun.chain([&program.label]);
    if !plans || program.agent.stranger || begun.any(|label| label.trust == Trust::Untrusted) {
        return Ok(Vec::new());
    }
    let is_of_strangers = |step: &StepRow| {
        let outcome = step.outcome.as_ref();
        outcome.is_some_and(|outcome| outcome.label.trust == Trust::Untrusted)
    };
    let read = journal.steps(pid)?.into_iter().filter(is_of_strangers);
    let held = read.take_while(|step| step.action["tool"] != RECALL);
    // What is no call is the answer.
    let held = held.filter(|step| step.action["tool"].is_string());
    Ok(held.map(|step| step.n).collect())
}

/// The schema of the schemas that may be asked for: an object with named values.
fn values() -> Value {
    let choice = json!({"type": "string", "minLength": 1, "maxLength": CHOICE_CHARS_MAX});
    let value = json!({
        "type": "object",
        "properties": {
            "type": {"enum": KINDS},
            "format": {"enum": FORMATS},
            "enum": {"type": "array", "items": choice, "minItems": 1, "maxItems": CHOICES_MAX}
        },
        "required": ["type"],
        "additionalProperties": false
    });
    object(&[
        ("type", json!({"const": "object"})),
        (
            "properties",
            json!({"type": "object", "additionalProperties": value}),
        ),
    ])
}
