//! Responses that are kept: read again, listed, deleted, and whose they are.

use serde_json::{Value, json};

use super::machine::{Machine, Reply, reply};
use crate::sandbox::Sandbox;

const RESPONSES: &str = "/v1/responses";
const HELLO: &str = r#"{"answer":"Hello to you."}"#;
const AGAIN: &str = r#"{"answer":"Hello again."}"#;
const TEXT: &str = "/output/0/content/0/text";

/// The id of a response.
#[track_caller]
fn id_of(reply: &Reply) -> String {
    let id = reply.json()["id"].as_str().map(str::to_owned);
    id.unwrap_or_else(|| panic!("no id in {reply:#?}"))
}

async fn deleted(machine: &Machine, id: &str) -> Reply {
    reply(machine.request("DELETE", &format!("{RESPONSES}/{id}"))).await
}

#[tokio::test]
async fn a_response_is_read_again_and_deleted() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO, AGAIN], &[]);
    let input = json!([{"role": "system", "content": "Be brief."},
                       {"role": "user", "content": "Hello"}]);
    let body = json!({"input": input, "metadata": {"a": "b"}});
    let whole = machine.post(RESPONSES, &body).await;
    let id = id_of(&whole);
    let again = machine.get(&format!("{RESPONSES}/{id}")).await;
    assert_eq!(again.json(), whole.json());
    // A stream is kept as its last event tells it.
    let body = json!({"input": "Hello", "stream": true});
    let events = machine.post(RESPONSES, &body).await.events();
    let last = events.last().map(|(_, data)| data["response"].clone());
    let last = last.unwrap_or_default();
    let streamed = last["id"].as_str().unwrap_or_default();
    let read = machine.get(&format!("{RESPONSES}/{streamed}")).await;
    assert_eq!(read.json(), last);

    let items = format!("{RESPONSES}/{id}/input_items");
    let listed = machine.get(&items).await;
    listed.check(
        200,
        &[
            ("/object", json!("list")),
            ("/data/0/role", json!("user")),
            ("/data/0/content/0/text", json!("Hello")),
            ("/data/0/content/0/type", json!("input_text")),
            ("/data/1/role", json!("system")),
            ("/has_more", json!(false)),
        ],
    );
    let first = machine.get(&format!("{items}?order=asc&limit=1")).await;
    first.check(
        200,
        &[
            ("/data/0/role", json!("system")),
            ("/has_more", json!(true)),
        ],
    );
    assert_eq!(first.json()["first_id"], first.json()["last_id"]);
    let wrong = machine.get(&format!("{items}?limit=0")).await;
    wrong.check(400, &[("/error/param", json!("limit"))]);
    // An item that was sent can be named by the id that it has there.
    let named = listed.json()["data"][0]["id"].clone();
    let input = json!([{"type": "item_reference", "id": named},
                       {"role": "assistant", "content": "Hello to you."},
                       {"role": "user", "content": "And?"}]);
    let next = machine.post(RESPONSES, &json!({ "input": input })).await;
    next.check(200, &[(TEXT, json!("Hello again."))]);

    let cancelled = machine.request("POST", &format!("{RESPONSES}/{id}/cancel"));
    reply(cancelled)
        .await
        .check(400, &[("/error/type", json!("invalid_request_error"))]);
    let asked_to_stream = machine.get(&format!("{RESPONSES}/{id}?stream=true")).await;
    asked_to_stream.check(400, &[("/error/param", json!("stream"))]);

    let done = deleted(&machine, &id).await;
    done.check(200, &[("/id", json!(id)), ("/deleted", json!(true))]);
    deleted(&machine, &id)
        .await
        .check(404, &[("/error/code", json!("response_not_found"))]);
    machine
        .get(&format!("{RESPONSES}/{id}"))
        .await
        .check(404, &[]);
    let body = json!({"input": "And?", "previous_response_id": id});
    let code = json!("previous_response_not_found");
    let gone = machine.post(RESPONSES, &body).await;
    gone.check(400, &[("/error/code", code)]);
}

#[tokio::test]
async fn a_response_of_the_user_is_nobody_elses() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO, AGAIN], &[]);
    let hello = json!({"input": "Hello"});
    let own = id_of(&reply(machine.user("POST", RESPONSES).json(&hello)).await);
    let theirs = id_of(&machine.post(RESPONSES, &hello).await);
    let check = async |is_user: bool, id: &str, want: bool| {
        let ask = async |method: &str, path: &str, body: Option<Value>| {
            let request = match is_user {
                true => machine.user(method, path),
                false => machine.request(method, path),
            };
            let request = match &body {
                Some(body) => request.json(body),
                None => request,
            };
            reply(request).await.status
        };
        let path = format!("{RESPONSES}/{id}");
        let items = format!("{path}/input_items");
        let body = json!({"input": "And?", "previous_response_id": id});
        let count = format!("{RESPONSES}/input_tokens");
        let got = [
            ask("GET", &path, None).await,
            ask("GET", &items, None).await,
            ask("POST", RESPONSES, Some(body.clone())).await,
            ask("POST", &count, Some(body)).await,
        ];
        let want = if want { [200; 4] } else { [404, 404, 400, 400] };
        assert_eq!(got, want, "{is_user} {id}");
    };
    check(true, &own, true).await;
    check(true, &theirs, true).await;
    check(false, &own, false).await;
    check(false, &theirs, true).await;
    deleted(&machine, &own).await.check(404, &[]);
    check(true, &own, true).await;
    // Nor do they outlive the machine.
    machine.end("TERM").check(0, &[]);
    let machine = Machine::start(&sandbox, &[HELLO, AGAIN], &[]);
    let gone = reply(machine.user("GET", &format!("{RESPONSES}/{own}"))).await;
    assert!(gone.text.contains("until the machine stops"), "{gone:#?}");
}
