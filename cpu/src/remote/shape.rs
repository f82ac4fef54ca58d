//! How tokens are to be chosen, in the words that endpoints know.

use serde_json::{Map, Value, json};

use crate::Shaping;

/// Adds what `shaping` asks for to the `body` of a request. `top_k`, `min_p` and
/// `repeat_penalty` are names of llama.cpp's server, which others took over.
pub(super) fn shape(body: &mut Value, shaping: &Shaping) {
    let penalty = |penalty: f32| (penalty != 0.0).then(|| json!(penalty));
    let bias = shaping.bias.iter();
    let bias: Map<String, Value> = bias
        .map(|(token, bias)| (token.to_string(), json!(bias)))
        .collect();
    let fields = [
        ("top_k", shaping.top_k.map(|most| json!(most))),
        ("top_p", shaping.top_p.map(|share| json!(share))),
        ("min_p", shaping.min_p.map(|share| json!(share))),
        ("frequency_penalty", penalty(shaping.frequency_penalty)),
        ("presence_penalty", penalty(shaping.presence_penalty)),
        ("repeat_penalty", shaping.repeat_penalty.map(|by| json!(by))),
        ("logit_bias", (!bias.is_empty()).then(|| json!(bias))),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            body[name] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_asked_for_what_was_asked_for() {
        let check = |shaping: Shaping, want: Value| {
            let mut body = json!({});
            shape(&mut body, &shaping);
            assert_eq!(body, want);
        };
        check(Shaping::default(), json!({}));
        let some = Shaping {
            top_k: Some(40),
            top_p: Some(0.5),
            presence_penalty: -0.5,
            bias: vec![(7, 100.0)],
            ..Shaping::default()
        };
        let want = json!({"top_k": 40, "top_p": 0.5, "presence_penalty": -0.5,
                          "logit_bias": {"7": 100.0}});
        check(some, want);
    }
}
