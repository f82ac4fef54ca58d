//! Later turns of clients, and what coding agents send: tools of many kinds, responses that are
//! gone on with, and schemas where other servers take them.

use serde_json::{Value, json};

use super::machine::Machine;
use crate::sandbox::Sandbox;

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const RESPONSES: &str = "/v1/responses";
const HELLO: &str = r#"{"answer":"Hello to you."}"#;
const AGAIN: &str = r#"{"answer":"Hello again."}"#;
const NOON: &str = r#"{"tool":"clock","args":{"zone":"UTC"}}"#;
const TEXT: &str = "/output/0/content/0/text";

fn schema() -> Value {
    json!({"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]})
}

fn clock() -> Value {
    json!({"type": "function", "name": "clock", "parameters": schema()})
}

#[tokio::test]
async fn a_response_is_gone_on_with() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO, AGAIN], &[]);
    let ask = async |body: Value| machine.post(RESPONSES, &body).await;
    let first = ask(json!({"input": "Hello"})).await;
    first.check(
        200,
        &[(TEXT, json!("Hello to you.")), ("/store", json!(true))],
    );
    let first = first.json();
    let (id, item) = (&first["id"], &first["output"][0]["id"]);
    let again = [(TEXT, json!("Hello again."))];
    // By the response, by an item in its place, and by the item itself.
    let by_id = ask(json!({"input": "And?", "previous_response_id": id})).await;
    by_id.check(200, &again);
    by_id.check(200, &[("/previous_response_id", id.clone())]);
    let user = json!({"role": "user", "content": "And?"});
    for named in [
        json!({"type": "item_reference", "id": item}),
        json!({ "id": item }),
        first["output"][0].clone(),
    ] {
        let input = json!([{"role": "user", "content": "Hello"}, named, user]);
        ask(json!({ "input": input })).await.check(200, &again);
    }
    // What a stream wrote is kept too.
    let streamed = ask(json!({"input": "Hello", "stream": true})).await;
    let events = streamed.events();
    let (_, last) = events.last().unwrap();
    let id = &last["response"]["id"];
    let by_id = ask(json!({"input": "And?", "previous_response_id": id})).await;
    by_id.check(200, &again);

    let refused = async |body: Value, param: &str| {
        let reply = ask(body).await;
        reply.check(400, &[("/error/param", json!(param))]);
    };
    let dropped = ask(json!({"input": "Hello", "store": false})).await;
    dropped.check(200, &[("/store", json!(false))]);
    // Its prompt can be counted before it is asked for.
    let counted = async |body: Value| {
        let reply = machine.post("/v1/responses/input_tokens", &body).await;
        reply.check(200, &[("/object", json!("response.input_tokens"))]);
        reply.json()["input_tokens"].as_u64().unwrap()
    };
    let alone = counted(json!({"input": "And?"})).await;
    let after = counted(json!({"input": "And?", "previous_response_id": id})).await;
    assert!(0 < alone && alone < after, "{alone} {after}");

    let gone = dropped.json()["id"].clone();
    let place = "previous_response_id";
    refused(json!({"input": "x", "previous_response_id": gone}), place).await;
    refused(
        json!({"input": "x", "previous_response_id": "resp_1"}),
        place,
    )
    .await;
    let twice = json!([user, {"id": item}, {"id": item}]);
    refused(json!({ "input": twice }), "input[2].id").await;
    let unknown = json!([user, {"type": "item_reference", "id": "msg_1"}]);
    refused(json!({ "input": unknown }), "input[1].id").await;
}

#[tokio::test]
async fn a_call_is_gone_on_with() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[NOON, HELLO], &[]);
    let called = machine
        .post(RESPONSES, &json!({"input": "When?", "tools": [clock()]}))
        .await;
    let called = called.json();
    let (id, call) = (&called["id"], &called["output"][0]);
    let result = json!([{"type": "function_call_output", "call_id": call["call_id"],
                         "output": [{"type": "input_text", "text": "12:00"}]}]);
    let body = json!({"input": result, "previous_response_id": id, "tools": [clock()]});
    let answer = machine.post(RESPONSES, &body).await;
    answer.check(200, &[(TEXT, json!("Hello to you."))]);
}

#[tokio::test]
async fn tools_are_called_in_the_form_they_were_sent_in() {
    let check = async |line: &str, tools: Value, item: &[(&str, Value)], last: &str| {
        let sandbox = Sandbox::new();
        let machine = Machine::start(&sandbox, &[line, HELLO], &[]);
        let body = |more: Value| {
            let mut body = json!({"input": "Do it.", "tools": tools});
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            body
        };
        let called = machine.post(RESPONSES, &body(json!({}))).await;
        called.check(200, item);
        let streamed = machine
            .post(RESPONSES, &body(json!({"stream": true})))
            .await;
        let events = streamed.events();
        assert!(events.iter().any(|(name, _)| name == last), "{events:#?}");
        let call = called.json()["output"][0].clone();
        let kind = format!("{}_output", call["type"].as_str().unwrap());
        let input = json!([{"role": "user", "content": "Do it."}, call,
                           {"type": kind, "call_id": call["call_id"], "output": "done"}]);
        let answer = machine
            .post(RESPONSES, &body(json!({ "input": input })))
            .await;
        answer.check(200, &[(TEXT, json!("Hello to you."))]);
    };
    let kind = "/output/0/type";
    let name = "/output/0/name";
    let function = "response.function_call_arguments.done";
    // Tools of the service beside functions are left out, and not told.
    check(
        NOON,
        json!([{"type": "web_search", "external_web_access": false}, clock()]),
        &[(name, json!("clock")), ("/tools/0/name", json!("clock"))],
        function,
    )
    .await;
    check(
        r#"{"tool":"mcp__wall__clock","args":{"zone":"UTC"}}"#,
        json!([{"type": "namespace", "name": "mcp__wall__", "tools": [clock()]}]),
        &[
            (kind, json!("function_call")),
            (name, json!("clock")),
            ("/output/0/namespace", json!("mcp__wall__")),
        ],
        function,
    )
    .await;
    check(
        r#"{"tool":"note","args":{"input":"two\nlines"}}"#,
        json!([{"type": "custom", "name": "note", "description": "Writes a note."}]),
        &[
            (kind, json!("custom_tool_call")),
            (name, json!("note")),
            ("/output/0/input", json!("two\nlines")),
        ],
        "response.custom_tool_call_input.done",
    )
    .await;
}

