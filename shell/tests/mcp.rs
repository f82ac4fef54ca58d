//! The Model Context Protocol from both sides: one machine uses what another offers.
#![allow(clippy::unwrap_used, reason = "a test may stop there")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

/// A folder with an `.mcp.json` and a root of its own.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(servers: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = json!({"mcpServers": servers}).to_string();
        std::fs::write(folder.path().join(".mcp.json"), text).unwrap();
        Self(folder)
    }

    /// A machine that knows another one, as `other`.
    fn with_other(theirs: &Path) -> Self {
        let args = ["--root", theirs.to_str().unwrap(), "serve", "--mcp"];
        let other = json!({"command": env!("CARGO_BIN_EXE_quipu"), "args": args});
        Self::new(json!({"other": other}))
    }

    fn quipu(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_quipu"))
            .args(args)
            .env("QUIPU_ROOT", self.0.path().join("root"))
            .env("NO_COLOR", "1")
            .env_remove("QUIPU_MODEL")
            .env_remove("QUIPU_CPU")
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let output = self.quipu(args);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str(&said)
            .unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// The entry of `tool ls` for `name`.
    fn listed(&self, name: &str) -> Value {
        let tools = self.json(&["tool", "ls", "--json"]);
        let mut tools = tools.as_array().unwrap().iter();
        tools.find(|tool| tool["name"] == name).unwrap().clone()
    }
}

#[track_caller]
fn fails(output: &Output, code: i32, want: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(want), "{said}");
}

#[test]
fn one_machine_uses_another_once_it_is_granted() {
    let theirs = tempfile::tempdir().unwrap();
    let desk = Desk::with_other(theirs.path());
    let sum = [
        "tool",
        "call",
        "other.calculator_calculate",
        r#"{"expression":"2+2"}"#,
    ];

    assert_eq!(desk.listed("other")["functions"], json!([]));
    fails(&desk.quipu(&sum), 3, "quipu tool grant other spawn");

    assert!(
        desk.quipu(&["tool", "grant", "other", "spawn"])
            .status
            .success()
    );
    assert_eq!(desk.json(&sum)["value"], "4");

    let kept = json!({"text": "The museum closes at six."}).to_string();
    let page = desk.json(&["tool", "call", "other.memory_put", &kept]);
    let query = json!({"query": "when does the museum close"}).to_string();
    let found = desk.json(&["tool", "call", "other.memory_search", &query]);
    assert_eq!(found["hits"][0]["id"], page["id"]);
    let shown = desk.json(&[
        "tool",
        "call",
        "other.memory_show",
        &json!({"id": page["id"]}).to_string(),
    ]);
    assert_eq!(shown["trust"], "untrusted");

    // A changed server is another one, and asks again.
    let file = desk.0.path().join(".mcp.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"serve\"", "\"-v\",\"serve\"")).unwrap();
    fails(&desk.quipu(&sum), 3, "quipu tool grant other spawn");
}

#[test]
fn a_process_uses_a_server_and_what_it_says_is_not_trusted() {
    let theirs = tempfile::tempdir().unwrap();
    let desk = Desk::with_other(theirs.path());
    assert!(
        desk.quipu(&["tool", "grant", "other", "spawn"])
            .status
            .success()
    );
    let script = desk.0.path().join("script.jsonl");
    let actions = [
        json!({"tool": "other.calculator_calculate", "args": {"expression": "6*7"}}),
        json!({"answer": "42"}),
    ];
    std::fs::write(&script, actions.map(|action| action.to_string()).join("\n")).unwrap();
    let cpu = format!("script:{}", script.display());
    let run = desk.json(&[
        "run",
        "--cpu",
        &cpu,
        "--format",
        "json",
        "What is 6 times 7?",
    ]);
    assert_eq!(run["answer"], "42", "{run}");
    let step = &run["steps"][0];
    assert!(step["observation"].to_string().contains("42"), "{run}");
    assert_eq!(step["label"]["trust"], "untrusted", "{run}");
}

#[test]
fn a_server_that_never_answers_holds_nobody_up() {
    // A listing would be waited for; neither a grant nor another tool needs one.
    let desk = Desk::new(json!({"silent": {"command": "sleep", "args": ["600"]}}));
    let granted = desk.quipu(&["tool", "grant", "silent", "spawn"]);
    assert!(granted.status.success());
    let sum = ["tool", "call", "calculator", r#"{"expression":"2+2"}"#];
    assert_eq!(desk.json(&sum)["value"], "4");
    let said = String::from_utf8_lossy(&granted.stderr);
    assert!(!said.contains("asking the MCP server"), "{said}");
}

#[test]
fn a_server_that_fails_is_seen() {
    let desk = Desk::new(json!({
        "broken": {"command": "sh", "args": ["-c", "echo no cords >&2; exit 1"]},
        "off": {"command": "sh", "disabled": true},
    }));
    assert!(
        desk.quipu(&["tool", "grant", "broken", "spawn"])
            .status
            .success()
    );
    let error = desk.listed("broken")["error"].as_str().unwrap().to_owned();
    assert!(error.contains("no cords"), "{error}");
}

#[test]
fn a_mistake_in_the_file_leaves_the_other_tools() {
    let desk = Desk::new(json!({
        "empty": {},
        "list": {"command": ["a", "b"]},
        "fine": {"command": "sh"},
    }));
    let says = |name: &str, want: &str| {
        let entry = desk.listed(name);
        assert!(entry["error"].as_str().unwrap().contains(want), "{entry}");
    };
    says("empty", "command or a url");
    says("list", "invalid type: sequence");
    assert!(desk.listed("fine")["error"].is_null());
    let granted = desk.quipu(&["tool", "grant", "empty", "spawn"]);
    fails(&granted, 1, "command or a url");

    std::fs::write(desk.0.path().join(".mcp.json"), "[]").unwrap();
    says("mcp", "expected a map");
    let unknown = desk.quipu(&["tool", "show", "fine"]);
    fails(&unknown, 2, "expected a map");
    let sum = desk.json(&["tool", "call", "calculator", r#"{"expression":"1+1"}"#]);
    assert_eq!(sum["value"], "2");
}
