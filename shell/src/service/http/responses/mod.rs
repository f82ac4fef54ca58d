//! `/v1/responses`: the plain model in the form of OpenAI's newer API.
//!
//! | file | job |
//! | --- | --- |
//! | this one | what is asked for |
//! | `tools` | tools that may be called, and how their calls are told |
//! | `reply` | responses, and the events of their streams |
//! | `kept` | responses that a client comes back to |
//! | `items` | the items that a client sent, as they are listed |
//! | `stored` | `/v1/responses/{id}`: one is read, or deleted |

mod items;
pub mod kept;
mod reply;
pub mod stored;
mod tools;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use quipu_cpu::Sampling;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::apart::aside;
use super::chat::choosing::{sampling, shaping};
use super::chat::fields::{arguments, choice, content_of, no_picture, odds, tokens, whole};
use super::chat::reply::Head;
use super::error::ApiError;
use super::guard::Caller;
use super::known::{self, Api};
use super::plain::{Ask, Piece, Said, Speaker, Turn, prompt_tokens, schema, suits};
use super::state::Service;
use super::wire::{self, Framed, Input};
use super::{beside, chat, late, pictures};
use kept::Kept;
use reply::{Reply, Room};
use tools::{Forms, Tool, functions, within};

/// The body of a request.
#[derive(Debug, Deserialize)]
pub struct Body {
    model: Option<String>,
    input: Value,
    instructions: Option<String>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<Value>,
    parallel_tool_calls: Option<bool>,
    #[serde(default, deserialize_with = "whole")]
    max_output_tokens: Option<i64>,
    temperature: Option<f32>,
    /// OpenAI's API has none here, and others do.
    #[serde(default, deserialize_with = "whole")]
    seed: Option<i64>,
    text: Option<Value>,
    include: Option<Vec<String>>,
    top_logprobs: Option<u32>,
    stream: Option<bool>,
    previous_response_id: Option<String>,
    store: Option<bool>,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

/// What a client includes for the odds of tokens.
const ODDS: &str = "message.output_text.logprobs";

/// Answers `POST /v1/responses`.
pub async fn post(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Caller>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    // What cannot be done is said before a model is loaded or a picture read.
    let (body, sent) = resolved(&service, caller, body).await?;
    let ask = ask(&body, service.session.settings.sampling())?;
    let room = body.is_stored().then(|| Room {
        kept: service.responses.clone(),
        caller,
        before: body.previous_response_id.clone(),
        sent,
    });
    match body.stream {
        Some(true) => late::streamed(streamed(service, body, ask, room), reply::failed).await,
        _ => late::whole(written(service, body, ask, room), ApiError::body).await,
    }
}

/// The turn that answers, and the reply that it becomes, once the model is there.
async fn begun(
    service: Arc<Service>,
    body: Body,
    mut ask: Ask,
    room: Option<Room>,
) -> Result<(Turn, Reply), ApiError> {
    let service = beside::of(&service, body.model.as_deref()).await?;
    suits(service.cpu(), &ask)?;
    pictures::see(&service, &mut ask.said, false).await?;
    let turn = Turn::new(&service, ask).await?;
    let head = Head {
        id: kept::new_id()?,
        ..chat::head(&service, body.model.as_deref())
    };
    let forms = Forms::of(body.tools.as_deref().unwrap_or_default());
    let reply = Reply::new(head, body.asked(), forms, room);
    Ok((turn, reply))
}

async fn streamed(
    service: Arc<Service>,
    body: Body,
    ask: Ask,
    room: Option<Room>,
) -> Result<Response, ApiError> {
    let (turn, reply) = begun(service, body, ask, room).await?;
    wire::framed(turn, reply).await
}

/// The whole reply, once all of it is written.
async fn written(
    service: Arc<Service>,
    body: Body,
    ask: Ask,
    room: Option<Room>,
) -> Result<Value, ApiError> {
    let (mut turn, mut reply) = begun(service, body, ask, room).await?;
    while let Some(piece) = turn.next().await? {
        let ended = match &piece {
            Piece::End(ended, usage) => Some((*ended, *usage)),
            _ => None,
        };
        reply.events(piece);
        if ended.is_some() {
            return Ok(reply.whole(ended));
        }
    }
    Err(ApiError::internal("the CPU gave no answer; ask again"))
}

/// Answers `POST /v1/responses/input_tokens`.
pub async fn count(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Caller>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    let (body, _) = resolved(&service, caller, body).await?;
    let ask = ask(&body, service.session.settings.sampling())?;
    late::whole(counted(service, body.model, ask), ApiError::body).await
}

async fn counted(
    service: Arc<Service>,
    model: Option<String>,
    mut ask: Ask,
) -> Result<Value, ApiError> {
    let service = beside::of(&service, model.as_deref()).await?;
    let _place = service.admit()?;
    pictures::see(&service, &mut ask.said, false).await?;
    let tokens = prompt_tokens(&service, ask).await?;
    Ok(json!({"object": "response.input_tokens", "input_tokens": tokens}))
}

/// The `body` with what is kept in its input, and the items that `caller` sent.
async fn resolved(
    service: &Service,
    caller: Caller,
    mut body: Body,
) -> Result<(Body, Vec<Value>), ApiError> {
    let kept = service.responses.clone();
    // Long conversations take a while to be read.
    aside(move || {
        let sent = body.resolve(&kept, caller)?;
        Ok((body, sent))
    })
    .await
}

/// What is asked of the plain model, where `usual` says how tokens are chosen.
pub(super) fn ask(body: &Body, usual: Sampling) -> Result<Ask, ApiError> {
    known::supported(Api::Responses, &body.rest)?;
    let mut functions = functions(body.tools.as_deref().unwrap_or_default())?;
    let choice = choice(body.tool_choice.as_ref(), &mut functions)?;
    Ok(Ask {
        said: said(body)?,
        choice,
        functions,
        parallel: body.parallel_tool_calls.unwrap_or(true),
        schema: format(body.text.as_ref())?,
        tokens_max: tokens("max_output_tokens", body.max_output_tokens)?,
        odds: odds(Some(body.wants_odds()), body.top_logprobs)?,
        sampling: sampling(body.temperature, body.seed, usual)?,
        shaping: shaping(&body.rest)?,
        stops: Vec::new(),
        plain: None,
    })
}

impl Body {
    /// Whether the response is kept for the client to come back to, as OpenAI does unless it is
    /// told otherwise.
    fn is_stored(&self) -> bool {
        self.store.unwrap_or(true)
    }

