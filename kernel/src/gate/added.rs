//! The rules that persons agreed to since the machine began, for good.
//!
//! They count for all processes at once. A run that is recorded heeds them between its calls, so
//! that its tape says from which call on each of them counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::RwLock;

use super::rules::Rule;

/// The rules that were added.
#[derive(Clone, Debug, Default)]
pub(super) struct Added {
    /// All of them; none is ever taken back.
    rules: Arc<RwLock<Vec<Arc<Rule>>>>,
    /// How many of them count; all where this is not of a single run.
    heeded: Option<Arc<AtomicUsize>>,
}

impl Added {
    /// The same for one run: those count that are there now.
    pub(super) fn of_a_run(&self) -> Self {
        let now = self.rules.read().len();
        Self {
            heeded: Some(Arc::new(now.into())),
            rules: self.rules.clone(),
        }
    }

    /// Those that were added since they were heeded last. They count from now on.
    pub(super) fn heed(&self) -> Vec<Rule> {
        let Some(heeded) = &self.heeded else {
            return Vec::new();
        };
        let rules = self.rules.read();
        let before = heeded.swap(rules.len(), Ordering::Relaxed);
        let new = rules[before..].iter();
        new.map(|rule| (**rule).clone()).collect()
    }

    /// What `work` makes of those that count.
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
