//! Texts that go on without a template, tokens, and how they are chosen.

use serde_json::{Value, json};

use super::machine::Machine;
use crate::sandbox::{Sandbox, test_model};

const PATH: &str = "/v1/completions";
const HELLO: &str = r#"{"answer":"Hello to you."}"#;

#[tokio::test]
async fn a_text_goes_on() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[HELLO], &[]);
    let ask = async |more: Value| {
        let mut body = json!({"model": "script", "prompt": "Say: ", "max_tokens": 100});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        machine.post(PATH, &body).await
    };
    let text = "/choices/0/text";
    ask(json!({})).await.check(
        200,
        &[
            ("/object", json!("text_completion")),
            ("/model", json!("script")),
            (text, json!("Hello to you.")),
            ("/choices/0/logprobs", Value::Null),
            ("/choices/0/finish_reason", json!("stop")),
        ],
    );
    let echoed = ask(json!({"echo": true, "stop": [" you"]})).await;
    echoed.check(200, &[(text, json!("Say: Hello to"))]);
    let several = json!({"prompt": ["a", "b"], "n": 2, "temperature": 1});
    let several = ask(several).await.json();
    let choices = several["choices"].as_array().unwrap();
    let places: Vec<u64> = choices.iter().filter_map(|c| c["index"].as_u64()).collect();
    assert_eq!(places, [0, 1, 2, 3], "{several}");
    // Each prompt counts once.
    let one = ask(json!({"prompt": "a"})).await.json();
    let tokens = |reply: &Value| reply["usage"]["prompt_tokens"].as_u64().unwrap();
    assert_eq!(tokens(&several), 2 * tokens(&one), "{several} {one}");

    let wrong = async |more: Value, status: u16, param: &str| {
        let reply = ask(more).await;
        reply.check(status, &[("/error/param", json!(param))]);
    };
    wrong(json!({"prompt": null}), 400, "prompt").await;
    wrong(json!({"suffix": "end"}), 400, "suffix").await;
    wrong(json!({"logprobs": 3}), 400, "logprobs").await;
    wrong(json!({"n": 17}), 400, "n").await;
    wrong(json!({"model": "other"}), 404, "model").await;
    wrong(json!({"model": "agent"}), 400, "model").await;
    wrong(json!({"prompt": "word ".repeat(20_000)}), 400, "prompt").await;

    let own = json!({"prompt": "Say: ", "n_predict": -1, "cache_prompt": true, "stop": []});
    machine.post("/completion", &own).await.check(
        200,
        &[
            ("/content", json!("Hello to you.")),
            ("/stop", json!(true)),
            ("/stop_type", json!("eos")),
        ],
    );
    // As editors ask: for some of the reply, and for a prompt to be computed alone.
    let some = json!({"prompt": "Say: ", "n_indent": 4, "t_max_prompt_ms": 500,
                      "t_max_predict_ms": 60_000, "samplers": ["top_k", "top_p", "infill"],
                      "response_fields": ["content", "timings/prompt_ms", "truncated"]});
    let some = machine.post("/completion", &some).await.json();
    let names: Vec<&String> = some.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["content", "timings/prompt_ms", "truncated"],
        "{some}"
    );
    assert_eq!(some["content"], "Hello to you.", "{some}");
    let ready = json!({"prompt": "Say: ", "n_predict": 0});
    let ready = machine.post("/completion", &ready).await;
    ready.check(200, &[("/content", json!(""))]);
    let gap = json!({"input_prefix": "a", "input_suffix": "b"});
    let gap = machine.post("/infill", &gap).await;
    gap.check(400, &[("/error/param", json!("suffix"))]);
}

