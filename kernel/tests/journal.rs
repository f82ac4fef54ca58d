//! The journal beside other programs that open it.

use std::path::Path;
use std::sync::Barrier;

use quipu_kernel::journal::Journal;
use quipu_kernel::process::Program;

/// What somebody who only looks sees.
fn processes_in(journal: &Path) -> usize {
    let journal = Journal::open(journal, false).expect("a journal");
    journal.processes().expect("a list").len()
}

#[test]
fn looking_creates_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
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
        let folder = tempfile::tempdir().expect("a folder");
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
