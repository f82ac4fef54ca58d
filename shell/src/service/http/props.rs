//! What programs written for llama.cpp's server look for beside an answer: `/props`, `/slots`,
//! `/apply-template`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::chat::request::Body;
use super::error::ApiError;
use super::plain::prompt_text;
use super::state::{ANSWERS_MAX, Service};
use super::wire::{self, Input, Params};
use super::{beside, pictures};

/// Answers `GET /props`.
pub async fn get(State(service): State<Arc<Service>>) -> Response {
    let info = service.cpu().info();
    let usual = service.session.settings.sampling();
    wire::json(&json!({
        "default_generation_settings": {
            "n_ctx": info.window,
            "params": {"temperature": usual.temperature, "seed": usual.seed, "n_predict": -1,
                       "top_k": 0, "top_p": 1.0, "repeat_penalty": 1.0,
                       "presence_penalty": 0.0, "frequency_penalty": 0.0},
        },
        "total_slots": ANSWERS_MAX, "model_alias": service.model, "model_path": info.model,
        "modalities": {"vision": service.cpu().sees(), "audio": false}, "is_sleeping": false,
        "build_info": concat!("quipu ", env!("CARGO_PKG_VERSION")),
    }))
}

/// Answers `GET /slots`: as many places as answers may be under way, and how many are taken. What
/// is asked in one is nobody else's to read.
///
/// # Errors
/// No place is free, and `fail_on_no_slot` asks for a status that says so.
pub async fn slots(
    State(service): State<Arc<Service>>,
    params: Params,
) -> Result<Response, ApiError> {
    let taken = service.under_way();
    let fails = params.get("fail_on_no_slot").is_some();
    if fails && taken >= ANSWERS_MAX {
        return Err(ApiError::stopping("no place is free; try again shortly"));
    }
    let window = service.cpu().info().window;
    let one = |at: usize| json!({"id": at, "n_ctx": window, "speculative": false, "is_processing": at < taken});
    let slots: Vec<Value> = (0..ANSWERS_MAX).map(one).collect();
    Ok(wire::json(&slots.into()))
}

/// Answers `POST /apply-template`: the prompt that `/v1/chat/completions` makes of the same body.
pub async fn apply(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    let service = beside::of(&service, body.model.as_deref()).await?;
    let _place = service.admit()?;
    let mut ask = body.ask(service.session.settings.sampling())?;
    pictures::see(&service, &mut ask.said, false).await?;
    let prompt = prompt_text(&service, ask).await?;
    Ok(wire::json(&json!({ "prompt": prompt })))
}
