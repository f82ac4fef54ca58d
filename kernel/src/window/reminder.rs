//! The reminder at the start of a task, as the window, the journal and the events have it.
//! It is put together in `exec/reminder.rs`.

use quipu_memory::PageId;
use serde::{Deserialize, Serialize};

use crate::label::{Label, Secrecy, Trust};

/// What a process is reminded of before its first step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reminder {
    /// The pages, best first.
    pub pages: Vec<Source>,
    /// The words in the window.
    pub text: String,
    /// Pages that match as well, and were left out because nobody vouches for them.
    pub strangers: usize,
    /// Whether one of these matches better than any other page: then the process looks it up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strangers_lead: bool,
    /// Tokens of the words.
    pub tokens: usize,
    /// The least trusted and the most secret of the pages: what the process has read from now on.
    pub label: Label,
}

/// A page of a reminder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its id.
    pub id: PageId,
    /// Where it came from.
    pub source: String,
    /// How far it can be trusted.
    pub trust: Trust,
    /// Who may learn it.
    #[serde(default, skip_serializing_if = "Secrecy::is_public")]
    pub secrecy: Secrecy,
}
