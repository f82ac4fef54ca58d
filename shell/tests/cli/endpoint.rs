//! An OpenAI-compatible endpoint as the CPU: the same tasks, over a real connection.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::sandbox::{ADD, DONE, Said, Sandbox};

/// Answers the n-th action of the conversation with the n-th line, as a stream.
struct Model(Vec<String>);

impl Respond for Model {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = request.body_json().unwrap();
        let messages = body["messages"].as_array().unwrap();
        let done = messages
            .iter()
            .filter(|message| message["role"] == "assistant");
        let text = &self.0[done.count()];
        let (first, second) = text.split_at(text.len() / 2);
        let chunk = |content: &str| json!({"choices": [{"delta": {"content": content}}]});
        let usage = json!({"choices": [], "usage": {
            "prompt_tokens": 100, "completion_tokens": 10,
            "prompt_tokens_details": {"cached_tokens": 60}
        }});
        let events = [chunk(first), chunk(second), usage].map(|event| format!("data: {event}\n\n"));
        let stream = format!("{}data: [DONE]\n\n", events.concat());
        ResponseTemplate::new(200).set_body_raw(stream, "text/event-stream")
    }
}

/// Tells how likely the answer begins with which token; else as [`Model`].
struct Telling(Model);

impl Respond for Telling {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = request.body_json().unwrap();
        if body["logprobs"] != true {
            return self.0.respond(request);
        }
        let likely = |token: &str, p: f64| json!({"token": token, "logprob": p.ln()});
        let told = [likely("No", 0.6), likely("Yes", 0.2)];
        let first = json!({"token": "No", "logprob": 0.6f64.ln(), "top_logprobs": told});
        ResponseTemplate::new(200).set_body_json(json!({"choices": [{
            "message": {"content": "No"}, "logprobs": {"content": [first]}
        }]}))
    }
}

/// A server that lists one model, and completes with `chat`.
pub async fn server(chat: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    let models = json!({"data": [{"id": "tiny", "meta": {"n_ctx": 4096}}]});
    Mock::given(method("GET"))
        .and(path("/v1/models"))
        .respond_with(ResponseTemplate::new(200).set_body_json(models))
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/v1/chat/completions"))
        .respond_with(chat)
        .mount(&server)
        .await;
    server
}

async fn run(sandbox: &Sandbox, server: &MockServer, more: &[&str]) -> Said {
    let url = format!("{}/v1", server.uri());
    let args = [
        &["run", "--cpu", &url, "--format", "json"],
        more,
        &["what is 1 + 1?"],
    ]
    .concat();
    let mut command = sandbox.command(&args);
    command.env("OPENAI_API_KEY", "sesame");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    output.await.unwrap().into()
}

#[tokio::test]
async fn the_same_task_on_an_endpoint() {
    let sandbox = Sandbox::new();
    let server = server(Model(vec![ADD.into(), DONE.into()])).await;
    let said = run(&sandbox, &server, &[]).await;
    said.check(0, &[]);
    let report = said.json();
    assert_eq!(report["answer"], "done");
    assert_eq!(
        report["steps"][0]["observation"],
        "{\"value\":\"2\",\"exact\":true}"
    );
    assert_eq!(
        report["usage"],
        json!({"prompt_tokens": 200, "cached_tokens": 120, "generated_tokens": 20})
    );

    // The key goes along; the legal actions go along as a schema.
    let asked = server.received_requests().await.unwrap();
    let chat: Vec<&Request> = asked
        .iter()
        .filter(|r| r.method.as_str() == "POST")
        .collect();
    assert_eq!(chat.len(), 2);
    assert_eq!(chat[0].headers["authorization"], "Bearer sesame");
    let body: Value = chat[0].body_json().unwrap();
    assert_eq!(body["model"], "tiny");
    let schema = body["response_format"]["json_schema"]["schema"].to_string();
    assert!(schema.contains("calculator.calculate"), "{schema}");
    // And nowhere else.
    let log = sandbox.quipu(&["log", "1", "--json"]);
    assert!(!log.out.contains("sesame"), "{}", log.out);
}

