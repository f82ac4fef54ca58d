//! The plain model, for clients that bring their own loop: one request is one job of the
//! CPU, whichever API it came by.
//!
//! | file | job |
//! | --- | --- |
//! | `layout` | messages and functions, as the model reads them |
//! | `laid` | both as tokens, and the forms that the answer may have |
//! | `judge` | whether a function does what is asked, before it is called |
//! | `turn` | the job, piece by piece |
//! | `stop`, `lines` | end a text at a client's own words, or at a line |

mod judge;
mod laid;
mod layout;
mod lines;
mod stop;
mod turn;

use quipu_cpu::{Sampling, Shaping, TokenOdds};
use quipu_kernel::grammar::{Callable, certainly_held};
use quipu_kernel::planner::strict;
use quipu_kernel::process::Usage;
use quipu_tools::json_schema;
use serde_json::{Value, json};

use super::error::ApiError;
pub use laid::{check_tokens, prompt_text, prompt_tokens, suits};
pub use layout::{Said, Speaker};
pub use lines::Lines;
pub use turn::Turn;

/// The most functions of a request: each has a card in the window.
pub const FUNCTIONS_MAX: usize = 128;
/// The most characters of the name of a function: as many as Anthropic takes, twice OpenAI's.
const NAME_CHARS_MAX: usize = 128;
/// The most texts that end an answer.
pub const STOPS_MAX: usize = 16;

/// What is asked of the plain model.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The conversation.
    pub said: Vec<Said>,
    /// Functions of the client that may be called.
    pub functions: Vec<Callable>,
    /// Whether one is called.
    pub choice: Choice,
    /// Whether several may be called at once.
    pub parallel: bool,
    /// The JSON Schema of the answer; `None` is text.
    pub schema: Option<Value>,
    /// The most tokens of the answer; `None` is as many as fit.
    pub tokens_max: Option<u32>,
    /// Whether the odds of tokens are told, and of how many likeliest ones beside each.
    pub odds: Option<usize>,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// How their odds are changed before.
    pub shaping: Shaping,
    /// Texts that end the answer, and are not part of it.
    pub stops: Vec<String>,
    /// A text to go on from, in place of a conversation.
    pub plain: Option<Plain>,
}

impl Ask {
    /// Where the answer ends at a line.
    pub fn lines(&self) -> Lines {
        let plain = self.plain.as_ref();
        plain.map(|plain| plain.lines).unwrap_or_default()
    }

    /// About how many bytes the prompt has, and the forms that its answer is held to.
    pub fn bytes(&self) -> usize {
        let said = self.said.iter().map(|said| {
            let calls = said.calls.iter().map(|(_, args)| args.to_string().len());
            said.text.len() + calls.sum::<usize>()
        });
        let functions = self.functions.iter().map(|function| {
            let parameters = function.parameters.to_string();
            function.description.len() + parameters.len()
        });
        let schema = self.schema.as_ref().map(|schema| schema.to_string().len());
        let plain = self.plain.as_ref().map(Plain::bytes);
        let rest = schema.unwrap_or(0) + plain.unwrap_or(0);
        said.sum::<usize>() + functions.sum::<usize>() + rest
    }
}

impl Plain {
    fn bytes(&self) -> usize {
        self.before.len() + self.after.as_ref().map_or(0, String::len)
    }
}

/// A text without a template around it, which the model goes on writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    /// What stands before.
    pub before: String,
    /// What stands after, where the answer goes between the two.
    pub after: Option<String>,
    /// Where the answer ends at a line.
    pub lines: Lines,
}

/// Whether a function is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Where one does what is asked.
    Auto,
    /// None is.
    None,
    /// At least one is.
    Required,
    /// This one is.
    Named(String),
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text, as it is written.
    Text(String),
    /// How likely the tokens of the next text are.
    Odds(Vec<TokenOdds>),
    /// A whole call of a function.
    Call {
        /// Its name.
        name: String,
        /// The arguments, as JSON.
        args: String,
    },
    /// The end; nothing comes after it.
    End(Finish, Usage),
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// It was complete.
    Stop,
    /// It came to a text that ends it, the one at this place among [`Ask::stops`].
    Word(usize),
    /// It had no room left, or went round in circles.
    Length,
    /// Functions are to be called.
    Calls,
}

/// A function of a client.
///
/// # Errors
/// A name that clients could not have, or parameters that are no schema. Where `held` is
/// asked for (`strict`), also words of the schema that no grammar can hold.
pub fn function(
    param: &str,
    name: &str,
    description: &str,
    parameters: Option<&Value>,
    held: bool,
) -> Result<Callable, ApiError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(plain) {
        return Err(ApiError::invalid(
            format!("{param}.name"),
            format!("a name has 1 to {NAME_CHARS_MAX} letters, digits, `_`, `-` or `.`"),
        ));
    }
    let none = json!({"type": "object", "properties": {}});
    let parameters = parameters.filter(|given| !given.is_null()).unwrap_or(&none);
    let normal = schema(&format!("{param}.parameters"), parameters, held)?;
    Ok(Callable::new(name, description, strict(&normal)))
}

/// A client's schema in its normal form. `held` asks that a model can be held to all of it.
///
/// # Errors
/// What is wrong with it, and in which field it is.
pub fn schema(param: &str, given: &Value, held: bool) -> Result<Value, ApiError> {
    let wrong = |reason: String| ApiError::invalid(param, reason);
    let normal = json_schema::normal(given).map_err(wrong)?;
    let can = certainly_held(&normal);
    let can = can.map_err(|reason| wrong(format!("no value satisfies it: {reason}")))?;
    if held && !can.checked.is_empty() {
        let words: Vec<&str> = can.checked.iter().map(String::as_str).collect();
        return Err(wrong(format!(
            "with `strict` a schema may not have {}: a model cannot be held to that while it \
             writes; leave it out, or set `strict` to false",
            words.join(", ")
        )));
    }
    Ok(normal)
}
