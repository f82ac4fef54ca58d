//! Cases that begin alike share a memory, so that what comes before them runs once.

use std::collections::HashMap;

use quipu_memory::PageId;
use tokio::sync::{Mutex, MutexGuard};

use super::cases::Case;

/// The pages of a memory, each with when it was put (milliseconds since 1970) and its bytes.
pub type Pages = HashMap<PageId, (i64, u64)>;

/// The pages that the tasks before a case have left in the memory of each agent, by its place
/// among the agents. Empty before these tasks ran.
pub type Left = HashMap<usize, Pages>;

/// Which cases begin alike.
pub struct Beginnings {
    /// For each case, the first case with the same beginning.
    first: Vec<usize>,
    /// By that first case.
    left: Vec<Mutex<Left>>,
}

impl Beginnings {
    /// The beginnings of `cases`.
    pub fn of(cases: &[Case]) -> Self {
        let first: Vec<usize> = cases
            .iter()
            .enumerate()
            .map(|(n, case)| {
                let alike = cases[..n].iter().position(|earlier| alike(earlier, case));
                alike.unwrap_or(n)
            })
            .collect();
        let left = cases.iter().map(|_| Mutex::default()).collect();
        Self { first, left }
    }

    /// The first case that begins as case `n` does: itself, if none before it does.
    pub fn first(&self, n: usize) -> usize {
        self.first[n]
    }

    /// What is left for case `n`. Cases that share it run one after another.
    pub async fn left(&self, n: usize) -> MutexGuard<'_, Left> {
        self.left[self.first[n]].lock().await
    }

    /// What is left for other cases than case `n`, where none of them runs, by their first.
    pub fn others(&self, n: usize) -> impl Iterator<Item = (usize, MutexGuard<'_, Left>)> {
        let own = self.first[n];
        let others = self.left.iter().enumerate();
        others.filter_map(move |(first, left)| {
            let left = (first != own).then(|| left.try_lock().ok())??;
            (!left.is_empty()).then_some((first, left))
        })
    }
}

/// Whether both begin with the same tasks by the same agent on the same documents, and see
/// nothing that the other does not.
fn alike(one: &Case, other: &Case) -> bool {
    let own = |case: &Case| !case.functions.is_empty() || !case.pages.is_empty();
    !one.before.is_empty()
        && one.before == other.before
        && one.agent == other.agent
        && one.tools == other.tools
        && one.documents == other.documents
        && !own(one)
        && !own(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_that_begin_alike_are_known() {
        let check = |cases: &[&str], want: &[usize]| {
            let cases: Vec<Case> = cases
                .iter()
                .map(|case| serde_json::from_str(case).unwrap())
                .collect();
            assert_eq!(Beginnings::of(&cases).first, want);
        };
        let bare = r#"{"id": 1, "prompt": "x"}"#;
        let told = r#"{"id": 1, "prompt": "x", "before": ["a"]}"#;
        let asked = r#"{"id": 1, "prompt": "y", "before": ["a"]}"#;
        let other = r#"{"id": 1, "prompt": "y", "before": ["b"]}"#;
        let page = r#"{"id": 1, "prompt": "y", "before": ["a"], "pages": {"a": "b"}}"#;
        check(&[bare, bare], &[0, 1]);
        check(&[told, other, asked, bare, other], &[0, 1, 0, 3, 1]);
        check(&[told, page, page], &[0, 1, 2]);
    }
}
