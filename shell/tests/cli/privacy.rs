//! What a machine keeps is its user's alone, and goes when the user removes it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::sandbox::{DONE, ENDLESS, SPIN, Sandbox};

/// `path` and everything below it, links apart.
fn all(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        found.extend(all(&entry.path()));
    }
    found.retain(|path| path.symlink_metadata().is_ok_and(|meta| !meta.is_symlink()));
    found
}

const PRIVATE: [&str; 4] = ["state", "store", "tools", "cache/mcp"];

/// What others may do with what lies in the root of `sandbox`, by path.
fn open_to_others(sandbox: &Sandbox) -> Vec<PathBuf> {
    let root = sandbox.path().join("root");
    let paths = PRIVATE.iter().flat_map(|part| all(&root.join(part)));
    let others = ["config.toml", "mcp.json", "cache", "cache/kv"].map(|name| root.join(name));
    let open = |path: &PathBuf| {
        let mode = path.metadata().map(|meta| meta.permissions().mode());
        mode.is_ok_and(|mode| mode & 0o077 != 0)
    };
    paths.chain(others).filter(open).collect()
}

#[test]
fn others_can_read_nothing_that_is_kept() {
    let sandbox = Sandbox::apart();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    sandbox.write("note.txt", "buy milk");
    let use_it = || {
        sandbox.quipu(&["mem", "add", "note.txt"]).check(0, &[]);
        sandbox.quipu(&["trust", "."]).check(0, &[]);
        sandbox
            .quipu_reading(&["--cpu", &cpu], "task\n")
            .check(0, &[]);
    };
    use_it();
    assert_eq!(open_to_others(&sandbox), Vec::<PathBuf>::new());
    // As an earlier release, or a careless copy, left it.
    let root = sandbox.path().join("root");
    std::fs::write(root.join("config.toml"), "").unwrap();
    std::fs::write(root.join("mcp.json"), "{\"mcpServers\": {}}").unwrap();
    for path in all(&root) {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    assert!(open_to_others(&sandbox).len() > 10);
    sandbox.quipu(&["ps"]).check(0, &[]);
    assert_eq!(open_to_others(&sandbox), Vec::<PathBuf>::new());
    std::fs::write(sandbox.path().join("note.txt"), "buy bread").unwrap();
    use_it();
    assert_eq!(open_to_others(&sandbox), Vec::<PathBuf>::new());
}

/// The files of the root that have `text` in them.
fn holding(sandbox: &Sandbox, text: &str) -> Vec<PathBuf> {
    let files = all(&sandbox.path().join("root")).into_iter();
    files
        .filter(|path| {
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        })
        .collect()
}

#[test]
fn a_file_is_removed_with_all_of_its_pages() {
    let sandbox = Sandbox::apart();
    std::fs::create_dir(sandbox.path().join("docs")).unwrap();
    sandbox.write("docs/a.txt", "The heron nests late.");
    sandbox.write("docs/b.txt", "The stork nests early.");
    sandbox.write("c.txt", "The crane flies.");
    sandbox
        .quipu(&["mem", "add", "docs", "c.txt"])
        .check(0, &[]);
    let count = |wanted: usize| {
        let pages = sandbox.quipu(&["mem", "ls", "--json"]).json();
        assert_eq!(pages.as_array().map(Vec::len), Some(wanted), "{pages}");
    };
    count(3);
    // All or nothing.
    sandbox
        .quipu(&["mem", "rm", "c.txt", "docs/none.txt"])
        .check(2, &["there is no page docs/none.txt"]);
    count(3);
    sandbox
        .quipu(&["mem", "rm", "c.txt"])
        .check(0, &["c.txt: 1 page"]);
    count(2);
    sandbox
        .quipu(&["mem", "rm", "docs"])
        .check(0, &["a.txt: 1 page", "b.txt: 1 page"]);
    count(0);
    // It can be brought in again.
    sandbox
        .quipu(&["mem", "add", "docs"])
        .check(0, &["added 2 pages"]);
}

#[test]
fn what_is_removed_says_where_it_remains_and_can_be_removed_there() {
    let sandbox = Sandbox::apart();
    let secret = "The code of the gate is 4711.";
    let put = format!("{{\"tool\":\"memory.put\",\"args\":{{\"text\":\"{secret}\"}}}}");
    let cpu = sandbox.script("script.jsonl", &[&put, DONE]);
    sandbox
        .quipu(&["run", "--cpu", &cpu, "keep the code"])
        .check(0, &[]);
    let other = sandbox.script("other.jsonl", &[DONE]);
    sandbox
        .quipu(&["run", "--cpu", &other, "something else"])
        .check(0, &[]);
    let pages = sandbox.quipu(&["mem", "ls", "--json"]).json();
    let id = pages[0]["id"].as_str().unwrap();
    let removed = sandbox.quipu(&["mem", "rm", id]);
    removed.check(
        0,
        &["in the journal of process 1; to remove that too: quipu log rm 1"],
    );
    assert_eq!(
        holding(&sandbox, secret).len(),
        1,
        "{:?}",
        holding(&sandbox, secret)
    );

    sandbox
        .quipu(&["log", "rm", "1", "7"])
        .check(2, &["there is no process 7"]);
    sandbox
        .quipu(&["log", "rm", "1"])
        .check(0, &["removed process 1"]);
    assert_eq!(holding(&sandbox, secret), Vec::<PathBuf>::new());
    sandbox
        .quipu(&["log", "1"])
        .check(2, &["there is no process 1"]);
    sandbox.quipu(&["log", "2"]).check(0, &[]);
    // Its number is not given again.
    sandbox
        .quipu(&["run", "--cpu", &other, "third"])
        .check(0, &[]);
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    assert_eq!((&ps[0]["pid"], &ps[1]["pid"]), (&3.into(), &2.into()));
}

#[test]
fn a_process_that_runs_is_not_removed() {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    let cpu = sandbox.script("script.jsonl", &[SPIN, DONE]);
    let mut running = sandbox.start(&["run", "--format", "stream-json", "--cpu", &cpu, "task"]);
    running.event("action", 1);
    sandbox
        .quipu(&["log", "rm", "1"])
        .check(2, &["has not ended", "quipu kill 1"]);
    running.signal("INT");
    running.end().check(130, &[]);
    // It could be resumed; nobody runs it now.
    sandbox
        .quipu(&["log", "rm", "1"])
        .check(0, &["removed process 1"]);
    assert_eq!(
        sandbox.quipu(&["ps", "--json"]).json(),
        serde_json::json!([])
    );
}