#[tokio::test]
async fn a_choice_may_name_several_tools() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[NOON], &[]);
    let asked = async |path: &str, tools: Value, choice: Value| {
        let body = json!({"input": "When?", "messages": [{"role": "user", "content": "When?"}],
                          "tools": tools, "tool_choice": choice});
        machine.post(path, &body).await
    };
    let named = json!([{"type": "function", "name": "clock"}]);
    let choice = json!({"type": "allowed_tools", "mode": "required", "tools": named});
    let called = asked(RESPONSES, json!([clock()]), choice).await;
    called.check(200, &[("/output/0/name", json!("clock"))]);
    let none = json!({"type": "allowed_tools", "mode": "required", "tools": []});
    let none = asked(RESPONSES, json!([clock()]), none).await;
    none.check(400, &[("/error/param", json!("tool_choice"))]);

    // A type may be left out.
    let function = json!([{"function": {"name": "clock", "parameters": schema()}}]);
    let named = json!([{"type": "function", "function": {"name": "clock"}}]);
    let choice = json!({"type": "allowed_tools",
                        "allowed_tools": {"mode": "auto", "tools": named}});
    let called = asked(CHAT, function.clone(), choice).await;
    let call = "/choices/0/message/tool_calls/0/function/name";
    called.check(200, &[(call, json!("clock"))]);
    let wrong = asked(CHAT, function, json!({"type": "allowed_tools"})).await;
    wrong.check(400, &[("/error/param", json!("tool_choice.tools"))]);
}

#[tokio::test]
async fn a_schema_is_read_where_other_servers_take_it() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[r#"{"answer":{"zone":"UTC"}}"#], &[]);
    let check = async |path: &str, more: Value, text: &str| {
        let mut body = json!({"max_tokens": 100.0,
                              "messages": [{"role": "user", "content": "When?"}]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let reply = machine.post(path, &body).await;
        reply.check(200, &[(text, json!(r#"{"zone":"UTC"}"#))]);
    };
    let text = "/choices/0/message/content";
    check(CHAT, json!({ "json_schema": schema() }), text).await;
    check(CHAT, json!({ "guided_json": schema() }), text).await;
    let outputs = json!({"structured_outputs": {"json": schema()}});
    check(CHAT, outputs, text).await;
    let format = json!({"type": "json_schema", "schema": schema()});
    let text = "/content/0/text";
    check(MESSAGES, json!({"output_config": {"format": format}}), text).await;
    check(MESSAGES, json!({ "output_format": format }), text).await;

    for (param, more) in [
        ("guided_regex", json!({"guided_regex": "[0-9]+"})),
        ("guided_choice", json!({"guided_choice": ["a", "b"]})),
        (
            "structured_outputs.regex",
            json!({"structured_outputs": {"regex": "a"}}),
        ),
        ("json_schema", json!({"json_schema": {"type": "nonsense"}})),
    ] {
        let mut body = json!({"messages": [{"role": "user", "content": "When?"}]});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let refused = machine.post(CHAT, &body).await;
        refused.check(400, &[("/error/param", json!(param))]);
    }
}

#[tokio::test]
async fn a_thread_is_sent_again_whole() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO], &[]);
    let check = async |thread: Value, status: u16, wanted: &[(&str, Value)]| {
        let body = json!({"model": "script", "max_tokens": 9, "thread": thread,
                          "messages": [{"role": "user", "content": "Hello"}]});
        machine.post(MESSAGES, &body).await.check(status, wanted);
    };
    check(json!({"type": "create"}), 200, &[]).await;
    check(Value::Null, 200, &[]).await;
    let code = "/error/details/error_code";
    let lost = [
        ("/error/type", json!("not_found_error")),
        (code, json!("thread_not_found")),
    ];
    let thread = json!({"type": "continue", "previous_message_id": "msg_1"});
    check(thread, 404, &lost).await;
}

#[tokio::test]
async fn models_are_listed_for_clients_of_both_kinds() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO], &[]);
    let models = machine.get("/v1/models").await;
    models.check(
        200,
        &[
            ("/object", json!("list")),
            ("/data/0/id", json!("script")),
            ("/data/0/object", json!("model")),
            ("/data/0/type", json!("model")),
            ("/data/0/display_name", json!("script")),
            ("/first_id", json!("script")),
            ("/has_more", json!(false)),
        ],
    );
    let made = models.json()["data"][0]["created_at"].clone();
    assert!(
        made.as_str().is_some_and(|made| made.ends_with('Z')),
        "{made}"
    );
}
