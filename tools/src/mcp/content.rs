//! The contents of a result as text: texts as they are; pictures, sounds, other data and links by
//! their kind, wherever they stand in the result.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use rmcp::model::{ContentBlock, ReadResourceResult, Resource, ResourceContents};
use serde_json::{Map, Value, json};

use super::data::{URL_LETTERS_MIN, bytes_of, size, without_data};
use crate::device::{Effect, FunctionSpec};

/// How deep a structured result is looked into.
const DEPTH_MAX: usize = 64;

/// Parts of a result of which it is looked whether its structured part says the same: each is
/// compared with all that is in that.
const COMPARED_MAX: usize = 100;

/// The function that reads what a link in a result leads to.
pub(super) const READER: &str = "read_resource";
const READER_SAYS: &str = "Read a resource of this server by its address, such as a link in one \
                           of its results.";

/// The function by which resources of a server are read.
pub(super) fn reader() -> FunctionSpec {
    let uri = json!({"type": "string", "description": "the address, as the server wrote it"});
    let parameters = json!({"type": "object", "properties": {"uri": uri}, "required": ["uri"],
                            "additionalProperties": false});
    let returns = json!({"type": "string"});
    FunctionSpec::new(READER, READER_SAYS, parameters, returns, Effect::Read)
}

/// Whether `function` is [`reader`], and not a function of the server with that name.
pub(super) fn is_reader(function: &FunctionSpec) -> bool {
    function.name == READER && function.description == READER_SAYS
}

/// The parts of a result as a value: its structured part with the texts that do not say
/// the same again.
pub(super) fn value(content: &[ContentBlock], structured: Option<Value>) -> Value {
    let all = |texts: Vec<String>| Value::String(texts.join("\n"));
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    let Some(structured) = structured.filter(|value| !empty(value)) else {
        return all(content.iter().map(text).collect());
    };
    let parts = content.iter().enumerate();
    let others = parts.filter(|(n, block)| *n >= COMPARED_MAX || !is_said(block, &structured));
    let others: Vec<String> = others.map(|(_, block)| text(block)).collect();
    let structured = named(structured, 0);
    match others.iter().all(|text| text.trim().is_empty()) {
        true => structured,
        false => json!({"text": all(others), "structured": structured}),
    }
}

/// Whether `block` says what is in `structured` already: all of it, or, where it has one
/// field, what is in that or an item of it; or a text that is a value in it as it stands. So
/// libraries write for older clients.
fn is_said(block: &ContentBlock, structured: &Value) -> bool {
    let text = match block {
        ContentBlock::Text(text) => &text.text,
        // A picture that is in the structured part is named there.
        other => {
            return serde_json::to_value(other).is_ok_and(|value| holds(structured, &value, 0));
        }
    };
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    let same = |value: &Value| {
        value.as_str().map(str::trim) == Some(text.trim()) || parsed.as_ref() == Some(value)
    };
    let only = match structured.as_object().map(Map::len) {
        Some(1) => structured
            .as_object()
            .and_then(|fields| fields.values().next()),
        _ => None,
    };
    let items = only.and_then(Value::as_array).into_iter().flatten();
    let is_value = || holds(structured, &Value::String(text.clone()), 0);
    same(structured) || only.is_some_and(same) || items.into_iter().any(same) || is_value()
}

fn holds(structured: &Value, value: &Value, depth: usize) -> bool {
    let within = |inner: &Value| depth < DEPTH_MAX && holds(inner, value, depth + 1);
    structured == value
        || match structured {
            Value::Array(items) => items.iter().any(within),
            Value::Object(fields) => fields.values().any(within),
            _ => false,
        }
}

/// One part of a result as text.
pub(super) fn text(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => readable(&text.text),
        ContentBlock::Image(image) => an("image", &image.mime_type, &image.data),
        ContentBlock::Audio(audio) => an("recording", &audio.mime_type, &audio.data),
        ContentBlock::Resource(resource) => contents(&resource.resource),
        ContentBlock::ResourceLink(link) => link_words(link),
        _ => "[something else]".to_owned(),
    }
}

