//! The schema of a call's arguments: a tool's own JSON Schema, without what the tool leaves open
//! by accident.

use std::collections::BTreeSet;

use quipu_tools::json_schema::{definition, merged};
use serde_json::{Map, Value, json};

/// Schema keywords that decide which other properties there may be.
const OPEN: &[&str] = &[
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "unevaluatedProperties",
];
/// Up to this many forms are written out with the schema around them; a schema with more stays as
/// it is.
const FORMS_MAX: usize = 64;

/// The normal form `schema` with what it does not name closed: an object with properties has
/// no others, unless the schema says so itself; an optional argument is left out rather than
/// given as null or as an empty text.
///
/// Parts that all must hold (`allOf`) are left as they are: each part knows only its own
/// properties.
pub fn strict(schema: &Value) -> Value {
    if !schema.is_object() {
        return json!({"type": "object"});
    }
    let closing = Closing {
        root: schema,
        parts: parts(schema),
    };
    let mut strict = schema.clone();
    closing.close(&mut strict, true);
    if let Some(definitions) = strict.get_mut("$defs").and_then(Value::as_object_mut) {
        for (name, definition) in definitions {
            closing.close(definition, !closing.parts.contains(name));
        }
    }
    strict
}

/// The definitions that an `allOf` makes parts of others.
fn parts(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut look = vec![schema];
    while let Some(value) = look.pop() {
        if let Some(list) = value.get("allOf").and_then(Value::as_array) {
            let names = list.iter().filter_map(|part| part["$ref"].as_str());
            found.extend(
                names
                    .filter_map(|name| name.rsplit('/').next())
                    .map(str::to_owned),
            );
        }
        match value {
            Value::Object(map) => look.extend(map.values()),
            Value::Array(list) => look.extend(list),
            _ => {}
        }
    }
    found
}

struct Closing<'a> {
    root: &'a Value,
    parts: BTreeSet<String>,
}

impl Closing<'_> {
    /// Closes everything inside `schema`, and `schema` itself if it is `whole`, that is, not a
    /// part of a schema with more properties.
    fn close(&self, schema: &mut Value, whole: bool) {
        let Some(map) = schema.as_object_mut() else {
            return;
        };
        let spread = whole && self.spread(map);
        let named = map.get("properties").is_some_and(Value::is_object);
        if named && whole && !spread && !open(map) {
            name_what_is_needed(map);
            map.insert("additionalProperties".into(), json!(false));
        }
        if named {
            leave_out(map);
        }
        for key in ["items", "additionalProperties"] {
            if let Some(inner) = map.get_mut(key) {
                self.close(inner, true);
            }
        }
        // Where the schema has properties of its own, a form only says which of them it needs.
        let alone = whole && !named;
        for (key, whole) in [
            ("anyOf", alone),
            ("oneOf", alone),
            ("allOf", false),
            ("prefixItems", true),
        ] {
            let inner = map.get_mut(key).and_then(Value::as_array_mut);
            for inner in inner.into_iter().flatten() {
                self.close(inner, whole);
            }
        }
        for key in ["properties", "patternProperties"] {
            let inner = map.get_mut(key).and_then(Value::as_object_mut);
            for inner in inner.into_iter().flat_map(Map::values_mut) {
                self.close(inner, true);
            }
        }
    }

    /// Writes the properties of `map` out into each of its forms that has some of its own, so
    /// that each form can be closed by itself. True if there is such a form, written out or not.
    fn spread(&self, map: &mut Map<String, Value>) -> bool {
        let resolved = |form: &Value| match form["$ref"].as_str() {
            Some(name) => definition(self.root, name).cloned().unwrap_or_default(),
            None => form.clone(),
        };
        let more = |form: &Value| resolved(form).get("properties").is_some();
        let has = |key: &str| {
            let forms = map.get(key).and_then(Value::as_array);
            forms.is_some_and(|forms| forms.iter().any(more))
        };
        if !map.contains_key("properties") || !(has("anyOf") || has("oneOf")) {
            return false;
        }
        let both = map.contains_key("anyOf") && map.contains_key("oneOf");
        let key = if has("anyOf") { "anyOf" } else { "oneOf" };
        let mut beside = map.clone();
        let forms = beside.shift_remove(key);
        let definitions = beside.shift_remove("$defs");
        let remarks: Vec<(String, Value)> = ["title", "description", "default"]
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), beside.shift_remove(*key)?)))
            .collect();
        let forms = forms.as_ref().and_then(Value::as_array);
        let forms = forms.filter(|forms| forms.len() <= FORMS_MAX && !both);
        let whole: Option<Vec<Value>> = forms
            .into_iter()
            .flatten()
            .map(|form| merged(&beside, &resolved(form)).map(Value::Object))
            .collect();
        if let Some(whole) = whole.filter(|whole| !whole.is_empty()) {
            map.clear();
            map.extend(remarks);
            map.insert("type".into(), json!("object"));
            map.insert(key.into(), whole.into());
            map.extend(definitions.map(|all| ("$defs".to_owned(), all)));
        }
        true
    }
}

