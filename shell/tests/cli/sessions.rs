//! Sessions at a terminal, told in `tests/cmd/*.md`: each has a root of its own.

use crate::sandbox::Sandbox;

#[track_caller]
fn check(session: &str) {
    let sandbox = Sandbox::new();
    let root = sandbox.path().join("root");
    let said = root.to_str().unwrap().to_owned();
    trycmd::TestCases::new()
        .register_bin("quipu", std::path::Path::new(env!("CARGO_BIN_EXE_quipu")))
        .env("HOME", sandbox.path().to_str().unwrap())
        .env("QUIPU_ROOT", said.clone())
        // An empty variable counts as none.
        .env("QUIPU_MODEL", "")
        .env("QUIPU_CPU", "")
        .env("HF_HOME", "")
        .env("NO_COLOR", "1")
        .env("LC_ALL", "C")
        .env("TERM", "xterm")
        .insert_var("[STATE]", said)
        .unwrap()
        .case(format!("tests/cmd/{session}.md"))
        .run();
}

#[test]
fn run() {
    check("run");
}

#[test]
fn agents() {
    check("agents");
}

#[test]
fn think() {
    check("think");
}

#[test]
fn memory() {
    check("memory");
}

#[test]
fn tools() {
    check("tools");
}

#[test]
fn policy() {
    check("policy");
}

#[test]
fn children() {
    check("children");
}

#[test]
fn processes() {
    check("processes");
}

#[test]
fn schedules() {
    check("schedules");
}

#[test]
fn replay() {
    check("replay");
}

#[test]
fn mistakes() {
    check("mistakes");
}

/// A session that no test names would never be run.
#[test]
fn none_is_forgotten() {
    let files = std::fs::read_dir("tests/cmd").unwrap();
    let names = files.map(|file| file.unwrap().path());
    let mut sessions: Vec<String> = names
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    sessions.sort();
    assert_eq!(
        sessions,
        [
            "agents",
            "memory",
            "mistakes",
            "policy",
            "processes",
            "replay",
            "run",
            "schedules",
            "think",
            "tools"
        ]
    );
}
