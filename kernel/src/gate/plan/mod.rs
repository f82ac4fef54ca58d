//! Planned effects: what a process may do on its own after it has read what strangers wrote.
//!
//! A plan is written once, from the words of the user, while nothing untrusted has been read.
//! It is a list of effects. Each names a tool, and for each argument a *slot* that says which
//! values the argument may have:
//!
//! | slot | which value | written |
//! | --- | --- | --- |
//! | literal | this one | `{"is": "bob@a.example"}` |
//! | one of | one of these | `{"one_of": ["10:00", "16:00"]}` |
//! | pick | what the kernel takes out of an earlier result | `{"pick": {"from": "files.list", "how": "max", "by": "size", "take": "id"}}` |
//! | each | each of what a pick takes, in a call of its own | `{"each": {"from": "team.list", "take": "email"}}` |
//! | at most | a number above zero and up to a pick | `{"at_most": {"from": …}}` |
//! | created | a field of what an earlier effect of this plan made | `{"created": {"by": "files.create", "take": "id"}}` |
//! | text | any text | `"text"` |
//!
//! What makes this safe, whoever wrote the plan and whatever the process reads later:
//!
//! - [`Plan::checked`] drops each effect with a literal that the user did not say
//!   ([`Said`]), and with free text where the argument is not content ([`Role`]): where
//!   something goes, which thing is changed, how much and with which password is never free.
//! - A pick is evaluated here, on the JSON that a tool returned ([`Pick::of`]), never by the
//!   model. It looks at a result only where the call that brought it in was fixed by the
//!   plan, or decided before the process read untrusted text. The first such result counts,
//!   so that a read made later cannot take its place.
//! - An effect of the plan is used up by the first call that matches it, for good; one with an
//!   *each* by one call for each value.
//! - The call that a pick takes from may have arguments that are picked out of an earlier result,
//!   and so may the values that it finds a record by.
//! - A plan grants nothing: a missing capability stays missing.
//!
//! So who controls what a process reads can choose contents, the records that a tool returns,
//! and whether a planned effect happens at all. Planning before reading is the idea of CaMeL
//! (Debenedetti et al. 2025, arXiv 2503.18813); labels that decide what passes are that of
//! FIDES (Costa et al. 2025, arXiv 2505.23643).
//!
//! This module is pure: it knows no process, no CPU and no clock. How a plan is written is in
//! `planner/plan`, when it is asked for and kept in `exec/plan.rs`.
//!
//! | file | job |
//! | --- | --- |
//! | `check` | which effects of a plan may stand |
//! | `said` | what the user said: the words, numbers, dates and times |
//! | `times` | dates and times in words |
//! | `role` | what an argument is for |
//! | `pick` | a value out of a result |
//! | `records` | what a pick chooses from, also in texts |
//! | `measure` | numbers with units, compared |
//! | `progress` | which effects are left, and which one a call matches |
//! | `echo` | what of a result repeats a text that went in |
//! | `told` | a plan in words for people |

mod check;
mod echo;
mod measure;
mod pick;
mod progress;
mod records;
mod role;
mod said;
mod times;
mod told;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use check::{Reader, Target};
pub use pick::{How, Pick};
pub use progress::Progress;
pub use quipu_tools::Role;
pub use role::role_of;
pub(crate) use role::{argument, types};
pub use said::Said;
pub(crate) use said::stands_in;
use times::moment;

use crate::gate::digits::same_number;

/// The most effects that one plan may have.
pub const EFFECTS_MAX: usize = 8;

/// What a process may do on its own after it has read untrusted text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What may be done, each once.
    pub effects: Vec<Planned>,
    /// The day on which it was written: what `today` means in it.
    #[serde(with = "day")]
    pub made_on: NaiveDate,
    /// Whether a person was shown the plan and agreed to all of it.
    #[serde(default)]
    pub approved: bool,
}

/// One effect of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// `device.function`.
    pub tool: String,
    /// Which values each argument may have. One that is not named may not be given.
    pub args: BTreeMap<String, Slot>,
}

/// Which values an argument of a planned effect may have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// This value. A list has these members, each as often, in any order. `today` is the day of the plan.
    #[serde(rename = "is")]
    Literal(Value),
    /// One of these values.
    OneOf(Vec<Value>),
    /// What a pick gives.
    Pick(Pick),
    /// One of all values that a pick takes, each once: the effect is one for each of them.
    Each(Pick),
    /// A number above zero and up to what a pick gives.
    AtMost(Pick),
    /// A field of what an earlier effect of the plan returned.
    Created(Created),
    /// Any text.
    Text,
}

/// A field of what an earlier effect of the plan returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The tool of that effect.
    pub by: String,
    /// The field, with dots between the names; all of it when empty.
    #[serde(default)]
    pub take: String,
}

/// A day as it is written down: `2024-05-15`.
mod day {
    use chrono::NaiveDate;
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over a reference"
    )]
    pub(super) fn serialize<S: Serializer>(day: &NaiveDate, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(day)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Whether two values are the same to a tool: numbers to the last digit, times by what they mean,
/// lists by their members, each as often, in any order.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => same_number(a, b),
        (Value::String(a), Value::String(b)) => {
            let (a, b) = (a.trim(), b.trim());
            a == b || moment(a).is_some_and(|a| moment(b) == Some(a))
        }
        (Value::Array(a), Value::Array(b)) => same_members(a, b),
        (Value::Object(a), Value::Object(b)) => same_fields(a, b),
        _ => a == b,
    }
}

fn same_members(a: &[Value], b: &[Value]) -> bool {
    let mut left: Vec<&Value> = b.iter().collect();
    let takes_one = |value: &Value| {
        let at = left.iter().position(|other| same(value, other));
        at.map(|at| left.swap_remove(at)).is_some()
    };
    a.len() == b.len() && a.iter().all(takes_one)
}

fn same_fields(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    let in_b = |(name, value): (&String, &Value)| b.get(name).is_some_and(|v| same(value, v));
    a.len() == b.len() && a.iter().all(in_b)
}

/// Whether a value says nothing, like an argument that was left out.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
