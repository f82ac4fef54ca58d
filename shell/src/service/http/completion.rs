//! `/completion` and `/infill`: a text that the plain model goes on writing, or fills in, in
//! the form of llama.cpp's own server, which editors ask.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use futures_util::StreamExt;
use quipu_cpu::{Cpu, Sampling};
use quipu_kernel::process::Usage;
use serde::Deserialize;
use serde_json::{Value, json};

use super::apart::Asker;
use super::chat::choosing::{sampling, shaping};
use super::chat::fields::{Stop, odds, stop_words, tokens, whole};
use super::chat::reply::odds_of;
use super::completions::request::{prompts, size};
use super::error::ApiError;
use super::known::{self, Api};
use super::models;
use super::plain::{Ask, Choice, Finish, Piece, Plain, Turn, schema};
use super::state::Service;
use super::wire::{self, Framed, Input};

/// What llama.cpp's server puts between the parts of other files, for models that have no
/// token for it.
const SNIPPET: &str = "\n\n--- snippet ---\n\n";

/// The body of a request.
#[derive(Debug, Deserialize)]
pub struct Body {
    model: Option<String>,
    #[serde(default)]
    prompt: Value,
    input_prefix: Option<String>,
    input_suffix: Option<String>,
    input_extra: Option<Vec<Extra>>,
    #[serde(default, deserialize_with = "whole")]
    n_predict: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    max_tokens: Option<i64>,
    temperature: Option<f32>,
    #[serde(default, deserialize_with = "whole")]
    seed: Option<i64>,
    stop: Option<Stop>,
    json_schema: Option<Value>,
    /// Of how many likeliest tokens the odds are told.
    #[serde(default, deserialize_with = "whole")]
    n_probs: Option<u32>,
    stream: Option<bool>,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

/// A part of another file.
#[derive(Debug, Deserialize)]
struct Extra {
    text: String,
}

impl Body {
    /// What is asked of the plain model, to go on from `plain`.
    fn ask(&self, plain: Plain, usual: Sampling) -> Result<Ask, ApiError> {
        known::supported(Api::Llama, &self.rest)?;
        let given = self.json_schema.as_ref();
        let given = given.filter(|given| !given.is_null() && **given != json!({}));
        let read = given.map(|given| schema("json_schema", given, false));
        // Less than none is as many as fit.
        let most = self.n_predict.or(self.max_tokens);
        Ok(Ask {
            said: Vec::new(),
            functions: Vec::new(),
            choice: Choice::None,
            parallel: false,
            schema: read.transpose()?,
            tokens_max: tokens("n_predict", most.filter(|most| *most >= 0))?,
            odds: self.odds()?,
            sampling: sampling(self.temperature, self.seed, usual)?,
            shaping: shaping(&self.rest)?,
            stops: stop_words("stop", self.stop.as_ref())?,
            plain: Some(plain),
        })
    }

    /// Of how many likeliest tokens the odds are told, if they are.
    fn odds(&self) -> Result<Option<usize>, ApiError> {
        let most = self.n_probs.filter(|most| *most > 0);
        odds(Some(most.is_some()), most).map_err(|error| ApiError {
            param: Some("n_probs".to_owned()),
            ..error
        })
    }

    /// The text to go on from.
    pub(super) fn completion(&self, cpu: &dyn Cpu, usual: Sampling) -> Result<Ask, ApiError> {
        let mut prompts = prompts(cpu, &self.prompt)?;
        let before = prompts.pop().unwrap_or_default();
        if !prompts.is_empty() {
            let message = "one prompt at a time; /v1/completions takes several";
            return Err(ApiError::invalid("prompt", message));
        }
        let after = None;
        self.ask(Plain { before, after }, usual)
    }

