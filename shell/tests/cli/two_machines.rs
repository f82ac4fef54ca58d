//! A root has one machine, and other programs reach it. Tasks that share it are in `sharing`.

use std::fs::File;

use crate::sandbox::{DONE, ENDLESS, Running, SPIN, Sandbox};

/// A machine whose process 1 is busy, and its `--cpu`.
fn busy() -> (Sandbox, Running, String) {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let cpu = sandbox.script("script.jsonl", &[SPIN, DONE]);
    let running = sandbox.start(&["run", "--format", "stream-json", "--cpu", &cpu, "task"]);
    running.event("action", 1);
    sandbox.log_until("1", |log| log["steps"][0]["action"].is_object());
    (sandbox, running, cpu)
}

#[test]
fn the_store_of_a_machine_that_runs_is_read_and_written_through_it() {
    let (sandbox, _running, _) = busy();
    sandbox.write("note.txt", "a note");
    sandbox
        .quipu(&["mem", "search", "note"])
        .check(0, &["nothing is stored yet"]);
    sandbox
        .quipu(&["mem", "add", "note.txt"])
        .check(0, &["added 1 page"]);
    let found = sandbox.quipu(&["mem", "search", "note"]);
    assert!(found.out.contains("note.txt#1"), "{found:#?}");
    sandbox.quipu(&["mem", "stats"]).check(0, &[]);
}

#[test]
fn a_tool_is_not_removed_under_a_process_that_may_call_it() {
    let (sandbox, _running, _) = busy();
    let rm = ["tool", "rm", "slow"];
    let refused = "process 1 may call slow while it runs";
    sandbox.quipu(&rm).check(2, &[refused, "`quipu kill 1`"]);
    // It is there, and has what it had.
    sandbox.quipu(&["tool", "show", "slow"]).check(0, &[]);
}

#[test]
fn a_process_is_seen_and_stopped_from_another_program() {
    let (sandbox, mut running, cpu) = busy();
    let top = sandbox.quipu(&["top", "--json"]).json();
    assert!(
        top["model"].as_str().unwrap().starts_with("script:"),
        "{top}"
    );
    sandbox
        .quipu(&["nice", "1", "7"])
        .check(0, &["process 1 has priority 7"]);
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    assert_eq!(ps[0]["priority"], 7);

    // A step without an outcome is not one that broke off.
    let rows: [(&[&str], &str); 2] = [
        (&["log", "1"], "… under way"),
        (&["log", "1", "--markdown"], "Under way."),
    ];
    for (args, want) in rows {
        let log = sandbox.quipu(args);
        log.check(0, &[]);
        assert!(log.out.contains(want), "{log:#?}");
        assert!(!log.out.contains("stopped here"), "{log:#?}");
    }

    let forked = sandbox.quipu(&["fork", "1@0"]);
    assert_eq!(
        (forked.code, &forked.out[..]),
        (Some(0), "2\n"),
        "{forked:#?}"
    );
    sandbox.quipu(&["fork", "1@3"]).check(2, &["process 1"]);
    sandbox
        .quipu(&["kill", "2"])
        .check(0, &["process 2 is stopped"]);

    sandbox
        .quipu(&["kill", "1"])
        .check(0, &["process 1 is stopped"]);
    let killed = running.end();
    killed.check(
        130,
        &["process 1 was killed and does not go on; `quipu run --fork 1`"],
    );
    assert!(!killed.err.contains("--resume"), "{killed:#?}");
    sandbox
        .quipu(&["run", "--resume", "1", "--cpu", &cpu])
        .check(2, &["process 1 was killed", "hint: `quipu run --fork PID`"]);
    sandbox
        .quipu(&["top"])
        .check(1, &["no machine runs on this root"]);
}

#[test]
fn a_journal_of_an_earlier_release_is_left_to_its_machine() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    sandbox.quipu(&["run", "--cpu", &cpu, "task"]).check(0, &[]);
    sandbox
        .quipu(&["log", "export", "1", "run.jsonl"])
        .check(0, &[]);
    let state = sandbox.path().join("root/state");
    let journal = || rusqlite::Connection::open(state.join("journal.db")).unwrap();
    journal()
        .execute_batch(
            "DROP INDEX process_parent; ALTER TABLE process DROP COLUMN parent;
             PRAGMA user_version=4;",
        )
        .unwrap();
    let version = || -> i32 {
        let version = journal().query_row("PRAGMA user_version", [], |row| row.get(0));
        version.unwrap()
    };
    // A machine of that release runs.
    let lock = File::open(state.join("machine.lock")).unwrap();
    lock.try_lock().unwrap();
    let looks: [&[&str]; 3] = [&["ps"], &["log", "1"], &["log", "import", "run.jsonl"]];
    for look in looks {
        let want = "the journal of this root is of an earlier release, and the program";
        let said = sandbox.quipu(look);
        said.check(2, &[want, "hint: stop that program"]);
        assert_eq!(version(), 4, "{look:?}");
    }
    drop(lock);
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    assert_eq!(ps[0]["pid"], 1, "{ps}");
    assert_eq!(version(), 5);
}

#[test]
fn a_store_of_an_earlier_release_is_read() {
    let sandbox = Sandbox::new();
    sandbox.write("note.txt", "a note");
    sandbox.quipu(&["mem", "add", "note.txt"]).check(0, &[]);
    let pages = sandbox.path().join("root/store/pages.sqlite");
    rusqlite::Connection::open(pages)
        .unwrap()
        .execute_batch(
            "ALTER TABLE pages DROP COLUMN suspicion;
             ALTER TABLE history DROP COLUMN suspicion; PRAGMA user_version=3;",
        )
        .unwrap();
    // Who only reads brings it up to date first.
    let found = sandbox.quipu(&["mem", "search", "note"]);
    found.check(0, &[]);
    assert!(found.out.contains("note.txt#1"), "{found:#?}");
}
