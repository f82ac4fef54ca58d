//! What clients send, as they send it: each is answered as by the servers they were made for.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::machine::{Machine, Reply, reply};
use crate::sandbox::Sandbox;

const CHAT: &str = "/v1/chat/completions";
const HELLO: &str = r#"{"answer":"Hello to you."}"#;

fn question() -> Value {
    json!([{"role": "user", "content": "Hello"}])
}

/// The fields of `more` over those of `body`.
fn with(mut body: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn bodies_come_as_they_come() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO], &[]);
    let body = json!({ "messages": question() }).to_string();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(body.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let check = async |path: &str, headers: &[(&str, &str)], body: &[u8]| {
        let request = headers
            .iter()
            .fold(machine.request("POST", path), |request, (name, value)| {
                request.header(*name, *value)
            });
        let got = reply(request.body(body.to_vec())).await;
        got.check(
            200,
            &[("/choices/0/message/content", json!("Hello to you."))],
        );
    };
    let body = body.as_bytes();
    // curl, with and without -H, and what is written by hand.
    check(CHAT, &[], body).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    check(CHAT, &[form, ("accept", "*/*")], body).await;
    check(CHAT, &[("content-type", "text/plain")], body).await;
    let typed = ("content-type", "application/json; charset=utf-8");
    check(CHAT, &[typed], body).await;
    check(CHAT, &[typed, ("content-encoding", "gzip")], &packed).await;
    // What stands in a client's settings as the address of the API.
    for path in [
        "/v1/chat/completions/",
        "/v1//chat/completions",
        "/chat/completions",
        "/v1/v1/chat/completions",
        "/v1/chat/completions?api-version=2024-10-21",
    ] {
        check(path, &[typed], body).await;
    }

    let length = body.len();
    let text = String::from_utf8_lossy(body);
    for head in [
        "POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\n",
        "POST /v1/chat/completions HTTP/1.0\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Expect: 100-continue\r\n",
    ] {
        let raw = machine.raw(&format!("{head}Content-Length: {length}\r\n\r\n{text}"));
        assert!(raw.contains(" 200 OK\r\n"), "{head} {raw}");
        assert!(raw.contains("Hello to you."), "{head} {raw}");
    }
}

#[tokio::test]
async fn what_is_there_is_told_to_those_who_look_first() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO], &[]);
    let check = async |method: &str, path: &str, status: u16, allow: Option<&str>| {
        let got = machine.request(method, path).send().await.unwrap();
        assert_eq!(got.status().as_u16(), status, "{method} {path}");
        let told = got
            .headers()
            .get("allow")
            .map(|allow| allow.to_str().unwrap());
        assert_eq!(told, allow, "{method} {path}");
    };
    check("HEAD", "/v1/models", 200, None).await;
    check("HEAD", "/health", 200, None).await;
    check("GET", "/v1/health", 200, None).await;
    check("GET", "/models/", 200, None).await;
    check("OPTIONS", CHAT, 204, Some("POST, OPTIONS")).await;
    check("OPTIONS", "/v1/models", 204, Some("GET, HEAD, OPTIONS")).await;
    check("OPTIONS", "/nonsense", 404, None).await;
    check("GET", CHAT, 405, Some("POST")).await;

    let machine_says = machine.get("/props").await;
    machine_says.check(
        200,
        &[
            ("/model_alias", json!("script")),
            // A script has none.
            ("/chat_template", json!("")),
            ("/bos_token", json!("")),
        ],
    );
    for (path, param) in [
        ("/slots?fail_on_no_slots=1", "fail_on_no_slots"),
        ("/props?modl=m", ""),
    ] {
        let got = machine.get(path).await;
        match param {
            "" => got.check(200, &[]),
            param => got.check(400, &[("/error/param", json!(param))]),
        }
    }
    machine
        .get("/props?model=no-such-model")
        .await
        .check(404, &[]);
    // A script has no tokens.
    let text = json!({"content": "Hello"});
    let tokens = machine.post("/tokenize", &text).await;
    tokens.check(400, &[("/error/param", json!("model"))]);
}

