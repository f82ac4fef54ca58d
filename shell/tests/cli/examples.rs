//! Every chapter of `examples/` runs, on the scripted CPU.

use std::path::Path;
use std::process::Command;

use crate::roots;

/// Runs the chapter's `run.sh` and looks for `wanted` in what it prints, in this order.
#[track_caller]
fn check(chapter: &str, wanted: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let programs = Path::new(env!("CARGO_BIN_EXE_quipu")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("root");
    roots::share(&root);
    let done = Command::new("sh")
        .arg(folder.join(chapter).join("run.sh"))
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("HOME", home.path())
        .env("QUIPU_ROOT", root)
        .env("SCRIPTED", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{chapter}: {said}\n{told}");
    let mut rest = &said[..];
    for part in wanted {
        let at = rest.find(part);
        let at = at.unwrap_or_else(|| panic!("{chapter}: no {part:?} in {said}\n{told}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn ask() {
    check(
        "01_ask",
        &[
            "The answer is: 916.5",
            "\"status\":\"exited\",\"answer\":\"916.5\"",
            "\"value\\\":\\\"916.5\\\"",
        ],
    );
}

#[test]
fn remember() {
    check(
        "02_remember",
        &[
            "I will remember that.",
            "m1-1",
            "Bruno was born on 3 May 2019",
            "On 3 May 2019.",
        ],
    );
}

#[test]
fn processes() {
    for question in [
        "[1] Name the capital",
        "[2] Name the largest",
        "[3] Name a colour",
    ] {
        check("03_processes", &[question, "Done."]);
    }
}

#[test]
fn write_a_tool() {
    check(
        "04_write_a_tool",
        &[
            "wordcount.count",
            "Count the words, lines and characters of a text.",
            "{\"words\":3,\"lines\":1,\"characters\":13}",
            "It has nine words.",
        ],
    );
}
