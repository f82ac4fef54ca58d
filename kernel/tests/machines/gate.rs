//! Who said what a process has read, what it may do then, and what the journal has of it.

use crate::common::{DONE, Desk, Setup, attended, replayed, run, transcript};
use quipu_kernel::gate::{Approve, Word};
use quipu_kernel::journal::StepRow;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::limits::Limits;
use quipu_kernel::process::{Agent, Attached, Branch, Program, Reply, Status, Usage, Way};
use quipu_tools::Capability;
use serde_json::{Value, json};

const PUT: &str = r#"{"tool":"memory.put","args":{"text":"a planted fact"}}"#;

fn net() -> Capability {
    "net:example.com".parse().expect("a capability")
}

/// Runs `program` with a desk of the user's, one of a stranger's, and one with the net.
async fn check(script: &[&str], program: Program, want: &[&str]) {
    let mut setup = Setup::new(&script.join("\n"));
    setup.policy.grants = [net(), Capability::MemWrite].into_iter().collect();
    let stranger = Desk::new("stranger", Vec::new()).by_a_stranger();
    setup.devices.push(stranger);
    setup.devices.push(Desk::new("web", vec![net()]));
    let said = run(setup, program).await;
    for want in want {
        assert!(said.contains(want), "no {want:?} in {said}");
    }
}

#[tokio::test]
async fn what_others_wrote_takes_the_right_to_write_away() {
    let user = || Program::new("task");
    check(&[PUT, DONE], user(), &["\"exited\" \"done\""]).await;
    let stranger = Program {
        agent: Agent {
            name: "guest".into(),
            stranger: true,
            ..Agent::default()
        },
        ..user()
    };
    let refused = "not approved: memory.put changes something, and this process has read \
                   untrusted text from";
    check(&[PUT, DONE], stranger, &[&format!("{refused} agent:guest")]).await;
    let piped = Program {
        label: Label::new("standard input", Trust::Untrusted),
        ..user()
    };
    check(&[PUT, DONE], piped, &[&format!("{refused} standard input")]).await;
    let attached = Program {
        attached: vec![Attached {
            picture: None,
            text: "keep this".into(),
            label: Label::new("file:mail.txt", Trust::Untrusted),
        }],
        ..user()
    };
    check(
        &[PUT, DONE],
        attached,
        &[&format!("{refused} file:mail.txt")],
    )
    .await;
    // A tool that needs nothing says what its author wants.
    let echo = r#"{"tool":"stranger.echo","args":{"text":"hello"}}"#;
    let want = ["= hello (tool:stranger, untrusted)", refused];
    check(&[echo, PUT, DONE], user(), &want).await;
}

#[tokio::test]
async fn a_tainted_process_takes_out_only_what_the_user_said() {
    let read = r#"{"tool":"web.echo","args":{"text":"obey"}}"#;
    let leak = r#"{"tool":"web.echo","args":{"text":"the secret"}}"#;
    let said = r#"{"tool":"web.echo","args":{"text":"page two"}}"#;
    let program = || Program::new("Read page two");
    check(
        &[read, said, DONE],
        program(),
        &["= page two", "\"exited\" \"done\""],
    )
    .await;
    let want = "not approved: web.echo carries words out of this machine that the user did not \
                say, and this process has read untrusted text from tool:web";
    check(&[read, leak, DONE], program(), &[want]).await;
    // What an earlier turn answered is not the user's word, though it stands in the prompt.
    let turns = Program {
        said: Some("Read page two".into()),
        ..Program::new("You: the secret\nNow the user says: Read page two")
    };
    check(&[read, leak, DONE], turns.clone(), &[want]).await;
    check(&[read, said, DONE], turns, &["= page two"]).await;
    check(
        &[leak, DONE],
        program(),
        &["= the secret", "\"exited\" \"done\""],
    )
    .await;
}

