//! How requests are answered whatever they ask: errors in the form of the API, numbers of requests,
//! fields that nobody knows, what other servers have, and connections that go on.

use serde_json::{Value, json};

use super::machine::{Machine, reply};
use crate::sandbox::Sandbox;

const CHAT: &str = "/v1/chat/completions";
const HELLO: &str = r#"{"answer":"Hello to you."}"#;

fn question() -> Value {
    json!({"messages": [{"role": "user", "content": "Hello"}]})
}

#[tokio::test]
async fn an_error_has_the_form_of_the_api_that_was_asked() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("token", "a-token-of-many-letters\n");
    let machine = Machine::start(
        &sandbox,
        &[HELLO],
        &["--token-file", file.to_str().unwrap()],
    );
    let check = async |method: &str, path: &str, key: &str, status: u16, kind: Option<&str>| {
        let request = machine.request(method, path).header("x-api-key", key);
        let response = request.json(&json!({})).send().await.unwrap();
        let number = response.headers()["x-request-id"].clone();
        let named = response.headers().get("request-id").cloned();
        assert_eq!(response.status(), status, "{method} {path}");
        let text = response.text().await.unwrap();
        let body: Value = serde_json::from_str(&text).unwrap();
        assert!(
            body["error"]["message"].is_string(),
            "{method} {path} {body}"
        );
        match kind {
            Some(kind) => {
                assert_eq!(body["type"], "error", "{method} {path} {body}");
                assert_eq!(body["error"]["type"], kind, "{method} {path} {body}");
                assert_eq!(named.as_ref(), Some(&number), "{method} {path}");
                assert_eq!(body["request_id"], number.to_str().unwrap());
            }
            None => {
                assert_eq!(body["error"]["param"].is_null(), status != 400, "{body}");
                assert_eq!(
                    (&body["type"], named),
                    (&Value::Null, None),
                    "{path} {body}"
                );
            }
        }
    };
    let key = "a-token-of-many-letters";
    check(
        "POST",
        "/v1/messages",
        "none",
        401,
        Some("authentication_error"),
    )
    .await;
    check(
        "POST",
        "/v1/messages/nothing",
        key,
        404,
        Some("not_found_error"),
    )
    .await;
    check(
        "GET",
        "/v1/messages",
        key,
        405,
        Some("invalid_request_error"),
    )
    .await;
    check(
        "POST",
        "/v1/messages/batches",
        key,
        501,
        Some("invalid_request_error"),
    )
    .await;
    check("POST", CHAT, "none", 401, None).await;
    check("POST", "/v1/chat/nothing", key, 404, None).await;
    check("GET", CHAT, key, 405, None).await;
    check("POST", "/v1/images/generations", key, 501, None).await;
    // A model that is not there, for a client of Anthropic's.
    let model = machine.request("GET", "/v1/models/nothing");
    let model = model
        .header("x-api-key", key)
        .header("anthropic-version", "2023-06-01");
    let model = reply(model).await;
    model.check(404, &[("/error/type", json!("not_found_error"))]);
}

#[tokio::test]
async fn a_request_has_a_number_and_its_unknown_fields_are_named() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO], &[]);
    let check = async |more: Value, unknown: Option<&str>| {
        let mut body = question();
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let request = machine
            .request("POST", CHAT)
            .header("x-request-id", "trace-7");
        let response = request.json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{body}");
        assert_eq!(response.headers()["x-request-id"], "trace-7");
        let named = response.headers().get("x-quipu-unknown-fields");
        let named = named.map(|named| named.to_str().unwrap());
        assert_eq!(named, unknown, "{body}");
    };
    check(json!({}), None).await;
    check(
        json!({"user": "me", "top_k": 5, "cache_prompt": true}),
        None,
    )
    .await;
    check(
        json!({"chat_id": 7, "a_new_one": {}}),
        Some("a_new_one, chat_id"),
    )
    .await;
    check(json!({"stream": true, "chat_id": 7}), Some("chat_id")).await;

    let refused = async |more: Value, param: &str, code: &str| {
        let mut body = question();
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let reply = machine.post(CHAT, &body).await;
        let wanted = [("/error/param", json!(param)), ("/error/code", json!(code))];
        reply.check(400, &wanted);
    };
    refused(json!({"temprature": 1}), "temprature", "unknown_parameter").await;
    refused(json!({"topK": 1}), "topK", "unknown_parameter").await;
    refused(
        json!({"min_tokens": 9}),
        "min_tokens",
        "unsupported_parameter",
    )
    .await;
    refused(json!({"user": 7}), "user", "invalid_value").await;
    let kwargs = json!({"chat_template_kwargs": {"persona": "x"}});
    let param = "chat_template_kwargs.persona";
    refused(kwargs, param, "unsupported_parameter").await;
}