#[tokio::test]
async fn an_endpoint_that_ignores_the_schema_is_corrected() {
    let sandbox = Sandbox::new();
    let model = Model(vec!["Sure! I will help.".into(), DONE.into()]);
    let said = run(&sandbox, &server(model).await, &[]).await;
    said.check(0, &[]);
    let observation = said.json()["steps"][0]["observation"].to_string();
    assert!(
        observation.contains("this action was not accepted"),
        "{observation}"
    );
}

#[tokio::test]
async fn an_endpoint_decides_where_it_tells_probabilities() {
    let decide = json!({"tool": "decide", "args": {"question": "Is it late?"}}).to_string();
    let model = || Model(vec![decide.clone(), DONE.into()]);
    let check = async |server: MockServer, want: &str| {
        let sandbox = Sandbox::new();
        let said = run(&sandbox, &server, &[]).await;
        said.check(0, &[]);
        assert_eq!(said.json()["steps"][0]["observation"], want);
    };
    let told = r#"{"choice":"no","probabilities":{"yes":0.25,"no":0.75}}"#;
    check(server(Telling(model())).await, told).await;
    let untold = "error: this CPU tells no probabilities";
    check(server(model()).await, untold).await;
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let check = async |status: u16, body: Value, wanted: &[&str]| {
        let sandbox = Sandbox::new();
        let refusal = ResponseTemplate::new(status).set_body_json(body);
        let said = run(&sandbox, &server(refusal).await, &[]).await;
        said.check(1, wanted);
        assert_eq!(said.json()["status"], "failed");
        assert!(!said.err.contains("sesame") && !said.out.contains("sesame"));
    };
    let error = |message: &str| json!({"error": {"message": message}});
    check(401, error("bad key"), &["401", "bad key", "OPENAI_API_KEY"]).await;
    check(
        404,
        error("no such model"),
        &["404", "no such model", "ends in /v1"],
    )
    .await;
    let full = error("exceeds the context window");
    check(400, full, &["400", "--window"]).await;
}

#[tokio::test]
async fn a_failure_that_passes_is_tried_again() {
    let sandbox = Sandbox::new();
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(503).insert_header("retry-after", "0");
    Mock::given(path("/v1/chat/completions"))
        .respond_with(busy)
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(path("/v1/chat/completions"))
        .respond_with(Model(vec![DONE.into()]))
        .mount(&server)
        .await;
    // It lists no models: one that is named is enough.
    let said = run(&sandbox, &server, &["--model", "tiny"]).await;
    // In this program's words, and not as its libraries log.
    said.check(0, &["warning: ", "; trying again (1 of 4)"]);
    assert!(!said.err.contains("WARN"), "{said:#?}");
    assert_eq!(server.received_requests().await.unwrap().len(), 4);
}

#[tokio::test]
async fn an_endpoint_that_loads_its_model_is_waited_for() {
    let sandbox = Sandbox::new();
    let server = MockServer::start().await;
    let loading = json!({"error": {"message": "Loading model", "code": 503}});
    let loading = ResponseTemplate::new(503)
        .insert_header("retry-after", "0")
        .set_body_json(loading);
    Mock::given(path("/v1/chat/completions"))
        .respond_with(loading)
        .up_to_n_times(9)
        .mount(&server)
        .await;
    Mock::given(path("/v1/chat/completions"))
        .respond_with(Model(vec![DONE.into()]))
        .mount(&server)
        .await;
    let said = run(&sandbox, &server, &["--model", "tiny"]).await;
    said.check(0, &["Loading model; waiting for it"]);
}

#[test]
fn nobody_there() {
    let sandbox = Sandbox::new();
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}/v1");
    let said = sandbox.quipu(&["run", "--cpu", &url, "task"]);
    said.check(
        1,
        &["nothing answers there", "hint: check that the server runs"],
    );
}

#[test]
fn a_key_in_an_address_is_told_nowhere() {
    let check = |answer: &'static str, want: &str| {
        let sandbox = Sandbox::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        let url = format!("http://127.0.0.1:{port}/v1?key=hunter2");
        let said = sandbox.quipu(&["run", "--cpu", &url, "task"]);
        said.check(1, &[want]);
        assert!(!said.err.contains("hunter2"), "{said:#?}");
        let looked = sandbox.quipu(&["doctor", "--cpu", &url]);
        assert!(!looked.out.contains("hunter2"), "{looked:#?}");
    };
    check("", "error sending request");
    let no_json = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx";
    check(no_json, "its list of models is not JSON");
}

