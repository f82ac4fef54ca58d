//! Decisions on an endpoint: one token is asked for, with the likeliest tokens in its place.

use reqwest::Method;
use serde_json::{Value, json};

use super::Link;
use crate::{Chunk, CpuError, Inquiry, Usage, Weights};

/// Tokens told of at most: what OpenAI's API allows, and others after it.
const TOLD_MAX: u32 = 20;

impl Link {
    /// Answers `inquiry` by the tokens that its answer would begin with.
    ///
    /// # Errors
    /// [`CpuError::Undecided`] where the endpoint tells none, or none that begins an option.
    pub(super) async fn weigh(&self, inquiry: &Inquiry) -> Result<Chunk, CpuError> {
        let messages: Vec<Value> = inquiry
            .prompt
            .messages
            .iter()
            .map(|message| json!({"role": message.role, "content": message.text}))
            .collect();
        let body = json!({
            "model": self.model,
            "messages": messages,
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": true,
            "top_logprobs": TOLD_MAX,
        });
        let response = self
            .send(Method::POST, "chat/completions", Some(&body))
            .await?;
        let reply: Value = response.json().await.map_err(|_| CpuError::Undecided)?;
        let weights = weights(&reply, &inquiry.options).ok_or(CpuError::Undecided)?;
        let count = |name: &str| reply["usage"][name].as_u64().unwrap_or(0) as u32;
        let usage = Usage {
            prompt_tokens: count("prompt_tokens"),
            ..Usage::default()
        };
        Ok(Chunk::Weighed(weights, usage))
    }
}

/// The logarithm of the probability that a reply begins with each option. An option that is
/// not among the tokens told of is as unlikely as the last of them, which is an upper bound.
/// `None` where no token told of begins an option.
fn weights(reply: &Value, options: &[Vec<String>]) -> Option<Weights> {
    let first = &reply["choices"][0]["logprobs"]["content"][0];
    let told: Vec<(&str, f32)> = first["top_logprobs"]
        .as_array()?
        .iter()
        .filter_map(|likely| {
            let token = likely["token"].as_str()?.trim_start();
            Some((token, likely["logprob"].as_f64()? as f32))
        })
        .collect();
    let least = told.iter().map(|(_, log)| *log).reduce(f32::min)?;
    let found: Vec<Option<f32>> = options
        .iter()
        .map(|texts| {
            let begins = |token: &str| {
                let mut texts = texts.iter().map(|text| text.trim_start());
                !token.is_empty() && texts.any(|text| text.starts_with(token))
            };
            let mut logs = told.iter().filter(|(token, _)| begins(token)).peekable();
            logs.peek()?;
            Some(logs.map(|(_, log)| log.exp()).sum::<f32>().ln())
        })
        .collect();
    found.iter().any(Option::is_some).then(|| {
        let known = found.into_iter();
        known.map(|log| log.unwrap_or(least)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_weighed_by_the_tokens_told_of() {
        let options = [vec!["Yes".to_owned(), "yes".into()], vec!["No".into()]];
        let check = |told: &[(&str, f32)], want: Option<[f32; 2]>| {
            let likely = told
                .iter()
                .map(|(token, p)| json!({"token": token, "logprob": p.ln()}));
            let top: Vec<Value> = likely.collect();
            let reply = json!({"choices": [{"logprobs": {"content": [{"top_logprobs": top}]}}]});
            let got = weights(&reply, &options);
            let got = got.map(|logs| logs.into_iter().map(f32::exp).collect::<Vec<f32>>());
            let near = match (&got, &want) {
                (Some(got), Some(want)) => got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-4),
                (None, None) => true,
                _ => false,
            };
            assert!(near, "{told:?}: {got:?}");
        };
        check(&[("Yes", 0.5), ("No", 0.25)], Some([0.5, 0.25]));
        // Tokens with a space before them, parts of a word, and a word of another kind.
        check(
            &[(" yes", 0.25), ("Y", 0.25), ("N", 0.2), ("Well", 0.1)],
            Some([0.5, 0.2]),
        );
        check(&[("Yes", 0.9), ("It", 0.01)], Some([0.9, 0.01]));
        check(&[("It", 0.9), ("", 0.1)], None);
        check(&[], None);
        assert_eq!(
            weights(&json!({"choices": [{"message": {}}]}), &options),
            None
        );
    }
}
