//! A server's tools as functions, and what its calls come to.

use rmcp::model::{CallToolResult, Tool};
use serde_json::{Value, json};

use super::content;
use crate::device::{Effect, ErrorKind, FunctionSpec, ToolError};
use crate::json_schema;

/// How much of a failure is told: some servers answer with the page that they failed at.
const FAILURE_CHARS_MAX: usize = 8_000;

/// A tool as a function, or why it cannot be one.
pub(super) fn function(tool: &Tool) -> Result<FunctionSpec, String> {
    let name = tool.name.to_string();
    // Letters of any script: nothing in such a name ends it, or is not seen.
    let plain = |c: char| c.is_alphanumeric() || "_-./:@$".contains(c);
    let valid = !name.is_empty() && name.len() <= 128 && name.chars().all(plain);
    if !valid {
        return Err("its name cannot be written in an action".into());
    }
    let given = schema_in(Value::Object((*tool.input_schema).clone()));
    let parameters = json_schema::normal_of_server(&given)
        .map_err(|error| format!("the schema of its arguments is broken: {error}"))?;
    let parameters = arguments(parameters)?;
    // What a result looks like is said to nobody who could not do without it.
    let returns = tool.output_schema.as_ref().map_or_else(
        || json!({}),
        |schema| {
            json_schema::normal(&Value::Object((**schema).clone())).unwrap_or_else(|_| json!({}))
        },
    );
    // Without a word on it a tool may do anything.
    let reads = tool
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.read_only_hint)
        .unwrap_or(false);
    let effect = if reads { Effect::Read } else { Effect::Write };
    let description = description(tool);
    Ok(FunctionSpec::new(
        name,
        description,
        parameters,
        returns,
        effect,
    ))
}

/// The purpose of a tool: its description, or its title where it has none.
fn description(tool: &Tool) -> String {
    let annotated = tool
        .annotations
        .as_ref()
        .and_then(|all| all.title.as_deref());
    let says = [
        tool.description.as_deref(),
        tool.title.as_deref(),
        annotated,
    ];
    let first = says
        .into_iter()
        .flatten()
        .find(|text| !text.trim().is_empty());
    first.unwrap_or_default().to_owned()
}

/// The schema that a server means by `given`: what it has put around it is left out, and
/// properties that stand alone are those of an object.
fn schema_in(given: Value) -> Value {
    if let Ok(schema) = json_schema::unwrapped(&given) {
        return schema.clone();
    }
    let named = given.as_object().filter(|named| !named.is_empty());
    let is_schema = |one: &Value| one.is_object() && json_schema::unwrapped(one) == Ok(one);
    match named.is_some_and(|named| named.values().all(is_schema)) {
        true => json!({"type": "object", "properties": given}),
        false => given,
    }
}

/// A schema of arguments: an object, and without any where it names none, as servers write
/// it.
///
/// # Errors
/// Where only values other than objects satisfy it: the protocol passes none.
fn arguments(mut schema: Value) -> Result<Value, String> {
    let says = [
        "$ref",
        "additionalProperties",
        "allOf",
        "anyOf",
        "oneOf",
        "patternProperties",
        "properties",
        "required",
    ];
    let silent = says.iter().all(|key| schema.get(*key).is_none());
    if let Some(map) = schema.as_object_mut() {
        let admitted = match map.get("type") {
            Some(Value::Array(names)) => names.contains(&json!("object")),
            Some(name) => name == "object",
            None => true,
        };
        if !admitted {
            return Err("its arguments are no object".into());
        }
        map.insert("type".into(), json!("object"));
        if silent {
            map.insert("properties".into(), json!({}));
        }
    }
    Ok(schema)
}

/// The outcome of a call: its structured result, else its texts.
pub(super) fn outcome(result: CallToolResult, bytes_max: usize) -> Result<Value, ToolError> {
    if result.is_error == Some(true) {
        let message = match content::value(&result.content, result.structured_content) {
            Value::String(text) => text.trim().to_owned(),
            value => value.to_string(),
        };
        let message = match message.is_empty() {
            true => "it failed without a reason".to_owned(),
            false => shortened(&message),
        };
        return Err(ToolError::new(ErrorKind::Failed, message, ""));
    }
    bounded(
        content::value(&result.content, result.structured_content),
        bytes_max,
    )
}

/// The words of a failure, as far as they are worth reading.
pub(super) fn shortened(words: &str) -> String {
    match words.char_indices().nth(FAILURE_CHARS_MAX) {
        Some((end, _)) => format!("{} … ({} bytes in all)", &words[..end], words.len()),
        None => words.to_owned(),
    }
}

