//! What a case asks of a run, and whether it holds.

use serde::Deserialize;
use serde_json::{Map, Value};

/// One condition.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// The answer is this text, but for white space around it.
    Exact(Value),
    /// The answer is a number, as near as a thousandth of one percent.
    Number(f64),
    /// The last number of the answer is this one.
    LastNumber(f64),
    /// The answer has this text, or all of these, whatever their case.
    Contains(Texts),
    /// The answer has none of these texts.
    Lacks(Texts),
    /// The answer matches this regular expression somewhere.
    Regex(String),
    /// The answer satisfies this JSON Schema.
    JsonSchema(Value),
    /// These calls are made and no others, in any order.
    Calls(Vec<Call>),
    /// No call is made (true), or none of these tools is called.
    NoCall(Calls),
    /// The run takes at most so many steps.
    StepsMax(usize),
    /// The run ends so.
    Status(String),
    /// What the memories of the case say at the end.
    Memory(MemoryCheck),
}

/// One text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Texts {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// A call that is expected.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Its tool, with or without the device before the dot.
    pub tool: String,
    /// Its arguments: a value, or `{"any": [values], "optional": true}`.
    #[serde(default)]
    pub args: Map<String, Value>,
}

/// Which calls must not be made.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Calls {
    /// Any at all, if true.
    Any(bool),
    /// Calls of these tools.
    Of(Vec<String>),
}

/// What the memories say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemoryCheck {
    /// Texts that some memory has.
    contains: Vec<String>,
    /// Texts that none has.
    lacks: Vec<String>,
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The answer; JSON where a schema was asked for.
    pub answer: Option<Value>,
    /// Each call, `{"tool", "args"}`.
    pub calls: Vec<Value>,
    /// Rows of its journal.
    pub steps: usize,
    /// How it ended.
    pub status: String,
    /// The memories at the end.
    pub memories: Vec<String>,
    /// Why it could not be run.
    pub error: Option<String>,
}

impl Check {
    /// What does not hold of `run`, in few words.
    ///
    /// # Errors
    /// These words.
    pub fn hold(&self, run: &Run) -> Result<(), String> {
        let answer = run.answer.as_ref().map(text_of).unwrap_or_default();
        let lower = answer.to_lowercase();
        let has = |text: &String| lower.contains(&text.to_lowercase());
        match self {
            Check::Exact(want) => must(answer.trim() == text_of(want).trim(), "another answer"),
            Check::Number(want) => must(
                number(answer.trim()).is_some_and(|got| near(got, *want)),
                "not this number",
            ),
            Check::LastNumber(want) => must(
                last_number(&answer).is_some_and(|got| near(got, *want)),
                "not this number",
            ),
            Check::Contains(texts) => match texts.all().iter().find(|text| !has(text)) {
                Some(text) => Err(format!("no {text:?} in the answer")),
                None => Ok(()),
            },
            Check::Lacks(texts) => match texts.all().iter().find(|text| has(text)) {
                Some(text) => Err(format!("{text:?} in the answer")),
                None => Ok(()),
            },
            Check::Regex(pattern) => match regex::Regex::new(pattern) {
                Ok(regex) => must(regex.is_match(&answer), "the answer does not match"),
                Err(error) => Err(format!("the regular expression is broken: {error}")),
            },
            Check::JsonSchema(schema) => {
                let value = run.answer.clone().unwrap_or_default();
                let parsed = value
                    .as_str()
                    .and_then(|text| serde_json::from_str(text).ok());
                let valid = jsonschema::is_valid(schema, &value)
                    || parsed.is_some_and(|value| jsonschema::is_valid(schema, &value));
                must(valid, "the answer does not satisfy the schema")
            }
            Check::Calls(want) => calls(want, &run.calls),
            Check::NoCall(Calls::Any(none)) => match run.calls.first().filter(|_| *none) {
                Some(call) => Err(format!("{} was called", text_of(&call["tool"]))),
                None => Ok(()),
            },
            Check::NoCall(Calls::Of(tools)) => {
                let named = |call: &&Value| tools.iter().any(|tool| same_tool(tool, call));
                match run.calls.iter().find(named) {
                    Some(call) => Err(format!("{} was called", text_of(&call["tool"]))),
                    None => Ok(()),
                }
            }
            Check::StepsMax(most) => must(run.steps <= *most, "too many steps"),
            Check::Status(want) => must(run.status == *want, &format!("ended {}", run.status)),
            Check::Memory(check) => check.hold(&run.memories),
        }
    }
}

impl MemoryCheck {
    fn hold(&self, memories: &[String]) -> Result<(), String> {
        let lower: Vec<String> = memories.iter().map(|text| text.to_lowercase()).collect();
        let kept = |text: &String| {
            lower
                .iter()
                .any(|memory| memory.contains(&text.to_lowercase()))
        };
        if let Some(text) = self.contains.iter().find(|text| !kept(text)) {
            return Err(format!("{text:?} is not kept"));
        }
        match self.lacks.iter().find(|text| kept(text)) {
            Some(text) => Err(format!("{text:?} is kept")),
            None => Ok(()),
        }
    }
}

impl Texts {
    fn all(&self) -> Vec<String> {
        match self {
            Texts::One(text) => vec![text.clone()],
            Texts::Many(texts) => texts.clone(),
        }
    }
}

