//! Plans against what a process may try.

mod arguments;
mod picks;

use serde_json::json;

use super::*;

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 5, 15).unwrap()
}

fn plan(effects: Value) -> Plan {
    Plan {
        effects: serde_json::from_value(effects).unwrap(),
        made_on: day(),
        approved: false,
    }
}

/// The schema of an object with these fields, all required.
fn schema(fields: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> = fields
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({"type": "object", "properties": properties, "required": names})
}

fn targets() -> Vec<Target> {
    let text = || json!({"type": "string"});
    let list = json!({"type": "array", "items": {"type": "string"}});
    let target = |name: &str, args: &[(&str, Value)]| Target {
        name: name.into(),
        parameters: schema(args),
    };
    vec![
        target(
            "mail.send",
            &[("to", list), ("subject", text()), ("body", text())],
        ),
        target(
            "bank.pay",
            &[
                ("recipient", text()),
                ("amount", json!({"type": "number"})),
                ("date", text()),
            ],
        ),
        target("bank.set_password", &[("password", text())]),
        target("files.delete", &[("id", text())]),
        target("files.create", &[("filename", text()), ("content", text())]),
        target(
            "files.share",
            &[
                ("id", text()),
                ("with", text()),
                ("right", json!({"enum": ["r", "rw"]})),
            ],
        ),
        target("notes.delete", &[("title", text())]),
    ]
}

fn readers() -> Vec<Reader> {
    let reader = |name: &str| Reader {
        name: name.into(),
        parameters: schema(&[]),
        returns: json!({}),
    };
    ["files.list", "files.search", "bank.history"]
        .map(reader)
        .into()
}

/// Which of the effects may stand, as a list of problems: empty where all may.
fn problems(words: &str, effects: Value) -> String {
    let said = Said::of(words, day());
    let (_, problems) = plan(effects).checked(&said, &targets(), &readers());
    problems.join("; ")
}

#[test]
fn what_the_user_did_not_say_is_not_planned() {
    let check = |words: &str, effect: Value, want: &str| {
        let found = problems(words, json!([effect]));
        assert!(
            found.contains(want) && found.is_empty() == want.is_empty(),
            "{effect}: {found}"
        );
    };
    let mail = |to: Value, subject: Value| json!({"tool": "mail.send", "args": {"to": to, "subject": subject, "body": "text"}});
    let words = "Mail bob@a.example the minutes, and eve@b.example.org too.";
    check(
        words,
        mail(json!({"is": ["bob@a.example"]}), json!("text")),
        "",
    );
    check(
        words,
        mail(json!({"is": ["eve@b.example"]}), json!("text")),
        "did not say",
    );
    check(
        words,
        mail(json!({"is": ["mal@c.example"]}), json!("text")),
        "did not say",
    );
    check(
        words,
        mail(json!("text"), json!("text")),
        "to may not be any text",
    );
    check(
        words,
        mail(json!({"one_of": []}), json!("text")),
        "nothing to choose from",
    );
    let without = json!({"tool": "mail.send", "args": {"to": {"is": ["bob@a.example"]}}});
    check(words, without, "the argument subject is missing");
    let other = json!({"tool": "mail.forward", "args": {}});
    check(words, other, "may be planned");
    let with =
        json!({"tool": "files.delete", "args": {"id": {"is": "Mail"}, "force": {"is": true}}});
    check(words, with, "no argument force");

    let pay = |recipient: Value, amount: Value, date: &str| {
        json!({"tool": "bank.pay",
            "args": {"recipient": recipient, "amount": amount, "date": {"is": date}}})
    };
    let words = "Pay 12.50 to DE89 3704 on May 20th, or what the last bill says.";
    let to = || json!({"is": "DE89 3704"});
    check(words, pay(to(), json!({"is": 12.5}), "2024-05-20"), "");
    check(words, pay(to(), json!({"is": 12.5}), "today"), "");
    check(
        words,
        pay(to(), json!({"is": 125}), "2024-05-20"),
        "did not say",
    );
    check(
        words,
        pay(to(), json!({"is": 12.5}), "2024-05-21"),
        "did not say",
    );
    check(
        words,
        pay(json!({"is": "today"}), json!({"is": 12.5}), "today"),
        "did not say",
    );
    let last = json!({"pick": {"from": "bank.history", "how": "last", "take": "amount"}});
    check(words, pay(to(), last, "today"), "");
    let most = json!({"at_most": {"from": "bank.pay", "take": "amount"}});
    check(words, pay(to(), most, "today"), "which does not read");
    let by =
        json!({"at_most": {"from": "bank.history", "has": {"note": "BILL"}, "take": "amount"}});
    check(words, pay(to(), by, "today"), "");
    let by =
        json!({"at_most": {"from": "bank.history", "where": {"note": "rent"}, "take": "amount"}});
    check(words, pay(to(), by, "today"), "picked by \"rent\"");
    let any = json!({"at_most": {"from": "bank.history", "take": "recipient"}});
    check(
        words,
        pay(any, json!({"is": 12.5}), "today"),
        "is no amount",
    );

    let password = |slot: Value| json!({"tool": "bank.set_password", "args": {"password": slot}});
    check("Set it to 'x1-y2'.", password(json!({"is": "x1-y2"})), "");
    check("Set it to 'x1-y2'.", password(json!("text")), "any text");
    let pick = json!({"pick": {"from": "bank.history"}});
    check("Set it.", password(pick), "has to be said by the user");

    let share = |right: &str| {
        json!({"tool": "files.share", "args": {"id": {"created": {"by": "files.create", "take": "id"}},
            "with": {"is": "bob@a.example"}, "right": {"is": right}}})
    };
    check(
        "Share it with bob@a.example",
        share("r"),
        "not planned before",
    );
    let title = json!({"tool": "notes.delete", "args": {"title": "text"}});
    check("Delete my note", title, "title may not be any text");
}

