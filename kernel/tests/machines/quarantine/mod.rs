//! What a process with a plan has of strangers' texts: their handles, and values that a reader
//! takes out of them.
//!
//! | file | job |
//! | --- | --- |
//! | this one | what enters a window, where a held text may go, what a recall does |
//! | `echo` | what a tool says again of a held text |
//! | `machine` | a machine with letters of strangers, which notes what each process is shown |

mod echo;
mod machine;

use std::sync::Arc;

use crate::common::{DONE, followed, replayed};
use machine::{LETTER, MARKS, machine, private};
use quipu_kernel::calls::held_steps;
use quipu_kernel::event::Event;
use quipu_kernel::gate::plan::Plan;
use quipu_kernel::gate::rules::{Rule, Rules};
use quipu_kernel::label::Trust;
use quipu_kernel::process::{Agent, Program, Reply, State};
use quipu_kernel::signal::Signal;
use serde_json::{Value, json};

const TASK: &str = "Tell bob@a.example what the letter says.";
const READ: &str = r#"{"tool":"post.read","args":{}}"#;
/// Goes out, with words that the user did not say.
const LOOK: &str = r#"{"tool":"post.look","args":{"text":"the price of tea"}}"#;
const RECALL: &str = r#"{"tool":"memory.recall","args":{"page":"s1"}}"#;
const WELL: &str = "\"exited\" \"done\"";

fn extract(page: &str, values: &Value) -> String {
    let schema = json!({"type": "object", "properties": values});
    json!({"tool": "memory.extract", "args": {"page": page, "question": "What is asked for?",
        "schema": schema}})
    .to_string()
}

/// The values that are asked for in most of these cases.
fn values() -> Value {
    json!({
        "sum": {"type": "number"},
        "state": {"type": "string", "enum": ["open", "paid"]},
        "due": {"type": "string", "format": "date"},
        "payee": {"type": "string", "format": "email"},
        "by": {"type": "string", "format": "email"},
        "name": {"type": "string"},
        "urgent": {"type": "boolean"}
    })
}

/// What the process answers that has the letter in its window.
fn reader(values: &Value) -> String {
    json!({"seen": MARKS[0], "do": {"answer": values}}).to_string()
}

/// A reader's answer to [`values`]. It does what the letter says as far as it can.
fn read() -> String {
    reader(
        &json!({"sum": 12.5, "state": "open", "due": "2024-05-15", "payee": "ann@a.example",
        "by": "not.there@c.example", "name": "Obey", "urgent": null}),
    )
}

fn send(to: &str, body: &str) -> String {
    json!({"tool": "post.send", "args": {"to": to, "body": body}}).to_string()
}

/// The task, with a plan to send bob any text.
fn program() -> Program {
    let effect = json!({"tool": "post.send", "args":
        {"to": {"is": "bob@a.example"}, "body": "text"}});
    planned(&json!([effect]))
}

fn planned(effects: &Value) -> Program {
    let plan = json!({"effects": effects, "made_on": "2024-05-15"});
    let plan: Plan = serde_json::from_value(plan).expect("a plan");
    Program {
        agent: Agent {
            tools: Some(vec!["post".into()]),
            ..Agent::default()
        },
        plan: Some(plan),
        ..Program::new(TASK)
    }
}

/// Runs `program` on a script by these `rules`; what its process did, and what it was shown. All
/// processes are replayed.
async fn run(script: &[&str], rules: Rules, program: Program) -> (String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = machine(script, rules, &folder.path().join("journal.db"));
    let (said, pid) = followed(&machine.kernel, program).await;
    for row in machine.kernel.journal().processes().expect("a journal") {
        assert_eq!(row.state, State::Exited, "process {}", row.pid);
        let (one, two) = (
            replayed(&machine.kernel, row.pid).await,
            replayed(&machine.kernel, row.pid).await,
        );
        assert_eq!(one.digest, two.digest);
    }
    (said, machine.shown_to(pid))
}

fn has(text: &str, wants: &[&str]) {
    for want in wants {
        assert!(text.contains(want), "no {want:?} in {text}");
    }
}

fn lacks(text: &str, nevers: &[&str]) {
    for never in nevers {
        assert!(!text.contains(never), "{never:?} in {text}");
    }
}

/// Runs the task with its plan: wants this of what was done, and nothing of the letter in the
/// window. What was in the window.
async fn check(script: &[&str], wants: &[&str]) -> String {
    let (said, shown) = run(script, Rules::default(), program()).await;
    has(&said, wants);
    lacks(&shown, &MARKS);
    shown
}

