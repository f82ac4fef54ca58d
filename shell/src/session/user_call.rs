//! A call of a tool that the user makes with a command. It passes the gate like any other; the
//! command is its approval, so only what was not granted or is denied by a rule stops it.

use quipu_kernel::gate::{Approve, DeviceCall, Gate, Policy, Verdict};
use quipu_kernel::label::Label;
use quipu_tools::{CallContext, ErrorKind, Resolved, ToolError};
use serde_json::Value;

use crate::session::Session;
use crate::terminal::hints;

/// Calls `function` with `args`. No rule of the user's speaks of the calls that this program
/// makes for itself, and nobody but this program says what they carry.
///
/// # Errors
/// Those of the device, and `Denied` where a grant is missing.
pub fn user_call(
    function: &Resolved,
    args: &Value,
    context: &CallContext,
) -> Result<Value, ToolError> {
    call(Policy::default(), function, args, context)
}

/// Calls `function` with `args`, unless a rule of the `session` denies it or a secret would go
/// out with it. No secret is in what comes back.
///
/// # Errors
/// As of [`user_call`].
pub fn user_call_under(
    session: &Session,
    function: &Resolved,
    args: &Value,
    context: &CallContext,
) -> Result<Value, ToolError> {
    let policy = Policy {
        rules: session.rules.clone(),
        leaks: session.leaks.clone(),
        ..Policy::default()
    };
    call(policy, function, args, context)
}

fn call(
    policy: Policy,
    function: &Resolved,
    args: &Value,
    context: &CallContext,
) -> Result<Value, ToolError> {
    let gate = Gate::new(Policy {
        grants: context.grants.clone(),
        approve: Approve::All,
        ..policy
    });
    match gate.pass(
        DeviceCall::new(function.clone(), args.clone()),
        &Label::user(),
    ) {
        Verdict::Passed(passed) => gate.clean(passed.run(context)),
        Verdict::Ask(ask) => Err(ToolError::new(ErrorKind::Denied, ask.reason(), "")),
        Verdict::Denied(denied) => Err(denied.into()),
    }
    .map_err(hints::with_hint)
}
