//! `quipu eval` on a script: what is counted, what is kept, what is named.

use serde_json::{Value, json};

use crate::sandbox::{DONE, ENDLESS, SPIN, Sandbox};

/// A call of the functions of the first case.
const BOOK: &str = r#"{"tool":"t1.room.book","args":{"nights":2}}"#;

/// Cases that differ in what they ask of the same script.
fn cases() -> String {
    let book = json!({"name": "room.book", "description": "Books a room.",
        "parameters": {"type": "object", "properties": {"nights": {"type": "integer"}},
            "required": ["nights"]}});
    let calls = json!({"calls": [{"tool": "room.book", "args": {"nights": {"any": [2, 3]}}}]});
    let lines = [
        json!({"id": "book", "tags": ["calls"], "prompt": "a", "functions": [book],
            "check": [calls, {"contains": "DONE", "steps_max": 2}, {"status": "exited"}]}),
        json!({"id": 2, "tags": ["plain"], "prompt": "b", "check": {"exact": "other"}}),
        json!({"id": [3], "tags": ["plain"], "prompt": "c", "check": {"contains": "Done"}}),
    ];
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A sandbox with the cases, and a script that books and answers.
fn prepared() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.write("cases.jsonl", cases());
    let cpu = sandbox.script("script.jsonl", &[BOOK, DONE, DONE]);
    (sandbox, cpu)
}

fn lines(sandbox: &Sandbox, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(sandbox.path().join(name)).unwrap();
    let parse = |line: &str| serde_json::from_str(line).unwrap();
    text.lines().map(parse).collect()
}

/// The rows of a table, with single spaces.
fn rows(table: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    table.lines().map(words).collect()
}

#[test]
fn cases_that_any_answer_passes_are_told() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let unchecked = json!({"id": 1, "prompt": "a"});
    let checked = json!({"id": 2, "prompt": "b", "check": {"exact": "done"}});
    sandbox.write("cases.jsonl", format!("{unchecked}\n{checked}\n"));
    let eval = ["eval", "cases.jsonl", "--cpu", &cpu];
    let told = "warning: cases.jsonl: without a check, so that any answer passes: 1 of 2 cases";
    sandbox.quipu(&eval).check(0, &[told]);
    sandbox.write("cases.jsonl", format!("{checked}\n"));
    let said = sandbox.quipu(&eval);
    said.check(0, &[]);
    assert!(!said.err.contains("without a check"), "{said:#?}");
}

#[test]
fn groups_are_summed_up_and_each_case_has_a_line() {
    let (sandbox, cpu) = prepared();
    let said = sandbox.quipu(&["eval", "cases.jsonl", "--cpu", &cpu, "--out", "results"]);
    said.check(0, &[]);
    let rows = rows(&said.out);
    assert!(rows[0].starts_with("GROUP MODEL CASES PASSED RATE 95 % MEDIAN TOKENS"));
    let script = sandbox.path().join("script.jsonl");
    let wanted = [
        ("calls", "1 1 100.0 % 20.7 % – 100.0 %"),
        ("plain", "2 1 50.0 % 9.5 % – 90.5 %"),
        ("all", "3 2 66.7 % 20.8 % – 93.9 %"),
    ];
    assert_eq!(rows.len(), 4, "{rows:#?}");
    for (row, (tag, sums)) in rows[1..].iter().zip(wanted) {
        let begin = format!("{tag} script:{} {sums}", script.display());
        assert!(
            row.starts_with(&begin),
            "{row:?} does not begin with {begin:?}"
        );
    }

    let results = lines(&sandbox, "results");
    let book = &results[0];
    assert_eq!(book["id"], "book");
    assert_eq!(book["passed"], true, "{book}");
    assert_eq!(
        book["calls"],
        json!([{"tool": "room.book", "args": {"nights": 2}}])
    );
    assert_eq!(book["answer"], "done");
    assert_eq!(book["steps"], 2);
    assert!(book["usage"]["generated_tokens"].as_u64() > Some(0));
    assert!(book["ms"].is_u64() && book["decide_ms"].is_u64());
    // The other cases do not see the function of the first, so the call was not accepted.
    assert_eq!(results[1]["passed"], false);
    assert_eq!(results[1]["why"], "another answer");

    // Nothing of it is among the user's own processes.
    let ps = sandbox.quipu(&["ps", "--json"]);
    assert!(ps.code != Some(0) || ps.json() == json!([]), "{ps:#?}");

    let low = [
        "eval",
        "cases.jsonl",
        "--cpu",
        &cpu,
        "--json",
        "--fail-under",
        "0.9",
    ];
    let said = sandbox.quipu(&low);
    said.check(1, &[]);
    let sums = said.json();
    assert_eq!(sums[2]["tag"], Value::Null, "{sums}");
    assert_eq!(sums[2]["passed"], 2);
}

