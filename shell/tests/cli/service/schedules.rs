//! Agents that run by themselves on a machine that serves.

use serde_json::{Value, json};

use super::machine::{Machine, reply};
use crate::sandbox::{ADD, DONE, ENDLESS, MENDED, SPIN, Sandbox};

const KEEP: &str = r#"{"tool":"memory.put","args":{"text":"the tea is in the tin"}}"#;
const EXITED: &str = "exited";

/// `quipu agent schedule` with `args`; what it prints.
#[track_caller]
fn schedule(sandbox: &Sandbox, args: &[&str]) -> String {
    let said = sandbox.quipu(&[&["agent", "schedule"], args].concat());
    said.check(0, &[]);
    said.out.trim().to_owned()
}

/// The schedule `name` as it is listed.
#[track_caller]
fn listed(sandbox: &Sandbox, name: &str) -> Value {
    let all = sandbox.quipu(&["agent", "schedule", "ls", "--json"]).json();
    let all = all.as_array().unwrap().clone();
    all.into_iter().find(|one| one["name"] == name).unwrap()
}

/// Lets everything before the year 2000 be seen to, and nothing after it.
fn see_nothing(sandbox: &Sandbox) {
    let file = sandbox.path().join("root/state/schedules.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines = text.lines().map(|line| match line.starts_with("seen_ns") {
        true => "seen_ns = 946684800000000000",
        false => line,
    });
    std::fs::write(&file, lines.collect::<Vec<_>>().join("\n")).unwrap();
}

#[track_caller]
fn status_of(sandbox: &Sandbox, pid: &str) -> Value {
    let log = sandbox.log_until(pid, |log| log["process"]["exit"].is_object());
    log["process"]["exit"]["status"].clone()
}

#[test]
fn a_run_that_was_missed_is_made_up_once() {
    let sandbox = Sandbox::new();
    let yearly = ["--cron", "0 0 1 1 *", "--prompt", "look"];
    let named = |name, missed| {
        schedule(
            &sandbox,
            &[
                &["default", "--name", name, "--missed", missed],
                &yearly[..],
            ]
            .concat(),
        )
    };
    named("made-up", "once");
    named("left-out", "skip");
    see_nothing(&sandbox);
    let mut machine = Machine::start(&sandbox, &[ADD, DONE], &[]);
    machine.says("schedule made-up: process 1");
    assert_eq!(status_of(&sandbox, "1"), EXITED);
    let check = |name, runs: u64, note: Value| {
        let one = listed(&sandbox, name);
        assert_eq!((&one["runs_today"], &one["note"]), (&json!(runs), &note));
        one
    };
    let made_up = check("made-up", 1, Value::Null);
    assert_eq!(made_up["last"]["answer"], "done");
    check("left-out", 0, json!("no machine ran when it was due"));
    // The next machine has nothing to make up.
    machine.end("TERM");
    let machine = Machine::start(&sandbox, &[ADD, DONE], &[]);
    schedule(&sandbox, &["rm", "left-out"]);
    assert_eq!(
        sandbox
            .quipu(&["ps", "--json"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    drop(machine);
}

#[test]
fn changed_files_are_others_words() {
    let sandbox = Sandbox::new();
    sandbox.write("inbox/old.txt", "an old letter");
    // It approves all calls, and still none of a run that nobody started.
    let machine = Machine::start(&sandbox, &[KEEP, DONE], &["--approve", "all"]);
    let args = ["--on-change", "inbox", "--prompt", "keep what it says"];
    schedule(
        &sandbox,
        &[&["default", "--name", "inbox"], &args[..]].concat(),
    );
    sandbox.write("inbox/new.txt", "the tea is in the tin");
    assert_eq!(status_of(&sandbox, "1"), "denied");
    let log = sandbox.quipu(&["log", "1", "--json"]).json();
    let said = log["process"]["exit"]["error"].as_str().unwrap();
    let want = "memory.put changes something, and this process has read untrusted text from file:";
    assert!(
        said.contains(want) && said.ends_with("/inbox/new.txt"),
        "{said}"
    );
    let one = listed(&sandbox, "inbox");
    assert_eq!(
        (&one["last"]["pid"], &one["runs_today"]),
        (&json!(1), &json!(1))
    );
    // What it was told of is not told again, and what comes next is.
    sandbox.write("inbox/later.txt", "and the sugar in the jar");
    assert_eq!(status_of(&sandbox, "2"), "denied");
    drop(machine);
}

#[tokio::test]
async fn a_hook_has_a_token_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let key = sandbox.write("token", "a-token-of-many-letters");
    let args = ["--token-file", key.to_str().unwrap()];
    let machine = Machine::start(&sandbox, &[SPIN, DONE], &args);
    let limit = ["--runs-a-day", "2", "--prompt", "say what broke"];
    let token = schedule(
        &sandbox,
        &[&["default", "--hook", "ci"], &limit[..]].concat(),
    );
    assert_eq!(token.len(), 48);
    let post = async |path: &str, token: &str, body: &'static str| {
        let request = machine.request("POST", path).bearer_auth(token);
        reply(request.body(body)).await
    };
    let hook = "/api/v1/hooks/ci";
    reply(machine.request("POST", hook)).await.check(401, &[]);
    post(hook, "a-token-of-many-letters", "")
        .await
        .check(401, &[]);
    post("/api/v1/hooks/other", &token, "")
        .await
        .check(401, &[]);
    // It opens nothing else.
    post("/api/v1/processes", &token, "{}")
        .await
        .check(401, &[]);
    let large = "x".repeat(300 << 10);
    let large = machine
        .request("POST", hook)
        .bearer_auth(&token)
        .body(large);
    reply(large).await.check(413, &[]);
    post(hook, &token, "test 7 failed")
        .await
        .check(202, &[("/pid", json!(1))]);
    // Never two at once.
    post(hook, &token, "again").await.check(429, &[]);
    sandbox.log_until("1", |log| log["steps"][0]["action"].is_object());
    sandbox.quipu(&["kill", "1"]).check(0, &[]);
    assert_eq!(status_of(&sandbox, "1"), "interrupted");
    // The journal knows of the end a little before the machine is done with the run.
    let mut said = post(hook, &token, "again").await;
    while said.status == 429 {
        assert!(!said.text.contains("runs today"), "{said:?}");
        said = post(hook, &token, "again").await;
    }
    said.check(202, &[("/pid", json!(2))]);
    sandbox.quipu(&["kill", "2"]).check(0, &[]);
    assert_eq!(status_of(&sandbox, "2"), "interrupted");
    // Its day is over.
    said = post(hook, &token, "again").await;
    while !said.text.contains("it had its 2 runs today") {
        said.check(429, &[]);
        said = post(hook, &token, "again").await;
    }
}

#[test]
fn a_run_that_a_crash_cut_off_goes_on() {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let args = ["default", "--cron", "0 0 1 1 *", "--prompt", "look"];
    schedule(&sandbox, &args);
    see_nothing(&sandbox);
    let machine = Machine::start(&sandbox, &[ADD, SPIN, DONE], &[]);
    sandbox.log_until("1", |log| log["steps"][1]["action"].is_object());
    machine.end("KILL");
    sandbox.install("slow", MENDED);
    let mut machine = Machine::start(&sandbox, &[ADD, SPIN, DONE], &[]);
    assert!(
        !machine.said.contains("cut off by a crash"),
        "{}",
        machine.said
    );
    machine.says("schedule default: process 1");
    assert_eq!(status_of(&sandbox, "1"), EXITED);
    assert_eq!(listed(&sandbox, "default")["runs_today"], 1);
}
