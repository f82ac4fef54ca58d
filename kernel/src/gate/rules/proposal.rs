//! The rule that a person agrees to when approving calls for the process or for good.

use std::collections::BTreeMap;

use quipu_tools::Role;
use serde_json::Value;

use super::condition::{Condition, Scalar};
use super::pattern::Pattern;
use super::rule::{Do, Read, Rule};
use super::seen::Seen;

/// The most values that such a rule names: a person does not read more.
const VALUES_MAX: usize = 24;

/// A rule by which `call` passes. Each value has to be the same, but content and times, which are
/// free, and amounts, which may be less.
pub(super) fn of(call: &Seen<'_>) -> Option<Rule> {
    let mut args: BTreeMap<String, Condition> = BTreeMap::new();
    let mut named = 0;
    for leaf in &call.leaves {
        if matches!(leaf.role, Role::Content | Role::Time) {
            continue;
        }
        named += 1;
        let condition = args.entry(leaf.path.clone()).or_default();
        match (leaf.role, leaf.value) {
            (Role::Amount, Value::Number(number)) => {
                let number = number.as_f64()?;
                condition.at_most = Some(condition.at_most.map_or(number, |most| most.max(number)));
            }
            _ => {
                let value = Scalar::exactly(leaf.value)?;
                if !condition.is.contains(&value) {
                    condition.is.push(value);
                }
            }
        }
    }
    let rule = Rule {
        tool: Pattern::exactly(call.name),
        effect: None,
        args: Some(args),
        role: BTreeMap::new(),
        label: Read::behind(call),
        suspicious: None,
        verdict: Do::Allow,
        reason: None,
        origin: "an approval".to_owned(),
    };
    (named <= VALUES_MAX && rule.holds(call)).then_some(rule)
}
