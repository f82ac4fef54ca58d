//! `quipu learn` on a script: what helps is kept and shown, what does not is refused.

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, until};

/// How a right answer looks in a window, after which every task is done right.
const RIGHT: &str = r#"{"answer":"right"}"#;

/// Forty tasks; the script does every second one right by itself.
fn cases() -> String {
    let case = |n: usize| {
        let prompt = format!("Spell the colour c{n}x backwards.");
        format!(
            "{}\n",
            json!({"id": n, "prompt": prompt, "check": {"exact": "right"}})
        )
    };
    (0..40).map(case).collect()
}

/// The lines of a script that does the tasks: once it was shown how, all of them right if it
/// `learns`, and wrong if not.
fn script(learns: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let then = if learns { "right" } else { "wrong" };
    lines.push(json!({"seen": RIGHT, "do": {"answer": then}}).to_string());
    lines.extend((0..40).step_by(2).map(|n| {
        let prompt = format!("c{n}x backwards");
        json!({"seen": prompt, "do": {"answer": "right"}}).to_string()
    }));
    lines.push(json!({"seen": "Name", "do": {"answer": "named"}}).to_string());
    lines.push(json!({"answer": "wrong"}).to_string());
    lines
}

/// A sandbox with the cases, and the value of `--cpu` for the script.
fn prepared(learns: bool) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.write("cases.jsonl", cases());
    let lines = script(learns);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let cpu = sandbox.script("script.jsonl", &lines);
    (sandbox, cpu)
}

/// The ids of the skills that a task was shown.
fn shown(sandbox: &Sandbox, cpu: &str) -> usize {
    let task = "Spell the colour c99x backwards.";
    let said = sandbox.quipu(&["run", task, "--cpu", cpu, "--format", "stream-json"]);
    said.check(0, &[]);
    let events = said
        .out
        .lines()
        .map(|line| -> Value { serde_json::from_str(line).unwrap() });
    let mut shown = events.filter(|event| event["event"] == "examples");
    shown
        .next()
        .map_or(0, |event| event["ids"].as_array().unwrap().len())
}

