//! The gate: every system call passes it before anything happens.
//!
//! Deny by default for what was not granted, ask for effects, allow what only
//! reads. A process that has read untrusted text needs an approval for every
//! effect, whatever was granted before. One that has read untrusted or private text needs one
//! for every call that reaches outside and tells more than the user said ([`egress`](Known)).
//! What was planned before it read that needs no approval ([`plan`]); what a process with a plan
//! reads afterwards it has by handles (`quarantine`). The user's [rules] make
//! all of this stricter, and spare questions. Nobody can approve that a secret leaves. What a
//! detector says of a text ([`Detection`]) is shown, and a rule may ask or deny because of it.
//!
//! | file | job |
//! | --- | --- |
//! | this one | the policy, and the verdict on a call |
//! | `passed` | what comes out: passed, asked or denied |
//! | `ruling` | what was ruled on a call, by whom and why |
//! | [`rules`], `added` | the user's rules, and those that were agreed to since |
//! | `egress`, `held` | what a call carries out; what nobody can let pass |
//! | [`plan`], `quarantine` | effects that were planned; texts that are held back |
//! | `detection` | how much a text reads like an attack |
//! | `digits` | numbers to the last digit |

mod added;
mod detection;
mod digits;
mod egress;
mod held;
mod passed;
pub mod plan;
pub(crate) mod quarantine;
pub mod rules;
mod ruling;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use quipu_tools::{Capability, Effect, Grants, LeakScan, Roles, ToolError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use added::Added;
use plan::Progress;
use rules::{Do, Rule, Rules};

pub use crate::label::{Label, Secrecy, Trust};
pub use detection::{Detection, Detector};
pub use egress::Known;
pub(crate) use egress::tells_nothing;
pub(crate) use held::secrets_wanted;
pub(crate) use passed::PASSED;
pub use passed::{Agreed, Ask, Denied, DeviceCall, Passed, Verdict};
pub(crate) use ruling::BEFOREHAND;
pub use ruling::{Ruling, Word};

/// How calls that need an approval are settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Approve {
    /// By a person; refused when there is none.
    #[default]
    Ask,
    /// Refused.
    Never,
    /// Granted: the user answers for all of them.
    All,
}

/// What a call is about to do, as far as the gate needs to know.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// `device.function` or the kernel call's name.
    pub name: &'a str,
    /// Whether it changes the world.
    pub effect: Effect,
    /// Capabilities it needs.
    pub needs: &'a [Capability],
    /// What was granted to the device in particular.
    pub held: &'a Grants,
    /// What of that which it carries along is known already.
    pub known: Known<'a>,
    /// What tells this very call from every other; an approval is for one key. Empty where
    /// nobody can be asked.
    pub key: &'a str,
    /// Its arguments; `None` where neither plans nor the user's rules speak of it.
    pub args: Option<&'a Value>,
    /// What its arguments are for, as far as that is known.
    pub roles: &'a Roles,
}

/// The roles of arguments of which nothing is known.
pub static NO_ROLES: Roles = Roles::new();

/// Something that has to pass the gate before it has its effect.
pub trait Guarded {
    /// What the gate needs to know of it: always the same.
    fn request(&self) -> Request<'_>;
}

/// The rules of one machine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Policy {
    /// What the user has granted to all processes.
    pub grants: Grants,
    /// How approvals are settled.
    pub approve: Approve,
    /// What the user says of single tools and calls.
    #[serde(default, with = "rules::shared")]
    pub rules: Arc<Rules>,
    /// The secrets that are known on this machine. They are written down nowhere.
    #[serde(skip)]
    pub leaks: LeakScan,
    /// The most secret text that the CPU may be shown. `None` is any where it computes on this
    /// machine, and what is public where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clearance: Option<Secrecy>,
    /// What says how much strangers' texts read like attacks. What it said is in their labels.
    #[serde(skip)]
    pub detection: Detection,
}

