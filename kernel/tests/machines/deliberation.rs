//! Deliberation on a CPU that gives each process an answer of its own.

use std::path::Path;
use std::sync::Arc;

use crate::common::Setup;
use crate::common::cpus::FunctionCpu;
use quipu_cpu::{CpuInfo, Job};
use quipu_kernel::Kernel;
use quipu_kernel::deliberation::{Deliberated, Think};
use quipu_kernel::gate::Approve;
use quipu_kernel::judgement::Fit;
use quipu_kernel::process::{Exit, Program, Status, Way};
use serde_json::{Value, json};

/// A CPU that goes through the actions of process 1, 2, … in its own list; the last one
/// serves all further processes.
fn voices(actions: Vec<Vec<Value>>) -> FunctionCpu {
    let info = CpuInfo {
        model: "voices".into(),
        window: 100_000,
        ..CpuInfo::default()
    };
    FunctionCpu::new(info, move |job| {
        let at = (job.pid as usize - 1).min(actions.len() - 1);
        let actions = &actions[at];
        actions[job.history.len().min(actions.len() - 1)].to_string()
    })
}

fn machine(folder: &Path, actions: Vec<Vec<Value>>) -> Kernel {
    let cpu = voices(actions);
    let mut setup = Setup::new("");
    setup.policy.approve = Approve::All;
    setup.kernel_on(Arc::new(cpu), &folder.join("journal.db"))
}

async fn think(actions: Vec<Vec<Value>>, think: Think) -> Deliberated {
    let folder = crate::common::folder();
    let kernel = machine(folder.path(), actions);
    thought(&kernel, "How many?", think).await.1
}

/// How the first process of `task` ended on `kernel`, and what more thought made of it.
async fn thought(kernel: &Kernel, task: &str, think: Think) -> (Exit, Deliberated) {
    let program = Program::new(task);
    let first = kernel.spawn(program.clone()).expect("a process");
    let deliberation = kernel.deliberate(first, &program, think).expect("branches");
    let exit = kernel.wait(first).await.expect("an end");
    let settled = deliberation.settle(kernel, exit.clone()).await;
    (exit, settled.expect("a choice"))
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
        assert_eq!(done.support.is_some(), compared, "{given:?}");
        // Nobody has measured what agreement is worth on this CPU.
        assert_eq!(done.confidence, None, "{given:?}");
    }
    check(&["1", "2", "2"], 3, "2", 2).await;
    // The words of the first branch that came to the value.
    check(&["7", "It is 5.", "5"], 3, "It is 5.", 2).await;
    check(&["1", "2"], 2, "1", 1).await;
    check(&["1"], 1, "1", 1).await;
}

#[tokio::test]
async fn more_agreement_is_more_support() {
    let all = think(answers(&["1", "1", "1"]), Think::Branches(3)).await;
    let some = think(answers(&["1", "2", "1"]), Think::Branches(3)).await;
    let none = think(answers(&["1", "2", "3"]), Think::Branches(3)).await;
    let lead = [&none, &some, &all].map(|done| {
        let support = done.support.expect("compared");
        support.evidence - support.against
    });
    assert!(lead.is_sorted(), "{lead:?}");
}

#[tokio::test]
async fn confidence_is_what_was_fitted() {
    let folder = crate::common::folder();
    let mut setup = Setup::new("");
    setup.judgement.confidence = Some(Fit {
        weights: vec![1.0, -1.0],
        bias: 0.0,
        threshold: 0.5,
    });
    let cpu = voices(answers(&["1", "1"]));
    let kernel = setup.kernel_on(Arc::new(cpu), &folder.path().join("journal.db"));
    let (_, done) = thought(&kernel, "How many?", Think::Branches(2)).await;
    let evidence = done.support.expect("compared").evidence;
    let want = 1.0 / (1.0 + (-evidence).exp());
    assert!((done.confidence.expect("fitted") - want).abs() < 1e-6);
}

#[tokio::test]
async fn a_branch_that_leads_nowhere_is_replaced_within_a_budget() {
    let nowhere = vec![json!({"nothing": 1})];
    let mut voices = answers(&["1", "2"]);
    voices.push(nowhere.clone());
    voices.push(vec![json!({"answer": "2"})]);
    let done = think(voices, Think::Branches(3)).await;
    assert_eq!(done.branches.len(), 4, "{:?}", done.branches);
    assert_eq!(done.exit.answer, Some(json!("2")));
    // None leads anywhere: as many again as there were, and no more.
    let done = think(
        vec![vec![json!({"answer": "1"})], nowhere],
        Think::Branches(3),
    )
    .await;
    assert_eq!(done.branches.len(), 5, "{:?}", done.branches);
    assert_eq!(done.exit.answer, Some(json!("1")));
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
    thought(&kernel, "How many?", Think::Branches(2)).await;
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

/// A CPU on which process 1 says 18 and all others say 12, and which takes 12 for right.
fn court() -> FunctionCpu {
    let info = CpuInfo {
        model: "court".into(),
        kind: "local",
        window: 8192,
        constrains: true,
        ..CpuInfo::default()
    };
    let said = |job: &Job| match job.pid {
        1 => "18".to_owned(),
        _ => "12".to_owned(),
    };
    FunctionCpu::new(info, said).weighing(|inquiry| {
        let asked = inquiry.prompt.messages.last();
        match (inquiry.options[0][0].as_str(), asked) {
            ("A", Some(asked)) if asked.text.contains("A: 12") => vec![0.0, -4.0],
            ("A", _) => vec![-4.0, 0.0],
            // No tool fits, and nothing else is the case: the last option is the likeliest.
            _ => {
                let mut weights = vec![-9.0; inquiry.options.len()];
                if let Some(last) = weights.last_mut() {
                    *last = 0.0;
                }
                weights
            }
        }
    })
}

#[tokio::test]
async fn a_referee_decides_where_no_answer_leads() {
    let folder = crate::common::folder();
    let kernel = Setup::new("").kernel_on(Arc::new(court()), &folder.path().join("journal.db"));
    let task = "Which number is on the door?";
    let (exit, done) = thought(&kernel, task, Think::Branches(2)).await;
    assert_eq!(exit.answer, Some(json!("18")));
    let ways: Vec<Option<Way>> = done.branches.iter().map(|branch| branch.way).collect();
    assert_eq!(ways, [None, Some(Way::Thought), Some(Way::Weigh)]);
    assert_eq!(done.exit.answer, Some(json!("12")), "{:?}", done.branches);
}

#[tokio::test]
async fn a_promising_branch_is_forked_from_its_middle() {
    let echo = |text: &str| json!({"tool": "desk.echo", "args": {"text": text}});
    let first = vec![echo("a"), echo("b"), json!({"answer": "1"})];
    let other = vec![json!({"answer": "2"})];
    let nowhere = vec![json!({"nothing": 1})];
    // It has the first step of the one that it was forked off.
    let forked = vec![Value::Null, json!({"answer": "1"})];
    let done = think(vec![first, other, nowhere, forked], Think::Branches(3)).await;
    let last = done.branches.last().expect("a branch");
    assert_eq!((last.from, last.agrees), (Some(1), true), "{last:?}");
    assert_eq!(done.branches.len(), 4);
    assert_eq!(done.exit.answer, Some(json!("1")));
}
