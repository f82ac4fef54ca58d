//! What somebody may not have meant, or cannot know, is told in plain words. Sessions of the kind
//! are in the book, `mistakes.md`.

use crate::sandbox::{DONE, Sandbox};

#[test]
fn a_file_that_holds_something_else_is_told() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let check = |name: &str, text: &str, want: Option<&str>| {
        sandbox.write(name, text);
        for args in [
            &["run", "--cpu", &cpu, "--attach", name, "what is it"][..],
            &["mem", "add", name],
        ] {
            let said = sandbox.quipu(args);
            match want {
                Some(want) => assert!(said.err.contains(want), "{args:?}: {said:#?}"),
                None => {
                    let told = said.err.contains(&format!("{name}: "));
                    assert!(!told, "{args:?}: {said:#?}");
                }
            }
        }
    };
    check("empty.txt", "", Some("empty.txt: it "));
    check("blank.txt", " \n", Some("blank.txt: it "));
    check("good.jsonl", "{\"a\":1}\n\n[2]\n", None);
    let wrong = "broken.jsonl: line 2 is not JSON: ";
    check("broken.jsonl", "{\"a\":1}\n{broken\n", Some(wrong));
    check("note.txt", "{broken", None);
    check("page.docx", "Not found", Some("page.docx: it is no docx"));
}

#[test]
fn a_process_is_named_by_its_number() {
    let sandbox = Sandbox::new();
    let rows: &[&[&str]] = &[
        &["kill", "abc"],
        &["log", "abc"],
        &["log", "rm", "abc"],
        &["log", "export", "abc", "file"],
        &["nice", "abc", "1"],
        &["fork", "abc"],
        &["fork", "1@abc"],
        &["run", "--resume", "abc"],
        &["run", "--fork", "abc@1"],
        &["replay", "abc"],
        &["--resume", "abc"],
    ];
    for args in rows {
        let said = sandbox.quipu(args);
        said.check(2, &["abc", "`quipu ps` lists them"]);
        assert!(!said.err.contains("invalid digit"), "{args:?}: {said:#?}");
    }
    let said = sandbox.quipu(&["nice", "1", "abc"]);
    said.check(2, &["a priority is a number from -20 to 20"]);
    let said = sandbox.quipu(&["mem", "add", ""]);
    said.check(
        2,
        &["an empty word names no file", "hint: name files, folders"],
    );
    let said = sandbox.quipu(&["mem", "add", "ftp://example.com/notes"]);
    said.check(2, &["cannot be fetched", "begins with http:// or https://"]);
    let said = sandbox.quipu(&["mem", "search", " "]);
    said.check(
        2,
        &["there is nothing to look for", "hint: say it in words"],
    );
    let said = sandbox.quipu(&["run", "--timeout", "5m", "task"]);
    said.check(2, &["for '--timeout <S>': it takes a whole number"]);
    let said = sandbox.quipu(&["run", "what", "is", "two"]);
    said.check(2, &["goes in quotes: quipu run 'what is two'"]);
}

#[test]
fn a_root_that_cannot_be_written_fails_the_check() {
    let sandbox = Sandbox::new();
    // Nobody can write below a file, whatever their rights.
    sandbox.write("root/store", "");
    let said = sandbox.quipu(&["doctor", "--json"]);
    said.check(1, &[]);
    let findings = said.json();
    let findings = findings.as_array().unwrap();
    let disk = findings.iter().find(|it| it["check"] == "disk").unwrap();
    assert_eq!(disk["state"], "fail", "{disk}");
    let text = disk["text"].as_str().unwrap();
    assert!(text.contains("store cannot be written: "), "{text}");
    assert!(
        disk["hint"].as_str().unwrap().contains("make room"),
        "{disk}"
    );
}

#[test]
fn no_name_that_others_chose_makes_a_line_of_its_own() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let has_line = |text: &str, begins: &str| text.lines().any(|line| line.starts_with(begins));
    sandbox.write("in/a\nadded 9 pages.md", "wool");
    sandbox.write("in/b.md", "wool");
    let said = sandbox.quipu(&["mem", "add", "in"]);
    said.check(0, &["control characters", "added 1 page"]);
    assert!(!has_line(&said.err, "added 9"), "{said:#?}");
    sandbox.write(".quipu/a\ntrusted: all.toml", "");
    let said = sandbox.quipu(&["trust", "."]);
    said.check(0, &["a\\u{a}trusted: all.toml"]);
    assert!(!has_line(&said.err, "trusted: all"), "{said:#?}");
    sandbox.write("agent.toml", "name = \"a\\nwarning: all is well\"\n");
    let run = ["run", "--cpu", &cpu, "--agent", "agent.toml", "task"];
    let said = sandbox.quipu(&run);
    said.check(2, &["agent.toml: a name has a line end"]);
    assert!(!has_line(&said.err, "warning: all"), "{said:#?}");
}
