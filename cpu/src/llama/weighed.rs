//! What was weighed before: a question that is asked again, token by token the same, is not computed
//! again. What comes out depends on prompt and options alone (`attention/`), so a remembered answer is
//! the one that would be computed.

use std::num::NonZeroUsize;

use lru::LruCache;

use super::slot::Slot;
use crate::Weights;

/// Questions that are remembered: those of some hundred tasks. A prompt of 1,000 tokens takes 4 kB.
const QUESTIONS_MAX: NonZeroUsize = NonZeroUsize::new(1024).expect("more than none");

/// The answers to the last questions about texts.
pub(super) struct Weighed(LruCache<Question, Weights>);

/// A prompt, and of each option the tokens that begin it.
type Question = (Vec<i32>, Vec<Vec<i32>>);

impl Weighed {
    pub(super) fn new() -> Self {
        Self(LruCache::new(QUESTIONS_MAX))
    }

    /// Gives a slot that asks a question the answer, if it is remembered.
    pub(super) fn answer(&mut self, slot: &mut Slot) -> bool {
        let known = question(slot).and_then(|question| self.0.get(&question).cloned());
        known.is_some_and(|weights| {
            slot.know(weights);
            true
        })
    }

    /// Remembers the answer that a slot came to, if it asked a question.
    pub(super) fn keep(&mut self, slot: &Slot) {
        if let (Some(question), Some(weights)) = (question(slot), slot.weights()) {
            self.0.put(question, weights.clone());
        }
    }
}

/// What a slot asks, unless it shows pictures.
fn question(slot: &Slot) -> Option<Question> {
    let options = slot.asks()?;
    (!slot.shows()).then(|| (slot.tokens[..slot.prompt].to_vec(), options.to_vec()))
}
