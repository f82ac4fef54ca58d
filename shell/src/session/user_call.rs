//! A call of a tool that the user makes with a command. It passes the gate like any other; the
//! command is its approval, so only what was not granted stops it.

use quipu_kernel::gate::{Approve, DeviceCall, Gate, Policy, Verdict};
use quipu_kernel::label::Label;
use quipu_tools::{CallContext, ErrorKind, Resolved, ToolError};
use serde_json::Value;

use crate::terminal::hints;

/// Calls `function` with `args`.
///
/// # Errors
/// Those of the device, and `Denied` where a grant is missing.
pub fn user_call(
    function: &Resolved,
    args: &Value,
    context: &CallContext,
) -> Result<Value, ToolError> {
    let gate = Gate::new(Policy {
        grants: context.grants.clone(),
        approve: Approve::All,
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