/// Whether `map` itself says which other properties there may be, or has parts that may name
/// more.
fn open(map: &Map<String, Value>) -> bool {
    let says = OPEN.iter().any(|key| map.contains_key(*key));
    let own = map.get("properties").and_then(Value::as_object);
    let unknown = |name: &String| own.is_none_or(|own| !own.contains_key(name));
    let names = |part: &Value| {
        let more = part.get("properties").and_then(Value::as_object);
        more.is_some_and(|more| more.keys().any(unknown))
    };
    let conditional = ["if", "then", "else"]
        .iter()
        .any(|key| map.get(*key).is_some_and(names));
    let dependent = map.get("dependentSchemas").and_then(Value::as_object);
    let dependent = dependent.is_some_and(|all| all.values().any(names));
    says || conditional || dependent || ["allOf", "$ref"].iter().any(|key| map.contains_key(*key))
}

/// Adds the required properties that are missing among the described ones: each may be anything.
fn name_what_is_needed(map: &mut Map<String, Value>) {
    let required = required(map);
    if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
        for name in required {
            properties.entry(name).or_insert_with(|| json!({}));
        }
    }
}

fn required(map: &Map<String, Value>) -> Vec<String> {
    let names = map.get("required").and_then(Value::as_array);
    let names = names.into_iter().flatten();
    names
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

/// Forbids empty values of optional properties: a model without a value leaves the property out.
fn leave_out(map: &mut Map<String, Value>) {
    let required = required(map);
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
        // Where leaving a property out means something else than null, null stays a value.
        if property.get("default").is_none_or(Value::is_null) {
            without_null(property);
        }
        let plain = ["enum", "const", "minLength", "pattern", "format"]
            .iter()
            .all(|key| !property.contains_key(*key));
        if plain && property.get("type").is_some_and(|kind| kind == "string") {
            property.insert("minLength".into(), json!(1));
        }
    }
}

/// Takes null out of the values that a property may have.
fn without_null(property: &mut Map<String, Value>) {
    for key in ["anyOf", "oneOf"] {
        let forms = property.get_mut(key).and_then(Value::as_array_mut);
        let Some(forms) = forms.filter(|forms| forms.len() > 1) else {
            continue;
        };
        forms.retain(|form| form["type"] != "null");
        if let [only] = forms.as_slice() {
            let only = only.clone();
            let mut beside = property.clone();
            beside.shift_remove(key);
            if let Some(one) = merged(&beside, &only) {
                *property = one;
            }
        }
    }
    for key in ["type", "enum"] {
        if let Some(Value::Array(kinds)) = property.get_mut(key)
            && kinds.len() > 1
        {
            kinds.retain(|kind| !kind.is_null() && kind != "null");
            if let (true, [only]) = (key == "type", kinds.as_slice()) {
                let only = only.clone();
                property.insert(key.into(), only);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use quipu_tools::json_schema::{normal, validator};

    use super::*;

    #[track_caller]
    fn check(schema: Value, accepted: &[Value], refused: &[Value]) {
        let strict = strict(&normal(&schema).unwrap());
        let validator = validator(&strict).unwrap();
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
            json!({"properties": {"a": {}}, "required": ["a", "b"]}),
            &[json!({"a": 1, "b": 2})],
            &[json!({"a": 1}), json!({"a": 1, "b": 2, "c": 3})],
        );
    }

    #[test]
    fn parts_are_closed_together() {
        check(
            json!({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}),
            &[json!({"a": 1, "b": 2})],
            &[json!({"c": 1})],
        );
        let part =
            |name: &str, pattern: &str| json!({"properties": {name: {}}, "pattern": pattern});
        check(
            json!({"allOf": [part("a", "x"), part("b", "y")]}),
            &[json!({"a": 1, "b": 2})],
            &[],
        );
        check(
            json!({"properties": {"id": {}, "mail": {}}, "anyOf": [{"required": ["id"]}, {"required": ["mail"]}]}),
            &[json!({"id": 1}), json!({"id": 1, "mail": 2})],
            &[json!({}), json!({"id": 1, "x": 2})],
        );
        check(
            json!({"properties": {"at": {}}, "required": ["at"], "oneOf": [
                {"properties": {"kind": {"const": 1}, "a": {}}, "required": ["kind"]},
                {"$ref": "#/$defs/B"}],
                "$defs": {"B": {"properties": {"kind": {"const": 2}, "b": {}}, "required": ["kind"]}}}),
            &[
                json!({"at": 0, "kind": 1, "a": 1}),
                json!({"at": 0, "kind": 2, "b": 1}),
            ],
            &[
                json!({"kind": 1}),
                json!({"at": 0, "kind": 1, "b": 1}),
                json!({"at": 0, "kind": 2, "x": 1}),
            ],
        );
        check(
            json!({"properties": {"a": {}}, "if": {"required": ["a"]}, "then": {"properties": {"b": {}}, "required": ["b"]}}),
            &[json!({"a": 1, "b": 1}), json!({})],
            &[json!({"a": 1})],
        );
        check(
            json!({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"properties": {"x": {}}}}}),
            &[json!({"a": {"x": 1}})],
            &[json!({"a": {"y": 1}})],
        );
    }

    #[test]
    fn what_is_optional_is_left_out_rather_than_empty() {
        check(
            json!({"properties": {
                "s": {"type": "string"},
                "n": {"type": ["integer", "null"]},
                "u": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null},
                "d": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 7},
                "r": {"type": "string"}
            }, "required": ["r"]}),
            &[
                json!({"r": ""}),
                json!({"r": "x", "s": "y", "n": 1, "u": "z"}),
                json!({"r": "", "d": null}),
            ],
            &[
                json!({"r": "", "s": ""}),
                json!({"r": "", "n": null}),
                json!({"r": "", "u": null}),
                json!({"r": "", "u": ""}),
            ],
        );
    }
}
