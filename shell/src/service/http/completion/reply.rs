//! Replies of `/completion` and `/infill`, whole or in the events of a stream.

use std::time::Instant;

use quipu_kernel::process::Usage;
use serde_json::{Map, Value, json};

use super::super::chat::reply::odds_of;
use super::super::error::ApiError;
use super::super::plain::{Finish, Piece};
use super::super::wire::{self, Framed};

/// A reply as it grows.
pub struct Reply {
    model: String,
    stops: Vec<String>,
    /// What of it is told; nothing is all. A name after a `/` is one of an object.
    fields: Vec<String>,
    /// Whether its text is not told: the prompt was to be computed, and no more.
    pub is_silent: bool,
    /// Of a reply that is sent at once.
    text: String,
    /// Whether the text has more than one line.
    lines: bool,
    /// Odds of tokens that were not told yet.
    odds: Vec<Value>,
    /// When it was asked for.
    begun: Instant,
    /// When the first text came.
    first: Option<Instant>,
}

impl Reply {
    /// A reply of `model`, which texts in `stops` may end, and of which these `fields` are told.
    pub fn new(model: String, stops: Vec<String>, mut fields: Vec<String>) -> Self {
        fields.retain(|field| !field.is_empty());
        Self {
            model,
            stops,
            fields,
            is_silent: false,
            text: String::new(),
            lines: false,
            odds: Vec::new(),
            begun: Instant::now(),
            first: None,
        }
    }

    /// Takes a piece in, for the whole reply.
    pub fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Text(text) => {
                self.note(&text);
                self.text.push_str(&text);
            }
            Piece::Odds(odds) => self.odds.extend(odds.iter().map(odds_of)),
            // There are no functions to call.
            Piece::Call { .. } | Piece::End(..) => {}
        }
    }

    /// The whole reply, which has ended so.
    pub fn whole(&mut self, ended: Finish, usage: Usage) -> Value {
        let mut whole = self.end(&self.text, ended, usage);
        self.tell_odds(&mut whole);
        self.chosen(whole)
    }

    /// Notes what there is to know of a `text` that comes next.
    fn note(&mut self, text: &str) {
        self.first.get_or_insert_with(Instant::now);
        self.lines |= text.contains('\n');
    }

    /// Puts the odds that were not told yet into a piece, where there are any.
    fn tell_odds(&mut self, piece: &mut Value) {
        if !self.odds.is_empty() && !self.is_silent {
            piece["completion_probabilities"] = std::mem::take(&mut self.odds).into();
        }
    }

    /// What of a last piece is told.
    fn chosen(&self, last: Value) -> Value {
        if self.fields.is_empty() {
            return last;
        }
        let found = self.fields.iter().filter_map(|field| {
            let value = last.pointer(&format!("/{field}"))?;
            Some((field.clone(), value.clone()))
        });
        Value::Object(found.collect::<Map<String, Value>>())
    }

    /// How long the prompt took, and the text.
    fn timings(&self, usage: Usage) -> Value {
        let now = Instant::now();
        let first = self.first.unwrap_or(now);
        let ms = |from: Instant, to: Instant| {
            let took = to.saturating_duration_since(from);
            took.as_secs_f64() * 1000.0
        };
        let ratio = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        let prompt = usage.prompt_tokens.saturating_sub(usage.cached_tokens);
        let written = usage.generated_tokens;
        let (prompt_ms, written_ms) = (ms(self.begun, first), ms(first, now));
        let (prompts, tokens) = (f64::from(prompt), f64::from(written));
        json!({
            "cache_n": usage.cached_tokens,
            "prompt_n": prompt, "prompt_ms": prompt_ms,
            "prompt_per_token_ms": ratio(prompt_ms, prompts),
            "prompt_per_second": ratio(prompts * 1000.0, prompt_ms),
            "predicted_n": written, "predicted_ms": written_ms,
            "predicted_per_token_ms": ratio(written_ms, tokens),
            "predicted_per_second": ratio(tokens * 1000.0, written_ms),
        })
    }

    /// The last piece, or the whole, with the text `content`.
    fn end(&self, content: &str, ended: Finish, usage: Usage) -> Value {
        let (kind, word) = match ended {
            Finish::Length => ("limit", ""),
            Finish::Word(at) => ("word", self.stops.get(at).map_or("", String::as_str)),
            Finish::Stop | Finish::Calls => ("eos", ""),
        };
        let content = if self.is_silent { "" } else { content };
        json!({
            "index": 0, "content": content, "tokens": [], "id_slot": 0, "stop": true,
            "model": self.model, "tokens_predicted": usage.generated_tokens,
            "tokens_evaluated": usage.prompt_tokens, "tokens_cached": usage.cached_tokens,
            "has_new_line": self.lines, "truncated": false, "stop_type": kind,
            "stopping_word": word, "timings": self.timings(usage),
        })
    }
}

