//! Standard input that is closed, empty, not text, or the whole of the work.

use std::process::Command;

use crate::sandbox::{ADD, DONE, MENDED, Said, Sandbox};
use crate::terminal::Terminal;

#[test]
fn a_task_comes_from_standard_input() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    for args in [&["run", "--cpu", &cpu][..], &["run", "--cpu", &cpu, "-"]] {
        let said = sandbox.quipu_reading(args, "do it\n");
        said.check(0, &[]);
        assert_eq!(said.out, "done\n");
    }
    let log = sandbox.quipu(&["log", "1", "--json"]).json();
    assert_eq!(log["process"]["prompt"], "do it\n");
}

#[test]
fn what_is_piped_stands_beside_the_task() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let run = ["run", "--cpu", &cpu, "sum it up"];
    let with = "from standard input";
    let said = sandbox.quipu_reading(&run, "buy milk");
    said.check(0, &["with 8 bytes from standard input"]);
    assert_eq!(said.out, "done\n");
    let waits = [&run[..], &["--attach", "-"]].concat();
    sandbox.quipu_reading(&waits, "buy milk").check(0, &[]);
    let journal = sandbox.path().join("root/state/journal.db");
    let journal = rusqlite::Connection::open(journal).unwrap();
    for pid in [1, 2] {
        let sql = "SELECT program FROM process WHERE pid=?1";
        let program: String = journal.query_row(sql, [pid], |row| row.get(0)).unwrap();
        let program: serde_json::Value = serde_json::from_str(&program).unwrap();
        assert_eq!(program["attached"][0]["text"], "buy milk");
        assert_eq!(program["attached"][0]["label"]["trust"], "untrusted");
        assert_eq!(program["label"]["trust"], "user");
    }

    // Nothing came, or nothing that is this program's.
    for said in [
        sandbox.quipu(&run),
        sandbox.quipu_reading(&run, ""),
        sandbox.quipu_reading(&run, " \n"),
    ] {
        said.check(0, &[]);
        assert!(!said.err.contains(with), "{said:#?}");
    }
    sandbox.write("tasks.txt", "one\ntwo\n");
    let mut begun = Command::new("sh");
    begun
        .arg("-c")
        .arg("while read -r task; do \"$quipu\" run --cpu \"$cpu\" \"$task\"; done <tasks.txt")
        .current_dir(sandbox.path())
        .env("quipu", env!("CARGO_BIN_EXE_quipu"))
        .env("cpu", &cpu)
        .env("QUIPU_ROOT", sandbox.path().join("root"))
        .env("HOME", sandbox.path());
    let said: Said = begun.output().unwrap().into();
    assert_eq!(said.out, "done\ndone\n", "{said:#?}");
    assert!(!said.err.contains(with), "{said:#?}");

    let check = |args: &[&str], input: &[u8], code: i32, wanted: &str| {
        let args = [&["run", "--cpu", &cpu][..], args].concat();
        sandbox.quipu_reading(&args, input).check(code, &[wanted]);
    };
    check(&["task"], b"\xff\xfe\0", 2, "not UTF-8");
    // Of the shell, too, which reads lines.
    let shell = sandbox.quipu_reading(&["--cpu", &cpu], b"one\n\xff\xfe\n");
    shell.check(2, &["standard input is not UTF-8 text", "hint: "]);
    assert_eq!(shell.out, "done\n");
    check(&["-", "--attach", "-"], b"x", 2, "cannot be both");
    check(
        &["read @tasks.txt and @nothing"],
        b"",
        0,
        "hint: @tasks.txt is not read here; use --attach tasks.txt",
    );
}

#[test]
fn an_empty_or_unreadable_task_is_refused() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let run = ["run", "--cpu", &cpu];
    sandbox
        .quipu_reading(&run, "")
        .check(2, &["the task is empty"]);
    sandbox
        .quipu_reading(&run, " \n\t\n")
        .check(2, &["the task is empty"]);
    sandbox
        .quipu_reading(&run, b"\xff\xfe\0")
        .check(2, &["not UTF-8"]);
    assert_eq!(
        sandbox.quipu(&["ps", "--json"]).json(),
        serde_json::json!([])
    );
}

