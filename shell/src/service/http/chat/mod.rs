//! `/v1/chat/completions`.
//!
//! | file | job |
//! | --- | --- |
//! | `request` | the body |
//! | `fields` | fields that other APIs have too |
//! | `choosing` | those that say how tokens are chosen |
//! | `elsewhere` | the schema of an answer, where other servers take it |
//! | `reply` | answers and pieces of them |

pub mod choosing;
mod elsewhere;
pub mod fields;
pub mod reply;
pub mod request;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use futures_util::stream::{self, SelectAll, StreamExt};
use serde_json::{Value, json};

use super::error::ApiError;
use super::guard::Caller;
use super::plain::{Ask, Piece, Turn, suits};
use super::state::Service;
use super::{agent, beside, late, pictures, wire};
use wire::Input;

use reply::{Answer, Head, usage_of};
use request::{Body, StreamOptions};

/// Pieces of several answers, with the place of each.
pub type Pieces = SelectAll<stream::BoxStream<'static, (usize, Result<Piece, ApiError>)>>;

/// Answers a request.
pub async fn post(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Caller>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    if let Some(name) = agent::named(body.model.as_deref()) {
        return agent::chat(&service, caller, name, &body).await;
    }
    // What cannot be done is said before a model is loaded or a picture read.
    let ask = body.ask(service.session.settings.sampling())?;
    let asked = Asked {
        ask,
        count: body.answers()?,
        usage: StreamOptions::usage(body.stream_options.as_ref()),
        model: body.model,
    };
    match body.stream.unwrap_or(false) {
        true => late::streamed(streamed(service, asked), wire::failed).await,
        false => late::whole(whole(service, asked), ApiError::body).await,
    }
}

/// What a request asks for.
struct Asked {
    ask: Ask,
    /// How many answers.
    count: u32,
    /// Whether a stream tells the usage.
    usage: bool,
    model: Option<String>,
}

/// What the pieces of the reply to `asked` have in common, and the pieces, once its model is there.
async fn begun(service: &Arc<Service>, asked: Asked) -> Result<(Head, Pieces), ApiError> {
    let (mut ask, model) = (asked.ask, asked.model.as_deref());
    let service = beside::of(service, model).await?;
    suits(service.cpu(), &ask)?;
    pictures::see(&service, &mut ask.said, false).await?;
    let turns = Turn::several(&service, ask, asked.count).await?;
    Ok((head(&service, model), pieces(turns)))
}

/// What the pieces of a new reply have in common.
pub fn head(service: &Service, model: Option<&str>) -> Head {
    Head {
        id: format!("chatcmpl-{:016x}", unique()),
        created: now().as_secs(),
        model: model.unwrap_or(&service.model).to_owned(),
    }
}

/// A number that no other reply has.
pub fn unique() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    (now().as_nanos() as u64).wrapping_add(number)
}

fn now() -> std::time::Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}

/// The pieces of `turns` as they come. Dropping the stream cancels their jobs.
pub fn pieces(turns: Vec<Turn>) -> Pieces {
    let turns = turns.into_iter().enumerate();
    let all = turns.map(|(index, turn)| turn.pieces().map(move |piece| (index, piece)).boxed());
    stream::select_all(all)
}

async fn whole(service: Arc<Service>, asked: Asked) -> Result<Value, ApiError> {
    let count = asked.count as usize;
    let (head, mut pieces) = begun(&service, asked).await?;
    let mut answers: Vec<Answer> = (0..count).map(|at| Answer::of(&head.id, at)).collect();
    while let Some((index, piece)) = pieces.next().await {
        drop(answers[index].take(piece?));
    }
    let choices = answers.iter().enumerate();
    let choices: Vec<Value> = choices.map(|(at, answer)| answer.choice(at)).collect();
    Ok(head.whole(&choices, reply::total(&answers)))
}

/// A stream of what the pieces are.
async fn streamed(service: Arc<Service>, asked: Asked) -> Result<Response, ApiError> {
    let (count, usage) = (asked.count as usize, asked.usage);
    let (head, mut pieces) = begun(&service, asked).await?;
    let first = wire::first(&mut pieces).await;
    let mut stream = Streamed {
        answers: (0..count).map(|at| Answer::of(&head.id, at)).collect(),
        head,
        usage,
    };
    let mut begin = stream.begin();
    if let Some((index, piece)) = first {
        begin.push_str(&stream.piece(index, piece?));
    }
    let state = Some((stream, pieces));
    let rest = stream::unfold(state, |state| async move {
        let (mut stream, mut pieces) = state?;
        match pieces.next().await {
            Some((index, Ok(piece))) => Some((stream.piece(index, piece), Some((stream, pieces)))),
            // Nothing comes after an error; whatever else is written is cancelled.
            Some((_, Err(error))) => Some((wire::failed(&error), None)),
            None => Some((stream.end(), None)),
        }
    });
    let all = stream::iter([begin]).chain(rest);
    Ok(wire::events(all))
}

/// A reply as a stream of events.
struct Streamed {
    head: Head,
    answers: Vec<Answer>,
    usage: bool,
}

impl Streamed {
    fn begin(&self) -> String {
        let roles = (0..self.answers.len()).map(|index| {
            let delta = json!({"role": "assistant", "content": "", "refusal": null});
            self.chunk(index, &delta, &Value::Null, None)
        });
        roles.collect()
    }

    fn piece(&mut self, index: usize, piece: Piece) -> String {
        let answer = &mut self.answers[index];
        let deltas = answer.take(piece);
        if deltas.is_empty() {
            return String::new();
        }
        let odds = answer.odds();
        let finish = answer.end.map(|(ended, _)| reply::finish(ended));
        let chunks = deltas.iter();
        chunks
            .map(|delta| self.chunk(index, delta, &odds, finish))
            .collect()
    }

    fn end(&self) -> String {
        let usage = usage_of(reply::total(&self.answers));
        let last = self.head.chunk(&json!([]), Some(&usage));
        let last = match self.usage {
            true => wire::event(None, &last),
            false => String::new(),
        };
        last + wire::DONE
    }

    fn chunk(&self, index: usize, delta: &Value, odds: &Value, finish: Option<&str>) -> String {
        let choices = json!([{
            "index": index, "delta": delta, "logprobs": odds, "finish_reason": finish,
        }]);
        // Where the usage is wanted, every piece but the last says that it has none.
        let none = self.usage.then_some(&Value::Null);
        wire::event(None, &self.head.chunk(&choices, none))
    }
}
