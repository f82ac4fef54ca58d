//! What a call's arguments may be: a tool's own JSON Schema, without what it leaves open
//! by accident.

use serde_json::{Map, Value, json};

/// Values of an enumeration that a grammar spells out. With more of them its masks cost
/// more than the rest of a step; then any string is written, and the check names what
/// there is.
const VALUES_MAX: usize = 500;

/// `schema` with what it does not name closed: an object with properties has no others,
/// unless the schema says so itself; an optional argument is left out rather than given
/// as null or as an empty text.
///
/// A schema made of parts that all must hold (`allOf`) is left as it is: each part knows
/// only its own properties.
pub fn strict(schema: &Value) -> Value {
    let mut strict = schema.clone();
    if !strict.is_object() {
        strict = json!({"type": "object"});
    }
    if !names(schema, "allOf") {
        close(&mut strict);
    }
    strict
}

/// `schema` for a grammar: as it is, but for enumerations that are too long for one.
pub fn spelled(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let long = map
                .get("enum")
                .and_then(Value::as_array)
                .filter(|values| values.len() > VALUES_MAX);
            if let Some(values) = long.filter(|values| values.iter().all(Value::is_string)) {
                let texts = values.iter().filter_map(Value::as_str);
                let longest = texts.map(|text| text.chars().count()).max();
                return json!({"type": "string", "maxLength": longest.unwrap_or(0)});
            }
            let entries = map.iter();
            Value::Object(
                entries
                    .map(|(key, value)| (key.clone(), spelled(value)))
                    .collect(),
            )
        }
        Value::Array(values) => values.iter().map(spelled).collect(),
        other => other.clone(),
    }
}

/// Whether `key` stands anywhere in `schema`.
fn names(schema: &Value, key: &str) -> bool {
    match schema {
        Value::Object(map) => map.contains_key(key) || map.values().any(|v| names(v, key)),
        Value::Array(values) => values.iter().any(|v| names(v, key)),
        _ => false,
    }
}

fn close(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    let open = [
        "additionalProperties",
        "patternProperties",
        "unevaluatedProperties",
    ]
    .iter()
    .any(|key| map.contains_key(*key));
    let named = map.get("properties").is_some_and(Value::is_object);
    if named && !open {
        map.insert("additionalProperties".into(), json!(false));
    }
    if named {
        leave_out(map);
    }
    for key in ["items", "additionalProperties", "not", "if", "then", "else"] {
        if let Some(inner) = map.get_mut(key).filter(|_| key != "not") {
            close(inner);
        }
    }
    for key in ["anyOf", "oneOf", "prefixItems"] {
        let inner = map.get_mut(key).and_then(Value::as_array_mut);
        inner.into_iter().flatten().for_each(close);
    }
    for key in ["properties", "$defs", "definitions", "patternProperties"] {
        let inner = map.get_mut(key).and_then(Value::as_object_mut);
        inner.into_iter().flat_map(Map::values_mut).for_each(close);
    }
}

/// Makes empty values of optional properties impossible: who has none leaves it out.
fn leave_out(map: &mut Map<String, Value>) {
    let required: Vec<String> = map
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, property) in properties {
        if required.iter().any(|one| one == name) {
            continue;
        }
        let Some(property) = property.as_object_mut() else {
            continue;
        };
        for key in ["anyOf", "oneOf"] {
            let forms = property.get_mut(key).and_then(Value::as_array_mut);
            if let Some(forms) = forms.filter(|forms| forms.len() > 1) {
                forms.retain(|form| form["type"] != "null");
            }
        }
        if let Some(kinds) = property.get_mut("type").and_then(Value::as_array_mut)
            && kinds.len() > 1
        {
            kinds.retain(|kind| kind != "null");
        }
        let plain = ["enum", "const", "minLength", "pattern", "format"]
            .iter()
            .all(|key| !property.contains_key(*key));
        if plain && property.get("type").is_some_and(|kind| kind == "string") {
            property.insert("minLength".into(), json!(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schema: Value, accepted: &[Value], refused: &[Value]) {
        let strict = strict(&schema);
        let validator = jsonschema::validator_for(&strict).unwrap();
        for args in accepted {
            assert!(validator.is_valid(args), "{args} by {strict}");
        }
        for args in refused {
            assert!(!validator.is_valid(args), "{args} by {strict}");
        }
    }

    #[test]
    fn what_is_not_named_cannot_be_written() {
        check(
            json!({"type": "object", "properties": {"a": {"type": "integer"}}}),
            &[json!({}), json!({"a": 1})],
            &[json!({"a2": 1}), json!({"a": 1, ": ": 2})],
        );
        // Unless the schema says so itself.
        check(
            json!({"type": "object", "properties": {"a": {}}, "additionalProperties": true}),
            &[json!({"b": 1})],
            &[],
        );
        check(json!({"type": "object"}), &[json!({"b": 1})], &[json!(1)]);
        check(
            json!({"properties": {"o": {"type": "object", "properties": {"x": {}}},
                "l": {"type": "array", "items": {"type": "object", "properties": {"x": {}}}}}}),
            &[json!({"o": {"x": 1}, "l": [{"x": 1}]})],
            &[json!({"o": {"y": 1}}), json!({"l": [{"y": 1}]})],
        );
        check(
            json!({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}),
            &[json!({"a": 1, "b": 2})],
            &[],
        );
    }

    #[test]
    fn what_is_optional_is_left_out_rather_than_empty() {
        check(
            json!({"properties": {
                "s": {"type": "string"},
                "n": {"type": ["integer", "null"]},
                "u": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "r": {"type": "string"}
            }, "required": ["r"]}),
            &[
                json!({"r": ""}),
                json!({"r": "x", "s": "y", "n": 1, "u": "z"}),
            ],
            &[
                json!({"r": "", "s": ""}),
                json!({"r": "", "n": null}),
                json!({"r": "", "u": null}),
            ],
        );
    }

    #[test]
    fn long_enumerations_are_not_spelled_out() {
        let values: Vec<String> = (0..3_000).map(|n| format!("value{n}")).collect();
        let schema = json!({"properties": {"v": {"enum": values}, "w": {"enum": ["a", "b"]}}});
        let want = json!({"properties": {"v": {"type": "string", "maxLength": 9}, "w": {"enum": ["a", "b"]}}});
        assert_eq!(spelled(&schema), want);
    }
}
