//! What comes out of the gate. The fields are private to `gate/`, so that nothing else makes
//! a [`Passed`]; what has an effect takes one.

use quipu_tools::{CallContext, Capability, ErrorKind, Grants, Missing, Resolved, ToolError};
use serde_json::Value;

use super::{Guarded, Request, Ruling, Word};

/// A call that the gate let through, and that can no longer be changed.
///
/// ```compile_fail,E0451
/// // Only the gate makes one.
/// let passed = quipu_kernel::gate::Passed { what: "a call", once: Vec::new(), agreed: None, planned: None };
/// ```
#[derive(Debug)]
pub struct Passed<T> {
    pub(super) what: T,
    /// What a person granted for this call alone.
    pub(super) once: Vec<Capability>,
    /// Why a person would have been asked, had the user not agreed to all calls beforehand.
    pub(super) agreed: Option<String>,
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

    /// Why a person would have been asked, had the user not agreed to all calls beforehand.
    pub fn agreed_to(&self) -> Option<&str> {
        self.agreed.as_deref()
    }

    /// Which effect of the plan it is, counted from 0.
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
}

impl<T: Guarded> Ask<T> {
    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The call.
    pub fn what(&self) -> &T {
        &self.what
    }

    /// The call, if `ruling` approves this very one.
    pub fn approved(self, ruling: &Ruling) -> Option<Passed<T>> {
        approves(ruling, &self.what.request()).then_some(Passed {
            what: self.what,
            once: Vec::new(),
            agreed: None,
            planned: None,
        })
    }
}

/// A call that needs what was not granted.
#[derive(Debug)]
pub struct Denied<T> {
    pub(super) what: T,
    pub(super) missing: Vec<Capability>,
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

    /// The first of it, and the device that needs it.
    pub fn first(&self) -> Option<Missing> {
        let request = self.what.request();
        let device = request.name.split('.').next().unwrap_or_default();
        self.missing.first().map(|need| Missing {
            device: device.to_owned(),
            need: need.clone(),
        })
    }

    /// What is missing, in words.
    pub fn reason(&self) -> String {
        let words: Vec<String> = self.missing.iter().map(ToString::to_string).collect();
        format!(
            "{} needs {}, which was not granted",
            self.what.request().name,
            words.join(", ")
        )
    }

    /// The call, if `ruling` grants this very one what it misses.
    pub fn granted(self, ruling: &Ruling) -> Option<Passed<T>> {
        approves(ruling, &self.what.request()).then_some(Passed {
            what: self.what,
            once: self.missing,
            agreed: None,
            planned: None,
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

/// What the gate says of a call.
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
    /// It in one word, for the journal.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Verdict::Passed(_) => PASSED,
            Verdict::Ask(_) => "ask",
            Verdict::Denied(_) => "denied",
        }
    }

    /// The call, to be put before the gate another time.
    pub fn into_inner(self) -> T {
        match self {
            Verdict::Passed(passed) => passed.what,
            Verdict::Ask(ask) => ask.what,
            Verdict::Denied(denied) => denied.what,
        }
    }
}

/// A call of a device that no process makes: the user's own, or another program's.
pub struct DeviceCall {
    function: Resolved,
    args: Value,
    name: String,
    needs: Vec<Capability>,
}

impl DeviceCall {
    /// A call of `function` with `args`.
    pub fn new(function: Resolved, args: Value) -> Self {
        Self {
            name: function.name(),
            needs: function.needs(&args),
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
            from_user: false,
            args: None,
            key: "",
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
