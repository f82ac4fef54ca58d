//! Calls of tools that no process makes. They pass the gate like any other. What the user types is
//! its own approval where the gate alone would ask; where a rule of the user's asks, so does this.

use quipu_kernel::gate::{
    Approve, Ask, DeviceCall, Gate, Guarded, Passed, Policy, Ruling, Verdict,
};
use quipu_kernel::label::Label;
use quipu_tools::{CallContext, ErrorKind, Resolved, ToolError};
use serde_json::{Value, json};

use crate::config::settings::ApproveWord;
use crate::session::Session;
use crate::terminal::{hints, person};

/// What helps where a rule asks and nobody is there.
const NOBODY: &str = "nobody was there to approve it: at a terminal you are asked; `approve = \"all\"` \
                      in config.toml says yes beforehand";

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

/// Calls `function` with what the user named in a command about something else, such as an
/// address to import. The command is its approval: only a rule of the `session` that denies, a
/// secret that would go out and a missing grant stop it. No secret is in what comes back.
///
/// # Errors
/// As of [`user_call`].
pub fn user_call_under(
    session: &Session,
    function: &Resolved,
    args: &Value,
    context: &CallContext,
) -> Result<Value, ToolError> {
    call(session.policy(&[], None), function, args, context)
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

/// A call that the user typed, and that the gate let through.
pub struct TypedCall {
    gate: Gate,
    passed: Passed<DeviceCall>,
}

impl TypedCall {
    /// The call of `function` with `args`, once everybody who has to agree has.
    ///
    /// # Errors
    /// `Denied` where a rule of the `session` denies it, a secret would go out with it, a grant is
    /// missing, or a rule asks and nobody agrees.
    pub async fn agreed(
        session: &Session,
        function: &Resolved,
        args: &Value,
    ) -> Result<Self, ToolError> {
        let gate = Gate::new(session.policy(&[], None));
        let call = DeviceCall::new(function.clone(), args.clone());
        let passed = match gate.pass(call, &Label::user()) {
            Verdict::Passed(passed) => passed,
            Verdict::Ask(ask) => approved(session, ask, args).await?,
            Verdict::Denied(denied) => return Err(hints::with_hint(denied.into())),
        };
        Ok(Self { gate, passed })
    }

    /// Carries it out. No secret is in what comes back.
    ///
    /// # Errors
    /// Those of the device.
    pub fn run(self, context: &CallContext) -> Result<Value, ToolError> {
        let result = self.passed.run(context);
        self.gate.clean(result).map_err(hints::with_hint)
    }
}

/// The call that was asked for, if its user agrees: by typing it, unless a rule asks.
async fn approved(
    session: &Session,
    ask: Ask<DeviceCall>,
    args: &Value,
) -> Result<Passed<DeviceCall>, ToolError> {
    let reason = ask.reason().to_owned();
    let refused = |hint: &str| {
        let message = format!("not approved: {reason}");
        ToolError::new(ErrorKind::Denied, message, hint)
    };
    if ask.rule().is_some() {
        if session.settings.approve == ApproveWord::Never {
            return Err(refused("`approve` in config.toml says no beforehand"));
        }
        if !person::is_there(session.globals.no_input) {
            return Err(refused(NOBODY));
        }
        let call = json!({"tool": ask.what().request().name, "args": args});
        if !person::approves(call.to_string(), &reason).await {
            return Err(refused(""));
        }
    }
    let ruling = Ruling::standing(reason.clone(), ask.what().request().key);
    ask.approved(&ruling).ok_or_else(|| refused(""))
}
