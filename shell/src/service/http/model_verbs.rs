//! `/models/load`, `/models/unload`, `/models/pull`: the models beside the machine's own, for
//! whoever has the token. The first two have the forms of llama.cpp's server.
//!
//! A pull is told as it goes on, event by event, and goes on when it is asked for again: a client
//! that leaves stops it, and what was fetched is kept.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use quipu_kernel::UnloadError;
use quipu_models::{self as models, Event, ModelError, Progress};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::beside;
use super::ending;
use super::error::ApiError;
use super::late;
use super::state::{Lease, Service};
use super::wire::{self, Input};
use crate::config::{endpoints, paths};
use crate::terminal::model_hints;

/// Which model.
#[derive(Debug, Deserialize)]
pub struct Named {
    model: String,
}

/// Answers `POST /models/load`.
pub async fn load(
    State(service): State<Arc<Service>>,
    Input(body): Input<Named>,
) -> Result<Response, ApiError> {
    late::whole(loaded(service, body.model), ApiError::body).await
}

async fn loaded(service: Arc<Service>, name: String) -> Result<Value, ApiError> {
    // An endpoint of the configuration costs its user's money: no other request names one.
    let service = match endpoints::named(&name) {
        Some(_) => match beside::loaded(&service, &name).await? {
            Some(model) => service.on(model),
            None => service,
        },
        None => beside::of(&service, Some(&name)).await?,
    };
    let info = service.cpu().info();
    Ok(json!({
        "success": true, "model": name,
        "meta": {"kind": info.kind, "n_ctx": info.window, "memory": info.bytes},
    }))
}

/// Answers `POST /models/unload`.
pub async fn unload(
    State(service): State<Arc<Service>>,
    Input(body): Input<Named>,
) -> Result<Response, ApiError> {
    let name = &body.model;
    if beside::is_own(&service, name) {
        let message = format!(
            "{name:?} is the model that the machine was started with, and stays as long as the \
             machine runs; stop `quipu serve`, or start it with a smaller one"
        );
        return Err(conflict(message));
    }
    let loaded_as = beside::loaded_as(&service, name).await?;
    match service.kernel.unload(&loaded_as).await {
        Ok(()) => Ok(wire::json(&json!({"success": true, "model": name}))),
        Err(error @ UnloadError::InUse(_)) => Err(conflict(format!(
            "{error} by a request or by a process that has not ended; wait for it, or stop it"
        ))),
        Err(error @ UnloadError::NotLoaded(_)) => Err(ApiError::not_found(
            Some("model"),
            "model_not_found",
            format!("{error}; /v1/models says which are"),
        )),
    }
}

fn conflict(message: String) -> ApiError {
    ApiError {
        status: StatusCode::CONFLICT,
        param: Some("model".to_owned()),
        code: Some("conflict"),
        ..ApiError::malformed(message)
    }
}

/// Answers `POST /models/pull`: fetches a model as `quipu model pull` does.
pub async fn pull(
    State(service): State<Arc<Service>>,
    Input(body): Input<Named>,
) -> Result<Response, ApiError> {
    let place = service.admit()?;
    let settings = service.session.pull_settings();
    let folder = service.session.paths.models[0].clone();
    paths::create(&folder).map_err(|error| ApiError::internal(format!("{error:#}")))?;
    let (tell, told) = unbounded_channel();
    let name = body.model;
    let work = async move {
        let telling = Telling {
            tell,
            percent: AtomicU64::new(NOTHING_TOLD),
        };
        models::pull(&name, &folder, &settings, &telling).await
    };
    let pulling = Pulling {
        work: Some(work.boxed()),
        told,
        end: None,
        _place: place,
    };
    let mut events = pulling.events().boxed();
    // What fails at once has a status of its own.
    let first = wire::first(&mut events).await.transpose()?;
    let rest = events.map(|event| match event {
        Ok(text) => text,
        Err(error) => wire::event(Some("error"), &error.body()),
    });
    let all = stream::iter(first).chain(rest);
    Ok(wire::events(ending::until(&service.stopping, all)))
}

/// A pull under way; dropping it stops the pull.
struct Pulling {
    work: Option<BoxFuture<'static, Result<PathBuf, ModelError>>>,
    told: UnboundedReceiver<String>,
    /// What is said last.
    end: Option<Result<String, ApiError>>,
    _place: Lease,
}

impl Pulling {
    /// What is told of it, and how it ended. Nothing comes after an error.
    fn events(self) -> impl Stream<Item = Result<String, ApiError>> + Send {
        stream::unfold(self, |mut pulling| async move {
            let event = pulling.next().await?;
            Some((event, pulling))
        })
    }

