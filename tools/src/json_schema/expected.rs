//! What a schema expects in a few words, for whoever gave something else: `{"n"?: integer|null}`.
//! Names and values are a stranger's, so they stand as JSON writes them, on one line.

use serde_json::Value;

use super::definition;

/// Values and forms that are named.
const SHOWN: usize = 8;
/// Characters of a value or a name.
const VALUE_CHARS_MAX: usize = 40;
/// Fields of an object; more are beyond the characters in all.
const FIELDS_MAX: usize = 200;
/// Characters in all.
const CHARS_MAX: usize = 1_000;
/// How deep lists and objects within each other are spelled out.
const DEPTH_MAX: usize = 3;

/// The values that `schema` admits.
pub(crate) fn expected(schema: &Value) -> String {
    let is_object = schema["properties"].is_object() || forms(schema).is_none();
    let text = match is_object {
        true => object(schema, schema, 0),
        false => kind(schema, schema, 0),
    };
    shortened(text, CHARS_MAX)
}

/// The forms among which a value has to choose, where there are several.
fn forms(schema: &Value) -> Option<&Vec<Value>> {
    schema["anyOf"].as_array().or(schema["oneOf"].as_array())
}

fn object(schema: &Value, root: &Value, depth: usize) -> String {
    let is_required = |name: &str| {
        let names = schema["required"].as_array();
        names.is_some_and(|names| names.iter().any(|known| known == name))
    };
    let fields = schema["properties"].as_object().into_iter().flatten();
    let fields: Vec<String> = fields
        .take(FIELDS_MAX)
        .map(|(name, field)| {
            let mark = if is_required(name) { "" } else { "?" };
            let name = written(&Value::from(name.as_str()));
            format!("{name}{mark}: {}", kind(field, root, depth + 1))
        })
        .collect();
    format!("{{{}}}", fields.join(", "))
}

/// The kind of a value within the schema `root`, which has the definitions.
fn kind(schema: &Value, root: &Value, depth: usize) -> String {
    let reference = schema["$ref"].as_str();
    if let Some(found) = reference.and_then(|reference| definition(root, reference)) {
        // Its own fields and no more: definitions may refer to each other, and each many times.
        return match depth < DEPTH_MAX {
            true => kind(found, root, DEPTH_MAX),
            false => "value".to_owned(),
        };
    }
    if let Some(only) = schema.get("const") {
        return written(only);
    }
    if let Some(values) = schema["enum"].as_array() {
        return joined(values.iter().map(written));
    }
    if let Some(forms) = forms(schema) {
        return joined(forms.iter().map(|form| kind(form, root, depth + 1)));
    }
    match &schema["type"] {
        Value::String(name) => named(name, schema, root, depth),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str);
            joined(names.map(|name| named(name, schema, root, depth)))
        }
        _ => "value".to_owned(),
    }
}

fn named(name: &str, schema: &Value, root: &Value, depth: usize) -> String {
    let is_shown = depth <= DEPTH_MAX;
    match name {
        "array" if is_shown && schema["prefixItems"].is_array() => {
            let items = schema["prefixItems"].as_array().into_iter().flatten();
            let items: Vec<String> = items.map(|item| kind(item, root, depth + 1)).collect();
            format!("[{}]", items.join(", "))
        }
        "array" if is_shown && schema["items"].is_object() => {
            format!("[{}]", kind(&schema["items"], root, depth + 1))
        }
        "object" if is_shown && schema["properties"].is_object() => object(schema, root, depth),
        "array" | "object" | "string" | "number" | "integer" | "boolean" | "null" => {
            name.to_owned()
        }
        _ => "value".to_owned(),
    }
}

/// Kinds beside each other, each once.
fn joined(kinds: impl Iterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    let mut is_cut = false;
    for kind in kinds {
        if all.len() == SHOWN {
            is_cut = true;
            break;
        }
        if !all.contains(&kind) {
            all.push(kind);
        }
    }
    all.join("|") + if is_cut { "|…" } else { "" }
}

fn written(value: &Value) -> String {
    shortened(value.to_string(), VALUE_CHARS_MAX)
}

fn shortened(text: String, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_is_told_in_a_few_words() {
        let check = |schema: Value, want: &str| assert_eq!(expected(&schema), want, "{schema}");
        let of = |field: Value| json!({"properties": {"n": field}, "required": ["n"]});
        check(json!({"type": "object"}), "{}");
        check(of(json!({"type": "string"})), r#"{"n": string}"#);
        check(
            json!({"properties": {"n": {"type": ["integer", "null"]}}}),
            r#"{"n"?: integer|null}"#,
        );
        check(
            of(json!({"anyOf": [{"type": "integer"}, {"type": "null"}, {"type": "null"}]})),
            r#"{"n": integer|null}"#,
        );
        check(of(json!({"enum": ["red", 7]})), r#"{"n": "red"|7}"#);
        check(of(json!({"const": "x"})), r#"{"n": "x"}"#);
        check(
            of(json!({"type": "array", "items": {"enum": ["a", "b"]}})),
            r#"{"n": ["a"|"b"]}"#,
        );
        let pair = json!([{"type": "integer"}, {"type": "string"}]);
        check(
            of(json!({"type": "array", "prefixItems": pair, "items": false})),
            r#"{"n": [integer, string]}"#,
        );
        check(
            of(json!({"type": "object", "properties": {"x": {}}})),
            r#"{"n": {"x"?: value}}"#,
        );
        let point = json!({"type": "object", "properties": {"x": {"type": "number"}}});
        check(
            json!({"properties": {"n": {"$ref": "#/$defs/P"}}, "$defs": {"P": point}}),
            r#"{"n"?: {"x"?: number}}"#,
        );
        // One that refers to itself is told once.
        let tree = json!({"type": "object", "properties": {"t": {"$ref": "#/$defs/T"}}});
        check(
            json!({"properties": {"n": {"$ref": "#/$defs/T"}}, "$defs": {"T": tree}}),
            r#"{"n"?: {"t"?: value}}"#,
        );
        check(of(json!({"$ref": "#/$defs/none"})), r#"{"n": value}"#);
        let forms = json!({"oneOf": [of(json!({"type": "null"})), {"type": "string"}]});
        check(forms, "value|string");
        // What a stranger chose stands on one line, and is no longer than it has to be.
        check(of(json!({"enum": ["a\nb"]})), r#"{"n": "a\nb"}"#);
        check(
            json!({"properties": {"a\n": {"type": "no\nsuch"}}}),
            r#"{"a\n"?: value}"#,
        );
        let many: Vec<u32> = (0..20).collect();
        check(of(json!({"enum": many})), r#"{"n": 0|1|2|3|4|5|6|7|…}"#);
        let deep = (0..9).fold(
            json!({"type": "null"}),
            |inner, _| json!({"type": "array", "items": inner}),
        );
        check(of(deep), r#"{"n": [[[array]]]}"#);
        let long = of(json!({"const": "y".repeat(90)}));
        assert_eq!(expected(&long).chars().filter(|c| *c == 'y').count(), 39);
    }
}
