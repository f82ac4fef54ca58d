//! Schemas that all must hold, as one schema.

use serde_json::{Map, Value, json};

/// Keywords that describe a schema and change nothing. Of two, the outer one counts.
const REMARKS: &[&str] = &[
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];
/// Keywords that mean something only together.
const TOGETHER: &[&[&str]] = &[
    &["if", "then", "else"],
    &["contains", "minContains", "maxContains"],
    &["items", "prefixItems", "unevaluatedItems"],
];
/// Keywords of which the larger of two values holds.
const LEAST: &[&str] = &[
    "minimum",
    "exclusiveMinimum",
    "minLength",
    "minItems",
    "minProperties",
];
/// Keywords of which the smaller of two values holds.
const MOST: &[&str] = &[
    "maximum",
    "exclusiveMaximum",
    "maxLength",
    "maxItems",
    "maxProperties",
];
/// Keywords that say which properties beyond the named ones there may be.
const OTHERS: &[&str] = &[
    "additionalProperties",
    "patternProperties",
    "unevaluatedProperties",
];

/// Whether `map` has nothing but words that change nothing.
pub(super) fn only_remarks(map: &Map<String, Value>) -> bool {
    map.keys().all(|key| REMARKS.contains(&key.as_str()))
}

/// Whether `key` is a word that changes nothing.
pub(super) fn is_remark(key: &str) -> bool {
    REMARKS.contains(&key)
}

/// One schema for the values that both admit; the remarks of `outer` count. `None` where only
/// `allOf` could say that.
pub fn merged(outer: &Map<String, Value>, inner: &Value) -> Option<Map<String, Value>> {
    let inner = match inner {
        Value::Bool(true) => return Some(outer.clone()),
        Value::Object(inner) => inner,
        _ => return None,
    };
    if !may_be_joined(outer, inner) {
        return None;
    }
    let mut one = outer.clone();
    for (key, value) in inner {
        let joined = match one.get(key) {
            None => value.clone(),
            Some(known) if known == value || is_remark(key) => continue,
            Some(known) => joined(key, known, value)?,
        };
        one.insert(key.clone(), joined);
    }
    Some(one)
}

