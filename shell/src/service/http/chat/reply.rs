//! Answers in the form of `/v1/chat/completions`.

use quipu_cpu::{Likely, TokenOdds};
use quipu_kernel::process::Usage;
use serde_json::{Value, json};

use super::super::plain::{Finish, Piece};

/// The least logarithm of a probability that is told.
pub const LOG_LEAST: f32 = -9999.0;

/// What all pieces of a reply have in common.
#[derive(Clone, Debug)]
pub struct Head {
    /// The number of the reply.
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
    /// The model, as it was asked for.
    pub model: String,
}

impl Head {
    /// A piece of a stream, with `choices`.
    pub fn chunk(&self, choices: &Value, usage: Option<&Value>) -> Value {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created,
            "model": self.model, "system_fingerprint": null, "choices": choices,
        });
        if let Some(usage) = usage {
            chunk["usage"] = usage.clone();
        }
        chunk
    }

    /// A whole reply.
    pub fn whole(&self, choices: &[Value], usage: Usage) -> Value {
        json!({
            "id": self.id, "object": "chat.completion", "created": self.created,
            "model": self.model, "system_fingerprint": null, "choices": choices,
            "usage": usage_of(usage),
        })
    }
}

/// A usage as OpenAI counts it.
pub fn usage_of(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.generated_tokens,
        "total_tokens": usage.prompt_tokens + usage.generated_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    })
}

/// Why it ended, in OpenAI's words.
pub fn finish(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop | Finish::Word(_) => "stop",
        Finish::Length => "length",
        Finish::Calls => "tool_calls",
    }
}

/// One answer as it grows.
#[derive(Debug, Default)]
pub struct Answer {
    id: String,
    text: String,
    calls: Vec<Value>,
    /// Odds of the tokens of its text.
    odds: Vec<Value>,
    /// How many of them were sent.
    odds_sent: usize,
    /// How it ended, and what it cost.
    pub end: Option<(Finish, Usage)>,
}

impl Answer {
    /// An answer of the reply `id`.
    pub fn of(id: &str, index: usize) -> Self {
        Self {
            id: format!("{}_{index}", id.trim_start_matches("chatcmpl-")),
            ..Self::default()
        }
    }

    /// Takes a piece in; gives the deltas that it is in a stream. A call begins with its id and
    /// its name, and its arguments follow, as clients join them. Odds are no delta: they go
    /// with that of the text they belong to.
    pub fn take(&mut self, piece: Piece) -> Vec<Value> {
        match piece {
            Piece::Odds(odds) => {
                self.odds.extend(odds.iter().map(odds_of));
                Vec::new()
            }
            Piece::Text(text) => {
                self.text.push_str(&text);
                vec![json!({ "content": text })]
            }
            Piece::Call { name, args } => {
                let index = self.calls.len();
                let id = format!("call_{}_{index}", self.id);
                let call = |args: &str| {
                    json!({"id": id, "type": "function",
                           "function": {"name": name, "arguments": args}})
                };
                let mut begin = call("");
                begin["index"] = index.into();
                let rest = json!({"index": index, "function": {"arguments": args}});
                self.calls.push(call(&args));
                let delta = |call: Value| json!({"tool_calls": [call]});
                vec![delta(begin), delta(rest)]
            }
            Piece::End(finish, usage) => {
                self.end = Some((finish, usage));
                vec![json!({})]
            }
        }
    }

    /// The answer as a choice of a whole reply.
    pub fn choice(&self, index: usize) -> Value {
        let content = match self.text.is_empty() && !self.calls.is_empty() {
            true => Value::Null,
            false => self.text.clone().into(),
        };
        let mut message = json!({"role": "assistant", "content": content, "refusal": null});
        if !self.calls.is_empty() {
            message["tool_calls"] = self.calls.clone().into();
        }
        let ended = self.end.map(|(ended, _)| finish(ended));
        let odds = listed(&self.odds);
        json!({"index": index, "message": message, "logprobs": odds, "finish_reason": ended})
    }

    /// The odds that no delta had yet.
    pub fn odds(&mut self) -> Value {
        let odds = listed(&self.odds[self.odds_sent..]);
        self.odds_sent = self.odds.len();
        odds
    }
}

/// Odds in OpenAI's form; null where there are none.
fn listed(odds: &[Value]) -> Value {
    match odds {
        [] => Value::Null,
        odds => json!({"content": odds, "refusal": null}),
    }
}

/// The odds of a token in OpenAI's form.
pub fn odds_of(odds: &TokenOdds) -> Value {
    let likeliest: Vec<Value> = odds.likeliest.iter().map(likely).collect();
    let mut told = likely(&odds.token);
    told["top_logprobs"] = likeliest.into();
    told
}

fn likely(token: &Likely) -> Value {
    // JSON has no infinity; OpenAI writes this for what is all but impossible.
    let log = token.log.max(LOG_LEAST);
    let text = String::from_utf8_lossy(&token.bytes);
    json!({"token": text, "logprob": log, "bytes": token.bytes})
}

/// What several answers to one prompt cost.
pub fn total(answers: &[Answer]) -> Usage {
    of_one_prompt(answers.iter().filter_map(|answer| Some(answer.end?.1)))
}

/// What several answers to one prompt cost: the prompt counts once, and as far as it was resident
/// for the answer that had it computed.
pub fn of_one_prompt(usages: impl Iterator<Item = Usage>) -> Usage {
    let add = |total: Usage, usage: Usage| Usage {
        prompt_tokens: total.prompt_tokens.max(usage.prompt_tokens),
        cached_tokens: total.cached_tokens.min(usage.cached_tokens),
        generated_tokens: total.generated_tokens + usage.generated_tokens,
    };
    usages.reduce(add).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_of_several_answers_counts_once() {
        let check = |answers: &[(u32, u32)], want: (u32, u32, u32)| {
            let usages = answers.iter().map(|(cached, generated)| Usage {
                prompt_tokens: 50,
                cached_tokens: *cached,
                generated_tokens: *generated,
            });
            let total = of_one_prompt(usages);
            let got = (
                total.prompt_tokens,
                total.cached_tokens,
                total.generated_tokens,
            );
            assert_eq!(got, want, "{answers:?}");
        };
        check(&[], (0, 0, 0));
        check(&[(40, 3)], (50, 40, 3));
        // The first had the prompt computed, and the others had it for nothing.
        check(&[(0, 3), (49, 4)], (50, 0, 7));
        check(&[(49, 3), (20, 4), (49, 1)], (50, 20, 8));
    }
}
