//! The type of a value as a model reads it: `integer|null`, `{"circle": number}`.

use quipu_tools::json_schema::definition;
use serde_json::Value;

use super::plain::{name, quoted, value};

/// Values of an enumeration that are named; further ones are only counted.
const VALUES_SHOWN: usize = 16;
/// Characters of a value, or of a name.
pub(super) const VALUE_CHARS_MAX: usize = 60;
/// How deep definitions within definitions are spelled out.
const DEPTH_MAX: usize = 4;

/// The forms among which a value has to choose, where there are several.
pub(super) fn forms(schema: &Value) -> Option<&Vec<Value>> {
    schema["anyOf"].as_array().or(schema["oneOf"].as_array())
}

/// `schema`, or the definition that it refers to.
pub(super) fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEPTH_MAX {
        match schema["$ref"]
            .as_str()
            .and_then(|name| definition(root, name))
        {
            Some(found) => schema = found,
            None => break,
        }
    }
    schema
}

/// A property of an object.
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) schema: &'a Value,
    pub(super) required: bool,
}

/// The properties of `schema`, the required ones first.
pub(super) fn fields(schema: &Value) -> Vec<Field<'_>> {
    let required = |name: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|n| n == name))
    };
    let all = schema["properties"].as_object().into_iter().flatten();
    let mut fields: Vec<Field<'_>> = all
        .map(|(name, schema)| Field {
            name,
            schema,
            required: required(name),
        })
        .collect();
    // A model writes the required properties first.
    fields.sort_by_key(|field| !field.required);
    fields
}

/// The parameters of a function, as short as a model can still follow them: `{"expression":
/// string, "digits"?: integer}`.
pub fn signature(schema: &Value) -> String {
    match (forms(schema), fields(schema).is_empty()) {
        (Some(_), true) => kind(schema, schema),
        _ => object(schema, schema, &mut Vec::new()),
    }
}

fn object<'a>(schema: &'a Value, root: &'a Value, inside: &mut Vec<&'a str>) -> String {
    let fields: Vec<String> = fields(schema)
        .iter()
        .map(|field| {
            let mark = if field.required { "" } else { "?" };
            let kind = kind_in(field.schema, root, inside);
            format!("{}{mark}: {kind}", quoted(field.name))
        })
        .collect();
    format!("{{{}}}", fields.join(", "))
}

/// The type of a value, in the normal form `root`.
pub(super) fn kind(schema: &Value, root: &Value) -> String {
    kind_in(schema, root, &mut Vec::new())
}

/// The type of a value; `inside` are the definitions around it.
fn kind_in<'a>(schema: &'a Value, root: &'a Value, inside: &mut Vec<&'a str>) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let called = name(reference.rsplit('/').next().unwrap_or_default());
        let found = definition(root, reference);
        return match found.filter(|_| !inside.contains(&reference) && inside.len() < DEPTH_MAX) {
            Some(found) => {
                inside.push(reference);
                let kind = kind_in(found, root, inside);
                inside.pop();
                kind
            }
            None => called,
        };
    }
    if let Some(only) = schema.get("const") {
        return value(only);
    }
    if let Some(values) = schema["enum"].as_array() {
        let shown: Vec<String> = values.iter().take(VALUES_SHOWN).map(value).collect();
        return shown.join("|") + &rest(values.len());
    }
    if fields(schema).is_empty()
        && let Some(forms) = forms(schema)
    {
        return joined(forms.iter().map(|form| kind_in(form, root, inside)));
    }
    match &schema["type"] {
        Value::String(name) => kind_named(name, schema, root, inside),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str);
            joined(names.map(|name| kind_named(name, schema, root, inside)))
        }
        _ => kind_named(meant(schema), schema, root, inside),
    }
}

/// The words for those of `all` kinds that are not shown.
fn rest(all: usize) -> String {
    match all.saturating_sub(VALUES_SHOWN) {
        0 => String::new(),
        more => format!("|… ({more} more)"),
    }
}

/// Kinds beside each other, each once, null at the end.
fn joined(kinds: impl Iterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for kind in kinds {
        if !all.contains(&kind) {
            all.push(kind);
        }
    }
    all.sort_by_key(|kind| kind == "null");
    let rest = rest(all.len());
    all.truncate(VALUES_SHOWN);
    all.join("|") + &rest
}

