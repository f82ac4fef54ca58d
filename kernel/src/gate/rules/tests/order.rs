//! The strictest rule counts, in whatever order rules stand.

use proptest::prelude::*;

use super::*;

pub(super) fn any_rule() -> impl Strategy<Value = Arc<Rule>> {
    let tool = prop::sample::select(vec!["*", "mail.send", "mail.*", "web.*"]);
    let word = prop::sample::select(vec!["allow", "ask", "deny"]);
    let to = prop::option::of(prop::sample::select(vec!["*@a.org", "x@a.org", "*", "y"]));
    (tool, word, to, any::<bool>()).prop_map(|(tool, word, to, label)| {
        let mut json = json!({"tool": tool, "do": word});
        if let Some(to) = to {
            json["args"] = json!({ "to": to });
        }
        if label {
            json["label"] = json!("untrusted");
        }
        rule(json)
    })
}

pub(super) fn any_args() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({}),
        json!({"to": "x@a.org"}),
        json!({"to": "y", "text": "z"}),
        json!({"to": ["x@a.org", "y"]}),
    ])
}

pub(super) fn rank(word: &str) -> usize {
    ["allow", "ask", "deny"]
        .iter()
        .position(|known| *known == word)
        .unwrap()
}

proptest! {
    #[test]
    fn the_strictest_wins_in_any_order(
        rules in prop::collection::vec(any_rule(), 0..6).prop_shuffle(),
        more in any_rule(),
        args in any_args(),
        tainted: bool,
        granted: bool,
    ) {
        let trust = if tainted { Trust::Untrusted } else { Trust::User };
        let said = |rules: &[Arc<Rule>]| {
            let call = Call {
                needs: vec![Capability::MemWrite],
                held: granted.then_some(Capability::MemWrite).into_iter().collect(),
                ..Call::new(args.clone())
            };
            verdict(rules, call, trust)
        };
        let before = said(&rules);
        let mut backwards = rules.clone();
        backwards.reverse();
        prop_assert_eq!(before, said(&backwards));
        // A rule that tightens never lets more pass; one that allows never refuses.
        let mut longer = rules.clone();
        longer.push(more.clone());
        let after = said(&longer);
        match more.verdict {
            Do::Allow => prop_assert!(rank(after) <= rank(before)),
            Do::Ask | Do::Deny => prop_assert!(rank(after) >= rank(before)),
        }
        if !granted {
            prop_assert_eq!(after, "deny");
        }
        // A process that has read a stranger's words may never do more.
        if tainted {
            let call = Call {
                needs: vec![Capability::MemWrite],
                held: granted.then_some(Capability::MemWrite).into_iter().collect(),
                ..Call::new(args.clone())
            };
            let trusted = verdict(&longer, call, Trust::User);
            prop_assert!(rank(trusted) <= rank(after));
        }
        // As it is written it is read.
        let text = more.to_string();
        prop_assert!(text.starts_with("[[rule]]\ntool = "));
    }
}
