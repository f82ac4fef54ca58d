//! The user's rules while a process runs: who decides, what the journal has of it, and what a
//! person approves beyond one call.

use std::sync::Arc;

use crate::common::{DONE, Desk, Setup, attended, live};
use quipu_kernel::calls::Trial;
use quipu_kernel::gate::rules::{Rules, Vouched};
use quipu_kernel::gate::{Approve, Gate, Policy, Verdict};
use quipu_kernel::label::Label;
use quipu_kernel::process::{Program, Reply};
use quipu_tools::{Bus, Role};
use serde_json::{Value, json};

fn send(text: &str) -> String {
    json!({"tool": "desk.send", "args": {"text": text}}).to_string()
}

/// The rules of a list of tables.
fn rules(tables: Value) -> Arc<Rules> {
    let tables: Vec<Value> = serde_json::from_value(tables).expect("a list");
    let rules = tables.into_iter().zip(1..).map(|(table, n)| {
        let mut rule: quipu_kernel::gate::rules::Rule =
            serde_json::from_value(table).expect("a rule");
        rule.origin = format!("policy.toml:{n}");
        Arc::new(rule)
    });
    Arc::new(Rules {
        rules: rules.collect(),
        ..Rules::default()
    })
}

/// Runs `script`, and gives what happened with the rulings of the journal.
async fn play(setup: &Setup, script: &[String], program: Program) -> String {
    let setup = Setup {
        script: format!("{}\n{DONE}", script.join("\n")),
        ..setup.clone()
    };
    let folder = crate::common::folder();
    let kernel = setup.kernel(&folder.path().join("journal.db"));
    let (pid, mut said) = live(&kernel, program, &setup.replies).await;
    for (n, ruling) in kernel.journal().rulings(pid).expect("rulings") {
        said.push_str(&format!("\n{n}: {}", ruling.told()));
    }
    said
}

#[tokio::test]
async fn the_journal_says_which_rule_decided() {
    let check = async |tables: Value, approve: Approve, want: &[&str]| {
        let mut setup = Setup::new("");
        setup.policy.rules = rules(tables);
        setup.policy.approve = approve;
        let said = play(&setup, &[send("hello")], Program::new("task")).await;
        for want in want {
            assert!(said.contains(want), "no {want:?} in {said}");
        }
    };
    let allow = || json!({"tool": "desk.send", "args": {"text": "hel*"}, "do": "allow"});
    let deny = || json!({"tool": "desk.*", "do": "deny", "reason": "not today"});
    check(
        json!([allow()]),
        Approve::Never,
        &[
            "= hello",
            "\"exited\" \"done\"",
            "1: approved by a rule (policy.toml:1): desk.send changes something",
        ],
    )
    .await;
    // A denied call is told to the process, which goes on; nobody's word comes before it.
    for approve in [Approve::Ask, Approve::Never, Approve::All] {
        check(
            json!([allow(), deny()]),
            approve,
            &[
                "! denied: desk.send is denied by a rule (policy.toml:2: not today)",
                "\"exited\" \"done\"",
                "1: denied by a rule: desk.send is denied",
            ],
        )
        .await;
    }
    check(
        json!([{"tool": "desk.send", "do": "ask"}]),
        Approve::All,
        &[
            "1: approved by the user, beforehand for all calls: desk.send changes something; \
           desk.send is asked for by a rule (policy.toml:1)",
        ],
    )
    .await;
    check(
        json!([]),
        Approve::Never,
        &[
            "\"denied\" not approved: desk.send changes something",
            "1: refused by the user",
        ],
    )
    .await;
}