impl Framed for Reply {
    fn begin(&mut self) -> String {
        String::new()
    }

    fn events(&mut self, piece: Piece) -> String {
        let mut data = match piece {
            Piece::Text(text) => {
                self.note(&text);
                if self.is_silent {
                    return String::new();
                }
                json!({"index": 0, "content": text, "tokens": [], "id_slot": 0, "stop": false})
            }
            Piece::End(ended, usage) => self.chosen(self.end("", ended, usage)),
            Piece::Odds(odds) => {
                // They are told with the text that they belong to.
                self.odds.extend(odds.iter().map(odds_of));
                return String::new();
            }
            Piece::Call { .. } => return String::new(),
        };
        self.tell_odds(&mut data);
        wire::event(None, &data)
    }

    fn failed(&mut self, error: &ApiError) -> String {
        wire::failed(error)
    }
}

#[cfg(test)]
mod tests {
    use quipu_cpu::{Likely, TokenOdds};

    use super::*;

    const USAGE: Usage = Usage {
        prompt_tokens: 9,
        cached_tokens: 4,
        generated_tokens: 1,
    };

    fn reply(fields: &[&str]) -> Reply {
        let fields = fields.iter().map(|field| (*field).to_owned());
        Reply::new("m".into(), Vec::new(), fields.collect())
    }

    #[test]
    fn odds_are_told_with_their_text() {
        let likely = Likely {
            bytes: b"a".to_vec(),
            log: -0.5,
        };
        let odds = TokenOdds {
            token: likely.clone(),
            likeliest: vec![likely],
        };
        let mut reply = reply(&[]);
        assert_eq!(reply.events(Piece::Odds(vec![odds])), "");
        let text = reply.events(Piece::Text("a".into()));
        assert!(text.contains(r#""completion_probabilities":[{"#), "{text}");
        let end = reply.whole(Finish::Stop, USAGE);
        assert_eq!(end.get("completion_probabilities"), None);
        assert_eq!(end["timings"]["prompt_n"], 5);
        assert_eq!(end["timings"]["predicted_n"], 1);
    }

    #[test]
    fn what_is_asked_for_is_told() {
        let check = |fields: &[&str], want: Value| {
            let mut reply = reply(fields);
            reply.take(Piece::Text("a\nb".into()));
            assert_eq!(reply.whole(Finish::Length, USAGE), want, "{fields:?}");
        };
        check(
            &["content", "timings/prompt_n", "stop_type", "nothing"],
            json!({"content": "a\nb", "timings/prompt_n": 5, "stop_type": "limit"}),
        );
        // One that says nothing asks for nothing.
        let mut whole = reply(&[""]);
        whole.is_silent = true;
        whole.take(Piece::Text("a".into()));
        let whole = whole.whole(Finish::Length, USAGE);
        assert_eq!(
            (&whole["content"], &whole["stop"]),
            (&json!(""), &json!(true))
        );
    }
}
