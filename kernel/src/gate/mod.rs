//! The gate: every system call passes it before anything happens.
//!
//! Deny by default for what was not granted, ask for effects, allow what only
//! reads. A process that has read untrusted text needs an approval for every
//! effect, whatever was granted before; and for every read that reaches outside, unless
//! what it carries there is what the user said: an address is a way out too. What was
//! planned before it read that needs no approval ([`plan`]). The user's [rules] make
//! all of this stricter, and spare questions.

mod added;
mod passed;
pub mod plan;
pub mod rules;
mod ruling;

use std::sync::Arc;

use quipu_tools::{Capability, Effect, Grants, Roles};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use added::Added;
use plan::Progress;
use rules::{Do, Rule, Rules};

pub use crate::label::{Label, Trust};
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
    /// Whether everything that it carries along was said by the user.
    pub from_user: bool,
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
}

/// The gate of one machine: everything that has an effect passes it.
///
/// ```
/// use quipu_kernel::gate::{Gate, Guarded, NO_ROLES, Policy, Request, Verdict};
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
///             from_user: false,
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
        let doubt = doubt(&request, label).filter(|_| !is_vouched_for(&request, plan, planned));
        match rule {
            // First, so that nobody is asked for a grant.
            Some(rule) if rule.verdict == Do::Deny => Verdict::Denied(Denied {
                what,
                missing: Vec::new(),
                rule: Some(rule),
            }),
            _ if !missing.is_empty() => Verdict::Denied(Denied {
                what,
                missing,
                rule: None,
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
            Approve::Ask | Approve::Never => Verdict::Ask(Ask { what, reason, rule }),
            Approve::All => Verdict::Passed(Passed {
                what,
                once: Vec::new(),
                agreed: Some(Agreed::beforehand(reason)),
                rule: None,
                planned,
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

/// Whether the plan spares `request` a question.
fn is_vouched_for(request: &Request<'_>, plan: &Progress, planned: Option<usize>) -> bool {
    match request.effect {
        Effect::Write => planned.is_some() && (!request.needs.is_empty() || plan.is_approved()),
        Effect::Read => request
            .args
            .is_some_and(|args| plan.expects(request.name, args)),
    }
}

/// Why a person has to agree to `request`, whose needs are granted; `None` where nobody has
/// to.
fn doubt(request: &Request<'_>, label: &Label) -> Option<String> {
    let tainted = label.trust == Trust::Untrusted;
    let does = match request.effect {
        Effect::Write => "changes something",
        Effect::Read if tainted && reaches_out(request.needs) && !request.from_user => {
            "carries words out of this machine that the user did not say"
        }
        Effect::Read => return None,
    };
    match tainted {
        true => Some(format!(
            "{} {does}, and this process has read untrusted text from {}",
            request.name, label.source
        )),
        // A write whose capability was granted, asked for by a trusted process.
        false if !request.needs.is_empty() => None,
        false => Some(format!("{} {does}", request.name)),
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
fn reaches_out(needs: &[Capability]) -> bool {
    let out = |need: &Capability| matches!(need, Capability::Net { .. } | Capability::Spawn);
    needs.iter().any(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call by what the gate asks of it.
    struct Call(Effect, Vec<Capability>, Grants, bool);

    impl Guarded for Call {
        fn request(&self) -> Request<'_> {
            Request {
                name: "web.fetch",
                effect: self.0,
                needs: &self.1,
                held: &self.2,
                from_user: self.3,
                key: "k1",
                args: None,
                roles: &NO_ROLES,
            }
        }
    }

    fn said(grants: &Grants, call: Call, trust: Trust) -> &'static str {
        let gate = Gate::new(Policy {
            grants: grants.clone(),
            ..Policy::default()
        });
        match gate.pass(call, &Label::new("web", trust)) {
            Verdict::Passed(_) => "allow",
            Verdict::Ask(_) => "ask",
            Verdict::Denied(_) => "deny",
        }
    }

    #[test]
    fn the_gate() {
        let memory = ["mem:write".parse::<Capability>().unwrap()];
        let granted = Grants::from_iter(memory.clone());
        let check = |grants: &Grants, effect, needs: &[Capability], trust, want: &str| {
            let call = Call(effect, needs.to_vec(), Grants::default(), false);
            assert_eq!(said(grants, call, trust), want);
        };
        let none = Grants::default();
        check(&none, Effect::Read, &[], Trust::Untrusted, "allow");
        check(&none, Effect::Write, &[], Trust::User, "ask");
        check(&none, Effect::Write, &memory, Trust::User, "deny");
        check(&granted, Effect::Write, &memory, Trust::User, "allow");
        check(&granted, Effect::Write, &memory, Trust::Untrusted, "ask");
    }

    #[test]
    fn a_read_is_a_way_out() {
        let check = |need: &str, trust, from_user, want: bool| {
            let need: Capability = need.parse().unwrap();
            let grants = Grants::from_iter([need.clone()]);
            let call = Call(Effect::Read, vec![need], Grants::default(), from_user);
            assert_eq!(said(&grants, call, trust) == "allow", want);
        };
        check("net:a.org", Trust::User, false, true);
        check("net:a.org", Trust::Untrusted, false, false);
        check("net:a.org", Trust::Untrusted, true, true);
        check("spawn", Trust::Untrusted, false, false);
        check("clock", Trust::Untrusted, false, true);
    }

    #[test]
    fn what_one_device_holds_counts_for_it_alone() {
        let check = |all: &str, held: &str, need: &str, want: bool| {
            let grants = |text: &str| -> Grants {
                text.split_whitespace()
                    .map(|g| g.parse().unwrap())
                    .collect()
            };
            let needs = vec![need.parse().unwrap()];
            let call = Call(Effect::Read, needs, grants(held), false);
            let allowed = said(&grants(all), call, Trust::User) == "allow";
            assert_eq!(allowed, want, "{all} / {held} / {need}");
        };
        check("", "net:a.org", "net:a.org:443", true);
        check("", "net:a.org", "net:b.org:443", false);
        check("net:b.org", "net:a.org", "net:b.org:443", true);
        // A call that does not say which host is let through to where each is checked.
        check("", "net:a.org", "net:*", true);
        check("", "", "net:*", false);
        check("clock", "", "net:*", false);
    }

    /// A call of `mail.send` with an argument, and whether it needs a capability.
    struct Send(Value, Vec<Capability>);

    impl Guarded for Send {
        fn request(&self) -> Request<'_> {
            Request {
                name: "mail.send",
                effect: Effect::Write,
                needs: &self.1,
                held: NONE_HELD.get_or_init(Grants::default),
                from_user: false,
                key: "k1",
                args: Some(&self.0),
                roles: &NO_ROLES,
            }
        }
    }

    static NONE_HELD: std::sync::OnceLock<Grants> = std::sync::OnceLock::new();

    #[test]
    fn what_was_planned_passes_once_granted() {
        let net = || vec!["net:a.org".parse::<Capability>().unwrap()];
        let check =
            |approved: bool, to: &str, needs: Vec<Capability>, granted: bool, want: &str| {
                let plan = serde_json::json!({"effects": [
                {"tool": "mail.send", "args": {"to": {"is": "bob"}}}],
                "made_on": "2024-05-15", "approved": approved});
                let progress = Progress::of(serde_json::from_value(plan).unwrap());
                let policy = Policy {
                    grants: net().into_iter().filter(|_| granted).collect(),
                    ..Policy::default()
                };
                let web = Label::new("web", Trust::Untrusted);
                let send = Send(serde_json::json!({ "to": to }), needs);
                let said = match Gate::new(policy).pass_by(send, &web, &progress) {
                    Verdict::Passed(passed) => format!("allow {:?}", passed.planned()),
                    Verdict::Ask(_) => "ask".into(),
                    Verdict::Denied(_) => "deny".into(),
                };
                assert_eq!(said, want);
            };
        check(false, "bob", net(), true, "allow Some(0)");
        check(false, "eve", net(), true, "ask");
        check(true, "eve", net(), true, "ask");
        check(false, "bob", net(), false, "deny");
        check(true, "bob", net(), false, "deny");
        // What asks whoever says it asks still, unless a person saw the plan.
        check(false, "bob", Vec::new(), true, "ask");
        check(true, "bob", Vec::new(), true, "allow Some(0)");
    }

    #[test]
    fn only_a_ruling_on_this_very_call_lets_it_through() {
        let check = |word, key: &str, want: bool| {
            let ruling = Ruling {
                word,
                by: "the person".into(),
                reason: String::new(),
                call: key.into(),
                planned: None,
            };
            let gate = Gate::default();
            let ask = Call(Effect::Write, Vec::new(), Grants::default(), false);
            let Verdict::Ask(ask) = gate.pass(ask, &Label::user()) else {
                panic!("a write is asked for");
            };
            assert_eq!(ask.approved(&ruling).is_some(), want);
            let needs = vec![Capability::MemWrite];
            let denied = Call(Effect::Write, needs.clone(), Grants::default(), false);
            let Verdict::Denied(denied) = gate.pass(denied, &Label::user()) else {
                panic!("nothing was granted");
            };
            let passed = denied.granted(&ruling);
            assert_eq!(passed.map(|passed| passed.once), want.then_some(needs));
        };
        check(Word::Approved, "k1", true);
        check(Word::Approved, "k2", false);
        check(Word::Refused, "k1", false);
        check(Word::Denied, "k1", false);
    }
}