#[test]
fn a_shorter_name_is_the_same_tool() {
    let mut bus = Bus::default();
    let desk = Desk::new("desk", Vec::new()).alone("send");
    bus.add(Arc::new(desk)).expect("names differ");
    let gate = Gate::new(Policy {
        rules: rules(json!([{"tool": "desk.send", "do": "deny"}])),
        ..Policy::default()
    });
    let args = json!({"text": "hello", "query": "hello"});
    let check = |tool: &str, known: bool, want: &str| {
        let call = Trial::of(&bus, tool, &args, "").expect("a call");
        assert_eq!(call.is_known(), known, "{tool}");
        let said = match gate.pass(call, &Label::user()) {
            Verdict::Passed(_) => "allow",
            Verdict::Ask(_) => "ask",
            Verdict::Denied(_) => "deny",
        };
        assert_eq!(said, want, "{tool}");
    };
    check("desk.send", true, "deny");
    check("desk", true, "deny");
    check("desk.receive", false, "ask");
    check("memory.search", true, "allow");
}

#[tokio::test]
async fn an_approval_can_be_for_the_process_or_for_good() {
    let scripts = |calls: &[&str]| -> Vec<String> { calls.iter().map(|text| send(text)).collect() };
    let check = async |content: bool, tables: Value, reply: Reply, calls: &[&str], asked: usize| {
        let mut setup = Setup::new("");
        let mut known = (*rules(tables)).clone();
        if content {
            let roles = [("text".to_owned(), Role::Content)];
            known.roles = vec![("desk.send".to_owned().into(), roles.into())];
        }
        setup.policy.rules = Arc::new(known);
        setup.replies = vec![reply; 9];
        let said = play(&setup, &scripts(calls), attended("task")).await;
        assert_eq!(said.matches("approve?").count(), asked, "{said}");
        assert!(said.contains("\"exited\" \"done\""), "{said}");
    };
    let none = || json!([]);
    let (process, always) = (Reply::ApproveProcess, Reply::ApproveAlways);
    let texts = ["a", "b", "c"];
    check(true, none(), Reply::Approve, &texts, 3).await;
    check(true, none(), process.clone(), &texts, 1).await;
    check(true, none(), always.clone(), &texts, 1).await;
    // Nobody says that it is content: another text may go elsewhere.
    check(false, none(), process.clone(), &texts, 3).await;
    check(false, none(), process.clone(), &["a", "b", "a"], 2).await;
    // The process has an approval, and a rule that asks has the last word on other processes.
    let ask = || json!([{"tool": "desk.send", "do": "ask"}]);
    check(true, ask(), process, &texts, 1).await;
    check(true, ask(), always, &texts, 1).await;
}

#[tokio::test]
async fn what_is_approved_for_good_counts_for_other_processes() {
    let check = async |tables: Value, reply: Reply, asked: usize| {
        let mut setup = Setup::new(&format!("{}\n{DONE}", send("a")));
        setup.policy.rules = rules(tables);
        let folder = crate::common::folder();
        let kernel = setup.kernel(&folder.path().join("journal.db"));
        let mut said = String::new();
        for _ in 0..2 {
            said += &live(&kernel, attended("task"), std::slice::from_ref(&reply))
                .await
                .1;
        }
        assert_eq!(said.matches("approve?").count(), asked, "{said}");
    };
    check(json!([]), Reply::ApproveProcess, 2).await;
    check(json!([]), Reply::ApproveAlways, 1).await;
    let ask = json!([{"tool": "*", "do": "ask"}]);
    check(ask, Reply::ApproveAlways, 2).await;
}

#[tokio::test]
async fn a_result_that_is_vouched_for_taints_nobody() {
    let check = async |fields: &[&str], want: &str| {
        let mut setup = Setup::new("");
        setup
            .devices
            .push(Desk::new("web", Vec::new()).by_a_stranger());
        setup.policy.rules = Arc::new(Rules {
            vouched: vec![Vouched {
                tool: "web.*".to_owned().into(),
                fields: fields
                    .iter()
                    .map(|field| (*field).to_owned().into())
                    .collect(),
                origin: String::new(),
            }],
            ..Rules::default()
        });
        let read = json!({"tool": "web.echo", "args": {"text": "12"}}).to_string();
        let said = play(&setup, &[read], Program::new("task")).await;
        assert!(said.contains(want), "no {want:?} in {said}");
    };
    check(&["*"], "= 12 (tool:web, user)").await;
    check(&["balance"], "= 12 (tool:web, untrusted)").await;
}