/// A server that answers everything with `body`.
async fn says(body: &str) -> MockServer {
    server(ResponseTemplate::new(200).set_body_raw(body.to_owned(), "text/event-stream")).await
}

#[tokio::test]
async fn a_reply_is_read_in_the_form_it_has() {
    let content = |text: &str| json!({"choices": [{"delta": {"content": text}}]});
    let thought = json!({"choices": [{"delta": {"reasoning_content": "hm"}}]});
    let spent = json!({"choices": [{"delta": {}, "finish_reason": "length"}]});
    let check = async |body: String, code: i32, wanted: &[&str]| {
        let sandbox = Sandbox::new();
        run(&sandbox, &says(&body).await, &[])
            .await
            .check(code, wanted);
    };
    for text in [
        DONE.to_owned(),
        format!("```json\n{DONE}\n```"),
        format!("<think>hm</think>{DONE}"),
        format!("<|START_RESPONSE|>{DONE}<|END_RESPONSE|>"),
    ] {
        check(format!("data: {}", content(&text)), 0, &[]).await;
        let whole = json!({"choices": [{"message": {"content": text}}]});
        check(whole.to_string(), 0, &[]).await;
    }
    check(
        format!("data: {thought}\n\ndata: {spent}\n\n"),
        1,
        &["it thought until", "action_tokens"],
    )
    .await;
    // Where a model did not think some servers take its answer for a thought.
    let answer = json!({"choices": [{"delta": {"content": "", "reasoning_content": DONE}}]});
    check(format!("data: {answer}\n\n"), 0, &[]).await;
    let broken = json!({"choices": [{"delta": {}, "finish_reason": "network_error"}]});
    check(
        format!("data: {broken}\n\n"),
        1,
        &["it broke off: network_error"],
    )
    .await;
    check(
        "<!doctype html>\n<title>A page</title>".into(),
        1,
        &["its reply is no answer: a web page", "ends in /v1"],
    )
    .await;
    check("data: [DONE]\n\n".into(), 1, &["its reply is empty"]).await;
    check(
        "data: {\"error\":\"no memory\"}\n\n".into(),
        1,
        &["no memory"],
    )
    .await;
    let cut = content(&DONE[..DONE.len() / 2]);
    check(
        format!("data: {cut}\n\n"),
        1,
        &["the stream broke off after"],
    )
    .await;
}

/// Refuses a request that has a form, and answers one that has none.
struct Formless;

impl Respond for Formless {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = request.body_json().unwrap();
        match body.get("response_format") {
            Some(_) => ResponseTemplate::new(400)
                .set_body_json(json!({"error": "response_format is not supported"})),
            None => Model(vec![DONE.into()]).respond(request),
        }
    }
}

#[tokio::test]
async fn an_endpoint_without_forms_is_asked_without() {
    let sandbox = Sandbox::new();
    run(&sandbox, &server(Formless).await, &[])
        .await
        .check(0, &[]);
}

#[tokio::test]
async fn an_endpoint_may_lead_on_within_its_host() {
    let check = async |to: String, code: i32, wanted: &[&str]| {
        let sandbox = Sandbox::new();
        let server = server(Model(vec![DONE.into()])).await;
        let leads = ResponseTemplate::new(308).insert_header("location", to.as_str());
        Mock::given(path("/old/chat/completions"))
            .respond_with(leads)
            .mount(&server)
            .await;
        let url = format!("{}/old", server.uri());
        let args = [
            "run", "--cpu", &url, "--model", "tiny", "--format", "json", "hi",
        ];
        let mut command = sandbox.command(&args);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        Said::from(output.await.unwrap()).check(code, wanted);
    };
    check("/v1/chat/completions".into(), 0, &[]).await;
    check(
        "http://other.example/v1".into(),
        1,
        &["it leads to http://other.example"],
    )
    .await;
}
