//! Fields of bodies: which ones are known, and what becomes of each.
//!
//! Servers differ here. OpenAI refuses what it does not know, llama.cpp and vLLM pass it over. Here
//! a field that is known is done, passed over because it changes nothing in the answer, or refused
//! with words because the answer would be another than asked for. A value of a wrong kind is
//! refused in every case. What nobody knows is passed over, as the fields of clients grow with
//! every month, but not in silence: a header of the reply names it, and what is all but the name
//! of a field that is done is refused, as a slip of the pen.
//!
//! | file | job |
//! | --- | --- |
//! | `table` | the fields |
//! | this one | how a body is held against them |

mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use serde::de::IgnoredAny;
use serde_json::Value;

use super::error::ApiError;
use table::FIELDS;
pub use table::FORMS;

/// The most fields of a body: more than all APIs have together.
const FIELDS_MAX: usize = 256;
/// Letters of a name from which on one slip is told from another name.
const SLIP_LETTERS: usize = 6;
/// Letters from which on a slip may be of two letters.
const LONG_LETTERS: usize = 9;

/// An API, by the form of its bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// `/v1/chat/completions`.
    Chat,
    /// `/v1/completions`.
    TextCompletions,
    /// `/v1/responses`.
    Responses,
    /// `/v1/messages`.
    Messages,
    /// `/completion` and `/infill`.
    Llama,
    /// `/v1/embeddings`.
    Embeddings,
    /// `/v1/audio/speech`.
    Speech,
    /// `/v1/decisions`.
    Decisions,
    /// `/v1/systemone`.
    SystemOne,
    /// `/tokenize`.
    Tokenize,
    /// `/detokenize`.
    Detokenize,
}

impl Api {
    /// The one that bodies at `path` are of; `None` where the fields are the machine's own.
    fn of(path: &str) -> Option<Self> {
        match path {
            "/v1/chat/completions" | "/apply-template" => Some(Self::Chat),
            "/v1/completions" => Some(Self::TextCompletions),
            "/v1/responses" | "/v1/responses/input_tokens" => Some(Self::Responses),
            "/v1/messages" | "/v1/messages/count_tokens" => Some(Self::Messages),
            "/completion" | "/infill" => Some(Self::Llama),
            "/v1/embeddings" => Some(Self::Embeddings),
            "/v1/audio/speech" => Some(Self::Speech),
            "/v1/decisions" => Some(Self::Decisions),
            "/v1/systemone" => Some(Self::SystemOne),
            "/tokenize" => Some(Self::Tokenize),
            "/detokenize" => Some(Self::Detokenize),
            _ => None,
        }
    }

    /// The fields that it has.
    fn fields(self) -> impl Iterator<Item = &'static Field> {
        FIELDS.iter().filter(move |field| field.of.contains(&self))
    }
}

/// A field of bodies.
#[derive(Debug)]
struct Field {
    name: &'static str,
    /// The APIs that it is a field of.
    of: &'static [Api],
    fate: Fate,
}

/// What becomes of a field.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It is done, and its value checked where it is read.
    Done,
    /// It changes nothing in the answer. Its value is one of a kind all the same.
    Passed(Kind),
    /// It asks for what is not done.
    Refused {
        /// The values, as JSON, that ask for nothing.
        nothing: &'static [&'static str],
        /// What to do instead.
        instead: &'static str,
    },
}

/// What values a field has.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Any,
    Flag,
    Number,
    Text,
    List,
    Object,
    /// One of these texts.
    Words(&'static [&'static str]),
    /// An object with no other keys than these.
    Keys(&'static [&'static str]),
}

impl Field {
    /// Whether `given` may stand in it.
    ///
    /// # Errors
    /// What asks for something that is not done, and a value of a wrong kind.
    fn check(&self, given: &Value) -> Result<(), ApiError> {
        match self.fate {
            Fate::Done => Ok(()),
            Fate::Passed(kind) => kind.check(self.name, given),
            Fate::Refused { nothing, .. } if nothing.iter().any(|nothing| is(given, nothing)) => {
                Ok(())
            }
            Fate::Refused { instead, .. } => {
                let message = format!("`{}` is not supported: {instead}", self.name);
                Err(ApiError::unsupported(self.name, message))
            }
        }
    }
}

