//! Rulings on calls: approvals and refusals, by whom and why.

use serde::{Deserialize, Serialize};

/// The ruling on a call that somebody had to agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// It was approved.
    Approved,
    /// It was refused, and that ended the run.
    Refused,
    /// It was denied, and the process was told so.
    Denied,
    /// It was planned before anything untrusted was read.
    Planned,
}

/// Who gave an approval that stands for all calls.
pub(crate) const BEFOREHAND: &str = "the user, beforehand for all calls";

/// A ruling on one step, recorded before what it allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// The ruling.
    pub word: Word,
    /// Who ruled.
    pub by: String,
    /// Why somebody had to agree.
    pub reason: String,
    /// The key of the call.
    pub call: String,
    /// Which effect of the plan the call is, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<usize>,
}

impl Ruling {
    /// The approval that the user gave beforehand for all calls.
    pub fn standing(reason: String, call: &str) -> Self {
        Self {
            word: Word::Approved,
            by: BEFOREHAND.into(),
            reason,
            call: call.to_owned(),
            planned: None,
        }
    }

    /// The ruling on a call that is the effect `at` of the plan, counted from 0.
    pub(crate) fn of_the_plan(at: usize, call: &str) -> Self {
        Self {
            word: Word::Planned,
            by: "the plan".into(),
            reason: format!("effect {}", at + 1),
            call: call.to_owned(),
            planned: Some(at),
        }
    }

    /// The approval that was given beforehand, for the call with the key `call`.
    pub fn agreed(agreed: &super::Agreed, call: &str) -> Self {
        Self {
            by: agreed.by.clone(),
            ..Self::standing(agreed.reason.clone(), call)
        }
    }

    /// A denial by `by` of the call with the key `call`. The process is told of it.
    pub fn denied(by: &str, reason: &str, call: &str) -> Self {
        Self {
            word: Word::Denied,
            by: by.to_owned(),
            reason: reason.to_owned(),
            call: call.to_owned(),
            planned: None,
        }
    }

    /// In words for people.
    pub fn told(&self) -> String {
        let word = match self.word {
            Word::Approved => "approved",
            Word::Refused => "refused",
            Word::Denied => "denied",
            Word::Planned => "planned",
        };
        format!("{word} by {}: {}", self.by, self.reason)
    }
}
