//! `quipu batch`: where its results go, and what the log says of a run that was cut short.

use crate::sandbox::{self, DONE, Sandbox};

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
fn what_is_left_of_a_batch_is_done_without_what_is_there() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let tasks: String = (1..=4)
        .map(|id| format!("{{\"id\":{id},\"prompt\":\"a\"}}\n"))
        .collect();
    sandbox.write("tasks.jsonl", &tasks);
    let batch = ["batch", "tasks.jsonl", "--out", "results", "--cpu", &cpu];
    let resume = [&batch[..], &["--resume"]].concat();
    let read = || std::fs::read_to_string(sandbox.path().join("results")).unwrap();

    // The first is done, as is what somebody killed; the second was interrupted, the third cut
    // off while it was written.
    let done = "{\"id\":1,\"status\":\"interrupted\",\"error\":\"killed\"}\n";
    let cut = "{\"id\":2,\"status\":\"interrupted\"}\n{\"id\":3,\"sta";
    sandbox.write("results", format!("{done}{cut}"));
    sandbox
        .quipu(&resume)
        .check(0, &["1 of 4 tasks already done"]);
    let results = read();
    assert!(results.starts_with(done), "{results}");
    let ids: Vec<_> = results.lines().map(|line| &line[..8]).collect();
    assert_eq!(ids.len(), 4, "{results}");
    for id in 2..=4 {
        assert!(ids.contains(&&*format!("{{\"id\":{id},")), "{results}");
    }

    // Then there is nothing left, and nothing changes.
    sandbox
        .quipu(&resume)
        .check(0, &["4 of 4 tasks already done"]);
    assert_eq!(read(), results);

    // A file of something else is not touched.
    sandbox.write("results", "of yesterday\nand today\n");
    sandbox
        .quipu(&resume)
        .check(2, &["results, line 1: not a result of a batch"]);
    assert_eq!(read(), "of yesterday\nand today\n");
}

#[test]
fn results_that_nobody_reads_are_not_called_done() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    sandbox.write("tasks.jsonl", TASK);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut batch = sandbox.command(&["batch", "tasks.jsonl", "--cpu", &cpu]);
    let output = batch.stdout(writer).stderr(std::process::Stdio::piped());
    let said = output.spawn().unwrap().wait_with_output().unwrap();
    sandbox::Said::from(said).check(
        1,
        &["nobody reads the results any more", "--resume then does"],
    );
}

#[test]
fn the_file_of_the_tasks_is_kept_under_every_name() {
    let sandbox = Sandbox::new();
    let tasks = sandbox.write("tasks.jsonl", TASK);
    std::fs::hard_link(&tasks, sandbox.path().join("other.jsonl")).unwrap();
    sandbox
        .quipu(&["batch", "tasks.jsonl", "--out", "other.jsonl"])
        .check(2, &["is the file of the tasks"]);
    assert_eq!(std::fs::read_to_string(tasks).unwrap(), TASK);
}

#[test]
fn a_task_with_a_wrong_agent_or_a_known_id_is_named() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    // As some editors begin a file.
    sandbox.write("tasks.jsonl", format!("\u{feff}{TASK}{TASK}"));
    sandbox
        .quipu(&["batch", "tasks.jsonl", "--cpu", &cpu])
        .check(0, &["tasks.jsonl, line 2: line 1 has the id 1 too"]);
    sandbox.write(
        "tasks.jsonl",
        "{\"id\":1,\"prompt\":\"a\",\"agent\":\"nowhere.toml\"}\n",
    );
    sandbox
        .quipu(&["batch", "tasks.jsonl", "--cpu", &cpu])
        .check(2, &["tasks.jsonl, line 1: there is no nowhere.toml"]);
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
fn a_batch_says_what_went_wrong_and_what_it_came_to() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[WRONG[0], DONE]);
    let prompts = ["a", "b"].map(|id| format!("{{\"id\":\"{id}\",\"prompt\":\"a\"}}\n"));
    sandbox.write("tasks.jsonl", prompts.concat());
    let batch = ["batch", "tasks.jsonl", "--out", "results", "--cpu", &cpu];
    let said = sandbox.quipu(&[&batch[..], &["--max-steps", "1"]].concat());
    said.check(
        3,
        &[
            "task b: stopped by the limit of 1 step",
            "0 of 2 tasks done, 2 stopped by a limit · ",
        ],
    );
    assert_eq!(said.out, "");
    sandbox.quipu(&batch).check(0, &["2 of 2 tasks done · "]);
}

/// Two calls that fail: the very same is not made twice in a row, and what is known not at all.
const WRONG: [&str; 2] = [
    r#"{"tool":"calculator.calculate","args":{"expression":"1 +"}}"#,
    r#"{"tool":"calculator.calculate","args":{"expression":"2 +"}}"#,
];

#[test]
fn the_log_names_the_limit_that_cut_a_run_short() {
    let sandbox = Sandbox::new();
    let script = [&WRONG[..], &WRONG, &WRONG, &[DONE]].concat();
    let cpu = sandbox.script("script.jsonl", &script);
    sandbox.quipu(&["run", "--cpu", &cpu, "task"]).check(3, &[]);
    let log = sandbox.quipu(&["log", "1"]);
    assert!(log.out.ends_with("limit (loop): \"done\"\n"), "{log:#?}");
}
