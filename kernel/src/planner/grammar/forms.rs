//! From what is legal to the form of the text that a CPU writes: JSON by a schema, or a grammar.

use serde_json::{Value, json};

use super::together::Together;
use super::{CALLS_MAX, Callable, Legal, Move, number};
use crate::calls::object;
use quipu_cpu::Form;

/// Characters of a final answer; long documents belong in the store.
const ANSWER_CHARS_MAX: u32 = 4000;
/// Characters of a question to the user.
const ASK_CHARS_MAX: u32 = 400;

impl Legal {
    /// The form of a text of `chosen`, for a CPU that writes by any grammar: calls are a list,
    /// even a single one; an answer in words is just words.
    pub fn form(&self, chosen: Move) -> Form {
        match (chosen, &self.answer) {
            (Move::Any, _) => Form::Json(self.schema()),
            (Move::Call, _) => Form::Json(self.several(1)),
            (Move::Calls, _) => Form::Json(self.several(2)),
            (Move::Answer, Some(answer)) => Form::Json(answer.written.clone()),
            (Move::Program, _) => {
                let language = self
                    .runs_programs()
                    .and_then(|call| call.program.as_deref());
                Form::Lark(fenced(language.unwrap_or_default()))
            }
            (Move::Function, _) => Form::Lark(FUNCTION.to_owned()),
            (Move::Checker, _) => Form::Lark(FUNCTION.replace("solution()", "fits(answer)")),
            (Move::Number, _) => Form::Lark(number::grammar(self.computed.as_deref())),
            (Move::Choice, _) => Form::Lark(one_of(self.choices.as_deref().unwrap_or_default())),
            (Move::Answer, None) if self.unfenced => Form::Lark(UNFENCED.to_owned()),
            // A model that was told how to call would otherwise describe a call instead of
            // answering.
            (Move::Answer, None) if self.told => Form::Lark(WORDS.to_owned()),
            (Move::Answer, None) | (Move::Ask, _) => Form::Text,
        }
    }

    /// The schema of `least` or more calls.
    fn several(&self, least: usize) -> Value {
        let mut together = Together::default();
        let forms: Vec<Value> = self
            .offered()
            .map(|call| call.form(&mut together))
            .collect();
        together.under(several(&forms, least))
    }

    /// The JSON Schema that admits exactly the legal actions. Keys come in a fixed
    /// order, so that a model commits to a tool before it writes the arguments.
    pub fn schema(&self) -> Value {
        let mut together = Together::default();
        let answer = match &self.answer {
            Some(answer) => together.take(&answer.written),
            None => words(),
        };
        let mut forms: Vec<Value> = self
            .offered()
            .map(|call| call.form(&mut together))
            .collect();
        if !forms.is_empty() {
            forms.push(several(&forms, 1));
        }
        if self.ask {
            forms.push(question());
        }
        forms.push(object(&[("answer", answer)]));
        together.under(match forms.len() {
            1 => forms.remove(0),
            _ => json!({ "anyOf": forms }),
        })
    }
}

impl Callable {
    /// The form of a call of this function and of nothing else.
    pub(crate) fn alone(&self) -> Form {
        let mut together = Together::default();
        let form = self.form(&mut together);
        Form::Json(together.under(several(&[form], 1)))
    }

    /// The schema of a call of this function, for a grammar.
    fn form(&self, together: &mut Together) -> Value {
        object(&[
            ("tool", json!({"const": self.name})),
            ("args", together.take(&self.written)),
        ])
    }
}

/// `least` or more calls of these `forms`.
fn several(forms: &[Value], least: usize) -> Value {
    let calls = json!({"type": "array", "items": {"anyOf": forms},
        "minItems": least, "maxItems": CALLS_MAX});
    object(&[("calls", calls)])
}

/// An answer in words.
pub(super) fn words() -> Value {
    json!({"type": "string", "maxLength": ANSWER_CHARS_MAX})
}

/// A question to the user.
pub(super) fn question() -> Value {
    let text = json!({"type": "string", "minLength": 1, "maxLength": ASK_CHARS_MAX});
    object(&[("ask", text)])
}

/// The grammar of one of `choices`.
fn one_of(choices: &[String]) -> String {
    let choices: Vec<String> = choices.iter().map(|choice| format!("{choice:?}")).collect();
    format!("start: {}", choices.join(" | "))
}

/// Any text that does not begin like a call. JSON that a user asked for stands in a fence. If
/// only some beginnings of an object were barred, a small model would spell its way round.
const WORDS: &str = r"start: /[^{\s](.|\n)*/";

/// The same, with no fence anywhere.
const UNFENCED: &str = r"start: /[^{\s`]([^`]|`{1,2}[^`])*`?/";

/// The grammar of a program in `language`, in a fence as models have learnt it. Some tokenizers
/// join the last tick and the end of its line into one token, so both have to be legal together.
fn fenced(language: &str) -> String {
    format!("start: \"```{language}\\n\" program /\\n?/\nprogram[suffix=\"\\n```\"]: /(.|\\n)*/\n")
}

/// The grammar of a Python function in a fence, and of nothing after it.
const FUNCTION: &str = r#"start: "```python\ndef solution():\n" body /\n?/
body[suffix="\n```"]: /[ \t][^\n]*(\n([ \t][^\n]*)?)*/
"#;
