//! A program that cannot run where it is to is not run, but written anew.

use crate::common::{DONE, Desk, Setup, replayed, run};
use crate::small::{COMPUTED, machine, timetable};
use quipu_kernel::label::Trust;
use quipu_kernel::process::{Program, Status};
use quipu_memory::NewPage;

/// Opens a page in its program until it is told that there is no network.
fn online(_: &str, seen: &str) -> String {
    let asked = seen.contains("Write one Python function");
    let code = match (asked, seen.contains("There is no network: write")) {
        (true, false) => "import requests\n\ndef solution():\n    return requests.get('ferry')",
        (true, true) => "def solution():\n    return 12 * 35",
        _ => return "It carries 420 carts.".into(),
    };
    format!("```python\n{code}\n```")
}

#[tokio::test]
async fn a_program_that_cannot_run_is_written_anew() {
    let page = NewPage {
        text: "The ferry to Torshavn carries 35 carts on each of its trips.".into(),
        ..timetable(Trust::Untrusted)
    };
    let desk = [Desk::new("desk", Vec::new()).with_programs().alone("run")];
    let (kernel, _folder) = machine(online, Some(COMPUTED), &desk, vec![page]);
    let task = "How many carts does the ferry to Torshavn carry on 12 trips?";
    let pid = kernel.spawn(Program::new(task)).expect("it starts");
    let exit = kernel.wait(pid).await.expect("it ends");
    assert_eq!(exit.status, Status::Exited);
    let steps = kernel.journal().steps(pid).expect("steps");
    let runs = steps
        .iter()
        .filter(|step| step.action["tool"] == "desk.run");
    let runs: Vec<(bool, String)> = runs
        .map(|step| {
            let outcome = step.outcome.as_ref().expect("an outcome");
            (outcome.ok, outcome.text.clone())
        })
        .collect();
    let (ok, said) = &runs[0];
    assert!(
        !ok && said.starts_with("not run: There is no network"),
        "{said}"
    );
    assert!(runs[1].0 && runs.len() == 2, "{runs:?}");
    replayed(&kernel, pid).await;
}

#[tokio::test]
async fn among_several_calls_it_is_not_run_either() {
    let bad = r#"{"tool":"desk.run","args":{"code":"import requests"}}"#;
    let good = r#"{"tool":"desk.run","args":{"code":"42"}}"#;
    let echo = r#"{"tool":"desk.echo","args":{"text":"hello"}}"#;
    let check = async |calls: &[&str], want: &[&str]| {
        let calls = format!(r#"{{"calls":[{}]}}"#, calls.join(","));
        let mut setup = Setup::new(&[calls.as_str(), DONE].join("\n"));
        setup.devices = vec![Desk::new("desk", Vec::new()).with_programs()];
        let said = run(setup, Program::new("task")).await;
        let seen: Vec<&str> = said.lines().filter(|line| line.starts_with("  ")).collect();
        assert_eq!(seen.len(), want.len(), "{said}");
        for (seen, want) in seen.iter().zip(want) {
            assert!(seen.contains(want), "no {want:?} in {said}");
        }
    };
    let not_run = "! not run: There is no network";
    check(&[bad, echo], &[not_run, "= hello"]).await;
    check(&[echo, bad, good], &["= hello", not_run, "= 24"]).await;
    check(&[echo, good], &["= hello", "= 24"]).await;
}
