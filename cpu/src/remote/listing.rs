//! The models that an endpoint lists, in the forms that servers have for them.

use serde_json::Value;

/// Kinds of models that hold no conversation.
const OTHER_KINDS: [&str; 9] = [
    "audio",
    "embedding",
    "embeddings",
    "image",
    "moderation",
    "rerank",
    "reranker",
    "transcribe",
    "video",
];
/// The same, as their names tell where nothing else does.
const OTHER_NAMES: [&str; 4] = ["embed", "rerank", "whisper", "moderation"];

/// The models of a list, which is named or stands alone.
pub(super) fn entries(listed: &Value) -> Vec<Value> {
    let lists = [&listed["data"], &listed["models"], listed];
    let mut filled = lists.into_iter().filter_map(Value::as_array);
    filled
        .find(|list| !list.is_empty())
        .cloned()
        .unwrap_or_default()
}

/// What a model is called by in a request.
pub(super) fn name(entry: &Value) -> Option<&str> {
    let names = [entry, &entry["id"], &entry["name"], &entry["model"]];
    names.into_iter().find_map(Value::as_str)
}

/// The entry of the model `wanted`.
pub(super) fn named<'e>(entries: &'e [Value], wanted: &str) -> Option<&'e Value> {
    entries.iter().find(|entry| name(entry) == Some(wanted))
}

/// The model to take where none is named: the first that holds a conversation, and of these
/// one that is loaded, if the list tells.
pub(super) fn first(entries: &[Value]) -> Option<&Value> {
    let talks = |entry: &&Value| {
        let kind = entry["type"].as_str().unwrap_or_default();
        let called = name(entry).unwrap_or_default().to_ascii_lowercase();
        !OTHER_KINDS.contains(&kind) && !OTHER_NAMES.iter().any(|name| called.contains(name))
    };
    let loaded = |entry: &&Value| entry["state"] == "loaded";
    let all = || entries.iter();
    let talking = all().filter(talks).find(loaded);
    talking.or_else(|| all().find(talks)).or(entries.first())
}

/// What servers call the window of a listed model: llama.cpp, LM Studio, vLLM, OpenRouter.
/// The one that runs is stated before the one that the model could have.
pub(super) fn window(entry: &Value) -> Option<usize> {
    let stated = [
        &entry["meta"]["n_ctx"],
        &entry["loaded_context_length"],
        &entry["max_model_len"],
        &entry["top_provider"]["context_length"],
        &entry["context_length"],
        &entry["context_window"],
        &entry["max_context_length"],
        &entry["meta"]["n_ctx_train"],
    ];
    let tokens = |value: &Value| match value {
        Value::String(digits) => digits.trim().parse().ok(),
        number => number.as_f64().map(|tokens| tokens as usize),
    };
    stated
        .into_iter()
        .filter_map(tokens)
        .find(|window| *window > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_model_is_found_in_a_list_of_any_form() {
        let check = |listed: Value, want: &str| {
            let entries = entries(&listed);
            let found = first(&entries).and_then(name).unwrap_or_default();
            assert_eq!(found, want, "{listed}");
        };
        check(json!({"data": [{"id": "a"}, {"id": "b"}]}), "a");
        check(json!([{"id": "a"}]), "a");
        check(json!({"models": [{"name": "a", "model": "b"}]}), "a");
        check(json!({"data": [], "models": [{"model": "a"}]}), "a");
        check(json!({"data": ["a"]}), "a");
        check(
            json!({"data": [{"id": "nomic-embed-text"}, {"id": "a"}]}),
            "a",
        );
        check(
            json!({"data": [{"id": "e", "type": "embeddings"}, {"id": "a", "type": "llm"}]}),
            "a",
        );
        check(
            json!({"data": [{"id": "b", "state": "not-loaded"}, {"id": "a", "state": "loaded"}]}),
            "a",
        );
        check(json!({"data": [{"id": "all-embed"}]}), "all-embed");
        for none in [
            json!({}),
            json!({"data": null}),
            json!({"data": []}),
            json!("x"),
        ] {
            check(none, "");
        }
    }

    #[test]
    fn a_window_is_read_in_any_form() {
        let check = |entry: Value, want: Option<usize>| assert_eq!(window(&entry), want, "{entry}");
        check(json!({"max_model_len": 4096}), Some(4096));
        check(json!({"context_length": "8192"}), Some(8192));
        check(json!({"context_length": 8192.0}), Some(8192));
        check(json!({"context_length": 0, "context_window": 9}), Some(9));
        check(
            json!({"loaded_context_length": 5, "max_context_length": 9}),
            Some(5),
        );
        check(json!({}), None);
    }
}
