//! Which tasks have parts, and how these are ticked off.

use super::*;
use serde_json::json;

#[track_caller]
fn check(task: &str, want: &[&str]) {
    let parts = Parts::of(task);
    let lines: Vec<String> = parts.iter().flat_map(|parts| parts.lines()).collect();
    assert_eq!(lines, want, "{task}");
}

#[test]
fn a_task_of_several_parts_has_a_list() {
    check(
        "Look up the height of the tower, then convert it to feet and remember both.",
        &[
            "[ ] Look up the height of the tower",
            "[ ] convert it to feet",
            "[ ] remember both",
        ],
    );
    check(
        "Please do this:\n1. Read http://a.test/x\n2. Count the entries\n3. Tell me how many",
        &[
            "[ ] Read http://a.test/x",
            "[ ] Count the entries",
            "[ ] Tell me how many",
        ],
    );
    check(
        "先查一下门票价格，再算算五个人多少钱，最后记下来。",
        &["[ ] 先查一下门票价格", "[ ] 算算五个人多少钱", "[ ] 记下来"],
    );
}

#[test]
fn a_simple_task_has_none() {
    check("What is 12 times 30?", &[]);
    check("Open http://a.test and tell me the price.", &[]);
    check("Write a poem about bread and butter.", &[]);
    check("Send \"read the book and write a report\" to Ann.", &[]);
    check(
        "Ann picks 12 pears and gives 3 away, then she buys 4 more and sells 2. How many \
         pears does Ann have?",
        &[],
    );
    check("", &[]);
}

#[test]
fn parts_are_ticked_off() {
    let task = "Read http://a.test/wool, work out what 17 balls cost, and remember the total.";
    let mut parts = Parts::of(task).unwrap();
    let mut saw = |tool: &str, args: Value, ok, result: &str| {
        let n = parts.all().iter().filter(|part| !part.is_left()).count() as u32 + 1;
        parts.saw(n, &json!({"tool": tool, "args": args}), ok, result);
        let lines: Vec<String> = parts.lines().collect();
        (lines.join("\n"), parts.left().len())
    };
    let (lines, left) = saw(
        "browser.fetch",
        json!({"url": "http://a.test/wol"}),
        false,
        "404",
    );
    assert_eq!(left, 3);
    assert!(
        lines.starts_with("[!] Read http://a.test/wool (404)\n"),
        "{lines}"
    );
    saw(
        "browser.fetch",
        json!({"url": "http://a.test/wool"}),
        true,
        "a ball is 4.50",
    );
    saw(
        "memory.put",
        json!({"text": "17 balls cost 76.50"}),
        true,
        "kept",
    );
    let (lines, left) = saw(
        "calculator.calculate",
        json!({"expression": "17*4.5"}),
        true,
        "76.5",
    );
    assert_eq!(left, 0, "{lines}");
    insta::assert_snapshot!(lines, @r"
    [x] Read http://a.test/wool (step 1)
    [x] work out what 17 balls cost (step 3)
    [x] remember the total (step 2)
    ");
}
