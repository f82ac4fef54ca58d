//! The body of a request for a completion.

use std::collections::HashMap;

use quipu_cpu::{Cpu, Sampling};
use serde::Deserialize;
use serde_json::Value;

use super::super::chat::choosing::{sampling, shaping};
use super::super::chat::fields::{Stop, stop_words, tokens, whole};
use super::super::chat::request::{ANSWERS_MAX, StreamOptions};
use super::super::error::ApiError;
use super::super::known::{self, Api};
use super::super::plain::{Ask, Choice, Lines, Plain, check_tokens};
use super::super::tokens::TOKENS_MAX;

/// Tokens of an answer for which no number is asked, as OpenAI documents it.
const TOKENS_USUAL: i64 = 16;
/// The most likeliest tokens that are told beside each.
const LIKELIEST_MAX: u64 = 20;

/// The body of a request.
#[derive(Debug, Deserialize)]
pub struct Body {
    pub(super) model: Option<String>,
    #[serde(default)]
    pub(super) prompt: Value,
    suffix: Option<String>,
    #[serde(default, deserialize_with = "whole")]
    n: Option<u32>,
    #[serde(default, deserialize_with = "whole")]
    best_of: Option<u32>,
    #[serde(default, deserialize_with = "whole")]
    max_tokens: Option<i64>,
    /// What llama.cpp's server calls it.
    #[serde(default, deserialize_with = "whole")]
    n_predict: Option<i64>,
    temperature: Option<f32>,
    #[serde(default, deserialize_with = "whole")]
    seed: Option<i64>,
    stop: Option<Stop>,
    pub(super) echo: Option<bool>,
    #[serde(default)]
    logprobs: Value,
    pub(super) stream: Option<bool>,
    pub(super) stream_options: Option<StreamOptions>,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

impl Body {
    /// Refuses what no model can be asked here.
    ///
    /// # Errors
    /// The first field that cannot be used, whatever its prompts are.
    pub(super) fn check(&self, usual: Sampling) -> Result<(), ApiError> {
        self.answers(1)?;
        self.ask(usual).map(drop)
    }

    /// What is asked of the plain model, of each prompt, where `usual` says how tokens are
    /// chosen.
    ///
    /// # Errors
    /// The first field that cannot be used.
    pub fn asks(&self, cpu: &dyn Cpu, usual: Sampling) -> Result<Vec<Ask>, ApiError> {
        let ask = self.ask(usual)?;
        let after = self.suffix.clone().filter(|after| !after.is_empty());
        let prompts = prompts(cpu, &self.prompt)?;
        // Before there is an `Ask` for each.
        self.answers(prompts.len())?;
        let asks = prompts.into_iter().map(|before| Ask {
            plain: Some(Plain {
                before,
                after: after.clone(),
                lines: Lines::default(),
            }),
            ..ask.clone()
        });
        Ok(asks.collect())
    }

    /// What is asked of each prompt.
    fn ask(&self, usual: Sampling) -> Result<Ask, ApiError> {
        known::supported(Api::TextCompletions, &self.rest)?;
        if self.best_of.is_some_and(|best| best > self.n.unwrap_or(1)) {
            let message = "no answer is left out; leave it out, or ask for `n`";
            return Err(ApiError::unsupported("best_of", message));
        }
        let odds = odds(&self.logprobs)?;
        if odds.is_some() && self.echo == Some(true) {
            let message = "the odds of a prompt are not told; leave `echo` out";
            return Err(ApiError::unsupported("echo", message));
        }
        let most = self.max_tokens.or(self.n_predict);
        Ok(Ask {
            said: Vec::new(),
            functions: Vec::new(),
            choice: Choice::None,
            parallel: false,
            schema: None,
            tokens_max: tokens("max_tokens", most.or(Some(TOKENS_USUAL)))?,
            odds,
            sampling: sampling(self.temperature, self.seed, usual)?,
            shaping: shaping(&self.rest)?,
            stops: stop_words("stop", self.stop.as_ref())?,
            plain: None,
        })
    }