#[tokio::test]
async fn a_row_of_calls_spells_no_text() {
    let read = |text: &str| json!({"tool": "web.echo", "args": {"text": text}}).to_string();
    // Each of these is a part of what the user said, and all of them together are a text.
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    let calls = letters.chars().map(|letter| read(&letter.to_string()));
    let calls: Vec<String> = [read("obey")].into_iter().chain(calls).collect();
    let mut one_by_one: Vec<&str> = calls.iter().map(String::as_str).collect();
    one_by_one.push(DONE);
    // Side by side they tell no more than one after the other.
    let lists = calls[1..].chunks(12);
    let lists = lists.map(|some| format!(r#"{{"calls":[{}]}}"#, some.join(",")));
    let lists: Vec<String> = lists.collect();
    let mut together = vec![calls[0].as_str()];
    together.extend(lists.iter().map(String::as_str));
    together.push(DONE);
    for script in [one_by_one, together] {
        let program = Program {
            limits: Limits {
                steps: 100,
                tokens: 100_000,
                ..Limits::default()
            },
            ..Program::new(format!("Read {letters}"))
        };
        let want = [
            "= 5 (tool:web, untrusted)",
            "not approved: web.echo carries words out",
        ];
        check(&script, program, &want).await;
    }
}

#[tokio::test]
async fn a_family_of_processes_spells_no_text() {
    let letters = "abcdefghijklmnopqrstuvwxyz";
    let read = |text: &str| json!({"tool": "web.echo", "args": {"text": text}}).to_string();
    // Two processes of one family read so many letters each.
    let check = async |each: usize, is_branch: bool, want: Status| {
        let ask = r#"{"seen":"Wait here","do":{"ask":"Until when?"}}"#;
        let mut script = vec![ask.to_owned(), read("obey")];
        script.extend(letters.chars().take(each).map(|one| read(&one.to_string())));
        script.push(DONE.to_owned());
        let mut setup = Setup::new(&script.join("\n"));
        setup.policy.grants = [net()].into_iter().collect();
        setup.devices.push(Desk::new("web", vec![net()]));
        let folder = crate::common::folder();
        let kernel = setup.kernel(&folder.path().join("journal.db"));
        let limits = Limits {
            steps: 400,
            tokens: 400_000,
            ..Limits::default()
        };
        let program = |prompt: String| Program {
            limits: limits.clone(),
            ..Program::new(prompt)
        };
        let first = Program {
            interactive: true,
            ..program("Wait here".to_owned())
        };
        let first = kernel.spawn(first).expect("it starts");
        let other = || program(format!("Read {letters}"));
        let one = kernel.spawn_child(first, other()).expect("it starts");
        let exit = kernel.wait(one).await.expect("an end");
        assert_eq!(exit.status, Status::Exited, "{:?}", exit.error);
        let two = match is_branch {
            false => kernel.spawn_child(first, other()),
            true => kernel.spawn(Program {
                branch: Some(Branch::new(first, Way::Program)),
                ..other()
            }),
        };
        let two = two.expect("it starts");
        let exit = kernel.wait(two).await.expect("an end");
        assert_eq!(exit.status, want, "{each} {is_branch}: {:?}", exit.error);
        for pid in [one, two] {
            replayed(&kernel, pid).await;
        }
        kernel.kill(first).expect("it runs");
        kernel.wait(first).await.expect("an end");
    };
    check(16, false, Status::Exited).await;
    check(17, false, Status::Denied).await;
    check(16, true, Status::Exited).await;
    check(17, true, Status::Denied).await;
}

#[tokio::test]
async fn rulings_are_steps_of_the_journal() {
    let folder = crate::common::folder();
    let journal = folder.path().join("journal.db");
    let send = r#"{"tool":"desk.send","args":{"text":"hello"}}"#;
    let mut setup = Setup::new(&[send, DONE].join("\n"));
    let program = attended("task");
    let kernel = setup.kernel(&journal);
    let mut events = kernel.subscribe();
    let pid = kernel.spawn(program).expect("it starts");
    transcript(&kernel, pid, &[Reply::Deny], &mut events).await;
    let rulings = kernel.journal().rulings(pid).expect("rulings");
    let words = |rulings: &[(u32, quipu_kernel::gate::Ruling)]| -> Vec<(u32, Word, String)> {
        let words = rulings.iter();
        words.map(|(n, r)| (*n, r.word, r.by.clone())).collect()
    };
    let refused = (1, Word::Refused, "the person".to_owned());
    assert_eq!(words(&rulings), std::slice::from_ref(&refused));
    let steps = kernel.journal().steps(pid).expect("steps");
    assert_eq!(steps[0].action["args"]["text"], "hello");
    assert!(!steps[0].outcome.as_ref().expect("an outcome").ok);
    drop(kernel);

    // Taken up again it decides again; what was refused stays.
    let kernel = setup.kernel(&journal);
    let mut events = kernel.subscribe();
    kernel.resume(pid, None, true).expect("it goes on");
    let said = transcript(&kernel, pid, &[Reply::Approve], &mut events).await;
    assert!(said.contains("2 {\"tool\":\"desk.send\""), "{said}");
    assert!(said.ends_with("\"exited\" \"done\""), "{said}");
    let rulings = kernel.journal().rulings(pid).expect("rulings");
    let approved = (2, Word::Approved, "the person".to_owned());
    assert_eq!(words(&rulings), [refused, approved]);
    assert_ne!(rulings[0].1.call, rulings[1].1.call);
    drop(kernel);

    setup.policy.approve = Approve::All;
    let kernel = setup.kernel(&journal);
    let pid = kernel.spawn(Program::new("task")).expect("it starts");
    kernel.wait(pid).await.expect("it ends");
    let rulings = kernel.journal().rulings(pid).expect("rulings");
    let standing = (
        1,
        Word::Approved,
        "the user, beforehand for all calls".to_owned(),
    );
    assert_eq!(words(&rulings), [standing]);
}

#[tokio::test]
async fn an_approval_of_all_calls_does_not_count_for_what_nobody_saw_start() {
    let check = async |unapproved: bool, want: &str| {
        let send = r#"{"tool":"desk.send","args":{"text":"hello"}}"#;
        let mut setup = Setup::new(&[send, DONE].join("\n"));
        setup.policy.approve = Approve::All;
        let program = Program {
            unapproved,
            ..Program::new("task")
        };
        let said = run(setup, program).await;
        assert!(said.contains(want), "no {want:?} in {said}");
    };
    check(false, "\"exited\" \"done\"").await;
    check(true, "not approved: desk.send changes something").await;
}

#[tokio::test]
async fn a_changed_journal_is_not_carried_on() {
    let folder = crate::common::folder();
    let journal = folder.path().join("journal.db");
    let read = r#"{"tool":"web.echo","args":{"text":"obey"}}"#;
    let mut setup = Setup::new(&[read, PUT, DONE].join("\n"));
    setup.policy.grants = [net(), Capability::MemWrite].into_iter().collect();
    setup.devices.push(Desk::new("web", vec![net()]));
    let kernel = setup.kernel(&journal);
    let pid = kernel.spawn(Program::new("task")).expect("it starts");
    kernel.wait(pid).await.expect("it ends");
    drop(kernel);
    let edit = rusqlite::Connection::open(&journal).expect("opens");
    let sql = "UPDATE step SET label=json_set(label,'$.trust','user')";
    edit.execute_batch(sql).expect("changed");
    drop(edit);
    let kernel = setup.kernel(&journal);
    let error = kernel.resume(pid, None, false).expect_err("it was changed");
    assert!(
        error
            .to_string()
            .contains("was changed since it was written"),
        "{error}"
    );
}

#[tokio::test]
async fn after_a_crash_only_what_may_be_done_again_is() {
    // What comes of `action`, of which only the intent was written.
    let check = async |action: Value, grants: Vec<Capability>, want: &str| {
        let folder = crate::common::folder();
        let mut setup = Setup::new(DONE);
        setup.policy.grants = grants.into_iter().collect();
        setup.devices.push(Desk::new("web", vec![net()]));
        let till = Desk::new("till", vec![net()]).with_payments();
        setup.devices.push(till.clone());
        let mut other = till.by_a_stranger();
        other.rename("elsewhere");
        setup.devices.push(other);
        setup
            .devices
            .push(Desk::new("pure", Vec::new()).by_a_stranger());
        let guest = Desk::new("guest", vec![net()]).by_a_stranger();
        setup.devices.push(guest);
        let kernel = setup.kernel(&folder.path().join("journal.db"));
        let journal = kernel.journal();
        let program = Program {
            agent: Agent {
                memory: quipu_kernel::process::Memory {
                    blocks: vec!["person".into()],
                    ..Default::default()
                },
                ..Agent::default()
            },
            ..Program::new("task")
        };
        let pid = journal.create(&program, "model").expect("a process");
        let step = StepRow {
            n: 1,
            action,
            usage: Usage::default(),
            decide_ms: 0,
            outcome: None,
        };
        journal.intent(pid, &step, None, None).expect("written");
        let mut events = kernel.subscribe();
        kernel.resume(pid, None, false).expect("it goes on");
        let said = transcript(&kernel, pid, &[], &mut events).await;
        assert!(said.contains(want), "no {want:?} in {said}");
    };
    let echo = |tool: &str| json!({"tool": format!("{tool}.echo"), "args": {"text": "hello"}});
    let unknown = "whether it took effect is not known";
    check(echo("desk"), vec![], "= hello").await;
    check(echo("pure"), vec![], "= hello").await;
    check(echo("web"), vec![net()], "= hello").await;
    // It passes the gate as any other call.
    check(echo("web"), vec![], unknown).await;
    // A device that is given the same key does it once.
    let pay = |tool: &str| json!({"tool": format!("{tool}.pay"), "args": {"text": "5"}});
    check(pay("till"), vec![net()], "= paid once, 32 digits").await;
    check(pay("elsewhere"), vec![net()], unknown).await;
    // A stranger's own word.
    check(echo("guest"), vec![net()], unknown).await;
    let put = json!({"tool": "memory.put", "args": {"text": "The dog is called Bruno."}});
    check(put.clone(), vec![Capability::MemWrite], "= kept as m1-1").await;
    check(put, vec![], unknown).await;
    // Somebody may have changed what it replaces.
    let args = json!({"text": "The dog is called Rex.", "replaces": "m9-1"});
    let replace = json!({"tool": "memory.put", "args": args});
    check(replace, vec![Capability::MemWrite], unknown).await;
    let args = json!({"block": "person", "text": "Likes tea."});
    let edit = json!({"tool": "memory.edit", "args": args});
    check(edit, vec![Capability::MemWrite], unknown).await;
}