#[tokio::test]
async fn what_a_stop_word_held_back_ends_at_a_line_too() {
    let sandbox = Sandbox::new();
    let machine = Machine::start(&sandbox, &[r#"{"answer":"one\n    two\nx"}"#], &[]);
    let check = async |indent: u32, want: &str| {
        let body = json!({"prompt": "Say: ", "stop": ["\nxyz"], "n_indent": indent});
        let reply = machine.post("/completion", &body).await;
        reply.check(200, &[("/content", json!(want))]);
    };
    check(0, "one\n    two\nx").await;
    check(4, "one\n    two\n").await;
}

/// A machine with the model of the tests; `None` where there is none.
fn with_model(sandbox: &Sandbox) -> Option<Machine> {
    let model = test_model()?;
    let args = ["--model", &model, "--threads", "1"];
    Some(Machine::serve(sandbox, &args))
}

#[tokio::test]
async fn model_tokens_are_chosen_as_asked() {
    let sandbox = Sandbox::new();
    let Some(machine) = with_model(&sandbox) else {
        return;
    };
    let said = async |more: Value| {
        let mut body = json!({"prompt": "The three primary colours are", "max_tokens": 12});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let reply = machine.post(PATH, &body).await;
        assert_eq!(reply.status, 200, "{reply:#?}");
        reply.json()["choices"][0].clone()
    };
    let text = async |more: Value| said(more).await["text"].as_str().unwrap().to_owned();
    let greedy = text(json!({"temperature": 0})).await;
    assert!(!greedy.is_empty());
    // The likeliest token alone, however it is said.
    let hot = |more: Value| {
        let mut body = json!({"temperature": 1.5, "seed": 3});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    for only in [
        json!({"top_k": 1}),
        json!({"top_p": 0}),
        json!({"min_p": 1}),
    ] {
        assert_eq!(text(hot(only.clone())).await, greedy, "{only}");
    }
    // A seed says what is drawn.
    let drawn = hot(json!({"top_p": 0.95, "top_k": 50, "frequency_penalty": 0.5}));
    assert_eq!(text(drawn.clone()).await, text(drawn).await);
    // Without its first token the text is another.
    let tokens = json!({"content": greedy, "add_special": false});
    let tokens = machine.post("/tokenize", &tokens).await.json();
    let first = tokens["tokens"][0].clone();
    let banned = json!({"temperature": 0, "logit_bias": {first.to_string(): -100}});
    assert_ne!(text(banned).await, greedy);
    let back = machine.post("/detokenize", &tokens).await;
    back.check(200, &[("/content", json!(greedy))]);
    // Those of another tokenizer are left out nowhere.
    for (path, body, param) in [
        ("/detokenize", json!({"tokens": [1, 99_999_999]}), "tokens"),
        ("/detokenize", json!({}), "tokens"),
        ("/v1/completions", json!({"prompt": [1, -4]}), "prompt"),
        (
            "/v1/completions",
            json!({"prompt": "a", "logit_bias": {"99999999": 1}}),
            "logit_bias",
        ),
    ] {
        let reply = machine.post(path, &body).await;
        reply.check(400, &[("/error/param", json!(param))]);
    }
    // The odds that are told are those of the text.
    let penalty = json!({"temperature": 0, "presence_penalty": 2, "repeat_penalty": 2,
                         "logprobs": 2});
    let told = said(penalty).await;
    let odds = &told["logprobs"];
    let tokens = odds["tokens"].as_array().unwrap().iter();
    let tokens: String = tokens.filter_map(Value::as_str).collect();
    assert_eq!(told["text"], tokens.as_str(), "{told}");
    assert!(odds["token_logprobs"][0].as_f64() <= Some(0.0), "{odds}");
    assert_eq!(odds["text_offset"][0], 0, "{odds}");
    // So they are in the form of llama.cpp's server.
    let body = json!({"prompt": "The three primary colours are", "n_predict": 6, "n_probs": 2});
    let reply = machine.post("/completion", &body).await;
    reply.check(200, &[]);
    let told = reply.json();
    let odds = told["completion_probabilities"].as_array().unwrap();
    let tokens: String = odds
        .iter()
        .filter_map(|odds| odds["token"].as_str())
        .collect();
    assert_eq!(told["content"], tokens.as_str(), "{told}");
    assert_eq!(
        told["timings"]["predicted_n"], told["tokens_predicted"],
        "{told}"
    );
    // Whatever is asked for, the schema holds.
    let schema = json!({"type": "object", "properties": {"a": {"type": "boolean"}},
                        "required": ["a"], "additionalProperties": false});
    let body = json!({"messages": [{"role": "user", "content": "Is water wet?"}],
        "max_tokens": 64, "temperature": 1.5, "seed": 1, "presence_penalty": 2, "top_p": 0.9,
        "logit_bias": {first.to_string(): 100},
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}});
    let held = machine.post("/v1/chat/completions", &body).await;
    let content = held.json()["choices"][0]["message"]["content"].clone();
    let value: Value = serde_json::from_str(content.as_str().unwrap()).unwrap();
    assert!(value["a"].is_boolean(), "{value}");
}
