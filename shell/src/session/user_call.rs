//! A call of a tool that the user makes with a command. It passes the gate like any other; the
//! command is its approval, so only what was not granted or is denied by a rule stops it.

use std::sync::Arc;

use quipu_kernel::gate::rules::Rules;
use quipu_kernel::gate::{Approve, DeviceCall, Gate, Policy, Verdict};
use quipu_kernel::label::Label;
use quipu_tools::{CallContext, ErrorKind, Resolved, ToolError};
use serde_json::Value;

use crate::terminal::hints;

/// Calls `function` with `args`. No rule of the user's speaks of the calls that this program
/// makes for itself.
///
/// # Errors
/// Those of the device, and `Denied` where a grant is missing.
pub fn user_call(
    function: &Resolved,
    args: &Value,
    context: &CallContext,
) -> Result<Value, ToolError> {
    user_call_under(&Arc::default(), function, args, context)
}

/// Calls `function` with `args`, unless one of the `rules` denies it.
///
/// # Errors
/// As of [`user_call`].
pub fn user_call_under(
    rules: &Arc<Rules>,
    function: &Resolved,
    args: &Value,
    context: &CallContext,
) -> Result<Value, ToolError> {
    let gate = Gate::new(Policy {
        grants: context.grants.clone(),
        approve: Approve::All,
        rules: rules.clone(),
    });
    match gate.pass(
        DeviceCall::new(function.clone(), args.clone()),
        &Label::user(),
    ) {
        Verdict::Passed(passed) => passed.run(context),
        Verdict::Ask(ask) => Err(ToolError::new(ErrorKind::Denied, ask.reason(), "")),
        Verdict::Denied(denied) => Err(denied.into()),
    }
    .map_err(hints::with_hint)
}
