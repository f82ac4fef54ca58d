//! What is asked of the plain model, laid out for it: the prompt, token by token, and the forms
//! that the answer may have. A long one is laid out beside the threads that answer requests.

use std::sync::Arc;

use quipu_cpu::{Cpu, Form, Message, Prompt, Role};
use quipu_kernel::grammar::{Answer, Legal, Move};
use quipu_kernel::numbers::Numbers;

use super::super::apart::Asker;
use super::super::error::ApiError;
use super::super::state::Service;
use super::{Ask, Choice, Plain, layout};

/// What is asked, laid out.
#[derive(Clone)]
pub struct Laid {
    /// What is asked.
    pub ask: Ask,
    /// What may be written.
    pub legal: Legal,
    /// The conversation, as the model's template takes it.
    pub messages: Vec<Message>,
    /// Its tokens.
    pub prompt: Prompt,
    /// The most tokens of the answer.
    pub tokens_max: u32,
}

impl Laid {
    /// Lays `ask` out.
    ///
    /// # Errors
    /// A conversation that does not fit the window, and a grammar that cannot be made.
    pub async fn of(service: &Arc<Service>, ask: Ask) -> Result<Self, ApiError> {
        let on = service.clone();
        let bytes = ask.bytes();
        let work = move |asker: &Asker| -> Result<Laid, ApiError> {
            let laid = laid(on.cpu(), ask)?;
            asker.stays()?;
            laid.accepted(on.cpu())?;
            Ok(laid)
        };
        service.counting.run(bytes, service.patience(), work).await
    }

    /// Whether `cpu` can be held to every form that the answer may have.
    fn accepted(&self, cpu: &dyn Cpu) -> Result<(), ApiError> {
        if !cpu.info().constrains {
            return Ok(());
        }
        let moves: &[Move] = match (&self.ask.choice, self.legal.calls.is_empty()) {
            (_, true) => &[Move::Answer],
            (Choice::Auto, _) => &[Move::Call, Move::Answer],
            _ => &[Move::Call],
        };
        for chosen in moves {
            cpu.accepts(&form(&self.legal, self.ask.parallel, *chosen))?;
        }
        Ok(())
    }
}

/// Refuses `tokens` in the field `param` of which the model has not all: they are another
/// tokenizer's, and the others would mean something else.
///
/// # Errors
/// The first that it has not.
pub fn check_tokens(cpu: &dyn Cpu, param: &str, tokens: &[i32]) -> Result<(), ApiError> {
    match cpu.unknown_token(tokens) {
        None => Ok(()),
        Some(token) => Err(ApiError::invalid(
            param,
            format!("{token} is no token of this model, whose tokens POST /tokenize tells"),
        )),
    }
}

/// Refuses what `cpu` cannot do for `ask`, whatever that says.
///
/// # Errors
/// The first field that asks for it.
pub fn suits(cpu: &dyn Cpu, ask: &Ask) -> Result<(), ApiError> {
    if ask.odds.is_some() && !cpu.info().constrains {
        let message = "the CPU does not tell how likely its tokens are: a local model does; \
                       leave it out";
        return Err(ApiError::unsupported("logprobs", message));
    }
    let biased: Vec<i32> = ask.shaping.bias.iter().map(|(token, _)| *token).collect();
    check_tokens(cpu, "logit_bias", &biased)
}