#[test]
fn where_nothing_is_to_be_done_no_model_is_looked_for() {
    let sandbox = Sandbox::new();
    let shell = ["--model", "./nowhere.gguf"];
    for input in ["", " \n\n"] {
        let said = sandbox.quipu_reading(&shell, input);
        said.check(0, &["no task came on standard input"]);
        assert_eq!(said.out, "");
    }
    sandbox
        .quipu_reading(&shell, "\none\n")
        .check(2, &["there is no model file"]);
}

#[test]
fn closed_pipes_are_no_crash() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[ADD, DONE]);
    let shell = |line: &str| -> Said {
        let mut command = Command::new("sh");
        command.arg("-c").arg(line);
        command
            .env("quipu", env!("CARGO_BIN_EXE_quipu"))
            .env("cpu", &cpu)
            .env("QUIPU_ROOT", sandbox.path().join("root"))
            .env("HOME", sandbox.path());
        command.output().unwrap().into()
    };
    shell("\"$quipu\" run --cpu \"$cpu\" <&-").check(2, &["error: "]);
    shell("\"$quipu\" run --cpu \"$cpu\" task <&-").check(0, &[]);
    shell("\"$quipu\" run --cpu \"$cpu\" task 2>&-").check(0, &[]);
    // Whoever read the output has seen enough.
    shell("\"$quipu\" completions bash | true").check(0, &[]);
    let said = shell("\"$quipu\" --help | head -n 1");
    assert_eq!((said.code, &said.err[..]), (Some(0), ""), "{said:#?}");
}

#[test]
fn a_line_from_a_pipe_is_a_task_word_for_word() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    sandbox.write("note.txt", "buy milk");
    sandbox.write("plugin.toml", "needs.clock = true");
    sandbox.install("slow", MENDED);
    let lines = [
        "what is in @note.txt and @/etc/passwd",
        "!touch made",
        "  ! touch made",
        "/tool grant slow clock",
        "/mem add note.txt",
        "/nonsense \"",
        "/quit",
        "last",
    ];
    let said = sandbox.quipu_reading(&["--cpu", &cpu], lines.join("\n\n"));
    said.check(0, &[]);
    assert_eq!(said.out, "done\n".repeat(lines.len()));
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    let mut prompts: Vec<&str> = ps.as_array().unwrap().iter().rev().map(prompt).collect();
    // A later task is told of the earlier ones, and ends in its own words.
    for (prompt, line) in prompts.iter_mut().zip(lines) {
        let own = prompt.rsplit("Now the user says: ").next().unwrap();
        assert_eq!(own, line);
        assert!(!prompt.contains("buy milk") && !prompt.contains("root:"));
    }
    assert_eq!(prompts.len(), lines.len(), "{ps}");
    assert!(prompts[1].contains("User: what is in @note.txt"), "{ps}");
    assert!(!sandbox.path().join("made").exists());
    let slow = sandbox.quipu(&["tool", "show", "slow", "--json"]).json();
    assert_eq!(slow["granted"], serde_json::json!([]));
    let pages = sandbox.quipu(&["mem", "ls", "--json"]).json();
    assert_eq!(pages, serde_json::json!([]));
}

fn prompt(row: &serde_json::Value) -> &str {
    row["prompt"].as_str().unwrap()
}

#[test]
fn a_task_that_fails_stops_no_other_and_gives_the_exit_code() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[ADD]);
    let said = sandbox.quipu_reading(&["--cpu", &cpu, "--window", "4096"], "one\n\ntwo\n");
    assert_ne!(said.code, Some(0), "{said:#?}");
    let ps = sandbox.quipu(&["ps", "--json"]).json();
    assert_eq!(ps.as_array().unwrap().len(), 2, "{ps}");
}

