//! A text as the bag of its terms, for scoring without an index.

use std::collections::HashMap;

use crate::text;

/// How often each term occurs.
#[derive(Debug)]
pub(crate) struct Bag {
    counts: HashMap<String, u32>,
    /// Terms in all.
    pub(crate) len: u32,
}

impl Bag {
    /// The bag of `text`.
    pub(crate) fn of(text: &str) -> Self {
        let mut bag = Self {
            counts: HashMap::new(),
            len: 0,
        };
        for token in text::tokens(text) {
            *bag.counts.entry(token.term).or_default() += 1;
            bag.len += 1;
        }
        bag
    }

    /// How often `term` occurs.
    pub(crate) fn count(&self, term: &str) -> u32 {
        self.counts.get(term).copied().unwrap_or(0)
    }
}
