//! Whether an action is legal, and what is wrong with one that is not, in words for the model.

use quipu_tools::json_schema;
use serde_json::{Value, json};

use super::forms::{question, words};
use super::{CALLS_MAX, Callable, Legal};
use crate::calls::object;

impl Legal {
    /// Checks an action that a CPU produced. The local CPU can write only legal actions;
    /// endpoints and scripts can write others.
    ///
    /// # Errors
    /// What is wrong with the action, in words for the model.
    pub fn check(&self, action: &Value) -> Result<(), String> {
        let Some(map) = action.as_object() else {
            return Err("an action is one JSON object".into());
        };
        if let Some(calls) = map.get("calls") {
            return self.check_calls(calls, map.len());
        }
        match (map.get("tool"), map.get("answer"), map.get("ask")) {
            (Some(_), _, _) => self.check_call(action),
            (None, None, Some(_)) if !self.ask => {
                Err("nobody is there to be asked: use a tool or answer".into())
            }
            (None, None, Some(_)) => validate(&question(), action, ""),
            (None, answer, _) => {
                let form = self.answer.as_ref().map_or_else(words, |_| json!({}));
                validate(&object(&[("answer", form)]), action, "")?;
                match (&self.answer, answer) {
                    (Some(form), Some(answer)) => validate(&form.schema, answer, "/answer"),
                    _ => Ok(()),
                }
            }
        }
    }

    /// Checks the list of calls of an action that has so many `keys`.
    pub(super) fn check_calls(&self, calls: &Value, keys: usize) -> Result<(), String> {
        let calls = calls.as_array().filter(|_| keys == 1);
        let calls = calls.ok_or("an action with \"calls\" has nothing but a list of calls")?;
        if calls.is_empty() || calls.len() > CALLS_MAX {
            return Err(format!("a step makes one to {CALLS_MAX} calls"));
        }
        calls.iter().try_for_each(|call| self.check_call(call))
    }

    fn check_call(&self, call: &Value) -> Result<(), String> {
        let called = self.called(call.get("tool").unwrap_or(&Value::Null))?;
        let form = object(&[("tool", json!({})), ("args", json!({}))]);
        validate(&form, call, "")?;
        validate(&called.parameters, &call["args"], "/args")
    }

    fn called(&self, tool: &Value) -> Result<&Callable, String> {
        self.calls
            .iter()
            .find(|call| tool == call.name.as_str())
            .ok_or_else(|| format!("the tool {tool} cannot be used now; {}", self.names()))
    }

    fn names(&self) -> String {
        if self.calls.is_empty() {
            return "only the answer is legal: {\"answer\": \"…\"}".into();
        }
        let names: Vec<&str> = self.offered().map(|call| call.name.as_str()).collect();
        format!("there are {}", names.join(", "))
    }
}

/// Checks what stands at `place` in an action, in words for the model.
fn validate(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let validator = json_schema::validator(schema)
        .map_err(|error| format!("the schema of this action is broken: {error}"))?;
    let Some((inside, said)) = json_schema::problem(&validator, value) else {
        return Ok(());
    };
    Err(match format!("{place}{inside}") {
        place if place.is_empty() => format!("the action: {said}"),
        place => format!("{place}: {said}"),
    })
}
