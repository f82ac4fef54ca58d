//! What an import leaves out, the names of notes, and pages that come and go.

use std::io::Write;

use serde_json::json;

use crate::sandbox::{DONE, Sandbox};

#[test]
fn what_is_left_out_is_counted() {
    let sandbox = Sandbox::new();
    for folder in ["v/drafts", "v/.private", "only", "empty"] {
        std::fs::create_dir_all(sandbox.path().join(folder)).unwrap();
    }
    for (name, text) in [
        ("v/.gitignore", "drafts/\n*.csv\n"),
        ("v/boat.md", "The boat is called Sardine."),
        ("v/drafts/engine.md", "Its engine is old."),
        ("v/p.csv", "a,1"),
        ("v/.private/m.md", "The mooring is cheap."),
        ("only/.gitignore", "*\n"),
        ("only/all.md", "x"),
    ] {
        sandbox.write(name, text);
    }
    let add = |args: &[&str]| sandbox.quipu(&[&["mem", "add"][..], args].concat());
    let left_out = "3 files left out by ignore rules or hidden (--no-ignore";
    add(&["v"]).check(
        0,
        &["added 1 page from 1 file", left_out, "v/drafts/engine.md"],
    );
    add(&["only"]).check(1, &["added 0 pages", "1 file left out", "only/all.md"]);
    add(&["empty"]).check(
        1,
        &[
            "added 0 pages from 0 files",
            "error: nothing was brought in",
        ],
    );
    add(&["--no-ignore", "v", "only"]).check(0, &["unchanged, skipped 0"]);
    let found = sandbox.quipu(&["mem", "search", "--mode", "lexical", "engine mooring"]);
    assert!(
        found.out.contains("engine.md") && found.out.contains("m.md"),
        "{found:#?}"
    );
}

#[test]
fn the_names_of_a_note_count_on_each_of_its_pages() {
    let sandbox = Sandbox::new();
    let filler = "It went on with boards and nails. ".repeat(120);
    for (file, name, sum) in [
        ("Barn", "Project Swallow", 12),
        ("Dam", "Project Heron", 34),
        ("Quay", "Project Gull", 56),
    ] {
        let text = format!(
            "---\naliases:\n  - {name}\nstate: open\n---\n# History\n\n{filler}\n\n# Money\n\nThe budget is {sum} thousand.\n"
        );
        sandbox.write(&format!("{file}.md"), text);
    }
    sandbox
        .quipu(&["mem", "add", "Barn.md", "Dam.md", "Quay.md"])
        .check(0, &[]);
    let hits = sandbox
        .quipu(&[
            "mem",
            "search",
            "--mode",
            "lexical",
            "--json",
            "What is the budget of Project Heron?",
        ])
        .json();
    assert!(
        hits[0]["snippet"].as_str().unwrap().contains("34 thousand"),
        "{hits}"
    );
    assert_eq!(hits[0]["title"], "Dam.md (Project Heron) › Money");
    let pages = sandbox.quipu(&["mem", "ls", "--json"]).json();
    let texts = pages.as_array().unwrap();
    assert!(
        texts
            .iter()
            .all(|page| page["bytes"].as_u64().unwrap() > 30),
        "{pages}"
    );
}

#[test]
fn pages_are_removed_all_or_none() {
    let sandbox = Sandbox::new();
    let lines =
        ["one", "two"].map(|text| json!({"_id": text, "title": "", "text": text}).to_string());
    sandbox.write("pages.jsonl", lines.join("\n"));
    sandbox
        .quipu(&["mem", "add", "--jsonl", "pages.jsonl"])
        .check(0, &[]);
    sandbox
        .quipu(&["mem", "rm", "one", "no-such-page"])
        .check(2, &["there is no page no-such-page"]);
    assert_eq!(sandbox.pages().len(), 2);
    sandbox
        .quipu(&["mem", "rm", "one", "two", "one"])
        .check(0, &["removed one", "removed two"]);
    assert_eq!(sandbox.pages().len(), 0);
}

#[test]
fn a_corrected_memory_is_shown_as_the_newer() {
    let sandbox = Sandbox::new();
    for code in ["1204", "3377"] {
        let put = json!({"tool": "memory.put", "args": {"text": format!("The code of the boathouse door is {code}.")}});
        let cpu = sandbox.script("put.jsonl", &[&put.to_string(), DONE]);
        sandbox
            .quipu(&["--cpu", &cpu, "run", "--recall", "0", "note it"])
            .check(0, &[]);
    }
    let search = json!({"tool": "memory.search", "args": {"query": "code of the boathouse door"}});
    let cpu = sandbox.script("ask.jsonl", &[&search.to_string(), DONE]);
    sandbox
        .quipu(&[
            "--cpu",
            &cpu,
            "run",
            "What is the code of the boathouse door?",
        ])
        .check(0, &[]);
    let log = sandbox.quipu(&["log", "3", "--json"]).out;
    let (newer, older) = (log.find("is 3377").unwrap(), log.find("is 1204").unwrap());
    assert!(newer < older, "{log}");
    assert!(
        log.contains("newer than m1-1") && log.contains("older than m2-1"),
        "{log}"
    );
    assert!(!log.contains("say the same"), "{log}");
}

#[test]
fn calls_that_store_something_at_once_are_all_kept() {
    let sandbox = Sandbox::new();
    let mut lines = vec![
        json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
    ];
    for n in 1..=6 {
        lines.push(json!({"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": {"name": "memory_put", "arguments": {"text": format!("Buoy {n} is painted anew.")}}}));
    }
    let mut command = sandbox.command(&["serve", "--mcp", "--approve", "all"]);
    command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for line in &lines {
        writeln!(input, "{line}").unwrap();
    }
    // Its input ends when all is answered.
    let mut answers =
        std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let said: Vec<String> = answers
        .by_ref()
        .take(lines.len() - 1)
        .map(Result::unwrap)
        .collect();
    drop(input);
    child.wait().unwrap();
    assert!(
        said.iter().all(|line| !line.contains("being written")),
        "{said:#?}"
    );
    let pages = sandbox.quipu(&["mem", "ls", "--json"]).json();
    assert_eq!(pages.as_array().unwrap().len(), 6, "{said:#?}");
}
