//! The gate: every system call passes it before anything happens.
//!
//! Deny by default for what was not granted, ask for effects, allow what only
//! reads. A process that has read untrusted text needs an approval for every
//! effect, whatever was granted before; and for every read that reaches outside, unless
//! what it carries there is what the user said: an address is a way out too.

pub mod label;
pub(crate) mod world;

use quipu_tools::{Capability, Effect, Grants};

pub use label::{Label, Trust};

/// How calls that need an approval are settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Approve {
    /// By a person; refused when there is none.
    #[default]
    Ask,
    /// Refused.
    Never,
    /// Granted: the user answers for all of them.
    All,
}

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Allow,
    /// A person has to agree, for this reason.
    Ask(String),
    /// Not granted, as the words say; a person may grant it for this one call.
    Missing(Vec<Capability>, String),
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
}

/// The rules of one machine.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// What the user has granted to all processes.
    pub grants: Grants,
    /// How approvals are settled.
    pub approve: Approve,
}

impl Policy {
    /// The verdict on `request` by a process whose lowest label is `label`.
    pub fn check(&self, request: &Request<'_>, label: &Label) -> Verdict {
        let missing: Vec<Capability> = request
            .needs
            .iter()
            .filter(|need| !self.grants.allows_some(need) && !request.held.allows_some(need))
            .cloned()
            .collect();
        if !missing.is_empty() {
            let device = request.name.split('.').next().unwrap_or_default();
            let words: Vec<String> = missing.iter().map(ToString::to_string).collect();
            let reason = format!(
                "{} needs {}, which was not granted (quipu tool grant {device} {}, or --allow {} \
                 for one run)",
                request.name,
                words.join(", "),
                words[0],
                words[0]
            );
            return Verdict::Missing(missing, reason);
        }
        match (doubt(request, label), self.approve) {
            (None, _) | (Some(_), Approve::All) => Verdict::Allow,
            (Some(reason), Approve::Ask | Approve::Never) => Verdict::Ask(reason),
        }
    }
}

/// Why a person has to agree to `request`, whose needs are granted; `None` where nobody has
/// to.
pub fn doubt(request: &Request<'_>, label: &Label) -> Option<String> {
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

/// Whether what is needed leads to somebody else, who then has what was sent along.
fn reaches_out(needs: &[Capability]) -> bool {
    let out = |need: &Capability| matches!(need, Capability::Net { .. } | Capability::Spawn);
    needs.iter().any(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate() {
        let memory = ["mem:write".parse::<Capability>().unwrap()];
        let granted = Grants::from_iter(memory.clone());
        let check = |grants: &Grants, effect, needs: &[Capability], trust, want: &str| {
            let policy = Policy {
                grants: grants.clone(),
                approve: Approve::Ask,
            };
            let request = Request {
                name: "x.f",
                effect,
                needs,
                held: &Grants::default(),
                from_user: false,
            };
            let said = match policy.check(&request, &Label::new("web", trust)) {
                Verdict::Allow => "allow",
                Verdict::Ask(_) => "ask",
                Verdict::Missing(..) => "deny",
            };
            assert_eq!(said, want);
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
            let policy = Policy {
                grants: Grants::from_iter([need.clone()]),
                approve: Approve::Ask,
            };
            let request = Request {
                name: "web.fetch",
                effect: Effect::Read,
                needs: &[need],
                held: &Grants::default(),
                from_user,
            };
            let free = policy.check(&request, &Label::new("tool:web", trust)) == Verdict::Allow;
            assert_eq!(free, want);
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
            let policy = Policy {
                grants: grants(all),
                approve: Approve::Ask,
            };
            let request = Request {
                name: "web.fetch",
                effect: Effect::Read,
                needs: &[need.parse().unwrap()],
                held: &grants(held),
                from_user: false,
            };
            let allowed = policy.check(&request, &Label::user()) == Verdict::Allow;
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
}
