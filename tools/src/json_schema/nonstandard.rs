//! Repairs keywords whose values JSON Schema does not know, as some servers write them: to what
//! was meant, or to nothing. A server has the last word on what it takes, so a keyword that
//! cannot be read is no reason to do without its function.

use std::borrow::Cow;

use serde_json::{Value, json};

/// Keywords whose value is a schema.
const SCHEMAS: &[&str] = &[
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// The value that the word `key` was meant to have; none where it says nothing.
pub(super) fn meant<'v>(key: &str, value: &'v Value) -> Option<Cow<'v, Value>> {
    let kept = |is: bool| is.then_some(Cow::Borrowed(value));
    match key {
        "type" => kinds(value),
        "required" => names(value),
        "enum" => match value {
            Value::Array(values) if !values.is_empty() => Some(once(values, value)),
            _ => None,
        },
        "exclusiveMaximum" | "exclusiveMinimum" if value.is_boolean() => kept(true),
        "exclusiveMaximum" | "exclusiveMinimum" | "maximum" | "minimum" => number(value),
        "multipleOf" => number(value).filter(|n| n.as_f64().is_some_and(|n| n > 0.0)),
        "maxContains" | "maxItems" | "maxLength" | "maxProperties" | "minContains" | "minItems"
        | "minLength" | "minProperties" => {
            number(value).filter(|n| n.as_f64().is_some_and(|n| n >= 0.0 && n.fract() == 0.0))
        }
        "pattern" | "format" | "$ref" | "$dynamicRef" | "$recursiveRef" => kept(value.is_string()),
        "uniqueItems" => kept(value.is_boolean()),
        "properties" | "patternProperties" | "dependentSchemas" | "dependencies"
        | "dependentRequired" => kept(value.is_object()),
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
            kept(value.as_array().is_some_and(|all| !all.is_empty()))
        }
        "items" if value.is_array() => kept(true),
        key if SCHEMAS.contains(&key) => match value {
            Value::Object(_) | Value::Bool(_) => kept(true),
            _ => schema(value).map(Cow::Owned),
        },
        _ => kept(true),
    }
}

/// Keywords whose value is a number.
const NUMBERS: &[&str] = &[
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
];
/// The types of JSON Schema, and one that admits all of them.
const TYPES: &[&str] = &[
    "any", "array", "boolean", "integer", "null", "number", "object", "string",
];

/// The value of the word `key` as JSON Schema spells it, where only the spelling differs: types in
/// capitals, numbers as texts, a name twice. So requests of some services are written.
pub(super) fn spelled<'v>(key: &str, value: &'v Value) -> Cow<'v, Value> {
    let read = match key {
        "type" => in_small_letters(value),
        "required" if value.is_array() => names(value),
        key if NUMBERS.contains(&key) => number(value),
        _ => None,
    };
    read.unwrap_or(Cow::Borrowed(value))
}

/// The names of types, which some write in capitals.
fn in_small_letters(value: &Value) -> Option<Cow<'_, Value>> {
    let small = |name: &Value| -> Option<Value> {
        let name = name.as_str()?.to_ascii_lowercase();
        match name.as_str() {
            "type_unspecified" => Some(json!("any")),
            known if TYPES.contains(&known) => Some(json!(known)),
            _ => None,
        }
    };
    let read = match value {
        Value::Array(all) => Value::Array(all.iter().map(small).collect::<Option<_>>()?),
        one => small(one)?,
    };
    Some(match read == *value {
        true => Cow::Borrowed(value),
        false => Cow::Owned(read),
    })
}

/// The schema that stands as the name of a type alone.
pub(super) fn schema(value: &Value) -> Option<Value> {
    match value.as_str()? {
        "true" => Some(json!(true)),
        "false" => Some(json!(false)),
        name => kind(name).map(|kind| json!({ "type": kind })),
    }
}

/// The types that `value` names. Unknown types admit anything.
fn kinds(value: &Value) -> Option<Cow<'_, Value>> {
    match value {
        Value::String(name) => match kind(name)? {
            kind if kind == name => Some(Cow::Borrowed(value)),
            kind => Some(Cow::Owned(json!(kind))),
        },
        Value::Array(names) => {
            let known = names.iter().map(|name| kind(name.as_str()?));
            let known: Vec<Value> = known
                .map(|kind| kind.map(Value::from))
                .collect::<Option<_>>()?;
            match known.is_empty() {
                true => None,
                false => Some(once(&known, value)),
            }
        }
        _ => None,
    }
}

/// A type by the name that JSON Schema has for it.
fn kind(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "string" | "str" | "text" | "char" | "date" | "datetime" | "date-time" | "time"
        | "uuid" | "uri" | "url" | "email" | "path" | "file" => "string",
        "integer" | "int" | "int32" | "int64" | "uint" | "long" => "integer",
        "number" | "float" | "double" | "decimal" => "number",
        "boolean" | "bool" => "boolean",
        "array" | "list" | "tuple" | "set" => "array",
        "object" | "dict" | "dictionary" | "map" | "record" | "struct" | "json" => "object",
        "null" | "none" | "nil" => "null",
        _ => return None,
    })
}

/// A list of names, each once.
fn names(value: &Value) -> Option<Cow<'_, Value>> {
    match value {
        Value::String(_) => Some(Cow::Owned(json!([value]))),
        Value::Array(all) if all.iter().all(Value::is_string) => Some(once(all, value)),
        _ => None,
    }
}

/// `values` with each of them once: `whole`, where that is a list of the same already.
fn once<'v>(values: &[Value], whole: &'v Value) -> Cow<'v, Value> {
    let mut kept: Vec<&Value> = Vec::with_capacity(values.len());
    let mut seen = std::collections::HashSet::new();
    for value in values {
        if seen.insert(value.to_string()) {
            kept.push(value);
        }
    }
    let same = whole
        .as_array()
        .is_some_and(|whole| whole.iter().eq(kept.iter().copied()));
    match same {
        true => Cow::Borrowed(whole),
        false => Cow::Owned(json!(kept)),
    }
}

/// A number, also one that is written as a text.
fn number(value: &Value) -> Option<Cow<'_, Value>> {
    match value {
        Value::Number(_) => Some(Cow::Borrowed(value)),
        Value::String(text) => {
            let number: serde_json::Number = serde_json::from_str(text.trim()).ok()?;
            Some(Cow::Owned(Value::Number(number)))
        }
        _ => None,
    }
}
