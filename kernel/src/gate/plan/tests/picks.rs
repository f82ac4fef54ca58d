//! Picks of many kinds of results, of several values, and one after another.

use super::*;

#[test]
fn a_pick_reads_lists_maps_texts_and_units() {
    let check = |pick: Value, result: Value, want: Option<Value>| {
        let mut fields = json!({"from": "a.b"});
        let more = pick.as_object().unwrap().clone();
        fields.as_object_mut().unwrap().extend(more);
        let pick: Pick = serde_json::from_value(fields).unwrap();
        assert_eq!(pick.of(&result), want, "{pick:?} {result}");
    };
    let rooms =
        || json!({"North": "Rating: 4.2\nPrice: $90", "South": "Rating: 4.10\nPrice: $120"});
    let max = |by: &str| json!({"how": "max", "by": by, "take": "name"});
    check(max("rating"), rooms(), Some(json!("North")));
    check(max("price"), rooms(), Some(json!("South")));
    let north = json!({"where": {"name": "north"}, "take": "price"});
    check(north, rooms(), Some(json!("$90")));
    let sizes = json!([{"id": 1, "size": "900 KB"}, {"id": 2, "size": "12 MB"}]);
    let largest = json!({"how": "max", "by": "size", "take": "id"});
    check(largest.clone(), sizes, Some(json!(2)));
    let mixed = json!([{"id": 1, "size": "9 EUR"}, {"id": 2, "size": "12 USD"}]);
    check(largest, mixed, None);
    let times = json!([{"id": 1, "at": "9:00"}, {"id": 2, "at": "10:30"}]);
    check(
        json!({"how": "max", "by": "at", "take": "id"}),
        times,
        Some(json!(2)),
    );
    let trips = json!("Line: A, Price: 200\nLine: B, Price: 1,150");
    check(
        json!({"how": "min", "by": "price", "take": "line"}),
        trips,
        Some(json!("A")),
    );
    // A value in a list, and a list of a record.
    let team = || json!([{"team": "red", "who": ["ann", "bob"]}, {"team": "blue", "who": ["cy"]}]);
    check(
        json!({"where": {"who": "Bob"}, "take": "team"}),
        team(),
        Some(json!("red")),
    );
    check(
        json!({"has": {"who": "cy"}, "take": "team"}),
        team(),
        Some(json!("blue")),
    );
    check(
        json!({"how": "all", "take": "who"}),
        team(),
        Some(json!(["ann", "bob", "cy"])),
    );
    check(
        json!({"how": "all"}),
        json!(["a", "b", "a"]),
        Some(json!(["a", "b"])),
    );
    check(
        json!({"how": "all", "take": "name"}),
        json!(["a"]),
        Some(json!(["a"])),
    );
    // One without it, none, and too many.
    check(
        json!({"how": "all", "take": "id"}),
        json!([{"id": 1}, {}]),
        None,
    );
    check(json!({"how": "all"}), json!([]), None);
    let many: Vec<usize> = (0..101).collect();
    check(json!({"how": "all"}), json!(many), None);
}

#[test]
fn an_effect_for_each_is_done_once_for_each() {
    let each = json!({"each": {"from": "team.list", "given": {"of": "red"}, "take": "mail"}});
    let effects = json!([{"tool": "mail.send", "args": {"to": each, "body": "text"}}]);
    let list = json!([{"mail": "a@x.example"}, {"mail": "b@x.example"}]);
    let read = ("team.list", json!({"of": "red"}), list.clone(), false);
    let mut progress = progress(effects, &[read]);
    // What is read later changes nothing.
    let later = json!([{"mail": "m@z.example"}]).to_string();
    progress.saw("team.list", &json!({"of": "red"}), &later, false);
    let mail = |to: Value| json!({"to": to, "body": "hello"});
    let mut send = |to: Value, want: bool| {
        let found = progress.matches("mail.send", &mail(to.clone()));
        assert_eq!(found.is_some(), want, "{to}");
        if let Some(at) = found {
            progress.use_up(at, &mail(to));
            progress.saw("mail.send", &json!({}), "\"sent\"", false);
            progress.settle();
        }
    };
    send(json!("m@z.example"), false);
    send(json!(["a@x.example", "b@x.example"]), false);
    send(json!(["b@x.example"]), true);
    send(json!("b@x.example"), false);
    send(json!("a@x.example"), true);
    send(json!("a@x.example"), false);
}