#[test]
fn what_is_missing_is_run_and_graded_results_are_not() {
    let (sandbox, cpu) = prepared();
    let eval = ["eval", "cases.jsonl", "--out", "results", "--cpu", &cpu];
    let resume = [&eval[..], &["--resume"]].concat();
    sandbox
        .quipu(&[&eval[..], &["--limit", "1"]].concat())
        .check(0, &[]);
    let first = lines(&sandbox, "results");
    // The program was stopped while it wrote the next.
    let path = sandbox.path().join("results");
    let cut = std::fs::read_to_string(&path).unwrap() + "{\"id\":2,\"sta";
    sandbox.write("results", cut);
    sandbox
        .quipu(&resume)
        .check(0, &["1 of 3 cases already done"]);
    let all = lines(&sandbox, "results");
    assert_eq!(all.len(), 3);
    assert_eq!(all[0], first[0]);
    let said = sandbox.quipu(&resume);
    said.check(0, &["3 of 3 cases already done"]);
    assert!(said.out.contains("66.7 %"), "{said:#?}");
    assert_eq!(lines(&sandbox, "results"), all);

    // Graded by other cases, without the script.
    sandbox.write("other.jsonl", cases().replace("other", "done"));
    let said = sandbox.quipu(&["eval", "other.jsonl", "--grade", "results"]);
    said.check(0, &[]);
    assert!(said.out.contains("100.0 %"), "{said:#?}");

    // Those of another program have less in them.
    let peer = "{\"id\":\"book\",\"calls\":[{\"tool\":\"room.book\",\"args\":{\"nights\":4}}]}\n\
                {\"id\":2,\"answer\":\"other\",\"ms\":7}\n";
    sandbox.write("peer.jsonl", peer);
    let graded = ["eval", "cases.jsonl", "--json", "--grade", "peer.jsonl"];
    let said = sandbox.quipu(&graded);
    said.check(1, &["without a result: 1 of 3 cases"]);
    let sums = said.json();
    let all = &sums.as_array().unwrap()[2];
    assert_eq!(all["model"], "peer");
    assert_eq!(
        (&all["n"], &all["passed"]),
        (&json!(2), &json!(1)),
        "{sums}"
    );
    sandbox.write("peer.jsonl", "{\"id\":4}\n");
    sandbox
        .quipu(&graded)
        .check(2, &["peer.jsonl, line 1: no case has the id 4"]);
}