    /// The two texts to fill in between.
    pub(super) fn filling(&self, cpu: &dyn Cpu, usual: Sampling) -> Result<Ask, ApiError> {
        let mut before = String::new();
        for extra in self.input_extra.iter().flatten() {
            before.push_str(SNIPPET);
            before.push_str(&extra.text);
        }
        if !before.is_empty() {
            before.push_str(SNIPPET);
        }
        before.push_str(self.input_prefix.as_deref().unwrap_or_default());
        // What is being written at this moment.
        let written = !self.prompt.is_null() && self.prompt != "";
        if written {
            before.push_str(&prompts(cpu, &self.prompt)?.concat());
        }
        let after = Some(self.input_suffix.clone().unwrap_or_default());
        self.ask(Plain { before, after }, usual)
    }
}

/// Answers `POST /completion`.
pub async fn post(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    let (body, ask) = read(&service, body, Body::completion).await?;
    answer(&service, &body, ask).await
}

/// Answers `POST /infill`.
pub async fn infill(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    let (body, ask) = read(&service, body, Body::filling).await?;
    answer(&service, &body, ask).await
}

/// A body, and what it asks, as `reads` reads that.
async fn read(
    service: &Arc<Service>,
    body: Body,
    reads: fn(&Body, &dyn Cpu, Sampling) -> Result<Ask, ApiError>,
) -> Result<(Body, Ask), ApiError> {
    let on = service.clone();
    let bytes = size(&body.prompt);
    let work = move |_: &Asker| -> Result<(Body, Ask), ApiError> {
        let ask = reads(&body, on.cpu(), on.session.settings.sampling())?;
        Ok((body, ask))
    };
    service.counting.run(bytes, service.patience(), work).await
}

async fn answer(service: &Arc<Service>, body: &Body, ask: Ask) -> Result<Response, ApiError> {
    models::check(service, body.model.as_deref())?;
    let mut reply = Reply::new(service.model.clone(), ask.stops.clone());
    let turn = Turn::new(service, ask).await?;
    if body.stream.unwrap_or(false) {
        return wire::framed(service, turn, reply).await;
    }
    let mut pieces = turn.pieces();
    while let Some(piece) = pieces.next().await {
        match piece? {
            Piece::Text(text) => {
                reply.begin_text();
                reply.text.push_str(&text);
            }
            Piece::End(ended, usage) => {
                reply.lines = reply.text.contains('\n');
                let mut whole = reply.end(&reply.text, ended, usage);
                reply.tell_odds(&mut whole);
                return Ok(wire::json(&whole));
            }
            Piece::Odds(odds) => reply.odds.extend(odds.iter().map(odds_of)),
            Piece::Call { .. } => {}
        }
    }
    Err(ApiError::internal("the CPU gave no answer; ask again"))
}

/// A reply as it grows.
struct Reply {
    model: String,
    stops: Vec<String>,
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
    fn new(model: String, stops: Vec<String>) -> Self {
        Self {
            model,
            stops,
            text: String::new(),
            lines: false,
            odds: Vec::new(),
            begun: Instant::now(),
            first: None,
        }
    }

    /// Notes that there is a text.
    fn begin_text(&mut self) {
        self.first.get_or_insert_with(Instant::now);
    }

    /// Puts the odds that were not told yet into a piece, where there are any.
    fn tell_odds(&mut self, piece: &mut Value) {
        if !self.odds.is_empty() {
            piece["completion_probabilities"] = std::mem::take(&mut self.odds).into();
        }
    }

    /// How long the prompt took, and the text.
    fn timings(&self, usage: Usage) -> Value {
        let now = Instant::now();
        let first = self.first.unwrap_or(now);
        let ms = |from: Instant, to: Instant| {
            to.saturating_duration_since(from).as_secs_f64() * 1000.0
        };
        let prompt = usage.prompt_tokens.saturating_sub(usage.cached_tokens);
        let (prompt_ms, written_ms) = (ms(self.begun, first), ms(first, now));
        let rate = |tokens: u32, ms: f64| match ms > 0.0 {
            true => f64::from(tokens) * 1000.0 / ms,
            false => 0.0,
        };
        json!({
            "cache_n": usage.cached_tokens, "prompt_n": prompt, "prompt_ms": prompt_ms,
            "prompt_per_second": rate(prompt, prompt_ms),
            "predicted_n": usage.generated_tokens, "predicted_ms": written_ms,
            "predicted_per_second": rate(usage.generated_tokens, written_ms),
        })
    }