#[test]
fn a_plan_is_of_bounded_length() {
    let one = json!({"tool": "files.create", "args": {"filename": {"is": "a"}, "content": "text"}});
    let said = Said::of("Make a, often", day());
    let many = plan(Value::Array(vec![one; 20]));
    let (kept, problems) = many.checked(&said, &targets(), &readers());
    assert_eq!(
        (kept.effects.len(), problems.len()),
        (EFFECTS_MAX, 20 - EFFECTS_MAX)
    );
}

/// A process with `effects` planned that has seen `reads`, each a tool, its arguments, its
/// result, and whether the call was decided before anything untrusted was read.
fn progress(effects: Value, reads: &[(&str, Value, Value, bool)]) -> Progress {
    let mut progress = Progress::of(Some(plan(effects)));
    for (tool, args, result, before) in reads {
        progress.saw(tool, args, &result.to_string(), *before);
    }
    progress
}

#[test]
fn a_call_matches_what_was_planned_and_nothing_else() {
    let check = |effect: Value, calls: &[(Value, bool)]| {
        let progress = progress(json!([{"tool": "a.b", "args": effect}]), &[]);
        for (args, want) in calls {
            let found = progress.matches("a.b", args).is_some();
            assert_eq!(found, *want, "{effect}: {args}");
            assert_eq!(progress.matches("a.c", args), None);
        }
    };
    check(
        json!({"to": {"is": ["x", "y"]}, "body": "text"}),
        &[
            (json!({"to": ["y", "x"], "body": "anything"}), true),
            (json!({"to": ["x", "y"]}), true),
            (
                json!({"to": ["x", "y"], "body": {"text": "hi", "to": "z"}}),
                false,
            ),
            (json!({"to": ["x", "y"], "body": ["hi", "z"]}), false),
            (json!({"to": ["x", "y"], "bcc": null}), true),
            (json!({"to": ["x", "y"], "cc": []}), false),
            (json!({"to": ["x"], "body": ""}), false),
            (json!({"to": ["x", "y", "z"], "body": ""}), false),
            (json!({"to": ["x", "y"], "cc": ["z"]}), false),
            (json!({"body": "anything"}), false),
            (json!([]), false),
        ],
    );
    check(
        json!({"at": {"one_of": ["2024-05-19 10:00", "2024-05-19 16:00"]}}),
        &[
            (json!({"at": "2024-05-19 16:00"}), true),
            (json!({"at": "2024-05-19T10:00:00"}), true),
            (json!({"at": "2024-05-19 12:00"}), false),
            (json!({"at": "2024-05-20 10:00"}), false),
        ],
    );
    check(
        json!({"at": {"is": "today"}, "n": {"is": 2}, "cc": {"is": null}}),
        &[
            (json!({"at": "2024-05-15", "n": 2.0}), true),
            (json!({"at": "2024-05-16", "n": 2}), false),
            (json!({"at": "2024-05-15", "n": 3}), false),
            (json!({"at": "2024-05-15", "n": 2, "cc": "x"}), false),
        ],
    );
}