#[tokio::test]
async fn fields_are_read_as_they_are_meant() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO, HELLO, HELLO], &[]);
    let ask = async |more: &Value| -> Reply {
        let body = json!({"model": "script", "messages": question()});
        machine.post(CHAT, &with(body, more)).await
    };
    let call = json!({"id": "call_1", "type": "function",
                      "function": {"name": "clock", "arguments": "{\"zone\":\"UTC\"}"}});
    let without_id = json!({"function": {"name": "clock", "arguments": {"zone": "UTC"}}});
    let said = |turns: Value| {
        let mut all = question();
        let turns = turns.as_array().unwrap().clone();
        all.as_array_mut().unwrap().extend(turns);
        json!({ "messages": all })
    };
    let bodies = [
        // Libraries that send every field that they know.
        json!({"audio": null, "frequency_penalty": null, "function_call": null, "functions": null,
               "logit_bias": null, "logprobs": null, "max_completion_tokens": null,
               "max_tokens": null, "metadata": null, "modalities": null, "n": null,
               "parallel_tool_calls": null, "prediction": null, "presence_penalty": null,
               "reasoning_effort": null, "response_format": null, "seed": null,
               "service_tier": null, "stop": null, "store": null, "stream": null,
               "stream_options": null, "temperature": null, "tool_choice": null, "tools": null,
               "top_logprobs": null, "top_p": null, "user": null, "web_search_options": null}),
        // Those that ask for something.
        json!({"temperature": 0.7, "top_p": 0.95, "top_k": 40, "min_p": 0.05, "seed": -1,
               "frequency_penalty": 0.5, "presence_penalty": -0.5, "repeat_penalty": 1.1,
               "logit_bias": {"15": -100}}),
        json!({"max_completion_tokens": 100, "n": 1, "user": "me", "metadata": {"a": "b"},
               "store": true, "service_tier": "auto", "reasoning_effort": "low",
               "verbosity": "low", "prompt_cache_key": "x", "safety_identifier": "y",
               "prediction": {"type": "content", "content": "Hello"}}),
        json!({"max_tokens": -1, "stop": [], "stream": false, "tools": [], "tool_choice": "auto",
               "response_format": {"type": "text"}, "parallel_tool_calls": true}),
        json!({"stop": "", "modalities": ["text"], "stream_options": {"include_usage": null}}),
        // llama.cpp's own.
        json!({"cache_prompt": true, "id_slot": -1, "n_predict": -1, "typical_p": 1.0,
               "mirostat": 0, "dry_multiplier": 0.0, "xtc_probability": 0, "samplers": [],
               "grammar": "", "chat_template_kwargs": {"enable_thinking": false}}),
        json!({"model": null}),
        json!({"model": ""}),
        json!({"model": "default"}),
        // Messages as agents send them.
        json!({"messages": [{"role": "developer", "content": [{"type": "text", "text": "Hi"}]},
                            {"role": "user", "name": "me", "content": "Hello"}]}),
        said(
            json!([{"role": "assistant", "content": "", "refusal": null, "tool_calls": null},
                    {"role": "user", "content": "And?"}]),
        ),
        said(json!([{"role": "assistant", "content": null},
                    {"role": "user", "content": "And?"}])),
        said(
            json!([{"role": "assistant", "content": "Yes.", "tool_calls": [],
                     "reasoning_content": "Hm.", "function_call": null, "audio": null,
                     "annotations": []},
                    {"role": "user", "content": "And?"}]),
        ),
        said(
            json!([{"role": "assistant", "content": "", "tool_calls": [call]},
                    {"role": "tool", "tool_call_id": "call_1", "name": "clock",
                     "content": [{"type": "text", "text": "12:00"}]}]),
        ),
        said(json!([{"role": "assistant", "tool_calls": [call]},
                    {"role": "tool", "tool_call_id": "call_1", "content": null}])),
        said(
            json!([{"role": "assistant", "content": null, "tool_calls": [without_id]},
                    {"role": "tool", "name": "clock", "content": "12:00"}]),
        ),
    ];
    for more in &bodies {
        let got = ask(more).await;
        assert_eq!(got.status, 200, "{more} {got:#?}");
        let content = &got.json()["choices"][0]["message"]["content"];
        assert_eq!(content, "Hello to you.", "{more}");
    }
    let tools = json!([{"type": "function", "function": {"name": "clock", "strict": null,
                        "description": null, "parameters": null}}]);
    for choice in [
        json!("auto"),
        json!({"type": "auto"}),
        json!("none"),
        json!({"type": "none"}),
    ] {
        let got = ask(&json!({"tools": tools, "tool_choice": choice})).await;
        got.check(200, &[("/choices/0/finish_reason", json!("stop"))]);
    }
}

