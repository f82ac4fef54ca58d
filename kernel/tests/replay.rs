//! A process runs again on what its journal recorded, to the same bytes; what was edited is
//! found; a run goes from one journal to another.
//!
//! Every process of `common::transcript` is replayed too.

mod common;

use std::path::Path;

use common::random::Random;
use common::{DONE, Desk, ECHO, SEND, Setup, attended, live, replayed, transcript};
use insta::assert_snapshot;
use proptest::prelude::*;
use proptest::sample::select;
use quipu_kernel::Kernel;
use quipu_kernel::event::Event;
use quipu_kernel::gate::Approve;
use quipu_kernel::journal::{Journal, JournalError};
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::limits::Limits;
use quipu_kernel::process::{Pid, Program, Reply};
use quipu_kernel::replay::{ReplayError, replay};
use quipu_kernel::signal::Signal;
use quipu_tools::Capability;
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::Value;

/// What a process may do, for random scripts.
const ACTIONS: &[&str] = &[
    ECHO,
    SEND,
    r#"{"tool":"desk.echo","args":{"text":"other"}}"#,
    r#"{"tool":"desk.fail","args":{"text":"x"}}"#,
    r#"{"tool":"desk.list","args":{"text":"long"}}"#,
    r#"{"tool":"desk.list","args":{"text":"longer"}}"#,
    r#"{"tool":"stranger.echo","args":{"text":"obey"}}"#,
    r#"{"tool":"web.echo","args":{"text":"page"}}"#,
    r#"{"tool":"memory.put","args":{"text":"The dog is called Bruno."}}"#,
    r#"{"tool":"memory.search","args":{"query":"dog"}}"#,
    r#"{"tool":"memory.recall","args":{"page":"s1"}}"#,
    r#"{"calls":[{"tool":"desk.echo","args":{"text":"a"}},{"tool":"desk.fail","args":{"text":"b"}}]}"#,
    r#"{"tool":"desk.echo","args":{"text":3}}"#,
    r#"{"tool":"printer.print","args":{}}"#,
    r#"{"ask":"Which one?"}"#,
    "[1]",
    DONE,
];

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_a_process_did_is_replayed_to_the_same_bytes(
        script in prop::collection::vec(select(ACTIONS), 1..9),
        window in select(vec![1200usize, 2048, 8192]),
        approve in select(vec![Approve::Ask, Approve::Never, Approve::All]),
        replies in prop::collection::vec(
            select(vec![Reply::Approve, Reply::Deny, Reply::Text("the red one".into())]), 0..4),
        steps in select(vec![3u32, 20]),
        interactive: bool,
    ) {
        block(async {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("journal.db");
            let mut setup = setup(&script, window);
            setup.policy.approve = approve;
            setup.replies = replies;
            let program = Program {
                interactive,
                limits: Limits { steps, ..Limits::default() },
                ..Program::new("Look after the dog.")
            };
            let (kernel, pid) = run(&setup, &path, program).await;
            let first = replayed(&kernel, pid).await;
            // Beside a machine, in a journal that is only read.
            drop(kernel);
            let journal = Journal::open(&path, false).expect("a journal");
            let second = replay(&journal, pid).await.expect("it is replayed");
            assert_eq!(first, second);
            // And elsewhere.
            let mut file = Vec::new();
            journal.export(pid, &mut file).expect("exported");
            let elsewhere = Journal::open(&folder.path().join("other.db"), true);
            let elsewhere = elsewhere.expect("a journal");
            let copy = elsewhere.import(&mut file.as_slice()).expect("imported");
            let third = replay(&elsewhere, copy).await.expect("it is replayed");
            assert_eq!((third.digest, third.difference), (first.digest, None));
        });
    }
}

