//! Deliberation: more time for a better answer.
//!
//! A task is thought about along several branches, each a process: the first goes about it as
//! usual, the others by other means (a program, a thought in words) before they differ in
//! chance. Their answers are compared by value, and the evidence chooses: what different
//! means come to counts more than what the same means come to again (self-consistency, Wang
//! et al. 2022, arXiv 2203.11171, with programs and words, Zhao et al. 2023, arXiv
//! 2305.14333). The others read and change nothing. What the first one changed in the world
//! stands: then its answer is taken.
//!
//! Where they disagree, referees look at the answers: a program tests them against what the task
//! demands, and the CPU weighs them against each other. A branch that leads nowhere is dropped,
//! and its place goes to another one by the means that lead furthest; there is a budget for that.
//!
//! | file | job |
//! | --- | --- |
//! | `strategies` | by which means the branches go about a task |
//! | `course` | a deliberation under way |
//! | `value` | what an answer comes to |
//! | `check` | what speaks against an answer by itself |
//! | `referee` | what is said of several answers |
//! | `choice` | which of them is believed |

mod check;
mod choice;
mod course;
mod referee;
mod strategies;
mod value;

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::process::BranchReport;
use crate::process::{Exit, Pid};
pub use choice::Support;
pub use course::{Deliberation, Stopper};
pub use value::same;

/// The most branches of a deliberation.
pub const BRANCHES_MAX: usize = 9;

/// How much thought a task gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Think {
    /// This many branches, counting the first. One branch is no deliberation.
    Branches(usize),
    /// Further branches only where something is computed, and only until two means agree.
    Auto,
}

impl Serialize for Think {
    /// As it is written: a number, or `auto`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Think::Branches(count) => count.serialize(serializer),
            Think::Auto => serializer.serialize_str("auto"),
        }
    }
}

impl Think {
    /// The same, if it means more than one branch.
    pub fn more_than_one(self) -> Option<Self> {
        Some(self).filter(|think| *think != Think::Branches(1))
    }
}

impl FromStr for Think {
    type Err = String;

    /// A number of branches, or `auto`.
    fn from_str(word: &str) -> Result<Self, String> {
        if word == "auto" {
            return Ok(Think::Auto);
        }
        let count = word.parse().ok();
        let count = count.filter(|count| (1..=BRANCHES_MAX).contains(count));
        let count = count.ok_or_else(|| format!("takes 1 to {BRANCHES_MAX}, or auto"))?;
        Ok(Think::Branches(count))
    }
}

impl TryFrom<Value> for Think {
    type Error = String;

    /// The same as a number or a word.
    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(word) => word.parse(),
            other => other.to_string().parse(),
        }
    }
}

/// The result of a deliberation.
#[derive(Clone, Debug, Serialize)]
pub struct Deliberated {
    /// The branch whose answer was chosen.
    pub pid: Pid,
    /// How it ended.
    pub exit: Exit,
    /// How likely the answer is right, 0 to 1. `None` where nothing could be compared, or nobody
    /// has measured what agreement is worth on this model.
    pub confidence: Option<f32>,
    /// The evidence for the answer and against it, where several were compared.
    pub support: Option<Support>,
    /// All branches, the first one first.
    pub branches: Vec<BranchReport>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_branches_or_auto() {
        let check = |value: Value, want: Option<Think>| {
            assert_eq!(serde_json::from_value(value.clone()).ok(), want, "{value}");
        };
        check("auto".into(), Some(Think::Auto));
        check("1".into(), Some(Think::Branches(1)));
        check(9.into(), Some(Think::Branches(9)));
        check(0.into(), None);
        check(10.into(), None);
        check("five".into(), None);
        check(Value::Null, None);
    }
}