/// A text that may be JSON with data in it, or hold data itself.
fn readable(text: &str) -> String {
    let structured = text.trim_start().starts_with(['{', '[']);
    if structured
        && text.len() >= URL_LETTERS_MIN
        && let Ok(value) = serde_json::from_str::<Value>(text)
    {
        let shown = named(value.clone(), 0);
        if shown != value {
            return shown.to_string();
        }
        return text.to_owned();
    }
    without_data(text)
}

/// The contents that were read from an address.
pub(super) fn read(result: &ReadResourceResult) -> Value {
    let texts: Vec<String> = match result.contents.as_slice() {
        // Its address was asked for, and need not be said.
        [ResourceContents::TextResourceContents { text, .. }] => vec![readable(text)],
        several => several.iter().map(contents).collect(),
    };
    Value::String(texts.join("\n"))
}

fn contents(resource: &ResourceContents) -> String {
    match resource {
        ResourceContents::TextResourceContents { uri, text, .. } => {
            format!("{uri}:\n{}", readable(text))
        }
        ResourceContents::BlobResourceContents {
            uri,
            blob,
            mime_type,
            ..
        } => {
            let kind = mime_type.as_deref().unwrap_or_default();
            match written(kind, blob) {
                Some(text) => format!("{uri}:\n{}", readable(&text)),
                None => {
                    let kind = if kind.is_empty() { "data" } else { kind };
                    format!("[{uri}: {kind}, {}]", size(bytes_of(blob)))
                }
            }
        }
        _ => "[something else]".to_owned(),
    }
}

/// The text that is carried as data, where its type says that it is one.
fn written(kind: &str, blob: &str) -> Option<String> {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_text = kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml") && kind != "image/svg+xml"
        || matches!(
            kind,
            "application/json" | "application/xml" | "application/yaml" | "application/toml"
        );
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    let bytes = is_text.then(|| {
        engine
            .decode(blob.trim())
            .or_else(|_| general_purpose::URL_SAFE.decode(blob.trim()))
    });
    String::from_utf8(bytes?.ok()?).ok()
}

/// A link with all that tells what is behind it.
fn link_words(link: &Resource) -> String {
    let mut words = format!("[link {}", link.uri);
    if !link.name.is_empty() {
        words.push_str(&format!(": {}", link.name));
    }
    if let Some(title) = link.title.as_ref().filter(|title| **title != link.name) {
        words.push_str(&format!(" ({title})"));
    }
    if let Some(kind) = &link.mime_type {
        words.push_str(&format!(", {kind}"));
    }
    if let Some(bytes) = link.size {
        words.push_str(&format!(", {}", size(bytes as usize)));
    }
    if let Some(description) = &link.description {
        words.push_str(&format!("; {description}"));
    }
    words.push(']');
    words
}

/// The name of data that is no text.
fn an(what: &str, kind: &str, data: &str) -> String {
    let article = if what.starts_with(['a', 'i']) {
        "an"
    } else {
        "a"
    };
    format!("[{article} {what}, {kind}, {}]", size(bytes_of(data)))
}

/// `value` with names in place of the data in it.
fn named(value: Value, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return value;
    }
    match value {
        Value::String(text) => Value::String(without_data(&text)),
        Value::Array(items) => items
            .into_iter()
            .map(|item| named(item, depth + 1))
            .collect(),
        Value::Object(fields) => match data_in(&fields) {
            Some(name) => Value::String(name),
            None => fields
                .into_iter()
                .map(|(name, field)| (name, named(field, depth + 1)))
                .collect(),
        },
        other => other,
    }
}

