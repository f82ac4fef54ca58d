//! From what is legal now to the JSON Schema that constrains the next action.

use serde_json::{Value, json};

use crate::syscall::object;

/// Characters of a final answer; long documents belong in the store.
const ANSWER_CHARS_MAX: u32 = 4000;
/// Characters of a question to the user.
const ASK_CHARS_MAX: u32 = 400;

/// One function an action may name.
#[derive(Clone, Debug)]
pub struct Callable {
    /// `device.function`, or the name of a kernel call.
    pub name: String,
    /// One line on what it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
}

/// What a process may do in its next step.
#[derive(Clone, Debug, Default)]
pub struct Legal {
    /// Functions it may call.
    pub calls: Vec<Callable>,
    /// Whether it may ask a person.
    pub ask: bool,
    /// The schema of the answer; `None` is text. The answer is always legal.
    pub answer: Option<Value>,
}

impl Legal {
    /// The JSON Schema that admits exactly the legal actions. Keys come in a fixed
    /// order, so that a model commits to a tool before it writes the arguments.
    pub fn schema(&self) -> Value {
        let answer = self
            .answer
            .clone()
            .unwrap_or_else(|| json!({"type": "string", "maxLength": ANSWER_CHARS_MAX}));
        let mut forms: Vec<Value> = self
            .calls
            .iter()
            .map(|call| {
                object(&[
                    ("tool", json!({"const": call.name})),
                    ("args", call.parameters.clone()),
                ])
            })
            .collect();
        if self.ask {
            forms.push(object(&[(
                "ask",
                json!({"type": "string", "minLength": 1, "maxLength": ASK_CHARS_MAX}),
            )]));
        }
        forms.push(object(&[("answer", answer)]));
        match forms.len() {
            1 => forms.remove(0),
            _ => json!({ "anyOf": forms }),
        }
    }

    /// Checks an action that a CPU produced, in words for the model.
    ///
    /// A local CPU cannot produce anything else; endpoints and scripts can.
    pub fn check(&self, action: &Value) -> Result<(), String> {
        let Some(map) = action.as_object() else {
            return Err("an action is one JSON object".into());
        };
        let form = match (map.get("tool"), map.get("answer"), map.get("ask")) {
            (Some(tool), _, _) => {
                let call = self
                    .calls
                    .iter()
                    .find(|call| tool == call.name.as_str())
                    .ok_or_else(|| {
                        format!("the tool {tool} cannot be used now; {}", self.names())
                    })?;
                object(&[
                    ("tool", json!({"const": call.name})),
                    ("args", call.parameters.clone()),
                ])
            }
            (None, None, Some(_)) if !self.ask => {
                return Err("nobody is there to be asked: use a tool or answer".into());
            }
            _ => Legal {
                calls: Vec::new(),
                ..self.clone()
            }
            .schema(),
        };
        let validator = jsonschema::validator_for(&form)
            .map_err(|error| format!("the schema of this action is broken: {error}"))?;
        validator.validate(action).map_err(|error| {
            let place = error.instance_path().to_string();
            let place = if place.is_empty() {
                "the action".into()
            } else {
                place
            };
            format!("{place}: {error}")
        })
    }

    fn names(&self) -> String {
        if self.calls.is_empty() {
            return "only the answer is legal: {\"answer\": \"…\"}".into();
        }
        let names: Vec<&str> = self.calls.iter().map(|call| call.name.as_str()).collect();
        format!("there are {}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn legal() -> Legal {
        Legal {
            calls: vec![Callable {
                name: "calculator.calculate".into(),
                description: "evaluates".into(),
                parameters: object(&[("expression", json!({"type": "string"}))]),
            }],
            ask: false,
            answer: None,
        }
    }

    #[test]
    fn what_is_legal_is_accepted_and_what_is_not_is_explained() {
        let check = |action: Value, want: &str| {
            let said = legal().check(&action).err().unwrap_or_default();
            assert!(
                said.contains(want) && want.is_empty() == said.is_empty(),
                "{action}: {said}"
            );
        };
        check(json!({"answer": "4"}), "");
        check(
            json!({"tool": "calculator.calculate", "args": {"expression": "1"}}),
            "",
        );
        check(
            json!({"tool": "calculator.calculate", "args": {}}),
            "expression",
        );
        check(
            json!({"tool": "calculator.calculate", "args": {"expression": 3}}),
            "/args/expression",
        );
        check(
            json!({"tool": "shell.rm", "args": {}}),
            "there are calculator.calculate",
        );
        check(json!({"ask": "who?"}), "nobody is there");
        check(json!([1]), "one JSON object");
        check(json!({"answer": "4", "extra": 1}), "extra");
    }
}
