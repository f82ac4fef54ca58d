//! What an answer says it cost, on a real model.

use serde_json::{Value, json};

use super::machine::Machine;
use crate::sandbox::{Sandbox, test_model};

/// Tokens of the prompt that `reply`, whole or an event, says were read before.
fn cached(reply: &Value) -> Option<u64> {
    let usages = [&reply["usage"], &reply["response"]["usage"]];
    let places = [
        "/prompt_tokens_details/cached_tokens",
        "/input_tokens_details/cached_tokens",
        "/cache_read_input_tokens",
    ];
    let found = usages
        .iter()
        .flat_map(|usage| places.iter().filter_map(move |place| usage.pointer(place)));
    found.filter_map(Value::as_u64).max()
}

#[tokio::test]
async fn model_what_was_read_before_is_told_wherever_an_answer_ends() {
    let Some(model) = test_model() else {
        return;
    };
    let sandbox = Sandbox::new();
    let machine = Machine::serve(&sandbox, &["--model", &model, "--threads", "1"]);
    let words = "Name three colours of the sky, in one sentence.";
    let message = json!([{"role": "user", "content": words}]);
    let check = async |path: &str, body: Value, more: Value| {
        // The first has it read.
        machine.post(path, &body).await.check(200, &[]);
        for stream in [false, true] {
            let mut body = body.clone();
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            if stream {
                body["stream"] = true.into();
                body["stream_options"] = json!({"include_usage": true});
            }
            let reply = machine.post(path, &body).await;
            assert_eq!(reply.status, 200, "{path}: {reply:#?}");
            let told = match stream {
                true => reply
                    .events()
                    .iter()
                    .filter_map(|(_, event)| cached(event))
                    .max(),
                false => cached(&reply.json()),
            };
            assert!(told > Some(0), "{path}, {more}, {stream}: {reply:#?}");
        }
    };
    let chat = json!({"messages": message, "max_tokens": 24, "temperature": 0});
    for more in [
        json!({}),
        json!({"stop": [" "]}),
        json!({"stop": ["e", "a"], "n": 1}),
    ] {
        check("/v1/chat/completions", chat.clone(), more.clone()).await;
        let plain = json!({"prompt": words, "max_tokens": 24, "temperature": 0});
        check("/v1/completions", plain, more).await;
    }
    let asked = json!({"model": "default", "messages": message, "max_tokens": 24});
    check("/v1/messages", asked.clone(), json!({})).await;
    check("/v1/messages", asked, json!({"stop_sequences": [" "]})).await;
    let input = json!({"input": words, "max_output_tokens": 24});
    check("/v1/responses", input, json!({})).await;
}
