//! The same model in the forms of other APIs, what it tells without writing, and the page.

use serde_json::{Value, json};

use super::machine::{Machine, reply};
use crate::sandbox::{DONE, Sandbox};

const HELLO: &str = r#"{"answer":"Hello to you."}"#;
const NOON: &str = r#"{"tool":"clock","args":{"zone":"UTC"}}"#;

fn schema() -> Value {
    json!({"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]})
}

/// The names of a stream's events, each once where it comes again and again.
fn names(events: &[(String, Value)]) -> Vec<&str> {
    let mut names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    names
}

#[tokio::test]
async fn messages_in_the_form_of_anthropic() {
    let path = "/v1/messages";
    let ask = |more: Value| {
        let mut body = json!({"model": "script", "max_tokens": 100,
                              "messages": [{"role": "user", "content": "Hello"}]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO, DONE], &[]);
    let reply = machine
        .post(path, &ask(json!({"system": "Be brief."})))
        .await;
    reply.check(
        200,
        &[
            ("/type", json!("message")),
            ("/content/0/text", json!("Hello to you.")),
            ("/stop_reason", json!("end_turn")),
            ("/usage/cache_read_input_tokens", json!(0)),
        ],
    );
    let events = machine
        .post(path, &ask(json!({"stream": true})))
        .await
        .events();
    let want = [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(names(&events), want);
    let wrong = async |more: Value, status: u16, kind: &str| {
        let reply = machine.post(path, &ask(more)).await;
        reply.check(
            status,
            &[("/type", json!("error")), ("/error/type", json!(kind))],
        );
    };
    wrong(json!({"model": "other"}), 404, "not_found_error").await;
    wrong(json!({"max_tokens": null}), 400, "invalid_request_error").await;
    wrong(json!({"top_p": 7}), 400, "invalid_request_error").await;
    let picture = json!([{"type": "image", "source": {"type": "url", "url": "http://x"}}]);
    let picture = json!({"messages": [{"role": "user", "content": picture}]});
    wrong(picture, 400, "invalid_request_error").await;
    let search = json!([{"type": "web_search_20250305", "name": "web_search"}]);
    wrong(json!({ "tools": search }), 400, "invalid_request_error").await;
    wrong(json!({"messages": 7}), 400, "invalid_request_error").await;

    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[NOON, HELLO], &[]);
    let tools = json!([{"name": "clock", "description": "Tells the time.",
                        "input_schema": schema()}]);
    let called = machine.post(path, &ask(json!({ "tools": tools }))).await;
    called.check(
        200,
        &[
            ("/content/0/type", json!("tool_use")),
            ("/content/0/input", json!({"zone": "UTC"})),
            ("/stop_reason", json!("tool_use")),
        ],
    );
    let use_of = called.json()["content"][0].clone();
    let result = json!({"type": "tool_result", "tool_use_id": use_of["id"], "content": "12:00"});
    let turns = json!([{"role": "user", "content": "What time is it?"},
                       {"role": "assistant", "content": [use_of]},
                       {"role": "user", "content": [result]}]);
    let answer = machine
        .post(path, &ask(json!({"tools": tools, "messages": turns})))
        .await;
    answer.check(200, &[("/content/0/text", json!("Hello to you."))]);
}

#[tokio::test]
async fn responses() {
    let path = "/v1/responses";
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO], &[]);
    let body = json!({"model": "script", "input": "Hello", "instructions": "Be brief."});
    machine.post(path, &body).await.check(
        200,
        &[
            ("/object", json!("response")),
            ("/status", json!("completed")),
            ("/output/0/content/0/text", json!("Hello to you.")),
        ],
    );
    let events = machine
        .post(path, &json!({"input": "Hello", "stream": true}))
        .await
        .events();
    let want = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(names(&events), want);
    let numbers = events
        .iter()
        .map(|(_, data)| data["sequence_number"].as_u64().unwrap());
    assert!(numbers.eq(0..events.len() as u64));
    let wrong = async |body: Value, param: &str| {
        machine
            .post(path, &body)
            .await
            .check(400, &[("/error/param", json!(param))]);
    };
    wrong(json!({"input": []}), "input").await;
    for (param, value) in [
        ("previous_response_id", json!("resp_1")),
        ("conversation", json!("conv_1")),
        ("background", json!(true)),
    ] {
        let mut body = json!({"input": "x"});
        body[param] = value;
        wrong(body, param).await;
    }
    wrong(
        json!({"input": "x", "tools": [{"type": "web_search"}]}),
        "tools[0].type",
    )
    .await;

    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[NOON, HELLO], &[]);
    let tools = json!([{"type": "function", "name": "clock", "parameters": schema()}]);
    let called = machine
        .post(path, &json!({"input": "What time is it?", "tools": tools}))
        .await;
    let call = called.json()["output"][0].clone();
    assert_eq!(
        (&call["name"], &call["arguments"]),
        (&json!("clock"), &json!("{\"zone\":\"UTC\"}"))
    );
    let input = json!([{"role": "user", "content": "What time is it?"}, call,
        {"type": "function_call_output", "call_id": call["call_id"], "output": "12:00"}]);
    let answer = machine
        .post(path, &json!({"input": input, "tools": tools}))
        .await;
    answer.check(200, &[("/output/0/content/0/text", json!("Hello to you."))]);
}

