//! What a detector says of a text: a rule may be stricter because of it, and none is milder.

use proptest::prelude::*;

use super::order::{any_args, any_rule, rank};
use super::*;
use crate::label::Suspicion;

/// What is said of a text that was looked at as a whole.
fn seen(score: f32) -> Suspicion {
    Suspicion::new(score, 1.0)
}

/// The verdict on a call of a process that has read a stranger's text, of which this was said.
fn suspected(rules: &[Arc<Rule>], call: Call, said: Option<Suspicion>) -> (&'static str, String) {
    let rules = Rules {
        rules: rules.to_vec(),
        ..Rules::default()
    };
    let gate = Gate::new(Policy {
        rules: Arc::new(rules),
        ..Policy::default()
    });
    let label = Label::new("tool:web", Trust::Untrusted).suspected(said);
    match gate.pass(call, &label) {
        Verdict::Passed(_) => ("allow", String::new()),
        Verdict::Ask(ask) => ("ask", ask.reason().to_owned()),
        Verdict::Denied(denied) => ("deny", denied.reason()),
    }
}

#[test]
fn a_rule_is_stricter_from_a_score_on() {
    let check = |rules: &[Value], score: Option<f32>, want: &str, why: &str| {
        let rules: Vec<_> = rules.iter().cloned().map(rule).collect();
        let call = Call::new(json!({"to": "x@a.org"}));
        let (said, reason) = suspected(&rules, call, score.map(seen));
        assert_eq!(said, want, "{score:?} {reason}");
        assert!(reason.contains(why), "{reason}");
    };
    let allow = || json!({"tool": "mail.*", "label": "untrusted", "do": "allow"});
    let ask = || json!({"tool": "*", "suspicious": 0.9, "do": "ask"});
    let deny = || json!({"tool": "mail.send", "suspicious": 0.97, "do": "deny"});
    check(&[allow()], Some(1.0), "allow", "");
    check(&[allow(), ask()], None, "allow", "");
    check(&[allow(), ask()], Some(0.89), "allow", "");
    check(&[allow(), ask()], Some(0.9), "ask", "asked for by a rule");
    check(&[allow(), ask(), deny()], Some(0.96), "ask", "(0.96)");
    check(&[allow(), ask(), deny()], Some(0.97), "deny", "by a rule");
    // Without a rule nothing changes but what is said.
    check(&[], None, "ask", "has read untrusted text from tool:web");
    check(&[], Some(0.2), "ask", "untrusted text from tool:web");
    let told = "untrusted text from tool:web, which reads like an attack (0.93)";
    check(&[], Some(0.93), "ask", told);
    // A rule that would allow by it never holds, whatever the score is.
    let wrong = json!({"tool": "*", "label": "untrusted", "suspicious": 0.0, "do": "allow"});
    for score in [None, Some(0.0), Some(1.0)] {
        check(std::slice::from_ref(&wrong), score, "ask", "");
    }
}

#[test]
fn what_was_not_looked_at_may_be_the_worst() {
    let check = |said: Option<Suspicion>, want: &str| {
        let rules = [
            rule(json!({"tool": "mail.*", "label": "untrusted", "do": "allow"})),
            rule(json!({"tool": "*", "suspicious": 0.9, "do": "ask"})),
        ];
        let call = Call::new(json!({"to": "x@a.org"}));
        assert_eq!(suspected(&rules, call, said).0, want, "{said:?}");
    };
    let unseen = Some(Suspicion::UNSEEN);
    check(unseen, "ask");
    // Another text that was looked at makes it no better.
    check(Suspicion::joined(unseen, Some(seen(0.2))), "ask");
    check(Some(Suspicion::new(0.2, 0.001)), "allow");
    check(Some(seen(0.2)), "allow");
    check(None, "allow");
}

#[test]
fn a_rule_that_can_never_hold_is_named() {
    let check = |suspicious: f64, word: &str, want: Option<&str>| {
        let rule = rule(json!({"tool": "*", "suspicious": suspicious, "do": word}));
        assert_eq!(rule.problem().is_some(), want.is_some(), "{rule}");
        let said = rule.problem().unwrap_or_default();
        assert!(said.contains(want.unwrap_or_default()), "{said}");
    };
    check(0.9, "ask", None);
    check(0.0, "deny", None);
    check(0.9, "allow", Some("rules that ask or deny"));
    check(1.5, "ask", Some("from 0 to 1"));
    check(-0.1, "deny", Some("from 0 to 1"));
    let shown = rule(json!({"tool": "*", "suspicious": 0.9, "do": "ask"})).to_string();
    assert_eq!(
        shown,
        "[[rule]]\ntool = \"*\"\nsuspicious = 0.9\ndo = \"ask\"\n"
    );
}

proptest! {
    /// Whatever the rules are: with a score a call is never let through that was not without
    /// one, and the higher the score, the less is.
    #[test]
    fn a_score_only_tightens(
        rules in prop::collection::vec((any_rule(), prop::option::of(0.0_f64..1.0)), 0..6),
        args in any_args(),
        scores in (0.0_f32..1.0, 0.0_f32..1.0),
        granted: bool,
    ) {
        let rules: Vec<Arc<Rule>> = rules
            .into_iter()
            .map(|(rule, suspicious)| Arc::new(Rule { suspicious, ..(*rule).clone() }))
            .collect();
        let said = |score: Option<f32>| {
            let call = Call {
                needs: vec![Capability::MemWrite],
                held: granted.then_some(Capability::MemWrite).into_iter().collect(),
                ..Call::new(args.clone())
            };
            rank(suspected(&rules, call, score.map(seen)).0)
        };
        let (low, high) = (scores.0.min(scores.1), scores.0.max(scores.1));
        prop_assert!(said(None) <= said(Some(low)));
        prop_assert!(said(Some(low)) <= said(Some(high)));
    }
}
