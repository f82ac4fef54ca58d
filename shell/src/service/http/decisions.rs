//! `/v1/decisions`: typed questions about a state, answered with a probability for each
//! option and without a generated token, on any local model and on an endpoint that tells
//! `logprobs`. Each question is a fork of the state's prefix.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use quipu_cpu::{Chunk, Inquiry, Message, Prompt, Role};
use quipu_kernel::decision::{Decision, OPTIONS_MAX};
use quipu_kernel::process::Usage;
use serde::Deserialize;
use serde_json::{Value, json};

use super::apart::Asker;
use super::chat::fields::text;
use super::chat::reply::usage_of;
use super::error::ApiError;
use super::state::{Lease, Service};
use super::wire::Input;
use super::{beside, chat, ending, late};

/// The most questions of one request.
pub(super) const QUESTIONS_MAX: usize = 64;

/// The body of `/v1/decisions`.
#[derive(Debug, Deserialize)]
pub struct Body {
    model: Option<String>,
    /// The state: a text, or messages.
    #[serde(alias = "state")]
    input: Value,
    questions: Vec<Asked>,
}

#[derive(Debug, Deserialize)]
struct Asked {
    name: String,
    r#type: Kind,
    instructions: String,
    #[serde(default)]
    choices: Vec<String>,
    #[serde(default)]
    levels: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Predicate,
    Choice,
    Score,
}

/// An answered question.
pub(super) struct Answered {
    options: Vec<String>,
    /// One for each option.
    pub(super) probabilities: Vec<f32>,
    /// Of a score: 0 to 1.
    score: Option<f32>,
}

impl Answered {
    /// The likeliest option, and how likely it is.
    fn likeliest(&self) -> (&str, f32) {
        let pairs = self.options.iter().zip(&self.probabilities);
        let most = pairs.max_by(|a, b| a.1.total_cmp(b.1));
        most.map_or(("", 0.0), |(option, p)| (option.as_str(), *p))
    }

    fn table(&self) -> Value {
        let pairs = self.options.iter().zip(&self.probabilities);
        let pairs = pairs.map(|(option, p)| (option.clone(), json!(rounded(*p))));
        Value::Object(pairs.collect())
    }
}

pub(super) fn rounded(p: f32) -> f64 {
    (f64::from(p) * 10_000.0).round() / 10_000.0
}

/// Answers `POST /v1/decisions`.
pub async fn post(
    State(service): State<Arc<Service>>,
    Input(body): Input<Body>,
) -> Result<Response, ApiError> {
    few(body.questions.len())?;
    let state = state("input", &body.input)?;
    let mut questions = Vec::new();
    for (at, asked) in body.questions.iter().enumerate() {
        let param = format!("questions[{at}]");
        let words = asked.instructions.clone();
        questions.push(match asked.r#type {
            Kind::Predicate => Decision::YesNo(words),
            Kind::Score if asked.levels.is_empty() => Decision::Score(words),
            Kind::Score => choice(&format!("{param}.levels"), words, &asked.levels)?,
            Kind::Choice => choice(&format!("{param}.choices"), words, &asked.choices)?,
        });
    }
    late::whole(decided(service, body, state, questions), ApiError::body).await
}

/// The reply to `body`, once its model is there.
async fn decided(
    service: Arc<Service>,
    body: Body,
    state: Vec<Message>,
    questions: Vec<Decision>,
) -> Result<Value, ApiError> {
    let service = beside::of(&service, body.model.as_deref()).await?;
    let (answers, usage) = answer(&service, &state, &questions).await?;
    let answers: Vec<Value> = body
        .questions
        .iter()
        .zip(&answers)
        .map(|(asked, answered)| told(asked, answered))
        .collect();
    Ok(json!({
        "id": format!("dec_{:016x}", chat::unique()), "object": "decision",
        "model": body.model.as_deref().unwrap_or(&service.model),
        "answers": answers, "usage": usage_of(usage),
    }))
}

fn told(asked: &Asked, answered: &Answered) -> Value {
    let (choice, confidence) = answered.likeliest();
    let mut told = json!({"name": asked.name, "probabilities": answered.table(),
                          "confidence": rounded(confidence)});
    match asked.r#type {
        Kind::Predicate => {
            told["type"] = "predicate".into();
            told["value"] = (choice == "yes").into();
            told["probability"] = rounded(answered.probabilities[0]).into();
        }
        Kind::Choice => {
            told["type"] = "choice".into();
            told["choice"] = choice.into();
        }
        Kind::Score => {
            told["type"] = "score".into();
            let score = answered
                .score
                .unwrap_or_else(|| mean(&answered.probabilities));
            told["score"] = rounded(score).into();
            told["level"] = choice.into();
        }
    }
    told
}

