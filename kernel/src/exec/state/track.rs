//! The steps that a process has done, as far as the next one depends on them.

use std::sync::Arc;

use serde_json::Value;

use crate::planner::LoopGuard;

/// The steps of a process.
pub(crate) struct Track {
    /// Its last row in the journal. Each call of a step has a row.
    n: u32,
    guard: LoopGuard,
    /// What it has seen of each step.
    history: Arc<Vec<String>>,
    /// The last action, and whether it worked.
    last: Option<(Value, bool)>,
    /// What functions for the whole task have returned.
    returned: Vec<String>,
}

impl Track {
    /// No steps, after the row `n` of the journal.
    pub(crate) fn after(n: u32) -> Self {
        Self {
            n,
            guard: LoopGuard::default(),
            history: Arc::default(),
            last: None,
            returned: Vec::new(),
        }
    }

    /// Its last row in the journal.
    pub(crate) fn n(&self) -> u32 {
        self.n
    }

    /// What it has seen of each step.
    pub(crate) fn history(&self) -> Arc<Vec<String>> {
        self.history.clone()
    }

    /// The last action, and whether it worked.
    pub(crate) fn last(&self) -> Option<&(Value, bool)> {
        self.last.as_ref()
    }

    /// Whether `action` is the last one, which worked: its result stands in the window, and
    /// nothing has changed since.
    pub(crate) fn was_just_done(&self, action: &Result<Value, String>) -> bool {
        let last = self.last.as_ref().filter(|(_, worked)| *worked);
        last.is_some_and(|(last, _)| action.as_ref() == Ok(last))
    }

    /// Takes in the row `n`. Returns how many times in a row the same calls have now given the same
    /// results.
    pub(crate) fn count(&mut self, n: u32, action: &Value, observation: &str) -> usize {
        self.n = self.n.max(n);
        self.guard.record(action, observation)
    }

    /// Adds what the process has `seen` of a step. The calls of one decision share an entry: a call
    /// that was decided `together` with the one before it begins none.
    pub(crate) fn add_to_history(&mut self, seen: &str, together: bool) {
        let history = Arc::make_mut(&mut self.history);
        match history.last_mut().filter(|_| together) {
            Some(last) => {
                last.push('\n');
                last.push_str(seen);
            }
            None => history.push(seen.to_owned()),
        }
    }

    /// What functions for the whole task have returned, each in its turn.
    pub(crate) fn returned(&self) -> &[String] {
        &self.returned
    }

    /// Takes note of what a function for the whole task returned.
    pub(crate) fn note_returned(&mut self, result: &str) {
        self.returned.push(result.to_owned());
    }

    /// Makes the last result count as returned twice.
    pub(crate) fn confirm(&mut self) {
        self.returned.extend(self.returned.last().cloned());
    }

    /// Makes `action` the last one.
    pub(crate) fn ends_with(&mut self, action: Value, worked: bool) {
        self.last = Some((action, worked));
    }
}
