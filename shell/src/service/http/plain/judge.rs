//! Whether one of a client's functions does what is asked. A model's own leaning to call is
//! weighed as the kernel weighs it for its processes: with the same questions and the same
//! fit ([`quipu_kernel::judgement`]).

use quipu_cpu::{Chunk, CpuError, Inquiry, Message, Prompt, Weights};
use quipu_kernel::grammar::Callable;
use quipu_kernel::judgement::{
    CALL_BEGINS, NONE, Question, Signal, first_call, on_or_not, yes_or_no,
};
use quipu_kernel::lessons::Lesson;
use quipu_kernel::planner::card;
use serde_json::Value;

use super::super::error::ApiError;
use super::super::state::Lease;
use super::layout::{self, Said};

/// Log-odds of naming a function below which nothing else is asked: it is none.
pub const CLEARLY_NONE: f32 = -3.0;
/// Characters of a function's card in a question about it.
const CARD_CHARS: usize = 500;
/// Calls that are shown to be told whether they are enough.
const CALLS_SHOWN: usize = 3;
/// Characters of such a call's arguments, and of its result.
const RESULT_CHARS: usize = 240;

/// The log-odds that one of `functions` is named rather than none; `None` where the CPU
/// tells no probabilities.
pub async fn names_one(
    lease: &Lease,
    prompt: &Prompt,
    functions: &[Callable],
) -> Result<Option<f32>, ApiError> {
    let Some(led) = lease.service().cpu().lead(prompt, CALL_BEGINS) else {
        return Ok(None);
    };
    let names = functions.iter().map(|function| function.name.clone());
    let options = vec![names.collect(), vec![NONE.to_owned()]];
    let weights = weigh(lease, led, options).await?;
    Ok(weights.map(|weights| weights[0] - weights[1]))
}

/// Whether a call of `function` does what the conversation asks for, where `named` are the
/// odds of [`names_one`].
pub async fn fits(
    lease: &Lease,
    messages: &[Message],
    said: &[Said],
    function: &Callable,
    named: f32,
) -> Result<bool, ApiError> {
    let question = match layout::done(said).is_empty() {
        true => Question::Call,
        false => Question::More,
    };
    let mut odds = Vec::new();
    for signal in question.signals() {
        let told = match signal {
            Signal::Names => Some(named),
            // Asked of what was written, not of one function.
            Signal::GoesOn => None,
            Signal::Asked(words) => {
                let words = words.replace("{tool}", &function.name);
                asked(lease, messages, &words).await?
            }
            Signal::Taught(lesson, label) => {
                let about = match question {
                    Question::More => so_far(said),
                    _ => {
                        let card = card(function, CARD_CHARS);
                        format!("{card}Message: {}", layout::asked(said).trim())
                    }
                };
                taught(lease, lesson, *label, &about).await?
            }
        };
        match told {
            Some(told) => odds.push(told),
            None => return Ok(true),
        }
    }
    let fit = lease.service().judgement.of(question);
    Ok(fit.likelihood(&odds) >= fit.threshold)
}

/// Whether there is to be another call beside the only one in `written`, of the conversation
/// `said`.
pub async fn wants_another(
    lease: &Lease,
    prompt: &Prompt,
    said: &[Said],
    written: &str,
) -> Result<bool, ApiError> {
    let only = first_call(written).filter(|(_, only)| *only);
    let led = only.and_then(|(begun, _)| lease.service().cpu().lead(prompt, begun));
    let Some(led) = led else {
        return Ok(false);
    };
    let weights = weigh(lease, led, on_or_not()).await?;
    let fit = lease.service().judgement.of(Question::Several);
    let enough = fit.enough_for_another(layout::asked(said), written);
    Ok(weights.is_some_and(|weights| fit.likelihood(&[weights[0] - weights[1]]) >= enough))
}

/// The log-odds of yes as the answer to `words`, put after the last of `messages`.
async fn asked(lease: &Lease, messages: &[Message], words: &str) -> Result<Option<f32>, ApiError> {
    let mut messages = messages.to_vec();
    if let Some(last) = messages.last_mut() {
        last.text.push_str("\n\n");
        last.text.push_str(words);
    }
    let prompt = lease.service().cpu().prepare(&messages)?;
    let weights = weigh(lease, prompt, yes_or_no()).await?;
    Ok(weights.map(|weights| weights[0] - weights[1]))
}

/// The log-odds of a lesson's `label` on the text `about`, against its last label.
async fn taught(
    lease: &Lease,
    lesson: &Lesson,
    label: usize,
    about: &str,
) -> Result<Option<f32>, ApiError> {
    let cpu = lease.service().cpu();
    let mut prompt = cpu.prepare(&lesson.about(about))?;
    // What stands before the text is the same for all: two texts that begin differently.
    let other = cpu.prepare(&lesson.about("\u{bb}"))?;
    let pairs = prompt.tokens.iter().zip(&other.tokens);
    prompt.boot = pairs.take_while(|(a, b)| a == b).count();
    let weights = weigh(lease, prompt, lesson.options()).await?;
    Ok(weights.map(|weights| weights[label] - weights[weights.len() - 1]))
}

async fn weigh(
    lease: &Lease,
    prompt: Prompt,
    options: Vec<Vec<String>>,
) -> Result<Option<Weights>, ApiError> {
    let cpu = lease.service().cpu();
    // A question that does not fit is not asked.
    if prompt.len >= cpu.info().window {
        return Ok(None);
    }
    let mut ticket = cpu.weigh(Inquiry {
        pid: lease.pid(),
        priority: 0,
        prompt,
        options,
    });
    match ticket.next().await {
        Ok(Chunk::Weighed(weights, _)) => Ok(Some(weights)),
        Ok(_) | Err(CpuError::Undecided) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The task and the last calls with their results, a line each.
fn so_far(said: &[Said]) -> String {
    let begin = |text: &str| match text.char_indices().nth(RESULT_CHARS) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    };
    let mut lines = vec![format!("Task: {}", begin(layout::asked(said).trim()))];
    let done = layout::done(said);
    let last = done.len().saturating_sub(CALLS_SHOWN);
    for (name, args, result) in &done[last..] {
        let args: &Value = args;
        lines.push(format!(
            "{name} {} -> {}",
            begin(&args.to_string()),
            begin(result)
        ));
    }
    lines.join("\n")
}
