//! A process runs again on what its journal recorded, to the same bytes; what was edited is
//! found; a run goes from one journal to another.
//!
//! Every process of `common::transcript` is replayed too.
//!
//! | file | job |
//! | --- | --- |
//! | this one | what is replayed, and what is told where it cannot be |
//! | `many` | whatever a process does, by chance |
//! | `edits` | whatever somebody changes in a journal, by chance |

mod edits;
mod many;

use std::path::Path;

use insta::assert_snapshot;
use quipu_kernel::Kernel;
use quipu_kernel::event::Event;
use quipu_kernel::journal::{Journal, JournalError};
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::limits::Limits;
use quipu_kernel::process::{Attached, Picture, Pid, Program, Reply};
use quipu_kernel::replay::{ReplayError, replay};
use quipu_kernel::signal::Signal;
use quipu_tools::Capability;
use serde_json::Value;

use crate::common::{DONE, Desk, ECHO, SEND, Setup, attended, folder, live, replayed, transcript};

/// A machine with a desk, one of a stranger's, and one that needs what was not granted.
fn setup(script: &[&str], window: usize) -> Setup {
    let mut setup = Setup::new(&script.join("\n"));
    setup.window = window;
    let net: Capability = "net:example.com".parse().expect("a capability");
    setup.devices = vec![
        Desk::new("desk", Vec::new()).with_lists(),
        Desk::new("stranger", Vec::new()).by_a_stranger(),
        Desk::new("web", vec![net]),
    ];
    setup
}

/// Runs one process of `setup` to its end.
async fn run(setup: &Setup, journal: &Path, program: Program) -> (Kernel, Pid) {
    let kernel = setup.kernel(journal);
    let (pid, _) = live(&kernel, program, &setup.replies).await;
    (kernel, pid)
}

fn block<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(work)
}

#[tokio::test]
async fn each_run_of_a_process_is_replayed() {
    let folder = folder();
    let path = folder.path().join("journal.db");
    let other = r#"{"tool":"desk.echo","args":{"text":"other"}}"#;
    let setup = setup(&[ECHO, other, SEND, DONE], 8192);
    let mut program = attended("task");
    program.limits.steps = 2;
    let (kernel, pid) = run(&setup, &path, program).await;
    let more = Limits::default;
    // Refused, then approved.
    for (reply, runs) in [(Reply::Deny, 2), (Reply::Approve, 3)] {
        let mut events = kernel.subscribe();
        kernel.resume(pid, Some(more()), true).expect("it goes on");
        transcript(&kernel, pid, &[reply], &mut events).await;
        assert_eq!(replayed(&kernel, pid).await.runs, runs);
    }
    // A copy goes on from steps that it has not run itself.
    let mut events = kernel.subscribe();
    let copy = kernel.fork(pid, Some(1), true).expect("a copy");
    transcript(&kernel, copy, &[Reply::Approve], &mut events).await;
    let replayed = replayed(&kernel, copy).await;
    assert_eq!((replayed.runs, replayed.taken), (1, 1));
}

