//! What streams bring, event by event.

use serde_json::{Value, json};

use super::machine::Machine;
use crate::sandbox::{ADD, Sandbox};

const HELLO: &str = r#"{"answer":"Hello to you."}"#;
const BOTH: &str =
    r#"{"calls":[{"tool":"clock","args":{"zone":"UTC"}},{"tool":"clock","args":{"zone":"CET"}}]}"#;

fn parameters() -> Value {
    json!({"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]})
}

/// The events of a stream that a machine with `lines` sends to `body`.
async fn streamed(lines: &[&str], path: &str, body: Value) -> Vec<(String, Value)> {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, lines, &[]);
    let mut body = body;
    body["stream"] = true.into();
    let reply = machine.post(path, &body).await;
    assert_eq!(reply.status, 200, "{reply:#?}");
    reply.events()
}

/// `value` without what differs from one reply to the next: names of its own, and counts.
fn settled(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let value = match name.as_str() {
                    "id" | "item_id" | "call_id" if value.is_string() => json!("ID"),
                    "created" | "created_at" => json!("TIME"),
                    "usage" if value.is_object() => json!("USAGE"),
                    _ => settled(value),
                };
                (name.clone(), value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(list) => list.iter().map(settled).collect(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn chunks_of_a_chat() {
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "ID", "object": "chat.completion.chunk", "created": "TIME",
               "model": "script", "system_fingerprint": null, "choices": [
                   {"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]})
    };
    let check = async |line: &str, more: Value, want: Vec<Value>| {
        let mut body = json!({"model": "script", "messages": [{"role": "user", "content": "Hi"}]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let events = streamed(&[line], "/v1/chat/completions", body).await;
        let got: Vec<Value> = events.iter().map(|(_, data)| settled(data)).collect();
        assert_eq!(got, want);
        assert!(events.iter().all(|(name, _)| name.is_empty()));
    };
    let begin = || json!({"role": "assistant", "content": "", "refusal": null});
    let none = Value::Null;
    check(
        HELLO,
        json!({}),
        vec![
            chunk(begin(), none.clone()),
            chunk(json!({"content": "Hello to you."}), none.clone()),
            chunk(json!({}), json!("stop")),
            json!("[DONE]"),
        ],
    )
    .await;
    // Each call begins with its id and its name; its arguments follow.
    let tools = json!([{"type": "function", "function": {
        "name": "clock", "parameters": parameters()}}]);
    let named = |index: u32| {
        let function = json!({"name": "clock", "arguments": ""});
        let call = json!({"index": index, "id": "ID", "type": "function", "function": function});
        json!({"tool_calls": [call]})
    };
    let told = |index: u32, args: &str| json!({"tool_calls": [{"index": index, "function": {"arguments": args}}]});
    check(
        BOTH,
        json!({ "tools": tools }),
        vec![
            chunk(begin(), none.clone()),
            chunk(named(0), none.clone()),
            chunk(told(0, r#"{"zone":"UTC"}"#), none.clone()),
            chunk(named(1), none.clone()),
            chunk(told(1, r#"{"zone":"CET"}"#), none.clone()),
            chunk(json!({}), json!("tool_calls")),
            json!("[DONE]"),
        ],
    )
    .await;
    // With the usage all chunks say whether they have it.
    let with = |mut chunk: Value, usage: Value| {
        chunk["usage"] = usage;
        chunk
    };
    let mut last = with(chunk(none.clone(), none.clone()), json!("USAGE"));
    last["choices"] = json!([]);
    check(
        HELLO,
        json!({"stream_options": {"include_usage": true}, "stop": " you"}),
        vec![
            with(chunk(begin(), none.clone()), none.clone()),
            with(
                chunk(json!({"content": "Hello to"}), none.clone()),
                none.clone(),
            ),
            with(chunk(json!({}), json!("stop")), none.clone()),
            last,
            json!("[DONE]"),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_error_in_the_middle_is_the_last_event() {
    // The script ends when the process has made its first step.
    let body = json!({"model": "agent", "messages": [{"role": "user", "content": "Add"}]});
    let events = streamed(&[ADD], "/v1/chat/completions", body).await;
    let (first, last) = (&events[0].1, &events[events.len() - 1].1);
    assert_eq!(first["choices"][0]["delta"]["role"], "assistant", "{first}");
    assert_eq!(last["error"]["type"], "server_error", "{last}");
    assert!(last["error"]["message"].is_string(), "{last}");
}

#[tokio::test]
async fn events_of_a_message() {
    let check = async |line: &str, more: Value, want: Vec<Value>| {
        let mut body = json!({"model": "script", "max_tokens": 100,
                              "messages": [{"role": "user", "content": "Hi"}]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let events = streamed(&[line], "/v1/messages", body).await;
        let begun = events[0].1["message"]["usage"]["input_tokens"].as_u64();
        assert!(begun > Some(0), "{events:#?}");
        for (name, data) in &events {
            assert_eq!(data["type"], name.as_str());
        }
        let got: Vec<Value> = events.iter().map(|(_, data)| settled(data)).collect();
        assert_eq!(got, want);
    };
    let begin = || {
        json!({"type": "message_start", "message": {
            "id": "ID", "type": "message", "role": "assistant", "model": "script", "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": "USAGE"}})
    };
    let start = |index: u32, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta = |index: u32, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let stop = |index: u32| json!({"type": "content_block_stop", "index": index});
    let end = |reason: &str, word: Value| {
        json!({"type": "message_delta", "usage": "USAGE",
               "delta": {"stop_reason": reason, "stop_sequence": word}})
    };
    let over = || json!({"type": "message_stop"});
    check(
        HELLO,
        json!({"stop_sequences": [" you"]}),
        vec![
            begin(),
            start(0, json!({"type": "text", "text": ""})),
            delta(0, json!({"type": "text_delta", "text": "Hello to"})),
            stop(0),
            end("stop_sequence", json!(" you")),
            over(),
        ],
    )
    .await;
    let tools = json!([{"name": "clock", "input_schema": parameters()}]);
    let block = || json!({"type": "tool_use", "id": "ID", "name": "clock", "input": {}});
    let args = |args: &str| json!({"type": "input_json_delta", "partial_json": args});
    check(
        BOTH,
        json!({ "tools": tools }),
        vec![
            begin(),
            start(0, block()),
            delta(0, args(r#"{"zone":"UTC"}"#)),
            stop(0),
            start(1, block()),
            delta(1, args(r#"{"zone":"CET"}"#)),
            stop(1),
            end("tool_use", Value::Null),
            over(),
        ],
    )
    .await;
}

#[tokio::test]
async fn events_of_a_response() {
    let tools = json!([{"type": "function", "name": "clock", "parameters": parameters()}]);
    let body = json!({"model": "script", "input": "What time is it?", "tools": tools});
    let events = streamed(&[BOTH], "/v1/responses", body).await;
    let call = [
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
    ];
    let begin = ["response.created", "response.in_progress"];
    let want = [&begin[..], &call, &call, &["response.completed"]].concat();
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, want);
    for (at, (name, data)) in events.iter().enumerate() {
        assert_eq!(data["type"], name.as_str());
        assert_eq!(data["sequence_number"], at, "{data}");
    }
    let item = |status: &str, args: &str| {
        json!({"type": "function_call", "id": "ID", "call_id": "ID", "name": "clock",
               "arguments": args, "status": status})
    };
    let at = |at: usize, name: &str| settled(&events[at].1[name]);
    let args = r#"{"zone":"CET"}"#;
    assert_eq!(at(6, "output_index"), 1);
    assert_eq!(at(6, "item"), item("in_progress", ""));
    assert_eq!(at(7, "delta"), args);
    assert_eq!(at(8, "arguments"), args);
    assert_eq!(at(9, "item"), item("completed", args));
    let whole = &events[10].1["response"];
    assert_eq!(whole["status"], "completed", "{whole}");
    assert_eq!(settled(&whole["output"][1]), item("completed", args));
    assert_eq!(whole["tools"][0]["name"], "clock", "{whole}");
    assert!(whole["usage"]["total_tokens"].as_u64() > Some(0), "{whole}");

    // A text that was cut off.
    let body = json!({"model": "script", "input": "Hi", "max_output_tokens": 1});
    let events = streamed(&[HELLO], "/v1/responses", body).await;
    let (name, data) = events.last().unwrap();
    assert_eq!(name, "response.incomplete");
    let response = &data["response"];
    let reason = &response["incomplete_details"]["reason"];
    assert_eq!(reason, "max_output_tokens", "{response}");
    assert_eq!(response["output"][0]["status"], "incomplete", "{response}");
}

#[tokio::test]
async fn chunks_of_a_completion() {
    let chunk = |text: &str, finish: Value| {
        json!({"id": "ID", "object": "text_completion", "created": "TIME", "model": "script",
               "system_fingerprint": null, "choices": [
                   {"text": text, "index": 0, "logprobs": null, "finish_reason": finish}]})
    };
    let body = json!({"model": "script", "prompt": "Say: ", "echo": true, "max_tokens": 100});
    let events = streamed(&[HELLO], "/v1/completions", body).await;
    let got: Vec<Value> = events.iter().map(|(_, data)| settled(data)).collect();
    let want = [
        chunk("Say: ", Value::Null),
        chunk("Hello to you.", Value::Null),
        chunk("", json!("stop")),
        json!("[DONE]"),
    ];
    assert_eq!(got, want);

    let body = json!({"prompt": "Say: ", "stop": ["you"]});
    let events = streamed(&[HELLO], "/completion", body).await;
    let got: Vec<&Value> = events.iter().map(|(_, data)| data).collect();
    assert_eq!(got.len(), 2, "{got:#?}");
    assert_eq!(
        (&got[0]["content"], &got[0]["stop"]),
        (&json!("Hello to "), &json!(false))
    );
    assert_eq!(
        (&got[1]["content"], &got[1]["stop"]),
        (&json!(""), &json!(true))
    );
    assert_eq!(got[1]["stop_type"], "word");
    assert_eq!(got[1]["stopping_word"], "you");
}
