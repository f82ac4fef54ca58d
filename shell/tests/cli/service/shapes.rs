//! What litellm 1.110, instructor 1.17 and pydantic-ai 2.68 send, as a recording server noted it:
//! each is answered as it expects.

use serde_json::{Value, json};

use super::machine::Machine;
use crate::sandbox::Sandbox;

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const RESPONSES: &str = "/v1/responses";
const HELLO: &str = r#"{"answer":"Hello to you."}"#;
const ANN: &str = r#"{"answer":{"name":"Ann","age":3}}"#;
const PERSON: &str = r#"{"tool":"Person","args":{"name":"Ann","age":3}}"#;
const RESULT: &str = r#"{"tool":"final_result","args":{"name":"Ann","age":3}}"#;
const WEATHER: &str = r#"{"tool":"get_weather","args":{"city":"Rome"}}"#;

/// What a client sends, and where in the reply it looks for what.
type Row = (&'static str, Value, &'static str, Value);

/// Asks a machine with `lines` what each row has, and compares. A text that is JSON is compared
/// as JSON.
async fn check(lines: &[&str], rows: Vec<Row>) {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, lines, &[]);
    for (path, body, pointer, want) in rows {
        let got = machine.post(path, &body).await;
        assert_eq!(got.status, 200, "{path} {body} {got:#?}");
        let reply = got.json();
        let told = reply.pointer(pointer).cloned().unwrap_or_default();
        let read = told
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok());
        let told = if want.is_object() {
            read.unwrap_or(told)
        } else {
            told
        };
        assert_eq!(told, want, "{path} {body} {got:#?}");
    }
}

fn ann() -> Value {
    json!({"name": "Ann", "age": 3})
}

fn question() -> Value {
    json!([{"role": "user", "content": "Ann is 3 years old. Who is it?"}])
}

/// The schema of a class of pydantic with two fields, as the clients write it.
fn person() -> Value {
    json!({"properties": {"name": {"title": "Name", "type": "string"},
                          "age": {"minimum": 0, "title": "Age", "type": "integer"}},
           "required": ["name", "age"], "title": "Person", "type": "object"})
}

fn strict_person() -> Value {
    let mut schema = person();
    schema["additionalProperties"] = false.into();
    schema
}

fn function(name: &str, parameters: Value) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": parameters,
           "description": "Correctly extracted with all the required parameters"}})
}

fn weather() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
           "additionalProperties": false})
}

const TEXT: &str = "/choices/0/message/content";
const ARGUMENTS: &str = "/choices/0/message/tool_calls/0/function/arguments";

#[tokio::test]
async fn what_litellm_sends() {
    let with = |more: Value| {
        let mut body = json!({"model": "script", "messages": question(), "max_tokens": 24});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    };
    let hello = json!("Hello to you.");
    let city = json!({"type": "object", "properties": {"city": {"type": "string"}},
                      "required": ["city"]});
    let tool = json!([{"type": "custom", "name": "get_weather", "input_schema": city,
                       "description": "Weather of a city."}]);
    let text = json!([{"type": "text", "text": "Who is it?"}]);
    let parts = json!([{"role": "user", "content": text}]);
    // Fields of a client's own (`extra_body`, and those of vLLM) stand beside the others.
    let vllm = json!({"top_k": 5, "min_p": 0.1, "repetition_penalty": 1.1});
    let all = json!({"temperature": 0.5, "top_p": 0.9, "presence_penalty": 0.1,
                     "frequency_penalty": 0.1, "logit_bias": {"5": 1}, "seed": 3,
                     "tools": [function("get_weather", city)], "tool_choice": "auto",
                     "parallel_tool_calls": false, "reasoning_effort": "low", "top_k": 5});
    let rows = vec![
        (CHAT, with(json!({})), TEXT, hello.clone()),
        (CHAT, with(vllm), TEXT, hello.clone()),
        (CHAT, with(all), TEXT, hello.clone()),
        (
            "/v1/completions",
            json!({"model": "script", "prompt": "Say", "max_tokens": 24}),
            "/choices/0/text",
            hello.clone(),
        ),
        (
            MESSAGES,
            json!({"model": "script", "messages": parts, "max_tokens": 24, "tools": tool}),
            "/content/0/text",
            hello.clone(),
        ),
        (
            RESPONSES,
            json!({"model": "script", "input": "Hello", "max_output_tokens": 24}),
            "/output/0/content/0/text",
            hello,
        ),
    ];
    check(&[HELLO], rows).await;
    // A class of pydantic is sent as a strict schema.
    let schema = json!({"schema": strict_person(), "name": "Person", "strict": true});
    let format = json!({"type": "json_schema", "json_schema": schema});
    let body = with(json!({ "response_format": format }));
    check(&[ANN], vec![(CHAT, body, TEXT, ann())]).await;
}

