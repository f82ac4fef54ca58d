//! Recordings over HTTP, in a machine whose ears have no weights: forms that are right get as far
//! as that, others are told what is wrong with them.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::machine::{Machine, Reply, reply};
use crate::sandbox::{DONE, Sandbox};

const PATH: &str = "/v1/audio/transcriptions";
const KIND: &str = "multipart/form-data; boundary=knot";
/// A field with a recording.
const FILE: (&str, &str) = ("file\"; filename=\"talk.wav", "RIFF\0\0\0\0WAVE");

/// A body of these fields.
fn body(fields: &[(&str, &str)]) -> String {
    let fields = fields.iter().map(|(name, value)| {
        format!("--knot\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    fields.collect::<String>() + "--knot--\r\n"
}

/// Sends `body` as the content type `kind`.
async fn send(machine: &Machine, kind: &str, body: String) -> Reply {
    let request = machine.request("POST", PATH);
    reply(request.header("content-type", kind).body(body)).await
}

#[tokio::test]
async fn a_form_that_is_right_needs_the_ears() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    let check = async |fields: &[(&str, &str)]| {
        let reply = send(&machine, KIND, body(fields)).await;
        let code = json!("model_not_found");
        let want = [("/error/param", json!("model")), ("/error/code", code)];
        reply.check(404, &want);
        let message = reply.json()["error"]["message"].to_string();
        for want in ["the ears have no weights", "quipu model pull ears"] {
            assert!(message.contains(want), "{message}");
        }
    };
    check(&[FILE]).await;
    check(&[
        ("model", "ears"),
        FILE,
        ("language", "en"),
        ("temperature", "0"),
    ])
    .await;
    for format in ["json", "text", "srt", "vtt"] {
        check(&[("response_format", format), FILE]).await;
    }
    let times = ("timestamp_granularities[]", "segment");
    check(&[FILE, ("response_format", "verbose_json"), times]).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_said() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    let check = async |fields: &[(&str, &str)], status: u16, param: &str| {
        let reply = send(&machine, KIND, body(fields)).await;
        reply.check(status, &[("/error/param", json!(param))]);
    };
    check(&[], 400, "file").await;
    check(&[(FILE.0, "")], 400, "file").await;
    check(&[FILE, FILE], 400, "file").await;
    check(&[FILE, ("model", "whisper-1")], 404, "model").await;
    check(&[FILE, ("language", "../../en")], 400, "language").await;
    check(&[FILE, ("prompt", "Names: Ann.")], 400, "prompt").await;
    check(&[FILE, ("temperature", "1")], 400, "temperature").await;
    check(&[FILE, ("response_format", "docx")], 400, "response_format").await;
    check(&[FILE, ("stream", "true")], 400, "stream").await;
    check(&[FILE, ("knots", "7")], 400, "knots").await;
    let verbose = ("response_format", "verbose_json");
    let times = "timestamp_granularities[]";
    check(&[FILE, verbose, (times, "word")], 400, times).await;
    check(&[FILE, (times, "segment")], 400, times).await;

    let broken = async |kind: &str, body: String, status: u16, want: &str| {
        let reply = send(&machine, kind, body).await;
        reply.check(status, &[("/error/type", json!("invalid_request_error"))]);
        assert!(reply.text.contains(want), "{reply:#?}");
    };
    broken("application/json", "{}".into(), 415, "multipart/form-data").await;
    broken("multipart/form-data", body(&[FILE]), 400, "boundary").await;
    let cut = body(&[FILE]).replace("--knot--\r\n", "");
    broken(KIND, cut, 400, "cannot be read").await;

    let large = machine.raw(&format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {KIND}\r\n\
         Content-Length: 26214401\r\nConnection: close\r\n\r\n"
    ));
    assert!(large.starts_with("HTTP/1.1 413 "), "{large}");
    assert!(large.contains("request_too_large"), "{large}");

    // What the ears cannot do is not done by guessing.
    let request = machine.request("POST", "/v1/audio/translations");
    let translated = reply(request.header("content-type", KIND).body(body(&[FILE]))).await;
    translated.check(400, &[("/error/code", json!("unsupported_parameter"))]);
    assert!(translated.text.contains(PATH), "{translated:#?}");
}

/// Each of these has begun to send a recording, and does not go on.
#[tokio::test]
async fn whoever_sends_slowly_keeps_nobody_else_waiting() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    let address = machine.url.trim_start_matches("http://");
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {KIND}\r\n\
         Content-Length: 100\r\nExpect: 100-continue\r\n\r\n"
    );
    let begin = |_| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        // What a server says once it reads the body.
        let mut reply = [0; b"HTTP/1.1 100 Continue".len()];
        stream.read_exact(&mut reply).unwrap();
        assert_eq!(&reply, b"HTTP/1.1 100 Continue");
        stream
    };
    let slow: Vec<TcpStream> = (0..16).map(begin).collect();
    let code = [("/error/code", json!("rate_limit_exceeded"))];
    send(&machine, KIND, body(&[FILE])).await.check(429, &code);
    let hello = json!({"model": "script", "messages": [{"role": "user", "content": "Hello"}]});
    machine
        .post("/v1/chat/completions", &hello)
        .await
        .check(200, &[]);
    drop(slow);
}

#[tokio::test]
async fn pages_of_other_origins_send_no_form() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    // A browser sends a form without asking first; it says where from.
    let request = machine.request("POST", PATH).header("content-type", KIND);
    let request = request.header("origin", "https://other.example");
    let refused = reply(request.body(body(&[FILE]))).await;
    refused.check(403, &[("/error/param", Value::Null)]);
}
