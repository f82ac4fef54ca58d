//! `/tokenize` and `/detokenize`: the tokens of the plain model, as llama.cpp's server tells
//! them, and vLLM's.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use quipu_cpu::Cpu;
use serde::Deserialize;
use serde_json::{Value, json};

use super::apart::Asker;
use super::error::ApiError;
use super::known::{self, Api};
use super::plain::check_tokens;
use super::state::Service;
use super::wire::Input;
use super::{beside, late};

/// The most tokens whose pieces are told.
const PIECES_MAX: usize = 1 << 16;

/// The most tokens that become a text: more than any window holds. A token of two bytes in a
/// body may stand for more than a hundred.
pub(super) const TOKENS_MAX: usize = 1 << 18;

/// A text to take apart.
#[derive(Debug, Deserialize)]
pub struct Text {
    model: Option<String>,
    content: Option<String>,
    /// What vLLM's server calls it.
    prompt: Option<String>,
    /// Whether the token that begins a text comes first, where the model has one: left out, as the
    /// server whose form this is has it.
    #[serde(alias = "add_special_tokens")]
    add_special: Option<bool>,
    /// Whether markers of the template are the tokens that they stand for.
    parse_special: Option<bool>,
    with_pieces: Option<bool>,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

/// Tokens to put together.
#[derive(Debug, Deserialize)]
pub struct Tokens {
    model: Option<String>,
    tokens: Option<Vec<i32>>,
}

/// Answers `POST /tokenize`.
pub async fn tokenize(
    State(service): State<Arc<Service>>,
    Input(text): Input<Text>,
) -> Result<Response, ApiError> {
    known::supported(Api::Tokenize, &text.rest)?;
    late::whole(tokens_of(service, text), ApiError::body).await
}

async fn tokens_of(service: Arc<Service>, text: Text) -> Result<Value, ApiError> {
    let is_counted = text.content.is_none();
    let content = text.content.or(text.prompt).ok_or_else(|| {
        let message = "it is required: a text. POST /apply-template makes one of messages";
        ApiError::invalid("content", message)
    })?;
    let service = beside::of(&service, text.model.as_deref()).await?;
    // A long text takes a while, as an answer does.
    let _place = service.admit()?;
    let bytes = content.len();
    let on = service.clone();
    let work = move |asker: &Asker| -> Result<Value, ApiError> {
        let begins = text.add_special.unwrap_or(is_counted);
        let markers = text.parse_special.unwrap_or(true);
        let tokens = on.cpu().tokens(&content, begins, markers);
        let tokens = tokens.ok_or_else(unknown)?;
        let count = tokens.len();
        let mut told = match text.with_pieces.unwrap_or(false) {
            true => pieces(on.cpu(), tokens, asker)?,
            false => json!({ "tokens": tokens }),
        };
        // Who asks in vLLM's form reads these.
        if is_counted {
            told["count"] = count.into();
            told["max_model_len"] = on.cpu().info().window.into();
        }
        Ok(told)
    };
    service.counting.run(bytes, service.patience(), work).await
}

/// The `tokens` with the text of each.
fn pieces(cpu: &dyn Cpu, tokens: Vec<i32>, asker: &Asker) -> Result<Value, ApiError> {
    if tokens.len() > PIECES_MAX {
        let message = format!("the pieces of {PIECES_MAX} tokens at most are told; send less");
        return Err(ApiError::invalid("content", message));
    }
    let pieces = tokens.into_iter().map(|token| {
        asker.stays()?;
        let bytes = cpu.text_of(&[token]).unwrap_or_default();
        Ok(json!({"id": token, "piece": piece(bytes)}))
    });
    let pieces: Vec<Value> = pieces.collect::<Result<_, ApiError>>()?;
    Ok(json!({ "tokens": pieces }))
}

/// Answers `POST /detokenize`.
pub async fn detokenize(
    State(service): State<Arc<Service>>,
    Input(given): Input<Tokens>,
) -> Result<Response, ApiError> {
    late::whole(text_of(service, given), ApiError::body).await
}

async fn text_of(service: Arc<Service>, given: Tokens) -> Result<Value, ApiError> {
    let service = beside::of(&service, given.model.as_deref()).await?;
    let wrong = |message: String| ApiError::invalid("tokens", message);
    let required = || wrong("it is required: the numbers of tokens".to_owned());
    let tokens = given.tokens.ok_or_else(required)?;
    if tokens.len() > TOKENS_MAX {
        return Err(wrong(format!(
            "at most {TOKENS_MAX} tokens become a text; send less"
        )));
    }
    let _place = service.admit()?;
    let on = service.clone();
    let bytes = tokens.len().saturating_mul(size_of::<i32>());
    let work = move |_: &Asker| -> Result<Value, ApiError> {
        let bytes = on.cpu().text_of(&tokens).ok_or_else(unknown)?;
        check_tokens(on.cpu(), "tokens", &tokens)?;
        Ok(json!({ "content": String::from_utf8_lossy(&bytes) }))
    };
    service.counting.run(bytes, service.patience(), work).await
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
        "only the tokens of a local model are known; ask the endpoint itself",
    )
}
