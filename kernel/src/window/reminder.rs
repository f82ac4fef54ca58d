//! The reminder at the start of a task, as the window, the journal and the events have it.
//! It is put together in `exec/reminder.rs`.

use quipu_cpu::Cpu;
use quipu_memory::PageId;
use serde::{Deserialize, Serialize};

use super::{Pinned, Vm};
use crate::label::{Label, Secrecy, Suspicion, Trust};

/// What a process is reminded of before its first step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reminder {
    /// The pages, best first.
    pub pages: Vec<Source>,
    /// The words in the window.
    pub text: String,
    /// How many pages match as well and were left out, because nobody vouches for them.
    pub strangers: usize,
    /// Whether one of these matches better than any page in the reminder. Then the process
    /// searches for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strangers_lead: bool,
    /// Tokens of the words.
    pub tokens: usize,
    /// The label of all the pages: the least trust, the highest secrecy and the highest suspicion
    /// among them. From now on the process counts as having read them.
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
    /// How much its sources read like an attack; `None` where nothing scanned them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspicion: Option<Suspicion>,
}

impl Vm {
    /// Pins what the store holds on the task before it, if that leaves room to work in. Returns
    /// whether it is pinned.
    pub fn pin_reminder(&mut self, cpu: &dyn Cpu, text: String, label: Label) -> bool {
        self.reminder = Some(Pinned { text, label });
        match self.room_to_view(cpu) {
            Ok(room) => self.view_tokens = room,
            Err(_) => self.reminder = None,
        }
        self.reminder.is_some()
    }

    /// The reminder as the window shows it.
    pub fn reminder(&self) -> Option<String> {
        let reminder = self.reminder.as_ref()?;
        let text = &reminder.text;
        Some(self.borders.around(text, text, &reminder.label))
    }

    /// What the reminder quotes, where `text` is nothing but ids of its pages: a small model
    /// names the page that says it instead. An id that a caller chose counts only in brackets, as
    /// the reminder has it: without them `7` is an answer of its own.
    pub fn named_in_reminder(&self, text: &str) -> Option<String> {
        let reminder = &self.reminder.as_ref()?.text;
        let said = |word: &str| {
            let word = word.trim_matches(['(', ')', '.', ',']);
            let id = word.trim_matches(['[', ']', '(', ')', '.', ',']);
            let is_in_brackets = word.starts_with('[') && word.ends_with(']');
            if !is_in_brackets && !PageId::from(id).is_given() {
                return None;
            }
            let mut lines = reminder.lines();
            let said = lines
                .find_map(|line| line.strip_prefix('[')?.strip_prefix(id)?.strip_prefix("] "))?;
            // The source follows the words that were found.
            Some(
                said.rsplit_once(" (process ")
                    .map_or(said, |(said, _)| said),
            )
        };
        let said: Option<Vec<&str>> = text.split_whitespace().map(said).collect();
        said.filter(|said| !said.is_empty())
            .map(|said| said.join("\n"))
    }
}
