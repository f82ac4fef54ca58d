//! A process is replayed where there is no model, no script, no tool and no network; a journal
//! that was edited shows.

use std::process::{Command, Stdio};

use crate::sandbox::{ADD, DONE, ENDLESS, MENDED, SPIN, Sandbox};

/// A process that called a tool of its user's, which is gone since, as is its script.
fn ran() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.install("slow", MENDED);
    let cpu = sandbox.script("script.jsonl", &[ADD, SPIN, DONE]);
    sandbox.quipu(&["run", "--cpu", &cpu, "task"]).check(0, &[]);
    sandbox.quipu(&["tool", "rm", "slow"]).check(0, &[]);
    std::fs::remove_file(sandbox.path().join("script.jsonl")).unwrap();
    sandbox
}

#[test]
fn a_process_is_replayed_without_what_it_ran_on() {
    let sandbox = ran();
    let said = sandbox.quipu(&["replay", "1"]);
    said.check(0, &[]);
    assert!(said.out.contains("same: 3 steps, digest "), "{said:#?}");
    // The tool would run for ever now.
    sandbox.install("slow", ENDLESS);
    let again = sandbox.quipu(&["replay", "1"]);
    assert_eq!(again.out, said.out);
}

/// Whether this system lets a program have a network of its own, with nothing in it.
fn can_leave_the_network() -> bool {
    let mut command = Command::new("unshare");
    command.args(["-rn", "true"]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[test]
fn a_process_is_replayed_without_a_network() {
    if !can_leave_the_network() {
        return;
    }
    let sandbox = ran();
    let with = sandbox.quipu(&["replay", "1", "--verify"]);
    let quipu = sandbox.command(&["replay", "1", "--verify"]);
    let mut without = Command::new("unshare");
    without.arg("-rn").arg(quipu.get_program());
    without.args(quipu.get_args()).current_dir(sandbox.path());
    without.env_clear();
    without.envs(
        quipu
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    // By its full name: nothing of the surroundings reaches it.
    without.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let out = without.output().unwrap();
    assert_eq!(String::from_utf8(out.stdout).unwrap(), with.out);
}

#[test]
fn an_edited_journal_shows() {
    let sandbox = ran();
    let journal = sandbox.path().join("root/state/journal.db");
    let edit = rusqlite::Connection::open(&journal).unwrap();
    edit.execute("UPDATE step SET outcome='43' WHERE n=2", [])
        .unwrap();
    drop(edit);
    let said = sandbox.quipu(&["replay", "1", "--verify"]);
    assert_eq!(said.code, Some(1), "{said:#?}");
    assert!(
        said.out
            .contains("was changed since it was written: step 2"),
        "{said:#?}"
    );
    // A row that cannot be read at all.
    let edit = rusqlite::Connection::open(&journal).unwrap();
    edit.execute("UPDATE step SET action='{' WHERE n=1", [])
        .unwrap();
    drop(edit);
    let changed = "the journal of process 1 was changed since it was written";
    let log = sandbox.quipu(&["log", "1"]);
    log.check(1, &[changed, "hint: `quipu log rm 1` removes the process"]);
}

#[test]
fn a_journal_that_is_gone_is_missed() {
    let sandbox = ran();
    let journal = sandbox.path().join("root/state/journal.db");
    let verify = || sandbox.quipu(&["replay", "all", "--verify"]);
    let missed = "1: its rows were taken out of the journal";
    std::fs::write(&journal, "").unwrap();
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", journal.display()));
    }
    let said = verify();
    assert_eq!(said.code, Some(1), "{said:#?}");
    assert!(said.out.contains(missed), "{said:#?}");
    std::fs::remove_file(&journal).unwrap();
    let said = verify();
    assert!(said.out.contains(missed), "{said:#?}");
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let run = ["run", "--cpu", &cpu, "task"];
    let gone = "the journal that was here is gone, with 1 process";
    sandbox.quipu(&run).check(0, &[gone]);
    let again = sandbox.quipu(&run);
    assert!(!again.err.contains("is gone"), "{again:#?}");
    verify().check(0, &[]);
}

#[test]
fn a_text_in_the_log_looks_like_no_step() {
    let sandbox = Sandbox::new();
    let forged = r#"{"answer":"so\n  2  memory.put {} (0 ms)"}"#;
    let cpu = sandbox.script("script.jsonl", &[forged]);
    let task = "task\n  1  memory.put {} (0 ms)";
    sandbox.quipu(&["run", "--cpu", &cpu, task]).check(0, &[]);
    let log = sandbox.quipu(&["log", "1"]).out;
    let steps = log.lines().filter(|line| {
        let number = line.strip_prefix("  ").and_then(|line| line.chars().next());
        number.is_some_and(|c| c.is_ascii_digit())
    });
    assert_eq!(steps.count(), 1, "{log}");
}

#[test]
fn a_run_goes_from_one_root_to_another() {
    let (one, other) = (ran(), Sandbox::apart());
    let file = one.path().join("run.jsonl");
    let file = file.to_str().unwrap();
    one.quipu(&["log", "export", "1", file])
        .check(0, &["is in"]);
    let imported = other.quipu(&["log", "import", file]);
    imported.check(0, &["hint: `quipu log 1` shows it"]);
    assert_eq!(imported.out, "1\n");
    let verified = |sandbox: &Sandbox| sandbox.quipu(&["replay", "all", "--verify"]).out;
    assert_eq!(verified(&one), verified(&other));
    let cpu = other.script("script.jsonl", &[DONE]);
    let resumed = other.quipu(&["run", "--resume", "1", "--cpu", &cpu]);
    resumed.check(2, &["process 1 was imported"]);
}

#[test]
fn what_ended_long_ago_goes() {
    let sandbox = ran();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    sandbox.quipu(&["run", "--cpu", &cpu, "task"]).check(0, &[]);
    let rm = ["log", "rm", "--older-than", "30"];
    sandbox
        .quipu(&rm)
        .check(0, &["nothing ended more than 30 days ago"]);
    let journal = sandbox.path().join("root/state/journal.db");
    let age = || {
        let edit = rusqlite::Connection::open(&journal).unwrap();
        edit.execute(
            "UPDATE process SET updated_ms=1 WHERE pid=(SELECT min(pid) FROM process)",
            [],
        )
        .unwrap();
    };
    age();
    sandbox.quipu(&rm).check(0, &["removed process 1"]);
    age();
    sandbox.write("root/config.toml", "[journal]\nkeep_days = 7\n");
    sandbox
        .quipu(&["run", "--cpu", &cpu, "task"])
        .check(0, &["removed 1 process that ended"]);
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    assert_eq!(
        (ps.as_array().unwrap().len(), &ps[0]["pid"]),
        (1, &3.into())
    );
}
