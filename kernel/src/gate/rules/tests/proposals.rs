//! The rule that a person is shown beside an approval.

use quipu_tools::Role;

use super::*;

#[test]
fn what_a_person_agrees_to() {
    let check = |args: Value, trust: Trust, want: &str, others: &[(Value, bool)]| {
        let call = |args: Value| Call {
            roles: [
                ("text".to_owned(), Role::Content),
                ("sum".to_owned(), Role::Amount),
            ]
            .into(),
            ..Call::new(args)
        };
        let rules = Rules::default();
        let label = Label::new("web", trust);
        let proposed = rules.propose(&call(args).request(), &label);
        let text = proposed.as_ref().map(Rule::to_string).unwrap_or_default();
        assert_eq!(text.replace("[[rule]]\ntool = \"mail.send\"\n", ""), want);
        for (args, holds) in others {
            let held = proposed
                .as_ref()
                .is_some_and(|rule| rules.holds(rule, &call(args.clone()).request(), &label));
            assert_eq!(held, *holds, "{args}");
        }
    };
    let hello = json!({"to": "x@a.org", "text": "Hello", "cc": []});
    check(
        hello.clone(),
        Trust::User,
        "args.to = \"x@a.org\"\ndo = \"allow\"\n",
        &[
            (hello, true),
            (json!({"to": "x@a.org", "text": "Bye"}), true),
            (
                json!({"to": "x@a.org", "text": "Hello", "cc": ["y@b.org"]}),
                false,
            ),
            (json!({"to": "y@b.org", "text": "Hello"}), false),
            (json!({"text": "Hello"}), false),
        ],
    );
    check(
        json!({"text": "Hello"}),
        Trust::Untrusted,
        "args = {}\nlabel = \"untrusted\"\ndo = \"allow\"\n",
        &[
            (json!({"text": "Bye"}), true),
            (json!({"text": "Bye", "to": "y"}), false),
        ],
    );
    check(
        json!({"sum": 12.5, "to": ["a*", "\u{202e}b\n"]}),
        Trust::User,
        "args.sum = { at_most = 12.5 }\nargs.to = [\"a\\\\*\", \"\\U0000202Eb\\U0000000A\"]\n\
         do = \"allow\"\n",
        &[
            (json!({"sum": 3, "to": ["a*"]}), true),
            (json!({"sum": 13, "to": ["a*"]}), false),
            (json!({"sum": 3, "to": ["ab"]}), false),
        ],
    );
    let many: Vec<u32> = (0..100).collect();
    check(json!({ "ids": many }), Trust::User, "", &[]);
}
