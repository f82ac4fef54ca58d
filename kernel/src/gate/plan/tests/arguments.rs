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
