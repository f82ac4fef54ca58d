//! The python tool: what programs leave behind, through `quipu tool call`.
#![allow(clippy::unwrap_used, reason = "a test may stop there")]

use std::process::Command;

use serde_json::{Value, json};

/// Calls the tool once for each of `calls`, all in one process, and gives the lines.
fn run(calls: &[Value]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.jsonl");
    let lines: Vec<String> = calls.iter().map(Value::to_string).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    // The user's own cache: compiling the tool takes ten seconds of two processors.
    let output = Command::new(env!("CARGO_BIN_EXE_quipu"))
        .args(["tool", "call", "python.run", "--jsonl"])
        .arg(&file)
        .env_remove("QUIPU_ROOT")
        .env("XDG_DATA_HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines.len(),
        calls.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    lines
}

#[test]
fn programs_say_what_they_did() {
    let cases = [
        ("print('hi')", json!({"stdout": "hi\n", "stderr": ""})),
        (
            "1/3",
            json!({"stdout": "", "stderr": "", "value": "0.3333333333333333"}),
        ),
        (
            "x = 2\nx ** 100",
            json!({"stdout": "", "stderr": "", "value": "1267650600228229401496703205376"}),
        ),
        ("", json!({"stdout": "", "stderr": ""})),
        ("None", json!({"stdout": "", "stderr": ""})),
        (
            "import sys\nprint('e', file=sys.stderr)",
            json!({"stdout": "", "stderr": "e\n"}),
        ),
        (
            "import sys\nsys.exit()",
            json!({"stdout": "", "stderr": ""}),
        ),
        (
            "import sys\nsys.exit(3)",
            json!({"stdout": "", "stderr": "", "error": "SystemExit: 3"}),
        ),
        (
            "def f():\n    return {}['a']\nf()",
            json!({"stdout": "", "error": "KeyError: 'a'", "stderr":
                "Traceback (most recent call last):\n  File \"<program>\", line 3, in <module>\n    f()\n    ~^^\n  File \"<program>\", line 2, in f\n    return {}['a']\n           ~~^^^^^\nKeyError: 'a'\n"}),
        ),
        (
            "if True print(1)",
            json!({"stdout": "", "error": "SyntaxError: invalid syntax", "stderr":
                "  File \"<program>\", line 1\n    if True print(1)\n            ^^^^^\nSyntaxError: invalid syntax\n"}),
        ),
    ];
    let calls: Vec<Value> = cases
        .iter()
        .map(|(code, _)| json!({"code": code}))
        .collect();
    for (line, (code, want)) in run(&calls).iter().zip(cases) {
        assert_eq!(line["result"], want, "{code}\n{line}");
    }
}

#[test]
fn the_library_is_there_and_nothing_else() {
    // Each prints True, or fails with the words on the right.
    let cases = [
        (
            "import sqlite3; sqlite3.connect(':memory:').execute('select 1').fetchone() == (1,)",
            "",
        ),
        (
            "import hashlib; len(hashlib.sha256(b'a').hexdigest()) == 64",
            "",
        ),
        (
            "import datetime, zoneinfo, decimal, statistics, csv, re, json, zlib, textwrap; True",
            "",
        ),
        (
            "import asyncio, unittest, dataclasses, typing, fractions, itertools; True",
            "",
        ),
        ("input() + input() == 'ab'", ""),
        ("import random; random.random() != 0.5", ""),
        ("import time; time.time() < 86400", ""),
        ("import numpy", "nothing can be installed"),
        ("open('/etc/passwd').read()", "Error"),
        ("import os; os.listdir('/')", "Error"),
        ("import os; os.system('ls')", "Error"),
        (
            "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')",
            "Error",
        ),
        ("import socket; socket.socket()", "Error"),
        ("def f(): return f()\nf()", "RecursionError"),
    ];
    let calls: Vec<Value> = cases
        .iter()
        .map(|(code, _)| json!({"code": code, "stdin": "a\nb\n"}))
        .collect();
    for (line, (code, want)) in run(&calls).iter().zip(cases) {
        let result = &line["result"];
        match want {
            "" => assert_eq!(result["value"], "True", "{code}\n{line}"),
            want => assert!(
                result["error"].as_str().is_some_and(|e| e.contains(want)),
                "{code}\n{line}"
            ),
        }
    }
}

#[test]
fn calls_know_nothing_of_each_other_and_output_is_bounded() {
    let lines = run(&[
        json!({"code": "import builtins, math; builtins.left = 1; math.pi = 3"}),
        json!({"code": "import builtins, math; (hasattr(builtins, 'left'), math.pi > 3)"}),
        json!({"code": "for _ in range(10000): print('x' * 99)"}),
        json!({"code": "'a' * 10**9"}),
        // Through the interpreter's own C, which knows no limit but the sandbox's.
        json!({"code": "def f(n): return sorted([n], key=f)\nf(1)"}),
        json!({"code": "print('still here')"}),
    ]);
    assert_eq!(lines[1]["result"]["value"], "(False, True)");
    let printed = lines[2]["result"]["stdout"].as_str().unwrap();
    assert!(
        printed.len() < 250_000 && printed.ends_with("more characters were printed and not kept]")
    );
    assert!(
        lines[3]["ok"] == false || lines[3]["result"]["error"].is_string(),
        "{}",
        lines[3]
    );
    assert_eq!(lines[4]["ok"], false, "{}", lines[4]);
    assert_eq!(lines[5]["result"]["stdout"], "still here\n");
}