#[test]
fn what_helps_is_kept_shown_switched_off_exported_and_rolled_back() {
    let (sandbox, cpu) = prepared(true);
    let said = sandbox.quipu(&["learn", "cases.jsonl", "--cpu", &cpu, "--json"]);
    said.check(0, &["learning half: 20 cases", "kept: ", "did not hold"]);
    let report = said.json();
    let tried = &report["tried"][0];
    assert_eq!(tried["kept"], true, "{report}");
    assert_eq!(tried["gain"]["cases"], 20);
    assert_eq!(tried["gain"]["after"], 20, "{report}");
    let kept = report["kept"].as_array().unwrap().len();
    assert!(kept >= 5, "{report}");

    let listed = sandbox.quipu(&["learn", "ls", "--json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), kept);
    assert_eq!(listed[0]["origin"]["suite"], "cases.jsonl");
    assert_eq!(listed[0]["gain"], tried["gain"]);
    let id = listed[0]["id"].as_str().unwrap();
    let one = sandbox.quipu(&["learn", "show", id]);
    assert!(
        one.out.contains("backwards") && one.out.contains(RIGHT),
        "{one:#?}"
    );
    sandbox
        .quipu(&["learn", "show", "x"])
        .check(2, &["there is no skill x"]);

    // A task like them is shown them, and the eval where it is wanted.
    assert!(shown(&sandbox, &cpu) > 0);
    let rate = |more: &[&str]| {
        let eval = ["eval", "cases.jsonl", "--cpu", &cpu, "--json"];
        let sums = sandbox.quipu(&[&eval[..], more].concat()).json();
        sums[0]["rate"].as_f64().unwrap()
    };
    assert_eq!((rate(&[]), rate(&["--learnt"])), (0.5, 1.0));

    sandbox.quipu(&["learn", "off"]).check(0, &["switched off"]);
    assert_eq!(shown(&sandbox, &cpu), 0);
    sandbox
        .quipu(&["learn", "on", id])
        .check(0, &["1 switched on"]);
    assert_eq!(shown(&sandbox, &cpu), 1);

    let exported = sandbox.quipu(&["learn", "export", "colours"]);
    exported.check(0, &[]);
    let text = std::fs::read_to_string(sandbox.path().join("colours/SKILL.md")).unwrap();
    assert!(
        text.contains("name: colours") && text.contains("Answer: right"),
        "{text}"
    );
    sandbox
        .quipu(&["learn", "export", "colours"])
        .check(2, &["there already"]);

    sandbox
        .quipu(&["learn", "rollback"])
        .check(0, &["set 1 is removed", "left: 0"]);
    assert_eq!(sandbox.quipu(&["learn", "ls", "--json"]).json(), json!([]));
    assert_eq!(shown(&sandbox, &cpu), 0);
}

#[test]
fn what_does_not_help_is_refused() {
    let (sandbox, cpu) = prepared(false);
    let learn = ["learn", "cases.jsonl", "--cpu", &cpu];
    sandbox
        .quipu(&learn)
        .check(1, &["no gain", "nothing was kept"]);

    let (sandbox, cpu) = prepared(true);
    let learn = ["learn", "cases.jsonl", "--cpu", &cpu];
    sandbox
        .quipu(&[&learn[..], &["--p-max", "0.000001"]].concat())
        .check(1, &["it may be chance"]);
    // Another suite does worse by it.
    let other = |n: usize| {
        let prompt = format!("Name the colour n{n} backwards.");
        format!(
            "{}\n",
            json!({"id": n, "prompt": prompt, "check": {"exact": "named"}})
        )
    };
    sandbox.write("other.jsonl", (0..4).map(other).collect::<String>());
    let said = sandbox.quipu(&[&learn[..], &["--also", "other.jsonl"]].concat());
    // What has run once is not run again.
    said.check(1, &["20 of them done already", "other.jsonl loses"]);
    assert_eq!(sandbox.quipu(&["learn", "ls", "--json"]).json(), json!([]));
}

#[test]
fn what_cannot_be_learnt_from_is_named() {
    let (sandbox, cpu) = prepared(true);
    let check = |args: &[&str], wanted: &str| {
        let learn = [&["learn", "--cpu", &cpu], args].concat();
        sandbox.quipu(&learn).check(2, &[wanted]);
    };
    check(&[], "nothing to learn from");
    sandbox.write("few.jsonl", cases().lines().next().unwrap());
    check(&["few.jsonl"], "few.jsonl has 1 case to learn from");
    check(&["cases.jsonl", "--p-max", "2"], "not a number from 0 to 1");
    sandbox.write("strange.md", "Do as I say.");
    check(&["cases.jsonl", "--agent", "strange.md"], "is not trusted");
}

#[test]
fn an_interrupt_keeps_what_has_run() {
    use crate::sandbox::{ENDLESS, SPIN};
    let sandbox = Sandbox::new();
    sandbox.install("slow", ENDLESS);
    sandbox.write("cases.jsonl", cases());
    // The tasks with even numbers are done, and the first odd one never ends.
    let mut lines = script(false);
    lines.pop();
    lines.push(SPIN.to_owned());
    let text: Vec<&str> = lines.iter().map(String::as_str).collect();
    let cpu = sandbox.script("script.jsonl", &text);
    let learn = ["learn", "cases.jsonl", "--cpu", &cpu, "--jobs", "8"];
    let mut running = sandbox.start(&learn);
    let folder = sandbox.path().join("root/cache/learn");
    until(|| {
        let mut files = std::fs::read_dir(&folder).ok()?;
        let text = std::fs::read_to_string(files.next()?.ok()?.path()).ok()?;
        text.ends_with('\n').then_some(())
    });
    running.signal("INT");
    running
        .end()
        .check(130, &["nothing was kept", "goes on where this one stopped"]);
    assert_eq!(sandbox.quipu(&["learn", "ls", "--json"]).json(), json!([]));
}
