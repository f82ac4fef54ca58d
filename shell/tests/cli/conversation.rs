//! Conversations in the shell: taken back, taken up again, written to a file; what is typed
//! while a task runs; the shell for a screen reader, and in Chinese.

use serde_json::Value;

use crate::sandbox::{ADD, DONE, ENDLESS, SPIN, Sandbox, until};
use crate::terminal::Terminal;

/// What the process `pid` was told.
#[track_caller]
fn told(sandbox: &Sandbox, pid: u64) -> String {
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    let row = ps.as_array().unwrap().iter().find(|row| row["pid"] == pid);
    row.unwrap()["prompt"].as_str().unwrap().to_owned()
}

/// The earlier tasks that the process `pid` was told.
#[track_caller]
fn turns(sandbox: &Sandbox, pid: u64) -> Vec<String> {
    let told = told(sandbox, pid);
    let asked = told.lines().filter_map(|line| line.strip_prefix("User: "));
    asked.map(str::to_owned).collect()
}

#[test]
fn a_conversation_goes_back_and_on_from_any_turn() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let mut shell = Terminal::shell(sandbox, &["--cpu", &cpu]);
    shell.shows("Type a task,");
    let mut tasks = 0;
    let mut task = |shell: &mut Terminal, line: &str| {
        tasks += 1;
        shell.enters(line);
        shell.shows_times(" generated", tasks);
    };
    let command = |shell: &mut Terminal, line: &str, shown: &str| {
        shell.enters(line);
        shell.shows(shown);
    };
    command(&mut shell, "/undo", "nothing was said yet");
    command(&mut shell, "/context", "there is no process yet");
    task(&mut shell, "one");
    task(&mut shell, "two");
    command(&mut shell, "/turns", "ANSWERED");
    let goes_on = "turns taken back: 1; the conversation goes on after: one";
    command(&mut shell, "/undo", goes_on);
    shell.shows("/continue 2 brings them back");
    task(&mut shell, "three");
    assert_eq!(turns(&shell.sandbox, 3), ["one"]);
    command(
        &mut shell,
        "/continue 2",
        "the conversation goes on after: two",
    );
    task(&mut shell, "four");
    assert_eq!(turns(&shell.sandbox, 4), ["one", "two"]);
    command(&mut shell, "/context", "instructions and tools");
    command(&mut shell, "/step 1", "1  answer  done");
    command(&mut shell, "/step 9", "process 4 has no such step");
    command(&mut shell, "/plan", "the task of process 4 has one part");
    command(&mut shell, "/export talk.md", "turns written to talk.md: 3");
    command(&mut shell, "/export talk.md", "talk.md is there already");
    command(&mut shell, "/cost", "tasks: 3");
    command(&mut shell, "/model other", "a script has no model");
    command(&mut shell, "/clear", "the conversation starts anew");
    command(&mut shell, "/import talk.md", "turns read from talk.md: 3");
    // The count of tasks is what it cost, too.
    shell.enters("five");
    until(|| {
        let ps = shell.sandbox.quipu(&["ps", "--json"]).json();
        (ps[0]["pid"] == 5 && ps[0]["state"] == "exited").then_some(())
    });
    assert_eq!(turns(&shell.sandbox, 5), ["one", "two", "four"]);
    shell.enters("/quit");
    assert_eq!(shell.end().0, Some(0));
    // What came in from a file is a stranger's.
    let journal = shell.sandbox.path().join("root/state/journal.db");
    let program: String = rusqlite::Connection::open(journal)
        .and_then(|journal| {
            let sql = "SELECT program FROM process WHERE pid=5";
            journal.query_row(sql, [], |row| row.get(0))
        })
        .unwrap();
    let program: Value = serde_json::from_str(&program).unwrap();
    assert_eq!(program["label"]["trust"], "untrusted");

    // From another shell, at any of them.
    let sandbox = &shell.sandbox;
    let resumed = ["--cpu", &cpu, "--resume", "3"];
    let said = sandbox.quipu_reading(&resumed, "six\n");
    said.check(0, &["the conversation goes on after: three"]);
    assert_eq!(turns(sandbox, 6), ["one", "three"]);
    let found = sandbox.quipu(&["ps", "--search", "THREE done", "--json"]);
    assert_eq!(found.json().as_array().unwrap().len(), 1, "{found:?}");
    sandbox
        .quipu(&["ps", "--search", "nobody said this"])
        .check(0, &["no process was about nobody said this"]);
}

