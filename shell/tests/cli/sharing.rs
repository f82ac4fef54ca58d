//! Commands on one root at the same time: the first has the machine, the others share it or wait
//! for it, and no task is lost when the first is done, interrupted or killed.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use crate::roots;
use crate::sandbox::{DONE, ENDLESS, MENDED, Running, Sandbox};
use crate::service::machine::Machine;
use crate::terminal::Terminal;

/// A task with this word in it never ends, as long as the tool `slow` is not fixed.
const KNOTTY: &str = r#"{"seen":"knotty","do":{"tool":"slow.spin","args":{}}}"#;

/// A root, and the `--cpu` of its tasks.
fn root() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let cpu = sandbox.script("script.jsonl", &[KNOTTY, DONE]);
    (sandbox, cpu)
}

/// A program whose task, the process `pid`, is in the middle of its first step.
fn knotty(sandbox: &Sandbox, cpu: &str, pid: &str) -> Running {
    let run = ["run", "--format", "stream-json", "--cpu", cpu];
    let running = sandbox.start(&[&run[..], &["a knotty task"]].concat());
    running.event("action", 1);
    is_in_its_step(sandbox, pid);
    running
}

fn is_in_its_step(sandbox: &Sandbox, pid: &str) {
    sandbox.log_until(pid, |log| log["steps"][0]["action"].is_object());
}

/// The states of all processes, the oldest first.
fn states(sandbox: &Sandbox) -> Vec<String> {
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    let rows = ps.as_array().unwrap().iter().rev();
    rows.map(|row| row["state"].as_str().unwrap().to_owned())
        .collect()
}

/// Checks that a task that was `knotty` came to its end, and that nobody was told another one.
fn check_end(mut running: Running, pid: &str) {
    let said = running.end();
    said.check(0, &[&format!("process {pid} ran in has ended; it goes on")]);
    let ends = said.out.matches("\"event\":\"exited\"").count();
    assert_eq!(ends, 1, "{said:#?}");
    assert!(said.out.contains("\"answer\":\"done\""), "{said:#?}");
}

#[test]
fn a_machine_for_one_command_is_shared_while_that_lasts() {
    let (sandbox, cpu) = root();
    let mut first = knotty(&sandbox, &cpu, "1");
    let tasks = "{\"id\":1,\"prompt\":\"a task\"}\n{\"id\":2,\"prompt\":\"a task\"}\n";
    sandbox.write("tasks.jsonl", tasks);
    let rows: &[&[&str]] = &[
        &["run", "--cpu", &cpu, "a task"],
        &["run", "--cpu", &cpu, "--no-input", "--seed", "7", "a task"],
        &["run", "--cpu", &cpu, "--fork", "2@0"],
        &["batch", "tasks.jsonl", "--cpu", &cpu],
        &["mem", "consolidate", "--cpu", &cpu],
        &["mem", "add", "tasks.jsonl"],
        &["tool", "ls"],
    ];
    for args in rows {
        let said = sandbox.quipu(args);
        said.check(0, &[]);
        assert!(!said.err.contains("waiting"), "{args:?}: {said:#?}");
    }
    let piped = sandbox.quipu_reading(&["--cpu", &cpu], "a task from a pipe\n");
    piped.check(0, &[]);
    assert_eq!(piped.out, "done\n");
    // Whoever is alone on it does not stay.
    first.signal("INT");
    let said = first.end();
    said.check(130, &["hint: `quipu run --resume 1"]);
    assert!(!said.err.contains("stays for"), "{said:#?}");
    assert_eq!(
        states(&sandbox).iter().filter(|s| *s != "exited").count(),
        1
    );
}

#[test]
fn many_commands_at_once_have_one_machine() {
    let (sandbox, cpu) = root();
    let run = ["run", "--cpu", &cpu, "--no-input", "a task"];
    let running: Vec<Running> = (0..6).map(|_| sandbox.start(&run)).collect();
    for mut running in running {
        let said = running.end();
        said.check(0, &[]);
        assert_eq!(said.out, "done");
    }
    assert_eq!(states(&sandbox), ["exited"; 6]);
}