fn laid(cpu: &dyn Cpu, ask: Ask) -> Result<Laid, ApiError> {
    let info = cpu.info();
    suits(cpu, &ask)?;
    let messages = layout::messages(&ask, info.constrains);
    let mut prompt = prompt_of(cpu, &ask, &messages)?;
    let room = info.window.saturating_sub(prompt.len);
    if room == 0 {
        let param = if ask.plain.is_some() {
            "prompt"
        } else {
            "messages"
        };
        return Err(ApiError::too_long(param, prompt.len, info.window));
    }
    // What is shared and kept is what a system said, and never a user's words.
    if messages
        .first()
        .is_none_or(|first| first.role != Role::System)
    {
        prompt.boot = 0;
    }
    let legal = Legal {
        numbers: layout::only_request(&ask.said).map(|said| Numbers::of(&said)),
        told: ask.choice != Choice::None && !ask.functions.is_empty(),
        calls: match &ask.choice {
            Choice::None => Vec::new(),
            Choice::Named(name) => {
                let named = ask.functions.iter().filter(|call| call.name == *name);
                named.cloned().collect()
            }
            _ => ask.functions.clone(),
        },
        answer: ask.schema.as_ref().map(Answer::of),
        ..Legal::default()
    };
    let room = u32::try_from(room).unwrap_or(u32::MAX);
    Ok(Laid {
        tokens_max: ask.tokens_max.unwrap_or(room).min(room),
        ask,
        legal,
        messages,
        prompt,
    })
}

/// The form of a move. Where calls are not `parallel`, there is one.
pub fn form(legal: &Legal, parallel: bool, chosen: Move) -> Form {
    let mut form = legal.form(chosen);
    if let (Move::Call, false, Form::Json(schema)) = (chosen, parallel, &mut form)
        && let Some(most) = schema.pointer_mut("/properties/calls/maxItems")
    {
        *most = 1.into();
    }
    form
}

/// Tokens of the prompt that `ask` becomes.
///
/// # Errors
/// A conversation that the template of the model does not take.
pub async fn prompt_tokens(service: &Arc<Service>, ask: Ask) -> Result<usize, ApiError> {
    let on = service.clone();
    let bytes = ask.bytes();
    let work = move |_: &Asker| -> Result<usize, ApiError> {
        let cpu = on.cpu();
        let messages = layout::messages(&ask, cpu.info().constrains);
        Ok(prompt_of(cpu, &ask, &messages)?.len)
    };
    service.counting.run(bytes, service.patience(), work).await
}

/// The text of the prompt that `ask` becomes, with the markers of the template.
///
/// # Errors
/// As [`prompt_tokens`], and where the tokens of the model are not known.
pub async fn prompt_text(service: &Arc<Service>, ask: Ask) -> Result<String, ApiError> {
    let on = service.clone();
    let bytes = ask.bytes();
    let work = move |_: &Asker| -> Result<String, ApiError> {
        let cpu = on.cpu();
        let messages = layout::messages(&ask, cpu.info().constrains);
        let prompt = prompt_of(cpu, &ask, &messages)?;
        let text = cpu.text_of(&prompt.tokens).ok_or_else(|| {
            let message = "the template of a local model is known, and of no other";
            ApiError::unsupported("model", message)
        })?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    };
    service.counting.run(bytes, service.patience(), work).await
}

/// The prompt of `ask`, whose `messages` are laid out. A client that speaks last for the model
/// has begun its answer, which goes on from there where the CPU can do that.
fn prompt_of(cpu: &dyn Cpu, ask: &Ask, messages: &[Message]) -> Result<Prompt, ApiError> {
    if let Some(plain) = &ask.plain {
        return plainly(cpu, plain);
    }
    if layout::is_begun(ask)
        && let Some((begun, before)) = messages.split_last()
        && !before.is_empty()
    {
        let led = cpu.lead(&cpu.prepare(before)?, &begun.text);
        if let Some(led) = led {
            return Ok(led);
        }
    }
    Ok(cpu.prepare(messages)?)
}

/// The prompt of a text without a template.
fn plainly(cpu: &dyn Cpu, plain: &Plain) -> Result<Prompt, ApiError> {
    let prompt = cpu.plain(&plain.before, plain.after.as_deref());
    prompt.ok_or_else(|| match plain.after {
        Some(_) => ApiError::unsupported(
            "suffix",
            "the model was not taught to fill in between two texts; leave it out, or start \
             `quipu serve` with a model for code, such as qwen2.5-coder-1.5b",
        ),
        None => ApiError::unsupported(
            "model",
            "the model is behind an endpoint that is asked for chats only; ask \
             /v1/chat/completions, or the endpoint itself",
        ),
    })
}
