//! The journal beside other programs that open it.

use std::path::Path;
use std::sync::Barrier;

use quipu_kernel::gate::Ruling;
use quipu_kernel::journal::{Journal, JournalError, Outcome, StepRow};
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::process::{Exit, Program, State, Status, Usage};
use serde_json::json;

/// What somebody who only looks sees.
fn processes_in(journal: &Path) -> usize {
    let journal = Journal::open(journal, false).expect("a journal");
    journal.processes().expect("a list").len()
}

#[test]
fn looking_creates_nothing() {
    let folder = crate::common::folder();
    let path = folder.path().join("journal.db");
    assert_eq!(processes_in(&path), 0);
    assert!(!path.exists());
    // As it is for a moment while a machine makes it.
    std::fs::write(&path, "").expect("a file");
    assert_eq!(processes_in(&path), 0);
    assert_eq!(std::fs::read(&path).expect("a file"), b"");
}

#[test]
fn a_machine_starts_while_others_look() {
    for _ in 0..20 {
        let folder = crate::common::folder();
        let path = folder.path().join("journal.db");
        let begin = Barrier::new(5);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    begin.wait();
                    for _ in 0..20 {
                        processes_in(&path);
                    }
                });
            }
            begin.wait();
            let journal = Journal::open(&path, true).expect("a journal");
            journal
                .create(&Program::new("task"), "model")
                .expect("a process");
        });
        assert_eq!(processes_in(&path), 1);
    }
}

/// A journal with two processes of two steps each.
fn written(path: &Path) -> Journal {
    let journal = Journal::open(path, true).expect("a journal");
    for _ in 0..2 {
        let pid = journal
            .create(&Program::new("task"), "model")
            .expect("a process");
        for n in 1..=2 {
            let step = StepRow {
                n,
                action: json!({"tool": "a.b", "args": {"n": n}}),
                usage: Usage::default(),
                decide_ms: 1,
                outcome: None,
            };
            let ruling = Ruling::standing("it changes something".into(), "key");
            journal
                .intent(pid, &step, Some(&ruling), None)
                .expect("written");
            let outcome = Outcome {
                text: "done".into(),
                ok: true,
                label: Label::new("tool:a", Trust::Untrusted),
                ms: 1,
            };
            journal.outcome(pid, n, &outcome, 2, None).expect("written");
        }
    }
    journal
}

#[test]
fn a_changed_row_is_noticed() {
    let check = |change: &str, want: &str| {
        let folder = crate::common::folder();
        let path = folder.path().join("journal.db");
        drop(written(&path));
        let edit = rusqlite::Connection::open(&path).expect("opens");
        edit.execute_batch(change).expect("changed");
        drop(edit);
        let journal = Journal::open(&path, true).expect("a journal");
        let said = journal.verify(1).map_err(|error| error.to_string());
        match want {
            "" => assert_eq!(said, Ok(()), "{change}"),
            want => assert!(said.expect_err(change).ends_with(want), "{change}"),
        }
        assert_eq!(journal.fork(1, None).is_ok(), want.is_empty(), "{change}");
        assert!(journal.verify(2).is_ok(), "{change}");
    };
    check("", "");
    check(
        "UPDATE step SET label=json_set(label,'$.trust','user') WHERE pid=1 AND n=1",
        "step 1",
    );
    check("UPDATE step SET action='{}' WHERE pid=1 AND n=2", "step 2");
    check("UPDATE step SET ruling=NULL WHERE pid=1 AND n=2", "step 2");
    check("UPDATE step SET outcome=NULL WHERE pid=1 AND n=2", "step 2");
    check(
        "UPDATE process SET program=json_set(program,'$.prompt','x') WHERE pid=1",
        "its task",
    );
    check(
        "UPDATE process SET recalled='{}' WHERE pid=1",
        "reminded of",
    );
    check("DELETE FROM step WHERE pid=1 AND n=2", "step 2");
    check("DELETE FROM chain WHERE pid=1", "it has no links");
    check("UPDATE process SET parent=2 WHERE pid=1", "started it");
    // The clock, the state, and that it ran here.
    let stands = "its state or its times";
    check("UPDATE process SET created_ms=1 WHERE pid=1", stands);
    check(
        "UPDATE process SET updated_ms=updated_ms+1 WHERE pid=1",
        stands,
    );
    check("UPDATE process SET state='exited' WHERE pid=1", stands);
    check("UPDATE process SET imported='{}' WHERE pid=1", stands);
    // The links of another run in the place of its own.
    check(
        "DELETE FROM chain WHERE pid=1;
         INSERT INTO chain (pid, n, kind, digest, mac, process, said)
            SELECT 1, n, kind, digest, mac, process, said FROM chain WHERE pid=2",
        "a link of its task",
    );
    // With the links of what was taken away.
    check(
        "DELETE FROM step WHERE pid=1 AND n=2;
         DELETE FROM chain WHERE pid=1 AND n=2",
        "its last rows are missing",
    );
    check(
        "UPDATE chain SET digest=zeroblob(32) WHERE pid=1 AND kind='outcome' AND n=1",
        "a link of step 1",
    );
    check(
        "INSERT INTO step (pid, n, action, usage, decide_ms) VALUES (1, 3, '{}', '{}', 0)",
        "step 3",
    );
}

