//! The python tool: what programs leave behind, through `quipu tool call`.

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

/// Runs each program by itself; its result is the JSON beside it, where `""` stands for
/// the note that there is nothing to tell.
#[track_caller]
fn check<const N: usize>(cases: [(&str, Value); N]) {
    const NOTHING: &str =
        "nothing was printed and the last line has no value: print(…) what you want to know";
    let calls: Vec<Value> = cases
        .iter()
        .map(|(code, _)| json!({"code": code}))
        .collect();
    for (line, (code, mut want)) in run(&calls).iter().zip(cases) {
        if want["note"] == "" {
            want["note"] = NOTHING.into();
        }
        assert_eq!(line["result"], want, "{code}\n{line}");
    }
}

#[test]
fn programs_say_what_they_did() {
    let value = |value: &str| json!({"stdout": "", "stderr": "", "value": value});
    let nothing = || json!({"stdout": "", "stderr": "", "note": ""});
    let failed =
        |stderr: &str, error: &str| json!({"stdout": "", "stderr": stderr, "error": error});
    check([
        ("print('hi')", json!({"stdout": "hi\n", "stderr": ""})),
        ("1/3", value("0.3333333333333333")),
        ("x = 2\nx ** 100", value("1267650600228229401496703205376")),
        ("", nothing()),
        ("None", nothing()),
        ("import math", nothing()),
        (
            "import sys\nprint('e', file=sys.stderr)",
            json!({"stdout": "", "stderr": "e\n"}),
        ),
        ("import sys\nsys.exit()", nothing()),
        ("import sys\nsys.exit(3)", failed("", "SystemExit: 3")),
        (
            "def f():\n    return {}['a']\nf()",
            failed("line 2 in f: return {}['a']\n", "KeyError: 'a'"),
        ),
        (
            "import json\njson.loads('')",
            failed(
                "line 2: json.loads('')\n",
                "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
            ),
        ),
        // Of an error the first line says most.
        (
            "raise ValueError('dry\\nwell')",
            failed(
                "line 1: raise ValueError('dry\\nwell')\n",
                "ValueError: dry well",
            ),
        ),
        (
            "if True print(1)",
            failed("line 1: if True print(1)\n", "SyntaxError: invalid syntax"),
        ),
    ]);
}

