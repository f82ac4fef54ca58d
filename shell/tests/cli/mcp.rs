//! The Model Context Protocol from both sides: one machine uses what another offers.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::roots;

/// A trusted folder with an `.mcp.json`, and a root of its own.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(servers: Value) -> Self {
        let desk = Self::untrusted(servers);
        desk.trust();
        desk
    }

    fn untrusted(servers: Value) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        roots::share(&desk.0.path().join("root"));
        desk.write(".mcp.json", &json!({"mcpServers": servers}).to_string());
        desk
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    #[track_caller]
    fn trust(&self) -> String {
        let output = self.quipu(&["trust", "."]);
        fails(&output, 0, "trusted: ");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Writes a program whose start leaves the file `mark`, and gives its entry.
    fn marker(&self, name: &str, mark: &str) -> Value {
        let text = format!("#!/bin/sh\ntouch {mark}\n");
        self.write(name, &text);
        let path = self.0.path().join(name);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(path, mode).unwrap();
        json!({"command": format!("./{name}")})
    }

    fn has(&self, name: &str) -> bool {
        self.0.path().join(name).exists()
    }

    /// A machine that knows another one, as `other`.
    fn with_other(theirs: &Path) -> Self {
        let args = ["--root", theirs.to_str().unwrap(), "serve", "--mcp"];
        let other = json!({"command": env!("CARGO_BIN_EXE_quipu"), "args": args});
        Self::new(json!({"other": other}))
    }

    fn quipu(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quipu"));
        command
            .args(args)
            // Senses whose weights this user has pulled are tools too.
            .env("HOME", self.0.path())
            .env("QUIPU_ROOT", self.0.path().join("root"))
            .env("NO_COLOR", "1")
            .env_remove("QUIPU_MODEL")
            .env_remove("QUIPU_CPU")
            .current_dir(self.0.path());
        command
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

    // A changed server is another one, and asks again.
    let file = desk.0.path().join(".mcp.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"serve\"", "\"-v\",\"serve\"")).unwrap();
    desk.trust();
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
    // A grant waits for what the server says of itself only as long as it is told to, and
    // another tool does not wait at all.
    let desk = Desk::new(json!({"silent": {"command": "sleep", "args": ["600"]}}));
    let granted = desk.quipu(&["tool", "grant", "silent", "spawn", "--wait", "0"]);
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
        "map": {"command": {"a": "b"}},
        "fine": {"command": "sh"},
    }));
    let says = |name: &str, want: &str| {
        let entry = desk.listed(name);
        assert!(entry["error"].as_str().unwrap().contains(want), "{entry}");
    };
    says("empty", "command or a url");
    says("map", "invalid type: map");
    assert!(desk.listed("fine")["error"].is_null());
    let granted = desk.quipu(&["tool", "grant", "empty", "spawn"]);
    fails(&granted, 1, "command or a url");

    desk.write(".mcp.json", "[]");
    fails(&desk.quipu(&["trust", "."]), 2, "expected a map");
    desk.write("root/mcp.json", "[]");
    desk.write(".mcp.json", "{\"mcpServers\": {}}");
    desk.trust();
    says("mcp", "expected a map");
    let unknown = desk.quipu(&["tool", "show", "fine"]);
    fails(&unknown, 2, "expected a map");
    let sum = desk.json(&["tool", "call", "calculator", r#"{"expression":"1+1"}"#]);
    assert_eq!(sum["value"], "2");
}

#[test]
fn nothing_in_a_folder_takes_effect_before_it_is_trusted() {
    let desk = Desk::untrusted(json!({}));
    let entry = desk.marker("s", "started");
    let servers = json!({"mine": entry, "calculator": entry}).to_string();
    desk.write(".mcp.json", &format!("{{\"mcpServers\": {servers}}}"));
    let nothing = |words: &str| {
        let listed = desk.listed("mcp");
        let error = listed["error"].as_str().unwrap();
        assert!(error.contains(words), "{listed}");
        assert!(error.contains("quipu trust "), "{listed}");
        fails(&desk.quipu(&["tool", "grant", "mine", "spawn"]), 2, words);
        fails(&desk.quipu(&["tool", "call", "mine.x", "{}"]), 2, words);
        assert!(!desk.has("started"));
    };
    nothing("is not trusted, so nothing in it takes effect: .mcp.json");
    let said = desk.trust();
    assert!(said.contains("mine: runs ./s; asks for spawn"), "{said}");
    assert!(!desk.has("started"));
    fails(
        &desk.quipu(&["tool", "grant", "mine", "spawn"]),
        0,
        "granted",
    );
    desk.listed("mine");
    assert!(desk.has("started"));
    // A changed file asks again, by its name.
    std::fs::remove_file(desk.0.path().join("started")).unwrap();
    desk.write(".mcp.json", &format!("{{\"mcpServers\":  {servers}}}"));
    nothing("changed since it was trusted: .mcp.json");
    let ls = desk.json(&["trust", "ls", "--json"]);
    assert_eq!(ls[0]["state"], "changed");
    assert_eq!(ls[0]["changed"], json!([".mcp.json"]));
    assert!(desk.trust().contains("changed since it was trusted"));
    let folder = desk.0.path().canonicalize().unwrap();
    let ls = desk.json(&["trust", "ls", "--json"]);
    assert_eq!(ls[0]["folder"], folder.to_str().unwrap());
    assert_eq!(ls[0]["state"], "trusted");
    fails(
        &desk.quipu(&["trust", "--remove", "."]),
        0,
        "no longer trusted",
    );
    fails(&desk.quipu(&["trust", "rm", "."]), 2, "is not trusted");
    nothing("is not trusted");
    assert_eq!(desk.json(&["trust", "ls", "--json"]), json!([]));
}

#[test]
fn a_grant_is_for_one_program_in_one_folder() {
    let desk = Desk::untrusted(json!({}));
    let entry = desk.marker("s", "started");
    let other = desk.0.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let text = json!({"mcpServers": {"mine": entry}}).to_string();
    desk.write(".mcp.json", &text);
    desk.write("other/.mcp.json", &text);
    std::fs::copy(desk.0.path().join("s"), other.join("s")).unwrap();
    desk.trust();
    fails(
        &desk.quipu(&["tool", "grant", "mine", "spawn"]),
        0,
        "granted",
    );
    let elsewhere = |args: &[&str]| desk.command(args).current_dir(&other).output().unwrap();
    fails(&elsewhere(&["trust", "."]), 0, "trusted: ");
    let call = ["tool", "call", "mine.x", "{}"];
    // The same words, and even the same bytes, in another folder.
    fails(&elsewhere(&call), 3, "quipu tool grant mine spawn");
    assert!(!desk.has("other/started"));
    // Other bytes in the same place.
    desk.marker("s", "changed");
    fails(&desk.quipu(&call), 3, "quipu tool grant mine spawn");
    assert!(!desk.has("changed"));
}

#[test]
fn what_is_allowed_to_all_is_not_allowed_to_servers() {
    let desk = Desk::untrusted(json!({}));
    let mine = desk.marker("s", "started");
    let near = json!({"url": "http://127.0.0.1:9/mcp"});
    let servers = json!({"mcpServers": {"mine": mine, "near": near}});
    desk.write(".mcp.json", &servers.to_string());
    desk.trust();
    desk.write("root/config.toml", "allow = [\"spawn\", \"net:*\"]");
    for (name, need) in [("mine", "spawn"), ("near", "net:127.0.0.1:9")] {
        assert_eq!(desk.listed(name)["functions"], json!([]));
        let call = desk.quipu(&["tool", "call", &format!("{name}.x"), "{}"]);
        fails(&call, 3, &format!("quipu tool grant {name} {need}"));
    }
    assert!(!desk.has("started"));
    // Nor to one whose address is no address, whatever is allowed.
    let bad = json!({"mcpServers": {"bad": {"url": "https://a.org@127.0.0.1:9/"}}});
    desk.write(".mcp.json", &bad.to_string());
    desk.trust();
    assert!(
        desk.listed("bad")["error"]
            .as_str()
            .unwrap()
            .contains("not an address")
    );
}

#[test]
fn what_a_server_is_given_in_confidence_is_told_to_nobody() {
    const KEYS: [&str; 3] = ["literal-hunter2", "argument-hunter2", "variable-hunter2"];
    let script = "echo \"no $LITERAL_KEY $FROM_OUTSIDE $1 $2\" >&2; exit 1";
    let desk = Desk::new(json!({"desk": {
        "command": "sh",
        "args": ["-c", script, "sh", "--token", KEYS[1]],
        "env": {"LITERAL_KEY": KEYS[0], "FROM_OUTSIDE": "${DESK_KEY}"},
    }}));
    let quipu = |args: &[&str]| {
        let output = desk
            .command(args)
            .env("DESK_KEY", KEYS[2])
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let said = text(output.stdout) + &text(output.stderr);
        assert!(!said.contains("hunter2"), "{args:?}: {said}");
        said
    };
    quipu(&["trust", "."]);
    assert!(quipu(&["tool", "ls"]).contains("tool grant desk env:DESK_KEY"));
    quipu(&["tool", "grant", "desk", "spawn"]);
    quipu(&["tool", "show", "desk"]);
    quipu(&["tool", "grant", "desk", "env:DESK_KEY"]);
    assert!(quipu(&["tool", "ls"]).contains("no … ${DESK_KEY} --token …"));
    quipu(&["tool", "ls", "--json"]);
    quipu(&["doctor"]);
    desk.write("script.jsonl", r#"{"answer":"done"}"#);
    quipu(&[
        "run",
        "--cpu",
        "script:script.jsonl",
        "--format",
        "json",
        "task",
    ]);
    quipu(&["log", "1", "--json"]);
}

/// Answers of `quipu serve --mcp` to calls, in their order: what was said, or the error.
fn served(desk: &Desk, args: &[&str], calls: &[(&str, Value)]) -> Vec<String> {
    use std::io::{BufRead, Write};
    let args = [&["serve", "--mcp"], args].concat();
    let mut command = desk.command(&args);
    command.stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let mut ask = |id: usize, method: &str, params: Value| -> Value {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        writeln!(stdin, "{request}").unwrap();
        let answer = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        if id == 0 {
            let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
            writeln!(stdin, "{ready}").unwrap();
        }
        answer
    };
    let client = json!({"protocolVersion": "2025-06-18", "capabilities": {},
                        "clientInfo": {"name": "test", "version": "1"}});
    ask(0, "initialize", client);
    let answers = calls.iter().enumerate().map(|(n, (name, args))| {
        let params = json!({"name": name, "arguments": args});
        let answer = ask(n + 1, "tools/call", params);
        match &answer["error"]["message"] {
            Value::Null => answer["result"]["content"][0]["text"].to_string(),
            refused => refused.to_string(),
        }
    });
    let answers = answers.collect();
    drop(stdin);
    child.wait().unwrap();
    answers
}

#[test]
fn another_program_is_a_stranger_here() {
    let desk = Desk::new(json!({}));
    let pages = [
        json!({"_id": "open", "title": "", "text": "The museum closes at six."}),
        json!({"_id": "web", "title": "", "text": "The museum was sold.", "trust": "untrusted"}),
    ];
    desk.write(
        "pages.jsonl",
        &pages.map(|page| page.to_string()).join("\n"),
    );
    desk.write("diary.txt", "My own museum.");
    fails(
        &desk.quipu(&["mem", "add", "--jsonl", "pages.jsonl"]),
        0,
        "added",
    );
    fails(
        &desk.quipu(&["mem", "add", "--space", "diary", "diary.txt"]),
        0,
        "added",
    );
    let own = desk.json(&["mem", "ls", "--space", "diary", "--json"])[0]["id"].clone();
    let calls = [
        ("memory_search", json!({"query": "museum", "k": 9})),
        ("memory_show", json!({"id": "open"})),
        ("memory_show", json!({"id": own})),
        ("memory_show", json!({"id": "open", "space": "diary"})),
        ("calculator.calculate", json!({"expression": "2+2"})),
        ("calculator_calculate", json!({"expression": "2+2"})),
        ("memory.put", json!({"text": "The museum is closed."})),
        ("memory_put", json!({"text": "The museum is closed."})),
        ("calculator_calculate", json!("2+2")),
    ];
    let wanted = [
        "sold",
        "closes at six",
        "there is no page",
        "space",
        "there is no tool calculator.calculate",
        "4",
        "there is no tool memory.put",
        "has read untrusted text from another program",
        "tools/call takes",
    ];
    let answers = served(&desk, &[], &calls);
    for (answer, want) in answers.iter().zip(wanted) {
        assert!(answer.contains(want), "no {want:?} in {answer}");
        assert!(!answer.contains("My own museum"), "{answer}");
    }
    let put = served(&desk, &["--approve", "all"], &calls[7..8]);
    assert!(put[0].contains("id"), "{put:?}");
    let kept = desk.json(&["mem", "ls", "--json"]);
    let mut kept = kept.as_array().unwrap().iter();
    let put = kept.find(|page| page["source"] == "another program, over MCP");
    assert_eq!(put.unwrap()["trust"], "untrusted");
}

#[test]
fn the_memory_of_a_machine_that_runs_is_written_through_it() {
    use std::io::{BufRead, BufReader};
    let desk = Desk::new(json!({}));
    desk.write("script.jsonl", r#"{"answer":"done"}"#);
    let mut machine = desk.command(&[
        "serve",
        "--addr",
        "127.0.0.1:0",
        "--cpu",
        "script:script.jsonl",
    ]);
    let mut machine = machine
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(machine.stderr.take().unwrap()).lines();
    let listens = lines
        .map_while(Result::ok)
        .find(|line| line.starts_with("listening on "));
    assert!(listens.is_some());
    let put = ("memory_put", json!({"text": "The museum is closed."}));
    let search = ("memory_search", json!({"query": "museum"}));
    let answers = served(&desk, &["--approve", "all"], &[put, search]);
    assert!(answers[0].contains("id"), "{answers:?}");
    assert!(answers[1].contains("The museum is closed."), "{answers:?}");
    let kept = desk.json(&["mem", "ls", "--json"]);
    assert_eq!(kept[0]["source"], "another program, over MCP", "{kept}");
    machine.kill().unwrap();
    machine.wait().unwrap();
}
