//! Standard input that is closed, empty, not text, or the whole of the work.

use std::process::Command;

use crate::sandbox::{ADD, DONE, Said, Sandbox};

#[test]
fn a_task_comes_from_standard_input() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    for args in [&["run", "--cpu", &cpu][..], &["run", "--cpu", &cpu, "-"]] {
        let said = sandbox.quipu_reading(args, "do it\n");
        said.check(0, &[]);
        assert_eq!(said.out, "done\n");
    }
    let log = sandbox.quipu(&["log", "1", "--json"]).json();
    assert_eq!(log["process"]["prompt"], "do it\n");
}

#[test]
fn an_empty_or_unreadable_task_is_refused() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let run = ["run", "--cpu", &cpu];
    sandbox
        .quipu_reading(&run, "")
        .check(2, &["the task is empty"]);
    sandbox
        .quipu_reading(&run, " \n\t\n")
        .check(2, &["the task is empty"]);
    sandbox
        .quipu_reading(&run, b"\xff\xfe\0")
        .check(2, &["not UTF-8"]);
    assert_eq!(
        sandbox.quipu(&["ps", "--json"]).json(),
        serde_json::json!([])
    );
}

#[test]
fn closed_pipes_are_no_crash() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[ADD, DONE]);
    let shell = |line: &str| -> Said {
        let mut command = Command::new("sh");
        command.arg("-c").arg(line);
        command
            .env("quipu", env!("CARGO_BIN_EXE_quipu"))
            .env("cpu", &cpu)
            .env("QUIPU_ROOT", sandbox.path().join("root"))
            .env("HOME", sandbox.path());
        command.output().unwrap().into()
    };
    shell("\"$quipu\" run --cpu \"$cpu\" <&-").check(2, &["error: "]);
    shell("\"$quipu\" run --cpu \"$cpu\" task <&-").check(0, &[]);
    shell("\"$quipu\" run --cpu \"$cpu\" task 2>&-").check(0, &[]);
    // Whoever read the output has seen enough.
    shell("\"$quipu\" completions bash | true").check(0, &[]);
    let said = shell("\"$quipu\" --help | head -n 1");
    assert_eq!((said.code, &said.err[..]), (Some(0), ""), "{said:#?}");
}

#[test]
fn the_shell_takes_lines_from_a_pipe() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[ADD, DONE]);
    let note = sandbox.write("note.txt", "buy milk");
    let lines = format!(
        "first task\n\n/tool call calculator '{{\"expression\":\"6*7\"}}'\n/ps\n\
         what is in @{}\n!echo from the system\n/model\n/help\n/clear\n/quit\nnever read\n",
        note.display()
    );
    let said = sandbox.quipu_reading(&["--cpu", &cpu], lines);
    said.check(0, &["Type a task.", "the conversation starts anew"]);
    for part in [
        "done\n",
        "\"value\":\"42\"",
        "first task",
        "from the system",
        "script:",
    ] {
        assert!(said.out.contains(part), "no {part:?} in {said:#?}");
    }
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    assert_eq!(ps.as_array().unwrap().len(), 2, "{ps}");
    // The second task was told of the first, and of the file, whose words nobody vouches for.
    let prompt = ps[0]["prompt"].as_str().unwrap();
    assert!(prompt.contains("User: first task\nYou: done"), "{prompt}");
    assert!(prompt.contains("buy milk"), "{prompt}");
}

#[test]
fn the_shell_goes_on_after_mistakes_and_tells_of_the_first() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let lines = "/nonsense\n/run x\n/resume seven\n/log 99\n@/no/such/file\n!false\na task\n";
    let said = sandbox.quipu_reading(&["--cpu", &cpu], lines);
    said.check(
        2,
        &[
            "unrecognized subcommand 'nonsense'",
            "tasks are typed without a slash",
            "seven is not a process",
            "there is no process 99",
            "there is no /no/such/file",
            "exit status: 1",
        ],
    );
    assert_eq!(said.out, "done\n");
}