#[tokio::test]
async fn signals_are_replayed_where_they_came() {
    let folder = folder();
    let setup = setup(&[r#"{"ask":"Which one?"}"#, DONE], 8192);
    for signal in [Signal::Interrupt, Signal::Kill, Signal::Suspend] {
        let kernel = setup.kernel(&folder.path().join(format!("{signal:?}.db")));
        let mut events = kernel.subscribe();
        let pid = kernel.spawn(attended("task")).expect("it starts");
        while let Some(event) = kernel.next_event(&mut events, pid).await {
            if matches!(event, Event::Question { .. }) {
                break;
            }
        }
        kernel.signal(pid, signal).expect("it waits");
        if signal == Signal::Interrupt {
            // It asks what to do instead; nobody says it.
            kernel.signal(pid, Signal::Kill).expect("it waits");
        }
        kernel.wait(pid).await.expect("it ends");
        replayed(&kernel, pid).await;
    }
}

#[tokio::test]
async fn rules_that_others_added_meanwhile_are_replayed() {
    let folder = folder();
    let asks = r#"{"seen":"task one","do":{"ask":"Which one?"}}"#;
    let kernel = setup(&[asks, SEND, DONE], 8192).kernel(&folder.path().join("journal.db"));
    // The first waits for a word until the second has ended.
    let mut events = kernel.subscribe();
    let first = kernel.spawn(attended("task one")).expect("it starts");
    let key = loop {
        match kernel.next_event(&mut events, first).await {
            Some(Event::Question { key, .. }) => break key,
            event => assert!(event.is_some(), "it asks"),
        }
    };
    live(&kernel, attended("task two"), &[Reply::ApproveAlways]).await;
    let word = Reply::Text("the red one".into());
    kernel.reply(first, &key, word).expect("it waits");
    kernel.wait(first).await.expect("it ends");
    let rulings = kernel.journal().rulings(first).expect("rulings");
    let told: Vec<String> = rulings.iter().map(|(_, ruling)| ruling.told()).collect();
    assert!(
        told.iter()
            .any(|told| told.starts_with("approved by a rule")),
        "{told:?}"
    );
    replayed(&kernel, first).await;
}

/// The setup of a machine, and a run on it as a file: its effect was approved.
async fn exported(folder: &Path) -> (Setup, Vec<u8>) {
    let mut setup = setup(&[ECHO, SEND, DONE], 8192);
    setup.replies = vec![Reply::Approve];
    let (kernel, pid) = run(&setup, &folder.join("journal.db"), attended("task")).await;
    let mut file = Vec::new();
    kernel.journal().export(pid, &mut file).expect("exported");
    (setup, file)
}

/// An exported run with `edit` made to its rows, and the hashes made again.
fn forged(file: &[u8], edit: impl Fn(&str) -> String) -> Vec<u8> {
    let (mut out, mut before) = (String::new(), String::new());
    for line in String::from_utf8_lossy(file).lines() {
        let row = &line[line.find(",\"is\":").expect("a row") + 6..line.len() - 1];
        let row = edit(row);
        before = blake3::hash([before.as_bytes(), row.as_bytes()].concat().as_slice())
            .to_hex()
            .to_string();
        out.push_str(&format!("{{\"chain\":\"{before}\",\"is\":{row}}}\n"));
    }
    out.into_bytes()
}

#[tokio::test]
async fn an_exported_run_is_imported_as_somebody_elses() {
    let folder = folder();
    let (setup, file) = exported(folder.path()).await;
    let other = setup.kernel(&folder.path().join("other.db"));
    let import = |file: &[u8]| other.journal().import(&mut &*file);
    let copy = import(&file).expect("imported");
    let (program, _) = other.journal().program(copy).expect("a program");
    assert_eq!(
        program.label,
        Label::new("import of process 1", Trust::Untrusted)
    );
    assert!(other.journal().process(copy).expect("a row").imported);
    let refused = |error: String| assert!(error.contains("was imported"), "{error}");
    refused(
        other
            .resume(copy, None, false)
            .expect_err("not")
            .to_string(),
    );
    refused(other.fork(copy, None, false).expect_err("not").to_string());
    // It can go on from there to a third place.
    let mut again = Vec::new();
    other.journal().export(copy, &mut again).expect("exported");
    assert!(import(&again).is_ok());

    let check = |file: &[u8], want: &str| {
        let before = other.journal().processes().expect("a list").len();
        let said = import(file).expect_err("damaged").to_string();
        assert!(said.contains(want), "{said} lacks {want}");
        assert_eq!(other.journal().processes().expect("a list").len(), before);
    };
    check(b"", "line 1: the file is cut off");
    check(b"hello\n", "line 1: it is not a row of an exported run");
    let text = String::from_utf8(file.clone()).expect("a text");
    check(
        text.replacen("hello", "jello", 1).as_bytes(),
        "its hash is another",
    );
    let cut: Vec<&str> = text.lines().collect();
    check(cut[..cut.len() - 1].join("\n").as_bytes(), "cut off");
    let twice = forged(&file, |row| {
        row.replace("\"kind\":\"exit\"", "\"kind\":\"other\"")
    });
    check(&twice, "this kind of link is not known");
}

#[tokio::test]
async fn an_exported_run_carries_its_pictures() {
    let folder = folder();
    let mut task = attended("task");
    let shown = |byte: u8| Attached {
        text: "a page".into(),
        label: Label::user(),
        picture: Some(Picture::new(4, 2, vec![byte; 24]).expect("a picture")),
    };
    task.attached = vec![shown(1), shown(2), shown(1)];
    let setup = setup(&[DONE], 8192);
    let (kernel, pid) = run(&setup, &folder.path().join("journal.db"), task.clone()).await;
    let mut file = Vec::new();
    kernel.journal().export(pid, &mut file).expect("exported");

    let other = Journal::open(&folder.path().join("other.db"), true).expect("a journal");
    let copy = other.import(&mut file.as_slice()).expect("imported");
    let (program, _) = other.program(copy).expect("a program");
    assert_eq!(program.attached, task.attached);
    other.verify(copy).expect("as it was written");
    let replayed = replay(&other, copy).await.expect("it is replayed");
    assert_eq!(replayed.difference, None);
    let mut again = Vec::new();
    other.export(copy, &mut again).expect("exported");
    assert!(other.import(&mut again.as_slice()).is_ok());

    let picture = |byte: u8| shown(byte).picture.expect("a picture");
    let check = |file: Vec<u8>, want: &str| {
        let error = other.import(&mut file.as_slice()).expect_err(want);
        assert!(error.to_string().contains(want), "{error}");
    };
    // One is another, or of another run.
    let (one, three) = (picture(1).id(), picture(3).id());
    let other_digest = |row: &str| match row.starts_with("{\"picture\":") {
        true => row.replace(&one, &three),
        false => row.to_owned(),
    };
    check(forged(&file, other_digest), "names this picture");
    let text = String::from_utf8(file.clone()).expect("a text");
    let is_of =
        |line: &&str, digest: &str| line.contains("\"is\":{\"picture\":") && line.contains(digest);
    let two = picture(2).id();
    let second = text.lines().find(|line| is_of(line, &two)).expect("a row");
    let named = |line: &str| {
        let at = line.find("\"file\":").expect("a file");
        line[at..].trim_end_matches('}').to_owned()
    };
    let file_of_two = named(second);
    let swapped = |row: &str| match row.starts_with("{\"picture\":") && row.contains(&one) {
        true => row.replace(&named(row), &file_of_two),
        false => row.to_owned(),
    };
    check(forged(&file, swapped), "not the one of its digest");
    // One has not come.
    let left: Vec<&str> = text.lines().filter(|line| !is_of(line, &two)).collect();
    let rows = left.len() - 1;
    let fewer = |row: &str| match row.starts_with("{\"end\":") {
        true => format!("{{\"end\":{{\"rows\":{rows}}}}}"),
        false => row.to_owned(),
    };
    check(forged(left.join("\n").as_bytes(), fewer), "is missing");
    // As an earlier release wrote it: the row of the process has the pixels.
    let left: Vec<&str> = text.lines().filter(|line| !is_of(line, "")).collect();
    let rows = left.len() - 1;
    let whole = |row: String, byte: u8, rgb: &str| {
        let rgb = rgb.repeat(8);
        let pixels = format!("{{\"width\":4,\"height\":2,\"rgb\":\"{rgb}\"}}");
        row.replace(&format!("\"{}\"", picture(byte).id()), &pixels)
    };
    let earlier = |row: &str| match row {
        _ if row.starts_with("{\"end\":") => format!("{{\"end\":{{\"rows\":{rows}}}}}"),
        _ if row.starts_with("{\"run\":") => {
            let row = row.replace("\"version\":2", "\"version\":1");
            whole(whole(row, 1, "AQEB"), 2, "AgIC")
        }
        _ => row.to_owned(),
    };
    let file = forged(left.join("\n").as_bytes(), earlier);
    let copy = other.import(&mut file.as_slice()).expect("imported");
    let (program, _) = other.program(copy).expect("a program");
    assert_eq!(program.attached, task.attached);
    other.verify(copy).expect("as it was written");
}

#[tokio::test]
async fn an_imported_run_is_nobodys_child_here() {
    let folder = folder();
    let (setup, file) = exported(folder.path()).await;
    let (kernel, own) = run(&setup, &folder.path().join("other.db"), attended("task")).await;
    let journal = kernel.journal();
    let forged = forged(&file, |row| {
        let of = format!(
            "\"child_of\":{{\"pid\":{own},\"step\":1,\"at\":0}},\
             \"branch\":{{\"of\":{own},\"way\":\"thought\"}},\"prompt\":"
        );
        match row.starts_with("{\"run\":") {
            true => row.replacen("\"prompt\":", &of, 1),
            false => row.to_owned(),
        }
    });
    let copy = journal.import(&mut forged.as_slice()).expect("imported");
    assert!(copy > own);
    let (program, _) = journal.program(copy).expect("a program");
    assert!(program.child_of.is_some() && program.branch.is_some());
    let row = journal.process(copy).expect("a row");
    assert_eq!((row.child_of, row.branch), (None, None));
    assert!(journal.children(own).expect("a list").is_empty());
}

#[tokio::test]
async fn the_first_difference_is_told() {
    let folder = folder();
    let (_, file) = exported(folder.path()).await;
    let other = Journal::open(&folder.path().join("other.db"), true).expect("a journal");
    let check = async |from: &str, to: &str, want: &str| {
        let forged = forged(&file, |row| row.replace(from, to));
        let copy = other.import(&mut forged.as_slice()).expect("imported");
        let replayed = replay(&other, copy).await.expect("it is replayed");
        let difference = replayed.difference.expect(from);
        let told = format!(
            "step {}: {}: {} / {}",
            difference.step, difference.what, difference.recorded, difference.now
        );
        assert!(told.contains(want), "{told} lacks {want}");
    };
    // The row of a step says something else than the CPU wrote.
    let row = r#""action":{"tool":"desk.send","args":{"text":"hello"}}"#;
    let lie = r#""action":{"tool":"desk.send","args":{"text":"bye"}}"#;
    check(row, lie, "step 2: the action: ").await;
    // The CPU wrote something else.
    check(
        r#"\"text\":\"hello\"}}","end""#,
        r#"\"text\":\"bye\"}}","end""#,
        "step 1: the action: ",
    )
    .await;
    // A refusal is no approval.
    check(
        r#"{"reply":"approve"}"#,
        r#"{"reply":"deny"}"#,
        "step 2: the ruling",
    )
    .await;
    // The task was another.
    check(r#""prompt":"task""#, r#""prompt":"another""#, "step 1: ").await;
    // A tool's result was another.
    check(
        r#""text":"hello","ok":true"#,
        r#""text":"jello","ok":true"#,
        "step 2: ",
    )
    .await;
}

#[tokio::test]
async fn what_was_not_recorded_is_told() {
    let folder = folder();
    let journal = Journal::open(&folder.path().join("journal.db"), true).expect("a journal");
    let pid = journal
        .create(&Program::new("task"), "model")
        .expect("a process");
    let error = replay(&journal, pid).await.expect_err("nothing to replay");
    assert!(matches!(error, ReplayError::NotRecorded(1)), "{error}");
    let error = replay(&journal, 7).await.expect_err("there is none");
    assert!(
        matches!(error, ReplayError::Journal(JournalError::NoProcess(7))),
        "{error}"
    );
}

#[tokio::test]
async fn what_a_run_started_from_is_in_the_journal() {
    let folder = folder();
    let setup = setup(&[DONE], 8192);
    let (kernel, pid) = run(
        &setup,
        &folder.path().join("journal.db"),
        Program::new("task"),
    )
    .await;
    let mut runs = kernel.journal().runs(pid).expect("runs");
    let run = runs.pop().expect("one run");
    let hex = |value: &Value| value.as_str().is_some_and(|text| text.len() == 32);
    assert!(
        hex(&run["boot"]) && hex(&run["policy"]) && hex(&run["judgement"]),
        "{run}"
    );
    assert_eq!(run["tools"].as_array().map(Vec::len), Some(3), "{run}");
    assert_snapshot!(run["cpu"], @r#"{"model":"script:test","kind":"script","details":"1 lines","window":8192,"constrains":false,"model_digest":"","template_digest":""}"#);
    assert_snapshot!(run["sampling"], @r#"{"temperature":0.0,"seed":0}"#);
}