#[tokio::test]
async fn what_instructor_sends() {
    let with = |more: Value| {
        let mut body = json!({"model": "script", "messages": question(), "max_tokens": 60});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    };
    let mut parameters = person();
    if let Some(schema) = parameters.as_object_mut() {
        schema.remove("title");
    }
    let tools = json!([function("Person", parameters)]);
    let named = json!({"type": "function", "function": {"name": "Person"}});
    let forced = json!({"tools": tools, "tool_choice": named});
    // What was not valid is sent back with what was wrong.
    let call = json!({"id": "call_1", "type": "function",
                      "function": {"name": "Person", "arguments": "{\"name\": \"ann\"}"}});
    let wrong = json!({"role": "tool", "tool_call_id": "call_1", "name": "Person",
        "content": "Validation Error found:\n1 validation error for Person\nRecall the function \
                    correctly, fix the errors"});
    let mut again = with(forced.clone());
    if let Some(messages) = again["messages"].as_array_mut() {
        let called = json!({"role": "assistant", "content": "", "tool_calls": [call]});
        messages.extend([called, wrong]);
    }
    let of_messages = json!([{"name": "Person", "description": "Correctly extracted",
                              "input_schema": person()}]);
    let tool = json!({"type": "tool", "name": "Person", "disable_parallel_tool_use": true});
    let format = json!({"type": "json_schema", "name": "Person", "strict": true,
                        "schema": strict_person()});
    let of_responses = json!([{"type": "function", "name": "Person",
                               "parameters": strict_person(), "description": "Correctly"}]);
    let rows = vec![
        (CHAT, with(forced), ARGUMENTS, ann()),
        (
            CHAT,
            with(json!({"tools": tools, "tool_choice": "auto"})),
            ARGUMENTS,
            ann(),
        ),
        (CHAT, again, ARGUMENTS, ann()),
        (
            MESSAGES,
            with(json!({"tools": of_messages, "tool_choice": tool})),
            "/content/0/input",
            ann(),
        ),
        // Both a format and a tool: the tool is called.
        (
            RESPONSES,
            json!({"model": "script", "input": question(), "max_output_tokens": 60,
                   "text": {"format": format}, "tools": of_responses,
                   "tool_choice": {"type": "function", "name": "Person"}}),
            "/output/0/arguments",
            ann(),
        ),
    ];
    check(&[PERSON, PERSON], rows).await;

    let schema = json!({"name": "Person", "schema": person()});
    let schema = json!({"type": "json_schema", "json_schema": schema});
    let rows = [schema, json!({"type": "json_object"})].map(|format| {
        let body = with(json!({ "response_format": format }));
        (CHAT, body, TEXT, ann())
    });
    check(&[ANN], rows.to_vec()).await;
}

