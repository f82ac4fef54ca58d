//! Roles of arguments: where a call goes, how much it moves, what it says. The user's rules and
//! plans speak of arguments by their roles.
//!
//! A role comes from the user's policy, from `plugin.toml`, or from the schema if that lists all
//! values. The roles that a stranger's tool gives to its own arguments can only tighten.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an argument is for, the most dangerous first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A secret by which somebody is known: a password, a token.
    Credential,
    /// Where something goes, or to whom: an address, an account, a path.
    Destination,
    /// Which one of several: an id, a flag, a word of a list.
    Selector,
    /// How much: a sum of money, a number of items.
    Amount,
    /// When.
    Time,
    /// Free text that somebody reads.
    Content,
}

/// Arguments and their roles. A name may be the path of a field, such as `message.to`.
pub type Roles = BTreeMap<String, Role>;

/// The role that `roles` gives to the argument at `path`, or to what it is a part of.
pub fn role_at(roles: &Roles, path: &str) -> Option<Role> {
    let mut part = path;
    loop {
        if let Some(role) = roles.get(part) {
            return Some(*role);
        }
        part = part.rsplit_once('.')?.0;
    }
}

/// The roles that can be relied on: those `declared`, as far as they are `vouched` for or
/// tighten, and a selector for each argument whose values the schema `parameters` lists.
pub(crate) fn known(declared: &Roles, vouched: bool, parameters: &Value) -> Roles {
    let listed = |schema: &Value| schema.get("enum").or(schema.get("const")).is_some();
    let properties = parameters["properties"].as_object().into_iter().flatten();
    let mut roles: Roles = properties
        .filter(|(_, schema)| listed(schema))
        .map(|(name, _)| (name.clone(), Role::Selector))
        .collect();
    let counts = |role: Role| vouched || role <= Role::Destination;
    let declared = declared.iter().filter(|(_, role)| counts(**role));
    roles.extend(declared.map(|(name, role)| (name.clone(), *role)));
    roles
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_strangers_word_only_tightens() {
        let declared: Roles = serde_json::from_value(json!({
            "to": "destination", "body": "content", "pin": "credential", "kind": "content",
        }))
        .unwrap();
        let schema = json!({"properties": {"kind": {"enum": ["a", "b"]}, "to": {}, "body": {}}});
        let check = |vouched, want: Value| {
            assert_eq!(json!(known(&declared, vouched, &schema)), want);
        };
        check(
            true,
            json!({"body": "content", "kind": "content", "pin": "credential", "to": "destination"}),
        );
        check(
            false,
            json!({"kind": "selector", "pin": "credential", "to": "destination"}),
        );
    }

    #[test]
    fn a_part_has_the_role_of_the_whole() {
        let roles: Roles = [("mail.to".to_owned(), Role::Destination)].into();
        let check = |path: &str, want| assert_eq!(role_at(&roles, path), want, "{path}");
        check("mail.to", Some(Role::Destination));
        check("mail.to.name", Some(Role::Destination));
        check("mail.body", None);
        check("mail", None);
    }
}
