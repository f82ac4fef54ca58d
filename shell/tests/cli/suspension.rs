//! A machine that is stopped suspends what runs; the next one goes on with it.

use serde_json::Value;

use crate::sandbox::{ADD, DONE, ENDLESS, MENDED, Running, SPIN, Sandbox};
use crate::service::machine::Machine;
use crate::terminal::Terminal;

const LINES: &[&str] = &[ADD, SPIN, DONE];

/// A machine on which nothing ends that calls `slow`.
fn slow() -> (Sandbox, Machine) {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let machine = Machine::start(&sandbox, LINES, &[]);
    (sandbox, machine)
}

/// A process beside a machine that is in the middle of its second step.
fn in_its_second_step(sandbox: &Sandbox, more: &[&str]) -> Running {
    let run = ["run", "--format", "stream-json", "task"];
    let guest = sandbox.start(&[&run[..], more].concat());
    guest.event("action", 2);
    sandbox.log_until("1", |log| log["steps"][1]["action"].is_object());
    guest
}

fn exited(log: &Value) -> bool {
    log["process"]["state"] == "exited"
}

#[test]
fn the_next_machine_goes_on_by_itself() {
    let (sandbox, machine) = slow();
    let mut guest = in_its_second_step(&sandbox, &[]);
    let said = machine.end("TERM");
    said.check(
        0,
        &["a second signal ends at once", "hint: 1 process suspended"],
    );
    let told = guest.end();
    told.check(130, &["process 1 goes on when"]);
    assert!(told.out.contains("\"status\":\"suspended\""), "{told:#?}");
    let log = sandbox.quipu(&["log", "1", "--json"]).json();
    assert_eq!(log["process"]["state"], "suspended", "{log}");
    assert_eq!(log["process"]["exit"]["status"], "suspended", "{log}");
    assert_eq!(log["steps"][0]["outcome"]["ok"], true, "{log}");
    // Nobody knows what would have come of it, so nothing is said.
    assert!(log["steps"][1]["outcome"].is_null(), "{log}");
    let ps = sandbox.quipu(&["ps"]);
    ps.check(0, &["what is suspended goes on when"]);

    sandbox.install("slow", MENDED);
    let machine = Machine::start(&sandbox, LINES, &[]);
    assert!(machine.said.contains("going on with what was suspended: 1"));
    let log = sandbox.log_until("1", exited);
    assert_eq!(log["process"]["exit"]["answer"], "done", "{log}");
    let steps = log["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3, "{log}");
    assert_eq!(steps[1]["outcome"]["text"], "42", "{log}");
}

#[test]
fn it_can_be_carried_on_without_such_a_machine() {
    let (sandbox, machine) = slow();
    let _guest = in_its_second_step(&sandbox, &[]);
    machine.end("INT").check(0, &[]);
    sandbox.install("slow", MENDED);
    let cpu = sandbox.script("service.jsonl", LINES);
    // A machine for one command leaves it alone.
    sandbox
        .quipu(&["run", "--cpu", &cpu, "another"])
        .check(0, &[]);
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    assert_eq!(ps[1]["state"], "suspended", "{ps}");
    let resumed = sandbox.quipu(&["run", "--resume", "1", "--cpu", &cpu]);
    resumed.check(0, &["process 1 goes on after step 1"]);
    assert_eq!(resumed.out, "done\n");
}

#[test]
fn a_second_signal_ends_at_once() {
    let (sandbox, mut machine) = slow();
    let _guest = in_its_second_step(&sandbox, &[]);
    machine.signal("TERM");
    machine.says("a second signal ends at once");
    let said = machine.end("TERM");
    said.check(130, &[]);
    assert!(!said.err.contains("hint: 1 process suspended"), "{said:#?}");
    // As after a crash.
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    assert_eq!(ps[0]["state"], "ready", "{ps}");
}

#[test]
fn what_is_cut_off_after_it_went_on_is_ready() {
    let (sandbox, machine) = slow();
    let _guest = in_its_second_step(&sandbox, &[]);
    machine.end("TERM").check(0, &["hint: 1 process suspended"]);
    let machine = Machine::start(&sandbox, LINES, &[]);
    assert!(machine.said.contains("going on with what was suspended: 1"));
    sandbox.log_until("1", |log| log["process"]["state"] == "running");
    machine.end("KILL");
    // How it stopped before says nothing of how it stands now.
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    assert_eq!(ps[0]["state"], "ready", "{ps}");
    // It does not go on by itself, and that is said.
    let machine = Machine::start(&sandbox, LINES, &[]);
    let left = "cut off by a crash, or not begun: 1; `quipu run --resume PID`";
    assert!(machine.said.contains(left), "{}", machine.said);
}

#[test]
fn branches_are_not_carried_on_and_that_is_said() {
    let (sandbox, machine) = slow();
    let mut guest = in_its_second_step(&sandbox, &["--think", "2"]);
    machine.end("TERM").check(0, &["hint: 1 process suspended"]);
    guest
        .end()
        .check(130, &["other branches of it cannot be carried on"]);
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    let states: Vec<&Value> = ps
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["state"])
        .collect();
    assert_eq!(states, ["exited", "suspended"]);
}

#[test]
fn a_batch_goes_on_where_its_machine_was_stopped() {
    let (sandbox, machine) = slow();
    let tasks: Vec<String> = (1..=3)
        .map(|id| format!("{{\"id\":{id},\"prompt\":\"task {id}\"}}\n"))
        .collect();
    sandbox.write("tasks.jsonl", tasks.concat());
    let batch = ["batch", "tasks.jsonl", "--jobs", "2", "--out", "out.jsonl"];
    let mut guest = sandbox.start(&batch);
    for pid in ["1", "2"] {
        sandbox.log_until(pid, |log| log["steps"][1]["action"].is_object());
    }
    machine
        .end("TERM")
        .check(0, &["hint: 2 processes suspended"]);
    guest.end().check(130, &["1 not started", "--resume"]);
    sandbox.install("slow", MENDED);
    let _machine = Machine::start(&sandbox, LINES, &[]);
    // One of them exits before the batch goes on.
    sandbox.log_until("1", exited);
    sandbox
        .quipu(&[&batch[..], &["--resume"]].concat())
        .check(0, &[]);
    let out = std::fs::read_to_string(sandbox.path().join("out.jsonl")).unwrap();
    let mut lines: Vec<String> = out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| format!("{} {} {}", line["id"], line["pid"], line["answer"]))
        .collect();
    lines.sort();
    assert_eq!(lines, ["1 1 \"done\"", "2 2 \"done\"", "3 3 \"done\""]);
}

#[test]
fn a_shell_that_is_left_suspends_what_runs_for_others() {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let cpu = sandbox.script("service.jsonl", LINES);
    let mut shell = Terminal::shell(sandbox, &["--cpu", &cpu]);
    shell.shows("Type a task");
    let mut guest = in_its_second_step(&shell.sandbox, &[]);
    shell.enters("/quit");
    assert_eq!(shell.end().0, Some(0));
    guest.end().check(130, &["process 1 goes on when"]);
    shell.sandbox.install("slow", MENDED);
    let again = Machine::start(&shell.sandbox, LINES, &[]);
    assert!(again.said.contains("going on with what was suspended: 1"));
    shell.sandbox.log_until("1", exited);
}