    /// Puts what is kept into the input: the conversation that it goes on with before it, and
    /// items in the place of their ids. Gives the items that `caller` sent.
    fn resolve(&mut self, kept: &Kept, caller: Caller) -> Result<Vec<Value>, ApiError> {
        let sent = match &self.input {
            Value::String(text) if !text.is_empty() => vec![kept::item_of(text)],
            Value::Array(items) => kept.resolved(caller, items)?,
            // It is refused where it is read.
            _ => return Ok(Vec::new()),
        };
        let before = self.previous_response_id.as_deref();
        let before = before.map(|id| kept.conversation(caller, id)).transpose()?;
        let mut items = before.unwrap_or_default();
        items.extend(sent.iter().cloned());
        self.input = items.into();
        Ok(sent)
    }

    /// Whether the odds of tokens are asked for, in one of two ways.
    fn wants_odds(&self) -> bool {
        let included = self.include.iter().flatten();
        let mut included = included.map(String::as_str);
        self.top_logprobs.is_some_and(|most| most > 0) || included.any(|name| name == ODDS)
    }

    /// What a response repeats of its request.
    fn asked(&self) -> Map<String, Value> {
        let given = |name: &str| self.rest.get(name).filter(|given| !given.is_null());
        let or = |name: &str, usual: Value| given(name).cloned().unwrap_or(usual);
        let text = self.text.clone().filter(|text| !text.is_null());
        let text = text.unwrap_or_else(|| json!({"format": {"type": "text"}}));
        let choice = self.tool_choice.clone().filter(|choice| !choice.is_null());
        // Those that the model was told of.
        let tools = self.tools.iter().flatten();
        let tools: Vec<&Tool> = tools.filter(|tool| !tool.is_service()).collect();
        let asked = [
            ("instructions", json!(self.instructions)),
            ("max_output_tokens", json!(self.max_output_tokens)),
            ("metadata", or("metadata", json!({}))),
            (
                "parallel_tool_calls",
                json!(self.parallel_tool_calls.unwrap_or(true)),
            ),
            (
                "reasoning",
                or("reasoning", json!({"effort": null, "summary": null})),
            ),
            ("previous_response_id", json!(self.previous_response_id)),
            ("store", json!(self.is_stored())),
            ("temperature", json!(self.temperature)),
            ("text", text),
            ("tool_choice", choice.unwrap_or_else(|| "auto".into())),
            ("tools", json!(tools)),
            ("top_logprobs", json!(self.top_logprobs.unwrap_or_default())),
            ("top_p", or("top_p", Value::Null)),
            ("user", or("user", Value::Null)),
        ];
        let asked = asked.map(|(name, value)| (name.to_owned(), value));
        asked.into_iter().collect()
    }
}

/// The schema of the answer.
fn format(text: Option<&Value>) -> Result<Option<Value>, ApiError> {
    if text.is_some_and(|text| !text.is_null() && !text.is_object()) {
        let message = "it is an object: a schema stands in its `format`";
        return Err(ApiError::invalid("text", message));
    }
    let format = text.map_or(&Value::Null, |text| &text["format"]);
    match format["type"].as_str() {
        None if format.is_null() => Ok(None),
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(json!({"type": "object"}))),
        Some("json_schema") => {
            let held = format["strict"].as_bool().unwrap_or(false);
            schema("text.format.schema", &format["schema"], held).map(Some)
        }
        _ => Err(ApiError::invalid(
            "text.format.type",
            "a format is `text`, `json_object` or `json_schema`",
        )),
    }
}

