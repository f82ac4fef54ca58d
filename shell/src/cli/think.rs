//! `--think`: a task along several branches, whose answers are compared.

use quipu_kernel::deliberation::Think;

/// How much thought each task gets, in words.
pub fn words(think: Think) -> String {
    match think {
        Think::Auto => {
            "a task that computes something is thought about until two ways agree".into()
        }
        Think::Branches(1) => "each task is thought about once".into(),
        Think::Branches(count) => format!("each task is thought about along {count} branches"),
    }
}