#[tokio::test]
async fn each_run_of_a_process_is_replayed() {
    let folder = tempfile::tempdir().expect("a folder");
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
    let folder = tempfile::tempdir().expect("a folder");
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
    let folder = tempfile::tempdir().expect("a folder");
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

/// The tables with their columns, and how a row of process 1 is found in each.
const COLUMNS: &[(&str, &str, &[&str])] = &[
    (
        "process",
        "pid=1",
        &[
            "program",
            "model",
            "state",
            "exit",
            "created_ms",
            "updated_ms",
            "spent_ms",
            "recalled",
            "imported",
            "pid",
        ],
    ),
    (
        "step",
        "pid=1",
        &[
            "n",
            "action",
            "usage",
            "decide_ms",
            "outcome",
            "ok",
            "label",
            "act_ms",
            "ruling",
            "pid",
        ],
    ),
    (
        "chain",
        "pid=1",
        &["id", "n", "kind", "digest", "mac", "process", "said", "pid"],
    ),
    (
        "content",
        "hash IN (SELECT hash FROM uses WHERE pid=1)",
        &["hash", "text"],
    ),
    ("uses", "pid=1", &["hash", "pid"]),
];

/// Changes one byte, one digit or one kind of value in `cell`.
fn edited(cell: Cell, at: usize, by: u8) -> Cell {
    match cell {
        Cell::Null => Cell::Text("{}".into()),
        Cell::Integer(n) => Cell::Integer(n + 1_000 + i64::from(by)),
        Cell::Real(x) => Cell::Real(x + 1.0),
        Cell::Blob(mut bytes) => {
            let at = at % bytes.len().max(1);
            bytes[at] ^= by.max(1);
            Cell::Blob(bytes)
        }
        Cell::Text(text) => {
            let mut chars: Vec<char> = text.chars().collect();
            let at = at % chars.len().max(1);
            let new = char::from(b'a' + by % 26);
            match chars.get_mut(at) {
                Some(old) if *old != new => *old = new,
                _ => chars.push('!'),
            }
            Cell::Text(chars.into_iter().collect())
        }
    }
}

#[test]
fn each_of_200_random_edits_is_found_and_leaves_the_other_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    block(async {
        let put = r#"{"tool":"memory.put","args":{"text":"The dog is called Bruno."}}"#;
        let mut setup = setup(&[ECHO, put, SEND, DONE], 8192);
        setup.replies = vec![Reply::Approve];
        let (kernel, _) = run(&setup, &path, attended("Look after the dog.")).await;
        live(&kernel, Program::new("another"), &[]).await;
    });
    // Parts of two databases that belong together.
    let files = ["journal.db", "journal.heads", "key"];
    let whole = Connection::open(&path).expect("opens");
    whole
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("one file");
    drop(whole);
    for seed in 0..200 {
        let mut random = Random(seed);
        let copy = tempfile::tempdir().expect("a folder");
        for file in files {
            std::fs::copy(folder.path().join(file), copy.path().join(file)).expect("copied");
        }
        let mut pick = |below: usize| random.below(below);
        let (table, rows, columns) = COLUMNS[pick(COLUMNS.len())];
        let column = columns[pick(columns.len())];
        let edit = Connection::open(copy.path().join("journal.db")).expect("opens");
        let key = if table == "chain" || table == "process" || table == "step" {
            "rowid"
        } else {
            "hash"
        };
        let mut found = edit
            .prepare(&format!("SELECT {key}, {column} FROM {table} WHERE {rows}"))
            .expect("a query");
        let cells: Vec<(Cell, Cell)> = found
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .and_then(Iterator::collect)
            .expect("rows");
        drop(found);
        let (row, cell) = cells[pick(cells.len())].clone();
        let new = edited(cell, pick(1 << 20), pick(256) as u8);
        let sql = format!("UPDATE {table} SET {column}=?1 WHERE {key}=?2 AND {rows}");
        edit.execute("PRAGMA foreign_keys=OFF", []).ok();
        let sets = edit.execute(&sql, rusqlite::params![new, row]);
        assert_eq!(sets.expect("edited"), 1, "{table}.{column}");
        drop(edit);
        let journal = Journal::open(&copy.path().join("journal.db"), false).expect("a journal");
        let what = format!("seed {seed}: {table}.{column} is now {new:?}");
        assert!(journal.verify(1).is_err(), "{what}");
        assert!(!journal.processes().expect("a list").is_empty(), "{what}");
        if table != "content" {
            // Texts that both name are damaged for both.
            let other = block(replay(&journal, 2)).expect("the other run");
            assert_eq!(other.difference, None, "{what}");
        }
    }
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
    let folder = tempfile::tempdir().expect("a folder");
    let mut setup = setup(&[ECHO, SEND, DONE], 8192);
    setup.replies = vec![Reply::Approve];
    let path = folder.path().join("journal.db");
    let (kernel, pid) = run(&setup, &path, attended("task")).await;
    let mut file = Vec::new();
    kernel.journal().export(pid, &mut file).expect("exported");
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
    check(b"hello\n", "line 1: it is no row of an exported run");
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
async fn the_first_difference_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut setup = setup(&[ECHO, SEND, DONE], 8192);
    setup.replies = vec![Reply::Approve];
    let path = folder.path().join("journal.db");
    let (kernel, pid) = run(&setup, &path, attended("task")).await;
    let mut file = Vec::new();
    kernel.journal().export(pid, &mut file).expect("exported");
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
    let folder = tempfile::tempdir().expect("a folder");
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
    let folder = tempfile::tempdir().expect("a folder");
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
