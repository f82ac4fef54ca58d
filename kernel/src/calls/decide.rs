//! `decide`: how likely each option of a question is. For programs and scripts; a model is not
//! offered it.

use quipu_tools::Effect;
use serde_json::{Value, json};

use super::{Body, Own, Sight, Spec, Syscall, SystemCall, Written};

/// Its name.
pub(crate) const DECIDE: &str = "decide";
/// The most options of a choice: each has a letter.
pub const OPTIONS_MAX: usize = 26;

/// Weigh the options of a question about what the process has read.
#[derive(Clone, Debug, PartialEq)]
pub struct Decide {
    /// The question.
    pub question: String,
    /// The options; yes and no where there are none.
    pub choices: Vec<String>,
}

impl SystemCall for Decide {
    const SPEC: Spec = Spec {
        name: DECIDE,
        written: Written::Tool,
        description: "Says how likely each choice is, without writing anything; yes or no without choices.",
        parameters: |_| {
            Some(json!({
                "type": "object",
                "properties": {
                    "question": {"type": "string", "minLength": 1, "maxLength": 1000},
                    "choices": {"type": "array", "minItems": 2, "maxItems": OPTIONS_MAX,
                        "items": {"type": "string", "maxLength": 200}}
                },
                "required": ["question"],
                "additionalProperties": false
            }))
        },
        sight: Sight::Never,
        useful: |_| true,
        effect: Effect::Read,
        needs: &[],
        parse: |action| {
            let choices = action.args["choices"].as_array().into_iter().flatten();
            Ok(Syscall::Decide(Self {
                question: action.text("question")?,
                choices: choices
                    .filter_map(|choice: &Value| choice.as_str().map(str::to_owned))
                    .collect(),
            }))
        },
    };

    fn body(self) -> Body {
        Body::Process(Own::Decide(self))
    }
}
