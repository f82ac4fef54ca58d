//! What rules make of a call.

use quipu_tools::Role;

use super::*;

#[test]
fn verdicts() {
    use Trust::{Untrusted, User};
    let check = |rules: &[Value], args: Value, trust, want: &str| {
        let rules: Vec<_> = rules.iter().cloned().map(rule).collect();
        let shown: String = rules.iter().map(|rule| rule.to_string()).collect();
        let said = verdict(&rules, Call::new(args.clone()), trust);
        assert_eq!(said, want, "{shown} {args} {trust:?}");
    };
    let to = |to: &str| json!({ "to": to });
    let friend = || json!({"tool": "mail.*", "args": {"to": "*@a.org"}, "do": "allow"});
    let with = |mut json: Value, name: &str, value: Value| {
        json[name] = value;
        json
    };

    // What the gate says by itself.
    check(&[], to("x@a.org"), User, "ask");
    // The name of a device forbids all that it does, and allows nothing.
    check(
        &[json!({"tool": "mail", "do": "deny"})],
        to("x@a.org"),
        User,
        "deny",
    );
    check(
        &[json!({"tool": "mail", "do": "allow"})],
        to("x@a.org"),
        User,
        "ask",
    );
    // One that allows spares the question, for what it names and nothing else.
    check(&[friend()], to("x@a.org"), User, "allow");
    check(&[friend()], to("x@b.org"), User, "ask");
    check(&[friend()], to("x@A.org"), User, "ask");
    check(
        &[friend()],
        json!({"to": ["x@a.org", "y@a.org"]}),
        User,
        "allow",
    );
    check(
        &[friend()],
        json!({"to": ["x@a.org", "y@b.org"]}),
        User,
        "ask",
    );
    check(&[friend()], json!({"to": []}), User, "ask");
    check(&[friend()], json!({"to": "y@b.org, x@a.org"}), User, "ask");
    check(
        &[friend()],
        json!({"to": "x@a.org", "bcc": "y@b.org"}),
        User,
        "ask",
    );
    check(
        &[friend()],
        json!({"to": "x@a.org", "bcc": null}),
        User,
        "allow",
    );
    let any_text = json!({"to": "*@a.org", "text": "*"});
    let with_text = with(friend(), "args", any_text);
    check(
        &[with_text],
        json!({"to": "x@a.org", "text": "Hi, you!"}),
        User,
        "allow",
    );
    check(
        &[json!({"tool": "mail.send", "do": "allow"})],
        to("x"),
        User,
        "allow",
    );
    check(
        &[json!({"tool": "mail.sen", "do": "allow"})],
        to("x"),
        User,
        "ask",
    );
    check(
        &[json!({"tool": "mail.*", "args": {}, "do": "allow"})],
        json!({}),
        User,
        "allow",
    );
    check(
        &[json!({"tool": "mail.*", "args": {}, "do": "allow"})],
        to("x"),
        User,
        "ask",
    );
    // Not after strangers' words, unless it says so.
    check(&[friend()], to("x@a.org"), Untrusted, "ask");
    let after = || with(friend(), "label", json!("untrusted"));
    check(&[after()], to("x@a.org"), Untrusted, "allow");
    check(&[after()], to("x@a.org"), User, "allow");

    // One that denies needs one value that fits, in whatever case, also in a list.
    let foe = || json!({"tool": "mail.*", "args": {"to": "*@b.org"}, "do": "deny"});
    check(&[foe()], to("x@b.org"), User, "deny");
    check(&[foe()], to(" X@B.ORG "), User, "deny");
    check(&[foe()], to("Ann <x@b.org>, y@a.org"), User, "deny");
    check(
        &[foe()],
        json!({"to": ["y@a.org", "x@b.org"]}),
        User,
        "deny",
    );
    check(&[foe()], json!({"cc": "x@b.org"}), User, "ask");
    let only = || json!({"tool": "*", "args": {"to": {"not": "*@a.org"}}, "do": "deny"});
    check(&[only()], to("x@a.org"), User, "ask");
    check(&[only()], to("x@b.org"), User, "deny");
    check(&[only()], to("x@b.org, x@a.org"), User, "deny");
    let tainted = || with(foe(), "label", json!("untrusted"));
    check(&[tainted()], to("x@b.org"), User, "ask");
    check(&[tainted()], to("x@b.org"), Untrusted, "deny");

    // The strictest counts.
    check(
        &[friend(), json!({"tool": "*", "do": "ask"})],
        to("x@a.org"),
        User,
        "ask",
    );
    check(
        &[friend(), json!({"tool": "*", "do": "deny"})],
        to("x@a.org"),
        User,
        "deny",
    );

    // Numbers.
    let sum = |sum: Value| json!({ "sum": sum });
    let small = || json!({"tool": "*", "args": {"sum": {"at_most": 100}}, "do": "allow"});
    check(&[small()], sum(json!(100)), User, "allow");
    check(&[small()], sum(json!(100.5)), User, "ask");
    check(&[small()], sum(json!("99")), User, "allow");
    check(&[small()], sum(json!("99 EUR")), User, "ask");
    let large = || json!({"tool": "*", "args": {"sum": {"at_least": 1000}}, "do": "deny"});
    check(&[large()], sum(json!(999)), User, "ask");
    check(&[large()], sum(json!(1000)), User, "deny");
    check(&[large()], sum(json!("nan")), User, "deny");
    check(&[large()], sum(json!("1,000")), User, "deny");
    let id = json!({"tool": "*", "args": {"sum": 9_007_199_254_740_993_u64}, "do": "allow"});
    check(&[id], sum(json!(9_007_199_254_740_992_u64)), User, "ask");

    // Fields, and what a call reaches.
    let field = || json!({"tool": "*", "args": {"mail.to": "x@a.org"}, "do": "allow"});
    check(
        &[field()],
        json!({"mail": {"to": "x@a.org"}}),
        User,
        "allow",
    );
    check(
        &[field()],
        json!({"mail": {"to": "x@a.org", "cc": "y"}}),
        User,
        "ask",
    );
    check(
        &[json!({"tool": "*", "effect": "write", "do": "deny"})],
        to("x"),
        User,
        "deny",
    );
    check(
        &[json!({"tool": "*", "effect": "egress", "do": "deny"})],
        to("x"),
        User,
        "ask",
    );
}

