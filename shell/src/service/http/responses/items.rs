//! The items that a client sent, as they are listed for it: each has an id and a type, and a
//! message has parts.

use serde_json::{Value, json};

use crate::config::digest::digest;

/// What stands in the ids of items that were sent, between the token of their response and their
/// place.
const SENT: &str = "_in";

/// What the items of response `id` are called after. It tells nothing of that id.
pub fn token(id: &str) -> String {
    digest(id, 24)
}

/// What `item` tells, where [`listed`] may have named it: the [`token`] of its response, and its
/// place among the items that were sent for that.
pub fn place(item: &str) -> Option<(&str, usize)> {
    let (before, at) = item.rsplit_once(SENT)?;
    let (_, token) = before.rsplit_once('_')?;
    Some((token, at.parse().ok()?))
}

/// The items `sent` for response `id`. An id that a client gave stays.
pub fn listed(id: &str, sent: Vec<Value>) -> Vec<Value> {
    let token = token(id);
    let one = |(at, mut item): (usize, Value)| {
        if item["type"].is_null() {
            item["type"] = "message".into();
        }
        let prefix = match item["type"].as_str() {
            Some("message") => "msg",
            Some("function_call" | "custom_tool_call") => "fc",
            Some("function_call_output" | "custom_tool_call_output") => "fco",
            Some("reasoning") => "rs",
            _ => "item",
        };
        if !item["id"].is_string() {
            item["id"] = format!("{prefix}_{token}{SENT}{at}").into();
        }
        if prefix == "msg"
            && let Value::String(text) = &item["content"]
        {
            let kind = match item["role"].as_str() {
                Some("assistant") => "output_text",
                _ => "input_text",
            };
            item["content"] = json!([{"type": kind, "text": text}]);
        }
        if item["status"].is_null() {
            item["status"] = "completed".into();
        }
        item
    };
    // An item that is no object is refused before it is kept.
    let items = sent.into_iter().filter(Value::is_object);
    items.enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_listed_with_ids() {
        let check = |sent: Value, kind: &str, id: Option<&str>, content: Value| {
            let item = listed("resp_7", vec![sent.clone()]).remove(0);
            let named = item["id"].as_str().unwrap_or_default();
            assert_eq!(item["type"], kind, "{sent}");
            assert_eq!(item["content"], content, "{sent}");
            let want = id.is_none().then(|| (token("resp_7"), 0));
            let got = place(named).map(|(token, at)| (token.to_owned(), at));
            assert_eq!(got, want, "{item}");
            if let Some(id) = id {
                assert_eq!(named, id);
            }
        };
        let parts = |kind: &str| json!([{"type": kind, "text": "Hi"}]);
        check(
            json!({"role": "user", "content": "Hi"}),
            "message",
            None,
            parts("input_text"),
        );
        check(
            json!({"type": "message", "role": "assistant", "content": "Hi", "id": "msg_1"}),
            "message",
            Some("msg_1"),
            parts("output_text"),
        );
        check(
            json!({"role": "user", "content": parts("input_text")}),
            "message",
            None,
            parts("input_text"),
        );
        check(
            json!({"type": "function_call_output", "call_id": "call_1", "output": "12:00"}),
            "function_call_output",
            None,
            Value::Null,
        );
        assert_eq!(listed("resp_7", vec![json!(7)]), Vec::<Value>::new());
    }
}