#[test]
fn what_a_case_asks_now_counts_for_what_is_kept_of_it() {
    let (sandbox, cpu) = prepared();
    let eval = ["eval", "cases.jsonl", "--out", "results", "--cpu", &cpu];
    let resume = [&eval[..], &["--resume"]].concat();
    sandbox.quipu(&eval).check(0, &[]);
    // Another check: nothing has to be run for it.
    sandbox.write("cases.jsonl", cases().replace("other", "done"));
    let said = sandbox.quipu(&resume);
    said.check(0, &["3 of 3 cases already done"]);
    assert!(said.out.contains("100.0 %"), "{said:#?}");
    // Another prompt: it is another case.
    let other = cases().replace(r#""prompt":"c""#, r#""prompt":"d""#);
    sandbox.write("cases.jsonl", other);
    sandbox.quipu(&resume).check(
        0,
        &[
            "run again, since their cases have changed: 1",
            "2 of 3 cases already done",
        ],
    );
    assert_eq!(lines(&sandbox, "results").len(), 3);
}

#[test]
fn agents_stand_side_by_side() {
    let (sandbox, cpu) = prepared();
    sandbox.write("one.md", "Be brief.");
    sandbox.write("two.toml", "tools = ['calculator']\n");
    let eval = [
        "eval",
        "cases.jsonl",
        "--agent",
        "one.md",
        "--agent",
        "two.toml",
    ];
    let said = sandbox.quipu(&[&eval[..], &["--cpu", &cpu, "--json"]].concat());
    said.check(0, &[]);
    let agents: Vec<Value> = said
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|sum| json!([sum["tag"], sum["agent"], sum["n"]]))
        .collect();
    assert_eq!(
        Value::from(agents),
        json!([
            ["calls", "one.md", 1],
            ["calls", "two.toml", 1],
            ["plain", "one.md", 2],
            ["plain", "two.toml", 2],
            [null, "one.md", 3],
            [null, "two.toml", 3]
        ])
    );
}

#[test]
fn a_case_sees_its_documents_pages_and_memories_and_no_others() {
    let sandbox = Sandbox::new();
    let keep = r#"{"tool":"memory.put","args":{"text":"The gate code is 4417."}}"#;
    let find = r#"{"tool":"memory.search","args":{"query":"gate code harbour"}}"#;
    let cpu = sandbox.script("script.jsonl", &[keep, find, DONE]);
    let remembered = json!({"memory": {"contains": ["4417"], "lacks": ["harbour"]}});
    let cases = [
        json!({"id": 1, "prompt": "a", "before": ["b"],
            "documents": [{"title": "Port", "text": "The harbour opens at six."}],
            "check": [remembered, {"calls": [{"tool": "memory.put", "args":
                {"text": "The gate code is 4417."}}, {"tool": "memory.search", "args":
                {"query": "gate code harbour"}}], "order": true}]}),
        json!({"id": 2, "prompt": "a", "stop": "call", "tools": ["memory"],
            "check": [{"calls": [{"tool": "put", "args": {"text": "the gate code is 4417"}}]},
                {"status": "stopped"}, {"steps_max": 1}, {"memory": {"lacks": ["harbour"]}}]}),
        json!({"id": 3, "prompt": "Read {base}/a.html", "tools": [],
            "pages": {"a.html": "<p>{base}</p>"}, "check": {"no_call": true}}),
    ];
    let text: String = cases.iter().map(|case| format!("{case}\n")).collect();
    sandbox.write("cases.jsonl", text);
    let eval = ["eval", "cases.jsonl", "--cpu", &cpu, "--out", "results"];
    sandbox.quipu(&eval).check(0, &[]);
    let results = lines(&sandbox, "results");
    assert_eq!(results[0]["passed"], true, "{:#}", results[0]);
    assert_eq!(results[1]["passed"], true, "{:#}", results[1]);
    assert_eq!(results[1]["answer"], Value::Null);
    // It has no tools, so that what the script calls is refused each time.
    assert_eq!(results[2]["passed"], false);
    let stats = sandbox.quipu(&["mem", "stats", "--json"]);
    assert!(!stats.out.contains("\"pages\":1"), "{stats:#?}");
}

#[test]
fn a_case_that_could_not_be_run_is_told_of_and_run_again() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "cases.jsonl",
        "{\"id\":1,\"prompt\":\"a\",\"check\":{\"lacks\":\"x\"}}\n",
    );
    let empty = sandbox.script("empty.jsonl", &[]);
    let eval = ["eval", "cases.jsonl", "--out", "results", "--cpu"];
    let said = sandbox.quipu(&[&eval[..], &[&empty]].concat());
    said.check(1, &["could not be run: 1 case; the first, 1: "]);
    assert!(said.out.contains(" 0.0 %"), "{said:#?}");
    let done = sandbox.script("empty.jsonl", &[DONE]);
    sandbox
        .quipu(&[&eval[..], &[&done, "--resume"]].concat())
        .check(0, &[]);
    let results = lines(&sandbox, "results");
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["passed"], true);
}