#[test]
fn rules_by_role() {
    let roles = |roles: &[(&str, Role)]| -> Roles {
        roles
            .iter()
            .map(|(name, role)| ((*name).to_owned(), *role))
            .collect()
    };
    let rules = [rule(
        json!({"tool": "*", "role": {"destination": "*@a.org"}, "do": "allow"}),
    )];
    let check = |known: &[(&str, Role)], args: Value, want: &str| {
        let call = Call {
            roles: roles(known),
            ..Call::new(args)
        };
        assert_eq!(verdict(&rules, call, Trust::User), want);
    };
    let text = ("text", Role::Content);
    check(
        &[text],
        json!({"to": "x@a.org", "text": "Hello, you"}),
        "allow",
    );
    check(&[text], json!({"to": "x@a.org", "bcc": "y@b.org"}), "ask");
    // Unknown texts of a write are destinations.
    check(&[], json!({"to": "x@a.org", "text": "Hello, you"}), "ask");
    check(&[text], json!({"to": "x@a.org", "flag": true}), "ask");
}

#[test]
fn no_rule_gives_what_was_not_granted() {
    let check = |word: &str, held: &[&str], want: &str| {
        let call = Call {
            needs: vec!["net:a.org".parse().unwrap()],
            held: held.iter().map(|held| held.parse().unwrap()).collect(),
            ..Call::new(json!({}))
        };
        let rules = [rule(json!({"tool": "*", "label": "untrusted", "do": word}))];
        assert_eq!(
            verdict(&rules, call, Trust::Untrusted),
            want,
            "{word} {held:?}"
        );
    };
    check("allow", &[], "deny");
    check("allow", &["net:a.org"], "allow");
    check("ask", &["net:a.org"], "ask");
    check("deny", &["net:a.org"], "deny");
}
