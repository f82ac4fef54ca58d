//! Commands beside a machine that is open to them: they share it.

use serde_json::Value;

use crate::sandbox::{ADD, DONE, ENDLESS, PUT, SEARCH, SPIN, Sandbox};
use crate::service::machine::Machine;
use crate::terminal::Terminal;

/// A machine that serves a script, and its `--cpu`.
fn serving(lines: &[&str], args: &[&str]) -> (Sandbox, Machine, String) {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let machine = Machine::start(&sandbox, lines, args);
    let cpu = sandbox.script("service.jsonl", lines);
    (sandbox, machine, cpu)
}

fn states(sandbox: &Sandbox) -> Vec<String> {
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    let rows = ps.as_array().unwrap().iter();
    rows.map(|row| row["state"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_run_beside_a_machine_tells_what_it_would_tell_alone() {
    let told = |json: Value| {
        let Value::Object(mut told) = json else {
            panic!("no object")
        };
        told.remove("ms");
        let steps = told["steps"].as_array_mut().unwrap();
        steps
            .iter_mut()
            .for_each(|step| drop(step.as_object_mut().unwrap().remove("ms")));
        told
    };
    let alone = Sandbox::new();
    alone.install("slow", ENDLESS);
    let cpu = alone.script("script.jsonl", &[ADD, DONE]);
    let alone = alone.quipu(&["run", "--json", "--cpu", &cpu, "add"]);
    let (sandbox, _machine, cpu) = serving(&[ADD, DONE], &[]);
    // With and without its name: it is the machine's.
    let beside = sandbox.quipu(&["run", "--json", "--cpu", &cpu, "add"]);
    beside.check(0, &[]);
    assert_eq!(told(alone.json()), told(beside.json()));
    let text = sandbox.quipu(&["run", "add"]);
    text.check(0, &["calculator.calculate"]);
    assert_eq!(text.out, "done\n");
    let events = sandbox.quipu(&["run", "--format", "stream-json", "add"]);
    assert!(events.out.lines().any(|line| line.contains("\"exited\"")));
    assert_eq!(states(&sandbox), ["exited"; 3]);
}

#[test]
fn a_batch_beside_a_machine_shares_it() {
    let (sandbox, _machine, _) = serving(&[ADD, DONE], &[]);
    let tasks: Vec<String> = (0..20)
        .map(|id| format!("{{\"id\":{id},\"prompt\":\"add {id}\"}}"))
        .collect();
    sandbox.write("tasks.jsonl", tasks.join("\n"));
    let done = sandbox.quipu(&["batch", "tasks.jsonl", "--jobs", "8", "--out", "out.jsonl"]);
    done.check(0, &[]);
    let out = std::fs::read_to_string(sandbox.path().join("out.jsonl")).unwrap();
    let lines: Vec<Value> = out
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 20);
    assert!(
        lines
            .iter()
            .all(|line| line["answer"] == "done" && line["steps"] == 2)
    );
    assert_eq!(states(&sandbox), ["exited"; 20]);
}

#[test]
fn a_machine_that_is_another_than_was_asked_for_is_named() {
    let (sandbox, _machine, _) = serving(&[DONE], &[]);
    let other = sandbox.script("other.jsonl", &[DONE]);
    let check = |args: &[&str], wanted: &[&str]| {
        let said = sandbox.quipu(&[&["run"], args, &["task"]].concat());
        said.check(
            2,
            &[
                &["the machine that runs on this root", "--root DIR"],
                wanted,
            ]
            .concat(),
        );
    };
    check(
        &["--cpu", &other],
        &["computes with script:", "other.jsonl"],
    );
    check(&["--model", "another"], &["has the model", "not another"]);
    check(
        &["--allow", "net:example.com"],
        &["grants no net:example.com", "give --allow net:example.com"],
    );
    check(&["--approve", "all"], &["settles approvals in another way"]);
    assert!(states(&sandbox).is_empty());
}

#[test]
fn what_the_machine_grants_its_guests_have() {
    let (sandbox, _machine, _) = serving(&[DONE], &["--allow", "net:*.example.com"]);
    let said = sandbox.quipu(&["run", "--allow", "net:www.example.com", "task"]);
    said.check(0, &[]);
}

#[test]
fn errors_are_those_of_a_machine_of_its_own() {
    let (sandbox, _machine, _) = serving(&[DONE], &["--window", "600"]);
    let long = "word ".repeat(2000);
    sandbox
        .quipu(&["run", &long])
        .check(2, &["hint: shorten it"]);
    assert!(states(&sandbox).is_empty());
    sandbox
        .quipu(&["run", "--resume", "7"])
        .check(2, &["process 7", "hint: "]);
}

#[test]
fn an_interrupt_ends_the_process_and_not_the_machine() {
    let (sandbox, _machine, _) = serving(&[SPIN, DONE], &[]);
    let mut guest = sandbox.start(&["run", "--format", "stream-json", "task"]);
    guest.event("action", 1);
    guest.signal("INT");
    let said = guest.end();
    said.check(130, &["`quipu run --resume 1`"]);
    assert_eq!(states(&sandbox), ["interrupted"]);
    let again = sandbox.quipu(&["run", "--resume", "1"]);
    again.check(0, &[]);
    assert_eq!(again.out, "done\n");
}

#[test]
fn the_person_beside_the_guest_approves_what_it_does() {
    for (answer, code) in [("y", 0), ("n", 3)] {
        let sandbox = Sandbox::with_page();
        let _machine = Machine::start(&sandbox, &[SEARCH, PUT, DONE], &[]);
        let mut terminal = Terminal::of(sandbox, &["run", "task"]);
        terminal.decides(answer, code);
    }
}

#[test]
fn a_guest_may_let_nobody_approve_what_the_machine_would_ask_for() {
    let sandbox = Sandbox::with_page();
    let _machine = Machine::start(&sandbox, &[SEARCH, PUT, DONE], &[]);
    // A person is at this terminal, and is not asked.
    let mut terminal = Terminal::of(sandbox, &["run", "--approve", "never", "task"]);
    terminal.shows("not approved: ");
    assert_eq!(terminal.end().0, Some(3));
    let pages = terminal.sandbox.pages();
    assert_eq!(pages.len(), 1, "{pages:?}");
}

#[test]
fn an_agent_that_changed_since_it_was_trusted_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("clerk.toml", "schema = 'form.json'");
    sandbox.write("form.json", r#"{"type": "string"}"#);
    sandbox.quipu(&["trust", "clerk.toml"]).check(0, &[]);
    let _machine = Machine::start(&sandbox, &[DONE], &[]);
    let told = || {
        let said = sandbox.quipu(&["run", "--agent", "clerk.toml", "task"]);
        said.err.matches("since it was trusted: form.json").count()
    };
    assert_eq!(told(), 0);
    sandbox.write("form.json", r#"{"type":"string"}"#);
    assert_eq!(told(), 1);
}

#[test]
fn a_shell_takes_guests_too() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let shell = Terminal::shell(sandbox, &["--cpu", &cpu]);
    shell.shows("Type a task");
    let said = shell.sandbox.quipu(&["run", "task"]);
    said.check(0, &[]);
    assert_eq!(said.out, "done\n");
}

#[test]
fn a_guest_that_dies_leaves_a_process_that_can_be_resumed() {
    let (sandbox, _machine, _) = serving(&[SPIN, DONE], &[]);
    let mut guest = sandbox.start(&["run", "--format", "stream-json", "task"]);
    guest.event("action", 1);
    guest.signal("KILL");
    guest.end();
    let log = sandbox.log_until("1", |log| log["process"]["state"] == "interrupted");
    assert_eq!(log["process"]["exit"]["status"], "interrupted", "{log}");
}

#[test]
fn a_machine_that_stops_tells_its_guests() {
    let (sandbox, machine, _) = serving(&[SPIN, DONE], &[]);
    let mut guest = sandbox.start(&["run", "--format", "stream-json", "task"]);
    guest.event("action", 1);
    machine.end("TERM").check(0, &[]);
    guest.end().check(
        130,
        &["process 1 goes on when `quipu serve` or `quipu` starts, or with `quipu run --resume 1`"],
    );
    assert_eq!(states(&sandbox), ["suspended"]);
}