#[test]
fn a_read_may_have_arguments_that_are_picked() {
    let names =
        json!({"from": "rooms.list", "given": {"in": "Lyon"}, "how": "all", "take": "name"});
    let best = json!({"pick": {"from": "rooms.ratings", "given": {"rooms": {"pick": names}},
        "how": "max", "by": "value", "take": "name"}});
    let effects = json!([{"tool": "rooms.book", "args": {"room": best}}]);
    let list = |town: &str| ("rooms.list", json!({"in": town}), json!(["N", "S"]), false);
    let rated = |rooms: Value| {
        (
            "rooms.ratings",
            json!({"rooms": rooms}),
            json!({"N": 4.2, "S": 3.9}),
            false,
        )
    };
    let check = |reads: &[(&str, Value, Value, bool)], want: bool| {
        let progress = progress(effects.clone(), reads);
        let matches = progress.matches("rooms.book", &json!({"room": "N"}));
        assert_eq!(matches.is_some(), want, "{reads:?}");
        assert_eq!(progress.matches("rooms.book", &json!({"room": "S"})), None);
    };
    check(&[list("Lyon"), rated(json!(["S", "N"]))], true);
    check(&[list("Lyon"), rated(json!(["N"]))], false);
    check(&[list("Lyon"), rated(json!(["N", "S", "M"]))], false);
    check(&[list("Nice"), rated(json!(["N", "S"]))], false);
    check(&[rated(json!(["N", "S"]))], false);
    // Both reads are expected, the second once the first is there.
    let expects = |reads: &[(&str, Value, Value, bool)], want: (bool, bool)| {
        let progress = progress(effects.clone(), reads);
        let expects = |told| {
            let rooms = json!({"rooms": ["N", "S"]});
            let first = progress.expects("rooms.list", &json!({"in": "Lyon"}), told);
            (first, progress.expects("rooms.ratings", &rooms, told))
        };
        assert_eq!(expects(true), want, "{reads:?}");
        // Where what was picked is not to be told, the second is not.
        assert_eq!(expects(false), (want.0, false), "{reads:?}");
    };
    expects(&[], (true, false));
    expects(&[list("Lyon")], (true, true));
}

#[test]
fn each_and_picks_in_a_row_have_their_bounds() {
    let check = |effect: Value, want: &str| {
        let found = problems("Mail each of them, and share it.", json!([effect]));
        let as_wanted = found.contains(want) && found.is_empty() == want.is_empty();
        assert!(as_wanted, "{effect}: {found}");
    };
    let list = || json!({"from": "files.list", "take": "owner"});
    let mail = |to: Value, body: Value| json!({"tool": "mail.send", "args": {"to": to, "subject": "text", "body": body}});
    check(mail(json!({"each": list()}), json!("text")), "");
    check(
        mail(json!({"each": {"from": "mail.send"}}), json!("text")),
        "does not read",
    );
    check(
        mail(json!({"each": list()}), json!({"each": list()})),
        "only one argument",
    );
    let pay = json!({"tool": "bank.pay", "args": {"recipient": {"pick": list()},
        "amount": {"each": list()}, "date": {"is": "today"}}});
    check(pay, "amount may not be each");
    let password = json!({"tool": "bank.set_password", "args": {"password": {"each": list()}}});
    check(password, "has to be said");
    let nested = |inner: Value| json!({"from": "files.search", "given": {"for": {"pick": inner}}, "take": "id"});
    let delete = |pick: Value| json!({"tool": "files.delete", "args": {"id": {"pick": pick}}});
    check(delete(nested(nested(list()))), "");
    check(
        delete(nested(nested(nested(list())))),
        "too many results in a row",
    );
    check(
        delete(nested(json!({"from": "mail.send"}))),
        "does not read",
    );
    let unsaid = json!({"from": "files.list", "where": {"name": "salaries"}, "take": "id"});
    check(delete(nested(unsaid)), "did not say");
}

#[test]
fn a_read_that_is_picked_from_tells_nothing_that_was_not_said() {
    let mut readers = readers();
    readers.push(Reader {
        name: "web.find".into(),
        parameters: schema(&[
            ("words", json!({"type": "string"})),
            ("in", json!({"enum": ["news", "maps"]})),
            ("day", json!({"type": "string"})),
            ("most", json!({"type": "integer"})),
        ]),
        returns: json!({}),
    });
    let said = Said::of("Delete the file of the Blue Room.", day());
    let check = |given: Value, want: &str| {
        let pick = json!({"from": "web.find", "given": given, "take": "id"});
        let effects = json!([{"tool": "files.delete", "args": {"id": {"pick": pick}}}]);
        let (_, problems) = plan(effects).checked(&said, &targets(), &readers);
        let found = problems.join("; ");
        assert!(
            found.contains(want) && found.is_empty() == want.is_empty(),
            "{given}: {found}"
        );
    };
    check(
        json!({"words": "blue room", "in": "maps", "day": "today", "most": 100}),
        "",
    );
    check(
        json!({"words": "my diary"}),
        "words \"my diary\", which the user did not say",
    );
    check(json!({"words": ["Blue", "diary"]}), "did not say");
    check(json!({"words": "today"}), "did not say");
    check(json!({"in": "mail"}), "did not say");
    check(json!({"most": 4711}), "did not say");
    check(json!({"words": {"of": "diary"}}), "did not say");
}

