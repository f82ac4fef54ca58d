//! Who is let in, what is counted, and how it starts and stops.

use serde_json::{Value, json};

use super::machine::{Machine, Reply, reply};
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

    // A browser, whose pages can send other types to any server, sends JSON as such.
    let form = machine.request("POST", "/v1/chat/completions");
    let form = form.header("origin", &machine.url);
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

/// What a request needs for each route; the document of the service is checked to have the same.
const ROUTES: &[(&str, &str, &str)] = &[
    ("get", "/", "nothing"),
    ("get", "/app.js", "nothing"),
    ("get", "/views.js", "nothing"),
    ("get", "/style.css", "nothing"),
    ("get", "/favicon.ico", "nothing"),
    ("get", "/health", "nothing"),
    ("get", "/metrics", "entry"),
    ("get", "/v1/models", "entry"),
    ("get", "/v1/models/{id}", "entry"),
    ("post", "/models/load", "token"),
    ("post", "/models/unload", "token"),
    ("post", "/models/pull", "token"),
    ("post", "/v1/chat/completions", "entry"),
    ("post", "/v1/completions", "entry"),
    ("post", "/v1/responses", "entry"),
    ("post", "/v1/responses/input_tokens", "entry"),
    ("get", "/v1/responses/{id}", "entry"),
    ("delete", "/v1/responses/{id}", "entry"),
    ("get", "/v1/responses/{id}/input_items", "entry"),
    ("post", "/v1/responses/{id}/cancel", "entry"),
    ("post", "/v1/messages", "entry"),
    ("post", "/v1/messages/count_tokens", "entry"),
    ("post", "/v1/embeddings", "entry"),
    ("post", "/v1/audio/speech", "entry"),
    ("post", "/v1/audio/transcriptions", "entry"),
    ("post", "/v1/audio/translations", "entry"),
    ("post", "/v1/decisions", "entry"),
    ("post", "/v1/systemone", "entry"),
    ("post", "/completion", "entry"),
    ("post", "/infill", "entry"),
    ("post", "/tokenize", "entry"),
    ("post", "/detokenize", "entry"),
    ("post", "/apply-template", "entry"),
    ("get", "/slots", "entry"),
    ("get", "/props", "entry"),
    ("get", "/api/v1/openapi.json", "entry"),
    ("get", "/api/v1/processes", "token"),
    ("post", "/api/v1/processes", "entry"),
    ("get", "/api/v1/processes/{pid}", "key"),
    ("get", "/api/v1/processes/{pid}/events", "key"),
    ("get", "/api/v1/processes/{pid}/log", "key"),
    ("get", "/api/v1/processes/{pid}/window", "key"),
    ("get", "/api/v1/processes/{pid}/conversation", "key"),
    ("post", "/api/v1/processes/{pid}/reply", "key"),
    ("post", "/api/v1/processes/{pid}/signal", "key"),
    ("post", "/api/v1/processes/{pid}/nice", "key"),
    ("post", "/api/v1/processes/{pid}/fork", "key"),
    ("post", "/api/v1/processes/{pid}/resume", "key"),
    ("get", "/api/v1/events", "token"),
    ("get", "/api/v1/machine", "token"),
    ("post", "/api/v1/hooks/{name}", "hook"),
    ("get", "/api/v1/memory/search", "token"),
    ("get", "/api/v1/memory/page", "token"),
    ("get", "/api/v1/conversations", "token"),
    ("get", "/api/v1/tools", "token"),
];

#[tokio::test]
async fn a_stranger_sees_nothing_of_others() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    let task = json!({"prompt": "what only its user may read"});
    let own = reply(machine.user("POST", "/api/v1/processes").json(&task)).await;
    own.check(201, &[("/pid", json!(1))]);
    let theirs = machine.post("/api/v1/processes", &task).await;
    theirs.check(201, &[("/pid", json!(2))]);
    let key = |reply: &Reply| reply.json()["key"].as_str().unwrap().to_owned();
    let (own, theirs) = (key(&own), key(&theirs));
    for pid in ["1", "2"] {
        sandbox.log_until(pid, |log| log["process"]["exit"].is_object());
    }

    let document = machine.get("/api/v1/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap();
    let documented: usize = paths
        .values()
        .map(|methods| methods.as_object().unwrap().len())
        .sum();
    assert_eq!(documented, ROUTES.len());
    for (method, path, needs) in ROUTES {
        let security = match *needs {
            "nothing" => json!([]),
            "entry" => json!([{}, {"token": []}]),
            "key" => json!([{"token": []}, {"key": []}]),
            "token" => json!([{"token": []}]),
            _ => json!([{"hook": []}]),
        };
        let operation = &document["paths"][*path][*method];
        assert_eq!(operation["security"], security, "{method} {path}");

        let path = path.replace("{pid}", "1").replace("{id}", "script");
        let check = async |given: Option<&str>, refused: bool| {
            let request = machine.request(&method.to_uppercase(), &path);
            let request = match given {
                Some(given) => request.bearer_auth(given),
                None => request,
            };
            let request = match *method {
                "post" => request.json(&json!({})),
                _ => request,
            };
            let response = request.send().await.unwrap();
            // A stream of events that goes on is let in; what it brings is not waited for.
            let status = response.status().as_u16();
            assert_eq!(status == 401, refused, "{status} {method} {path} {given:?}");
            if refused {
                let text = response.text().await.unwrap();
                assert!(!text.contains("may read"), "{text}");
            }
        };
        let is_closed = matches!(*needs, "key" | "token" | "hook");
        check(None, is_closed).await;
        check(Some("none"), is_closed).await;
        check(Some(&theirs), is_closed).await;
        check(Some(&own), matches!(*needs, "token" | "hook")).await;
        check(Some(&machine.token), *needs == "hook").await;
    }

    // Nor does one go before the user's own.
    let first = json!({"prompt": "x", "priority": 1});
    machine
        .post("/api/v1/processes", &first)
        .await
        .check(400, &[("/error/param", json!("priority"))]);

    // Other spellings of a path lead nowhere.
    for path in [
        "/api/v1/processes/",
        "/api/v1/processes/%31/log",
        "/api/v1/./processes",
        "//api/v1/processes",
        "/API/v1/processes",
    ] {
        let raw = machine.raw(&format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ));
        let is_refused = raw.starts_with("HTTP/1.1 401 ") || raw.starts_with("HTTP/1.1 404 ");
        assert!(is_refused && !raw.contains("may read"), "{path} {raw}");
    }
    // The token is its user's alone, and stays the same.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = sandbox.path().join("root/state/http_token");
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let token = machine.token.clone();
    machine
        .end("TERM")
        .check(0, &["/api/v1 ask for the token in"]);
    let again = Machine::start(&sandbox, &[DONE], &[]);
    assert_eq!(again.token, token);
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
                "hint: 1 process suspended, to go on",
            ],
        );
        assert_eq!(said.out, "");
        let ps = sandbox.quipu(&["ps", "--json"]).json();
        assert_eq!(ps[0]["state"], "suspended", "{ps}");
    }
}
