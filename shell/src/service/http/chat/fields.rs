//! Fields that several APIs have, checked one by one.

use quipu_kernel::grammar::Callable;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value, json};

use super::super::error::ApiError;
use super::super::pictures::{self, Image};
use super::super::plain::{Choice, FUNCTIONS_MAX, STOPS_MAX};

/// The most likeliest tokens that are told beside each.
const LIKELIEST_MAX: u32 = 20;
/// The largest whole number up to which a float holds each: 2^53.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// Why a picture is refused where neither a user nor a function speaks.
const NO_PICTURE: &str =
    "a picture stands in a message of the user's or in the result of a function";

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

/// Texts that end an answer: one, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Stop {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// Checks texts that end an answer. An empty one, which some clients send for none, ends
/// nothing.
///
/// # Errors
/// Too many.
pub fn stop_words(param: &str, stop: Option<&Stop>) -> Result<Vec<String>, ApiError> {
    let mut words = match stop {
        None => Vec::new(),
        Some(Stop::One(word)) => vec![word.clone()],
        Some(Stop::Several(words)) => words.clone(),
    };
    words.retain(|word| !word.is_empty());
    match words.len() <= STOPS_MAX {
        true => Ok(words),
        false => Err(ApiError::invalid(
            param,
            format!("at most {STOPS_MAX} texts end an answer"),
        )),
    }
}

/// Checks a number of tokens; -1 stands for as many as fit.
///
/// # Errors
/// None at all, or less.
pub fn tokens(param: &str, tokens: Option<i64>) -> Result<Option<u32>, ApiError> {
    match tokens {
        None | Some(-1) => Ok(None),
        Some(most @ 1..) => Ok(Some(u32::try_from(most).unwrap_or(u32::MAX))),
        Some(_) => Err(ApiError::invalid(
            param,
            "an answer has at least one token; send 1 or more",
        )),
    }
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

/// Reads a whole number, which some languages write as `16.0`.
///
/// # Errors
/// What is no whole number, or is none of the type `N`.
pub fn whole<'de, D, N>(field: D) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<i64>,
{
    let Some(number) = Option::<Number>::deserialize(field)? else {
        return Ok(None);
    };
    let pointed = || {
        let pointed = number.as_f64()?;
        // Those that a float holds exactly.
        (pointed.fract() == 0.0 && pointed.abs() <= EXACT_MAX).then_some(pointed as i64)
    };
    let whole = number.as_i64().or_else(pointed);
    let whole = whole.and_then(|whole| N::try_from(whole).ok());
    let wrong = || Error::custom(format!("{number} is no whole number that can be used here"));
    whole.map(Some).ok_or_else(wrong)
}

/// Leaves those of `functions` that a choice of the type `allowed_tools` names, where `given` is
/// one, and gives what it says of them: OpenAI's APIs put that at two places.
///
/// # Errors
/// One that names no tools.
fn allowed(given: &Value, functions: &mut Vec<Callable>) -> Result<Option<Value>, ApiError> {
    if given["type"] != "allowed_tools" {
        return Ok(None);
    }
    let inner = given.get("allowed_tools").unwrap_or(given);
    let tools = inner["tools"].as_array().ok_or_else(|| {
        let message = "send the tools that may be called, as {\"type\":\"function\",\"name\":…}";
        ApiError::invalid("tool_choice.tools", message)
    })?;
    let names: Vec<&str> = tools.iter().filter_map(named).collect();
    functions.retain(|function| names.contains(&function.name.as_str()));
    Ok(Some(inner["mode"].clone()))
}

/// The name in a choice of a tool: beside its type, or a level lower.
fn named(tool: &Value) -> Option<&str> {
    let inner = ["/function/name", "/custom/name", "/name"];
    let mut inner = inner.iter().filter_map(|place| tool.pointer(place));
    inner.next()?.as_str()
}

/// Whether a function is called; the name of one may stand a level higher, as in
/// `/v1/responses`. Those of `functions` that may not be called are taken away.
///
/// # Errors
/// A choice that is none, or names no function.
pub fn choice(given: Option<&Value>, functions: &mut Vec<Callable>) -> Result<Choice, ApiError> {
    let mode = given.map(|given| allowed(given, functions)).transpose()?;
    let mode = mode.flatten();
    let given = mode.as_ref().or(given);
    let wrong = |message: String| Err(ApiError::invalid("tool_choice", message));
    let word = match given {
        None | Some(Value::Null) => return Ok(Choice::Auto),
        Some(Value::String(word)) => word.as_str(),
        Some(value) => value["type"].as_str().unwrap_or("function"),
    };
    let choice = match (word, given.and_then(named)) {
        ("auto", _) => return Ok(Choice::Auto),
        ("none", _) => return Ok(Choice::None),
        // What Mistral and Anthropic call it.
        ("required" | "any", _) => Choice::Required,
        ("function" | "tool" | "custom", Some(name)) => Choice::Named(name.to_owned()),
        ("function" | "tool" | "custom", None) => return wrong("it names no function".to_owned()),
        (other, _) => {
            return wrong(format!(
                "{other:?} is no choice; there are `auto`, `none`, `required` and \
                 {{\"type\":\"function\",\"function\":{{\"name\":…}}}}"
            ));
        }
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

/// Arguments as they were written: JSON in a text, or, as some clients send them, as it is.
/// None are an empty object, and what is no JSON stays a text.
pub fn arguments(given: &Value) -> Value {
    match given {
        Value::Null => json!({}),
        Value::String(text) if text.trim().is_empty() => json!({}),
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| given.clone()),
        given => given.clone(),
    }
}

/// The text of a content, which may be in parts.
///
/// # Errors
/// A part that is no text.
pub fn text(param: &str, content: Option<&Value>) -> Result<Option<String>, ApiError> {
    let (text, images) = content_of(param, content)?;
    match images.is_empty() {
        true => Ok(text),
        false => Err(no_picture(param)),
    }
}

/// A picture stands where none is taken.
pub fn no_picture(param: &str) -> ApiError {
    ApiError::unsupported(param, NO_PICTURE)
}

/// The text of a content, which may be in parts, and its pictures.
///
/// # Errors
/// A part that is neither, and a picture that is none or would have to be fetched.
pub fn content_of(
    param: &str,
    content: Option<&Value>,
) -> Result<(Option<String>, Vec<Image>), ApiError> {
    let parts = match content {
        None | Some(Value::Null) => return Ok((None, Vec::new())),
        Some(Value::String(text)) => return Ok((Some(text.clone()), Vec::new())),
        Some(Value::Array(parts)) => parts,
        Some(_) => {
            return Err(ApiError::invalid(
                param,
                "a content is a text or a list of parts",
            ));
        }
    };
    let (mut texts, mut images) = (Vec::new(), Vec::new());
    for (at, part) in parts.iter().enumerate() {
        if let Some(image) = pictures::in_part(|| format!("{param}[{at}]"), part)? {
            images.push(image);
            continue;
        }
        let kind = part["type"].as_str().unwrap_or_default();
        let text = match kind {
            // A thought of an earlier turn is not told again.
            "thinking" | "redacted_thinking" | "reasoning" => continue,
            "text" | "input_text" | "output_text" => part["text"].as_str(),
            "refusal" => part["refusal"].as_str(),
            _ => None,
        };
        let text = text.ok_or_else(|| {
            ApiError::unsupported(
                format!("{param}[{at}]"),
                format!("a part of type {kind:?} cannot be read; parts are texts and pictures"),
            )
        })?;
        texts.push(text);
    }
    Ok((Some(texts.join("\n")), images))
}