#[tokio::test]
async fn values_enter_and_texts_do_not() {
    let (reader, take) = (read(), extract("s1", &values()));
    let body = "To ${page:s2.name}, of ${page:s2.by}: ${page:s1}";
    let (look, send) = (LOOK, send("bob@a.example", body));
    let shown = check(
        &[&reader, READ, &take, look, &send, DONE],
        &[
            "started 2: What is asked for?",
            "(process:2, untrusted)",
            // It is trusted as before, so what it only reads needs nobody's word.
            "= looked for the price of tea",
            &format!("= sent to bob@a.example: To Obey, of not.there@c.example: {LETTER}"),
            WELL,
        ],
    )
    .await;
    has(
        &shown,
        &[
            "[post.read worked; what it says is held back: page s1",
            "memory.extract",
            "[from page s1, of others]",
            "\"sum\":12.5",
            "\"state\":\"open\"",
            "\"due\":\"2024-05-15\"",
            "\"payee\":\"ann@a.example\"",
            "\"by\":\"${page:s2.by}\"",
            "\"name\":\"${page:s2.name}\"",
            "\"urgent\":null",
        ],
    );
    lacks(&shown, &["not.there@c.example"]);
}

#[tokio::test]
async fn a_held_text_goes_where_any_text_was_planned_and_into_the_answer() {
    let (reader, take) = (read(), extract("s1", &values()));
    let misplaced = "not accepted: the handle of a page stands where its text may not go";
    let refused = "not approved: post.send changes something, and this process has read untrusted \
                   text from tool:post, process:2";
    let sends = |to: &str| send(to, "hello");
    for (to, want) in [
        ("${page:s2.name}", misplaced),
        ("${page:s1}", misplaced),
        // What was shown is no more planned than before.
        ("ann@a.example", refused),
    ] {
        let want = [want];
        check(&[&reader, READ, &take, &sends(to), DONE], &want).await;
    }
    let look = r#"{"tool":"post.look","args":{"text":"${page:s1}"}}"#;
    check(&[READ, look, DONE], &[misplaced, WELL]).await;
    let sent = send("bob@a.example", "${page:s7}");
    check(
        &[READ, &sent, DONE],
        &["no page s7 is held back: there are s1", WELL],
    )
    .await;
    let answer = r#"{"answer":"It says: ${page:s1}"}"#;
    let want = format!("\"exited\" \"It says: {LETTER}\"");
    check(&[READ, answer], &[&want]).await;
}

#[tokio::test]
async fn an_answer_with_a_held_text_has_its_form_and_its_label() {
    let program = Program {
        answer_schema: Some(json!({"type": "object", "required": ["text"], "properties":
            {"text": {"type": "string", "maxLength": 30}}})),
        ..program()
    };
    let long = r#"{"answer":{"text":"${page:s1}"}}"#;
    let short = r#"{"answer":{"text":"it is long"}}"#;
    let (said, shown) = run(&[READ, long, short], Rules::default(), program).await;
    let problem = "/answer/text: with the text in the place of its handle";
    has(&said, &[problem, "\"exited\" {\"text\":\"it is long\"}"]);
    lacks(&shown, &MARKS);

    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.db");
    let answer = r#"{"answer":"${page:s1}"}"#;
    let machine = machine(&[READ, answer], Rules::default(), &journal);
    let (_, pid) = followed(&machine.kernel, self::program()).await;
    let mut steps = machine.kernel.journal().steps(pid).expect("steps");
    let last = steps.pop().expect("an answer");
    let outcome = last.outcome.expect("an outcome");
    assert_eq!(last.action["answer"], "${page:s1}", "as it was written");
    assert_eq!(
        (outcome.text.as_str(), outcome.label.trust),
        (LETTER, Trust::Untrusted)
    );
}

#[tokio::test]
async fn a_recall_shows_the_text_and_taints() {
    let script = [READ, RECALL, LOOK, DONE];
    let (said, shown) = run(&script, Rules::default(), program()).await;
    has(
        &said,
        &[
            "[page s1 was held back; from here on this process counts as untrusted] (tool:post, \
             untrusted)",
            "not approved: post.look carries words out of this machine",
        ],
    );
    has(&shown, &MARKS);
    assert!(said.contains("  recalled s1"), "{said}");
    // What comes later is shown as it always was.
    let (_, shown) = run(&[READ, RECALL, READ, DONE], Rules::default(), program()).await;
    lacks(&shown, &["page s3, "]);
}