/// The gate of one machine: everything that has an effect passes it.
///
/// ```
/// use quipu_kernel::gate::{Gate, Guarded, Known, NO_ROLES, Policy, Request, Verdict};
/// use quipu_kernel::label::{Label, Trust};
/// use quipu_tools::{Capability, Effect, Grants};
///
/// /// A call that writes to the store.
/// #[derive(Default)]
/// struct Keep(Grants);
///
/// impl Guarded for Keep {
///     fn request(&self) -> Request<'_> {
///         Request {
///             name: "memory.put",
///             effect: Effect::Write,
///             needs: &[Capability::MemWrite],
///             held: &self.0,
///             known: Known::default(),
///             key: "one call",
///             args: None,
///             roles: &NO_ROLES,
///         }
///     }
/// }
///
/// // Nothing was granted.
/// let verdict = Gate::default().pass(Keep::default(), &Label::user());
/// assert!(matches!(verdict, Verdict::Denied(_)));
///
/// // Granted, and asked for by a process that has read its user's words only.
/// let grants = Grants::from_iter([Capability::MemWrite]);
/// let gate = Gate::new(Policy { grants, ..Policy::default() });
/// let verdict = gate.pass(Keep::default(), &Label::user());
/// assert!(matches!(verdict, Verdict::Passed(_)));
///
/// // The process has read a stranger's text: a person has to agree.
/// let web = Label::new("tool:web", Trust::Untrusted);
/// assert!(matches!(gate.pass(Keep::default(), &web), Verdict::Ask(_)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gate {
    policy: Policy,
    /// Rules that a person agreed to since, for good.
    added: Added,
}

impl Gate {
    /// A gate that judges by `policy`.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            added: Added::default(),
        }
    }

    /// This gate for one run of a process: a rule that is added counts once the run
    /// [heeds](Self::heed) it.
    pub(crate) fn of_a_run(&self) -> Self {
        Self {
            policy: self.policy.clone(),
            added: self.added.of_a_run(),
        }
    }

    /// The same gate for processes whose CPU may be shown texts up to `clearance`.
    pub(crate) fn with_clearance(&self, clearance: Option<Secrecy>) -> Self {
        Self {
            policy: Policy {
                clearance,
                ..self.policy.clone()
            },
            added: self.added.clone(),
        }
    }

    /// The rules that were added since the run heeded them last. They count from now on.
    pub(crate) fn heed(&self) -> Vec<Rule> {
        self.added.heed()
    }

    /// The rules it judges by.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The verdict on `what`, asked for by somebody whose lowest label is `label` and who
    /// planned nothing.
    pub fn pass<T: Guarded>(&self, what: T, label: &Label) -> Verdict<T> {
        self.pass_by(what, label, &Progress::default())
    }

    /// The verdict on `what`, asked for by somebody whose lowest label is `label`, with what
    /// is left of a plan. An effect of the plan passes as long as its capabilities were
    /// granted; one that needs none passes where a person agreed to the plan. So does a read
    /// with the arguments that the plan gives it. A rule that asks or denies comes before the
    /// plan.
    pub fn pass_by<T: Guarded>(&self, what: T, label: &Label, plan: &Progress) -> Verdict<T> {
        let request = what.request();
        let rules = &self.policy.rules;
        let rule = self
            .added
            .with(|added| rules.decide(added, &request, label));
        let missing = self.missing(&request);
        let planned = planned(&request, plan);
        let doubt = egress::doubt(&request, label, &self.policy.rules)
            .filter(|_| !is_vouched_for(&request, label, plan, planned));
        let held_back = held::back(&request, label, &self.policy);
        match rule {
            // First, so that nobody is asked for a grant.
            _ if held_back.is_some() => Verdict::Denied(Denied {
                what,
                missing: Vec::new(),
                held_back,
                rule: None,
                planned,
            }),
            Some(rule) if rule.verdict == Do::Deny => Verdict::Denied(Denied {
                what,
                missing: Vec::new(),
                held_back: None,
                rule: Some(rule),
                planned,
            }),
            _ if !missing.is_empty() => Verdict::Denied(Denied {
                what,
                missing,
                held_back: None,
                rule: None,
                planned,
            }),
            Some(rule) if rule.verdict == Do::Ask => {
                let reason = asked_by(&rule, request.name, doubt);
                self.asked(what, reason, Some(rule), planned)
            }
            Some(rule) => Verdict::Passed(Passed {
                what,
                once: Vec::new(),
                agreed: doubt.map(|reason| Agreed::by(&rule, reason)),
                rule: Some(rule),
                planned,
            }),
            None => match doubt {
                Some(reason) => self.asked(what, reason, None, planned),
                None => Verdict::Passed(Passed {
                    what,
                    once: Vec::new(),
                    agreed: None,
                    rule: None,
                    planned,
                }),
            },
        }
    }

    /// The verdict on `what`, which needs somebody's agreement for this `reason`.
    fn asked<T>(
        &self,
        what: T,
        reason: String,
        rule: Option<Arc<Rule>>,
        planned: Option<usize>,
    ) -> Verdict<T> {
        match self.policy.approve {
            Approve::Ask | Approve::Never => Verdict::Ask(Ask {
                what,
                reason,
                rule,
                planned,
            }),
            Approve::All => Verdict::Passed(Passed {
                what,
                once: Vec::new(),
                agreed: Some(Agreed::beforehand(reason)),
                rule: None,
                planned,
            }),
        }
    }

    /// What came of a call, with a mark in place of each secret.
    ///
    /// # Errors
    /// What went wrong, if something did, without secrets too.
    pub fn clean(&self, result: Result<Value, ToolError>) -> Result<Value, ToolError> {
        let leaks = &self.policy.leaks;
        match result {
            Ok(value) => Ok(leaks.redacted_value(&value).unwrap_or(value)),
            Err(error) => Err(ToolError {
                message: leaks.redacted(&error.message).into_owned(),
                hint: leaks.redacted(&error.hint).into_owned(),
                ..error
            }),
        }
    }

    /// The rules it judges by, with those that were added since.
    pub(crate) fn in_force(&self) -> Policy {
        let mut rules = (*self.policy.rules).clone();
        self.added
            .with(|added| rules.rules.extend_from_slice(added));
        Policy {
            rules: Arc::new(rules),
            ..self.policy.clone()
        }
    }

    /// The rule by which calls such as `request` pass from now on, for a person to agree to.
    pub(crate) fn propose(&self, request: &Request<'_>, label: &Label) -> Option<Rule> {
        self.policy.rules.propose(request, label)
    }

    /// Whether `rule` holds for `request`, made by somebody whose lowest label is `label`.
    pub(crate) fn holds(&self, rule: &Rule, request: &Request<'_>, label: &Label) -> bool {
        self.policy.rules.holds(rule, request, label)
    }

    /// Judges by `rule` too from now on, for all processes: a person agreed to it.
    pub(crate) fn add(&self, rule: Rule) {
        self.added.push(rule);
    }

    /// What `request` needs and nobody granted.
    fn missing(&self, request: &Request<'_>) -> Vec<Capability> {
        let needs = request.needs.iter();
        needs
            .filter(|need| !self.policy.grants.allows_some(need))
            .filter(|need| !request.held.allows_some(need))
            .cloned()
            .collect()
    }
}

