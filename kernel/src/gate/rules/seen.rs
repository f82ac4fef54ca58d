//! A call as rules see it: its name, what it reaches, and the values that it carries, each
//! with the role of its argument.

use quipu_tools::role::role_at;
use quipu_tools::{Effect, Role, Roles};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pattern::Pattern;
use crate::gate::{Request, reaches_out};
use crate::label::{Label, Suspicion, Trust};

/// What a call reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Nothing: it only computes.
    Pure,
    /// It reads on this machine.
    Read,
    /// It reads, and what it asks for leaves this machine: over the network, or to a program.
    Egress,
    /// It changes something.
    Write,
}

impl Reach {
    /// What `request` reaches.
    pub fn of(request: &Request<'_>) -> Self {
        match request.effect {
            Effect::Write => Self::Write,
            Effect::Read if reaches_out(request.needs) => Self::Egress,
            // The store is read without a grant.
            Effect::Read if request.needs.is_empty() && !request.name.starts_with("memory") => {
                Self::Pure
            }
            Effect::Read => Self::Read,
        }
    }
}

/// A value that a call carries and that has no parts of its own.
pub(in crate::gate) struct Leaf<'a> {
    /// The names that lead to it. Members of a list have the path of the list.
    pub(in crate::gate) path: String,
    pub(in crate::gate) value: &'a Value,
    pub(in crate::gate) role: Role,
}

/// A call.
pub(super) struct Seen<'a> {
    pub(super) name: &'a str,
    pub(super) reach: Reach,
    /// Whether the caller has read untrusted text.
    pub(super) tainted: bool,
    /// Whether the caller has read text that is not public, and the call leaves the machine.
    pub(super) confided: bool,
    /// How much the texts that the caller has read are like an attack.
    pub(super) suspicion: Option<Suspicion>,
    pub(super) leaves: Vec<Leaf<'a>>,
}

impl<'a> Seen<'a> {
    /// The call of `request`, with the roles that the user gives; `None` where rules do not
    /// speak of it.
    pub(super) fn of(
        request: &Request<'a>,
        label: &Label,
        given: &[(Pattern, Roles)],
    ) -> Option<Self> {
        let reach = Reach::of(request);
        let mut leaves = Vec::new();
        // An argument that is missing or empty carries nothing.
        let is_left_out = |path: &str, value: &Value| is_empty(value) && !path.contains('.');
        for (path, value) in values(request.args?) {
            if is_left_out(&path, value) {
                continue;
            }
            let by_user = given.iter().filter(|(tool, _)| tool.fits(request.name));
            let by_user = by_user.filter_map(|(_, roles)| role_at(roles, &path)).min();
            let role = by_user
                .or_else(|| role_at(request.roles, &path))
                .unwrap_or_else(|| usual(value, reach));
            leaves.push(Leaf { path, value, role });
        }
        Some(Self {
            name: request.name,
            reach,
            tainted: label.trust == Trust::Untrusted,
            confided: !label.secrecy.is_public() && reaches_out(request.needs),
            suspicion: label.suspicion,
            leaves,
        })
    }

    /// The values of the argument `name`, or of the field with this path.
    pub(super) fn at(&self, name: &str) -> Vec<&'a Value> {
        let leaves = self.leaves.iter().filter(|leaf| is_at(&leaf.path, name));
        leaves.map(|leaf| leaf.value).collect()
    }

    /// The values of all arguments of `role`.
    pub(super) fn of_role(&self, role: Role) -> Vec<&'a Value> {
        let leaves = self.leaves.iter().filter(|leaf| leaf.role == role);
        leaves.map(|leaf| leaf.value).collect()
    }
}

/// The role of an argument that nobody gives a role: a text in a call that leaves this machine or
/// changes something may be a destination.
fn usual(value: &Value, reach: Reach) -> Role {
    let goes_out = matches!(reach, Reach::Write | Reach::Egress);
    match value {
        Value::String(_) if goes_out => Role::Destination,
        _ => Role::Selector,
    }
}

/// Whether `path` is `name`, or within it.
pub(super) fn is_at(path: &str, name: &str) -> bool {
    let rest = path.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether `value` is nothing, or a list or an object without anything in it.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// The values of `value` that have no parts, with their paths. An empty field counts too: its
/// name may say something.
pub(super) fn values(value: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    let mut ahead = vec![(String::new(), value)];
    while let Some((path, value)) = ahead.pop() {
        match value {
            nothing if is_empty(nothing) => {
                if !path.is_empty() {
                    found.push((path, nothing));
                }
            }
            Value::Array(items) => {
                ahead.extend(items.iter().rev().map(|item| (path.clone(), item)));
            }
            Value::Object(fields) => {
                let within = |name: &str| match path.is_empty() {
                    true => name.to_owned(),
                    false => format!("{path}.{name}"),
                };
                let fields: Vec<_> = fields.iter().collect();
                let fields = fields.into_iter().rev();
                ahead.extend(fields.map(|(name, value)| (within(name), value)));
            }
            _ => found.push((path, value)),
        }
    }
    found
}