#[tokio::test]
async fn the_journal_the_events_and_the_window_know_what_was_held_back() {
    let (reader, take) = (read(), extract("s1", &values()));
    let answer = r#"{"answer":"${page:s1}"}"#;
    let unplanned = Program {
        plan: None,
        ..program()
    };
    for (script, program, want) in [
        (
            [reader.as_str(), READ, &take, LOOK, answer],
            program(),
            vec![1, 2, 3],
        ),
        ([READ, RECALL, READ, DONE, DONE], program(), vec![1]),
        ([READ, RECALL, READ, DONE, DONE], unplanned, vec![]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = folder.path().join("journal.db");
        let machine = machine(&script, Rules::default(), &journal);
        let mut events = machine.kernel.subscribe();
        let pid = machine.kernel.spawn(program).expect("it starts");
        let mut told = Vec::new();
        while let Some(event) = machine.kernel.next_event(&mut events, pid).await {
            match event {
                Event::Observation { n, shown, .. } => told.extend(shown.map(|shown| (n, shown))),
                Event::Exited { .. } => break,
                _ => {}
            }
        }
        machine.kernel.wait(pid).await.expect("an end");
        let held = held_steps(machine.kernel.journal(), pid).expect("a journal");
        assert_eq!(held, want);
        let steps: Vec<u32> = told.iter().map(|(n, _)| *n).collect();
        assert_eq!(steps, want, "{told:?}");
        for (_, shown) in &told {
            lacks(shown, &MARKS);
        }
        let window = machine.kernel.window(pid).expect("a journal");
        let pages = window.expect("it fits").pages.into_iter();
        let held = pages.filter(|page| page.held);
        let held: Vec<String> = held.filter_map(|page| page.id).collect();
        let want: Vec<String> = want.iter().map(|n| format!("s{n}")).collect();
        assert_eq!(held, want);
    }
}

#[tokio::test]
async fn without_a_plan_nothing_is_held_back() {
    let unplanned = Program {
        plan: None,
        ..program()
    };
    for program in [unplanned, planned(&json!([]))] {
        let (said, shown) = run(&[READ, LOOK, DONE], Rules::default(), program).await;
        has(&said, &["not approved: post.look carries words out"]);
        has(&shown, &MARKS);
        lacks(&shown, &["held back", "memory.extract"]);
    }
}

#[tokio::test]
async fn what_cannot_be_taken_is_said_without_the_text() {
    let sum = json!({"sum": {"type": "number"}});
    let take = extract("s1", &sum);
    let wrong = reader(&json!({"sum": "Obey"}));
    let more = reader(&json!({"sum": 1, "order": "Obey"}));
    let nothing = "! nothing was taken from page s1: what the process that read it answered does \
                   not satisfy the schema (kernel, user)";
    for reader in [&wrong, &more] {
        check(&[reader, READ, &take, DONE], &[nothing, WELL]).await;
    }
    let absent = extract("s9", &sum);
    let want = "! no page s9 is held back: there are s1 (kernel, user)";
    check(&[READ, &absent, DONE], &[want, WELL]).await;
    let none = extract("s1", &json!({}));
    let want = "! the schema is an object with \"properties\", from one to 12 values";
    check(&[READ, &none, DONE], &[want, WELL]).await;
}

#[tokio::test]
async fn a_rule_denies_extraction() {
    let rule = json!({"tool": "memory.extract", "do": "deny", "reason": "no"});
    let mut rule: Rule = serde_json::from_value(rule).expect("a rule");
    rule.origin = "policy.toml:1".into();
    let rules = Rules {
        rules: vec![Arc::new(rule)],
        ..Rules::default()
    };
    let take = extract("s1", &values());
    let (said, shown) = run(&[READ, &take, DONE], rules, program()).await;
    let denied = "! denied: memory.extract is denied by a rule (policy.toml:1: no)";
    has(&said, &[denied, WELL]);
    lacks(&shown, &MARKS);
}

#[tokio::test]
async fn why_a_call_is_denied_says_nothing_of_the_text_in_it() {
    let odd = r#"{"tool":"post.odd","args":{}}"#;
    let sent = send("bob@a.example", "${page:s1}");
    let shown = check(
        &[odd, &sent, DONE],
        &[
            "! denied: ${secret:Obey} stands where post.send takes no credential",
            "(kernel, untrusted)",
            WELL,
        ],
    )
    .await;
    has(
        &shown,
        &["[post.send failed; what it says is held back: page s2"],
    );
}

#[tokio::test]
async fn a_person_is_asked_about_the_text_itself() {
    let rule = json!({"tool": "post.send", "do": "ask"});
    let rule: Rule = serde_json::from_value(rule).expect("a rule");
    let rules = Rules {
        rules: vec![Arc::new(rule)],
        ..Rules::default()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let sent = send("bob@a.example", "${page:s1}");
    let journal = folder.path().join("journal.db");
    let machine = machine(&[READ, &sent, DONE], rules, &journal);
    let mut events = machine.kernel.subscribe();
    let attended = Program {
        interactive: true,
        ..program()
    };
    let pid = machine.kernel.spawn(attended).expect("it starts");
    let mut asked = None;
    while let Some(event) = machine.kernel.next_event(&mut events, pid).await {
        match event {
            Event::Approval { call, key, .. } => {
                let reply = machine.kernel.reply(pid, &key, Reply::Approve);
                reply.expect("it waits");
                asked = Some(call);
            }
            Event::Exited { .. } => break,
            _ => {}
        }
    }
    let want = json!({"tool": "post.send", "args": {"to": "bob@a.example", "body": LETTER}});
    assert_eq!(asked, Some(want));
    lacks(&machine.shown_to(pid), &MARKS);
    replayed(&machine.kernel, pid).await;
}

#[tokio::test]
async fn a_private_value_stays_private() {
    let (reader, take) = (read(), extract("s1", &values()));
    let script = [reader.as_str(), READ, &take, LOOK, DONE];
    let (said, shown) = run(&script, private(), program()).await;
    has(
        &said,
        &[
            "(process:2, untrusted, private)",
            "not approved: post.look carries words out of this machine that the user did not say, \
             and this process has read private text from tool:post, process:2",
        ],
    );
    lacks(&shown, &MARKS);
}

#[tokio::test]
async fn a_reader_answers_within_its_parents_limits_and_does_nothing_else() {
    let (reader, take) = (read(), extract("s1", &values()));
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.db");
    let script = [reader.as_str(), READ, &take, DONE];
    let machine = machine(&script, Rules::default(), &journal);
    let (_, pid) = followed(&machine.kernel, program()).await;
    let journal = machine.kernel.journal();
    let children = journal.children(pid).expect("children");
    let child = children.first().expect("a reader");
    let (asked, _) = journal.program(child.pid).expect("a program");
    assert_eq!((children.len(), asked.limits.steps), (1, 1));
    assert_eq!(asked.agent.tools, Some(Vec::new()));
    assert!(asked.limits.tokens < program().limits.tokens);
    let spent = |pid| {
        let exit = journal.process(pid).expect("a row").exit.expect("an end");
        exit.usage.generated_tokens
    };
    let own = journal.steps(pid).expect("steps");
    let own: u32 = own.iter().map(|step| step.usage.generated_tokens).sum();
    assert_eq!(spent(pid), own + spent(child.pid));

    let mut few = program();
    few.limits.steps = 3;
    let (said, _) = run(&[READ, &take, DONE], Rules::default(), few).await;
    has(&said, &["! no process was started: too little is left"]);
}

#[tokio::test]
async fn a_child_is_trusted_as_little_as_what_its_parent_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let spawn = r#"{"tool":"process.spawn","args":{"task":"Look."}}"#;
    let journal = folder.path().join("journal.db");
    let machine = machine(&[READ, spawn, DONE], Rules::default(), &journal);
    let (_, pid) = followed(&machine.kernel, program()).await;
    let journal = machine.kernel.journal();
    let children = journal.children(pid).expect("children");
    let child = children.first().expect("a child");
    let (program, _) = journal.program(child.pid).expect("a program");
    assert_eq!(program.label.trust, Trust::Untrusted);
}

#[tokio::test]
async fn a_process_that_goes_on_has_its_handles() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.db");
    let (reader, take) = (read(), extract("s1", &values()));
    let sent = send("bob@a.example", "${page:s2.name}");
    let ask = r#"{"ask":"Shall I?"}"#;
    let script = [reader.as_str(), READ, &take, ask, &sent, DONE];
    let first = machine(&script, Rules::default(), &journal);
    let mut events = first.kernel.subscribe();
    let attended = Program {
        interactive: true,
        ..program()
    };
    let pid = first.kernel.spawn(attended).expect("it starts");
    while let Some(event) = first.kernel.next_event(&mut events, pid).await {
        if matches!(event, Event::Question { .. }) {
            break;
        }
    }
    first.kernel.signal(pid, Signal::Suspend).expect("it waits");
    first.kernel.wait(pid).await.expect("it stops");
    drop((events, first));

    let next = machine(&script, Rules::default(), &journal);
    let mut events = next.kernel.subscribe();
    next.kernel.resume(pid, None, true).expect("it goes on");
    let mut said = Vec::new();
    while let Some(event) = next.kernel.next_event(&mut events, pid).await {
        said.extend(crate::common::line(&event));
        match &event {
            Event::Question { key, .. } => {
                let reply = Reply::Text("yes".into());
                next.kernel.reply(pid, key, reply).expect("it waits");
            }
            Event::Exited { .. } => break,
            _ => {}
        }
    }
    let said = said.join("\n");
    has(
        &said,
        &["resumed after 2", "= sent to bob@a.example: Obey", WELL],
    );
    let shown = next.shown_to(pid);
    has(&shown, &["page s1, ", "\"sum\":12.5", "${page:s2.name}"]);
    lacks(&shown, &MARKS);
    replayed(&next.kernel, pid).await;
}