fn must(holds: bool, otherwise: &str) -> Result<(), String> {
    holds.then_some(()).ok_or_else(|| otherwise.to_owned())
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn near(got: f64, want: f64) -> bool {
    (got - want).abs() <= want.abs() * 1e-5 + 1e-9
}

/// The number that `text` is as a whole, with thousands set apart by commas.
fn number(text: &str) -> Option<f64> {
    text.replace(',', "").parse().ok()
}

fn last_number(text: &str) -> Option<f64> {
    let digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-');
    text.split(|c| !digit(c))
        .rev()
        .find_map(|piece| number(piece.trim_end_matches(['.', ','])))
}

/// Whether the calls made are those that were wanted, one for one.
fn calls(want: &[Call], made: &[Value]) -> Result<(), String> {
    let mut left: Vec<&Value> = made.iter().collect();
    for call in want {
        let found = left.iter().position(|made| fits(call, made));
        match found {
            Some(at) => drop(left.remove(at)),
            None => {
                return Err(format!(
                    "no such call of {} in {}",
                    call.tool,
                    Value::from(made)
                ));
            }
        }
    }
    match left.first() {
        Some(call) => Err(format!("one call too many: {call}")),
        None => Ok(()),
    }
}

fn same_tool(tool: &str, call: &Value) -> bool {
    let made = call["tool"].as_str().unwrap_or_default();
    made == tool
        || made
            .split_once('.')
            .is_some_and(|(_, function)| function == tool)
}

fn fits(want: &Call, made: &Value) -> bool {
    let none = Map::new();
    let args = made["args"].as_object().unwrap_or(&none);
    let known = args.keys().all(|name| want.args.contains_key(name));
    let right = |(name, spec): (&String, &Value)| match args.get(name) {
        Some(value) => admits(spec, value),
        None => spec["optional"] == true,
    };
    same_tool(&want.tool, made) && known && want.args.iter().all(right)
}

/// Whether `spec` admits `value`: the very same, by the loose comparison of BFCL's own
/// checker (numbers by value, texts without case and punctuation), or one of its `any`.
fn admits(spec: &Value, value: &Value) -> bool {
    if let Some(any) = spec["any"].as_array() {
        return any.iter().any(|one| admits(one, value));
    }
    match (spec, value) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::String(a), Value::String(b)) => bare(a) == bare(b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| admits(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let known = b.keys().all(|name| a.contains_key(name));
            known
                && a.iter().all(|(name, spec)| match b.get(name) {
                    Some(value) => admits(spec, value),
                    None => spec["optional"] == true,
                })
        }
        (a, b) => a == b,
    }
}

fn bare(text: &str) -> String {
    let kept = |c: &char| !" ,./-_*^".contains(*c);
    let plain = text.chars().filter(kept).collect::<String>();
    plain.to_lowercase().replace('\'', "\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(check: Value, run: Value, want: bool) {
        let parsed: Check = serde_json::from_value(check.clone()).unwrap();
        let texts = |value: &Value| -> Vec<String> {
            serde_json::from_value(value.clone()).unwrap_or_default()
        };
        let made = Run {
            answer: run.get("answer").cloned(),
            calls: run["calls"].as_array().cloned().unwrap_or_default(),
            steps: 2,
            status: "exited".into(),
            memories: texts(&run["memories"]),
            error: None,
        };
        assert_eq!(parsed.hold(&made).is_ok(), want, "{check} of {run}");
    }

    #[test]
    fn answers() {
        check(json!({"exact": "a b"}), json!({"answer": " a b\n"}), true);
        check(json!({"number": 1200}), json!({"answer": "1,200"}), true);
        check(json!({"number": 1200}), json!({"answer": 1200.0}), true);
        check(json!({"number": 12}), json!({"answer": "12 eggs"}), false);
        check(
            json!({"last_number": 12}),
            json!({"answer": "It is 3, so 12."}),
            true,
        );
        check(
            json!({"contains": ["lima", "Peru"]}),
            json!({"answer": "Lima in Peru"}),
            true,
        );
        check(
            json!({"contains": "Rome"}),
            json!({"answer": "Lima"}),
            false,
        );
        check(json!({"lacks": "rome"}), json!({"answer": "Rome"}), false);
        check(json!({"regex": "^[a-z]+$"}), json!({"answer": "abc"}), true);
        check(
            json!({"json_schema": {"type": "object"}}),
            json!({"answer": "{}"}),
            true,
        );
        check(json!({"exact": "x"}), json!({}), false);
        check(json!({"steps_max": 1}), json!({}), false);
        check(json!({"status": "exited"}), json!({}), true);
    }

    #[test]
    fn calls_one_for_one() {
        let want = json!({"calls": [{"tool": "area", "args": {
            "base": {"any": [10]}, "unit": {"any": ["sq. cm"], "optional": true}}}]});
        let made = |args: Value| json!({"calls": [{"tool": "t1.area", "args": args}]});
        check(want.clone(), made(json!({"base": 10.0})), true);
        check(
            want.clone(),
            made(json!({"base": 10, "unit": "Sq cm"})),
            true,
        );
        check(want.clone(), made(json!({"base": 11})), false);
        check(want.clone(), made(json!({"base": 10, "more": 1})), false);
        check(want.clone(), json!({}), false);
        let call = json!({"tool": "t1.area", "args": {"base": 10}});
        check(want, json!({"calls": [call, call]}), false);
        check(json!({"no_call": true}), json!({"calls": [call]}), false);
        check(
            json!({"no_call": ["memory.search"]}),
            json!({"calls": [call]}),
            true,
        );
    }

    #[test]
    fn memories() {
        let run = json!({"memories": ["The cat is Miso"]});
        check(
            json!({"memory": {"contains": ["miso"], "lacks": ["Rex"]}}),
            run.clone(),
            true,
        );
        check(json!({"memory": {"contains": ["Rex"]}}), run.clone(), false);
        check(json!({"memory": {"lacks": ["Miso"]}}), run, false);
    }
}
