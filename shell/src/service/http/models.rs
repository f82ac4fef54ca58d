//! `/v1/models`: the plain model, and the agents.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::error::ApiError;
use super::state::Service;
use super::{agent, wire};
use crate::session::agent::all;

/// Checks that `asked` names the plain model; nothing is the plain model too.
///
/// # Errors
/// Where it names another.
pub fn check(service: &Service, asked: Option<&str>) -> Result<(), ApiError> {
    let info = service.cpu().info();
    match asked {
        Some(name) if name != service.model && name != info.model => Err(unknown(service, name)),
        _ => Ok(()),
    }
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

fn list(service: &Service) -> Vec<Value> {
    let info = service.cpu().info();
    let entry = |id: &str| {
        json!({
            "id": id, "object": "model", "created": service.started_s, "owned_by": "quipu",
            "meta": {"n_ctx": info.window, "kind": info.kind},
        })
    };
    let mut models = vec![entry(&service.model), entry(agent::DEFAULT)];
    let agents = all(&service.session.paths.agents());
    models.extend(
        agents
            .keys()
            .map(|name| entry(&format!("{}{name}", agent::PREFIX))),
    );
    models
}

/// Answers `GET /v1/models`.
pub async fn get(State(service): State<Arc<Service>>) -> Response {
    wire::json(&json!({"object": "list", "data": list(&service)}))
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
