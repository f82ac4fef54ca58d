//! The user's rules: what is allowed, asked or denied beside what the gate says by itself.
//!
//! Of all rules that hold for a call the strictest counts, in whichever order they stand. A
//! rule that allows spares a question. It gives no capability, and it is for a process that
//! has read untrusted text only where it says so. What a detector says of a text can make a rule
//! stricter, never milder.
//!
//! | file | job |
//! | --- | --- |
//! | `rule` | one rule, whether it holds for a call, and its text |
//! | `condition`, `pattern` | what is asked of a value |
//! | `seen` | a call as its values, each with a role |
//! | `proposal` | the rule that a person agrees to who approves more than one call |
//!
//! The file they come from is the shell's to read.

mod condition;
mod pattern;
mod proposal;
mod rule;
mod seen;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use quipu_tools::Roles;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use condition::{Condition, Scalar};
pub use pattern::Pattern;
pub use rule::{Do, Read, Rule};
pub(super) use seen::Leaf;
pub use seen::Reach;

use super::Request;
use crate::label::{Label, Secrecy};
use seen::Seen;

/// Bytes of the names that lead to fields with nothing in them, all together: more could tell a
/// story.
const NAMES_BYTES_MAX: usize = 40;

/// What the user says of tools and their calls.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rules {
    /// The rules.
    #[serde(with = "each_shared")]
    pub rules: Vec<Arc<Rule>>,
    /// What arguments are for, by tool. It counts before what the tool says.
    pub roles: Vec<(Pattern, Roles)>,
    /// Results that the user vouches for.
    pub vouched: Vec<Vouched>,
    /// Results that are not for everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub private: Vec<Confided>,
}

/// Tools whose results are not for everybody, as their user knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confided {
    /// The tools.
    pub tool: Pattern,
    /// Who may learn what they return.
    #[serde(default = "private")]
    pub secrecy: Secrecy,
    /// Where it stands. A file does not say it of itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
}

fn private() -> Secrecy {
    Secrecy::Private
}

/// Fields of results that nobody but the tool itself has written, as its user knows: a
/// balance, a date. A result that has nothing else taints nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vouched {
    /// The tools.
    pub tool: Pattern,
    /// The fields, as paths; `*` alone is the whole result.
    pub fields: Vec<Pattern>,
    /// Where it stands. A file does not say it of itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
}

/// How something shared is written: as what it is.
pub(super) mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        value: &Arc<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (**value).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(deserializer).map(Arc::new)
    }
}

/// The same for a list.
mod each_shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        values: &[Arc<T>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| &**value))
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Arc<T>>, D::Error> {
        let values = Vec::<T>::deserialize(deserializer)?;
        Ok(values.into_iter().map(Arc::new).collect())
    }
}

impl Vouched {
    fn covers(&self, path: &str) -> bool {
        // A field is vouched for with all that is within it.
        let wholes = path.match_indices('.').map(|(at, _)| &path[..at]);
        let mut places = wholes.chain([path]);
        places.any(|place| self.fields.iter().any(|field| field.fits(place)))
    }
}

impl Rules {
    /// The strictest of these rules and those `added` that hold for `request`, made by
    /// somebody with `label`; the first of several.
    pub(super) fn decide(
        &self,
        added: &[Arc<Rule>],
        request: &Request<'_>,
        label: &Label,
    ) -> Option<Arc<Rule>> {
        if self.rules.is_empty() && added.is_empty() {
            return None;
        }
        let call = Seen::of(request, label, &self.roles)?;
        let rules = self.rules.iter().chain(added);
        let holding = rules.filter(|rule| rule.holds(&call));
        let mut decided: Option<&Arc<Rule>> = None;
        for rule in holding {
            if decided.is_none_or(|other| rule.verdict > other.verdict) {
                decided = Some(rule);
            }
        }
        decided.cloned()
    }

    /// Whether `rule` holds for `request`.
    pub(super) fn holds(&self, rule: &Rule, request: &Request<'_>, label: &Label) -> bool {
        Seen::of(request, label, &self.roles).is_some_and(|call| rule.holds(&call))
    }

    /// The rule by which calls such as `request` pass from now on: this tool, these values,
    /// and whatever content. `None` where rules do not speak of it, or it carries too much.
    pub(super) fn propose(&self, request: &Request<'_>, label: &Label) -> Option<Rule> {
        proposal::of(&Seen::of(request, label, &self.roles)?)
    }

    /// Who may learn what `tool` returns.
    pub fn secrecy_of(&self, tool: &str) -> Secrecy {
        let of_tool = self.private.iter();
        let of_tool = of_tool.filter(|confided| confided.tool.names(tool));
        let most = of_tool.map(|confided| confided.secrecy).max();
        most.unwrap_or_default()
    }

    /// Whether the user vouches for each field of `result`, which `tool` returned.
    pub fn vouch_for(&self, tool: &str, result: &Value) -> bool {
        let of_tool = self
            .vouched
            .iter()
            .filter(|vouched| vouched.tool.fits(tool));
        let of_tool: Vec<&Vouched> = of_tool.collect();
        let is_vouched = |path: &str| of_tool.iter().any(|vouched| vouched.covers(path));
        let mut others = seen::values(result);
        others.retain(|(path, _)| !is_vouched(path));
        // A stranger may have written the name of a field: those with nothing in them are passed
        // over where their names can be no sentence.
        let is_nothing = others.iter().all(|(_, value)| seen::is_empty(value));
        let names: BTreeSet<&str> = others.iter().map(|(path, _)| path.as_str()).collect();
        !of_tool.is_empty() && is_nothing && are_short(&names)
    }
}

/// Whether the names that lead to some fields are a few short words together.
fn are_short(names: &BTreeSet<&str>) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let bytes: usize = names.iter().map(|name| name.len()).sum();
    bytes <= NAMES_BYTES_MAX && names.iter().all(|name| name.chars().all(is_plain))
}

/// The values that `request` carries, each with the role that `rules` and its tool give it;
/// `None` where nothing is known of them.
pub(super) fn leaves<'a>(request: &Request<'a>, rules: &Rules) -> Option<Vec<Leaf<'a>>> {
    Seen::of(request, &Label::kernel(), &rules.roles).map(|call| call.leaves)
}