#[test]
fn what_cannot_work_is_named_before_anything_runs() {
    let (sandbox, cpu) = prepared();
    let results = sandbox.write("results", "of yesterday");
    let check = |cases: &str, more: &[&str], wanted: &str| {
        sandbox.write("broken.jsonl", cases);
        let eval = ["eval", "broken.jsonl", "--out", "results", "--cpu", &cpu];
        sandbox
            .quipu(&[&eval[..], more].concat())
            .check(2, &[wanted]);
        let kept = std::fs::read_to_string(&results).unwrap();
        assert_eq!(kept, "of yesterday");
    };
    let good = "{\"id\":1,\"prompt\":\"a\"}\n";
    check(
        &format!("{good}\n{{\"id\":2"),
        &[],
        "broken.jsonl, line 3: ",
    );
    check(
        &format!("{good}{{\"id\":2,\"prompt\":\"a\",\"promt\":\"b\"}}"),
        &[],
        "line 2: unknown field `promt`",
    );
    check(
        "{\"id\":1,\"prompt\":\"a\",\"tools\":[\"abacus\"]}",
        &[],
        "no tool abacus",
    );
    check(
        "{\"id\":1,\"prompt\":\"a\",\"agent\":\"nowhere.md\"}",
        &[],
        "line 1: there is no",
    );
    check("", &[], "broken.jsonl has no cases");
    check(
        good,
        &["--resume"],
        "results, line 1: not a result of an eval",
    );
    check(good, &["--fail-under", "90"], "not a number from 0 to 1");
    for option in ["--junit", "--page", "--pairs"] {
        check(
            good,
            &[option, "nowhere/report"],
            "nowhere/report cannot be written",
        );
    }
    check(
        good,
        &["--against", "nowhere.jsonl"],
        "there is no nowhere.jsonl",
    );
    check(
        good,
        &["--agent", "a", "--agent", "b", "--against", "before"],
        "these results are of 2 models or agents",
    );
    check(
        good,
        &["--against", "results"],
        "--out results is the file of the results to compare with",
    );
    sandbox.write("cases.jsonl", good);
    sandbox
        .quipu(&["eval", "cases.jsonl", "--out", "cases.jsonl"])
        .check(2, &["is the file of the cases"]);
    let models = ["--model", "a", "--model", "b"];
    sandbox
        .quipu(&[&["run", "task"], &models[..]].concat())
        .check(
            2,
            &[
                "--model is given 2 times",
                "only `quipu eval` takes several",
            ],
        );
    sandbox
        .quipu(&[&["eval", "cases.jsonl"], &models[..]].concat())
        .check(2, &["a"]);
}

#[test]
fn an_interrupt_keeps_what_is_done() {
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    sandbox.write(
        "cases.jsonl",
        "{\"id\":1,\"prompt\":\"a\",\"tools\":[]}\n{\"id\":2,\"prompt\":\"a\"}\n",
    );
    // The first case cannot call anything, so it soon ends; the second calls and waits.
    let cpu = sandbox.script("script.jsonl", &[SPIN, DONE]);
    let mut running = sandbox.start(&["eval", "cases.jsonl", "--cpu", &cpu, "--out", "results"]);
    let path = sandbox.path().join("results");
    crate::sandbox::until(|| {
        let text = std::fs::read_to_string(&path).ok()?;
        text.ends_with('\n').then_some(())
    });
    running.signal("INT");
    let said = running.end();
    said.check(130, &["--resume does what is left"]);
    assert!(said.out.contains("all"), "{said:#?}");
    assert_eq!(lines(&sandbox, "results").len(), 1);
}