#[tokio::test]
async fn what_this_machine_cannot_tell_is_said() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    let check = async |path: &str, body: Value, status: u16, param: &str| {
        let reply = machine.post(path, &body).await;
        reply.check(status, &[("/error/param", json!(param))]);
    };
    // A script tells no probabilities, and no embedding model is there.
    let question = json!({"name": "a", "type": "predicate", "instructions": "Is it so?"});
    let asked = |question: &Value| json!({"input": "x", "questions": [question]});
    check("/v1/decisions", asked(&question), 400, "model").await;
    let one = json!({"name": "a", "type": "choice", "instructions": "?", "choices": ["x"]});
    check("/v1/decisions", asked(&one), 400, "questions[0].choices").await;
    let none = json!({"input": "x", "questions": []});
    check("/v1/decisions", none, 400, "questions").await;
    let other = json!({"state": "x", "questions": {"a": {"type": "z", "instructions": "?"}}});
    check("/v1/systemone", other, 400, "questions.a.type").await;
    check("/v1/embeddings", json!({"input": "x"}), 404, "model").await;
    check("/v1/embeddings", json!({"input": []}), 400, "input").await;
    let speech = "/v1/audio/speech";
    check(speech, json!({"input": "Hello."}), 404, "model").await;
    check(speech, json!({"input": ""}), 400, "input").await;
    let mp3 = json!({"input": "Hello.", "response_format": "mp3"});
    check(speech, mp3, 400, "response_format").await;
}

#[tokio::test]
async fn the_page_and_what_there_is() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    let page = machine.request("GET", "/").send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(page.text().await.unwrap().contains("/app.js"));
    assert_eq!(machine.get("/app.js").await.status, 200);
    let moment = reply(machine.user("GET", "/api/v1/machine")).await;
    // A script has no cache.
    moment.check(
        200,
        &[
            ("/cpu/cells", json!(0)),
            ("/cpu/processes", json!([])),
            ("/models/0/name", json!("script")),
            ("/models/0/is_own", json!(true)),
        ],
    );
    assert_eq!(machine.get("/style.css").await.status, 200);

    // Every path that is documented is there.
    let document = machine.get("/api/v1/openapi.json").await.json();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{pid}", "1").replace("{id}", "script");
        if path == "/api/v1/events" {
            continue;
        }
        for method in methods.as_object().unwrap().keys() {
            let got = match method.as_str() {
                "get" => reply(machine.user("GET", &path)).await,
                "delete" => reply(machine.user("DELETE", &path)).await,
                _ => reply(machine.user("POST", &path).json(&json!({}))).await,
            };
            assert!(
                !got.text.contains("unknown_url"),
                "{method} {path} {got:#?}"
            );
            assert_ne!(got.status, 405, "{method} {path}");
        }
    }
}