#[test]
fn a_journal_of_an_earlier_release_is_taken_as_it_is() {
    let folder = crate::common::folder();
    let path = folder.path().join("journal.db");
    drop(written(&path));
    let edit = rusqlite::Connection::open(&path).expect("opens");
    edit.execute_batch(
        "DROP INDEX process_answer; DROP TABLE chain; DROP TABLE content; DROP TABLE uses;
         DROP TABLE picture; DROP TABLE shown; DROP INDEX process_parent;
         ALTER TABLE process DROP COLUMN parent;
         ALTER TABLE process DROP COLUMN imported; ALTER TABLE step DROP COLUMN ruling; PRAGMA user_version=2;",
    )
    .expect("made older");
    drop(edit);
    for file in ["journal.last", "key"] {
        std::fs::remove_file(folder.path().join(file)).expect("removed");
    }
    // Its machine may still run: who only looks changes nothing.
    let looked = Journal::open(&path, false).err().expect("it is older");
    assert!(
        matches!(looked, JournalError::Older { found: 2, .. }),
        "{looked}"
    );
    let journal = Journal::open(&path, true).expect("a journal");
    assert!(journal.verify(1).is_ok());
    assert_eq!(journal.fork(1, Some(1)).expect("a copy"), 3);
    assert!(journal.verify(3).is_ok());
    assert!(journal.forget(1).expect("forgotten"));
    assert!(journal.verify(2).is_ok());
}

#[test]
fn a_key_or_notes_that_are_missing_are_told() {
    let folder = crate::common::folder();
    let path = folder.path().join("journal.db");
    drop(written(&path));
    let key = folder.path().join("key");
    let kept = std::fs::read(&key).expect("a key");
    // None, and one that is cut short.
    for bytes in [None, Some(&kept[..9])] {
        std::fs::remove_file(&key).ok();
        if let Some(bytes) = bytes {
            std::fs::write(&key, bytes).expect("written");
        }
        let refused = Journal::open(&path, true).err().expect("no key");
        assert!(matches!(refused, JournalError::KeyLost { .. }), "{refused}");
        // Nobody made another, and who only looks sees what is there.
        assert_eq!(std::fs::read(&key).ok().as_deref(), bytes);
        let looks = Journal::open(&path, false).expect("a journal");
        assert_eq!(looks.processes().expect("a list").len(), 2);
        let unknown = looks.verify(1).expect_err("no key");
        assert!(matches!(unknown, JournalError::KeyLost { .. }), "{unknown}");
    }
    std::fs::write(&key, &kept).expect("written");
    let open = || Journal::open(&path, true).expect("a journal");
    assert!(!open().is_unnoted());
    std::fs::remove_file(folder.path().join("journal.last")).expect("removed");
    let journal = open();
    assert!(journal.is_unnoted());
    assert!(journal.verify(1).is_ok());
}

#[test]
fn the_notes_of_an_earlier_release_count() {
    let folder = crate::common::folder();
    let path = folder.path().join("journal.db");
    drop(written(&path));
    let edit = rusqlite::Connection::open(&path).expect("opens");
    let earlier = folder.path().join("journal.heads");
    edit.execute("ATTACH ?1 AS earlier", [earlier.to_str()])
        .expect("a second file");
    edit.execute_batch(
        "CREATE TABLE earlier.head (pid INTEGER PRIMARY KEY, mac BLOB NOT NULL);
         INSERT INTO earlier.head SELECT pid, mac FROM chain
            WHERE id IN (SELECT max(id) FROM chain GROUP BY pid);
         DELETE FROM step WHERE pid=1 AND n=2;
         DELETE FROM chain WHERE pid=1 AND n=2",
    )
    .expect("cut off");
    drop(edit);
    std::fs::remove_file(folder.path().join("journal.last")).expect("removed");
    let journal = Journal::open(&path, true).expect("a journal");
    let missing = journal.verify(1).expect_err("cut off").to_string();
    assert!(missing.contains("its last rows are missing"), "{missing}");
    assert!(journal.verify(2).is_ok());
    assert!(!earlier.exists());
}

#[test]
fn how_a_run_stopped_before_it_was_taken_up_again_is_no_end_of_it() {
    let check = |status: Status, state: State, stopped: &str| {
        let folder = crate::common::folder();
        let path = folder.path().join("journal.db");
        let journal = Journal::open(&path, true).expect("a journal");
        let pid = journal.create(&Program::new("task"), "model").expect("one");
        let stands = |journal: &Journal| {
            journal.verify(pid).expect("as it was written");
            let row = journal.process(pid).expect("a row");
            (row.state_word(), row.exit.is_some())
        };
        assert_eq!(stands(&journal), ("ready", false));
        let run = |journal: &Journal| journal.set_state(pid, State::Running, 7).expect("it runs");
        run(&journal);
        let exit = Exit {
            status,
            error: None,
            ..Exit::killed()
        };
        journal.exit(pid, state, &exit, None).expect("written");
        assert_eq!(stands(&journal), (stopped, true));
        assert_eq!(journal.cut_off().expect("a list"), [0; 0]);
        run(&journal);
        assert_eq!(stands(&journal), ("running", false));
        // It is cut off, and another machine comes.
        drop(journal);
        let journal = Journal::open(&path, true).expect("a journal");
        assert_eq!(journal.recover().expect("recovered"), [pid]);
        assert_eq!(stands(&journal), ("ready", false));
        assert_eq!(journal.cut_off().expect("a list"), [pid]);
    };
    check(Status::Interrupted, State::Ready, "interrupted");
    // What it waited for only its person can give.
    check(Status::Suspended, State::Ready, "interrupted");
    check(Status::Suspended, State::Suspended, "suspended");
    check(Status::Limit, State::Exited, "exited");
}
