//! Deliberation on a CPU that gives each process an answer of its own.

use std::path::Path;
use std::sync::Arc;

use crate::common::Setup;
use crate::common::told::Told;
use quipu_cpu::CpuInfo;
use quipu_kernel::Kernel;
use quipu_kernel::deliberation::{Deliberated, Think};
use quipu_kernel::gate::Approve;
use quipu_kernel::process::{Program, Status};
use serde_json::{Value, json};

/// A machine whose CPU goes through the actions of process 1, 2, … in its own list; the last one
/// serves all further processes.
fn machine(folder: &Path, actions: Vec<Vec<Value>>) -> Kernel {
    let info = CpuInfo {
        model: "voices".into(),
        window: 100_000,
        ..CpuInfo::default()
    };
    let cpu = Told::new(info, move |job| {
        let at = (job.pid as usize - 1).min(actions.len() - 1);
        let actions = &actions[at];
        actions[job.history.len().min(actions.len() - 1)].to_string()
    });
    let mut setup = Setup::new("");
    setup.policy.approve = Approve::All;
    setup.kernel_on(Arc::new(cpu), &folder.join("journal.db"))
}

async fn think(actions: Vec<Vec<Value>>, think: Think) -> Deliberated {
    let folder = crate::common::folder();
    let kernel = machine(folder.path(), actions);
    let program = Program::new("How many?");
    let first = kernel.spawn(program.clone()).expect("a process");
    let deliberation = kernel.deliberate(first, &program, think).expect("branches");
    let exit = kernel.wait(first).await.expect("an end");
    deliberation.settle(&kernel, exit).await.expect("a choice")
}

fn answers(answers: &[&str]) -> Vec<Vec<Value>> {
    let answer = |answer: &&str| vec![json!({ "answer": answer })];
    answers.iter().map(answer).collect()
}

#[tokio::test]
async fn the_answer_that_most_is_for_is_taken() {
    async fn check(given: &[&str], branches: usize, want: &str, agree: usize) {
        let done = think(answers(given), Think::Branches(branches)).await;
        assert_eq!(done.exit.answer, Some(json!(want)), "{given:?}");
        let agreeing = done.branches.iter().filter(|branch| branch.agrees);
        assert_eq!(agreeing.count(), agree, "{given:?}");
        assert_eq!(done.exit.status, Status::Exited);
        let compared = done.branches.len() > 1;
        assert_eq!(done.confidence.is_some(), compared, "{given:?}");
    }
    check(&["1", "2", "2"], 3, "2", 2).await;
    // The words of the first branch that came to the value.
    check(&["7", "It is 5.", "5"], 3, "It is 5.", 2).await;
    check(&["1", "2"], 2, "1", 1).await;
    check(&["1"], 1, "1", 1).await;
}

#[tokio::test]
async fn more_agreement_is_more_confidence() {
    let all = think(answers(&["1", "1", "1"]), Think::Branches(3)).await;
    let some = think(answers(&["1", "2", "1"]), Think::Branches(3)).await;
    let none = think(answers(&["1", "2", "3"]), Think::Branches(3)).await;
    let confidence = [&none, &some, &all].map(|done| done.confidence.expect("compared"));
    assert!(confidence.is_sorted(), "{confidence:?}");
}

#[tokio::test]
async fn what_the_first_one_changed_stands() {
    let send = json!({"tool": "desk.send", "args": {"text": "hi"}});
    let first = vec![send.clone(), json!({"answer": "sent"})];
    let others = vec![json!({"answer": "not sent"})];
    let done = think(vec![first, others.clone(), others], Think::Branches(3)).await;
    assert_eq!(done.exit.answer, Some(json!("sent")));
    assert_eq!(done.branches.len(), 1);
}

#[tokio::test]
async fn the_others_change_nothing() {
    let send = json!({"tool": "desk.send", "args": {"text": "hi"}});
    let folder = crate::common::folder();
    let first = vec![json!({"answer": "1"})];
    let other = vec![send, json!({"answer": "2"})];
    let kernel = machine(folder.path(), vec![first, other]);
    let program = Program::new("How many?");
    let first = kernel.spawn(program.clone()).expect("a process");
    let deliberation = kernel
        .deliberate(first, &program, Think::Branches(2))
        .expect("branches");
    let exit = kernel.wait(first).await.expect("an end");
    deliberation.settle(&kernel, exit).await.expect("a choice");
    let steps = kernel.journal().steps(2).expect("its steps");
    let outcome = steps[0].outcome.as_ref().expect("an outcome");
    assert!(
        !outcome.ok && outcome.text.contains("only reads"),
        "{}",
        outcome.text
    );
}

#[tokio::test]
async fn by_itself_it_thinks_on_only_where_something_was_worked_out() {
    async fn check(actions: Vec<Vec<Value>>, branches: usize) {
        let done = think(actions, Think::Auto).await;
        assert_eq!(done.branches.len(), branches);
    }
    let by_tool = |answer: &str| {
        let call = json!({"tool": "desk.echo", "args": {"text": answer}});
        vec![call, json!({ "answer": answer })]
    };
    let by_words = |answer: &str| vec![json!({ "answer": answer })];
    check(vec![by_words("Lima")], 1).await;
    // The second way agrees.
    check(vec![by_tool("4"), by_words("4")], 2).await;
    // Nothing ever agrees by another way.
    check(vec![by_tool("4"), by_tool("4")], 5).await;
}