#[test]
fn a_pick_is_made_by_the_kernel() {
    let files = json!([
        {"id": "3", "name": "Plan.docx", "size": 10, "owner": {"mail": "a@x.example"}},
        {"id": "7", "name": "list", "size": 40, "owner": {"mail": "b@x.example"}},
        {"id": "9", "name": "list two", "size": "40"},
    ]);
    let check = |pick: Value, result: &Value, want: Option<Value>| {
        let pick: Pick = serde_json::from_value(pick).unwrap();
        assert_eq!(pick.of(result), want, "{pick:?}");
    };
    let from = |more: Value| {
        let mut pick = json!({"from": "files.list", "take": "id"});
        let fields = pick.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        pick
    };
    check(
        from(json!({"where": {"name": "plan.docx"}})),
        &files,
        Some(json!("3")),
    );
    check(from(json!({"where": {"name": "plan"}})), &files, None);
    check(from(json!({"has": {"name": "LIST"}})), &files, None);
    check(
        from(json!({"has": {"name": "LIST"}, "how": "first"})),
        &files,
        Some(json!("7")),
    );
    check(from(json!({"how": "last"})), &files, Some(json!("9")));
    check(from(json!({})), &files, None);
    check(
        from(json!({"where": {"size": 10}, "take": "owner.mail"})),
        &files,
        Some(json!("a@x.example")),
    );
    // A number in a text is that number, so that two files are the largest.
    check(from(json!({"how": "max", "by": "size"})), &files, None);
    let numbers = json!({"files": [{"id": 1, "size": 3}, {"id": 2, "size": 8}, {"id": 3, "size": 3}], "n": 3});
    check(
        from(json!({"how": "max", "by": "size"})),
        &numbers,
        Some(json!(2)),
    );
    check(from(json!({"how": "min", "by": "size"})), &numbers, None);
    check(
        from(json!({})),
        &json!({"id": "the one"}),
        Some(json!("the one")),
    );
    check(from(json!({})), &json!({"id": ""}), None);
    check(from(json!({})), &json!("id: 7"), Some(json!("7")));
    check(from(json!({})), &json!("no fields"), None);
    check(
        from(json!({"how": "max", "by": "size"})),
        &json!([{"id": 1}]),
        None,
    );
}

#[test]
fn a_read_chosen_by_a_stranger_counts_only_as_planned() {
    let largest = json!({"pick": {"from": "files.list", "how": "max", "by": "size", "take": "id"}});
    let found = json!({"pick": {"from": "files.search", "given": {"for": "plan"}, "take": "id"}});
    let any = json!({"pick": {"from": "files.search", "take": "id"}});
    let list = |id: &str| json!([{"id": id, "size": 4}]);
    let none = || json!({});
    let check = |slot: &Value, reads: &[(&str, Value, Value, bool)], id: &str, want: bool| {
        let effects = json!([{"tool": "files.delete", "args": {"id": slot}}]);
        let progress = progress(effects, reads);
        let matches = progress.matches("files.delete", &json!({"id": id}));
        assert_eq!(matches.is_some(), want, "{slot}: {reads:?}");
    };
    check(
        &largest,
        &[("files.list", none(), list("7"), false)],
        "7",
        true,
    );
    check(
        &largest,
        &[("files.list", json!({"in": "x"}), list("7"), false)],
        "7",
        false,
    );
    check(
        &largest,
        &[("files.list", json!({"in": "x"}), list("7"), true)],
        "7",
        true,
    );
    check(
        &largest,
        &[("files.list", none(), list("7"), false)],
        "8",
        false,
    );
    check(&largest, &[], "7", false);
    // The first one counts, whatever is read later.
    let twice = [
        ("files.list", none(), list("7"), true),
        ("files.list", none(), list("8"), false),
    ];
    check(&largest, &twice, "7", true);
    check(&largest, &twice, "8", false);
    // Also where two of it are the largest; one without a file is none.
    let many = json!([{"id": "7", "size": 4}, {"id": "9", "size": 4}]);
    let after = |first: Value| {
        [
            ("files.list", none(), first, true),
            ("files.list", none(), list("8"), false),
        ]
    };
    check(&largest, &after(many), "8", false);
    check(&largest, &after(json!([])), "8", true);
    let search = |what: &str, before| ("files.search", json!({"for": what}), list("7"), before);
    check(&found, &[search("plan", false)], "7", true);
    check(&found, &[search("salaries", false)], "7", false);
    // A call that nobody else had a hand in may have other words than the plan.
    check(&found, &[search("salaries", true)], "7", true);
    check(
        &found,
        &[search("salaries", true), search("bonus", true)],
        "7",
        false,
    );
    let more = (
        "files.search",
        json!({"for": "plan", "in": "trash"}),
        list("7"),
        false,
    );
    check(&found, &[more], "7", false);
    check(&any, &[search("salaries", false)], "7", false);
    check(&any, &[search("salaries", true)], "7", true);
    check(&any, &[("web.search", none(), list("7"), true)], "7", false);
}