/// The mean place in a list of levels, from 0 for the first to 1 for the last.
fn mean(probabilities: &[f32]) -> f32 {
    let places = probabilities.iter().enumerate();
    let sum: f32 = places.map(|(place, p)| place as f32 * p).sum();
    sum / probabilities.len().saturating_sub(1).max(1) as f32
}

pub(super) fn few(questions: usize) -> Result<(), ApiError> {
    match questions {
        1..=QUESTIONS_MAX => Ok(()),
        _ => Err(ApiError::invalid(
            "questions",
            format!("ask 1 to {QUESTIONS_MAX} questions at once"),
        )),
    }
}

pub(super) fn choice(param: &str, words: String, options: &[String]) -> Result<Decision, ApiError> {
    let mut seen: Vec<&String> = options.iter().collect();
    seen.sort_unstable();
    seen.dedup();
    if seen.len() != options.len() || !(2..=OPTIONS_MAX).contains(&options.len()) {
        let message = format!("there are 2 to {OPTIONS_MAX} different options");
        return Err(ApiError::invalid(param, message));
    }
    Ok(Decision::Choice(words, options.to_vec()))
}

/// The state as messages, which end with the user's.
pub(super) fn state(param: &str, given: &Value) -> Result<Vec<Message>, ApiError> {
    let say = |role, text: String| Message::new(role, text);
    let turns = match given {
        Value::Array(turns) if !turns.is_empty() => turns,
        Value::Array(_) | Value::Null => {
            return Err(ApiError::invalid(
                param,
                "there is no state to decide about",
            ));
        }
        Value::String(text) => return Ok(vec![say(Role::User, text.clone())]),
        other => return Ok(vec![say(Role::User, other.to_string())]),
    };
    let mut messages: Vec<Message> = Vec::new();
    for (at, turn) in turns.iter().enumerate() {
        let place = format!("{param}[{at}]");
        let role = match turn["role"].as_str() {
            Some("system" | "developer") if at == 0 => Role::System,
            Some("assistant") => Role::Assistant,
            _ => Role::User,
        };
        let text = text(&format!("{place}.content"), turn.get("content"))?;
        let text = text.ok_or_else(|| ApiError::invalid(place, "it says nothing"))?;
        match messages.last_mut() {
            Some(last) if last.role == role => last.text.push_str(&format!("\n\n{text}")),
            _ => messages.push(say(role, text)),
        }
    }
    if messages.last().is_none_or(|last| last.role != Role::User) {
        messages.push(say(Role::User, String::new()));
    }
    Ok(messages)
}

/// The probabilities of every question's options, and what all of it cost.
pub(super) async fn answer(
    service: &Arc<Service>,
    state: &[Message],
    questions: &[Decision],
) -> Result<(Vec<Answered>, Usage), ApiError> {
    let lease = service.admit()?;
    let patience = service.patience();
    let work = async {
        let (mut answers, mut usage) = (Vec::new(), Usage::default());
        for question in questions {
            let mut weights = Vec::new();
            for put in question.puts() {
                let mut messages = state.to_vec();
                if let Some(last) = messages.last_mut() {
                    let gap = if last.text.is_empty() { "" } else { "\n\n" };
                    last.text.push_str(&format!("{gap}{}", put.words));
                }
                let (weighed, cost) = weigh(&lease, messages, put.labels).await?;
                weights.push(weighed);
                usage += cost;
            }
            let probabilities = question.probabilities(&weights);
            answers.push(Answered {
                options: question.options(),
                score: question.score(&probabilities),
                probabilities,
            });
        }
        Ok((answers, usage))
    };
    let done = async {
        let done = tokio::time::timeout(patience, work).await;
        done.unwrap_or_else(|_| Err(ApiError::timeout(patience.as_secs())))
    };
    ending::unless(&service.stopping, done).await
}

async fn weigh(
    lease: &Lease,
    messages: Vec<Message>,
    options: Vec<Vec<String>>,
) -> Result<(Vec<f32>, Usage), ApiError> {
    let service = lease.service();
    let cpu = service.cpu();
    let on = service.clone();
    let bytes = messages.iter().map(|message| message.text.len()).sum();
    let is_shared = messages[0].role == Role::System;
    let work = move |_: &Asker| -> Result<Prompt, ApiError> { Ok(on.cpu().prepare(&messages)?) };
    let counted = service.counting.run(bytes, service.patience(), work);
    let mut prompt = counted.await?;
    let window = cpu.info().window;
    if prompt.len >= window {
        return Err(ApiError::too_long("input", prompt.len, window));
    }
    if !is_shared {
        prompt.boot = 0;
    }
    let mut ticket = cpu.weigh(Inquiry {
        pid: lease.pid(),
        priority: 0,
        prompt,
        options,
    });
    match ticket.next().await? {
        Chunk::Weighed(weights, usage) => Ok((weights, usage)),
        _ => Err(ApiError::internal(
            "the CPU gave no probabilities; ask again",
        )),
    }
}
