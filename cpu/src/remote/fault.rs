//! What an endpoint says of a failure, in whatever form it says it.

use serde_json::Value;

/// Characters of an error that are passed on.
const ERROR_CHARS_MAX: usize = 600;
/// Characters of a body that is not JSON that are passed on.
const PLAIN_CHARS_MAX: usize = 200;

/// Where the words of an error stand.
const NAMED: [&str; 7] = [
    "message",
    "msg",
    "detail",
    "error",
    "reason",
    "description",
    "status_msg",
];

/// What an event or a body says of a failure, if it tells of one.
pub(super) fn failure(event: &Value) -> Option<String> {
    let is_reply = event.get("choices").is_some_and(Value::is_array);
    let is_error = event["object"] == "error" || event["type"] == "error";
    let words = match &event["error"] {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) if text.is_empty() => None,
        Value::Bool(true) => Some(words_or_all(event)),
        Value::Object(fields) if fields.is_empty() => None,
        error => Some(words(error)),
    };
    let words = words.or_else(|| match (is_error, is_reply) {
        (true, _) => Some(words_or_all(event)),
        (false, true) => of_choice(&event["choices"]),
        (false, false) => unnamed(event),
    })?;
    Some(shortened(&words))
}

/// The failure that a router tells of within a choice.
fn of_choice(choices: &Value) -> Option<String> {
    let error = &choices[0]["error"];
    let tells = match error {
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => false,
    };
    tells.then(|| words(error))
}

/// The failure in `event`, which is no reply, and does not call it an error.
fn unnamed(event: &Value) -> Option<String> {
    let tells = |value: &Value| match value {
        Value::Null => false,
        Value::Array(several) => !several.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    };
    // As FastAPI has it, and others.
    let named = [&event["detail"], &event["errors"]];
    if let Some(named) = named.into_iter().find(|value| tells(value)) {
        return Some(words_or_all(named));
    }
    let refused = &event["base_resp"];
    if refused["status_code"]
        .as_i64()
        .is_some_and(|code| code != 0)
    {
        return Some(words_or_all(refused));
    }
    let says = event["message"].is_string() || event["msg"].is_string();
    (says && event.get("content").is_none()).then(|| words_or_all(event))
}

/// The words of an error in whatever form it is.
fn words(error: &Value) -> String {
    let said = words_or_all(error);
    // What a router was told by the one behind it.
    match error["metadata"]["raw"].as_str() {
        Some(raw) if !said.contains(raw) => format!("{said}: {raw}"),
        _ => said,
    }
}

/// The words of an error; all of it where it has none.
pub(super) fn words_or_all(error: &Value) -> String {
    match error {
        Value::String(text) => text.clone(),
        Value::Array(several) => {
            let all: Vec<String> = several.iter().map(words_or_all).collect();
            all.join("; ")
        }
        Value::Object(fields) => {
            let said = NAMED.iter().filter_map(|name| fields.get(*name));
            let said = said.map(words_or_all).find(|said| !said.is_empty());
            let said = said.unwrap_or_else(|| error.to_string());
            match place(&error["loc"]) {
                place if place.is_empty() => said,
                place => format!("{place}: {said}"),
            }
        }
        Value::Null | Value::Bool(_) => String::new(),
        other => other.to_string(),
    }
}

/// The part of a request that an error is about, as pydantic names it: `["body", "seed"]`.
fn place(loc: &Value) -> String {
    let names = loc.as_array().into_iter().flatten();
    let names = names.map(|name| match name {
        Value::String(name) => name.clone(),
        other => other.to_string(),
    });
    let names: Vec<String> = names.skip_while(|name| name == "body").collect();
    names.join(".")
}

/// A body that is not JSON in words: of a web page its title alone.
pub(super) fn plain(body: &str) -> String {
    if !is_page(body) {
        return body.chars().take(PLAIN_CHARS_MAX).collect();
    }
    let title = body
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"));
    match title.map(|(title, _)| title.trim()) {
        Some(title) if !title.is_empty() => format!("a web page, {:?}", shortened(title)),
        _ => "a web page".to_owned(),
    }
}

/// Whether `text` begins as a web page does.
pub(super) fn is_page(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

/// `text`, as much of it as is passed on.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(ERROR_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_failure_is_told_in_its_own_words() {
        let check = |event: Value, want: &str| {
            assert_eq!(failure(&event).unwrap_or_default(), want, "{event}");
        };
        check(json!({"error": true, "message": "no memory"}), "no memory");
        check(json!({"errors": [{"message": "no memory"}]}), "no memory");
        check(json!({"code": 1261, "msg": "too long"}), "too long");
        check(
            json!({"base_resp": {"status_code": 8, "status_msg": "no money"}, "choices": null}),
            "no money",
        );
        check(
            json!({"choices": [{"error": {"message": "upstream", "metadata": {"raw": "dry"}}}]}),
            "upstream: dry",
        );
        check(
            json!({"detail": [{"loc": ["body", "messages", 0], "msg": "not permitted"}]}),
            "messages.0: not permitted",
        );
        // Nothing went wrong.
        check(json!({"choices": [{"error": null, "delta": {}}]}), "");
        check(
            json!({"base_resp": {"status_code": 0, "status_msg": "ok"}}),
            "",
        );
        check(json!({"errors": [], "message": {"content": "hi"}}), "");
    }

    #[test]
    fn a_web_page_is_told_by_its_title() {
        let check = |body: &str, want: &str| assert_eq!(plain(body), want);
        check("Loading model", "Loading model");
        check(
            "<html><title>502 Bad Gateway</title>x",
            "a web page, \"502 Bad Gateway\"",
        );
        check("<!doctype html><body>x", "a web page");
    }
}
