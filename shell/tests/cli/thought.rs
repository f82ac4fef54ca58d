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

#[test]
fn an_agent_says_how_much_thought_its_tasks_get() {
    let sandbox = Sandbox::new();
    let check = |think: &str, told: &str, want: Value| {
        sandbox.write("careful.toml", format!("think = {think}\n"));
        let show = ["agent", "show", "careful.toml"];
        let said = sandbox.quipu(&show);
        said.check(0, &[]);
        assert!(said.out.contains(told), "{said:#?}");
        let described = sandbox.quipu(&[&show[..], &["--json"]].concat()).json();
        assert_eq!(described["think"], want, "{described}");
    };
    let several = "thought: each task is thought about along 3 branches\n";
    check("3", several, 3.into());
    check("'auto'", "until two ways agree\n", "auto".into());
}

#[test]
fn a_process_that_goes_on_has_no_other_branches() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[r#"{"answer":"12"}"#]);
    sandbox.quipu(&["run", "task", "--cpu", &cpu]).check(0, &[]);
    for option in [["--think", "3"], ["--recall", "0"]] {
        let fork = ["run", "--fork", "1", "--cpu", &cpu];
        let said = sandbox.quipu(&[&fork[..], &option[..]].concat());
        said.check(2, &["hint: a process goes on as it began"]);
    }
}
