//! `/v1/models`: the plain model, the agents, what else is asked for by a name, and the models
//! that can be loaded beside the plain one.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::apart::aside;
use super::error::ApiError;
use super::state::Service;
use super::{agent, beside, wire};
use crate::session::agent::all;
use crate::session::builtin;

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
    let mut plain = entry(&service.model);
    // As llama.cpp's server says it of those that it can load.
    plain["status"] = json!({"value": "loaded"});
    let mut models = vec![plain, entry(agent::DEFAULT)];
    let agents = all(&service.session.paths.agents());
    models.extend(
        agents
            .keys()
            .map(|name| entry(&format!("{}{name}", agent::PREFIX))),
    );
    let own = |id: &str, kind: &str| model(service, id, &json!({ "kind": kind }));
    if let Ok(embedder) = service.meanings.find(service) {
        models.push(own(embedder.called(), "embedder"));
        let others = service.session.other_embedders(&embedder);
        models.extend(others.iter().map(|other| own(other.called(), "embedder")));
    }
    let senses = [builtin::EARS, builtin::VOICE];
    let here = senses
        .iter()
        .filter(|name| service.session.firmware(name).is_some());
    models.extend(here.map(|name| own(name, "sense")));
    models.extend(beside::listed(service).into_iter().map(|one| {
        let mut entry = model(service, &one.name, &one.meta);
        entry["status"] = json!({"value": if one.is_loaded { "loaded" } else { "unloaded" }});
        entry
    }));
    models
}

/// Answers `GET /v1/models`.
pub async fn get(State(service): State<Arc<Service>>) -> Result<Response, ApiError> {
    // Files are looked at.
    let models = aside(move || Ok(list(&service))).await?;
    let id = |model: Option<&Value>| model.map(|model| model["id"].clone());
    Ok(wire::json(&json!({
        "object": "list", "first_id": id(models.first()), "last_id": id(models.last()),
        "has_more": false, "data": models,
    })))
}

/// Answers `GET /v1/models/{id}`.
pub async fn one(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let on = service.clone();
    let models = aside(move || Ok(list(&on))).await?;
    match models.into_iter().find(|model| model["id"] == *id) {
        Some(model) => Ok(wire::json(&model)),
        None => Err(beside::unknown(&service, &id).await),
    }
}
