//! Who is let in, what is counted, and how it starts and stops.

use serde_json::{Value, json};

use super::machine::{Machine, reply};
use crate::sandbox::{DONE, ENDLESS, SPIN, Sandbox};

#[tokio::test]
async fn only_this_machine_and_its_own_pages_are_let_in() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    let check = async |headers: &[(&str, &str)], status: u16| {
        let mut request = machine.request("GET", "/v1/models");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = reply(request).await;
        assert_eq!(reply.status, status, "{headers:?} {reply:#?}");
    };
    check(&[], 200).await;
    check(&[("origin", &machine.url)], 200).await;
    check(&[("host", "rebound.example")], 403).await;
    check(&[("origin", "https://other.example")], 403).await;

    // A form of another origin cannot send JSON.
    let form = machine.request("POST", "/v1/chat/completions");
    let form = form.header("content-type", "text/plain").body("{}");
    reply(form)
        .await
        .check(415, &[("/error/type", json!("invalid_request_error"))]);
    let broken = machine.request("POST", "/v1/chat/completions");
    let broken = broken.header("content-type", "application/json").body("{");
    reply(broken)
        .await
        .check(400, &[("/error/code", Value::Null)]);
    let large = machine.raw(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\nContent-Length: 9437184\r\nConnection: close\r\n\r\n",
    );
    assert!(large.starts_with("HTTP/1.1 413 "), "{large}");
    assert!(large.contains("request_too_large"), "{large}");
    machine
        .get("/nonsense")
        .await
        .check(404, &[("/error/code", json!("unknown_url"))]);
    let deleted = reply(machine.request("DELETE", "/v1/models")).await;
    deleted.check(405, &[("/error/code", json!("method_not_allowed"))]);

    machine
        .get("/health")
        .await
        .check(200, &[("/status", json!("ok"))]);
    let models = machine.get("/v1/models").await;
    models.check(
        200,
        &[
            ("/data/0/id", json!("script")),
            ("/data/1/id", json!("agent")),
        ],
    );
    machine
        .get("/v1/models/script")
        .await
        .check(200, &[("/object", json!("model"))]);
    machine.get("/v1/models/other").await.check(404, &[]);
    let metrics = machine.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    for line in [
        "quipu_http_requests_total{route=\"/v1/models\",status=\"403\"} 2\n",
        "quipu_http_requests_total{route=\"other\",status=\"404\"} 1\n",
        "quipu_processes{state=\"running\"} 0\n",
        "# TYPE quipu_prefilled_tokens_total counter\n",
    ] {
        assert!(
            metrics.text.contains(line),
            "no {line:?} in {}",
            metrics.text
        );
    }
}

#[tokio::test]
async fn with_a_token_everybody_needs_it() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("token", "a-token-of-many-letters\n");
    let file = file.to_str().unwrap();
    let machine = Machine::start(&sandbox, &[DONE], &["--token-file", file]);
    let check = async |name: &str, value: &str, status: u16| {
        let request = machine.request("GET", "/v1/models").header(name, value);
        let reply = reply(request).await;
        assert_eq!(reply.status, status, "{name} {value} {reply:#?}");
    };
    machine
        .get("/v1/models")
        .await
        .check(401, &[("/error/code", json!("invalid_api_key"))]);
    machine.get("/health").await.check(200, &[]);
    check("authorization", "Bearer a-token-of-many-letters", 200).await;
    check("x-api-key", "a-token-of-many-letters", 200).await;
    check("authorization", "Bearer a-token-of-many-letter", 401).await;
}

#[test]
fn what_cannot_be_served_is_said() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("s.jsonl", &[DONE]);
    let short = sandbox.write("short", "sesame");
    let check = |args: &[&str], code: i32, wanted: &[&str]| {
        let base = ["serve", "--cpu", &cpu];
        sandbox.quipu(&[&base, args].concat()).check(code, wanted);
    };
    check(
        &["--addr", "0.0.0.0:0"],
        2,
        &["there is no token", "--token-file FILE"],
    );
    check(&["--addr", "nonsense"], 2, &["HOST:PORT"]);
    let short = short.to_str().unwrap();
    check(&["--token-file", short], 2, &["at least 16 characters"]);
    check(&["--token-file", "missing"], 2, &["there is no missing"]);
    check(
        &["--mcp", "--addr", "127.0.0.1:0"],
        2,
        &["cannot be used with"],
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    check(&["--addr", &address], 1, &["choose another port"]);
}

#[tokio::test]
async fn when_it_stops_its_processes_are_suspended() {
    for signal in ["INT", "TERM"] {
        let sandbox = Sandbox::new();
        sandbox.install("slow", ENDLESS);
        let machine = Machine::start(&sandbox, &[SPIN, DONE], &[]);
        let body = json!({"prompt": "task", "attended": true});
        machine
            .post("/api/v1/processes", &body)
            .await
            .check(201, &[("/pid", json!(1))]);
        sandbox.log_until("1", |log| log["steps"][0]["action"].is_object());
        let said = machine.end(signal);
        said.check(
            0,
            &[
                "processes that run are suspended",
                "hint: 1 suspended; they go on",
            ],
        );
        assert_eq!(said.out, "");
        let ps = sandbox.quipu(&["ps", "--json"]).json();
        assert_eq!(ps[0]["state"], "suspended", "{ps}");
    }
}
