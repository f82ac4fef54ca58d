//! `/tokenize` and `/detokenize`: the tokens of the plain model, as llama.cpp's server tells
//! them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::state::Service;
use super::wire::{self, Input};

/// The most tokens whose pieces are told.
const PIECES_MAX: usize = 1 << 16;

/// A text to take apart.
#[derive(Debug, Deserialize)]
pub struct Text {
    #[serde(default)]
    content: String,
    /// Whether the token that begins a text comes first, where the model has one.
    add_special: Option<bool>,
    /// Whether markers of the template are the tokens that they stand for.
    parse_special: Option<bool>,
    with_pieces: Option<bool>,
}

/// Tokens to put together.
#[derive(Debug, Deserialize)]
pub struct Tokens {
    #[serde(default)]
    tokens: Vec<i32>,
}

/// Answers `POST /tokenize`.
pub async fn tokenize(
    State(service): State<Arc<Service>>,
    Input(text): Input<Text>,
) -> Result<Response, ApiError> {
    // A long text takes a while, as an answer does.
    let _place = service.admit()?;
    let with_pieces = text.with_pieces.unwrap_or(false);
    let counting = service.clone();
    let work = move || {
        let begins = text.add_special.unwrap_or(false);
        let markers = text.parse_special.unwrap_or(true);
        counting.cpu().tokens(&text.content, begins, markers)
    };
    let tokens = tokio::task::spawn_blocking(work).await;
    let tokens = tokens.map_err(|error| ApiError::internal(error.to_string()))?;
    let tokens = tokens.ok_or_else(unknown)?;
    if !with_pieces {
        return Ok(wire::json(&json!({ "tokens": tokens })));
    }
    if tokens.len() > PIECES_MAX {
        let message = format!("of {PIECES_MAX} tokens at most the pieces are told; send less");
        return Err(ApiError::invalid("content", message));
    }
    let cpu = service.cpu();
    let pieces = tokens.into_iter().map(|token| {
        let bytes = cpu.text_of(&[token]).unwrap_or_default();
        json!({"id": token, "piece": piece(bytes)})
    });
    let pieces: Vec<Value> = pieces.collect();
    Ok(wire::json(&json!({ "tokens": pieces })))
}

/// Answers `POST /detokenize`.
pub async fn detokenize(
    State(service): State<Arc<Service>>,
    Input(given): Input<Tokens>,
) -> Result<Response, ApiError> {
    let _place = service.admit()?;
    let bytes = service.cpu().text_of(&given.tokens).ok_or_else(unknown)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(wire::json(&json!({ "content": text })))
}

/// The text of a token; its bytes, where it is a part of a character.
fn piece(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(error) => error.into_bytes().into(),
    }
}

fn unknown() -> ApiError {
    ApiError::unsupported(
        "model",
        "the tokens of a local model are known, and of no other; ask its own endpoint",
    )
}