#[tokio::test]
async fn what_pydantic_ai_sends() {
    let with = |more: Value| {
        let mut body = json!({"model": "script", "stream": false, "messages": question(),
                              "max_completion_tokens": 60});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    };
    let mut result = function("final_result", strict_person());
    result["function"]["strict"] = true.into();
    let required = with(json!({"tools": [result], "tool_choice": "required"}));
    let of_messages = json!([{"name": "final_result", "input_schema": person(),
                              "description": "The final response which ends this conversation"}]);
    let any = json!({"model": "script", "stream": false, "max_tokens": 60,
                     "messages": question(), "tools": of_messages,
                     "tool_choice": {"type": "any"}});
    let rows = vec![
        (CHAT, required, ARGUMENTS, ann()),
        (MESSAGES, any, "/content/0/input", ann()),
    ];
    check(&[RESULT], rows).await;

    let schema = json!({"name": "Person", "schema": strict_person(), "strict": true});
    let native = with(json!({"response_format": {"type": "json_schema", "json_schema": schema}}));
    let mut format = schema;
    format["type"] = "json_schema".into();
    let responses = json!({"model": "script", "stream": false, "input": question(),
                           "max_output_tokens": 60, "text": {"format": format}});
    let rows = vec![
        (CHAT, native, TEXT, ann()),
        (RESPONSES, responses, "/output/0/content/0/text", ann()),
    ];
    check(&[ANN], rows).await;

    // Every setting that it has, and a tool that is called, with its result in the next turn.
    let mut tool = function("get_weather", weather());
    tool["function"]["strict"] = true.into();
    let settings = json!({"service_tier": "auto", "frequency_penalty": 0.1,
        "logit_bias": {"5": 1}, "parallel_tool_calls": true, "presence_penalty": 0.1,
        "prompt_cache_key": "k", "reasoning_effort": "low", "seed": 3, "stop": ["zzz"],
        "store": false, "temperature": 0.2, "tool_choice": "auto", "tools": [tool], "top_p": 0.9,
        "user": "me", "top_k": 3});
    let first = with(settings);
    let mut second = first.clone();
    let call = json!({"id": "call_1", "type": "function",
                      "function": {"name": "get_weather", "arguments": "{\"city\":\"Rome\"}"}});
    if let Some(messages) = second["messages"].as_array_mut() {
        messages.push(json!({"role": "assistant", "content": null, "tool_calls": [call]}));
        messages.push(json!({"role": "tool", "tool_call_id": "call_1", "content": "sunny"}));
    }
    let tools = json!([{"type": "function", "name": "get_weather", "parameters": weather(),
                        "description": "Weather of a city.", "strict": true}]);
    let asks = json!({"role": "user", "content": "What is the weather in Rome?"});
    // Calls come back without ids and states of their own.
    let call = json!({"type": "function_call", "name": "get_weather", "call_id": "call_1",
                      "arguments": "{\"city\":\"Rome\"}"});
    let result = json!({"type": "function_call_output", "call_id": "call_1", "output": "sunny"});
    let responses = |input: Value| {
        json!({"model": "script", "stream": false, "input": input, "max_output_tokens": 60,
               "reasoning": {"summary": "auto"}, "tool_choice": "auto", "tools": tools,
               "truncation": "auto"})
    };
    let city = json!({"city": "Rome"});
    let hello = json!("Hello to you.");
    let rows = vec![
        (CHAT, first, ARGUMENTS, city.clone()),
        (CHAT, second, TEXT, hello.clone()),
        (
            RESPONSES,
            responses(json!([asks])),
            "/output/0/arguments",
            city,
        ),
        (
            RESPONSES,
            responses(json!([asks, call, result])),
            "/output/0/content/0/text",
            hello,
        ),
    ];
    check(&[WEATHER, HELLO], rows).await;
}

/// Objects that are built while they stream, as instructor's partial ones.
#[tokio::test]
async fn a_call_that_streams_is_joined_from_its_pieces() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[PERSON], &[]);
    let named = json!({"type": "function", "function": {"name": "Person"}});
    let body = json!({"model": "script", "stream": true, "messages": question(),
                      "max_tokens": 60, "tool_choice": named,
                      "tools": [function("Person", person())]});
    let events = machine.post(CHAT, &body).await.events();
    let pieces = events.iter().filter_map(|(_, data)| {
        let delta = &data["choices"][0]["delta"];
        delta["tool_calls"][0]["function"]["arguments"].as_str()
    });
    let joined: Value = serde_json::from_str(&pieces.collect::<String>()).unwrap_or_default();
    assert_eq!(joined, ann());
    let ended = events
        .iter()
        .rev()
        .nth(1)
        .map(|(_, data)| data["choices"][0].clone());
    let ended = ended.unwrap_or_default();
    assert_eq!(ended["finish_reason"], "tool_calls", "{events:#?}");
}
