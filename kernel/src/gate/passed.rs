//! What comes out of the gate. The fields are private to `gate/`, so that nothing else can make a
//! [`Passed`]. Whatever has an effect takes one.

use std::sync::Arc;

use quipu_tools::{
    CallContext, Capability, ErrorKind, Grants, Missing, Resolved, Roles, ToolError,
};
use serde_json::Value;

use super::held::secrets_wanted;
use super::rules::Rule;
use super::{BEFOREHAND, Guarded, Known, Request, Ruling, Word};

/// Who agreed to a call beforehand, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The person or the rule.
    pub by: String,
    /// Why a person would have been asked otherwise.
    pub reason: String,
}

impl Agreed {
    /// By the word that the user gave for all calls.
    pub(super) fn beforehand(reason: String) -> Self {
        let by = BEFOREHAND.to_owned();
        Self { by, reason }
    }

    /// By `rule`.
    pub(super) fn by(rule: &Rule, reason: String) -> Self {
        let by = format!("a rule ({})", rule.cited());
        Self { by, reason }
    }
}

/// A call that the gate let through, and that can no longer be changed.
///
/// ```compile_fail,E0451
/// // Only the gate makes one.
/// let passed = quipu_kernel::gate::Passed {
///     what: "a call", once: Vec::new(), agreed: None, rule: None, planned: None
/// };
/// ```
#[derive(Debug)]
pub struct Passed<T> {
    pub(super) what: T,
    /// What a person granted for this call alone.
    pub(super) once: Vec<Capability>,
    /// Who agreed beforehand, where a person would have been asked.
    pub(super) agreed: Option<Agreed>,
    /// The rule that allows it.
    pub(super) rule: Option<Arc<Rule>>,
    /// Which effect of the plan it is, counted from 0.
    pub(super) planned: Option<usize>,
}

impl<T> Passed<T> {
    /// The call.
    pub fn what(&self) -> &T {
        &self.what
    }

    /// What a person granted for this call alone.
    pub fn once(&self) -> &[Capability] {
        &self.once
    }

    /// Who agreed beforehand, where a person would have been asked.
    pub fn agreed(&self) -> Option<&Agreed> {
        self.agreed.as_ref()
    }

    /// The user's rule that allows it, even if nobody would have been asked.
    pub fn rule(&self) -> Option<&Rule> {
        self.rule.as_deref()
    }

    /// Which effect of the plan the call is, counted from 0.
    pub fn planned(&self) -> Option<usize> {
        self.planned
    }

    /// The call, to be carried out now.
    pub fn into_inner(self) -> T {
        self.what
    }
}

/// A call that a person has to agree to.
#[derive(Debug)]
pub struct Ask<T> {
    pub(super) what: T,
    pub(super) reason: String,
    /// The rule that asks.
    pub(super) rule: Option<Arc<Rule>>,
    /// Which effect of the plan it is, counted from 0.
    pub(super) planned: Option<usize>,
}

impl<T: Guarded> Ask<T> {
    /// The reason why.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The call.
    pub fn what(&self) -> &T {
        &self.what
    }

    /// The user's rule that asks, if one does. No rule that allows comes before it.
    pub fn rule(&self) -> Option<&Rule> {
        self.rule.as_deref()
    }

    /// The call, if `ruling` approves this very call.
    pub fn approved(self, ruling: &Ruling) -> Option<Passed<T>> {
        approves(ruling, &self.what.request()).then_some(Passed {
            what: self.what,
            once: Vec::new(),
            agreed: None,
            rule: None,
            planned: self.planned,
        })
    }
}

/// A call that needs a capability which was not granted, that a rule of the user denies, or that
/// may carry out a secret.
#[derive(Debug)]
pub struct Denied<T> {
    pub(super) what: T,
    pub(super) missing: Vec<Capability>,
    /// Why it may carry out a secret. Nobody can grant it then.
    pub(super) held_back: Option<String>,
    /// The rule that denies it. Nobody can grant it then.
    pub(super) rule: Option<Arc<Rule>>,
    /// Which effect of the plan it is, counted from 0.
    pub(super) planned: Option<usize>,
}

impl<T: Guarded> Denied<T> {
    /// What was not granted.
    pub fn missing(&self) -> &[Capability] {
        &self.missing
    }

