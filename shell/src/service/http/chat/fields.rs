//! Fields that several APIs have, checked one by one.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use quipu_cpu::Sampling;
use quipu_kernel::grammar::Callable;
use serde_json::Value;

use super::super::error::ApiError;
use super::super::plain::{Choice, FUNCTIONS_MAX, STOPS_MAX};

/// The most likeliest tokens that are told beside each.
const LIKELIEST_MAX: u32 = 20;

/// Fields that ask for what the CPU does not do, the values that ask for nothing, and what
/// to do instead.
const UNSUPPORTED: &[(&str, &[&str], &str)] = &[
    (
        "logprobs",
        &["false"],
        "it is told in /v1/chat/completions of a plain model; leave it out, or ask that",
    ),
    (
        "top_logprobs",
        &["0"],
        "it goes with `logprobs` in /v1/chat/completions of a plain model; leave it out",
    ),
    (
        "top_p",
        &["1", "1.0"],
        "tokens are chosen by `temperature` and `seed` alone; leave it out, or set it to 1",
    ),
    (
        "top_k",
        &["0", "-1"],
        "tokens are chosen by `temperature` and `seed` alone; leave it out",
    ),
    (
        "min_p",
        &["0", "0.0"],
        "tokens are chosen by `temperature` and `seed` alone; leave it out",
    ),
    (
        "frequency_penalty",
        &["0", "0.0"],
        "nothing is penalised; leave it out, or set it to 0",
    ),
    (
        "presence_penalty",
        &["0", "0.0"],
        "nothing is penalised; leave it out, or set it to 0",
    ),
    ("logit_bias", &["{}"], "tokens have no bias; leave it out"),
    (
        "modalities",
        &["[\"text\"]"],
        "answers are text; leave it out",
    ),
    ("audio", &[], "answers are text; leave it out"),
    (
        "prediction",
        &[],
        "leave it out: what the context holds is guessed anyway",
    ),
    ("functions", &["[]"], "it was replaced by `tools`"),
    ("function_call", &[], "it was replaced by `tool_choice`"),
    (
        "web_search_options",
        &[],
        "the plain model has no tools of its own; ask an agent",
    ),
];

/// Names the first field of `rest` that asks for what is not done.
///
/// # Errors
/// Where there is one.
pub fn supported(rest: &HashMap<String, Value>) -> Result<(), ApiError> {
    for (name, nothing, instead) in UNSUPPORTED {
        let given = rest.get(*name).filter(|given| !given.is_null());
        let Some(given) = given.map(Value::to_string) else {
            continue;
        };
        if !nothing.contains(&given.as_str()) {
            let message = format!("`{name}` is not supported: {instead}");
            return Err(ApiError::unsupported(*name, message));
        }
    }
    Ok(())
}

/// Adds a function, whose name has to be its own.
///
/// # Errors
/// A name that is there already.
pub fn add(functions: &mut Vec<Callable>, read: Callable, param: &str) -> Result<(), ApiError> {
    if functions.iter().any(|known| known.name == read.name) {
        let message = format!("there are two functions called {}", read.name);
        return Err(ApiError::invalid(format!("{param}.name"), message));
    }
    functions.push(read);
    Ok(())
}

/// Checks the number of functions.
///
/// # Errors
/// More than are taken.
pub fn few(functions: usize) -> Result<(), ApiError> {
    match functions <= FUNCTIONS_MAX {
        true => Ok(()),
        false => Err(ApiError::invalid(
            "tools",
            format!("{functions} tools are too many; send at most {FUNCTIONS_MAX}"),
        )),
    }
}

/// Checks texts that end an answer.
///
/// # Errors
/// Too many, or an empty one.
pub fn stop_words(param: &str, words: Vec<String>) -> Result<Vec<String>, ApiError> {
    if words.len() > STOPS_MAX || words.iter().any(String::is_empty) {
        let message = format!("at most {STOPS_MAX} texts end an answer, and none is empty");
        return Err(ApiError::invalid(param, message));
    }
    Ok(words)
}

/// Checks a number of tokens.
///
/// # Errors
/// None at all.
pub fn tokens(param: &str, tokens: Option<u32>) -> Result<Option<u32>, ApiError> {
    match tokens {
        Some(0) => Err(ApiError::invalid(param, "an answer has at least one token")),
        tokens => Ok(tokens),
    }
}

