//! How a process ended.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::limits::Limit;
use super::{Failure, Usage};

/// How a process ended, as `quipu run --format json` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// With an answer.
    Exited,
    /// With an error.
    Failed,
    /// At a limit; an answer may have been given under it.
    Limit,
    /// At an approval that was refused.
    Denied,
    /// By a signal; it can be resumed.
    Interrupted,
    /// Its machine was stopped; it goes on when the next one starts.
    Suspended,
}

impl Status {
    /// The word for it, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Exited => "exited",
            Status::Failed => "failed",
            Status::Limit => "limit",
            Status::Denied => "denied",
            Status::Interrupted => "interrupted",
            Status::Suspended => "suspended",
        }
    }
}

/// The end of a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    /// How.
    pub status: Status,
    /// The answer: text, or JSON when the program has an answer schema.
    pub answer: Option<Value>,
    /// The error, in words.
    pub error: Option<String>,
    /// The error as data, where the process failed. Older journals do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Parts of the task that were left undone, where it stopped before its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// Limits that shaped the run.
    pub limits_hit: Vec<Limit>,
    /// What the whole process cost.
    pub usage: Usage,
    /// Wall-clock time over all its runs, in milliseconds.
    pub ms: u64,
}

/// The error of a process that was stopped for good. This word is in journals and results.
pub(crate) const KILLED: &str = "killed";

impl Exit {
    /// The end of a process that did not run when it was stopped for good.
    pub fn killed() -> Self {
        Self {
            status: Status::Interrupted,
            answer: None,
            error: Some(KILLED.to_owned()),
            failure: None,
            left: Vec::new(),
            limits_hit: Vec::new(),
            usage: Usage::default(),
            ms: 0,
        }
    }

    /// Whether it was stopped for good. Such a process cannot be resumed; a copy of it can.
    pub fn is_killed(&self) -> bool {
        self.status == Status::Interrupted && self.error.as_deref() == Some(KILLED)
    }
}
