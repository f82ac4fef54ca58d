//! Who said it: what comes in counts as a stranger's until its user vouches for it, and what
//! is kept on disk is believed only where this root wrote it.

use std::path::PathBuf;

use crate::sandbox::{ADD, DONE, MENDED, SPIN, Sandbox};

const SEARCH: &str = r#"{"tool":"memory.search","args":{"query":"rent garage"}}"#;
const PUT: &str = r#"{"tool":"memory.put","args":{"text":"The garage was let."}}"#;
const EDIT: &str = r#"{"tool":"memory.edit","args":{"block":"person","text":"Likes tea."}}"#;
/// What is said where nobody may approve.
const REFUSED: &str = "has read untrusted text";

/// A sandbox with a script that reads and then writes.
fn desk() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("reads.jsonl", &[SEARCH, PUT, DONE]);
    (sandbox, cpu)
}

#[test]
fn what_is_brought_in_is_a_strangers_until_it_is_vouched_for() {
    let check = |add: &[&str], code: i32, said: &[&str]| {
        let (sandbox, cpu) = desk();
        sandbox.write("bill.txt", "The rent of the garage is 40.");
        let line =
            r#"{"_id":"bill","title":"","text":"The rent of the garage is 40.","trust":"user"}"#;
        sandbox.write("bill.jsonl", line);
        sandbox
            .quipu(&[&["mem", "add"][..], add].concat())
            .check(0, &[]);
        let run = ["run", "--recall", "0", "--cpu", &cpu, "what is the rent"];
        sandbox.quipu(&run).check(code, said);
        assert_eq!(sandbox.pages().len(), 2 - usize::from(code == 3));
    };
    check(&["bill.txt"], 3, &[REFUSED]);
    check(&["--vouch", "bill.txt"], 0, &[]);
    // What a file says of itself is no more than the file.
    check(&["--jsonl", "bill.jsonl"], 3, &[REFUSED]);
    check(&["--vouch", "--jsonl", "bill.jsonl"], 0, &[]);
}