/// How tokens are chosen: as asked, else as `usual`. Where they are drawn and no seed is
/// named, each request has its own.
///
/// # Errors
/// A temperature out of bounds.
pub fn sampling(
    temperature: Option<f32>,
    seed: Option<i64>,
    usual: Sampling,
) -> Result<Sampling, ApiError> {
    let temperature = temperature.unwrap_or(usual.temperature);
    if !(0.0..=2.0).contains(&temperature) {
        return Err(ApiError::invalid(
            "temperature",
            "a temperature is a number from 0 (greedy) to 2",
        ));
    }
    let any = || RandomState::new().build_hasher().finish() as i64;
    let seed = seed.unwrap_or_else(|| if temperature > 0.0 { any() } else { 0 });
    Ok(Sampling {
        temperature,
        // All bits count, also of a large or a negative one.
        seed: (seed ^ (seed >> 32)) as u32,
    })
}

/// Whether the odds of tokens are told, and of how many likeliest ones beside each.
///
/// # Errors
/// More than are told, or a number of them without the wish for any.
pub fn odds(logprobs: Option<bool>, most: Option<u32>) -> Result<Option<usize>, ApiError> {
    let wrong = |message: String| Err(ApiError::invalid("top_logprobs", message));
    match (logprobs.unwrap_or(false), most.unwrap_or(0)) {
        (true, most @ 0..=LIKELIEST_MAX) => Ok(Some(most as usize)),
        (true, most) => wrong(format!("{most} are not told; ask for 0 to {LIKELIEST_MAX}")),
        (false, 0) => Ok(None),
        (false, _) => wrong("it goes with `logprobs`: set that to true".to_owned()),
    }
}

/// Whether a function is called; the name of one may stand a level higher, as in
/// `/v1/responses`.
///
/// # Errors
/// A choice that is none, or names no function.
pub fn choice(given: Option<&Value>, functions: &[Callable]) -> Result<Choice, ApiError> {
    let wrong = |message: String| Err(ApiError::invalid("tool_choice", message));
    let choice = match given {
        None | Some(Value::Null) => return Ok(Choice::Auto),
        Some(Value::String(word)) => match word.as_str() {
            "auto" => return Ok(Choice::Auto),
            "none" => return Ok(Choice::None),
            "required" => Choice::Required,
            other => {
                return wrong(format!(
                    "{other:?} is no choice; there are `auto`, `none`, `required` and \
                     {{\"type\":\"function\",\"function\":{{\"name\":…}}}}"
                ));
            }
        },
        Some(value) => match value.pointer("/function/name").or(value.get("name")) {
            Some(Value::String(name)) => Choice::Named(name.clone()),
            _ => return wrong("it names no function".to_owned()),
        },
    };
    match &choice {
        Choice::Named(name) if functions.iter().all(|known| known.name != *name) => {
            wrong(format!("there is no function {name:?} among the tools"))
        }
        Choice::Required if functions.is_empty() => {
            wrong("a call is required, and there are no tools".to_owned())
        }
        _ => Ok(choice),
    }
}

/// Arguments as they were written; those that are no JSON stay a text.
pub fn arguments(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// The text of a content, which may be in parts.
///
/// # Errors
/// A part that is no text.
pub fn text(param: &str, content: Option<&Value>) -> Result<Option<String>, ApiError> {
    let parts = match content {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => return Ok(Some(text.clone())),
        Some(Value::Array(parts)) => parts,
        Some(_) => {
            return Err(ApiError::invalid(
                param,
                "a content is a text or a list of parts",
            ));
        }
    };
    let mut texts = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let kind = part["type"].as_str().unwrap_or_default();
        let text = match kind {
            "text" | "input_text" | "output_text" => part["text"].as_str(),
            "refusal" => part["refusal"].as_str(),
            _ => None,
        };
        let text = text.ok_or_else(|| {
            ApiError::unsupported(
                format!("{param}[{at}]"),
                format!("a part of type {kind:?} cannot be read; parts are text"),
            )
        })?;
        texts.push(text);
    }
    Ok(Some(texts.join("\n")))
}
