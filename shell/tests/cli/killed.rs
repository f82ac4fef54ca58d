//! A machine that is killed again and again, at moments by chance, while it writes to a program
//! outside and to its memory. What it has told is so, nothing is done twice, and its journal is
//! whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

#[path = "../../../kernel/tests/common/random.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod random;

use random::Random;

/// The environment variable with the one seed that is to be tried.
const SEED: &str = "QUIPU_TEST_SEED";
/// Times that machines are killed, and in `make torture`.
const KILLS: u64 = 12;
const KILLS_MAX: u64 = 10_000;
/// Actions of the process.
const STEPS: usize = 12;
/// The longest that a machine goes on after the event that it is killed at, in microseconds:
/// a step takes less.
const LATER_US_MAX: usize = 4_000;
/// What a process is told of a step that was cut off.
const UNKNOWN: &str = "whether it took effect is not known";

/// A server of the Model Context Protocol, for a shell: its one tool adds a line to a file.
const SERVER: &str = r#"
while IFS= read -r line; do
    id=${line#*\"id\":} id=${id%%[,\}]*}
    case $line in
        *'"tools/call"'*)
            text=${line#*\"text\":\"}
            echo "${text%%\"*}" >> "$1"
            result='{"content":[{"type":"text","text":"written"}]}' ;;
        *'"tools/list"'*)
            schema='{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}'
            result='{"tools":[{"name":"write","description":"Adds.","inputSchema":'$schema'}]}' ;;
        *'"initialize"'*)
            server='"serverInfo":{"name":"ledger","version":"1"}'
            result='{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},'$server'}' ;;
        *) continue ;;
    esac
    echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":$result}"
done"#;

/// A root with a process that is killed.
struct Victim {
    sandbox: Sandbox,
    cpu: String,
    /// Whether its process is in the journal.
    begun: bool,
    /// What it has told of each step.
    told: BTreeMap<u64, String>,
    /// How it has told that it ended.
    ended: Option<Value>,
}

impl Victim {
    fn new(random: &mut Random) -> Self {
        let sandbox = Sandbox::new();
        let server = sandbox.write("server.sh", SERVER);
        let ledger = sandbox.path().join("ledger");
        let server = json!({"command": "/bin/sh", "args": [server, ledger]});
        sandbox.write(
            ".mcp.json",
            json!({"mcpServers": {"ledger": server}}).to_string(),
        );
        sandbox.quipu(&["trust", "."]).check(0, &["trusted"]);
        sandbox
            .quipu(&["tool", "grant", "ledger", "spawn"])
            .check(0, &[]);
        let action = |n: usize| match random.below(3) {
            0 => json!({"tool": "memory.put", "args": {"text": format!("Fact {n} is kept.")}}),
            _ => json!({"tool": "ledger.write", "args": {"text": format!("line {n}")}}),
        };
        let mut lines: Vec<String> = (0..STEPS)
            .map(action)
            .map(|line| line.to_string())
            .collect();
        lines.push(json!({"answer": "done"}).to_string());
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let cpu = sandbox.script("script.jsonl", &lines);
        Self {
            sandbox,
            cpu,
            begun: false,
            told: BTreeMap::new(),
            ended: None,
        }
    }

    /// Looks whether its process is there, of which nothing may have been told. Once it is there,
    /// it stays.
    fn look(&mut self) {
        if !self.begun {
            let ps = self.sandbox.quipu(&["ps", "--json"]);
            self.begun = ps.out.contains("\"pid\"");
        }
    }

    /// The options of a run that begins the process, or goes on with it.
    fn run(&self) -> Vec<&str> {
        let mut run = vec![
            "run",
            "--format",
            "stream-json",
            "--approve",
            "all",
            "--allow",
        ];
        run.extend(["mem:write", "--cpu", &self.cpu, "--max-steps", "99"]);
        run.extend(if self.begun {
            ["--resume", "1"]
        } else {
            ["--", "task"]
        });
        run
    }

    /// Takes in a line that the machine wrote.
    fn hears(&mut self, line: &str) {
        // The last one may be cut off.
        let Ok(event) = serde_json::from_str::<Value>(line) else {
            return;
        };
        let text = || event["text"].as_str().map(str::to_owned);
        match event["event"].as_str() {
            Some("observation") => {
                let n = event["n"].as_u64().unwrap();
                self.told.insert(n, text().unwrap());
            }
            Some("exited") => self.ended = Some(event["exit"]["status"].clone()),
            _ => {}
        }
    }