/// The name of an object that is a part of content with data in it.
fn data_in(fields: &Map<String, Value>) -> Option<String> {
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    let kind = field("type");
    let data = field("data").or(field("blob"))?;
    match kind {
        Some("image" | "audio") => {
            field("mimeType").or(field("mime_type"))?;
            let block = serde_json::from_value(Value::Object(fields.clone())).ok();
            block.as_ref().map(text)
        }
        _ => {
            field("blob")?;
            let uri = field("uri")?;
            let mime = field("mimeType").unwrap_or("data");
            Some(match written(mime, data) {
                Some(text) => format!("{uri}:\n{}", readable(&text)),
                None => format!("[{uri}: {mime}, {}]", size(bytes_of(data))),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(content: Value, structured: Option<Value>) -> Value {
        let content: Vec<ContentBlock> = serde_json::from_value(content).unwrap();
        value(&content, structured)
    }

    #[test]
    fn texts_stand_beside_what_is_structured() {
        let check = |texts: &[&str], structured: Value, want: Value| {
            let block = |text: &&str| json!({"type": "text", "text": text});
            let content: Vec<Value> = texts.iter().map(block).collect();
            assert_eq!(shown(json!(content), Some(structured)), want);
        };
        check(&["{ \"a\": 1 }"], json!({"a": 1}), json!({"a": 1}));
        check(&[], json!({"a": 1}), json!({"a": 1}));
        check(
            &["seven"],
            json!({"result": "seven"}),
            json!({"result": "seven"}),
        );
        check(&["7"], json!({"result": 7}), json!({"result": 7}));
        check(
            &["seven\n"],
            json!({"result": "seven"}),
            json!({"result": "seven"}),
        );
        check(
            &["# Wool"],
            json!({"url": "x:a", "page": {"markdown": "# Wool"}}),
            json!({"url": "x:a", "page": {"markdown": "# Wool"}}),
        );
        check(
            &["1", "2"],
            json!({"result": [1, 2]}),
            json!({"result": [1, 2]}),
        );
        check(&["words"], json!({}), json!("words"));
        check(&["words"], Value::Null, json!("words"));
        check(
            &["{\"a\":1}", "The rest follows."],
            json!({"a": 1}),
            json!({"text": "The rest follows.", "structured": {"a": 1}}),
        );
        check(
            &["4 of them"],
            json!({"ids": [4]}),
            json!({"text": "4 of them", "structured": {"ids": [4]}}),
        );
    }

    #[test]
    fn data_is_named_wherever_it_stands() {
        let data = "aB3/".repeat(500);
        let image = json!({"type": "image", "mimeType": "image/png", "data": data});
        let named = "[an image, image/png, 1500 bytes]";
        let check = |content: Value, structured: Option<Value>, want: Value| {
            assert_eq!(shown(content, structured), want);
        };
        check(json!([image]), None, json!(named));
        check(
            json!([image]),
            Some(json!({"content": [image]})),
            json!({"content": [named]}),
        );
        check(
            json!([{"type": "text", "text": json!({"shot": image}).to_string()}]),
            None,
            json!(json!({ "shot": named }).to_string()),
        );
        check(
            json!([{"type": "text", "text": format!("![x](data:image/gif;base64,{data}) end")}]),
            None,
            json!("![x]([image/gif, 1500 bytes]) end"),
        );
        check(
            json!([]),
            Some(json!({"png": data})),
            json!({"png": "[data, 1500 bytes]"}),
        );
        check(
            json!([{"type": "audio", "mimeType": "audio/wav", "data": "AAAA"}]),
            None,
            json!("[a recording, audio/wav, 3 bytes]"),
        );
        check(
            json!([{"type": "resource", "resource": {"uri": "x:a", "blob": data, "mimeType": "application/zip"}}]),
            None,
            json!("[x:a: application/zip, 1500 bytes]"),
        );
        check(
            json!([{"type": "resource", "resource": {"uri": "x:a", "blob": "aMOpIQ==", "mimeType": "text/plain"}}]),
            None,
            json!("x:a:\nhé!"),
        );
        // In lines, as mail has it.
        let line = "aB3/".repeat(19);
        let lines = vec![line.as_str(); 20].join("\r\n");
        check(
            json!([{"type": "text", "text": format!("shot:\n{lines}\nA llama.\nIt spits.")}]),
            None,
            json!("shot:\n[data, 1140 bytes]\nA llama.\nIt spits."),
        );
        // Long, and to be read.
        let digest = "0f".repeat(2000);
        check(
            json!([]),
            Some(json!({"sum": digest})),
            json!({"sum": digest}),
        );
    }

    #[test]
    fn a_link_tells_what_is_behind_it() {
        let check = |link: Value, want: &str| assert_eq!(shown(json!([link]), None), want);
        check(
            json!({"type": "resource_link", "uri": "x:1", "name": "a.csv", "title": "All of it",
                   "description": "one line a day", "mimeType": "text/csv", "size": 20_480}),
            "[link x:1: a.csv (All of it), text/csv, 20 kB; one line a day]",
        );
        check(
            json!({"type": "resource_link", "uri": "x:1", "name": "a.csv"}),
            "[link x:1: a.csv]",
        );
    }
}
