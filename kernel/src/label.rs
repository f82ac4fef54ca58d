//! Labels: where a piece of text came from and how far it can be trusted.
//!
//! Every page, message and stored document carries one. Whatever is derived from
//! several labelled things gets the lowest trust among them.

use serde::{Deserialize, Serialize};

pub use quipu_memory::Trust;

/// Source and trust of one piece of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Where the text came from: `kernel`, `user`, `tool:calculator`, `memory:m3`.
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

    /// This source, trusted no further than `other`.
    pub fn lowered_to(mut self, other: Trust) -> Self {
        self.trust = self.trust.min(other);
        self
    }
}
