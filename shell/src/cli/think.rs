//! `--think`: a task along several branches, whose answers are compared.

use quipu_kernel::deliberation::Think;

use crate::terminal::words::{self, fill};

/// How much thought each task gets, in words.
pub fn words(think: Think) -> String {
    let words = words::words();
    match think {
        Think::Auto => words.thought_auto.to_owned(),
        Think::Branches(1) => words.thought_once.to_owned(),
        Think::Branches(count) => fill(words.thought_several, &[("count", &count)]),
    }
}