    async fn next(&mut self) -> Option<Result<String, ApiError>> {
        if let Some(work) = &mut self.work {
            tokio::select! {
                biased;
                Some(text) = self.told.recv() => return Some(Ok(text)),
                done = work => {
                    self.end = Some(done.map_err(|error| failed(&error)).map(|_| done_event()));
                    self.work = None;
                }
            }
        }
        // Whoever tells is gone: what waits is the rest.
        match self.told.recv().await {
            Some(text) => Some(Ok(text)),
            None => self.end.take(),
        }
    }
}

/// The last event of a pull that came to its end.
fn done_event() -> String {
    wire::event(Some("done"), &json!({"success": true}))
}

/// No percent was told yet.
const NOTHING_TOLD: u64 = u64::MAX;

/// Tells of a pull in events: a stage when it begins, bytes when there is another percent of them.
struct Telling {
    tell: UnboundedSender<String>,
    percent: AtomicU64,
}

impl Progress for Telling {
    fn event(&self, event: Event<'_>) {
        let (name, data) = told(&event);
        // Nobody listening is fine.
        let _ = self.tell.send(wire::event(Some(name), &data));
    }

    fn bytes(&self, done: u64, total: u64) {
        let percent = u128::from(done) * 100 / u128::from(total.max(1));
        let percent = u64::try_from(percent).unwrap_or(NOTHING_TOLD);
        if self.percent.swap(percent, Ordering::Relaxed) != percent {
            let data = json!({"done": done, "total": total});
            let _ = self.tell.send(wire::event(Some("bytes"), &data));
        }
    }
}

/// The name and the data of an event of a pull. Paths of this machine are not told.
fn told(event: &Event<'_>) -> (&'static str, Value) {
    match event {
        Event::Licence { name, licence } => ("licence", json!({"model": name, "licence": licence})),
        Event::Here { name, .. } => ("here", json!({"model": name})),
        Event::Continued { name, bytes } => ("continued", json!({"model": name, "bytes": bytes})),
        Event::SourceFailed(error) => ("source_failed", json!({"message": error.to_string()})),
        Event::Joining => ("joining", json!({})),
        Event::Making => ("making", json!({})),
        Event::Checking => ("checking", json!({})),
        Event::Projector { name } => ("projector", json!({"model": name})),
        Event::Fetched { bytes, .. } => ("fetched", json!({"bytes": bytes})),
    }
}

/// Why a pull failed, for a client.
fn failed(error: &ModelError) -> ApiError {
    let message = match model_hints::hint(error) {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    };
    match error {
        ModelError::Unknown { .. }
        | ModelError::BadName { .. }
        | ModelError::NoFile { .. }
        | ModelError::NotOnHub { .. }
        | ModelError::NoSuchQuant { .. }
        | ModelError::Several { .. } => {
            ApiError::not_found(Some("model"), "model_not_found", message)
        }
        ModelError::Busy { .. } => conflict(message),
        _ => ApiError {
            status: StatusCode::BAD_GATEWAY,
            code: Some("pull_failed"),
            ..ApiError::internal(message)
        },
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_pull_is_told_by_stages_and_percents() {
        let (tell, mut events) = unbounded_channel();
        let telling = Telling {
            tell,
            percent: AtomicU64::new(NOTHING_TOLD),
        };
        let licence = "Apache-2.0";
        telling.event(Event::Licence { name: "a", licence });
        for done in [0, 1, 9, 10, 500, 501, 1000] {
            telling.bytes(done, 1000);
        }
        telling.bytes(0, 0);
        let path = Path::new("/secret/a.gguf");
        telling.event(Event::Fetched { path, bytes: 1000 });
        drop(telling);
        let mut all = String::new();
        while let Ok(text) = events.try_recv() {
            all.push_str(&text);
        }
        insta::assert_snapshot!(all, @r#"
        event: licence
        data: {"model":"a","licence":"Apache-2.0"}

        event: bytes
        data: {"done":0,"total":1000}

        event: bytes
        data: {"done":10,"total":1000}

        event: bytes
        data: {"done":500,"total":1000}

        event: bytes
        data: {"done":1000,"total":1000}

        event: bytes
        data: {"done":0,"total":0}

        event: fetched
        data: {"bytes":1000}
        "#);
    }

    #[test]
    fn what_failed_has_a_status() {
        let name = || "a".to_owned();
        let check = |error: ModelError, want: u16| {
            assert_eq!(failed(&error).status.as_u16(), want, "{error}");
        };
        check(ModelError::Busy { name: name() }, 409);
        check(ModelError::BadName { name: name() }, 404);
        check(ModelError::NotOnHub { what: name() }, 404);
        let (endpoint, why) = (name(), name());
        check(ModelError::Unreachable { endpoint, why }, 502);
    }
}
