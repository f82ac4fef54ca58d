//! `/v1/chat/completions` on the plain model.

use serde_json::{Value, json};

use super::machine::Machine;
use crate::sandbox::Sandbox;

const PATH: &str = "/v1/chat/completions";
const HELLO: &str = r#"{"answer":"Hello to you."}"#;
const NOON: &str = r#"{"tool":"clock","args":{"zone":"UTC"}}"#;
const BOTH: &str =
    r#"{"calls":[{"tool":"clock","args":{"zone":"UTC"}},{"tool":"clock","args":{"zone":"CET"}}]}"#;

/// A request with `more` fields.
fn asking(more: &Value) -> Value {
    let mut body = json!({"model": "script", "messages": [{"role": "user", "content": "Hello"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn clock() -> Value {
    json!([{"type": "function", "function": {
        "name": "clock", "description": "Tells the time.", "strict": true,
        "parameters": {"type": "object", "properties": {"zone": {"type": "string"}},
                       "required": ["zone"], "additionalProperties": false},
    }}])
}

#[tokio::test]
async fn a_request_is_answered_or_says_which_field_is_wrong() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO, r#"{"answer":"Again."}"#], &[]);
    let check = async |more: Value, status: u16, wanted: &[(&str, Value)]| {
        machine
            .post(PATH, &asking(&more))
            .await
            .check(status, wanted);
    };
    let text = "/choices/0/message/content";
    let ended = "/choices/0/finish_reason";
    let says = |words: &str| [(text, json!(words))];
    check(
        json!({}),
        200,
        &[
            ("/object", json!("chat.completion")),
            ("/model", json!("script")),
            (text, json!("Hello to you.")),
            ("/choices/0/message/role", json!("assistant")),
            (ended, json!("stop")),
            ("/usage/prompt_tokens_details/cached_tokens", json!(0)),
        ],
    )
    .await;
    // A later turn, with contents in parts.
    let turns = json!({"messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
        {"role": "assistant", "content": "Hello to you."},
        {"role": "user", "content": "And again"},
    ]});
    check(turns, 200, &says("Again.")).await;
    check(json!({"stop": " to"}), 200, &says("Hello")).await;
    check(json!({"stop": ["you", "lo"]}), 200, &says("Hel")).await;
    check(json!({"max_tokens": 1}), 200, &[(ended, json!("length"))]).await;
    check(
        json!({"n": 2}),
        200,
        &[("/choices/1/message/content", json!("Hello to you."))],
    )
    .await;
    // What asks for nothing is taken.
    let nothing = json!({"logprobs": false, "top_p": 1, "presence_penalty": 0, "logit_bias": {},
                         "user": "me", "metadata": {"a": "b"}, "tools": [], "tool_choice": "auto"});
    check(nothing, 200, &says("Hello to you.")).await;

    let wrong = async |more: Value, status: u16, param: Value, code: &str| {
        let wanted = [("/error/param", param), ("/error/code", json!(code))];
        check(more, status, &wanted).await;
    };
    let invalid = "invalid_value";
    let unsupported = "unsupported_parameter";
    wrong(
        json!({"model": "other"}),
        404,
        json!("model"),
        "model_not_found",
    )
    .await;
    wrong(
        json!({"model": "agent/nobody"}),
        404,
        json!("model"),
        "model_not_found",
    )
    .await;
    wrong(json!({"messages": []}), 400, json!("messages"), invalid).await;
    wrong(json!({"n": 0}), 400, json!("n"), invalid).await;
    wrong(json!({"n": 17}), 400, json!("n"), invalid).await;
    wrong(
        json!({"temperature": -1}),
        400,
        json!("temperature"),
        invalid,
    )
    .await;
    wrong(json!({"max_tokens": 0}), 400, json!("max_tokens"), invalid).await;
    wrong(
        json!({"logprobs": true}),
        400,
        json!("logprobs"),
        unsupported,
    )
    .await;
    let hot = json!({"temperature": "hot"});
    wrong(hot, 400, json!("temperature"), invalid).await;
    let most = json!("top_logprobs");
    for more in [
        json!({"top_logprobs": 1}),
        json!({"logprobs": true, "top_logprobs": 21}),
    ] {
        wrong(more, 400, most.clone(), invalid).await;
    }
    for (param, value) in [
        ("top_p", json!(1.5)),
        ("top_k", json!("many")),
        ("min_p", json!(-1)),
        ("frequency_penalty", json!(3)),
        ("presence_penalty", json!(-3)),
        ("repeat_penalty", json!(0)),
        ("logit_bias", json!({"word": 1})),
        ("logit_bias", json!({"7": 101})),
    ] {
        let mut more = json!({});
        more[param] = value;
        wrong(more, 400, json!(param), invalid).await;
    }
    wrong(
        json!({"grammar": "root ::= \"a\""}),
        400,
        json!("grammar"),
        unsupported,
    )
    .await;
    wrong(
        json!({"tool_choice": "required"}),
        400,
        json!("tool_choice"),
        invalid,
    )
    .await;
    let format = |format: Value| json!({ "response_format": format });
    let strict = |schema: Value| {
        format(json!({"type": "json_schema",
                      "json_schema": {"name": "x", "strict": true, "schema": schema}}))
    };
    let place = json!("response_format.json_schema.schema");
    wrong(
        format(json!({"type": "xml"})),
        400,
        json!("response_format.type"),
        invalid,
    )
    .await;
    wrong(
        strict(json!({"type": "nonsense"})),
        400,
        place.clone(),
        invalid,
    )
    .await;
    wrong(
        strict(json!({"type": "string", "not": {"const": "x"}})),
        400,
        place,
        invalid,
    )
    .await;
    let said =
        |role: &str, content: Value| json!({"messages": [{"role": role, "content": content}]});
    wrong(
        said("oracle", json!("x")),
        400,
        json!("messages[0].role"),
        invalid,
    )
    .await;
    wrong(
        said("tool", json!("x")),
        400,
        json!("messages[0].tool_call_id"),
        invalid,
    )
    .await;
    wrong(
        said("user", Value::Null),
        400,
        json!("messages[0].content"),
        invalid,
    )
    .await;
    let picture = json!([{"type": "image_url", "image_url": {"url": "data:,"}}]);
    wrong(
        said("user", picture),
        400,
        json!("messages[0].content[0]"),
        unsupported,
    )
    .await;
    for (url, code) in [
        ("http://127.0.0.1/a.png", unsupported),
        ("data:image/png;base64,aGVsbG8=", invalid),
    ] {
        let picture = json!([{"type": "image_url", "image_url": {"url": url}}]);
        let place = json!("messages[0].content[0]");
        wrong(said("user", picture), 400, place, code).await;
    }
    let long = said("user", json!("word ".repeat(20_000)));
    wrong(long, 400, json!("messages"), "context_length_exceeded").await;
}

#[tokio::test]
async fn an_answer_has_the_form_that_was_asked_for() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[r#"{"answer":{"age":7}}"#], &[]);
    let schema = json!({"type": "object", "properties": {"age": {"type": "integer"}},
                        "required": ["age"], "additionalProperties": false});
    let format = json!({"type": "json_schema",
                        "json_schema": {"name": "x", "strict": true, "schema": schema}});
    for format in [format, json!({"type": "json_object"})] {
        let reply = machine
            .post(PATH, &asking(&json!({ "response_format": format })))
            .await;
        reply.check(
            200,
            &[("/choices/0/message/content", json!(r#"{"age":7}"#))],
        );
    }
}

#[tokio::test]
async fn functions_are_called_and_their_results_read() {
    let call = async |line: &str, more: Value| {
        let sandbox = Sandbox::new();
        let machine = Machine::start(&sandbox, &[line, r#"{"answer":"It is noon."}"#], &[]);
        let mut more = more;
        more["tools"] = clock();
        machine.post(PATH, &asking(&more)).await
    };
    let reply = call(NOON, json!({})).await;
    let named = "/choices/0/message/tool_calls/0/function/name";
    let args = "/choices/0/message/tool_calls/0/function/arguments";
    let ended = ("/choices/0/finish_reason", json!("tool_calls"));
    reply.check(
        200,
        &[
            ("/choices/0/message/content", Value::Null),
            (named, json!("clock")),
            (args, json!(r#"{"zone":"UTC"}"#)),
            ended.clone(),
        ],
    );
    let both = call(BOTH, json!({"tool_choice": "required"})).await;
    let second = "/choices/0/message/tool_calls/1/function/arguments";
    both.check(200, &[(second, json!(r#"{"zone":"CET"}"#)), ended.clone()]);
    let one = call(BOTH, json!({"parallel_tool_calls": false})).await;
    assert!(
        one.json()
            .pointer("/choices/0/message/tool_calls/1")
            .is_none()
    );
    let choice = json!({"type": "function", "function": {"name": "clock"}});
    call(NOON, json!({ "tool_choice": choice }))
        .await
        .check(200, &[ended]);
    // What the model writes against the rules is not passed on.
    let none = call(NOON, json!({"tool_choice": "none"})).await;
    none.check(500, &[("/error/type", json!("server_error"))]);
    let other = json!({"type": "function", "function": {"name": "other"}});
    call(NOON, json!({ "tool_choice": other }))
        .await
        .check(400, &[]);

    // The result goes back, and the answer comes.
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[NOON, r#"{"answer":"It is noon."}"#], &[]);
    let mut message = reply.json()["choices"][0]["message"].clone();
    message["content"] = Value::Null;
    let id = message["tool_calls"][0]["id"].clone();
    let turns = json!({"tools": clock(), "messages": [
        {"role": "user", "content": "What time is it?"}, message,
        {"role": "tool", "tool_call_id": id, "content": "12:00"},
    ]});
    let answer = machine.post(PATH, &asking(&turns)).await;
    answer.check(200, &[("/choices/0/message/content", json!("It is noon."))]);
}

#[tokio::test]
async fn an_answer_streams() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO], &[]);
    let usage = json!({"include_usage": true});
    let more = json!({"stream": true, "n": 2, "stream_options": usage});
    let reply = machine.post(PATH, &asking(&more)).await;
    assert_eq!(reply.status, 200, "{reply:#?}");
    let events: Vec<Value> = reply.events().into_iter().map(|(_, data)| data).collect();
    let [chunks @ .., last, done] = &events[..] else {
        panic!("{events:#?}");
    };
    assert_eq!(done, "[DONE]");
    assert_eq!(last["choices"], json!([]));
    assert!(last["usage"]["total_tokens"].as_u64().unwrap() > 0);
    for index in 0..2 {
        let of = chunks
            .iter()
            .filter(|chunk| chunk["choices"][0]["index"] == index);
        let of: Vec<&Value> = of.map(|chunk| &chunk["choices"][0]).collect();
        assert_eq!(of[0]["delta"]["role"], "assistant");
        let text: String = of
            .iter()
            .filter_map(|c| c["delta"]["content"].as_str())
            .collect();
        assert_eq!(text, "Hello to you.");
        assert_eq!(of.last().unwrap()["finish_reason"], "stop");
    }
    assert!(chunks.iter().all(|chunk| chunk["usage"].is_null()));

    // Without being asked for, no usage comes.
    let plain = machine.post(PATH, &asking(&json!({"stream": true}))).await;
    assert!(!plain.text.contains("usage"), "{plain:#?}");
    // What fails before the first piece has a status.
    let sandbox = Sandbox::new();
    let empty = Machine::start(&sandbox, &["# nothing"], &[]);
    let failed = empty.post(PATH, &asking(&json!({"stream": true}))).await;
    failed.check(500, &[("/error/type", json!("server_error"))]);
}