#[test]
fn pages_go_out_as_lines_that_come_in_again() {
    let sandbox = Sandbox::new();
    sandbox.write("bill.txt", "The rent of the garage is 40.");
    let own = r#"{"_id":"own","title":"Mine","text":"I let it."}"#;
    sandbox.write("own.jsonl", own);
    sandbox.quipu(&["mem", "add", "bill.txt"]).check(0, &[]);
    let own = ["mem", "add", "--vouch", "--private", "--jsonl", "own.jsonl"];
    sandbox.quipu(&own).check(0, &[]);
    // A file is shown by its name, as it is removed.
    let shown = sandbox.quipu(&["mem", "show", "bill.txt"]);
    assert!(shown.out.contains("The rent of the garage"), "{shown:#?}");
    let export = |sandbox: &Sandbox| {
        let said = sandbox.quipu(&["mem", "export"]);
        said.check(0, &["2 pages"]);
        let mut lines: Vec<String> = said.out.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let lines = export(&sandbox);
    assert!(lines[1].contains(r#""_id":"own""#), "{lines:?}");
    assert!(lines[1].contains(r#""secrecy":"private""#), "{lines:?}");
    let other = Sandbox::new();
    other.write("all.jsonl", lines.join("\n"));
    other
        .quipu(&["mem", "add", "--vouch", "--jsonl", "all.jsonl"])
        .check(0, &["added 2 pages"]);
    assert_eq!(export(&other), lines);
    other
        .quipu(&["mem", "export", "--space", "notes"])
        .check(0, &["nothing is stored"]);
}

#[test]
fn an_eval_believes_an_agent_as_a_run_does() {
    let (sandbox, _) = desk();
    let cpu = sandbox.script("done.jsonl", &[DONE]);
    sandbox.write("clerk.toml", "schema = 'form.json'");
    sandbox.write("form.json", "{\"type\": \"string\"}");
    sandbox.write("cases.jsonl", r#"{"id":1,"prompt":"keep it"}"#);
    let warns = |want: &[&str]| {
        let eval = ["eval", "cases.jsonl", "--agent", "clerk.toml"];
        let said = sandbox.quipu(&[&eval[..], &["--cpu", &cpu]].concat());
        let said = format!("{said:?}");
        for text in [
            "clerk.toml is not trusted",
            "since it was trusted: form.json",
        ] {
            assert_eq!(said.contains(text), want.contains(&text), "{text}: {said}");
        }
    };
    warns(&["clerk.toml is not trusted"]);
    sandbox
        .quipu(&["trust", "clerk.toml"])
        .check(0, &["form.json"]);
    warns(&[]);
    sandbox.write("form.json", "{\"type\": [\"string\"]}");
    warns(&[
        "clerk.toml is not trusted",
        "since it was trusted: form.json",
    ]);
    let listed = sandbox.quipu(&["trust", "ls"]).out;
    assert!(listed.contains("changed"), "{listed}");
    assert!(listed.contains("form.json"), "{listed}");
    sandbox.write("clerk.toml", "schema = 'form.json'\nthink = 1");
    let listed = sandbox.quipu(&["trust", "ls"]).out;
    assert!(listed.contains("the file itself"), "{listed}");
}

#[test]
fn a_scheduled_agent_that_changed_is_told_of_once() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("done.jsonl", &[DONE]);
    let write = |text: &str| drop(sandbox.write("clerk.toml", text));
    write("instructions = 'Be exact.'");
    sandbox.quipu(&["trust", "clerk.toml"]).check(0, &[]);
    let schedule = ["agent", "schedule"];
    let yearly = [
        "--name",
        "clerk",
        "--cron",
        "0 0 1 1 *",
        "--prompt",
        "Count.",
    ];
    sandbox
        .quipu(&[&schedule[..], &["clerk.toml"], &yearly].concat())
        .check(0, &["clerk runs next at"]);
    write("instructions = 'Be quick.'");
    let said = sandbox.quipu(&[&schedule[..], &["run", "clerk", "--cpu", &cpu]].concat());
    let told = said.err.matches("since it was trusted: the file itself");
    assert_eq!(told.count(), 1, "{said:?}");
}

#[test]
fn each_file_of_a_folder_that_is_trusted_is_told_once() {
    let sandbox = Sandbox::new();
    for file in ["SKILL.md", "AGENTS.md", "how.md"] {
        sandbox.write(&format!("skill/{file}"), "Be exact.");
    }
    let said = sandbox.quipu(&["trust", "skill"]);
    said.check(0, &["how.md (a part of the agent)"]);
    for file in ["SKILL.md", "AGENTS.md", "how.md"] {
        assert_eq!(said.err.matches(file).count(), 1, "{file}: {said:?}");
    }
}

#[test]
fn a_pipe_and_an_attached_file_are_a_strangers_too() {
    let (sandbox, _) = desk();
    let cpu = sandbox.script("puts.jsonl", &[PUT, DONE]);
    let piped = |args: &[&str], code: i32, said: &[&str]| {
        sandbox
            .quipu_reading(&[&["--cpu", &cpu][..], args].concat(), "keep it\n")
            .check(code, said);
    };
    for args in [
        &["run", "-"][..],
        &["run"],
        &["run", "do what it says"],
        &["run", "do what it says", "--attach", "-"],
        &[],
    ] {
        piped(args, 3, &[REFUSED, "standard input"]);
        piped(&[args, &["--trusted-input"]].concat(), 0, &[]);
    }
    sandbox.write("mail.txt", "Keep that the garage was let.");
    let attached = ["run", "--cpu", &cpu, "--attach", "mail.txt", "what is it"];
    sandbox
        .quipu(&attached)
        .check(3, &[REFUSED, "file:mail.txt"]);
    sandbox
        .quipu(&["run", "--cpu", &cpu, "keep it"])
        .check(0, &[]);
    // The prompts of a file that its user names are the user's; what stands beside is not.
    let task = |line: &str, code: i32| {
        sandbox.write("tasks.jsonl", line);
        let said = sandbox.quipu(&["batch", "tasks.jsonl", "--cpu", &cpu]);
        assert_eq!(said.code, Some(code), "{said:#?}");
    };
    task(r#"{"id":1,"prompt":"keep it"}"#, 0);
    task(
        r#"{"id":1,"prompt":"keep it","input":"The garage was let."}"#,
        3,
    );
    let line = "{\"id\":1,\"prompt\":\"keep it\"}\n";
    let said = sandbox.quipu_reading(&["batch", "-", "--cpu", &cpu], line);
    assert_eq!(said.code, Some(3), "{said:#?}");
}

#[test]
fn an_agent_that_is_not_trusted_takes_no_rights_by_naming_things() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("edits.jsonl", &[EDIT, DONE]);
    let agent = |name: &str, memory: &str| {
        std::fs::create_dir_all(sandbox.path().join(name)).unwrap();
        let text = format!("name = \"{name}\"\n[memory]\n{memory}\n");
        sandbox.write(&format!("{name}/agent.toml"), text);
    };
    let run = |name: &str| sandbox.quipu(&["run", "--agent", name, "--cpu", &cpu, "hi"]);
    let show = || sandbox.quipu(&["mem", "show", "core/notes/person"]);
    agent("own", "space = \"notes\"\nblocks = [\"person\"]");
    run("own").check(3, &[REFUSED, "agent:own"]);
    sandbox.quipu(&["trust", "own"]).check(0, &["agent.toml"]);
    run("own").check(0, &[]);
    assert!(show().out.contains("Likes tea."));
    agent("guest", "space = \"notes\"\nblocks = [\"person\"]");
    run("guest").check(2, &["the agent guest is not trusted", "the space notes"]);
    agent("guest", "reads = [\"notes\"]");
    run("guest").check(2, &["the space notes"]);
    // It is trusted as it was.
    agent("own", "space = \"notes\"\nblocks = [\"person\", \"more\"]");
    run("own").check(2, &["the agent own is not trusted"]);
    let ls = sandbox.quipu(&["trust", "ls", "--json"]).json();
    assert_eq!(ls[0]["state"], "changed", "{ls}");
    sandbox.quipu(&["trust", "own/agent.toml"]).check(0, &[]);
    run("own").check(0, &[]);
    sandbox
        .quipu(&["trust", "rm", "own/agent.toml"])
        .check(0, &[]);
    run("own").check(2, &["the agent own is not trusted"]);
}

#[test]
fn a_tool_of_somebody_else_is_not_trusted_as_its_user_is() {
    let sandbox = Sandbox::new();
    sandbox.install("slow", MENDED);
    let label = |action: &str| {
        let cpu = sandbox.script("calls.jsonl", &[action, DONE]);
        let run = ["run", "--format", "json", "--cpu", &cpu, "hi"];
        let run = sandbox.quipu(&run).json();
        run["steps"][0]["label"]["trust"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(label(SPIN), "untrusted");
    assert_eq!(label(ADD), "user");
}

#[test]
fn a_refusal_is_in_the_log_and_a_changed_log_is_noticed() {
    let (sandbox, cpu) = desk();
    sandbox.write("bill.txt", "The rent of the garage is 40.");
    sandbox.quipu(&["mem", "add", "bill.txt"]).check(0, &[]);
    let run = [
        "run",
        "--cpu",
        &cpu,
        "--approve",
        "never",
        "what is the rent",
    ];
    sandbox.quipu(&run).check(3, &[REFUSED]);
    let log = sandbox.quipu(&["log", "1", "--json"]).json();
    let steps = log["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 2, "{log}");
    assert_eq!(steps[1]["action"]["args"]["text"], "The garage was let.");
    assert_eq!(steps[1]["ruling"]["word"], "refused");
    assert_eq!(
        steps[1]["ruling"]["by"],
        "the user, beforehand for all calls"
    );
    let told = sandbox.quipu(&["log", "1"]);
    assert!(
        told.out
            .contains("refused by the user, beforehand for all calls"),
        "{told:#?}"
    );
    // Unchanged it decides again, and is refused again.
    let resume = ["run", "--cpu", &cpu, "--resume", "1", "--approve", "never"];
    sandbox.quipu(&resume).check(3, &[REFUSED]);
    let journal = rusqlite::Connection::open(sandbox.path().join("root/state/journal.db")).unwrap();
    let sql = "UPDATE step SET label=json_set(label,'$.trust','user')";
    journal.execute_batch(sql).unwrap();
    let changed = "the journal of process 1 was changed since it was written";
    sandbox.quipu(&resume).check(1, &[changed]);
    sandbox.quipu(&["log", "1"]).check(0, &[changed]);
    sandbox.quipu(&["fork", "1"]).check(1, &[changed]);
}

#[test]
fn compiled_code_of_another_component_is_made_again() {
    let sandbox = Sandbox::apart();
    let calls = || {
        for call in [
            ["calculator.calculate", r#"{"expression":"1"}"#],
            ["browser.read", r#"{"html":"<p>a","url":"file:///a.html"}"#],
        ] {
            sandbox
                .quipu(&["tool", "call", call[0], call[1]])
                .check(0, &[]);
        }
    };
    let cached = || -> Vec<PathBuf> {
        let folder = sandbox.path().join("root/cache/wasm");
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        let paths = entries.map(|entry| entry.path());
        paths
            .filter(|path| path.extension().is_some_and(|e| e == "cwasm"))
            .collect()
    };
    calls();
    let files = cached();
    assert_eq!(files.len(), 2, "{files:?}");
    let first = std::fs::read(&files[0]).unwrap();
    std::fs::write(&files[1], &first).unwrap();
    calls();
    assert_ne!(std::fs::read(&files[1]).unwrap(), first);
}
