//! `/v1/messages`: the plain model in the form of Anthropic's API.
//!
//! | file | job |
//! | --- | --- |
//! | this one | what is asked for |
//! | `reply` | messages, and the events of their streams |

mod reply;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use quipu_cpu::Sampling;
use quipu_kernel::grammar::Callable;
use serde::Deserialize;
use serde_json::{Value, json};

use super::chat::choosing::{sampling, shaping};
use super::chat::fields::{Stop, add, content_of, few, stop_words, text, tokens, whole};
use super::error::ApiError;
use super::known::{self, Api};
use super::plain::{Ask, Choice, Said, Speaker, Turn, function, prompt_tokens, schema};
use super::state::Service;
use super::wire::{self, Input};
use super::{beside, late, pictures};
use reply::Reply;

/// The body of a request.
#[derive(Debug, Deserialize)]
pub struct Body {
    model: Option<String>,
    #[serde(default, deserialize_with = "whole")]
    max_tokens: Option<i64>,
    system: Option<Value>,
    messages: Vec<Message>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<ToolChoice>,
    stop_sequences: Option<Vec<String>>,
    temperature: Option<f32>,
    /// Anthropic's API has none, and others do.
    #[serde(default, deserialize_with = "whole")]
    seed: Option<i64>,
    stream: Option<bool>,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    content: Value,
}

#[derive(Debug, Deserialize)]
struct Tool {
    /// Tools of the service itself have another type than `custom`.
    r#type: Option<String>,
    name: String,
    description: Option<String>,
    input_schema: Option<Value>,
    strict: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct ToolChoice {
    r#type: String,
    name: Option<String>,
    disable_parallel_tool_use: Option<bool>,
}

/// What Anthropic's API calls a conversation that it does not hold any more.
const THREAD_LOST: &str = "thread_not_found";

/// Answers `POST /v1/messages`.
pub async fn post(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    // What cannot be done is said before a model is loaded or a picture read.
    let ask = ask(&body, service.session.settings.sampling())?;
    let model = body.model;
    match body.stream {
        Some(true) => late::streamed(streamed(service, model, ask), reply::failed).await,
        _ => late::whole(written(service, model, ask), ApiError::body_for_anthropic).await,
    }
}

/// Answers `POST /v1/messages/count_tokens`.
pub async fn count(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    let ask = ask_for(&body, None, service.session.settings.sampling())?;
    let counted = counted(service, body.model, ask);
    late::whole(counted, ApiError::body_for_anthropic).await
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
    Ok(json!({ "input_tokens": tokens }))
}

/// The turn that answers, and the reply that it becomes, once the `model` is there.
async fn begun(
    service: Arc<Service>,
    model: Option<String>,
    mut ask: Ask,
) -> Result<(Turn, Reply), ApiError> {
    let service = beside::of(&service, model.as_deref()).await?;
    pictures::see(&service, &mut ask.said, false).await?;
    let stops = ask.stops.clone();
    let turn = Turn::new(&service, ask).await?;
    let model = model.unwrap_or_else(|| service.model.clone());
    let reply = Reply::new(model, turn.prompt_tokens(), stops);
    Ok((turn, reply))
}

async fn streamed(
    service: Arc<Service>,
    model: Option<String>,
    ask: Ask,
) -> Result<Response, ApiError> {
    let (turn, reply) = begun(service, model, ask).await?;
    wire::framed(turn, reply).await
}

/// The whole reply, once all of it is written.
async fn written(
    service: Arc<Service>,
    model: Option<String>,
    ask: Ask,
) -> Result<Value, ApiError> {
    let (mut turn, mut reply) = begun(service, model, ask).await?;
    while let Some(piece) = turn.next().await? {
        if let Some(whole) = reply.whole(piece) {
            return Ok(whole);
        }
    }
    Err(ApiError::internal("the CPU gave no answer; ask again"))
}

/// What is asked of the plain model, where `usual` says how tokens are chosen.
pub(super) fn ask(body: &Body, usual: Sampling) -> Result<Ask, ApiError> {
    let most = tokens("max_tokens", body.max_tokens)?;
    let most = most.ok_or_else(|| ApiError::invalid("max_tokens", "it is required"))?;
    ask_for(body, Some(most), usual)
}

/// As [`ask`], with `tokens_max` for the answer.
fn ask_for(body: &Body, tokens_max: Option<u32>, usual: Sampling) -> Result<Ask, ApiError> {
    known::supported(Api::Messages, &body.rest)?;
    // Anthropic's clients then send all of it again, as to a service that has lost it.
    let thread = body.rest.get("thread").filter(|thread| !thread.is_null());
    let thread = thread.map(|thread| thread["type"].as_str().unwrap_or_default());
    if thread.is_some_and(|kind| !matches!(kind, "create" | "continue")) {
        let message = "a type is `create` or `continue`";
        return Err(ApiError::invalid("thread.type", message));
    }
    if thread == Some("continue") {
        let message = "conversations are not kept: send all messages, with a `thread` of the type \
                       `create`, or without one";
        return Err(ApiError::not_found(Some("thread"), THREAD_LOST, message));
    }
    let functions = functions(body)?;
    let choice = choice(body, &functions)?;
    let alone = body.tool_choice.as_ref();
    let alone = alone.and_then(|choice| choice.disable_parallel_tool_use);
    let stops = body.stop_sequences.clone().map(Stop::Several);
    Ok(Ask {
        said: said(body)?,
        functions,
        choice,
        parallel: alone != Some(true),
        schema: format(body)?,
        tokens_max,
        odds: None,
        sampling: sampling(body.temperature, body.seed, usual)?,
        shaping: shaping(&body.rest)?,
        stops: stop_words("stop_sequences", stops.as_ref())?,
        plain: None,
    })
}

/// The tools of the client.
fn functions(body: &Body) -> Result<Vec<Callable>, ApiError> {
    let tools = body.tools.as_deref().unwrap_or_default();
    few(tools.len())?;
    let mut functions = Vec::new();
    for (at, tool) in tools.iter().enumerate() {
        let param = format!("tools[{at}]");
        if tool.r#type.as_deref().is_some_and(|kind| kind != "custom") {
            let message = "only tools of type `custom` are taken, which are called on your side";
            return Err(ApiError::unsupported(format!("{param}.type"), message));
        }
        let description = tool.description.as_deref().unwrap_or_default();
        let schema = tool.input_schema.as_ref();
        let held = tool.strict.unwrap_or(false);
        let read = function(&param, &tool.name, description, schema, held)?;
        add(&mut functions, read, &param)?;
    }
    Ok(functions)
}