#[test]
fn what_was_free_is_not_what_was_made() {
    let made = |take: &str| {
        json!([
            {"tool": "files.create", "args": {"filename": {"is": "a.txt"}, "content": "text"}},
            {"tool": "files.delete", "args": {"id": {"created": {"by": "files.create", "take": take}}}},
        ])
    };
    let found = problems("Make a.txt, and delete it", made("file.content"));
    assert!(
        found.contains("is the content of files.create, which may be any text"),
        "{found}"
    );
    let found = problems("Make a.txt, and delete it", made("Content"));
    assert!(found.contains("may be any text"), "{found}");
    assert_eq!(problems("Make a.txt, and delete it", made("id")), "");
    let check = |take: &str, content: &str, result: Value, id: &str, want: bool| {
        let mut progress = progress(made(take), &[]);
        let create = json!({"filename": "a.txt", "content": content});
        let at = progress
            .matches("files.create", &create)
            .expect("it is planned");
        progress.use_up(at, &create);
        progress.saw("files.create", &create, &result.to_string(), false);
        progress.settle();
        let found = progress.matches("files.delete", &json!({ "id": id }));
        assert_eq!(found.is_some(), want, "{take} {content} {result}");
    };
    let result = json!({"id": "26", "body": "13"});
    check("id", "13", result.clone(), "26", true);
    // Another field repeats what was free.
    check("body", "13", result.clone(), "13", false);
    check("body", "12", result, "13", true);
    check("", "words", json!("26"), "26", true);
    check("", "13", json!("13"), "13", false);
    check("", "${page:s1}", json!("13"), "13", false);
    // One word of it too, where it was a part of the text.
    let quotes = || json!({"id": "26", "first": "13"});
    check("first", "13 is what I want", quotes(), "13", false);
    check("first", "words", quotes(), "13", true);
}

#[test]
fn records_are_found_within_bounds_and_among_others() {
    let check = |more: Value, want: Option<&str>| {
        let mut fields = json!({"from": "a.b", "take": "name"});
        fields
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let pick: Pick = serde_json::from_value(fields).unwrap();
        let rooms = json!([
            {"name": "N", "price": "$90", "from": "2024-05-10"},
            {"name": "S", "price": "$120", "from": "2024-06-01"},
            {"name": "W", "price": "on request"},
        ]);
        assert_eq!(pick.of(&rooms), want.map(Value::from), "{pick:?}");
    };
    check(json!({"at_most": {"price": 100}}), Some("N"));
    check(json!({"at_least": {"price": 100}}), Some("S"));
    check(json!({"at_least": {"price": "$120"}}), Some("S"));
    check(json!({"at_least": {"price": 90}}), None);
    check(json!({"at_most": {"price": "100 EUR"}}), None);
    check(json!({"at_least": {"from": "2024-05-20"}}), Some("S"));
    check(json!({"where": {"name": ["W", "x"]}}), Some("W"));
    // Of those within a bound of one result, the best of another one.
    let cheap =
        json!({"from": "rooms.prices", "at_most": {"price": 100}, "how": "all", "take": "name"});
    let best = json!({"pick": {"from": "rooms.ratings", "where": {"name": {"pick": cheap}},
        "how": "max", "by": "rating", "take": "name"}});
    let effects = json!([{"tool": "files.delete", "args": {"id": best}}]);
    let none = || json!({});
    let prices = json!([{"name": "N", "price": 90}, {"name": "E", "price": 80}, {"name": "S", "price": 120}]);
    let ratings =
        json!([{"name": "N", "rating": 4}, {"name": "E", "rating": 3}, {"name": "S", "rating": 5}]);
    let check = |reads: &[(&str, Value, Value, bool)], id: &str, want: bool| {
        let progress = progress(effects.clone(), reads);
        let found = progress.matches("files.delete", &json!({ "id": id }));
        assert_eq!(found.is_some(), want, "{id} {reads:?}");
    };
    let both = [
        ("rooms.prices", none(), prices, false),
        ("rooms.ratings", none(), ratings, false),
    ];
    check(&both, "N", true);
    check(&both, "S", false);
    check(&both[1..], "S", false);
    // Bounds are what the user said.
    let found = |bound: Value| {
        let pick = json!({"from": "files.list", "at_most": {"size": bound}, "take": "id"});
        problems(
            "Delete the file under 200",
            json!([{"tool": "files.delete", "args": {"id": {"pick": pick}}}]),
        )
    };
    assert_eq!(found(json!(200)), "");
    assert!(found(json!(300)).contains("which the user did not say"));
}
