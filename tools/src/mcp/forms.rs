//! The forms that results were meant to have, made of what servers send in their place.

use rmcp::model::ContentBlock;
use serde_json::{Map, Value, json};

/// The revision of a server that names none.
const FIRST_REVISION: &str = "2024-11-05";

/// A list of tools: from a list, a list under its name, or tools by their names.
pub(super) fn listing(value: Value) -> Value {
    let mut fields = match value {
        Value::Object(fields) => fields,
        Value::Array(tools) => Map::from_iter([("tools".to_owned(), Value::Array(tools))]),
        _ => Map::new(),
    };
    let mut tools: Vec<Value> = match fields.remove("tools") {
        Some(Value::Array(tools)) => tools,
        Some(Value::Object(tools)) => tools
            .into_iter()
            .map(|(name, mut tool)| {
                if let Some(fields) = tool.as_object_mut() {
                    fields.entry("name").or_insert(name.into());
                }
                tool
            })
            .collect(),
        _ => Vec::new(),
    };
    tools.iter_mut().for_each(tool);
    let cursor = match fields.remove("nextCursor") {
        Some(Value::Number(number)) => number.to_string().into(),
        Some(Value::String(text)) => text.into(),
        _ => Value::Null,
    };
    json!({"tools": tools, "nextCursor": cursor})
}

