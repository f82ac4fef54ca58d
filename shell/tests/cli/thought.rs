//! `--think` on a script: what is told of the branches, and what is not.

use serde_json::Value;

use crate::sandbox::Sandbox;

#[test]
fn the_branches_of_a_task_are_in_its_log() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[r#"{"answer":"12"}"#]);
    let task = "How many apples are there?";
    let said = sandbox.quipu(&[
        "run", task, "--think", "3", "--cpu", &cpu, "--format", "json",
    ]);
    said.check(0, &[]);
    let report = said.json();
    assert_eq!(report["answer"], "12");
    // Nobody has measured what agreement is worth on a script.
    assert_eq!(report["confidence"], Value::Null);
    let log = sandbox.quipu(&["log", &report["pid"].to_string()]);
    log.check(0, &[]);
    let (_, branches) = log.out.split_once("other branches:").expect("branches");
    // Once one agrees, whichever it is, the other need not come to its end.
    assert!(branches.contains("\n  = "), "{log:#?}");
}