/// Which of the `functions` is to be called.
fn choice(body: &Body, functions: &[Callable]) -> Result<Choice, ApiError> {
    let given = body.tool_choice.as_ref();
    match given.map(|choice| choice.r#type.as_str()) {
        None | Some("auto") => Ok(Choice::Auto),
        Some("none") => Ok(Choice::None),
        Some("any") if functions.is_empty() => {
            let message = "there are no tools to choose from";
            Err(ApiError::invalid("tool_choice", message))
        }
        Some("any") => Ok(Choice::Required),
        Some("tool") => {
            let named = given.and_then(|choice| choice.name.clone());
            let named = named.filter(|name| functions.iter().any(|known| known.name == *name));
            named
                .map(Choice::Named)
                .ok_or_else(|| ApiError::invalid("tool_choice.name", "it names none of the tools"))
        }
        Some(_) => {
            let message = "a choice is `auto`, `any`, `tool` or `none`";
            Err(ApiError::invalid("tool_choice.type", message))
        }
    }
}

/// The schema of the answer: in its place today, or that of the beta before.
fn format(body: &Body) -> Result<Option<Value>, ApiError> {
    let config = body.rest.get("output_config");
    let config = config.filter(|config| !config.is_null());
    if config.is_some_and(|config| !config.is_object()) {
        let message = "it is an object: a schema stands in its `format`";
        return Err(ApiError::invalid("output_config", message));
    }
    let given = config.and_then(|config| config.get("format"));
    let (param, given) = match given.filter(|given| !given.is_null()) {
        Some(given) => ("output_config.format", Some(given)),
        None => ("output_format", body.rest.get("output_format")),
    };
    let Some(given) = given.filter(|given| !given.is_null()) else {
        return Ok(None);
    };
    match given["type"].as_str() {
        Some("json_schema") => {
            schema(&format!("{param}.schema"), &given["schema"], false).map(Some)
        }
        _ => Err(ApiError::invalid(
            format!("{param}.type"),
            "a format is `json_schema`",
        )),
    }
}

