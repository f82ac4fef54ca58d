//! Labels: where a piece of text came from and how far it can be trusted.
//!
//! Every page, message and stored document carries one. Whatever is derived from
//! several labelled things gets the lowest trust among them.

use serde::{Deserialize, Serialize};

use quipu_memory::PageId;
pub use quipu_memory::Trust;

/// What the source of a text from the store begins with; the ids of its pages follow.
const MEMORY: &str = "memory:";

/// Source and trust of one piece of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Where the text came from: `kernel`, `user`, `tool:calculator`, `memory:m3,m5`.
    pub source: String,
    /// How far the text may influence effects.
    pub trust: Trust,
}

impl Label {
    /// A label of `source` with `trust`.
    pub fn new(source: impl Into<String>, trust: Trust) -> Self {
        Self {
            source: source.into(),
            trust,
        }
    }

    /// Text the kernel wrote itself.
    pub fn kernel() -> Self {
        Self::new("kernel", Trust::System)
    }

    /// Text typed by the person at the machine.
    pub fn user() -> Self {
        Self::new("user", Trust::User)
    }

    /// Text of the store's pages `ids`.
    pub fn of_pages<'a>(ids: impl Iterator<Item = &'a PageId>, trust: Trust) -> Self {
        let ids: Vec<&str> = ids.map(PageId::as_str).collect();
        Self::new(format!("{MEMORY}{}", ids.join(",")), trust)
    }

    /// The ids of the store's pages that the text was taken from.
    pub fn pages(&self) -> impl Iterator<Item = &str> {
        let ids = self.source.strip_prefix(MEMORY).unwrap_or_default();
        ids.split(',').filter(|id| !id.is_empty())
    }

    /// This source, trusted no further than `other`.
    pub fn lowered_to(mut self, other: Trust) -> Self {
        self.trust = self.trust.min(other);
        self
    }
}
