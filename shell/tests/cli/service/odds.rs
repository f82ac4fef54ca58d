//! `logprobs` of `/v1/chat/completions`, on a real model.

use serde_json::{Value, json};

use super::machine::Machine;
use crate::sandbox::{Sandbox, test_model};

const PATH: &str = "/v1/chat/completions";

/// The text whose tokens have these odds.
fn text_of(odds: &[Value]) -> String {
    let bytes = odds
        .iter()
        .flat_map(|token| token["bytes"].as_array().unwrap());
    let bytes = bytes.map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap());
    String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
}

/// Checks that each token is likely at most for certain, and has `most` others beside it.
fn check_each(odds: &[Value], most: usize, forced: bool) {
    for token in odds {
        let log = token["logprob"].as_f64().unwrap();
        let top = token["top_logprobs"].as_array().unwrap();
        assert!(log <= 0.0, "{token}");
        assert!(top.len() == most || (forced && top.len() < most), "{token}");
        let logs = || top.iter().map(|top| top["logprob"].as_f64().unwrap());
        assert!(logs().is_sorted_by(|a, b| a >= b), "{token}");
        assert!(logs().map(f64::exp).sum::<f64>() < 1.001, "{token}");
        // Greedy takes the likeliest, unless a text without room has to be closed.
        assert!(
            forced || top.is_empty() || logs().next() == Some(log),
            "{token}"
        );
    }
}

#[tokio::test]
async fn model_odds_come_with_the_text_they_belong_to() {
    let Some(model) = test_model() else {
        return;
    };
    let sandbox = Sandbox::new();
    let machine = Machine::serve(&sandbox, &["--model", &model, "--threads", "1"]);
    let ask = async |more: Value| {
        let message = json!({"role": "user", "content": "Name three colours of the sky."});
        let mut body = json!({"messages": [message], "max_tokens": 12, "logprobs": true});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        machine.post(PATH, &body).await
    };
    let whole = async |more: Value, most: usize, forced: bool| {
        let reply = ask(more).await;
        reply.check(200, &[]);
        let choice = reply.json()["choices"][0].clone();
        let odds = choice["logprobs"]["content"].as_array().unwrap().clone();
        check_each(&odds, most, forced);
        (
            choice["message"]["content"].as_str().unwrap().to_owned(),
            odds,
        )
    };
    let (text, odds) = whole(json!({"top_logprobs": 3}), 3, false).await;
    assert!(
        odds.len() > 1 && text == text_of(&odds),
        "{text:?} {odds:?}"
    );
    let (same, few) = whole(json!({}), 0, false).await;
    assert_eq!((&same, few.len()), (&text, odds.len()));

    // A stream has the same, piece by piece.
    let reply = ask(json!({"stream": true, "top_logprobs": 3})).await;
    let mut streamed = Vec::new();
    for (_, event) in reply.events() {
        let choice = &event["choices"][0];
        if let Some(odds) = choice["logprobs"]["content"].as_array() {
            assert_eq!(
                choice["delta"]["content"],
                text_of(odds).as_str(),
                "{event}"
            );
            streamed.extend(odds.clone());
        }
    }
    assert_eq!(streamed, odds);

    // The newer form tells them with the text, and of the whole text at its end.
    let body = json!({"input": "Name three colours of the sky.", "max_output_tokens": 12,
                      "top_logprobs": 3, "stream": true});
    let told = machine.post("/v1/responses", &body).await.events();
    let of = |kind: &str| -> Vec<Value> {
        let events = told.iter().filter(|(name, _)| name == kind);
        let odds = events.filter_map(|(_, data)| data["logprobs"].as_array().cloned());
        odds.flatten().collect()
    };
    let pieces = of("response.output_text.delta");
    check_each(&pieces, 3, false);
    assert_eq!(of("response.output_text.done"), pieces);

    // Words that end a text end its odds.
    let end: String = text.chars().skip(9).take(4).collect();
    let (cut, odds) = whole(json!({ "stop": end }), 0, false).await;
    assert!(
        cut.len() < text.len() && cut.starts_with(&text_of(&odds)),
        "{cut:?}"
    );

    // What the form of the text leaves no choice about is certain.
    let schema = json!({"type": "object", "properties": {"colour": {"type": "string"}},
                        "required": ["colour"], "additionalProperties": false});
    let format = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}});
    let more = json!({"response_format": format, "max_tokens": 40, "top_logprobs": 2});
    let (text, odds) = whole(more, 2, true).await;
    assert_eq!(text, text_of(&odds));
    assert_eq!(odds[0]["logprob"], 0.0, "{odds:?}");
}
