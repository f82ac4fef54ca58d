//! `/v1/models`: the plain model, the agents, and what else is asked for by a name.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::error::ApiError;
use super::state::Service;
use super::{agent, wire};
use crate::session::agent::all;
use crate::session::builtin;

/// What clients that have to send a name send for whichever model runs.
const USUAL: [&str; 2] = ["", "default"];

/// Checks that `asked` names the plain model; nothing is the plain model too.
///
/// # Errors
/// Where it names another.
pub fn check(service: &Service, asked: Option<&str>) -> Result<(), ApiError> {
    let info = service.cpu().info();
    let Some(name) = asked.filter(|name| !USUAL.contains(name)) else {
        return Ok(());
    };
    if name == service.model || name == info.model {
        return Ok(());
    }
    if agent::named(asked).is_some() {
        let message = format!(
            "{name:?} is an agent, and agents are asked with /v1/chat/completions; this is for \
             the plain model, {:?}",
            service.model
        );
        return Err(ApiError::unsupported("model", message));
    }
    Err(unknown(service, name))
}

/// There is no model called `name`.
pub fn unknown(service: &Service, name: &str) -> ApiError {
    ApiError::not_found(
        Some("model"),
        "model_not_found",
        format!(
            "there is no model {name:?}; this machine runs {:?}, and /v1/models lists its agents",
            service.model
        ),
    )
}

/// A model in OpenAI's form, with what Anthropic's has beside it.
fn model(service: &Service, id: &str, meta: &Value) -> Value {
    let started = i64::try_from(service.started_s).unwrap_or_default();
    let started = DateTime::from_timestamp(started, 0).unwrap_or_default();
    json!({
        "id": id, "object": "model", "created": service.started_s, "owned_by": "quipu",
        "type": "model", "display_name": id,
        "created_at": started.to_rfc3339_opts(SecondsFormat::Secs, true), "meta": meta,
    })
}

fn list(service: &Service) -> Vec<Value> {
    let info = service.cpu().info();
    let meta = json!({"n_ctx": info.window, "kind": info.kind});
    let entry = |id: &str| model(service, id, &meta);
    let mut models = vec![entry(&service.model), entry(agent::DEFAULT)];
    let agents = all(&service.session.paths.agents());
    models.extend(
        agents
            .keys()
            .map(|name| entry(&format!("{}{name}", agent::PREFIX))),
    );
    let own = |id: &str, kind: &str| model(service, id, &json!({ "kind": kind }));
    if let Ok(embedder) = service.meanings.find(service) {
        models.push(own(embedder.called(), "embedder"));
    }
    let senses = [builtin::EARS, builtin::VOICE];
    let here = senses
        .iter()
        .filter(|name| service.session.firmware(name).is_some());
    models.extend(here.map(|name| own(name, "sense")));
    models
}

/// Answers `GET /v1/models`.
pub async fn get(State(service): State<Arc<Service>>) -> Response {
    let models = list(&service);
    let id = |model: Option<&Value>| model.map(|model| model["id"].clone());
    wire::json(&json!({
        "object": "list", "first_id": id(models.first()), "last_id": id(models.last()),
        "has_more": false, "data": models,
    }))
}

/// Answers `GET /v1/models/{id}`.
pub async fn one(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found = list(&service).into_iter().find(|model| model["id"] == *id);
    match found {
        Some(model) => Ok(wire::json(&model)),
        None => Err(unknown(&service, &id)),
    }
}
