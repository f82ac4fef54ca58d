//! `/v1/completions`: a text that the plain model goes on writing, without a template.
//!
//! | file | job |
//! | --- | --- |
//! | `request` | the body |
//! | `reply` | answers and pieces of them |

pub mod reply;
pub mod request;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use futures_util::stream::{self, StreamExt};
use serde_json::Value;

use super::apart::Asker;
use super::chat::request::StreamOptions;
use super::chat::{self, Pieces};
use super::error::ApiError;
use super::plain::{Ask, Turn};
use super::state::Service;
use super::wire::{self, Input};
use super::{beside, late};

use reply::{Answer, Reply};
use request::{Body, size};

/// Answers `POST /v1/completions`.
pub async fn post(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    // What cannot be done is said before a model is loaded.
    body.check(service.session.settings.sampling())?;
    match body.stream.unwrap_or(false) {
        true => late::streamed(streamed(service, body), wire::failed).await,
        false => late::whole(whole(service, body), ApiError::body).await,
    }
}

/// The reply to `body` before its first piece, and the pieces, once its model is there.
async fn begun(service: Arc<Service>, body: Body) -> Result<(Reply, Pieces), ApiError> {
    let service = beside::of(&service, body.model.as_deref()).await?;
    let on = service.clone();
    let bytes = size(&body.prompt);
    let read = move |_: &Asker| -> Result<(Body, Vec<Ask>), ApiError> {
        let asks = body.asks(on.cpu(), on.session.settings.sampling())?;
        Ok((body, asks))
    };
    let (body, asks) = service
        .counting
        .run(bytes, service.patience(), read)
        .await?;
    let n = body.answers(asks.len())?;
    let mut turns = Vec::new();
    for ask in &asks {
        turns.extend(Turn::several(&service, ask.clone(), n).await?);
    }
    let echoes = body.echo == Some(true);
    let echoed = |ask: &Ask| {
        let plain = ask.plain.as_ref().filter(|_| echoes);
        plain.map_or_else(String::new, |plain| plain.before.clone())
    };
    let answers = asks
        .iter()
        .flat_map(|ask| std::iter::repeat_n(Answer::after(echoed(ask)), n as usize));
    let mut head = chat::head(&service, body.model.as_deref());
    head.id = head.id.replace("chatcmpl-", "cmpl-");
    let reply = Reply {
        answers: answers.collect(),
        head,
        of_each: n as usize,
        usage: StreamOptions::usage(body.stream_options.as_ref()),
    };
    Ok((reply, chat::pieces(turns)))
}

async fn whole(service: Arc<Service>, body: Body) -> Result<Value, ApiError> {
    let (mut reply, mut pieces) = begun(service, body).await?;
    while let Some((index, piece)) = pieces.next().await {
        reply.take(index, piece?);
    }
    Ok(reply.whole())
}

async fn streamed(service: Arc<Service>, body: Body) -> Result<Response, ApiError> {
    let (mut reply, mut pieces) = begun(service, body).await?;
    let first = wire::first(&mut pieces).await;
    let mut begin = reply.begin();
    if let Some((index, piece)) = first {
        begin.push_str(&reply.piece(index, piece?));
    }
    let rest = stream::unfold(Some((reply, pieces)), |state| async move {
        let (mut reply, mut pieces) = state?;
        match pieces.next().await {
            Some((index, Ok(piece))) => Some((reply.piece(index, piece), Some((reply, pieces)))),
            Some((_, Err(error))) => Some((wire::failed(&error), None)),
            None => Some((reply.end(), None)),
        }
    });
    let all = stream::iter([begin]).chain(rest);
    Ok(wire::events(all))
}