    /// The call.
    pub fn what(&self) -> &T {
        &self.what
    }

    /// The rule that denies it, if one does. Nobody can grant it then.
    pub fn rule(&self) -> Option<&Rule> {
        self.rule.as_deref()
    }

    /// Who denies it for good; `None` where a person can grant it.
    pub fn finally_by(&self) -> Option<&'static str> {
        match (&self.held_back, &self.rule) {
            (Some(_), _) => Some("the gate"),
            (None, Some(_)) => Some("a rule"),
            (None, None) => None,
        }
    }

    /// The first missing capability, and the device that needs it.
    pub fn first(&self) -> Option<Missing> {
        let request = self.what.request();
        let device = request.name.split('.').next().unwrap_or_default();
        self.missing.first().map(|need| Missing {
            device: device.to_owned(),
            need: need.clone(),
        })
    }

    /// Why it is denied, in words: what is missing, or which rule denies it.
    pub fn reason(&self) -> String {
        if let Some(reason) = &self.held_back {
            return reason.clone();
        }
        if let Some(rule) = &self.rule {
            let name = self.what.request().name.to_owned();
            return format!("{name} is denied by a rule ({})", rule.cited());
        }
        let words: Vec<String> = self.missing.iter().map(ToString::to_string).collect();
        format!(
            "{} needs {}, which was not granted",
            self.what.request().name,
            words.join(", ")
        )
    }

    /// The call, if `ruling` grants this very call what is missing.
    pub fn granted(self, ruling: &Ruling) -> Option<Passed<T>> {
        let granted = self.finally_by().is_none() && approves(ruling, &self.what.request());
        granted.then_some(Passed {
            what: self.what,
            once: self.missing,
            agreed: None,
            rule: None,
            planned: self.planned,
        })
    }
}

impl<T: Guarded> From<Denied<T>> for ToolError {
    fn from(denied: Denied<T>) -> Self {
        ToolError {
            missing: denied.first(),
            ..ToolError::new(ErrorKind::Denied, denied.reason(), "")
        }
    }
}

fn approves(ruling: &Ruling, request: &Request<'_>) -> bool {
    ruling.word == Word::Approved && ruling.call == request.key
}

/// The gate's verdict on a call.
#[derive(Debug)]
pub enum Verdict<T> {
    /// It may be carried out.
    Passed(Passed<T>),
    /// A person has to agree.
    Ask(Ask<T>),
    /// Something was not granted; a person may grant it for this one call.
    Denied(Denied<T>),
}

/// The word of a verdict that lets a call through.
pub(crate) const PASSED: &str = "passed";

impl<T> Verdict<T> {
    /// The verdict in one word, for the journal.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Verdict::Passed(_) => PASSED,
            Verdict::Ask(_) => "ask",
            Verdict::Denied(_) => "denied",
        }
    }

    /// The call, to be put before the gate once more.
    pub fn into_inner(self) -> T {
        match self {
            Verdict::Passed(passed) => passed.what,
            Verdict::Ask(ask) => ask.what,
            Verdict::Denied(denied) => denied.what,
        }
    }
}

/// A call of a device that no process makes, but the user or another program.
pub struct DeviceCall {
    function: Resolved,
    args: Value,
    name: String,
    needs: Vec<Capability>,
    roles: Roles,
}

impl DeviceCall {
    /// A call of `function` with `args`.
    pub fn new(function: Resolved, args: Value) -> Self {
        let mut needs = function.needs(&args);
        needs.extend(secrets_wanted(&args));
        Self {
            name: function.name(),
            needs,
            roles: function.roles(),
            function,
            args,
        }
    }
}

impl Guarded for DeviceCall {
    fn request(&self) -> Request<'_> {
        Request {
            name: &self.name,
            effect: self.function.effect(),
            needs: &self.needs,
            held: &self.function.device().granted,
            known: Known::default(),
            key: "",
            args: Some(&self.args),
            roles: &self.roles,
        }
    }
}

impl Passed<DeviceCall> {
    /// Carries the call out.
    ///
    /// # Errors
    /// Those of the device.
    pub fn run(self, context: &CallContext) -> Result<Value, ToolError> {
        let mut context = context.clone();
        let once: Grants = context.grants.iter().chain(&self.once).cloned().collect();
        context.grants = once;
        self.what.function.call(&self.what.args, &context)
    }
}
