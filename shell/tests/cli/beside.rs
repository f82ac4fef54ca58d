//! The memory and the shell beside a machine on the same root: as they are alone.

use std::path::Path;

use crate::sandbox::{DONE, Said, Sandbox};
use crate::service::machine::Machine;
use crate::terminal::Terminal;
use regex::Regex;

const SEARCH: &str = r#"{"tool":"memory.search","args":{"query":"llama"}}"#;
const PUT: &str = r#"{"tool":"memory.put","args":{"text":"The llama is called Bruno."}}"#;

/// A sandbox with notes, pages and queries.
fn with_notes() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("notes/wool.md", "# Wool\nOf the llama, see [[cord]].\n");
    sandbox.write("notes/cord.md", "# Cord\nA cord with knots, of [[wool]].\n");
    sandbox.write("notes/odd.bin", b"\0\x01\x02");
    sandbox.write(
        "pages.jsonl",
        concat!(
            r#"{"_id":"a","title":"A","text":"An alpaca is no llama."}"#,
            "\n",
            r#"{"_id":"b","title":"B","text":"A quipu has knots.","trust":"untrusted"}"#,
        ),
    );
    sandbox.write("queries.jsonl", r#"{"_id":1,"text":"knots"}"#);
    sandbox.script("service.jsonl", &[DONE]);
    sandbox
}

/// What was said, without what differs between two sandboxes and two moments.
fn plain(said: &Said, folder: &Path) -> (Option<i32>, String, String) {
    let moments = Regex::new(r#""created_ms":\d+|\d+ s ago"#).unwrap();
    let plain = |text: &str| {
        let text = text.replace(folder.to_str().unwrap(), "HERE");
        moments.replace_all(&text, "NOW").into_owned()
    };
    (said.code, plain(&said.out), plain(&said.err))
}

#[test]
fn each_command_of_the_memory_says_beside_a_machine_what_it_says_alone() {
    let (alone, beside) = (with_notes(), with_notes());
    let machine = Machine::start(&beside, &[DONE], &[]);
    let check = |args: &[&str]| {
        let run = |sandbox: &Sandbox| {
            let here = sandbox.path().to_str().unwrap();
            let args: Vec<String> = args.iter().map(|arg| arg.replace("HERE", here)).collect();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            plain(&sandbox.quipu(&args), sandbox.path())
        };
        let said = run(&alone);
        assert_eq!(run(&beside), said, "{args:?}");
        said
    };
    let wool = "HERE/notes/wool.md#1";
    let script = "script:HERE/service.jsonl";
    let rows: &[(&[&str], i32)] = &[
        (&["mem", "stats"], 0),
        (&["mem", "add", "notes", "HERE/notes/odd.bin"], 0),
        (&["mem", "add", "notes"], 0),
        (
            &["mem", "add", "--jsonl", "pages.jsonl", "--space", "home"],
            0,
        ),
        (&["mem", "add", "no/such"], 2),
        (&["mem", "add", "notes/odd.bin"], 1),
        (&["mem", "search", "llama"], 0),
        (&["mem", "search", "llama", "--json", "-k", "1"], 0),
        (&["mem", "search", "llama", "--space", "home"], 0),
        (&["mem", "search", "--jsonl", "queries.jsonl"], 0),
        (&["mem", "search", "--mode", "semantic", "llama"], 2),
        // What was replaced counts in scores until the index is tidied: after the searches.
        (&["mem", "add", "--vouch", "notes/wool.md"], 0),
        (&["mem", "show", wool], 0),
        (&["mem", "show", wool, "--json"], 0),
        (&["mem", "show", "none"], 2),
        (&["mem", "ls"], 0),
        (&["mem", "ls", "--json", "--space", "home"], 0),
        (&["mem", "stats", "--json"], 0),
        (&["mem", "rm", "a", "none"], 2),
        (&["mem", "rm", "a"], 0),
        (&["mem", "show", "a"], 2),
        (&["mem", "rebuild"], 0),
        (&["mem", "search", "knots"], 0),
        (&["mem", "consolidate", "--cpu", script], 0),
    ];
    for (args, code) in rows {
        assert_eq!(check(args).0, Some(*code), "{args:?}");
    }
    std::fs::remove_file(alone.path().join("notes/cord.md")).unwrap();
    std::fs::remove_file(beside.path().join("notes/cord.md")).unwrap();
    check(&["mem", "add", "notes"]);
    check(&["mem", "ls", "--json"]);
    machine.end("TERM").check(0, &[]);
    check(&["mem", "ls", "--json"]);
}

#[test]
fn what_comes_in_beside_a_machine_its_processes_find() {
    let sandbox = with_notes();
    let _machine = Machine::start(&sandbox, &[SEARCH, DONE], &[]);
    let names: Vec<String> = (0..4).map(|i| format!("herd{i}")).collect();
    for name in &names {
        for i in 0..10 {
            sandbox.write(&format!("{name}/{i}.txt"), format!("llama {name} {i}"));
        }
    }
    // All at once: each has its turn.
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| {
                sandbox
                    .quipu(&["mem", "add", name.as_str()])
                    .check(0, &["added 10 pages"])
            });
        }
    });
    let stats = sandbox.quipu(&["mem", "stats", "--json"]).json();
    assert_eq!(stats["pages"], 40);
    let run = sandbox.quipu(&["run", "--recall", "0", "--json", "task"]);
    run.check(0, &[]);
    let found = run.json()["steps"][0]["observation"].to_string();
    assert!(found.contains("herd"), "{found}");
}

#[test]
fn a_machine_that_is_gone_holds_nobody_up() {
    let sandbox = with_notes();
    let machine = Machine::start(&sandbox, &[DONE], &[]);
    machine.end("KILL");
    sandbox
        .quipu(&["mem", "add", "notes"])
        .check(0, &["added 2 pages"]);
}

#[test]
fn a_shell_beside_a_machine_talks_to_it() {
    let sandbox = with_notes();
    let machine = Machine::start(&sandbox, &[PUT, DONE], &["--allow", "mem:write"]);
    let cpu = sandbox.script("service.jsonl", &[PUT, DONE]);
    // Lines of a pipe are tasks there too.
    let piped = sandbox.quipu_reading(&["--trusted-input"], "a task\n");
    piped.check(0, &[]);
    assert_eq!(piped.out, "done\n");
    let mut shell = Terminal::shell(sandbox, &["--cpu", &cpu]);
    shell.shows("shared with the machine that runs here");
    for (line, shown) in [
        ("another task", "generated"),
        ("/model", "script:"),
        ("/mem add notes", "added 2 pages"),
        ("/mem search Bruno", "The llama is called Bruno."),
        ("/mem consolidate", "nothing was made of them"),
    ] {
        shell.enters(line);
        shell.shows(shown);
    }
    let ps = shell.sandbox.quipu(&["ps", "--json"]).json();
    assert_eq!(ps.as_array().unwrap().len(), 2, "{ps}");
    machine.end("TERM").check(0, &[]);
    // Whoever is left without a machine has one of its own.
    shell.enters("a third task");
    shell.shows("this shell runs one of its own");
    shell.shows_times("generated", 2);
    let run = shell.sandbox.quipu(&["run", "a task of another program"]);
    run.check(0, &[]);
    shell.enters("/quit");
    assert_eq!(shell.end().0, Some(0));
}
