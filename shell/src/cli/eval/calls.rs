//! Whether the calls of a run are those that a case expects.
//!
//! Values are compared as the checker of the Berkeley Function Calling Leaderboard does it:
//! numbers by value, texts without case and some punctuation.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Characters of a call that are shown in words on a failure.
const SHOWN_CHARS: usize = 120;

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// `device.function`; the function alone where it is one of the case's own.
    pub tool: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Value,
}

/// A call that is expected.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Its tool, with or without the device before the dot.
    tool: String,
    /// What each argument may be: a value, or `{"any": [values], "optional": true}`, also
    /// within lists and objects.
    #[serde(default)]
    args: Map<String, Value>,
}

impl Made {
    /// Whether it is a call of `tool`, named with or without the device.
    pub fn is_of(&self, tool: &str) -> bool {
        let function = self.tool.split_once('.').map(|(_, function)| function);
        self.tool == tool || function == Some(tool)
    }
}

/// Whether the calls of `tools` are among `made`, in their order.
///
/// # Errors
/// The first that is missing, in few words.
pub fn in_sequence(tools: &[String], made: &[Made]) -> Result<(), String> {
    let mut made = made.iter();
    let mut before: Option<&String> = None;
    for tool in tools {
        if !made.any(|made| made.is_of(tool)) {
            let after = before.map(|before| format!(" after {before}"));
            return Err(format!("{tool} is not called{}", after.unwrap_or_default()));
        }
        before = Some(tool);
    }
    Ok(())
}

/// Whether `made` are the calls that are expected, one for one; in any order unless
/// `order` says that theirs counts.
///
/// # Errors
/// What is wrong, in few words.
pub fn hold(expected: &[Call], made: &[Made], order: bool) -> Result<(), String> {
    if made.is_empty() && !expected.is_empty() {
        return Err("no call was made".into());
    }
    let partners = match order {
        true => in_order(expected, made),
        false => paired(expected, made),
    };
    if let Some(alone) = (0..expected.len()).find(|&i| !partners.contains(&Some(i))) {
        return Err(missing(&expected[alone], made));
    }
    match partners.iter().position(Option::is_none) {
        Some(extra) => Err(format!("one call too many: {}", shown(&made[extra]))),
        None => Ok(()),
    }
}

/// For each call made, which of the expected ones stands in its place and fits it.
fn in_order(expected: &[Call], made: &[Made]) -> Vec<Option<usize>> {
    let fits = |i: usize| expected.get(i).is_some_and(|call| call.fits(&made[i]));
    (0..made.len()).map(|i| fits(i).then_some(i)).collect()
}

/// For each call made, its partner among the expected ones, such that as many as possible
/// have one: an expected call takes a partner from another that finds a different one.
fn paired(expected: &[Call], made: &[Made]) -> Vec<Option<usize>> {
    let mut partners = vec![None; made.len()];
    for i in 0..expected.len() {
        find_partner(
            i,
            expected,
            made,
            &mut partners,
            &mut vec![false; made.len()],
        );
    }
    partners
}

fn find_partner(
    i: usize,
    expected: &[Call],
    made: &[Made],
    partners: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for at in 0..made.len() {
        if tried[at] || !expected[i].fits(&made[at]) {
            continue;
        }
        tried[at] = true;
        let free = match partners[at] {
            Some(other) => find_partner(other, expected, made, partners, tried),
            None => true,
        };
        if free {
            partners[at] = Some(i);
            return true;
        }
    }
    false
}

/// Why none of the calls `made` is the expected one.
fn missing(expected: &Call, made: &[Made]) -> String {
    let same_tool = made.iter().filter(|made| made.is_of(&expected.tool));
    let mut differences = same_tool.filter_map(|made| expected.difference(made));
    match differences.next() {
        Some(difference) => format!("{}: {difference}", expected.tool),
        None => {
            let names: Vec<&str> = made.iter().map(|made| made.tool.as_str()).collect();
            format!(
                "a call of {} is missing; made were {}",
                expected.tool,
                names.join(", ")
            )
        }
    }
}

fn shown(made: &Made) -> String {
    let text = format!("{} {}", made.tool, made.args);
    text.chars().take(SHOWN_CHARS).collect()
}

impl Call {
    fn fits(&self, made: &Made) -> bool {
        made.is_of(&self.tool) && self.difference(made).is_none()
    }

    /// How the arguments differ.
    fn difference(&self, made: &Made) -> Option<String> {
        let none = Map::new();
        let args = match &made.args {
            Value::Object(args) => args,
            Value::Null => &none,
            other => return Some(format!("the arguments are {other}")),
        };
        if let Some(name) = args.keys().find(|name| !self.args.contains_key(*name)) {
            return Some(format!("{name} is not expected"));
        }
        self.args
            .iter()
            .find_map(|(name, spec)| match args.get(name) {
                Some(value) if admits(spec, value) => None,
                Some(value) => {
                    let value = value.to_string();
                    let value: String = value.chars().take(SHOWN_CHARS).collect();
                    Some(format!("{name} is {value}"))
                }
                None if is_optional(spec) => None,
                None => Some(format!("{name} is missing")),
            })
    }
}

