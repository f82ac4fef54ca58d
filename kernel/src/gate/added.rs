//! The rules that people have agreed to for good since the machine began.
//!
//! They count for all processes at once. A recorded run takes them up between its calls, so that
//! its tape says from which call on each of them counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::RwLock;

use super::rules::Rule;

/// The rules that were added.
#[derive(Clone, Debug, Default)]
pub(super) struct Added {
    /// All of them. None is ever taken back.
    rules: Arc<RwLock<Vec<Arc<Rule>>>>,
    /// How many of them count for a single run; `None` where this is of no run: then all count.
    heeded: Option<Arc<AtomicUsize>>,
}

impl Added {
    /// The same for one run: the rules that are there now count.
    pub(super) fn of_a_run(&self) -> Self {
        let now = self.rules.read().len();
        Self {
            heeded: Some(Arc::new(now.into())),
            rules: self.rules.clone(),
        }
    }

    /// The rules that were added since the last call. They count from now on.
    pub(super) fn heed(&self) -> Vec<Rule> {
        let Some(heeded) = &self.heeded else {
            return Vec::new();
        };
        let rules = self.rules.read();
        let before = heeded.swap(rules.len(), Ordering::Relaxed);
        let new = rules[before..].iter();
        new.map(|rule| (**rule).clone()).collect()
    }

    /// Calls `work` with the rules that count.
    pub(super) fn with<T>(&self, work: impl FnOnce(&[Arc<Rule>]) -> T) -> T {
        let rules = self.rules.read();
        let heeded = self.heeded.as_ref();
        let count = heeded.map_or(rules.len(), |heeded| heeded.load(Ordering::Relaxed));
        work(&rules[..count])
    }

    /// Adds one, for all processes.
    pub(super) fn push(&self, rule: Rule) {
        self.rules.write().push(Arc::new(rule));
    }
}
