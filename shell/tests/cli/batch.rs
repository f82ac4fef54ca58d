//! `quipu batch`: where its results go, and what the log says of a run that was cut short.

use crate::sandbox::{ADD, DONE, Sandbox};

const TASK: &str = "{\"id\":1,\"prompt\":\"a\"}\n";

#[test]
fn results_take_the_place_of_nothing_before_they_are_there() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let tasks = sandbox.write("tasks.jsonl", TASK);
    let results = sandbox.write("results", "of yesterday");
    let read = |path| std::fs::read_to_string(path).unwrap();

    let onto_tasks = ["batch", "tasks.jsonl", "--out", "./tasks.jsonl"];
    sandbox
        .quipu(&[&onto_tasks[..], &["--cpu", &cpu]].concat())
        .check(2, &["is the file of the tasks"]);
    assert_eq!(read(&tasks), TASK);

    let batch = ["batch", "tasks.jsonl", "--out", "results", "--cpu"];
    sandbox
        .quipu(&[&batch[..], &["script:nowhere"]].concat())
        .check(2, &["nowhere"]);
    assert_eq!(read(&results), "of yesterday");
    sandbox.quipu(&[&batch[..], &[&cpu]].concat()).check(0, &[]);
    assert!(read(&results).contains("\"answer\":\"done\""));
}

#[test]
fn a_task_is_an_object() {
    let sandbox = Sandbox::new();
    sandbox.write("tasks.jsonl", "[1,\"a\",null,0]\n");
    sandbox
        .quipu(&["batch", "tasks.jsonl"])
        .check(2, &["line 1: not a JSON object"]);
}

#[test]
fn the_log_names_the_limit_that_cut_a_run_short() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[ADD, ADD, ADD, DONE]);
    sandbox.quipu(&["run", "--cpu", &cpu, "task"]).check(3, &[]);
    let log = sandbox.quipu(&["log", "1"]);
    assert!(log.out.ends_with("limit (loop): \"done\"\n"), "{log:#?}");
}
