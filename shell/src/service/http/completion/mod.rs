//! `/completion` and `/infill`: a text that the plain model goes on writing, or fills in, in
//! the form of llama.cpp's own server, which editors ask.
//!
//! | file | job |
//! | --- | --- |
//! | this one | what is asked for |
//! | `reply` | replies, whole or as they grow |

mod reply;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use futures_util::StreamExt;
use quipu_cpu::{Cpu, Sampling};
use serde::Deserialize;
use serde_json::{Value, json};

use super::apart::Asker;
use super::chat::choosing::{sampling, shaping};
use super::chat::fields::{Stop, odds, stop_words, tokens, whole};
use super::completions::request::{prompts, size};
use super::error::ApiError;
use super::known::{self, Api};
use super::plain::{Ask, Choice, Lines, Piece, Plain, Turn, schema};
use super::state::Service;
use super::wire::{self, Input};
use super::{beside, late};
use reply::Reply;

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
    /// How far lines after the first are indented at least: the first other one ends the text.
    #[serde(default, deserialize_with = "whole")]
    n_indent: Option<i64>,
    /// After how many milliseconds the text ends with the line that is being written.
    #[serde(default, deserialize_with = "whole")]
    t_max_predict_ms: Option<i64>,
    /// What of the reply is told.
    response_fields: Option<Vec<String>>,
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
        // Less than none is as many as fit. Editors ask for none to have a prompt computed that
        // they will need: one is written then, and not told.
        let most = self.most().map(|most| if most == 0 { 1 } else { most });
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

    /// The most tokens, as it was asked.
    fn most(&self) -> Option<i64> {
        self.n_predict.or(self.max_tokens)
    }

    /// Where the text ends at a line.
    fn lines(&self) -> Lines {
        let positive = |given: Option<i64>| given.filter(|given| *given > 0);
        let patience = positive(self.t_max_predict_ms);
        Lines {
            indent: positive(self.n_indent).map_or(0, |least| least.unsigned_abs()),
            patience: patience.map(|ms| Duration::from_millis(ms.unsigned_abs())),
        }
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
        let plain = Plain {
            before,
            after: None,
            lines: self.lines(),
        };
        self.ask(plain, usual)
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
        let plain = Plain {
            before,
            after: Some(self.input_suffix.clone().unwrap_or_default()),
            lines: self.lines(),
        };
        self.ask(plain, usual)
    }
}

/// Answers `POST /completion`.
pub async fn post(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    answer(service, body, Body::completion).await
}

/// Answers `POST /infill`.
pub async fn infill(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    answer(service, body, Body::filling).await
}

/// How what a body asks is read.
type Reads = fn(&Body, &dyn Cpu, Sampling) -> Result<Ask, ApiError>;

/// A body, and what it asks, as `reads` reads that.
async fn read(service: &Arc<Service>, body: Body, reads: Reads) -> Result<(Body, Ask), ApiError> {
    let on = service.clone();
    let bytes = size(&body.prompt);
    let work = move |_: &Asker| -> Result<(Body, Ask), ApiError> {
        let ask = reads(&body, on.cpu(), on.session.settings.sampling())?;
        Ok((body, ask))
    };
    service.counting.run(bytes, service.patience(), work).await
}

/// Answers what `reads` reads in `body`.
async fn answer(service: Arc<Service>, body: Body, reads: Reads) -> Result<Response, ApiError> {
    match body.stream {
        Some(true) => late::streamed(streamed(service, body, reads), wire::failed).await,
        _ => late::whole(written(service, body, reads), ApiError::body).await,
    }
}

/// The turn that answers, and the reply that it becomes, once the model is there.
async fn begun(service: Arc<Service>, body: Body, reads: Reads) -> Result<(Turn, Reply), ApiError> {
    let service = beside::of(&service, body.model.as_deref()).await?;
    let (body, ask) = read(&service, body, reads).await?;
    let is_silent = body.most() == Some(0);
    let fields = body.response_fields.unwrap_or_default();
    let mut reply = Reply::new(service.model.clone(), ask.stops.clone(), fields);
    reply.is_silent = is_silent;
    Ok((Turn::new(&service, ask).await?, reply))
}

async fn streamed(service: Arc<Service>, body: Body, reads: Reads) -> Result<Response, ApiError> {
    let (turn, reply) = begun(service, body, reads).await?;
    wire::framed(turn, reply).await
}

/// The whole reply, once all of it is written.
async fn written(service: Arc<Service>, body: Body, reads: Reads) -> Result<Value, ApiError> {
    let (turn, mut reply) = begun(service, body, reads).await?;
    let mut pieces = turn.pieces();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        let ended = match &piece {
            Piece::End(ended, usage) => Some((*ended, *usage)),
            _ => None,
        };
        reply.take(piece);
        if let Some((ended, usage)) = ended {
            return Ok(reply.whole(ended, usage));
        }
    }
    Err(ApiError::internal("the CPU gave no answer; ask again"))
}

#[cfg(test)]
mod tests {
    use quipu_cpu::scripted::ScriptedCpu;

    use super::*;

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
                lines: Lines::default(),
            };
            assert_eq!(ask.plain, Some(want), "{body}");
        };
        check(json!({"input_prefix": "a", "input_suffix": "c"}), "a", "c");
        check(
            json!({"input_prefix": "a\n", "prompt": "b", "input_suffix": "c", "n_predict": -1}),
            "a\nb",
            "c",
        );
        // What editors send to have a context ready: nothing is written yet.
        let extra = json!([{"text": "x", "time": 7, "filename": "x.rs"}]);
        check(
            json!({"input_extra": extra, "input_prefix": "", "prompt": "", "n_predict": 0,
                   "samplers": [], "t_max_predict_ms": 0, "response_fields": [""]}),
            "\n\n--- snippet ---\n\nx\n\n--- snippet ---\n\n",
            "",
        );
        let extra = json!([{"filename": "x.rs", "text": "x"}, {"text": "y"}]);
        check(
            json!({"input_extra": extra, "input_prefix": "a", "prompt": ""}),
            "\n\n--- snippet ---\n\nx\n\n--- snippet ---\n\ny\n\n--- snippet ---\n\na",
            "",
        );
    }
}