    /// Runs the process until some events later, and kills its machine.
    fn kill(&mut self, random: &mut Random) {
        self.look();
        let mut machine = self.sandbox.start(&self.run());
        for _ in 0..random.below(12) {
            let Some(line) = machine.line() else { break };
            self.hears(&line);
        }
        // Between two events, too.
        std::thread::sleep(Duration::from_micros(random.below(LATER_US_MAX) as u64));
        machine.kill();
        machine.end().out.lines().for_each(|line| self.hears(line));
    }

    fn ledger(&self) -> PathBuf {
        self.sandbox.path().join("ledger")
    }

    /// Lets the process go on to its end, and checks all that it did.
    fn check(mut self) {
        if let Some(status) = &self.ended {
            assert_eq!(status, "exited");
        } else {
            self.look();
            let last = self.sandbox.quipu(&self.run());
            let over = last.err.contains("has already finished");
            assert!(over || last.code == Some(0), "{last:#?}");
        }
        let log = self.sandbox.quipu(&["log", "1", "--json"]).json();
        let steps = log["steps"].as_array().unwrap();
        for (n, text) in std::mem::take(&mut self.told) {
            let mut steps = steps.iter();
            let step = steps
                .find(|step| step["n"] == n)
                .expect("a step that was told");
            assert_eq!(step["outcome"]["text"], text, "step {n} was told otherwise");
        }
        let ledger = fs::read_to_string(self.ledger()).unwrap_or_default();
        let lines: Vec<&str> = ledger.lines().collect();
        let kept = self.sandbox.quipu(&["mem", "ls", "--json"]).json();
        for step in steps {
            let (action, outcome) = (&step["action"], &step["outcome"]);
            let text = action["args"]["text"].as_str().unwrap_or_default();
            let times = match action["tool"].as_str() {
                Some("ledger.write") => lines.iter().filter(|line| **line == text).count(),
                Some("memory.put") => usize::from(outcome["ok"] == true),
                _ => continue,
            };
            match outcome["ok"].as_bool() {
                Some(true) => assert_eq!(times, 1, "{text:?} in {lines:?}"),
                _ => {
                    assert!(times <= 1, "{text:?} in {lines:?}");
                    let said = outcome["text"].as_str().unwrap_or_default();
                    assert!(said.contains(UNKNOWN), "{step}");
                }
            }
        }
        let facts = steps
            .iter()
            .filter(|step| step["action"]["tool"] == "memory.put");
        assert_eq!(kept.as_array().unwrap().len(), facts.count(), "{kept}");
        let replayed = self.sandbox.quipu(&["replay", "1", "--verify"]);
        assert_eq!(replayed.code, Some(0), "{replayed:#?}");
    }
}

#[test]
fn torture_a_machine_that_is_killed_goes_on() {
    let one = std::env::var(SEED)
        .ok()
        .map(|seed| seed.parse::<u64>().unwrap());
    let cases = std::env::var("PROPTEST_CASES").ok();
    let cases = cases.and_then(|cases| cases.parse().ok());
    let kills_max = cases.unwrap_or(KILLS).min(KILLS_MAX);
    let (mut seed, mut kills) = (one.unwrap_or(0), 0);
    while kills < kills_max {
        let tried = std::panic::catch_unwind(|| {
            let mut random = Random(seed);
            let mut victim = Victim::new(&mut random);
            let mut kills = 0;
            // It may be that it ended, and nobody was told.
            while victim.ended.is_none() && kills < 2 * STEPS as u64 {
                victim.kill(&mut random);
                kills += 1;
            }
            victim.check();
            kills
        });
        kills += tried.unwrap_or_else(|panic| {
            let text = panic
                .downcast_ref::<String>()
                .map_or("it panicked", String::as_str);
            panic!(
                "seed {seed}: {text}\nagain, as far as the moments are the same: {SEED}={seed} \
                 cargo nextest run --release --workspace -E 'test(torture_a_machine_that_is)'"
            );
        });
        if one.is_some() {
            break;
        }
        seed += 1;
    }
}