#[tokio::test]
async fn what_other_servers_have_is_answered_in_words() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO], &[]);
    for path in [
        "/api/tags",
        "/v1/files",
        "/rerank",
        "/slots/0",
        "/lora-adapters",
    ] {
        let reply = machine.get(path).await;
        reply.check(501, &[("/error/code", json!("not_implemented"))]);
    }
    // Nothing of the machine's own API is told so.
    machine.get("/api/v1/tags").await.check(401, &[]);
    let slots = machine.get("/slots?fail_on_no_slot=1").await;
    slots.check(
        200,
        &[("/0/id", json!(0)), ("/0/is_processing", json!(false))],
    );
    // A script has neither a template nor tokens.
    for (path, body) in [
        ("/apply-template", question()),
        ("/tokenize", json!({"prompt": "Hello"})),
    ] {
        let reply = machine.post(path, &body).await;
        reply.check(400, &[("/error/param", json!("model"))]);
    }
    let nothing = machine.post("/tokenize", &json!({"text": "Hello"})).await;
    nothing.check(400, &[("/error/param", json!("content"))]);
}

#[tokio::test]
async fn model_lays_messages_out_with_its_template() {
    let Some(model) = crate::sandbox::test_model() else {
        return;
    };
    let sandbox = Sandbox::new();
    let machine = Machine::serve(&sandbox, &["--model", &model, "--threads", "1"]);
    let laid = machine.post("/apply-template", &question()).await;
    laid.check(200, &[]);
    let prompt = laid.json()["prompt"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let said = prompt.find("Hello");
    assert!(
        said.is_some_and(|at| at > 0 && at + 5 < prompt.len()),
        "{prompt}"
    );
    // In vLLM's form tokens are counted too.
    let count = async |text: &str| {
        let tokens = machine.post("/tokenize", &json!({ "prompt": text })).await;
        tokens.check(200, &[]);
        tokens.json()["count"].as_u64()
    };
    assert!(count("Hello").await < count(&prompt).await, "{prompt}");
}

#[tokio::test]
async fn a_connection_goes_on_after_an_error() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO], &[]);
    let last = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let check = |first: &str, status: &str| {
        let said = machine.raw(&format!("{first}{last}"));
        let begins = said.starts_with(&format!("HTTP/1.1 {status} "));
        assert!(
            begins && said.contains("\"status\":\"ok\""),
            "{first} {said}"
        );
    };
    let post = |headers: &str, body: &str| {
        format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}")
    };
    let json = "Content-Type: application/json\r\n";
    let length = |body: &str| format!("{json}Content-Length: {}\r\n", body.len());
    let asked = question().to_string();
    check(&post(&length("{"), "{"), "400");
    check(&post(&length(&asked), &asked), "200");
    check("GET /nonsense HTTP/1.1\r\nHost: localhost\r\n\r\n", "404");
    // What is refused by its head is read to its end all the same.
    let latin = "Content-Type: application/json; charset=iso-8859-1\r\nContent-Length: 2\r\n";
    check(&post(latin, "{}"), "415");
    let packed = format!("{}Content-Encoding: br\r\n", length("{}"));
    check(&post(&packed, "{}"), "415");
    let keyless = "POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}";
    check(keyless, "401");
    // In pieces, as streams of clients come.
    let (begin, end) = asked.split_at(9);
    let chunks = format!(
        "{:x}\r\n{begin}\r\n{:x}\r\n{end}\r\n0\r\n\r\n",
        begin.len(),
        end.len()
    );
    let chunked = format!("{json}Transfer-Encoding: chunked\r\n");
    check(&post(&chunked, &chunks), "200");
}