/// What was read: a text, a part of content, or several under their name.
pub(super) fn found(value: Value) -> Value {
    let parts = match value {
        Value::Object(mut fields) => match fields.remove("contents").or(fields.remove("content")) {
            Some(Value::Array(parts)) => parts,
            Some(Value::Null) => Vec::new(),
            Some(one) => vec![one],
            None => vec![Value::Object(fields)],
        },
        Value::Array(parts) => parts,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    let part = |part: Value| {
        let field = |key: &str| part.get(key).and_then(Value::as_str);
        let uri = field("uri").unwrap_or("(no address)");
        let kind = field("mimeType");
        let mut whole = match (field("blob"), field("text"), part.as_str()) {
            (Some(blob), _, _) => json!({"uri": uri, "blob": blob}),
            (None, Some(text), _) | (None, None, Some(text)) => json!({"uri": uri, "text": text}),
            (None, None, None) => json!({"uri": uri, "text": part.to_string()}),
        };
        if let (Some(kind), Some(fields)) = (kind, whole.as_object_mut()) {
            fields.insert("mimeType".into(), kind.into());
        }
        whole
    };
    json!({"contents": parts.into_iter().map(part).collect::<Vec<Value>>()})
}

/// A tool with a name, an object for a schema, and remarks of their types. One that cannot be
/// one gets a name or a schema that is refused where tools become functions.
fn tool(tool: &mut Value) {
    if !tool.is_object() {
        *tool = json!({});
    }
    let Some(fields) = tool.as_object_mut() else {
        return;
    };
    // As the definition of a function in a request to a model.
    if let Some(Value::Object(function)) = fields.remove("function") {
        fields.extend(function);
    }
    if !fields.get("name").is_some_and(Value::is_string) {
        fields.insert("name".into(), "(no name)".into());
    }
    let schema = ["inputSchema", "input_schema", "parameters", "schema"]
        .iter()
        .find_map(|name| fields.remove(*name).filter(|schema| !schema.is_null()));
    let written = schema.as_ref().and_then(Value::as_str);
    let written = written.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
    let schema = written.map(Value::Object).or(schema);
    let schema = match schema {
        Some(schema @ Value::Object(_)) => schema,
        Some(Value::Array(items)) if !items.is_empty() => json!({ "type": items }),
        Some(Value::String(text)) if !text.is_empty() => json!({ "type": text }),
        _ => json!({"type": "object"}),
    };
    fields.insert("inputSchema".into(), schema);
    fields.retain(|name, value| match name.as_str() {
        "title" | "description" => value.is_string(),
        "outputSchema" | "annotations" => value.is_object(),
        "_meta" | "icons" | "execution" => false,
        _ => true,
    });
    if let Some(Value::Object(annotations)) = fields.get_mut("annotations") {
        annotations.retain(|name, hint| match name.as_str() {
            "title" => hint.is_string(),
            _ => hint.is_boolean(),
        });
    }
}

/// What a server says of itself at the beginning.
pub(super) fn greeting(mut value: Value) -> Value {
    let Some(fields) = value.as_object_mut() else {
        return value;
    };
    let has = |name: &str| fields.contains_key(name);
    // What a server of a later revision says of itself has its own form.
    let begins = has("capabilities") || has("serverInfo");
    if !has("protocolVersion") && (has("supportedVersions") || !begins) {
        return value;
    }
    if !fields.get("protocolVersion").is_some_and(Value::is_string) {
        fields.insert("protocolVersion".into(), FIRST_REVISION.into());
    }
    let capabilities = fields.remove("capabilities");
    let mut capabilities = capabilities.filter(Value::is_object).unwrap_or(json!({}));
    for (_, settings) in capabilities.as_object_mut().into_iter().flatten() {
        // Languages without objects write an empty one as a list.
        if !settings.is_object() && *settings != json!(false) {
            *settings = json!({});
        }
    }
    if let Some(map) = capabilities.as_object_mut() {
        map.retain(|_, settings| settings.is_object());
        // What is said of none of these changes nothing here.
        map.retain(|name, _| !["experimental", "extensions"].contains(&name.as_str()));
        for settings in map.values_mut().filter_map(Value::as_object_mut) {
            settings.retain(|_, setting| !setting.is_string());
        }
    }
    let info = fields.remove("serverInfo");
    let text = |key: &str| {
        let said = info.as_ref().and_then(|info| info.get(key)?.as_str());
        said.unwrap_or_default().to_owned()
    };
    let info = json!({"name": text("name"), "version": text("version")});
    fields.insert("capabilities".into(), capabilities);
    fields.insert("serverInfo".into(), info);
    fields.retain(|name, value| name != "instructions" || value.is_string());
    fields.retain(|name, _| name != "_meta");
    value
}

/// What a call came to: content under its name or alone, or a value of whatever form.
pub(super) fn outcome(value: Value) -> Value {
    let structured = |value: Value| json!({"content": [], "structuredContent": value});
    let mut fields = match value {
        Value::Object(fields) => fields,
        Value::String(text) => return json!({"content": [{"type": "text", "text": text}]}),
        Value::Array(parts) if !parts.is_empty() && parts.iter().all(is_block) => {
            return json!({ "content": parts });
        }
        other => return structured(other),
    };
    // The form of the first revision.
    if let Some(result) = fields.remove("toolResult") {
        return structured(result);
    }
    let named = ["content", "structuredContent", "isError"];
    if !named.iter().any(|name| fields.contains_key(*name)) {
        fields.remove("_meta");
        fields.remove("resultType");
        return structured(Value::Object(fields));
    }
    let blocks = match fields.remove("content") {
        Some(Value::Array(blocks)) => blocks,
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![one],
    };
    let blocks: Vec<Value> = blocks.into_iter().map(block).collect();
    fields.insert("content".into(), blocks.into());
    if let Some(failed) = fields.remove("isError") {
        let failed = failed == json!(true) || failed == json!("true");
        fields.insert("isError".into(), failed.into());
    }
    fields.retain(|name, _| name != "_meta");
    Value::Object(fields)
}

fn is_block(value: &Value) -> bool {
    serde_json::from_value::<ContentBlock>(value.clone()).is_ok()
}

/// A part of content, as text where it is of no kind that is known.
fn block(block: Value) -> Value {
    if is_block(&block) {
        return block;
    }
    let kind = block["type"].as_str().unwrap_or("text");
    let text = match (&block, kind) {
        (Value::String(text), _) => text.clone(),
        (_, "text") if block.get("text").is_some() => match &block["text"] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        },
        (_, "resource_link") if block["uri"].is_string() => return link(&block),
        (_, "image" | "audio") if block["data"].is_string() && block["mimeType"].is_null() => {
            return json!({"type": kind, "data": block["data"], "mimeType": "of a kind that is not said"});
        }
        _ => block.to_string(),
    };
    json!({"type": "text", "text": text})
}

/// A link with an address, and what else can be read of it.
fn link(link: &Value) -> Value {
    let mut whole = json!({"type": "resource_link", "uri": link["uri"], "name": ""});
    for name in ["name", "title", "description", "mimeType"] {
        if link[name].is_string() {
            whole[name] = link[name].clone();
        }
    }
    let size: Option<u64> = match &link["size"] {
        Value::String(digits) => digits.trim().parse().ok(),
        number => number.as_u64(),
    };
    if let Some(bytes) = size {
        whole["size"] = bytes.into();
    }
    whole
}
