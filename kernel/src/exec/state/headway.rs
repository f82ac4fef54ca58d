//! A task of several parts: which of them are done, what the process is told of them, and other
//! means where one has failed.

use serde_json::Value;

use crate::grammar::Legal;
use crate::planner::parts::{PartState, Parts};

/// Failed calls of one function in a row after which another function has to be tried.
const FAILURES_MAX: u32 = 2;

/// How far a process has come with its task.
pub(crate) struct Headway {
    /// The parts of its task, where it has several.
    parts: Option<Parts>,
    /// The function whose calls failed last, and how many failed in a row.
    failing: Option<(String, u32)>,
}

impl Headway {
    /// Before the first step of `task`.
    pub(crate) fn with(task: &str) -> Self {
        Self {
            parts: Parts::of(task),
            failing: None,
        }
    }

    /// The parts of its task; `None` where it has one.
    pub(crate) fn parts(&self) -> Option<&Parts> {
        self.parts.as_ref()
    }

    /// Takes in the result of a step: whether it worked, and how much of it the process has
    /// `seen`.
    pub(crate) fn tick_off(&mut self, n: u32, action: &Value, worked: bool, seen: &str) {
        let tool = action["tool"].as_str();
        let before = self.failing.take();
        self.failing = tool.filter(|_| !worked).map(|tool| match before {
            Some((failing, count)) if failing == tool => (failing, count + 1),
            _ => (tool.to_owned(), 1),
        });
        if let Some(parts) = &mut self.parts {
            parts.saw(n, action, worked, seen);
        }
    }

    /// What the process is told after its last step; `None` where its task has one part, or none
    /// is left.
    pub(crate) fn whats_left(&self) -> Option<String> {
        let left = self
            .parts
            .as_ref()?
            .all()
            .iter()
            .filter(|part| part.is_left() && !part.by_answer);
        let left: Vec<String> = left
            .map(|part| match &part.state {
                PartState::Failed { .. } => {
                    format!("- {} (that failed: try another way)", part.text)
                }
                _ => format!("- {}", part.text),
            })
            .collect();
        (!left.is_empty()).then(|| format!("Still to do:\n{}", left.join("\n")))
    }

    /// The parts of the task that are not done.
    pub(crate) fn left_undone(&self) -> Vec<String> {
        self.parts
            .as_ref()
            .map(|parts| parts.left())
            .unwrap_or_default()
    }

    /// Takes a function out of sight whose calls failed again and again, as long as there is
    /// another function.
    pub(crate) fn other_means(&self, legal: &mut Legal) {
        let Some((tool, FAILURES_MAX..)) = &self.failing else {
            return;
        };
        if legal.offered().any(|call| call.name != *tool) {
            for call in &mut legal.calls {
                call.offered &= call.name != *tool;
            }
        }
    }
}