#[test]
fn a_read_with_the_arguments_of_the_plan_is_expected() {
    let pick = json!({"at_most": {"from": "files.search", "given": {"for": "plan"}, "take": "n"}});
    let progress = progress(json!([{"tool": "bank.pay", "args": {"amount": pick}}]), &[]);
    let check = |tool: &str, args: Value, want: bool| {
        for told in [true, false] {
            let expects = progress.expects(tool, &args, told);
            assert_eq!(expects, want, "{tool} {args}");
        }
    };
    check("files.search", json!({"for": "plan"}), true);
    check("files.search", json!({"for": "plan", "in": null}), true);
    check("files.search", json!({"for": "plan", "in": "trash"}), false);
    check("files.search", json!({"for": "salaries"}), false);
    check("files.search", json!({}), false);
    check("files.list", json!({"for": "plan"}), false);
}

#[test]
fn an_amount_stays_within_its_bound() {
    let bound = json!({"at_most": {"from": "bank.history", "how": "last", "take": "amount"}});
    let effects = json!([{"tool": "bank.pay", "args": {"amount": bound}}]);
    let history = json!([{"amount": 7}, {"amount": 50.0}]);
    let progress = progress(effects, &[("bank.history", json!({}), history, false)]);
    for (amount, want) in [
        (5.0, true),
        (50.0, true),
        (50.01, false),
        (0.0, false),
        (-4.0, false),
    ] {
        let found = progress.matches("bank.pay", &json!({"amount": amount}));
        assert_eq!(found.is_some(), want, "{amount}");
    }
    assert_eq!(progress.matches("bank.pay", &json!({"amount": "5"})), None);
}

#[test]
fn an_effect_is_used_up_and_what_it_made_may_be_used() {
    let effects = json!([
        {"tool": "files.create", "args": {"filename": {"is": "a.txt"}, "content": "text"}},
        {"tool": "files.share", "args": {"id": {"created": {"by": "files.create", "take": "id"}}}},
        {"tool": "files.create", "args": {"filename": {"is": "a.txt"}, "content": "text"}},
    ]);
    let mut progress = progress(effects, &[]);
    let create = json!({"filename": "a.txt", "content": "words"});
    let share = |id: &str| json!({ "id": id });
    assert_eq!(progress.matches("files.share", &share("26")), None);
    assert_eq!(progress.matches("files.create", &create), Some(0));
    progress.use_up(0, &create);
    progress.saw("files.create", &create, r#"{"id": "26"}"#, false);
    progress.settle();
    assert_eq!(progress.matches("files.share", &share("13")), None);
    assert_eq!(progress.matches("files.share", &share("26")), Some(1));
    assert_eq!(progress.matches("files.create", &create), Some(2));
    progress.use_up(2, &create);
    progress.settle();
    assert_eq!(progress.matches("files.create", &create), None);
}

#[test]
fn a_plan_is_told_in_words_and_kept_as_json() {
    let effects = json!([
        {"tool": "files.delete", "args": {"id": {"pick": {"from": "files.list", "how": "max",
            "by": "size", "take": "id"}}}},
        {"tool": "bank.pay", "args": {"amount": {"at_most": {"from": "bank.history",
            "given": {"n": 9}, "where": {"to": "Ann"}, "has": {"note": "rent"}, "how": "last",
            "take": "amount"}}, "date": {"is": "today"}, "note": "text"}},
        {"tool": "files.share", "args": {"id": {"created": {"by": "files.create", "take": "id"}},
            "right": {"one_of": ["r", "rw"]}}},
        {"tool": "mail.send", "args": {"to": {"each": {"from": "team.list",
            "given": {"of": {"pick": {"from": "team.find", "how": "first", "take": "id"}}},
            "how": "only", "take": "mail"}}}},
    ]);
    let plan = plan(effects.clone());
    let kept = serde_json::to_value(&plan).unwrap();
    assert_eq!(kept["effects"], effects);
    assert_eq!(kept["made_on"], "2024-05-15");
    assert_eq!(serde_json::from_value::<Plan>(kept).unwrap(), plan);
    insta::assert_snapshot!(plan.told().join("\n"), @r#"
    files.delete: id is the id of the entry of files.list with the greatest size
    bank.pay: amount is at most the amount of the last entry of bank.history (n 9) with to "Ann" and "rent" in note, date is "today", note is any text
    files.share: id is id of what files.create made, right is "r" or "rw"
    mail.send: to is each of the mail of all entries of team.list (of the id of the first entry of team.find)
    "#);
}