/// The type that a schema means without naming it.
fn meant(schema: &Value) -> &'static str {
    let has = |keys: &[&str]| keys.iter().any(|key| schema.get(*key).is_some());
    match () {
        () if has(&["properties", "additionalProperties", "patternProperties"]) => "object",
        () if has(&["items", "prefixItems"]) => "array",
        () if has(&["pattern", "format", "minLength", "maxLength"]) => "string",
        () if has(&["minimum", "maximum", "multipleOf"]) => "number",
        () if has(&["allOf"]) => "allOf",
        () => "any",
    }
}

fn kind_named<'a>(
    name: &str,
    schema: &'a Value,
    root: &'a Value,
    inside: &mut Vec<&'a str>,
) -> String {
    match name {
        "array" => {
            let first = schema["prefixItems"].as_array().into_iter().flatten();
            let mut kinds: Vec<String> = first.map(|item| kind_in(item, root, inside)).collect();
            match &schema["items"] {
                Value::Object(_) if kinds.is_empty() => {
                    kinds.push(kind_in(&schema["items"], root, inside));
                }
                Value::Object(_) => {
                    kinds.push(format!("{}…", kind_in(&schema["items"], root, inside)));
                }
                // Without a word on them, or with one that admits all.
                Value::Null | Value::Bool(true) if kinds.is_empty() => {
                    kinds.push("any".to_owned());
                }
                _ => {}
            }
            format!("[{}]", kinds.join(", "))
        }
        "object" if !fields(schema).is_empty() => object(schema, root, inside),
        "object" if schema["additionalProperties"].is_object() => {
            let inner = kind_in(&schema["additionalProperties"], root, inside);
            format!("{{string: {inner}}}")
        }
        "string" => match schema["format"].as_str() {
            Some(format)
                if format
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '-') =>
            {
                format!("string ({format})")
            }
            _ => name.to_owned(),
        },
        "allOf" => {
            let parts = schema["allOf"].as_array().into_iter().flatten();
            let mut kinds = parts.map(|part| kind_in(part, root, inside));
            kinds
                .find(|kind| kind != "any")
                .unwrap_or_else(|| "any".to_owned())
        }
        "null" | "boolean" | "integer" | "number" | "object" => name.to_owned(),
        _ => "any".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn kinds_say_what_a_value_may_be() {
        let check =
            |schema: Value, want: &str| assert_eq!(kind(&schema, &schema), want, "{schema}");
        check(
            json!({"anyOf": [{"type": "null"}, {"type": "integer"}]}),
            "integer|null",
        );
        check(
            json!({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": false}),
            "[integer, string]",
        );
        check(
            json!({"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "string"}}),
            "[integer, string…]",
        );
        check(json!({"type": "array"}), "[any]");
        check(json!({"type": "array", "items": true}), "[any]");
        check(
            json!({"type": "object", "additionalProperties": {"type": "number"}}),
            "{string: number}",
        );
        check(
            json!({"oneOf": [
                {"type": "object", "properties": {"square": {"type": "null"}}, "required": ["square"]},
                {"type": "object", "properties": {"circle": {"type": "number"}}, "required": ["circle"]}]}),
            "{\"square\": null}|{\"circle\": number}",
        );
        check(
            json!({"$ref": "#/$defs/Node", "$defs": {"Node": {"properties": {"value": {"type": "integer"},
                "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}}, "required": ["value"]}}}),
            "{\"value\": integer, \"next\"?: Node|null}",
        );
        check(json!({"minLength": 3}), "string");
        check(
            json!({"const": "x".repeat(100)}),
            &format!("\"{}…\"", "x".repeat(80)),
        );
        check(json!({"type": "no\nsuch"}), "any");
    }

    #[test]
    fn thousands_of_values_are_counted() {
        let values: Vec<String> = (0..2_000).map(|n| format!("v{n}")).collect();
        let schema = json!({"properties": {"v": {"enum": values}}, "required": ["v"]});
        let text = signature(&schema);
        assert!(text.ends_with("\"v15\"|… (1984 more)}"), "{text}");
        // As they are written where each is described.
        let forms = values.iter().map(|v| json!({"const": v, "title": "One."}));
        let forms: Vec<Value> = forms.collect();
        let schema = json!({"properties": {"v": {"oneOf": forms}}});
        let text = signature(&schema);
        assert!(text.ends_with("\"v15\"|… (1984 more)}"), "{text}");
    }
}