/// The alternatives, if `spec` lists some rather than being a value itself.
fn alternatives(spec: &Value) -> Option<&Vec<Value>> {
    let map = spec.as_object()?;
    let only = map.keys().all(|key| key == "any" || key == "optional");
    map.get("any").filter(|_| only)?.as_array()
}

fn is_optional(spec: &Value) -> bool {
    alternatives(spec).is_some() && spec["optional"] == true
}

/// Whether `spec` admits `value`: it is the same, or one of the alternatives is.
fn admits(spec: &Value, value: &Value) -> bool {
    if let Some(any) = alternatives(spec) {
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
                    None => is_optional(spec),
                })
        }
        (a, b) => a == b,
    }
}

/// A text as it is compared.
fn bare(text: &str) -> String {
    let kept = |c: &char| !" ,./-_*^".contains(*c);
    let plain: String = text.chars().filter(kept).collect();
    plain.to_lowercase().replace('\'', "\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// `want` is part of what is said, and empty where the calls hold.
    #[track_caller]
    fn check(expected: &Value, made: &Value, order: bool, want: &str) {
        let calls: Vec<Call> = serde_json::from_value(expected.clone()).unwrap();
        let done: Vec<Made> = serde_json::from_value(made.clone()).unwrap();
        let said = hold(&calls, &done, order).err().unwrap_or_default();
        assert!(
            said.contains(want) && said.is_empty() == want.is_empty(),
            "{expected} of {made}: {said:?}, not {want:?}"
        );
    }

    #[test]
    fn one_call_and_its_arguments() {
        let expected = json!([{"tool": "shape.area", "args": {
            "base": {"any": [10]}, "unit": {"any": ["sq. cm", ""], "optional": true}}}]);
        let check = |args: Value, want: &str| {
            let made = json!([{"tool": "t1.shape.area", "args": args}]);
            check(&expected, &made, false, want);
        };
        check(json!({"base": 10}), "");
        check(json!({"base": 10.0}), "");
        check(json!({"base": 10, "unit": "SQ-CM"}), "");
        check(json!({"base": 11}), "shape.area: base is 11");
        check(json!({"base": "10"}), "base is \"10\"");
        check(json!({"base": true}), "base is true");
        check(json!({}), "base is missing");
        check(json!(null), "base is missing");
        check(json!({"base": 10, "more": 1}), "more is not expected");
        check(json!([10]), "the arguments are [10]");
    }

    #[test]
    fn tools_with_and_without_their_device() {
        let call = |tool: &str| json!([{"tool": tool}]);
        check(&call("b.c"), &call("b.c"), false, "");
        check(&call("b.c"), &call("a.b.c"), false, "");
        check(&call("c"), &call("a.b.c"), false, "a call of c is missing");
        check(&call("a.b.c"), &call("b.c"), false, "made were b.c");
    }

    #[test]
    fn values_within_values() {
        let spec = json!({"any": [
            {"city": {"any": ["New York", "NYC"]}, "zip": {"any": ["1"], "optional": true}},
            [1, {"any": [2, 3]}],
            {"any": "a value of its own"},
        ]});
        let check = |value: Value, want: bool| {
            assert_eq!(admits(&spec, &value), want, "{value}");
        };
        check(json!({"city": "nyc"}), true);
        check(json!({"city": "new-york", "zip": "1"}), true);
        check(json!({"city": "NYC", "more": 1}), false);
        check(json!({"zip": "1"}), false);
        check(json!([1.0, 3]), true);
        check(json!([1, 4]), false);
        check(json!([1]), false);
        check(json!({"any": "A value of its own"}), true);
        assert!(admits(&json!("it's"), &json!("It\"s")));
        assert!(!admits(&json!(1), &json!(true)));
        assert!(admits(&json!(null), &json!(null)));
    }

    #[test]
    fn several_calls_one_for_one() {
        let any = json!({"tool": "f", "args": {"x": {"any": [1, 2]}}});
        let one = json!({"tool": "f", "args": {"x": 1}});
        let f = |x: i64| json!({"tool": "t.f", "args": {"x": x}});
        // The first expected one must leave its partner to the second.
        check(&json!([any, one]), &json!([f(1), f(2)]), false, "");
        check(&json!([any, one]), &json!([f(2), f(1)]), true, "");
        check(&json!([any, one]), &json!([f(1), f(2)]), true, "x is 2");
        check(
            &json!([one]),
            &json!([f(1), f(1)]),
            false,
            "one call too many: t.f",
        );
        check(&json!([one, one]), &json!([f(1)]), false, "f");
        check(&json!([one]), &json!([]), false, "no call was made");
        check(&json!([]), &json!([f(1)]), false, "one call too many");
        check(&json!([]), &json!([]), true, "");
    }
}