fn said(body: &Body) -> Result<Vec<Said>, ApiError> {
    if body.messages.is_empty() {
        return Err(ApiError::invalid("messages", "there are no messages"));
    }
    let mut said = Vec::new();
    if let Some(system) = text("system", body.system.as_ref())? {
        said.push(Said::new(Speaker::System, system));
    }
    let mut names: HashMap<String, String> = HashMap::new();
    for (at, message) in body.messages.iter().enumerate() {
        let param = format!("messages[{at}]");
        let by = match message.role.as_str() {
            "user" => Speaker::User,
            "assistant" => Speaker::Assistant,
            "system" => Speaker::System,
            _ => {
                let message = "a role is `user` or `assistant`";
                return Err(ApiError::invalid(format!("{param}.role"), message));
            }
        };
        let plain = json!([{"type": "text", "text": message.content}]);
        let blocks = match &message.content {
            Value::Array(blocks) => blocks,
            Value::String(_) => plain.as_array().map_or(&[][..], |blocks| blocks),
            _ => {
                let message = "a content is a text or a list of blocks";
                return Err(ApiError::invalid(format!("{param}.content"), message));
            }
        };
        let place = format!("{param}.content");
        said.extend(blocks_said(&place, &by, blocks, &mut names)?);
    }
    Ok(said)
}

/// Adds a `text` to what is said, on a line of its own.
fn say(said: &mut Said, text: &str) {
    if !said.text.is_empty() {
        said.text.push('\n');
    }
    said.text.push_str(text);
}

/// What the blocks of one message say: results of tools first, as they were asked for.
fn blocks_said(
    param: &str,
    by: &Speaker,
    blocks: &[Value],
    names: &mut HashMap<String, String>,
) -> Result<Vec<Said>, ApiError> {
    let mut said = Vec::new();
    let mut own = Said::new(by.clone(), "");
    for (at, block) in blocks.iter().enumerate() {
        let place = format!("{param}[{at}]");
        let word = |name: &str| block[name].as_str().unwrap_or_default().to_owned();
        match block["type"].as_str() {
            Some("text") => say(&mut own, &word("text")),
            // A thought of an earlier turn is not told again.
            Some("thinking" | "redacted_thinking") => {}
            Some("image") if *by == Speaker::User => {
                own.images.extend(pictures::in_part(|| place, block)?);
            }
            // A document that is a text, or blocks of it.
            Some("document") if block["source"]["type"] == "text" => {
                say(
                    &mut own,
                    block["source"]["data"].as_str().unwrap_or_default(),
                );
            }
            Some("document") if block["source"]["type"] == "content" => {
                let place = format!("{place}.source.content");
                let document = text(&place, block["source"].get("content"))?;
                say(&mut own, &document.unwrap_or_default());
            }
            Some("search_result") => {
                let found = text(&format!("{place}.content"), block.get("content"))?;
                say(&mut own, &word("title"));
                say(&mut own, &found.unwrap_or_default());
            }
            Some("tool_use") => {
                names.insert(word("id"), word("name"));
                own.calls.push((word("name"), block["input"].clone()));
            }
            Some("tool_result") => {
                let name = names.get(&word("tool_use_id")).ok_or_else(|| {
                    let message = "no message before it has a tool_use with this id";
                    ApiError::invalid(format!("{place}.tool_use_id"), message)
                })?;
                let place = format!("{place}.content");
                let (result, images) = content_of(&place, block.get("content"))?;
                let speaker = Speaker::Function(name.clone());
                let mut result = Said::new(speaker, result.unwrap_or_default());
                result.images = images;
                said.push(result);
            }
            other => {
                let message = format!("a block of type {:?} cannot be read", other.unwrap_or(""));
                return Err(ApiError::unsupported(place, message));
            }
        }
    }
    if !own.text.is_empty() || !own.calls.is_empty() || !own.images.is_empty() {
        said.push(own);
    }
    if said.is_empty() && *by == Speaker::User {
        return Err(ApiError::invalid(param, "it says nothing"));
    }
    Ok(said)
}
