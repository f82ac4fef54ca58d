//! The sessions in the book: every `$` line of `book/src/*.md` is run, in `book/src/example`, with
//! a root of its own for each page. `TRYCMD=overwrite` writes what the program says now into them.
#![allow(clippy::unwrap_used, reason = "a test may stop there")]

use std::path::Path;

#[path = "cli/roots.rs"]
mod roots;

const PAGES: &str = "../book/src";

/// Runs the sessions of one page. All tests here share the folder of examples, so that it may be
/// the working folder of them all.
#[track_caller]
fn check(page: &str) {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGES);
    let pages = pages.canonicalize().unwrap();
    std::env::set_current_dir(pages.join("example")).unwrap();
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("root");
    roots::share(&root);
    let said = root.to_str().unwrap().to_owned();
    trycmd::TestCases::new()
        .register_bin("quipu", Path::new(env!("CARGO_BIN_EXE_quipu")))
        .env("HOME", home.path().to_str().unwrap())
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
        .case(pages.join(format!("{page}.md")))
        .run();
}

#[test]
fn scripts() {
    check("scripts");
}

#[test]
fn processes() {
    check("processes");
}

#[test]
fn children() {
    check("children");
}

#[test]
fn thought() {
    check("thought");
}

#[test]
fn agents() {
    check("agents");
}

#[test]
fn schedules() {
    check("schedules");
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
fn senses() {
    check("senses");
}

#[test]
fn secrets() {
    check("secrets");
}

#[test]
fn rules() {
    check("rules");
}

#[test]
fn replay() {
    check("replay");
}

#[test]
fn measuring() {
    check("measuring");
}

#[test]
fn mistakes() {
    check("mistakes");
}

/// A page whose session no test names would never be run, and one that the summary does not name
/// would never be read.
#[test]
fn none_is_forgotten() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGES);
    let summary = std::fs::read_to_string(pages.join("SUMMARY.md")).unwrap();
    let tests = include_str!("book.rs");
    let mut sessions = 0;
    for file in std::fs::read_dir(pages).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|end| end != "md") || name == "SUMMARY" {
            continue;
        }
        assert!(
            summary.contains(&format!("]({name}.md)")),
            "SUMMARY.md leaves out {name}"
        );
        let text = std::fs::read_to_string(&path).unwrap();
        if text.contains("\n```console\n") {
            sessions += 1;
            assert!(
                tests.contains(&format!("check(\"{name}\")")),
                "no test runs {name}.md"
            );
        }
    }
    assert!(sessions > 9, "{sessions} pages have a session");
}
