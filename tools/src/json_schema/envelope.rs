//! The schema in what other programs put around it.

use serde_json::{Map, Value};

/// Keys of a schema in a request to a model, or in the definition of a function.
const INSIDE: &[&str] = &[
    "schema",
    "json_schema",
    "jsonSchema",
    "response_format",
    "responseFormat",
    "response_schema",
    "responseSchema",
    "format",
    "function",
    "parameters",
    "input_schema",
    "inputSchema",
];

/// Keys around one of these in whole requests.
const AROUND: &[&str] = &[
    "text",
    "output_config",
    "output_format",
    "generation_config",
    "generationConfig",
    "config",
];

/// Keywords that constrain a value, or say what it is.
const WORDS: &[&str] = &[
    "$ref",
    "$dynamicRef",
    "$recursiveRef",
    "$defs",
    "definitions",
    "$schema",
    "$id",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "const",
    "enum",
    "properties",
    "patternProperties",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "required",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "minProperties",
    "maxProperties",
    "items",
    "prefixItems",
    "additionalItems",
    "unevaluatedItems",
    "contains",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "nullable",
];
/// Keywords that describe a schema and change nothing.
const REMARKS: &[&str] = &[
    "title",
    "description",
    "default",
    "examples",
    "$comment",
    "deprecated",
];
/// Types of a value.
const TYPES: &[&str] = &[
    "null", "boolean", "object", "array", "number", "string", "integer", "any",
];
/// Wrappers in wrappers.
const DEPTH_MAX: usize = 5;

/// The schema in `given`, which may be the schema itself or stand under one of the names that
/// requests to models and definitions of functions have for it, as `{"name", "strict",
/// "schema"}`.
///
/// # Errors
/// Where `given` is no schema: it has none of the words of one.
pub fn unwrapped(given: &Value) -> Result<&Value, String> {
    let mut inner = given;
    for _ in 0..DEPTH_MAX {
        let Some(map) = inner.as_object() else {
            break;
        };
        if is_schema(map) {
            return Ok(inner);
        }
        match named(map, INSIDE).or_else(|| around(map)) {
            Some(found) => inner = found,
            None => return Err(no_schema(map)),
        }
    }
    match inner {
        Value::Bool(_) => Ok(inner),
        Value::Object(map) if is_schema(map) => Ok(inner),
        _ => Err("a schema is a JSON object".to_owned()),
    }
}

/// The object under the first of these names that `map` has.
fn named<'a>(map: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names
        .iter()
        .find_map(|name| map.get(*name).filter(|value| value.is_object()))
}

/// What stands around a schema in `map`. By its name alone it could be anything.
fn around(map: &Map<String, Value>) -> Option<&Value> {
    let inner = named(map, AROUND)?;
    let has_schema = named(inner.as_object()?, INSIDE).is_some();
    has_schema.then_some(inner)
}

/// Whether `map` is a schema: it has a word of one, or nothing that could be anything else.
fn is_schema(map: &Map<String, Value>) -> bool {
    let word = |(key, value): (&String, &Value)| match key.as_str() {
        "type" => is_type(value),
        // In a request it is an object.
        "format" => value.is_string(),
        key => WORDS.contains(&key),
    };
    map.iter().any(word) || map.keys().all(|key| REMARKS.contains(&key.as_str()))
}

fn is_type(value: &Value) -> bool {
    let is = |name: &str| TYPES.iter().any(|known| name.eq_ignore_ascii_case(known));
    let known = |value: &Value| value.as_str().is_some_and(is);
    known(value)
        || value
            .as_array()
            .is_some_and(|names| names.iter().all(known))
}

fn no_schema(map: &Map<String, Value>) -> String {
    if let Some(named) = map.get("type").and_then(Value::as_str) {
        return format!(
            "there is no type {named:?}; types are {}",
            TYPES[..7].join(", ")
        );
    }
    let keys: Vec<String> = map.keys().take(3).map(|key| format!("{key:?}")).collect();
    format!(
        "it is not a JSON Schema: {} are not words of one; an object is described as \
         {{\"type\":\"object\",\"properties\":{{…}}}}",
        keys.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_schema_is_found_in_what_is_around_it() {
        let schema = json!({"type": "object", "properties": {"schema": {"type": "string"}}});
        let check = |given: Value| assert_eq!(unwrapped(&given), Ok(&schema), "{given}");
        check(schema.clone());
        check(json!({"schema": schema}));
        check(json!({"name": "pot", "strict": true, "schema": schema}));
        check(json!({"name": "pot", "description": "clay", "parameters": schema}));
        check(json!({"json_schema": {"name": "pot", "schema": schema}}));
        check(json!({"type": "json_schema", "json_schema": {"schema": schema}}));
        check(json!({"type": "json_schema", "name": "pot", "schema": schema}));
        check(
            json!({"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}}),
        );
        check(json!({"format": {"type": "json_schema", "schema": schema}}));
        check(json!({"type": "function", "function": {"name": "f", "parameters": schema}}));
        check(json!({"name": "f", "input_schema": schema}));
        check(
            json!({"text": {"format": {"type": "json_schema", "name": "pot", "schema": schema}}}),
        );
        check(json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}}));
        check(json!({"contents": [], "generationConfig": {"responseSchema": schema}}));
    }

    #[test]
    fn what_is_no_schema_is_said() {
        let check = |given: Value, want: &str| {
            let said = unwrapped(&given).err().unwrap_or_default();
            assert!(
                said.contains(want) && said.is_empty() == want.is_empty(),
                "{given}: {said}"
            );
        };
        check(json!({}), "");
        check(json!(true), "");
        check(json!({"title": "Pot"}), "");
        check(json!({"format": "date"}), "");
        check(json!({"type": "STRING"}), "");
        check(
            json!({"clay": "string", "litres": 3}),
            "\"clay\", \"litres\" are not words",
        );
        check(json!({"type": "text"}), "no type \"text\"");
        check(
            json!({"type": "json_schema", "name": "pot"}),
            "no type \"json_schema\"",
        );
        check(json!([1]), "a schema is a JSON object");
        check(json!({"schema": [1]}), "\"schema\" are not words");
        check(
            json!({"text": {"type": "string"}}),
            "\"text\" are not words",
        );
    }
}