#[test]
fn a_conversation_that_was_taken_back_stays_so() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let mut shell = Terminal::shell(sandbox, &["--cpu", &cpu]);
    for (line, n) in [("one", 1), ("two", 2)] {
        shell.enters(line);
        shell.shows_times(" generated", n);
    }
    shell.enters("/undo");
    shell.shows("turns taken back: 1");
    shell.enters("/quit");
    assert_eq!(shell.end().0, Some(0));
    let said = shell
        .sandbox
        .quipu_reading(&["--cpu", &cpu, "-c"], "three\n");
    said.check(0, &["the conversation goes on after: one"]);
    assert_eq!(turns(&shell.sandbox, 3), ["one"]);
}

#[test]
fn what_is_typed_meanwhile_comes_next() {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    // What the person says instead is a step of its own.
    let cpu = sandbox.script("script.jsonl", &[SPIN, DONE, DONE]);
    let mut shell = Terminal::shell(sandbox, &["--cpu", &cpu]);
    shell.enters("spin");
    shell
        .sandbox
        .log_until("1", |log| log["steps"][0]["action"].is_object());
    shell.types("and then this");
    shell.shows("queued: and then this");
    shell.types("/model other");
    shell.shows("queued: /model other");
    // What only looks does not wait.
    shell.types("/nope");
    shell.shows("there is no /nope");
    shell.types("/plan");
    shell.shows("the task of process 1 has one part");
    shell.types("/context");
    shell.shows("instructions and tools");
    shell.types("/queue");
    shell.shows("2  /model other");
    shell.types("/queue rm 2");
    shell.shows("no longer queued: /model other");
    shell.interrupt();
    shell.shows("Interrupted. What should be done instead?");
    // This answers the question.
    shell.types("say that you are done");
    shell.shows("> and then this");
    let log = shell
        .sandbox
        .log_until("1", |log| log["process"]["exit"].is_object());
    assert_eq!(log["steps"][1]["outcome"]["text"], "say that you are done");
    shell
        .sandbox
        .log_until("2", |log| log["steps"][0]["action"].is_object());
    assert_eq!(turns(&shell.sandbox, 2), ["spin"]);
}

#[test]
fn a_task_that_was_stopped_is_taken_back_first() {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let second = format!(r#"{{"seen":"User: one","do":{SPIN}}}"#);
    let cpu = sandbox.script("script.jsonl", &[&second, DONE]);
    let mut shell = Terminal::shell(sandbox, &["--cpu", &cpu]);
    shell.enters("one");
    shell.shows(" generated");
    shell.enters("two");
    shell
        .sandbox
        .log_until("2", |log| log["steps"][0]["action"].is_object());
    shell.types("three");
    shell.shows("queued: three");
    shell.interrupt();
    shell.shows("Interrupted. What should be done instead?");
    shell.interrupt();
    shell.shows("stopped; /resume 2 carries it on");
    // Whoever stops a task does not mean the next one to begin.
    shell.shows("waiting: 1;");
    shell.enters("/queue clear");
    shell.shows("nothing waits");
    shell.enters("/undo");
    shell.shows("taken back, unanswered: two");
    shell.enters("/turns");
    shell.shows("ANSWERED");
    shell.enters("/undo");
    shell.shows("turns taken back: 1; the conversation starts anew");
    shell.enters("/quit");
    assert_eq!(shell.end().0, Some(0));
}

#[test]
fn a_screen_reader_gets_words_and_no_line_twice() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[ADD, DONE]);
    let mut shell = Terminal::shell(sandbox, &["--cpu", &cpu, "--plain"]);
    shell.shows("quipu> ");
    shell.types("add");
    shell.shows("result: ");
    shell.shows_times("quipu> ", 2);
    shell.types("/context");
    shell.shows("instructions and tools: ");
    shell.types("/quit");
    assert_eq!(shell.end().0, Some(0));
    let screen = shell.screen();
    assert!(
        !screen.contains('\u{1b}') && !screen.contains('→'),
        "{screen}"
    );
}

#[test]
fn the_language_is_that_of_the_locale() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[ADD, DONE]);
    let check = |locale: &str, want: &str| {
        let mut command = sandbox.command(&["run", "--cpu", &cpu, "add"]);
        let said = command.env("LANG", locale).output().unwrap();
        let err = String::from_utf8(said.stderr).unwrap();
        assert!(err.contains(want), "{locale}: {err}");
    };
    check("zh_CN.UTF-8", "第 1 步  calculator.calculate");
    check("en_GB.UTF-8", "step 1  calculator.calculate");
    check("fr_FR.UTF-8", "step 1  calculator.calculate");
}