    /// The last piece, or the whole, with the text `content`.
    fn end(&self, content: &str, ended: Finish, usage: Usage) -> Value {
        let (kind, word) = match ended {
            Finish::Length => ("limit", ""),
            Finish::Word(at) => ("word", self.stops.get(at).map_or("", String::as_str)),
            Finish::Stop | Finish::Calls => ("eos", ""),
        };
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
                self.begin_text();
                self.lines |= text.contains('\n');
                json!({"index": 0, "content": text, "tokens": [], "id_slot": 0, "stop": false})
            }
            Piece::End(ended, usage) => self.end("", ended, usage),
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
        wire::event(None, &error.body())
    }
}

#[cfg(test)]
mod tests {
    use quipu_cpu::scripted::ScriptedCpu;

    use super::*;

    #[test]
    fn odds_are_told_with_their_text() {
        use quipu_cpu::{Likely, TokenOdds};

        let likely = Likely {
            bytes: b"a".to_vec(),
            log: -0.5,
        };
        let odds = TokenOdds {
            token: likely.clone(),
            likeliest: vec![likely],
        };
        let mut reply = Reply::new("m".into(), Vec::new());
        assert_eq!(reply.events(Piece::Odds(vec![odds])), "");
        let text = reply.events(Piece::Text("a".into()));
        assert!(text.contains(r#""completion_probabilities":[{"#), "{text}");
        let usage = Usage {
            prompt_tokens: 9,
            cached_tokens: 4,
            generated_tokens: 1,
        };
        let end = reply.end("", Finish::Stop, usage);
        assert_eq!(end.get("completion_probabilities"), None);
        assert_eq!(end["timings"]["prompt_n"], 5);
        assert_eq!(end["timings"]["predicted_n"], 1);
    }

    #[test]
    fn how_many_odds_are_told_has_a_bound() {
        let check = |n_probs: Value, want: Result<Option<usize>, &str>| {
            let body = json!({"prompt": "a", "n_probs": n_probs});
            let read: Body = serde_json::from_value(body).unwrap();
            let got = read.odds();
            let got = got.map_err(|error| error.param.unwrap_or_default());
            assert_eq!(got, want.map_err(str::to_owned), "{n_probs}");
        };
        check(Value::Null, Ok(None));
        check(json!(0), Ok(None));
        check(json!(5), Ok(Some(5)));
        check(json!(21), Err("n_probs"));
    }

    #[test]
    fn what_is_written_stands_before_the_gap() {
        let check = |body: Value, before: &str, after: &str| {
            let cpu = ScriptedCpu::parse("s", "", None).unwrap();
            let read: Body = serde_json::from_value(body.clone()).unwrap();
            let usual = Sampling {
                temperature: 0.0,
                seed: 0,
            };
            let ask = read.filling(&cpu, usual).unwrap();
            let want = Plain {
                before: before.to_owned(),
                after: Some(after.to_owned()),
            };
            assert_eq!(ask.plain, Some(want), "{body}");
        };
        check(json!({"input_prefix": "a", "input_suffix": "c"}), "a", "c");
        check(
            json!({"input_prefix": "a\n", "prompt": "b", "input_suffix": "c", "n_predict": -1}),
            "a\nb",
            "c",
        );
        let extra = json!([{"filename": "x.rs", "text": "x"}, {"text": "y"}]);
        check(
            json!({"input_extra": extra, "input_prefix": "a", "prompt": ""}),
            "\n\n--- snippet ---\n\nx\n\n--- snippet ---\n\ny\n\n--- snippet ---\n\na",
            "",
        );
    }
}
