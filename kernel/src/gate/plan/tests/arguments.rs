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