#[test]
fn runs_are_compared_only_where_they_are_alike() {
    let (sandbox, cpu) = prepared();
    let eval = ["eval", "cases.jsonl", "--cpu", &cpu];
    let with = |more: &[&str]| sandbox.quipu(&[&eval[..], more].concat());
    with(&["--out", "one"]).check(0, &[]);
    let same = "3 cases in both: 0 better, 0 worse";
    with(&["--against", "one"]).check(0, &[same]);
    let seed = ["--seed", "7", "--against", "one"];
    let unlike = with(&seed);
    unlike.check(2, &["they differ in sampling", "--across sampling"]);
    // Told before anything was run.
    assert_eq!(unlike.out, "");
    with(&[&seed[..], &["--across", "sampling"]].concat()).check(0, &[same]);
    // What is asked in another way is another case; what is checked is not.
    sandbox.write("cases.jsonl", cases().replace("\"b\"", "\"d\""));
    with(&["--against", "one"]).check(2, &["they differ in cases"]);
    sandbox.write("cases.jsonl", cases().replace("other", "done"));
    with(&["--against", "one"]).check(0, &[same]);

    let traced = ["--out", "two", "--trace", "--page", "two.html"];
    with(&traced).check(0, &[]);
    let steps = &lines(&sandbox, "two")[0]["trace"];
    assert_eq!(steps[0]["action"]["tool"], "t1.room.book", "{steps}");
    let page = std::fs::read_to_string(sandbox.path().join("two.html")).unwrap();
    assert!(
        page.contains("t1.room.book") && page.contains("<details>"),
        "{page}"
    );
}

#[test]
fn pairs_of_answers_are_chosen_by_the_checks() {
    let sandbox = Sandbox::new();
    let case = json!({"id": 1, "prompt": "The capital of Peru?", "check": {"contains": "Lima"}});
    sandbox.write("cases.jsonl", format!("{case}\n"));
    let results = [
        json!({"id": 1, "round": 0, "answer": "Cusco"}),
        json!({"id": 1, "round": 1, "answer": "Lima"}),
    ];
    let results: String = results.iter().map(|line| format!("{line}\n")).collect();
    sandbox.write("results.jsonl", results);
    let graded = [
        "eval",
        "cases.jsonl",
        "--grade",
        "results.jsonl",
        "--pairs",
        "pairs.jsonl",
    ];
    sandbox.quipu(&graded).check(0, &["1 pair in pairs.jsonl"]);
    let pairs = lines(&sandbox, "pairs.jsonl");
    assert_eq!(pairs[0]["chosen"][0]["content"], "Lima");
    assert_eq!(pairs[0]["rejected"][0]["content"], "Cusco");
    assert_eq!(pairs[0]["prompt"][0]["role"], "user");
}

#[test]
fn files_of_a_case_are_laid_out_and_looked_at() {
    let sandbox = Sandbox::new();
    let check = |name: &str, want: &str| {
        json!({"id": name, "prompt": "Look into {folder}.", "files": {"notes/a.txt": "wool"},
            "check": {"files": {"contains": {"notes/a.txt": want}, "lacks": ["b.txt"]}}})
    };
    let cases = [check("kept", "wool"), check("changed", "silk")];
    let cases: String = cases.iter().map(|line| format!("{line}\n")).collect();
    sandbox.write("cases.jsonl", cases);
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let eval = ["eval", "cases.jsonl", "--cpu", &cpu, "--out", "results"];
    sandbox.quipu(&eval).check(0, &[]);
    let results = lines(&sandbox, "results");
    assert_eq!(results[0]["passed"], true, "{}", results[0]);
    assert_eq!(results[0]["files"]["notes/a.txt"], "wool");
    assert_eq!(results[1]["passed"], false);
}

#[test]
fn choices_need_odds_and_confidence_needs_checks() {
    let sandbox = Sandbox::new();
    let cpu = sandbox.script("script.jsonl", &[DONE]);
    let choices = json!({"id": 1, "prompt": "p", "choices": ["a", "b"], "right": 0});
    sandbox.write("choices.jsonl", format!("{choices}\n"));
    let said = sandbox.quipu(&["eval", "choices.jsonl", "--cpu", &cpu]);
    said.check(1, &["tells no probabilities"]);
    sandbox.write("bare.jsonl", "{\"id\":1,\"prompt\":\"p\"}\n");
    let fit = [
        "eval",
        "bare.jsonl",
        "--cpu",
        &cpu,
        "--think",
        "3",
        "--calibrate",
    ];
    sandbox.quipu(&fit).check(2, &["has no check"]);
}
