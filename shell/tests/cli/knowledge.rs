//! Agents that know folders, have a form for their answers, and follow a project.

use serde_json::json;

use crate::sandbox::{DONE, Sandbox};

const SEARCH: &str = r#"{"tool":"memory.search","args":{"query":"vacation days"}}"#;

#[test]
fn an_agent_answers_from_the_folders_that_it_knows() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path().join("desk/handbook")).unwrap();
    let write = |text: &str| {
        sandbox.write("desk/handbook/leave.md", text);
    };
    write("# Leave\n\nEverybody has 27 vacation days.");
    sandbox.write(
        "desk/agent.toml",
        "name = \"desk\"\ntools = []\nknowledge = [\"handbook\"]",
    );
    let cpu = sandbox.script("searches.jsonl", &[SEARCH, DONE]);
    let run = |agent: &[&str]| {
        let run = ["run", "--format", "json", "--cpu", &cpu];
        sandbox.quipu(&[&run, agent, &["How many days?"]].concat())
    };
    let warned = run(&["--agent", "desk"]);
    warned.check(0, &["no folder that it names is looked at"]);
    sandbox.quipu(&["trust", "desk"]).check(0, &[]);
    let said = run(&["--agent", "desk"]);
    said.check(0, &["the agent desk has read 1 page of what it knows"]);
    let found = said.json();
    let observed = found["steps"][0]["observation"].as_str().unwrap();
    assert!(observed.contains("27 vacation days"), "{observed}");
    assert_eq!(found["steps"][0]["label"]["trust"], "untrusted");
    let source = found["sources"][0].as_str().unwrap();
    let shown = sandbox.quipu(&["mem", "show", source]);
    assert!(shown.out.contains("27 vacation days"), "{shown:#?}");
    // What has not changed is not read again.
    let again = run(&["--agent", "desk"]);
    assert!(!again.err.contains("has read"), "{again:#?}");
    write("# Leave\n\nEverybody has 28 vacation days.");
    let changed = run(&["--agent", "desk"]).json();
    let observed = changed["steps"][0]["observation"].as_str().unwrap();
    assert!(
        observed.contains("28") && !observed.contains("27"),
        "{observed}"
    );
    // A run of a schedule looks first as well.
    let yearly = ["--cron", "0 0 1 1 *", "--prompt", "How many days?"];
    let schedule = ["agent", "schedule"];
    sandbox
        .quipu(&[&schedule[..], &["desk"], &yearly].concat())
        .check(0, &[]);
    write("# Leave\n\nEverybody has 29 vacation days.");
    sandbox
        .quipu(&[&schedule[..], &["run", "desk", "--cpu", &cpu]].concat())
        .check(0, &["the agent desk has read 1 page of what it knows"]);
    // It is that agent's own.
    let other = run(&[]).json();
    let observed = other["steps"][0]["observation"].as_str().unwrap();
    assert!(observed.contains("nothing found"), "{observed}");
    std::fs::remove_dir_all(sandbox.path().join("desk/handbook")).unwrap();
    run(&["--agent", "desk"]).check(2, &["which is not there"]);
    sandbox
        .quipu(&["agent", "check", "desk"])
        .check(2, &["which is not there"]);
}

#[test]
fn an_agents_schema_is_the_form_of_its_answers() {
    let sandbox = Sandbox::new();
    sandbox.write("number.json", r#"{"type":"number"}"#);
    sandbox.write("sums.toml", "schema = \"number.json\"");
    let cpu = sandbox.script(
        "answers.jsonl",
        &[r#"{"answer":"four"}"#, r#"{"answer":4}"#],
    );
    let run = [
        "run",
        "--format",
        "json",
        "--agent",
        "sums.toml",
        "--cpu",
        &cpu,
        "2+2",
    ];
    let said = sandbox.quipu(&run).json();
    assert_eq!(said["answer"], json!(4), "{said}");
}

#[test]
fn a_project_that_is_trusted_is_followed() {
    let sandbox = Sandbox::new();
    sandbox.write("AGENTS.md", "Sign each answer with a knot.");
    let seen = r#"{"seen":"Sign each answer","do":{"answer":"signed"}}"#;
    let cpu = sandbox.script("signs.jsonl", &[seen, DONE]);
    let run = |want: &str| {
        let said = sandbox.quipu(&["run", "--format", "json", "--cpu", &cpu, "hi"]);
        assert_eq!(said.json()["answer"], json!(want), "{said:#?}");
    };
    run("done");
    sandbox.quipu(&["trust", "."]).check(0, &["AGENTS.md"]);
    run("signed");
    sandbox.write("AGENTS.md", "Sign each answer with two knots.");
    run("done");
}
