//! What servers say nearly as the protocol has it.
//!
//! The library reads a result as a whole: one tool without a schema, or one part of content
//! of a kind that is not known, and nothing of it can be read. Such results are given the
//! form they were meant to have, so that one odd tool never stops the others.

use std::borrow::Cow;

use rmcp::model::{ContentBlock, CustomResult, ServerJsonRpcMessage, ServerResult};
use rmcp::service::{self, RoleClient};
use rmcp::transport::Transport;
use serde_json::{Map, Value, json};

/// A connection on which results have the form that the protocol says.
pub(super) struct Mended<T>(pub(super) T);

impl<T: Transport<RoleClient> + 'static> Transport<RoleClient> for Mended<T> {
    type Error = T::Error;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn send(
        &mut self,
        item: service::TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.0.send(item)
    }

    async fn receive(&mut self) -> Option<service::RxJsonRpcMessage<RoleClient>> {
        self.0.receive().await.map(mended)
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.0.close().await
    }
}

fn mended(message: ServerJsonRpcMessage) -> ServerJsonRpcMessage {
    match message {
        ServerJsonRpcMessage::Response(mut response) => {
            response.result = match response.result {
                // What the library could not read.
                ServerResult::CustomResult(CustomResult(value)) => result(value),
                known => known,
            };
            ServerJsonRpcMessage::Response(response)
        }
        other => other,
    }
}

fn result(value: Value) -> ServerResult {
    let Value::Object(mut fields) = value else {
        return ServerResult::CustomResult(CustomResult(value));
    };
    if let Some(Value::Array(tools)) = fields.get_mut("tools") {
        tools.iter_mut().for_each(tool);
    } else if fields.contains_key("protocolVersion") {
        greeting(&mut fields);
    } else if fields.contains_key("content") || fields.contains_key("structuredContent") {
        outcome(&mut fields);
    }
    let whole = Value::Object(fields);
    serde_json::from_value(whole.clone())
        .unwrap_or_else(|_| ServerResult::CustomResult(CustomResult(whole)))
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
    if !fields.get("name").is_some_and(Value::is_string) {
        fields.insert("name".into(), "(no name)".into());
    }
    let schema = fields.remove("inputSchema");
    let schema = schema.or_else(|| fields.remove("input_schema"));
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
fn greeting(fields: &mut Map<String, Value>) {
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
}

/// What a call came to.
fn outcome(fields: &mut Map<String, Value>) {
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
}

/// A part of content, as text where it is of no kind that is known.
fn block(block: Value) -> Value {
    if serde_json::from_value::<ContentBlock>(block.clone()).is_ok() {
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
        (_, "image" | "audio") if block["data"].is_string() && block["mimeType"].is_null() => {
            return json!({"type": kind, "data": block["data"], "mimeType": "of a kind that is not said"});
        }
        _ => block.to_string(),
    };
    json!({"type": "text", "text": text})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(value: Value) -> ServerResult {
        let message = json!({"jsonrpc": "2.0", "id": 1, "result": value});
        let message: ServerJsonRpcMessage = serde_json::from_value(message).unwrap();
        match mended(message) {
            ServerJsonRpcMessage::Response(response) => response.result,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_odd_tool_stops_no_other() {
        let good = json!({"name": "good", "inputSchema": {"type": "object"}});
        let check = |odd: Value, want: Value| {
            let ServerResult::ListToolsResult(list) = said(json!({"tools": [good, odd]})) else {
                panic!("no list: {odd}")
            };
            assert_eq!(list.tools[0].name, "good");
            let tool = serde_json::to_value(&list.tools[1]).unwrap();
            assert_eq!(tool, want, "{odd}");
        };
        let any = json!({"type": "object"});
        check(
            json!({"name": "a"}),
            json!({"name": "a", "inputSchema": any}),
        );
        check(
            json!({"name": "a", "inputSchema": null, "description": 3, "icons": "a.png",
                   "annotations": {"readOnlyHint": "yes", "destructiveHint": true}}),
            json!({"name": "a", "inputSchema": any, "annotations": {"destructiveHint": true}}),
        );
        check(
            json!({"name": "a", "input_schema": {"type": "object", "properties": {}}}),
            json!({"name": "a", "inputSchema": {"type": "object", "properties": {}}}),
        );
        check(json!("a"), json!({"name": "(no name)", "inputSchema": any}));
        check(
            json!({"name": "a", "inputSchema": ["b"]}),
            json!({"name": "a", "inputSchema": {"type": ["b"]}}),
        );
    }

    #[test]
    fn a_greeting_is_read() {
        let check = |value: Value| {
            let ServerResult::InitializeResult(greeting) = said(value) else {
                panic!("no greeting")
            };
            assert!(greeting.capabilities.tools.is_some());
        };
        let begin = |more: Value| {
            let mut whole = json!({"protocolVersion": "2025-06-18"});
            let fields = whole.as_object_mut().unwrap();
            fields.extend(more.as_object().unwrap().clone());
            whole
        };
        let info = json!({"name": "s", "version": "1"});
        check(begin(
            json!({"capabilities": {"tools": {}}, "serverInfo": info}),
        ));
        check(begin(
            json!({"capabilities": {"tools": [], "logging": []}, "serverInfo": info}),
        ));
        check(begin(
            json!({"capabilities": {"tools": true, "prompts": false}}),
        ));
        check(begin(
            json!({"capabilities": {"tools": {}}, "serverInfo": {"name": "s"}}),
        ));
    }

    #[test]
    fn what_a_call_came_to_is_read() {
        let check = |value: Value, want: &[&str]| {
            let ServerResult::CallToolResult(result) = said(value.clone()) else {
                panic!("no outcome: {value}")
            };
            let texts: Vec<String> = result
                .content
                .iter()
                .map(super::super::content::text)
                .collect();
            assert_eq!(texts, want, "{value}");
        };
        check(json!({"content": "just words"}), &["just words"]);
        check(
            json!({"content": {"type": "text", "text": "one"}}),
            &["one"],
        );
        check(
            json!({"content": ["a", {"text": "b"}, {"type": "text", "text": 3}]}),
            &["a", "b", "3"],
        );
        check(
            json!({"content": [{"type": "text", "text": "kept"}, {"type": "video", "url": "x"}]}),
            &["kept", r#"{"type":"video","url":"x"}"#],
        );
        check(
            json!({"content": [{"type": "image", "data": "AAAA"}], "isError": "false"}),
            &["[an image, of a kind that is not said, 3 bytes]"],
        );
        check(
            json!({"content": [{"type": "text", "text": null}], "isError": true}),
            &[""],
        );
    }
}
