//! Calls that nobody can let pass, because they may carry a secret out of the machine.

use quipu_tools::secrets::handle;
use quipu_tools::{Capability, Role};
use serde_json::Value;

use super::egress::tells_nothing;
use super::rules::{Rules, leaves};
use super::{Policy, Request, reaches_out};
use crate::label::{Label, Secrecy, told_source};

/// Why nobody can let `request` pass from a caller with `label`; `None` where it can pass.
pub(super) fn back(request: &Request<'_>, label: &Label, policy: &Policy) -> Option<String> {
    let args = request.args?;
    if !reaches_out(request.needs) {
        return None;
    }
    let name = request.name;
    let clean = policy.leaks.redacted_value(args);
    // A mark stands in place of a secret that the model had written.
    if let Some(secret) = handle::taken_out_of(clean.as_ref().unwrap_or(args)) {
        return Some(format!(
            "{name} would be told the secret {secret}; where its value is wanted write {}",
            handle::of(&secret)
        ));
    }
    if let Some(secret) = misplaced(request, &policy.rules) {
        return Some(format!(
            "{} stands where {name} takes no credential: a secret is the whole of an argument \
             that the user's policy says is one",
            handle::of(&secret)
        ));
    }
    let secret = label.secrecy == Secrecy::Secret && !tells_nothing(request);
    secret.then(|| {
        format!(
            "{name} goes out of this machine, and this process has read secret text from {}, \
             which never leaves it",
            told_source(label.confided_by())
        )
    })
}

/// The secret whose handle stands in an argument that is not a credential, or is only a part of
/// one.
fn misplaced(request: &Request<'_>, rules: &Rules) -> Option<String> {
    let mut names = handle::names_in(request.args?);
    let leaves = leaves(request, rules).unwrap_or_default();
    for leaf in leaves.iter().filter(|leaf| leaf.role == Role::Credential) {
        let whole = leaf.value.as_str().and_then(handle::whole);
        names.retain(|name| Some(name.as_str()) != whole);
    }
    // A handle may stand in two places, and only in one of them rightly.
    let elsewhere = leaves.iter().filter(|leaf| leaf.role != Role::Credential);
    let mut elsewhere = elsewhere.flat_map(|leaf| handle::names_in(leaf.value));
    names.pop().or_else(|| elsewhere.next())
}

/// The secrets that `args` ask for, as capabilities to be granted.
pub(crate) fn secrets_wanted(args: &Value) -> impl Iterator<Item = Capability> + use<> {
    let names = handle::names_in(args).into_iter();
    names.map(|name| Capability::Secret { name })
}