impl Kind {
    fn check(self, name: &str, given: &Value) -> Result<(), ApiError> {
        let (fits, what) = match self {
            Self::Any => (true, String::new()),
            Self::Flag => (given.is_boolean(), "`true` or `false`".to_owned()),
            Self::Number => (given.is_number(), "a number".to_owned()),
            Self::Text => (given.is_string(), "a text".to_owned()),
            Self::List => (given.is_array(), "a list".to_owned()),
            Self::Object | Self::Keys(_) => (given.is_object(), "an object".to_owned()),
            Self::Words(words) => {
                let fits = given.as_str().is_some_and(|given| words.contains(&given));
                (fits, format!("`{}`", words.join("` or `")))
            }
        };
        if !fits {
            let message = format!("`{name}` is {what}; leave it out, or send one");
            return Err(ApiError::invalid(name, message));
        }
        if let (Self::Keys(known), Value::Object(keys)) = (self, given)
            && let Some(other) = keys.keys().find(|key| !known.contains(&key.as_str()))
        {
            let param = format!("{name}.{other}");
            let message = format!("`{param}` is not known here: leave it out");
            return Err(ApiError::unsupported(param, message));
        }
        Ok(())
    }
}

/// Names the first field of `rest` that asks for what is not done, or has a value of a wrong kind.
/// `null` asks for nothing.
///
/// # Errors
/// Where there is one.
pub fn supported(api: Api, rest: &HashMap<String, Value>) -> Result<(), ApiError> {
    for field in api.fields() {
        let given = rest.get(field.name).filter(|given| !given.is_null());
        if let Some(given) = given {
            field.check(given)?;
        }
    }
    Ok(())
}

/// Whether `given` is the value that `wanted` is the JSON of; 0.0 is the number 0.
fn is(given: &Value, wanted: &str) -> bool {
    match (given.as_f64(), wanted.parse::<f64>()) {
        (Some(given), Ok(wanted)) => given == wanted,
        _ => wanted.parse::<Value>().is_ok_and(|wanted| wanted == *given),
    }
}

/// The fields of `body`, which came to `path`, that nobody knows.
///
/// # Errors
/// One that is all but the name of a field that is done, and too many fields.
pub fn unknown(path: &str, body: &[u8]) -> Result<Vec<String>, ApiError> {
    let Some(api) = Api::of(path) else {
        return Ok(Vec::new());
    };
    // A body that is no object is refused where it is read.
    let given: BTreeMap<String, IgnoredAny> = serde_json::from_slice(body).unwrap_or_default();
    if given.len() > FIELDS_MAX {
        let count = given.len();
        let message = format!("the body has {count} fields; no API has more than {FIELDS_MAX}");
        return Err(ApiError::malformed(message));
    }
    let is_known = |name: &str| api.fields().any(|field| field.name == name);
    let names = given.into_keys();
    let unknown: Vec<String> = names.filter(|name| !is_known(name)).collect();
    let done = |field: &&Field| matches!(field.fate, Fate::Done);
    for name in &unknown {
        no_slip(name, api.fields().filter(done).map(|field| field.name))?;
    }
    Ok(unknown)
}

/// The names among `given`, of parameters in an address, that are none of those that are `known`.
///
/// # Errors
/// One that is all but the name of one that is known.
pub fn parameters(given: Vec<&str>, known: &[&'static str]) -> Result<Vec<String>, ApiError> {
    let mut given = given;
    given.retain(|name| !known.contains(name));
    for name in &given {
        no_slip(name, known.iter().copied())?;
    }
    Ok(given.into_iter().map(str::to_owned).collect())
}

/// Refuses `name` where one of the names that are `done` is meant by it.
fn no_slip(name: &str, mut done: impl Iterator<Item = &'static str>) -> Result<(), ApiError> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-'], "");
    let written = plain(name);
    match done.find(|known| is_slip(&written, &plain(known))) {
        None => Ok(()),
        Some(meant) => Err(ApiError {
            code: Some("unknown_parameter"),
            ..ApiError::invalid(
                name,
                format!("there is no field `{name}`; did you mean `{meant}`?"),
            )
        }),
    }
}

/// Whether `written` is `known` but for one slip: a letter too many, too few or another, or two of
/// them in the other order. In a long name there may be two beside each other.
fn is_slip(written: &str, known: &str) -> bool {
    if written == known {
        return true;
    }
    let letters = known.len().min(written.len());
    if letters < SLIP_LETTERS {
        return false;
    }
    let (mut a, mut b) = (written.as_bytes(), known.as_bytes());
    while let ([first, rest @ ..], [other, others @ ..]) = (a, b)
        && first == other
    {
        (a, b) = (rest, others);
    }
    while let ([rest @ .., last], [others @ .., other]) = (a, b)
        && last == other
    {
        (a, b) = (rest, others);
    }
    let differ = a.len().max(b.len());
    let is_swapped = matches!((a, b), ([x, y], [v, w]) if x == w && y == v);
    differ <= 1 || is_swapped || (differ == 2 && letters >= LONG_LETTERS)
}
