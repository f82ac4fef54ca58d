//! Arguments that were not planned.

use super::*;

#[test]
fn an_empty_argument_says_nothing_only_where_something_is_made() {
    let check = |tool: &str, guests: Value, want: bool| {
        let effects = json!([{"tool": tool, "args": {"id": {"is": "7"}}}]);
        let args = json!({"id": "7", "guests": guests});
        let found = progress(effects, &[]).matches(tool, &args);
        assert_eq!(found.is_some(), want, "{tool} {args}");
    };
    for (tool, makes) in [
        ("cal.create_event", true),
        ("mail.send", true),
        ("cal.update_event", false),
        ("cal.setGuests", false),
    ] {
        check(tool, json!([]), makes);
        check(tool, json!(""), makes);
        check(tool, Value::Null, true);
        check(tool, json!(["eve"]), false);
    }
}

#[test]
fn an_argument_that_was_planned_to_be_nothing_empties_nothing() {
    let check = |tool: &str, planned: Value, given: Value, want: bool| {
        let effects = json!([{"tool": tool, "args": {"guests": planned}}]);
        let args = json!({"guests": given});
        let found = progress(effects, &[]).matches(tool, &args);
        assert_eq!(found.is_some(), want, "{tool} {args}");
    };
    let (makes, changes) = ("cal.create_event", "cal.update_event");
    let none = json!({"is": null});
    for empty in [json!([]), json!("")] {
        check(makes, none.clone(), empty.clone(), true);
        check(changes, none.clone(), empty.clone(), false);
        // The user said that it is to be empty.
        check(changes, json!({"is": empty}), empty, true);
    }
    check(changes, none, Value::Null, true);
    check(changes, json!("text"), json!(""), true);
    check(changes, json!("text"), json!([]), false);
}

#[test]
fn a_list_has_each_member_as_often_as_it_was_planned() {
    let check = |planned: Value, given: Value, want: bool| {
        let effects = json!([{"tool": "a.b", "args": {"to": {"is": planned}}}]);
        let found = progress(effects, &[]).matches("a.b", &json!({"to": given}));
        assert_eq!(found.is_some(), want, "{planned} {given}");
    };
    check(json!(["a", "a", "b"]), json!(["b", "a", "a"]), true);
    check(json!(["a", "a", "b"]), json!(["a", "b", "b"]), false);
    check(json!(["a", "b"]), json!(["a", "a", "b"]), false);
    check(json!(["a", "a"]), json!(["a"]), false);
    // Also within what the list has, and of members that are written otherwise.
    let pair = |x: Value, y: Value| json!([{"who": x}, {"who": y}]);
    let (ab, aab) = (json!(["a", "b", "b"]), json!(["a", "a", "b"]));
    check(
        pair(ab.clone(), json!(1)),
        pair(json!(1.0), json!(["b", "b", "a"])),
        true,
    );
    check(pair(ab, json!(1)), pair(json!(1), aab), false);
    check(json!([1, 1.0, 2]), json!([2, 1, 1]), true);
    check(json!([1, 1.0, 2]), json!([2, 2, 1]), false);
}
