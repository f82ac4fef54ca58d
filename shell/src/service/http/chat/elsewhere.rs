//! The schema of an answer where other servers take it: llama.cpp's in `json_schema`, vLLM's in
//! `guided_json` or `structured_outputs`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::error::ApiError;
use super::super::known::FORMS;
use super::super::plain::schema;

/// Fields that hold a schema.
const SCHEMAS: [&str; 2] = ["json_schema", "guided_json"];
/// What vLLM's field may hold beside a schema.
const OUTPUTS: &str = "structured_outputs";

/// The schema in the fields of `rest`, if one has it.
///
/// # Errors
/// One that no model can be held to, and another form than a schema.
pub fn schema_in(rest: &HashMap<String, Value>) -> Result<Option<Value>, ApiError> {
    for name in SCHEMAS {
        if let Some(found) = rest.get(name).filter(|given| asks(given)) {
            return read(name, found).map(Some);
        }
    }
    let outputs = match rest.get(OUTPUTS) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(outputs)) => outputs,
        Some(_) => {
            return Err(ApiError::invalid(
                OUTPUTS,
                "it is an object with a schema in `json`",
            ));
        }
    };
    for (name, given) in outputs.iter().filter(|(_, given)| asks(given)) {
        let param = format!("{OUTPUTS}.{name}");
        match name.as_str() {
            "json" => return read(&param, given).map(Some),
            "json_object" => return Ok(Some(json!({"type": "object"}))),
            "regex" | "choice" | "grammar" | "structural_tag" => {
                let message = format!("`{param}` is not supported: {FORMS}");
                return Err(ApiError::unsupported(param, message));
            }
            // How vLLM writes what it is held to.
            _ => {}
        }
    }
    Ok(None)
}

/// Whether a value asks for something.
fn asks(given: &Value) -> bool {
    !given.is_null() && *given != json!(false) && *given != json!({}) && *given != json!("")
}

/// The schema in a value, or in the text of one.
fn read(param: &str, given: &Value) -> Result<Value, ApiError> {
    let Value::String(text) = given else {
        return schema(param, given, false);
    };
    let read = serde_json::from_str(text);
    let read = read.map_err(|error| ApiError::invalid(param, format!("no JSON: {error}")))?;
    schema(param, &read, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_found_where_other_servers_take_it() {
        let own = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
        let check = |body: Value, want: Result<bool, &str>| {
            let fields = body.as_object().cloned().unwrap_or_default();
            let got = schema_in(&fields.into_iter().collect());
            let got = got.map(|found| found.is_some());
            let got = got.map_err(|error| error.param.unwrap_or_default());
            assert_eq!(got, want.map_err(str::to_owned), "{body}");
        };
        check(json!({}), Ok(false));
        check(json!({"json_schema": {}, "guided_json": null}), Ok(false));
        check(json!({"structured_outputs": {"json": null}}), Ok(false));
        check(json!({"structured_outputs": null}), Ok(false));
        check(
            json!({"structured_outputs": "json"}),
            Err("structured_outputs"),
        );
        check(json!({"json_schema": own}), Ok(true));
        check(json!({"guided_json": own}), Ok(true));
        check(json!({"guided_json": own.to_string()}), Ok(true));
        check(json!({"structured_outputs": {"json": own}}), Ok(true));
        check(
            json!({"structured_outputs": {"json_object": true}}),
            Ok(true),
        );
        check(json!({"guided_json": "{"}), Err("guided_json"));
        check(json!({"json_schema": {"type": "x"}}), Err("json_schema"));
        check(
            json!({"structured_outputs": {"choice": ["a", "b"]}}),
            Err("structured_outputs.choice"),
        );
    }
}