/// Whether no word of one means something else beside the words of the other.
fn may_be_joined(outer: &Map<String, Value>, inner: &Map<String, Value>) -> bool {
    let differs = |key: &&str| outer.get(*key) != inner.get(*key);
    let has =
        |map: &Map<String, Value>, keys: &[&str]| keys.iter().any(|key| map.contains_key(*key));
    let torn = |keys: &&[&str]| has(outer, keys) && has(inner, keys) && keys.iter().any(&differs);
    if TOGETHER.iter().any(torn) {
        return false;
    }
    // What an outer schema says of all others counts what its parts name; not so an inner one.
    if inner.contains_key("unevaluatedProperties") {
        return false;
    }
    let names = |map: &Map<String, Value>| -> Vec<String> {
        let properties = map.get("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flat_map(Map::keys)
            .cloned()
            .collect()
    };
    let limits = |map: &Map<String, Value>, other: &Map<String, Value>| {
        let open = |key: &&&str| map.get(**key).is_some_and(|value| *value != json!(true));
        let limited = OTHERS[..2].iter().any(|key| open(&key));
        let own = names(map);
        limited && names(other).iter().any(|name| !own.contains(name))
    };
    !limits(outer, inner) && !limits(inner, outer)
}

/// The word `key` with what both say.
fn joined(key: &str, one: &Value, other: &Value) -> Option<Value> {
    let number = |value: &Value| value.as_f64();
    match key {
        key if LEAST.contains(&key) => {
            let larger = number(one)? >= number(other)?;
            Some(if larger { one } else { other }.clone())
        }
        key if MOST.contains(&key) => {
            let smaller = number(one)? <= number(other)?;
            Some(if smaller { one } else { other }.clone())
        }
        "required" => {
            let mut names = one.as_array()?.clone();
            for name in other.as_array()? {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
            Some(names.into())
        }
        "type" => types(one, other),
        "enum" => {
            let known = other.as_array()?;
            let values = one.as_array()?.iter().filter(|value| known.contains(value));
            let values: Vec<Value> = values.cloned().collect();
            (!values.is_empty()).then(|| values.into())
        }
        "properties" => {
            let mut all = one.as_object()?.clone();
            for (name, schema) in other.as_object()? {
                let both = match all.get(name) {
                    None => schema.clone(),
                    Some(known) => both(known, schema),
                };
                all.insert(name.clone(), both);
            }
            Some(all.into())
        }
        "uniqueItems" => Some(json!(true)),
        "additionalProperties" if *one == json!(true) => Some(other.clone()),
        "additionalProperties" if *other == json!(true) => Some(one.clone()),
        _ => None,
    }
}

/// A schema that admits what both admit.
fn both(one: &Value, other: &Value) -> Value {
    let plain = one.as_object().and_then(|one| merged(one, other));
    match plain {
        Some(plain) => plain.into(),
        None if one == other => one.clone(),
        None => json!({ "allOf": [one, other] }),
    }
}

/// The types that both name: an integer is a number.
fn types(one: &Value, other: &Value) -> Option<Value> {
    let list = |value: &Value| -> Option<Vec<String>> {
        match value {
            Value::String(name) => Some(vec![name.clone()]),
            Value::Array(names) => names
                .iter()
                .map(|n| n.as_str().map(str::to_owned))
                .collect(),
            _ => None,
        }
    };
    let (one, other) = (list(one)?, list(other)?);
    let mut both: Vec<String> = Vec::new();
    for (own, theirs) in [(&one, &other), (&other, &one)] {
        for name in own {
            let shared = theirs.contains(name)
                || name == "integer" && theirs.iter().any(|name| name == "number");
            if shared && !both.contains(name) {
                both.push(name.clone());
            }
        }
    }
    match both.len() {
        0 => None,
        1 => Some(both.remove(0).into()),
        _ => Some(both.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_say_becomes_one() {
        let check = |one: Value, other: Value, want: Value| {
            let one = one.as_object().unwrap().clone();
            let got = merged(&one, &other).map_or(Value::Null, Value::Object);
            assert_eq!(got, want, "{one:?} and {other}");
        };
        check(
            json!({"properties": {"a": {}}, "required": ["a"]}),
            json!({"type": "object", "properties": {"b": {}}, "required": ["b", "a"]}),
            json!({"properties": {"a": {}, "b": {}}, "required": ["a", "b"], "type": "object"}),
        );
        check(
            json!({"type": ["number", "null"], "minimum": 1}),
            json!({"type": "integer", "minimum": 3, "maximum": 9}),
            json!({"type": "integer", "minimum": 3, "maximum": 9}),
        );
        check(
            json!({"properties": {"a": {"type": "string"}}}),
            json!({"properties": {"a": {"minLength": 2}}}),
            json!({"properties": {"a": {"type": "string", "minLength": 2}}}),
        );
        check(
            json!({"enum": [1, 2, 3], "description": "own"}),
            json!({"enum": [3, 2], "description": "other"}),
            json!({"enum": [2, 3], "description": "own"}),
        );
        // What has no such form stays apart.
        check(
            json!({"pattern": "a"}),
            json!({"pattern": "b"}),
            Value::Null,
        );
        check(
            json!({"properties": {"a": {}}, "additionalProperties": false}),
            json!({"properties": {"b": {}}}),
            Value::Null,
        );
        check(
            json!({"if": {}}),
            json!({"then": {"type": "null"}}),
            Value::Null,
        );
        check(
            json!({"type": "string"}),
            json!({"type": "null"}),
            Value::Null,
        );
        check(json!({"enum": [1]}), json!({"enum": [2]}), Value::Null);
        check(json!({}), json!(false), Value::Null);
    }
}