#[tokio::test]
async fn the_forms_of_other_apis_are_read_as_they_are_meant() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO, HELLO], &[]);
    let check = async |path: &str, body: &Value, more: &[Value], pointer: &str, want: &str| {
        for more in more {
            let got = machine.post(path, &with(body.clone(), more)).await;
            assert_eq!(got.status, 200, "{path} {more} {got:#?}");
            assert_eq!(got.json().pointer(pointer), Some(&json!(want)), "{more}");
        }
    };
    let body = json!({"model": "script", "max_tokens": 100, "messages": question()});
    let thought = json!({"type": "thinking", "thinking": "Hm.", "signature": "x"});
    let cached =
        json!({"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}});
    let document = json!({"type": "document", "source": {"type": "text", "data": "A letter.",
                          "media_type": "text/plain"}});
    let line = json!([{"type": "text", "text": "A line."}]);
    let blocks = json!({"type": "document", "title": "Lines",
                        "source": {"type": "content", "content": line}});
    let found = json!({"type": "search_result", "source": "x", "title": "A page",
                       "content": line});
    let messages = [
        json!({"system": null, "tools": null, "tool_choice": null, "stop_sequences": null,
               "temperature": null, "top_p": null, "top_k": null, "stream": null,
               "thinking": null, "metadata": null}),
        json!({"system": [cached], "metadata": {"user_id": "me"}, "service_tier": "auto",
               "top_k": 5, "top_p": 0.9, "temperature": 1.0, "tools": [],
               "thinking": {"type": "enabled", "budget_tokens": 1024}}),
        json!({"tools": [{"type": "custom", "name": "clock", "input_schema": {"type": "object"},
                          "cache_control": null}], "tool_choice": {"type": "none"}}),
        json!({"messages": [{"role": "user", "content": [document, blocks, found,
                              {"type": "text", "text": "What is it?"}]},
                            {"role": "assistant", "content": [thought]},
                            {"role": "user", "content": "And?"}]}),
    ];
    let text = "/content/0/text";
    check("/v1/messages", &body, &messages, text, "Hello to you.").await;
    let ended = [json!({"stop_sequences": ["lo", " to"]})];
    check("/v1/messages", &body, &ended, text, "Hel").await;
    check(
        "/v1/messages",
        &body,
        &ended,
        "/stop_reason",
        "stop_sequence",
    )
    .await;
    check("/v1/messages", &body, &ended, "/stop_sequence", "lo").await;
    let counted = json!({"model": "script", "messages": question(), "system": "Be brief."});
    let counted = machine.post("/v1/messages/count_tokens", &counted).await;
    assert!(
        counted.json()["input_tokens"].as_u64() > Some(0),
        "{counted:#?}"
    );

    let body = json!({"model": "script", "input": "Hello"});
    let responses = [
        json!({"background": null, "conversation": null, "include": null, "instructions": null,
               "max_output_tokens": null, "metadata": null, "parallel_tool_calls": null,
               "previous_response_id": null, "prompt": null, "reasoning": null, "store": null,
               "stream": null, "temperature": null, "text": null, "tool_choice": null,
               "tools": null, "top_logprobs": null, "top_p": null, "truncation": null,
               "user": null}),
        json!({"background": false, "include": ["reasoning.encrypted_content"], "store": false,
               "reasoning": {"effort": "low", "summary": "auto"}, "truncation": "auto",
               "text": {"format": {"type": "text"}, "verbosity": "low"}, "top_p": 0.9,
               "stream_options": {"include_obfuscation": false}}),
        json!({"input": [{"type": "message", "role": "developer",
                          "content": [{"type": "input_text", "text": "Be brief."}]},
                         {"role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
                         {"type": "reasoning", "id": "rs_1", "summary": []},
                         {"type": "message", "role": "assistant", "id": "msg_1",
                          "status": "completed", "content": [
                            {"type": "output_text", "text": "Hello to you.", "annotations": []}]},
                         {"role": "user", "content": "And?"}]}),
    ];
    let text = "/output/0/content/0/text";
    check("/v1/responses", &body, &responses, text, "Hello to you.").await;
    let repeated = machine
        .post("/v1/responses", &with(body, &responses[1]))
        .await;
    repeated.check(
        200,
        &[
            ("/top_p", json!(0.9)),
            ("/text/verbosity", json!("low")),
            ("/tools", json!([])),
            ("/tool_choice", json!("auto")),
            ("/previous_response_id", Value::Null),
        ],
    );
    // An agent is asked as a chat.
    let agent = json!({"model": "agent", "input": "Hello"});
    let agent = machine.post("/v1/responses", &agent).await;
    agent.check(400, &[("/error/param", json!("model"))]);
}
