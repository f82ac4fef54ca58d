//! Whatever body comes in, what is asked of the model is read or refused by its field.

use proptest::prelude::*;
use quipu_cpu::Sampling;
use quipu_cpu::scripted::ScriptedCpu;
use serde_json::{Value, json};

use super::chat::request;
use super::{completion, completions, decisions, messages, native, responses};

const USUAL: Sampling = Sampling {
    temperature: 0.0,
    seed: 0,
};

/// Words that bodies have.
const WORDS: [&str; 48] = [
    "model",
    "messages",
    "role",
    "content",
    "user",
    "assistant",
    "tool",
    "system",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "tool_call_id",
    "tools",
    "type",
    "parameters",
    "properties",
    "strict",
    "tool_choice",
    "response_format",
    "json_schema",
    "schema",
    "stop",
    "n",
    "logprobs",
    "top_logprobs",
    "input",
    "instructions",
    "text",
    "format",
    "max_tokens",
    "tool_use",
    "tool_result",
    "input_schema",
    "questions",
    "choices",
    "levels",
    "prompt",
    "id",
    "seed",
    "top_p",
    "top_k",
    "logit_bias",
    "frequency_penalty",
    "suffix",
    "echo",
    "input_prefix",
    "stream_options",
];

/// Any JSON with these words.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        2 => prop::sample::select(WORDS.to_vec()).prop_map(Value::from),
        1 => "[ -~\u{e9}]{0,6}".prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => (-3.0..30.0).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        let word = prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(word, inner, 0..5).prop_map(|map| json!(map)),
        ]
    })
}

/// A body that would do, with some fields replaced.
fn body() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(WORDS.to_vec());
    prop::collection::vec((word, value()), 0..4).prop_map(|fields| {
        let tool = json!({"type": "function", "name": "f", "input_schema": {"type": "object"},
                          "function": {"name": "f", "parameters": {"type": "object"}}});
        let mut body = json!({
            "model": "m", "messages": [{"role": "user", "content": "a"}], "input": "a",
            "max_tokens": 9, "tools": [tool], "prompt": "a",
            "questions": [{"name": "q", "type": "predicate", "instructions": "b"}],
        });
        for (name, value) in fields {
            body[name] = value;
        }
        body
    })
}

proptest! {
    #[test]
    fn torture_a_body_is_understood_or_refused(
        body in body(),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = body.to_string();
        let begun = text.get(..cut.index(text.len())).unwrap_or_default();
        for text in [text.as_str(), begun] {
            if let Ok(body) = serde_json::from_str::<request::Body>(text) {
                let _ = (body.ask(USUAL), body.answers(), body.askable_of_an_agent());
            }
            if let Ok(body) = serde_json::from_str::<messages::Body>(text) {
                let _ = messages::ask(&body, USUAL);
            }
            if let Ok(body) = serde_json::from_str::<responses::Body>(text) {
                let _ = responses::ask(&body, USUAL);
            }
            let cpu = ScriptedCpu::parse("s", "", None).unwrap();
            if let Ok(body) = serde_json::from_str::<completions::request::Body>(text) {
                let _ = body.asks(&cpu, USUAL);
            }
            if let Ok(body) = serde_json::from_str::<completion::Body>(text) {
                let _ = (body.completion(&cpu, USUAL), body.filling(&cpu, USUAL));
            }
            let _ = serde_json::from_str::<decisions::Body>(text);
            let _ = serde_json::from_str::<native::Spawn>(text);
        }
    }
}