#[test]
fn the_last_line_has_a_value() {
    let value = |value: &str| json!({"stdout": "", "stderr": "", "value": value});
    let printed = |stdout: &str| json!({"stdout": stdout, "stderr": ""});
    let note = |note: &str| json!({"stdout": "", "stderr": "", "note": note});
    check([
        ("x = 3", value("3")),
        ("x: int = 3", value("3")),
        ("x = 1\nx += 4", value("5")),
        ("(n := 5)", value("5")),
        ("a, b = 1, 2", value("(1, 2)")),
        ("a = b = 4", value("4")),
        ("d = {}\nd['a'] = 5", value("5")),
        ("l = [3, 1]\nl.sort()", value("[1, 3]")),
        ("map(str, [1, 2])", value("['1', '2']")),
        ("return 6", value("6")),
        ("f = lambda x: x", note("")),
        // What was printed counts, and is not said twice.
        ("x = 3\nprint(x)", printed("3\n")),
        ("print(5)\nx = 5", printed("5\n")),
        (
            "print('working')\nx = 5",
            json!({"stdout": "working\n", "stderr": "", "value": "5"}),
        ),
        ("for x in [1, 2]: print(x * 2)", printed("2\n4\n")),
        // Functions that nothing calls.
        ("def f():\n    x = 4\n    return x", value("4")),
        ("def f(): print(4)", printed("4\n")),
        (
            "def f(n): return n",
            note("nothing was printed: f was defined and never called"),
        ),
        (
            "def f():\n    return 1/0",
            json!({"stdout": "", "stderr": "line 2 in f: return 1/0\n",
                   "error": "ZeroDivisionError: division by zero"}),
        ),
        // Blocks.
        (
            "def main(): return 7\nif __name__ == '__main__':\n    main()",
            value("7"),
        ),
        ("if 1: x = 'y'\nelse: x = 'n'", value("'y'")),
        (
            "try:\n    r = int('x')\nexcept ValueError:\n    r = -1",
            value("-1"),
        ),
        (
            "t = 0\nfor i in range(9):\n    if i % 3 == 0: t += i",
            value("9"),
        ),
        (
            "p = []\nn = 2\nwhile len(p) < 3:\n    if all(n % q for q in p): p.append(n)\n    n += 1",
            note("nothing was printed; at the end p = [2, 3, 5], n = 6"),
        ),
    ]);
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
        (
            // What C code imports when it is first needed.
            "import datetime as d; d.datetime.strptime('14:35', '%H:%M').hour == 14",
            "",
        ),
        (
            "import time; time.strptime('2024', '%Y').tm_year == 2024",
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

/// A component has the zones of the machine that it was built on.
#[test]
fn zones_are_those_of_the_machine() {
    let known = std::path::Path::new("/usr/share/zoneinfo/Asia/Tokyo").exists();
    let zone = "import datetime as d, zoneinfo as z\nstr(d.datetime(2026, 7, 1, 12, tzinfo=z.ZoneInfo('Asia/Tokyo')).astimezone(z.ZoneInfo('America/Lima')))";
    let lines = run(&[
        json!({"code": zone}),
        json!({"code": "import zoneinfo\nzoneinfo.ZoneInfo('Mars/Base')"}),
    ]);
    let (zone, none) = (&lines[0]["result"], &lines[1]["result"]["error"]);
    let none = none.as_str().unwrap_or_default();
    match known {
        true => {
            assert_eq!(zone["value"], "'2026-06-30 22:00:00-05:00'", "{zone}");
            assert!(none.contains("there is no such zone"), "{none}");
        }
        false => assert!(none.contains("there are no zone data"), "{none}"),
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
        json!({"code": "print('deep')\ndef f(n): return sorted([n], key=f)\nf(1)"}),
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
    let message = lines[4]["error"]["message"].as_str().unwrap();
    assert!(
        message.ends_with("until then it printed:\ndeep"),
        "{message}"
    );
    assert_eq!(lines[5]["result"]["stdout"], "still here\n");
}

#[test]
fn programs_read_and_write_in_the_quick_way() {
    let cases = [
        (
            "import sys\nprint(sum(map(int, sys.stdin.buffer.read().split())))",
            "12\n",
        ),
        (
            "import sys\nfor line in sys.stdin: print(line.strip())",
            "3 4\n5\n",
        ),
        ("print(len(open(0).read()))", "6\n"),
        ("import os\nprint(os.read(0, 100))", "b'3 4\\n5\\n'\n"),
        (
            "import io, os\nprint(io.BytesIO(os.read(0, os.fstat(0).st_size)).readline())",
            "b'3 4\\n'\n",
        ),
        (
            "import sys\nsys.stdout.reconfigure(encoding='utf-8')\nprint(input())",
            "3 4\n",
        ),
        (
            "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8')\nprint(1)",
            "1\n",
        ),
        (
            "import os\nos.write(1, b'\\xc3')\nos.write(1, b'\\xa9')\nNone",
            "é",
        ),
        ("```python\nprint(__file__)\n```", "<program>\n"),
    ];
    let calls = cases.map(|(code, _)| json!({"code": code, "stdin": "3 4\n5\n"}));
    for (line, (code, want)) in run(&calls).iter().zip(cases) {
        assert_eq!(line["result"]["stdout"], want, "{code}\n{line}");
    }
}

#[test]
fn a_clock_that_stands_is_told() {
    let told = |code: &str| run(&[json!({ "code": code })])[0]["result"]["note"].to_string();
    assert!(told("import datetime\ndatetime.datetime.now().year").contains("no clock runs"));
    assert_eq!(
        told("import datetime\ndatetime.date(2001, 2, 3).year"),
        "null"
    );
}

#[test]
fn programs_run_as_they_are_pasted() {
    let printed = |stdout: &str| json!({"stdout": stdout, "stderr": ""});
    let value = |value: &str| json!({"stdout": "", "stderr": "", "value": value});
    check([
        ("\u{feff}print(3)", printed("3\n")),
        ("    print(4)\n    print(5)", printed("4\n5\n")),
        (">>> x = 3\n>>> x * 2\n6", value("6")),
        (
            ">>> for n in [1, 2]:\n...     print(n)\n...\n1\n2",
            printed("1\n2\n"),
        ),
        (
            "In [1]: for n in [1, 2]:\n   ...:     print(n)\n   ...:\n1\n2\n\nIn [2]: n * 2\nOut[2]: 4",
            json!({"stdout": "1\n2\n", "stderr": "", "value": "4"}),
        ),
        ("len(str(10 ** 6000))", value("6001")),
        ("~~~python\nprint(3)\n~~~", printed("3\n")),
        // Signs of a word processor.
        ("x\u{a0}=\u{a0}5 − 1\nprint(“x”, x)", printed("x 4\n")),
        // What notebooks take beside Python.
        (
            "%matplotlib inline\n!pip install numpy\nprint(2)",
            json!({"stdout": "2\n", "stderr": "", "note":
                "left out, as it is no Python: %matplotlib inline; !pip install numpy"}),
        ),
        ("x = 7\\\n%4\nx", value("3")),
        ("breakpoint()\ndisplay(4)", printed("4\n")),
        ("import os\nprint(1)\nos._exit(0)", printed("1\n")),
    ]);
}

#[test]
fn threads_and_loops_of_events_run_by_themselves() {
    let printed = |stdout: &str| json!({"stdout": stdout, "stderr": ""});
    let waits = "line 2: threading.Event().wait()\n";
    let never = "no other thread runs beside this one: what it waits for never comes";
    check([
        (
            "import asyncio\nasync def f():\n    await asyncio.sleep(60)\n    return 3\n\
             async def main():\n    return await asyncio.gather(f(), asyncio.to_thread(int, '4'))\n\
             print(asyncio.run(main()))",
            printed("[3, 4]\n"),
        ),
        (
            "import threading\nt = threading.Thread(target=lambda: print('t'))\nt.start()\n\
             t.join()\nprint(t.is_alive())",
            printed("t\nFalse\n"),
        ),
        (
            "from concurrent.futures import ThreadPoolExecutor\n\
             with ThreadPoolExecutor(4) as pool:\n    print(list(pool.map(abs, [-1, 2])))",
            printed("[1, 2]\n"),
        ),
        (
            "import threading\nlock = threading.Lock()\nwith lock:\n    print(lock.locked(), lock.acquire(timeout=1))",
            printed("True False\n"),
        ),
        (
            "import threading\nthreading.Event().wait()",
            json!({"stdout": "", "stderr": waits, "error": format!("RuntimeError: {never}")}),
        ),
        (
            "import multiprocessing",
            json!({"stdout": "", "stderr": "line 1: import multiprocessing\n", "error":
                "ModuleNotFoundError: No module named 'multiprocessing' (this part of the \
                 standard library is not here)"}),
        ),
    ]);
}
