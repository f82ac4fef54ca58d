//! A list of children that is cut off, by a crash or by Ctrl-C, and goes on.

use crate::sandbox::{DONE, ENDLESS, MENDED, SPIN, Sandbox};

const MAP: &str = r#"{"tool":"process.map","args":{"task":"Tell the mark."}}"#;

/// A list of six texts, of which two never end; and the arguments that run it.
fn a_list() -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let seen = |n: usize, action: &str| format!("{{\"seen\":\"mark-{n}-\",\"do\":{action}}}");
    let mut script: Vec<String> = Vec::new();
    for n in 0..6 {
        if n % 3 == 2 {
            script.push(seen(n, SPIN));
        }
        script.push(seen(n, &format!("{{\"answer\":\"it is {n}\"}}")));
    }
    script.push(MAP.to_owned());
    script.push(DONE.to_owned());
    let lines: Vec<&str> = script.iter().map(String::as_str).collect();
    let cpu = sandbox.script("script.jsonl", &lines);
    let mut run = vec!["run".to_owned(), "--cpu".to_owned(), cpu];
    for n in 0..6 {
        sandbox.write(&format!("{n}.txt"), format!("The text of mark-{n}-"));
        run.extend(["--attach".to_owned(), format!("{n}.txt")]);
    }
    run.push("For each of the texts, tell its mark.".to_owned());
    (sandbox, run)
}

/// Starts the list, and stops it by `signal` while two children are busy and four have exited.
fn stopped_by(signal: &str, code: Option<i32>) -> Sandbox {
    let (sandbox, run) = a_list();
    let run: Vec<&str> = run.iter().map(String::as_str).collect();
    let mut running = sandbox.start(&run);
    sandbox.log_until("1", |log| {
        let children = log["children"].as_array().cloned().unwrap_or_default();
        let over = |child: &&serde_json::Value| child["state"] == "exited";
        children.len() == 6 && children.iter().filter(over).count() == 4
    });
    for pid in ["4", "7"] {
        sandbox.log_until(pid, |log| log["steps"][0]["action"].is_object());
    }
    running.signal(signal);
    assert_eq!(running.end().code, code);
    sandbox
}

/// The list goes on: the four that were over are not run again.
fn goes_on(sandbox: &Sandbox) {
    sandbox.install("slow", MENDED);
    let cpu = format!("script:{}", sandbox.path().join("script.jsonl").display());
    let resumed = sandbox.quipu(&["run", "--resume", "1", "--cpu", &cpu, "--format", "json"]);
    resumed.check(0, &[]);
    let report = resumed.json();
    assert_eq!(report["answer"], "done");
    let told = report["steps"][0]["observation"].as_str().unwrap();
    let told: serde_json::Value = serde_json::from_str(told).unwrap();
    assert_eq!(told["answered"], 6, "{told}");
    let log = sandbox.quipu(&["log", "1", "--json"]).json();
    let children = log["children"].as_array().unwrap();
    assert_eq!(children.len(), 6);
    for child in children {
        let pid = child["pid"].to_string();
        let log = sandbox.quipu(&["log", &pid, "--json"]).json();
        let runs = log["runs"].as_array().unwrap().len();
        let busy = ["4", "7"].contains(&pid.as_str());
        assert_eq!(runs, if busy { 2 } else { 1 }, "process {pid}");
    }
    sandbox.quipu(&["replay", "all", "--verify"]).check(0, &[]);
}

#[test]
fn a_list_that_was_killed_goes_on() {
    goes_on(&stopped_by("KILL", None));
}

#[test]
fn a_list_that_was_interrupted_goes_on() {
    goes_on(&stopped_by("INT", Some(130)));
}

#[test]
fn a_list_that_is_killed_takes_its_children_with_it() {
    let sandbox = stopped_by("INT", Some(130));
    sandbox.quipu(&["kill", "1"]).check(0, &[]);
    let rows = sandbox.quipu(&["ps", "--json"]).json();
    let rows = rows.as_array().unwrap();
    assert!(rows.iter().all(|row| row["state"] == "exited"), "{rows:?}");
}