#[test]
fn a_shell_that_does_not_start_names_commands_as_the_command_line_takes_them() {
    let args = ["--no-input", "--model", "qwen2.5-coder-1.5b"];
    let mut terminal = Terminal::shell(Sandbox::new(), &args);
    terminal.shows("hint: quipu model pull qwen2.5-coder-1.5b");
    assert_eq!(terminal.end().0, Some(2));
}

#[test]
fn a_person_has_commands_programs_and_files() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[ADD, DONE]);
    sandbox.write("note.txt", "buy milk");
    let mut terminal = Terminal::shell(sandbox, &["--cpu", &cpu]);
    terminal.shows("Type a task,");
    for (line, shown) in [
        ("!echo the sum is $((40 + 2)); touch made", "the sum is 42"),
        ("/help", "brings a file in, !command runs a program"),
        ("/nonsense", "there is no /nonsense"),
        ("/contxt", "did you mean /context?"),
        ("／nope", "there is no /nope"),
        ("/mem search", "/mem search --help says what it takes"),
        ("/quit now", "/quit takes nothing more"),
        ("quipu ps", "here it is written /ps"),
        ("/log 99", "`/ps` lists the processes"),
        ("/tool", "/tool takes one of: "),
        ("/run x", "tasks are typed without a slash"),
        ("/resume seven", "seven is not a process"),
        ("/log 99", "there is no process 99"),
        ("@/no/such/file", "there is no /no/such/file"),
        ("!false", "exit status: 1"),
        ("/clear", "the conversation starts anew"),
        // What is pasted is one task, however many lines it has.
        ("\u{1b}[200~what is in\n@note.txt\u{1b}[201~", "generated"),
    ] {
        terminal.enters(line);
        terminal.shows(shown);
    }
    terminal.enters("/quit");
    assert_eq!(terminal.end().0, Some(0));
    terminal.shows("done");
    assert!(terminal.sandbox.path().join("made").exists());
    let ps = terminal.sandbox.quipu(&["ps", "--json"]).json();
    // The words of the file came along, and nobody vouches for them.
    assert_eq!(prompt(&ps[0]), "what is in\n@note.txt");
    let journal = terminal.sandbox.path().join("root/state/journal.db");
    let program: String = rusqlite::Connection::open(journal)
        .and_then(|journal| journal.query_row("SELECT program FROM process", [], |row| row.get(0)))
        .unwrap();
    let program: serde_json::Value = serde_json::from_str(&program).unwrap();
    assert_eq!(program["attached"][0]["text"], "buy milk");
    assert_eq!(program["attached"][0]["label"]["trust"], "untrusted");
}

#[test]
fn the_last_conversation_goes_on() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let shell = ["--cpu", &cpu];
    let go_on = ["--cpu", &cpu, "--continue"];
    let check = |args: &[&str], lines: &str, want: &str, told: &[&str]| {
        let said = sandbox.quipu_reading(args, lines);
        said.check(0, &[want]);
        let ps = sandbox.quipu(&["ps", "--json"]).json();
        let whole = prompt(&ps[0]);
        for asked in ["one", "two", "three", "four"] {
            let there = whole.contains(&format!("User: {asked}\n"));
            assert_eq!(there, told.contains(&asked), "{asked}: {whole}");
        }
    };
    check(&go_on, "one\n", "there is no earlier conversation", &[]);
    check(&shell, "two\nthree\n", "", &["two"]);
    let after = "the conversation goes on after: three";
    check(&go_on, "four\n", after, &["two", "three"]);
    let after = "the conversation goes on after: four";
    check(&go_on, "five\n", after, &["two", "three", "four"]);
    // The list shows what was asked, and not what was said before it.
    let list = sandbox.quipu(&["ps"]).out;
    assert!(!list.contains("Earlier in this conversation"), "{list}");
    sandbox
        .quipu(&["--continue", "ps"])
        .check(2, &["--continue is for the interactive shell"]);
}
