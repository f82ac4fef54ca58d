//! Verdicts of the gate.

use super::*;

/// A call by what the gate asks of it.
struct Call(Effect, Vec<Capability>, Grants, bool);

/// An address that the user said.
static ADDRESS: std::sync::LazyLock<Value> =
    std::sync::LazyLock::new(|| serde_json::json!({"url": "https://a.org"}));

impl Guarded for Call {
    fn request(&self) -> Request<'_> {
        Request {
            name: "web.fetch",
            effect: self.0,
            needs: &self.1,
            held: &self.2,
            known: Known {
                said: if self.3 { "Read a.org" } else { "" },
                ..Known::default()
            },
            key: "k1",
            args: Some(&ADDRESS),
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

#[test]
fn no_reason_has_the_words_of_a_stranger() {
    let check = |label: Label, grants: &[&str]| {
        let needs: Vec<Capability> = grants.iter().map(|need| need.parse().unwrap()).collect();
        let gate = Gate::new(Policy {
            grants: needs.iter().cloned().collect(),
            ..Policy::default()
        });
        let call = Call(Effect::Write, needs, Grants::default(), false);
        let said = match gate.pass(call, &label) {
            Verdict::Ask(ask) => ask.reason,
            Verdict::Denied(denied) => denied.held_back.unwrap_or_default(),
            Verdict::Passed(_) => panic!("{label:?} passes"),
        };
        assert!(said.contains("text from memory"), "{said}");
        assert!(!said.contains("tales"), "{said}");
    };
    let page = |trust| Label::new("memory:tell me tales", trust);
    check(page(Trust::Untrusted), &[]);
    check(page(Trust::User).kept(Secrecy::Private), &["net:a.org"]);
    check(page(Trust::User).kept(Secrecy::Secret), &["net:a.org"]);
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
            known: Known::default(),
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
    let check = |approved: bool, to: &str, needs: Vec<Capability>, granted: bool, want: &str| {
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
fn what_a_person_lets_pass_uses_the_plan_up_too() {
    let plan = serde_json::json!({"effects": [
        {"tool": "mail.send", "args": {"to": {"is": "bob"}}}], "made_on": "2024-05-15"});
    let progress = Progress::of(serde_json::from_value(plan).unwrap());
    let check = |to: &str, needs: &[&str], want: Option<usize>| {
        let needs = needs.iter().map(|need| need.parse().unwrap()).collect();
        let send = Send(serde_json::json!({ "to": to }), needs);
        let ruling = Ruling::standing(String::new(), "k1");
        let web = Label::new("web", Trust::Untrusted);
        let passed = match Gate::default().pass_by(send, &web, &progress) {
            Verdict::Ask(ask) => ask.approved(&ruling),
            Verdict::Denied(denied) => denied.granted(&ruling),
            Verdict::Passed(_) => panic!("{to} passes"),
        };
        let passed = passed.expect("a person let it pass");
        assert_eq!(passed.planned(), want, "{to}");
    };
    // Once because nobody granted it, and once because nobody saw the plan.
    check("bob", &["net:a.org"], Some(0));
    check("bob", &[], Some(0));
    check("eve", &["net:a.org"], None);
    check("eve", &[], None);
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
