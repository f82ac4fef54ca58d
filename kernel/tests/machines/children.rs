//! Processes that start processes: their answers, messages, limits and ends.

use std::sync::Arc;

use crate::common::family::{DONE, MAP, reader, send, spawn, task, wait};
use crate::common::{Desk, Setup, followed, replayed};
use insta::assert_snapshot;
use quipu_kernel::event::Event;
use quipu_kernel::gate::rules::{Rule, Rules};
use quipu_kernel::limits::Limits;
use quipu_kernel::planner::Planner;
use quipu_kernel::process::{Agent, ChildOf, Pid, Program, State, Status};
use quipu_kernel::{Kernel, KernelError};
use quipu_tools::Bus;
use serde_json::json;

/// Runs `program` on a script; what its first process did. All processes are replayed.
async fn check(script: &[String], program: Program) -> String {
    let folder = crate::common::folder();
    let setup = Setup::new(&script.join("\n"));
    let kernel = setup.kernel(&folder.path().join("journal.db"));
    let (said, _) = followed(&kernel, program).await;
    for row in kernel.journal().processes().expect("a journal") {
        replayed(&kernel, row.pid).await;
        assert_eq!(row.state, State::Exited, "process {}", row.pid);
    }
    said
}

#[tokio::test]
async fn a_child_answers_with_its_label() {
    let script = [
        reader(0, r#"{"answer":"it is zero"}"#),
        spawn(0),
        wait(2),
        r#"{"tool":"desk.send","args":{"text":"zero"}}"#.into(),
    ];
    assert_snapshot!(check(&script, task(2)).await, @r#"
    1 {"tool":"process.spawn","args":{"task":"Tell.","input":"0.txt"}}
      started 2: Tell.
      = {"process":2,"status":"started"} (kernel, untrusted)
    2 {"tool":"process.wait","args":{"process":2}}
      2 Exited
      = {"process":2,"answer":"it is zero"} (process:2, untrusted)
    3 {"tool":"desk.send","args":{"text":"zero"}}
    "denied" not approved: desk.send changes something, and this process has read untrusted text from file:0.txt, file:1.txt, process:2
    "#);
}

#[tokio::test]
async fn messages_come_in_their_order_and_before_the_answer() {
    let script = [
        reader(0, &wait(1)),
        reader(0, &send(1, "half")),
        reader(0, &send(1, "nearly all")),
        reader(0, r#"{"answer":"all"}"#),
        spawn(0),
        send(2, "begin"),
        wait(2),
        wait(2),
        wait(2),
        wait(2),
        DONE.into(),
    ];
    // A child has its part of the steps of its parent.
    let limits = Limits {
        steps: 80,
        ..Limits::default()
    };
    let program = Program { limits, ..task(2) };
    assert_snapshot!(check(&script, program).await, @r#"
    1 {"tool":"process.spawn","args":{"task":"Tell.","input":"0.txt"}}
      started 2: Tell.
      = {"process":2,"status":"started"} (kernel, untrusted)
    2 {"tool":"process.send","args":{"process":2,"text":"begin"}}
      = {"process":2,"status":"sent"} (kernel, untrusted)
    3 {"tool":"process.wait","args":{"process":2}}
      = {"process":2,"said":"half"} (process:2, untrusted)
    4 {"tool":"process.wait","args":{"process":2}}
      = {"process":2,"said":"nearly all"} (process:2, untrusted)
    5 {"tool":"process.wait","args":{"process":2}}
      2 Exited
      = {"process":2,"answer":"all"} (process:2, untrusted)
    6 {"tool":"process.wait","args":{"process":2}}
      2 Exited
      = {"process":2,"answer":"all"} (process:2, untrusted)
    7 {"answer":"done"}
    "exited" "done"
    "#);
}

#[tokio::test]
async fn waits_that_would_never_end_are_told() {
    let script = [
        reader(0, &wait(1)),
        reader(0, &wait(2)),
        reader(0, r#"{"answer":"gave up"}"#),
        reader(1, &wait(77)),
        reader(1, &send(1, "late")),
        reader(1, r#"{"answer":"one"}"#),
        MAP.into(),
        wait(1),
        wait(3),
        wait(3),
        DONE.into(),
    ];
    let folder = crate::common::folder();
    let kernel = Setup::new(&script.join("\n")).kernel(&folder.path().join("journal.db"));
    let (said, _) = followed(&kernel, task(2)).await;
    let told = |pid| {
        let steps = kernel.journal().steps(pid).expect("a journal");
        let told = steps.into_iter().filter_map(|step| step.outcome);
        told.map(|told| told.text).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(told(2), @r"
    deadlock: process 1 waits for this one already (2 -> 1 -> 2); answer, or send it what it waits for
    deadlock: process 2 would wait for itself; do something else
    gave up
    ");
    assert_snapshot!(told(3), @r#"
    process 77 is none that this one, or the process it works for, has started
    {"process":1,"status":"sent"}
    one
    "#);
    let own: Vec<&str> = said
        .lines()
        .filter(|line| !line.contains("started") && !line.contains(" Exited"))
        .collect();
    assert_snapshot!(own.join("\n"), @r#"
    1 {"tool":"process.map","args":{"task":"Tell."}}
      = {"answered":2,"of":2,"results":[
    {"item":"0.txt","process":2,"answer":"gave up"},
    {"item":"1.txt","process":3,"answer":"one"}
    ]} (process:2, process:3, untrusted)
    2 {"tool":"process.wait","args":{"process":1}}
      ! deadlock: process 1 would wait for itself; do something else (kernel, untrusted)
    3 {"tool":"process.wait","args":{"process":3}}
      = {"process":3,"said":"late"} (process:3, untrusted)
    4 {"tool":"process.wait","args":{"process":3}}
      = {"process":3,"answer":"one"} (process:3, untrusted)
    5 {"answer":"done"}
    "exited" "done"
    "#);
}

/// A parent that asks its person, while its child waits for it.
fn waiting_family() -> (Vec<String>, Program) {
    let script = vec![
        reader(0, &wait(1)),
        reader(0, r#"{"answer":"zero"}"#),
        spawn(0),
        r#"{"ask":"Shall I?"}"#.into(),
        wait(2),
        DONE.into(),
    ];
    let program = Program {
        interactive: true,
        ..task(2)
    };
    (script, program)
}

/// Starts the family, and returns once both wait.
async fn both_wait(kernel: &Kernel, program: Program) {
    let mut events = kernel.subscribe();
    kernel.spawn(program).expect("it starts");
    let (mut asks, mut waits) = (false, false);
    while !(asks && waits) {
        match events.recv().await.expect("the machine runs") {
            Event::Question { pid: 1, .. } => asks = true,
            Event::Action { pid: 2, .. } => waits = true,
            _ => {}
        }
    }
}

fn ends(kernel: &Kernel) -> Vec<(Pid, String, Option<Status>)> {
    let rows = kernel.journal().processes().expect("a journal");
    let mut ends: Vec<_> = rows
        .into_iter()
        .map(|row| {
            (
                row.pid,
                row.state.as_str().to_owned(),
                row.exit.map(|exit| exit.status),
            )
        })
        .collect();
    ends.reverse();
    ends
}

#[tokio::test]
async fn a_child_ends_with_its_parent() {
    let (script, program) = waiting_family();
    let folder = crate::common::folder();
    let kernel = Setup::new(&script.join("\n")).kernel(&folder.path().join("journal.db"));
    both_wait(&kernel, program).await;
    kernel.kill(1).expect("it runs");
    kernel.wait(1).await.expect("an end");
    let killed = |pid| (pid, "exited".to_owned(), Some(Status::Interrupted));
    assert_eq!(ends(&kernel), [killed(1), killed(2)]);
    assert!(kernel.is_idle());
}

#[tokio::test]
async fn a_family_is_suspended_and_goes_on() {
    let (script, program) = waiting_family();
    let folder = crate::common::folder();
    let journal = folder.path().join("journal.db");
    let setup = Setup::new(&script.join("\n"));
    let kernel = setup.kernel(&journal);
    both_wait(&kernel, program).await;
    kernel.suspend(std::time::Duration::from_millis(1)).await;
    let suspended = ends(&kernel);
    assert_eq!(suspended[1].1, "suspended", "{suspended:?}");
    drop(kernel);

    let kernel = setup.kernel(&journal);
    let mut events = kernel.subscribe();
    // Alone it does not go on: it is for its parent to do that.
    assert_eq!(kernel.resume_suspended().expect("a journal").going, [0; 0]);
    kernel.resume(1, None, true).expect("it goes on");
    let replies = [quipu_kernel::process::Reply::Text("yes".into())];
    let mut asked = false;
    loop {
        match events.recv().await.expect("the machine runs") {
            Event::Question { pid, key, .. } if !asked => {
                asked = true;
                // The child waits for the parent, which would wait for the child.
                kernel.send(1, 2, "go on").expect("it runs");
                kernel
                    .reply(pid, &key, replies[0].clone())
                    .expect("it waits");
            }
            Event::Exited { pid: 1, exit } => {
                assert_eq!(exit.answer, Some("done".into()));
                break;
            }
            _ => {}
        }
    }
    let exited = |pid| (pid, "exited".to_owned(), Some(Status::Exited));
    assert_eq!(ends(&kernel), [exited(1), exited(2)]);
    for pid in [1, 2] {
        replayed(&kernel, pid).await;
    }
}

#[tokio::test]
async fn children_from_rust_have_bounds() {
    let (script, program) = waiting_family();
    let folder = crate::common::folder();
    let kernel = Setup::new(&script.join("\n")).kernel(&folder.path().join("journal.db"));
    let none = kernel.spawn_child(1, Program::new("task"));
    assert!(matches!(none, Err(KernelError::NotRunning(1))), "{none:?}");
    let limits = Limits {
        steps: 6,
        ..Limits::default()
    };
    both_wait(&kernel, Program { limits, ..program }).await;
    // The child holds what is left of its steps.
    let none = kernel.spawn_child(1, Program::new("task"));
    assert!(
        matches!(none, Ok(_) | Err(KernelError::NoRoom(1))),
        "{none:?}"
    );
    let sent = kernel.send(1, 99, "text");
    assert!(matches!(sent, Err(KernelError::NotRunning(99))), "{sent:?}");
    kernel.kill(1).expect("it runs");
    kernel.wait(1).await.expect("an end");
}

#[tokio::test]
async fn generations_have_an_end() {
    // Each starts one for the same text, and waits for it.
    let mut script: Vec<String> =
        vec!["{\"when\":\"generations below\",\"do\":{\"answer\":\"no more\"}}".into()];
    script.extend((2..5).map(|child| {
        let wait = wait(child);
        format!("{{\"when\":\"{{\\\"process\\\":{child},\\\"status\\\":\\\"started\\\"\",\"do\":{wait}}}")
    }));
    script.push(spawn(0));
    script.push(DONE.into());
    let folder = crate::common::folder();
    let kernel = Setup::new(&script.join("\n")).kernel(&folder.path().join("journal.db"));
    let limits = Limits {
        steps: 200,
        tokens: 100_000,
        ..Limits::default()
    };
    let program = Program { limits, ..task(2) };
    let (_, pid) = followed(&kernel, program).await;
    let rows = kernel.journal().processes().expect("a journal");
    assert_eq!(rows.len(), 4, "the first and three below it");
    let last = rows[0].exit.as_ref().and_then(|exit| exit.answer.clone());
    assert_eq!(last, Some("no more".into()));
    replayed(&kernel, pid).await;
}

#[tokio::test]
async fn a_rule_denies_children() {
    let rule = json!({"tool": "process.*", "do": "deny", "reason": "alone"});
    let mut rule: Rule = serde_json::from_value(rule).expect("a rule");
    rule.origin = "policy.toml:1".into();
    let mut setup = Setup::new(&[MAP.to_owned(), spawn(0), DONE.into()].join("\n"));
    setup.policy.rules = Arc::new(Rules {
        rules: vec![Arc::new(rule)],
        ..Rules::default()
    });
    let folder = crate::common::folder();
    let kernel = setup.kernel(&folder.path().join("journal.db"));
    let (said, pid) = followed(&kernel, task(2)).await;
    for call in ["process.map", "process.spawn"] {
        let denied = format!("! denied: {call} is denied by a rule (policy.toml:1: alone)");
        assert!(said.contains(&denied), "{said}");
    }
    assert!(
        kernel
            .journal()
            .children(pid)
            .expect("a journal")
            .is_empty()
    );
}

#[test]
fn children_share_the_page_of_their_parent() {
    let page = |children: bool, child_of: Option<ChildOf>| {
        let mut bus = Bus::default();
        bus.add(Arc::new(Desk::new("desk", Vec::new())))
            .expect("one desk");
        let program = Program {
            agent: Agent {
                children,
                ..Agent::default()
            },
            child_of,
            ..Program::new("task")
        };
        Planner::new(&program, &bus, true).boot_page()
    };
    let place = ChildOf {
        pid: 1,
        step: 1,
        at: 0,
    };
    let (plain, parent, child) = (page(false, None), page(true, None), page(true, Some(place)));
    assert_eq!(child, plain);
    assert!(
        parent.starts_with(&child) && !child.contains("process."),
        "{child}"
    );
    for call in [
        "process.map",
        "process.spawn",
        "process.wait",
        "process.send",
    ] {
        assert!(parent.contains(call), "{parent}");
    }
}