#[test]
fn the_first_stays_until_the_others_are_done() {
    let (sandbox, cpu) = root();
    let mut first = knotty(&sandbox, &cpu, "1");
    let mut second = knotty(&sandbox, &cpu, "2");
    first.signal("INT");
    first.says("stays for 1 task of other programs");
    // It takes no more: whoever comes now has the next machine.
    let mut third = sandbox.start(&["run", "--cpu", &cpu, "a task"]);
    third.says(&format!(
        "waiting for the program with system pid {}, whose machine takes no more tasks",
        first.id()
    ));
    assert_eq!(states(&sandbox), ["interrupted", "running"]);
    sandbox.quipu(&["kill", "2"]).check(0, &[]);
    second.end().check(130, &[]);
    first.end().check(130, &["hint: `quipu run --resume 1"]);
    let said = third.end();
    said.check(0, &[]);
    assert_eq!(said.out, "done");
}

#[test]
fn an_interrupt_of_the_first_leaves_what_runs_to_its_own_program() {
    let (sandbox, cpu) = root();
    let mut first = knotty(&sandbox, &cpu, "1");
    let second = knotty(&sandbox, &cpu, "2");
    first.signal("INT");
    first.says("stays for 1 task of other programs");
    sandbox.install("slow", MENDED);
    first.signal("INT");
    first.end().check(130, &["hint: 1 process suspended"]);
    check_end(second, "2");
    assert_eq!(states(&sandbox), ["interrupted", "exited"]);
}

#[test]
fn a_shell_that_is_left_leaves_what_runs_to_its_own_program() {
    let (sandbox, cpu) = root();
    let mut shell = Terminal::shell(sandbox, &["--cpu", &cpu]);
    shell.shows("Type a task");
    let guest = knotty(&shell.sandbox, &cpu, "1");
    shell.sandbox.install("slow", MENDED);
    shell.enters("/quit");
    assert_eq!(shell.end().0, Some(0));
    check_end(guest, "1");
}

#[test]
fn a_first_that_is_killed_takes_nobody_with_it() {
    let (sandbox, cpu) = root();
    let mut first = knotty(&sandbox, &cpu, "1");
    let others = ["2", "3"].map(|pid| (knotty(&sandbox, &cpu, pid), pid));
    sandbox.install("slow", MENDED);
    first.kill();
    first.end();
    // One of the two has the machine now, and the other shares it.
    for (running, pid) in others {
        check_end(running, pid);
    }
    assert_eq!(states(&sandbox), ["ready", "exited", "exited"]);
    let log = sandbox.quipu(&["log", "2", "--json"]).json();
    assert_eq!(log["steps"][0]["outcome"]["text"], "42", "{log}");
}

#[test]
fn a_batch_goes_on_when_the_first_is_killed() {
    let (sandbox, cpu) = root();
    let tasks: Vec<String> = (1..=3)
        .map(|id| format!("{{\"id\":{id},\"prompt\":\"knotty task {id}\"}}\n"))
        .collect();
    sandbox.write("tasks.jsonl", tasks.concat());
    let mut first = knotty(&sandbox, &cpu, "1");
    let mut batch = sandbox.start(&["batch", "tasks.jsonl", "--jobs", "2", "--cpu", &cpu]);
    for pid in ["2", "3"] {
        is_in_its_step(&sandbox, pid);
    }
    sandbox.install("slow", MENDED);
    first.kill();
    first.end();
    let said = batch.end();
    said.check(0, &[]);
    let mut lines: Vec<String> = said
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| format!("{} {} {}", line["id"], line["pid"], line["answer"]))
        .collect();
    lines.sort();
    assert_eq!(lines, ["1 2 \"done\"", "2 3 \"done\"", "3 4 \"done\""]);
}