/// The effect of `plan` that `request` is, counted from 0.
fn planned(request: &Request<'_>, plan: &Progress) -> Option<usize> {
    let args = request.args.filter(|_| request.effect == Effect::Write)?;
    plan.matches(request.name, args)
}

/// Whether the plan spares `request` a question, made by somebody whose lowest label is `label`.
fn is_vouched_for(
    request: &Request<'_>,
    label: &Label,
    plan: &Progress,
    planned: Option<usize>,
) -> bool {
    match request.effect {
        Effect::Write => planned.is_some() && (!request.needs.is_empty() || plan.is_approved()),
        // What was picked out of private text leaves where the user sends it, and a read sends
        // nothing.
        Effect::Read => {
            let told = label.secrecy.is_public();
            let args = request.args;
            args.is_some_and(|args| plan.expects(request.name, args, told))
        }
    }
}

/// Why a person is asked, by `rule` and perhaps by the `doubt` of the gate itself.
fn asked_by(rule: &Rule, name: &str, doubt: Option<String>) -> String {
    let asked = format!("{name} is asked for by a rule ({})", rule.cited());
    match doubt {
        Some(doubt) => format!("{doubt}; {asked}"),
        None => asked,
    }
}

/// Whether what is needed leads to somebody else, who then has what was sent along.
pub(crate) fn reaches_out(needs: &[Capability]) -> bool {
    let out = |need: &Capability| matches!(need, Capability::Net { .. } | Capability::Spawn);
    needs.iter().any(out)
}