/// `value`, if it is not too long.
pub(super) fn bounded(value: Value, bytes_max: usize) -> Result<Value, ToolError> {
    let bytes = value.to_string().len();
    match bytes > bytes_max {
        true => Err(ToolError::new(
            ErrorKind::OutputTooLarge,
            format!("the result has {bytes} bytes; the limit is {bytes_max}"),
            "ask for less at a time",
        )),
        false => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_become_functions() {
        let check = |tool: Value, want: &str| {
            let tool: Tool = serde_json::from_value(tool).unwrap();
            let said = match function(&tool) {
                Ok(f) => format!("{} {:?} {}", f.name, f.effect, f.parameters),
                Err(reason) => reason,
            };
            assert_eq!(said, want);
        };
        check(
            json!({"name": "now", "inputSchema": {"type": "object"}}),
            r#"now Write {"type":"object","properties":{}}"#,
        );
        check(
            json!({"name": "get", "annotations": {"readOnlyHint": true},
                   "inputSchema": {"type": "object", "properties": {"a": {"type": "string"}}}}),
            r#"get Read {"type":"object","properties":{"a":{"type":"string"}}}"#,
        );
        check(
            json!({"name": "all", "inputSchema": {"type": "object", "additionalProperties": true}}),
            r#"all Write {"type":"object","additionalProperties":true}"#,
        );
        check(
            json!({"name": "refer", "inputSchema": {"$ref": "#/$defs/P", "$defs": {"P": {"properties": {}}}}}),
            r##"refer Write {"properties":{},"$defs":{"P":{"properties":{}}},"type":"object"}"##,
        );
        check(
            json!({"name": "greet", "inputSchema": {"properties": {"who": {"pattern": r"^\w+$"}}}}),
            r#"greet Write {"properties":{"who":{"pattern":"^[_\\p{L}\\p{M}\\p{N}]+$"}},"type":"object"}"#,
        );
        check(
            json!({"name": "gone", "inputSchema": {"properties": {"a": {"$ref": "#/components/P"}}}}),
            r#"gone Write {"properties":{"a":{}},"type":"object"}"#,
        );
        let endless = json!({"$ref": "#/$defs/P", "$defs": {"P": {"$ref": "#/$defs/P"}}});
        check(
            json!({"name": "endless", "inputSchema": endless}),
            "the schema of its arguments is broken: the definition P refers to itself without an end",
        );
        check(
            json!({"name": "天气:查询", "inputSchema": {"type": "object"}}),
            r#"天气:查询 Write {"type":"object","properties":{}}"#,
        );
        let a = || json!({"type": "object", "properties": {"a": {"type": "string"}}});
        for schema in [
            json!({"schema": a()}),
            json!({"jsonSchema": a()}),
            a()["properties"].clone(),
        ] {
            check(
                json!({"name": "apart", "inputSchema": schema}),
                r#"apart Write {"type":"object","properties":{"a":{"type":"string"}}}"#,
            );
        }
        check(
            json!({"name": "none", "inputSchema": {"type": ["object", "null"]}}),
            r#"none Write {"type":"object","properties":{}}"#,
        );
        check(
            json!({"name": "list", "inputSchema": {"type": "array", "items": {}}}),
            "its arguments are no object",
        );
        check(
            json!({"name": "two words", "inputSchema": {}}),
            "its name cannot be written in an action",
        );
    }

    #[test]
    fn a_tool_says_what_it_is_for() {
        let check = |more: Value, want: &str| {
            let mut tool = json!({"name": "a", "inputSchema": {"type": "object"}});
            let fields = tool.as_object_mut().unwrap();
            fields.extend(more.as_object().unwrap().clone());
            let tool: Tool = serde_json::from_value(tool).unwrap();
            assert_eq!(function(&tool).unwrap().description, want);
        };
        check(json!({}), "");
        check(json!({"description": "Adds.", "title": "Sum"}), "Adds.");
        check(json!({"description": " ", "title": "Sum"}), "Sum");
        check(json!({"annotations": {"title": "Sum"}}), "Sum");
    }

    #[test]
    fn a_long_failure_is_shortened() {
        assert_eq!(shortened("dry"), "dry");
        let long = "é".repeat(FAILURE_CHARS_MAX + 1);
        let want = format!("{} … (16002 bytes in all)", "é".repeat(FAILURE_CHARS_MAX));
        assert_eq!(shortened(&long), want);
    }

    #[test]
    fn results_become_values() {
        let check = |result: Value, want: Result<Value, &str>| {
            let result: CallToolResult = serde_json::from_value(result).unwrap();
            let got = outcome(result, 40).map_err(|error| error.message);
            assert_eq!(got, want.map_err(str::to_owned));
        };
        let text = |text: &str| json!([{"type": "text", "text": text}]);
        check(json!({"content": text("hi")}), Ok(json!("hi")));
        check(
            json!({"content": text("{\"a\": 1}"), "structuredContent": {"a": 1}}),
            Ok(json!({"a": 1})),
        );
        check(json!({"content": text("no"), "isError": true}), Err("no"));
        check(
            json!({"content": text("no"), "structuredContent": {"code": 3}, "isError": true}),
            Err(r#"{"text":"no","structured":{"code":3}}"#),
        );
        for empty in [json!([]), text(" \n"), json!(null)] {
            let result = json!({"content": empty, "structuredContent": {}, "isError": true});
            check(result, Err("it failed without a reason"));
        }
        check(json!({"content": []}), Ok(json!("")));
        check(
            json!({"content": text(&"x".repeat(50))}),
            Err("the result has 52 bytes; the limit is 40"),
        );
    }
}