fn said(body: &Body) -> Result<Vec<Said>, ApiError> {
    let mut said = Vec::new();
    if let Some(instructions) = &body.instructions {
        said.push(Said::new(Speaker::System, instructions));
    }
    let items = match &body.input {
        Value::String(text) if !text.is_empty() => {
            said.push(Said::new(Speaker::User, text));
            return Ok(said);
        }
        Value::Array(items) if !items.is_empty() => items,
        _ => {
            let message = "an input is a text or a list of items";
            return Err(ApiError::invalid("input", message));
        }
    };
    let mut names: HashMap<&str, String> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        let param = format!("input[{at}]");
        let word = |name: &str| item[name].as_str().unwrap_or_default();
        match item["type"].as_str() {
            None | Some("message") => said.push(message(&param, item)?),
            Some(kind @ ("function_call" | "custom_tool_call")) => {
                let name = within(word("namespace"), word("name"));
                let args = match kind {
                    "custom_tool_call" => json!({"input": word("input")}),
                    _ => arguments(&item["arguments"]),
                };
                names.insert(word("call_id"), name.clone());
                match said.last_mut() {
                    // Calls that were made together are one turn.
                    Some(last) if last.by == Speaker::Assistant => last.calls.push((name, args)),
                    _ => {
                        let mut turn = Said::new(Speaker::Assistant, "");
                        turn.calls.push((name, args));
                        said.push(turn);
                    }
                }
            }
            Some("function_call_output" | "custom_tool_call_output") => {
                let name = names.get(word("call_id")).ok_or_else(|| {
                    let message = "no item before it is a call with this id";
                    ApiError::invalid(format!("{param}.call_id"), message)
                })?;
                let place = format!("{param}.output");
                let (output, images) = content_of(&place, item.get("output"))?;
                let speaker = Speaker::Function(name.clone());
                let mut result = Said::new(speaker, output.unwrap_or_default());
                result.images = images;
                said.push(result);
            }
            // A thought of an earlier turn is not told again.
            Some("reasoning") => {}
            Some(other) => {
                let message = format!("an item of type {other:?} cannot be read");
                return Err(ApiError::unsupported(param, message));
            }
        }
    }
    Ok(said)
}

fn message(param: &str, item: &Value) -> Result<Said, ApiError> {
    let by = match item["role"].as_str() {
        Some("system" | "developer") => Speaker::System,
        Some("user") => Speaker::User,
        Some("assistant") => Speaker::Assistant,
        _ => {
            let message = "a role is system, developer, user or assistant";
            return Err(ApiError::invalid(format!("{param}.role"), message));
        }
    };
    let (text, images) = content_of(&format!("{param}.content"), item.get("content"))?;
    let text = text.ok_or_else(|| ApiError::invalid(param, "it says nothing"))?;
    if by != Speaker::User && !images.is_empty() {
        return Err(no_picture(&format!("{param}.content")));
    }
    let mut said = Said::new(by, text);
    said.images = images;
    Ok(said)
}
