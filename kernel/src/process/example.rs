//! Tasks that were done right, which a process is shown before its own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::label::Label;

/// A task that was done right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// The id by which the user knows it.
    pub id: String,
    /// The task, in the words of its user.
    pub task: String,
    /// What was done, in order. The last turn has no observation.
    pub turns: Vec<Turn>,
    /// The lowest label of everything that went into it. A process that is shown it counts as
    /// having read that. An example that is trusted less than its user is not shown.
    pub label: Label,
}

/// One turn of an example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// The action, as the journal has one.
    pub action: Value,
    /// What came back; `None` of the last turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observation: Option<String>,
}