#[test]
fn whoever_cannot_share_it_waits_and_says_for_whom() {
    let (sandbox, cpu) = root();
    let other = sandbox.script("other.jsonl", &[DONE]);
    let mut first = knotty(&sandbox, &cpu, "1");
    let who = format!("waiting for the program with system pid {}, ", first.id());
    let check = |args: &[&str], why: &str| {
        let mut waiting = sandbox.start(&[&["run"], args, &["a task"]].concat());
        waiting.says(&format!("{who}{why}"));
        waiting.signal("INT");
        waiting.end().check(130, &[]);
    };
    let same = ["--cpu", &cpu];
    let with = |more: &[&'static str]| [&same[..], more].concat();
    check(&["--cpu", &other], "whose machine computes with script:");
    check(
        &with(&["--model", "another"]),
        "whose machine has the model",
    );
    let grants = "whose machine grants something else";
    check(&with(&["--allow", "net:example.com"]), grants);
    let approves = "whose machine settles approvals in another way";
    check(&with(&["--approve", "all"]), approves);
    let made = "whose machine was started with other settings";
    check(&with(&["--window", "4096", "--no-input"]), made);
    // What of the environment takes effect in a task is a part of the machine.
    let mut elsewhere = sandbox.command(&["run", "--cpu", &cpu, "a task"]);
    elsewhere.env("TZ", "Asia/Shanghai");
    let mut waiting = Running::of(elsewhere);
    waiting.says(&format!(
        "{who}whose machine has another value of the variable TZ"
    ));
    waiting.signal("INT");
    let said = waiting.end();
    said.check(130, &[]);
    assert!(!said.err.contains("Shanghai"), "{said:#?}");
    assert_eq!(states(&sandbox), ["running"]);
    // With the root of its own that the line speaks of nobody is waited for.
    roots::share(&sandbox.path().join("apart"));
    let apart = ["--root", "apart", "run", "--cpu", &other, "a task"];
    sandbox.quipu(&apart).check(0, &[]);
    let mut next = sandbox.start(&["run", "--cpu", &other, "a task"]);
    next.says(&who);
    first.kill();
    first.end();
    let said = next.end();
    said.check(0, &[]);
    assert_eq!(said.out, "done");
}

#[test]
fn a_task_is_for_the_machine_that_was_seen() {
    let (sandbox, cpu) = root();
    let mut first = knotty(&sandbox, &cpu, "1");
    let socket = sandbox.path().join("root/state/control.sock");
    let ask = |request: &Value| {
        let mut stream = UnixStream::connect(&socket).unwrap();
        writeln!(stream, "{request}").unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    };
    let attend = |seen: &Value| {
        let start = json!({"resume": {"pid": 1, "limits": null, "attended": false}});
        ask(&json!({"do": "attend", "ask": {"start": start, "think": null}, "seen": seen}))
    };
    let greeting: Value = serde_json::from_str(&ask(&json!({"do": "greet"}))).unwrap();
    let seen = &greeting["greeting"];
    // Nothing is said to whoever saw another machine here: he looks again.
    for (field, other) in [
        ("grants", json!(["net:example.com"])),
        ("approve", json!("all")),
        ("setup", json!("")),
    ] {
        let mut another = seen.clone();
        another[field] = other;
        assert_eq!(attend(&another), "", "{field}");
    }
    assert_eq!(states(&sandbox), ["running"]);
    // Whoever leaves interrupts what he asked for.
    assert!(attend(seen).contains("\"begun\""));
    first.end().check(130, &[]);
}

#[test]
fn a_service_waits_for_a_command_and_a_second_one_is_told_of_the_first() {
    let (sandbox, cpu) = root();
    let serve = ["serve", "--addr", "127.0.0.1:0", "--cpu", &cpu];
    let mut first = knotty(&sandbox, &cpu, "1");
    let mut service = sandbox.start(&serve);
    service.says("whose command has this root until it is done");
    first.kill();
    first.end();
    service.says("listening on http://127.0.0.1:");
    let second = sandbox.quipu(&serve);
    second.check(2, &["this root is served already, at http://127.0.0.1:"]);
    second.check(
        2,
        &[
            "(the program with system pid ",
            "another root can be served beside it",
        ],
    );
    service.signal("TERM");
    service.end().check(0, &[]);
    // One that asks for the port of another root's is told of the port.
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    let address = machine.url.trim_start_matches("http://");
    let apart = ["--root", "apart", "serve", "--cpu", &cpu, "--addr", address];
    let said = sandbox.quipu(&apart);
    said.check(1, &[address, "choose another port with --addr"]);
}