    /// How many answers each of `prompts` gets.
    ///
    /// # Errors
    /// None, or more than are given at once.
    pub(super) fn answers(&self, prompts: usize) -> Result<u32, ApiError> {
        let n = self.n.unwrap_or(1);
        match (prompts as u64).saturating_mul(n.into()) {
            all if n > 0 && all <= u64::from(ANSWERS_MAX) => Ok(n),
            all => Err(ApiError::invalid(
                "n",
                format!(
                    "{all} answers are not given; ask for 1 to {ANSWERS_MAX}, all prompts together"
                ),
            )),
        }
    }
}

/// The prompts: one or several, as texts, or as tokens of the plain model.
///
/// # Errors
/// None, and what is no text.
pub fn prompts(cpu: &dyn Cpu, given: &Value) -> Result<Vec<String>, ApiError> {
    let wrong = |message: &str| ApiError::invalid("prompt", message);
    let are_tokens = |list: &[Value]| !list.is_empty() && list.iter().all(Value::is_number);
    let prompts = match given {
        Value::Null => return Err(wrong("it is required: a text, or several")),
        Value::Array(list) if !are_tokens(list) => list.iter().collect(),
        one => vec![one],
    };
    let tokens = prompts.iter().filter_map(|prompt| prompt.as_array());
    if tokens.map(Vec::len).sum::<usize>() > TOKENS_MAX {
        return Err(wrong("it has more tokens than any window holds; send less"));
    }
    let text = |prompt: &Value| match prompt {
        Value::String(text) => Ok(text.clone()),
        Value::Array(list) if are_tokens(list) => text_of(cpu, list),
        _ => Err(wrong("a prompt is a text, or a list of tokens")),
    };
    let texts: Vec<String> = prompts.into_iter().map(text).collect::<Result<_, _>>()?;
    match texts.is_empty() || texts.iter().any(String::is_empty) {
        true => Err(wrong(
            "a prompt is not empty: there is nothing to go on from",
        )),
        false => Ok(texts),
    }
}

/// About how many bytes of text the prompts have.
pub fn size(given: &Value) -> usize {
    match given {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(size).sum(),
        // A token.
        _ => 4,
    }
}

/// The text of a list of tokens.
fn text_of(cpu: &dyn Cpu, list: &[Value]) -> Result<String, ApiError> {
    let tokens = list.iter().map(|token| i32::try_from(token.as_i64()?).ok());
    let tokens: Option<Vec<i32>> = tokens.collect();
    let tokens = tokens.ok_or_else(|| {
        ApiError::invalid(
            "prompt",
            "a token is a whole number, as POST /tokenize tells it",
        )
    })?;
    let text = cpu.text_of(&tokens).ok_or_else(|| {
        let message = "tokens are taken for a local model only; send the text";
        ApiError::unsupported("prompt", message)
    })?;
    check_tokens(cpu, "prompt", &tokens)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// How many likeliest tokens are told: a number in this API, and in others' words yes or no.
fn odds(given: &Value) -> Result<Option<usize>, ApiError> {
    match given {
        Value::Null | Value::Bool(false) => Ok(None),
        Value::Bool(true) => Ok(Some(0)),
        given => match given.as_u64() {
            Some(most) if most <= LIKELIEST_MAX => Ok(Some(most as usize)),
            _ => Err(ApiError::invalid(
                "logprobs",
                format!("it is a number of likeliest tokens, 0 to {LIKELIEST_MAX}"),
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use quipu_cpu::scripted::ScriptedCpu;
    use serde_json::json;

    use super::*;

    const USUAL: Sampling = Sampling {
        temperature: 0.0,
        seed: 0,
    };

    fn asked(body: Value) -> Result<Vec<Ask>, ApiError> {
        let cpu = ScriptedCpu::parse("s", "", None).unwrap();
        let body: Body = serde_json::from_value(body).unwrap();
        body.asks(&cpu, USUAL)
    }

    #[test]
    fn prompts_are_texts() {
        let check = |prompt: Value, want: &[&str]| {
            let asks = asked(json!({ "prompt": prompt })).unwrap();
            let got: Vec<&str> = asks
                .iter()
                .filter_map(|ask| Some(ask.plain.as_ref()?.before.as_str()))
                .collect();
            assert_eq!(got, want, "{prompt}");
            assert!(asks.iter().all(|ask| ask.tokens_max == Some(16)));
        };
        check(json!("a"), &["a"]);
        check(json!(["a", "b"]), &["a", "b"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_name() {
        let check = |param: &str, mut body: Value| {
            if body.get("prompt").is_none() {
                body["prompt"] = json!("a");
            }
            let refused = asked(body.clone()).unwrap_err();
            assert_eq!(refused.param.as_deref(), Some(param), "{body}");
        };
        check("prompt", json!({"prompt": null}));
        check("prompt", json!({"prompt": ""}));
        check("prompt", json!({"prompt": []}));
        check("prompt", json!({"prompt": 7}));
        check("prompt", json!({"prompt": ["a", {}]}));
        // Whose tokens they are is not known.
        check("prompt", json!({"prompt": [1, 2]}));
        check("prompt", json!({"prompt": vec![1; TOKENS_MAX + 1]}));
        check("n", json!({"n": 0}));
        check("n", json!({"n": 17}));
        check("n", json!({"prompt": vec!["a"; 17]}));
        check("best_of", json!({"best_of": 3}));
        check("max_tokens", json!({"max_tokens": 0}));
        check("logprobs", json!({"logprobs": 21}));
        check("logprobs", json!({"logprobs": "yes"}));
        check("echo", json!({"logprobs": 1, "echo": true}));
        check("top_p", json!({"top_p": 7}));
        check("grammar", json!({"grammar": "root ::= \"a\""}));
        check(
            "response_format",
            json!({"response_format": {"type": "json_object"}}),
        );
        let nothing = json!({"prompt": "a", "suffix": null, "n": null, "best_of": 1, "echo": false,
            "logprobs": null, "stop": null, "stream": null, "temperature": null, "user": "me",
            "response_format": {"type": "text"}, "max_tokens": -1});
        assert_eq!(asked(nothing).unwrap()[0].tokens_max, None);
    }
}
