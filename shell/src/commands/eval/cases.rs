//! The cases of an eval: JSON lines, all read before anything runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::check::Check;
use crate::commands::lines::{file_words, lines};
use crate::error::UserError;

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name; any JSON.
    pub id: Value,
    /// The task. `{base}` stands for the address of `pages`.
    pub prompt: String,
    /// The agent, as of the folder of the cases; the usual one otherwise.
    pub agent: Option<PathBuf>,
    /// JSON Schema of the answer.
    pub schema: Option<Value>,
    /// Groups it belongs to; results are summed up by the first.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Functions that only this case sees.
    #[serde(default)]
    pub functions: Vec<Function>,
    /// Names of the tools it sees; what the agent sees if there are none.
    pub tools: Option<Vec<String>>,
    /// Texts that are stored before.
    #[serde(default)]
    pub documents: Vec<Document>,
    /// Files of a web server on this machine, by path.
    #[serde(default)]
    pub pages: BTreeMap<String, String>,
    /// Tasks of processes that run before it on the same memory.
    #[serde(default)]
    pub before: Vec<String>,
    /// Steps its process may take.
    pub max_steps: Option<u32>,
    /// When it is stopped, if not at its answer.
    pub stop: Option<Stop>,
    /// What has to hold.
    #[serde(default, deserialize_with = "one_or_many")]
    pub check: Vec<Check>,
    /// For `--calibrate`: the function that fits, or null where none does.
    #[serde(default, deserialize_with = "given")]
    pub fits: Option<Value>,
}

/// A function that is described and not there: each call returns `result`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Its name; may have dots.
    pub name: String,
    /// What it does.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
    /// What a call returns.
    pub result: Option<Value>,
}

/// A text of the store.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// The text.
    pub text: String,
}

/// When a case is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stop {
    /// When it has decided which calls to make.
    Call,
}

impl Case {
    /// The group it is summed up in.
    pub fn group(&self) -> &str {
        self.tags.first().map_or("", String::as_str)
    }
}

/// A value that is given, if only as null.
fn given<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(input).map(Some)
}

fn one_or_many<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Check>, D::Error> {
    let value = Value::deserialize(input)?;
    let many = match value {
        Value::Array(many) => many,
        one => vec![one],
    };
    many.into_iter()
        .map(|check| serde_json::from_value(check).map_err(serde::de::Error::custom))
        .collect()
}

/// Reads the cases in the file `path`.
///
/// # Errors
/// A line that is no case, with its number; a file without cases.
pub fn read(path: &Path) -> Result<Vec<Case>> {
    let name = file_words(path);
    let mut cases = Vec::new();
    for (number, line) in lines(path)? {
        let case = line.and_then(|value| {
            serde_json::from_value::<Case>(value).map_err(|error| error.to_string())
        });
        cases.push(case.map_err(|reason| {
            UserError::usage(
                format!("{name}, line {number}: {reason}"),
                "one case a line: {\"id\": …, \"prompt\": \"…\", \"check\": {\"contains\": \"…\"}}",
            )
        })?);
    }
    if cases.is_empty() {
        return Err(UserError::usage(
            format!("{name} has no cases"),
            "one case a line: {\"id\": …, \"prompt\": \"…\", \"check\": {\"contains\": \"…\"}}",
        ));
    }
    Ok(cases)
}
