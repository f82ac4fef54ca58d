//! Lists of which each thing goes to a child: how many at once, on what limits, and after a crash.

use std::ops::RangeInclusive;
use std::path::Path;

use crate::common::family::{DONE, MAP, reader, strings, task};
use crate::common::{Setup, replayed};
use quipu_kernel::event::Event;
use quipu_kernel::label::Trust;
use quipu_kernel::limits::Limits;
use quipu_kernel::process::{Pid, Program, State, Status};
use serde_json::Value;

/// A script for fifty children that read a text each, and for their parent.
fn fifty() -> String {
    let mark = |n: usize| reader(n, &format!(r#"{{"answer":"mark {n}"}}"#));
    let script: Vec<String> = (0..50).map(mark).chain(strings([MAP, DONE])).collect();
    script.join("\n")
}

#[tokio::test]
async fn a_list_is_worked_off_some_at_once() {
    let folder = crate::common::folder();
    let kernel = Setup::new(&fifty()).kernel(&folder.path().join("journal.db"));
    let program = Program {
        limits: Limits {
            steps: 60,
            tokens: 16_000,
            ..Limits::default()
        },
        ..task(50)
    };
    let mut events = kernel.subscribe();
    let pid = kernel.spawn(program).expect("it starts");
    let (mut running, mut most, mut observation) = (0, 0, Value::Null);
    while let Some(event) = kernel.next_event(&mut events, pid).await {
        match event {
            Event::Spawned { .. } => running += 1,
            Event::Joined { .. } => running -= 1,
            Event::Observation { text, label, .. } => {
                observation = serde_json::from_str(&text).expect("it is JSON");
                assert_eq!(label.trust, Trust::Untrusted, "as the texts that were read");
            }
            Event::Exited { exit, .. } => {
                assert_eq!(
                    (exit.status, exit.answer),
                    (Status::Exited, Some("done".into()))
                );
                break;
            }
            _ => {}
        }
        most = most.max(running);
    }
    assert_eq!((running, most), (0, 8));
    assert_eq!(
        (&observation["answered"], &observation["of"]),
        (&50.into(), &50.into())
    );
    for n in 0..50 {
        let line = &observation["results"][n];
        assert_eq!(line["item"], format!("{n}.txt"), "{line}");
        assert_eq!(line["answer"], format!("mark {n}"), "{line}");
    }
    replayed(&kernel, pid).await;
}

#[tokio::test]
async fn children_spend_what_their_parent_has() {
    let check = async |limits: Limits, want: (RangeInclusive<u64>, Status, &str)| {
        let folder = crate::common::folder();
        let kernel = Setup::new(&fifty()).kernel(&folder.path().join("journal.db"));
        let pid = kernel
            .spawn(Program {
                limits: limits.clone(),
                ..task(50)
            })
            .expect("it starts");
        let exit = kernel.wait(pid).await.expect("an end");
        let steps = kernel.journal().steps(pid).expect("a journal");
        let told = steps[0]
            .outcome
            .as_ref()
            .map(|told| told.text.clone())
            .unwrap_or_default();
        let list: Value = serde_json::from_str(&told).expect("it is JSON");
        let missing = list["missing"].as_str().unwrap_or_default();
        let answered = list["answered"].as_u64().expect("a number");
        assert!(want.0.contains(&answered), "{told}");
        assert_eq!(exit.status, want.1, "{told}");
        assert!(missing.contains(want.2), "{missing}");
        // Nobody had more than there was.
        let rows = kernel.journal().processes().expect("a journal");
        assert!(rows.iter().map(|row| row.steps).sum::<u32>() <= limits.steps);
        assert!(exit.usage.generated_tokens <= limits.tokens);
        replayed(&kernel, pid).await;
    };
    let limits = Limits::default();
    check(
        limits.clone(),
        (
            18..=18,
            Status::Limit,
            "32 were not begun or not ended: the limit of 20 steps",
        ),
    )
    .await;
    let enough = Limits {
        steps: 53,
        ..limits.clone()
    };
    check(enough, (50..=50, Status::Exited, "")).await;
    // An answer here has some five tokens, and each child may have some thirty.
    let tokens = Limits {
        steps: 60,
        tokens: 200,
        ..limits
    };
    check(tokens, (8..=30, Status::Limit, "the limit of 200 tokens")).await;
}

/// Cuts a machine off once some children of a list have exited: nothing is written down any more.
fn cut_off(setup: &Setup, journal: &Path, after: usize) -> usize {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let done = runtime.block_on(async {
        let kernel = setup.kernel(journal);
        let mut events = kernel.subscribe();
        let limits = Limits {
            steps: 60,
            ..Limits::default()
        };
        kernel
            .spawn(Program { limits, ..task(50) })
            .expect("it starts");
        let mut done = 0;
        while done < after {
            done += usize::from(matches!(events.recv().await, Some(Event::Joined { .. })));
        }
        done
    });
    // What is being written is written to its end, as by a system that was told to.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    done
}

#[test]
fn a_list_that_was_cut_off_goes_on_without_what_is_done() {
    let setup = Setup::new(&fifty());
    for after in [0, 1, 7, 30] {
        let folder = crate::common::folder();
        let journal = folder.path().join("journal.db");
        cut_off(&setup, &journal, after);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let kernel = setup.kernel(&journal);
            let over = |rows: Vec<quipu_kernel::journal::ProcessRow>| -> Vec<Pid> {
                let over = rows.into_iter().filter(|row| row.state == State::Exited);
                over.map(|row| row.pid).collect()
            };
            let before = over(kernel.journal().children(1).expect("a journal"));
            assert!(before.len() >= after, "{before:?}");
            if kernel.journal().process(1).expect("it is there").state == State::Exited {
                return;
            }
            kernel.resume(1, None, false).expect("it goes on");
            let exit = kernel.wait(1).await.expect("an end");
            assert_eq!(exit.answer, Some("done".into()));
            let steps = kernel.journal().steps(1).expect("a journal");
            let told = steps[0].outcome.as_ref().map(|told| told.text.clone());
            let list: Value = serde_json::from_str(&told.unwrap_or_default()).expect("it is JSON");
            assert_eq!(list["answered"], 50, "{list}");
            // One child for each, and those that had exited ran once.
            assert_eq!(kernel.journal().children(1).expect("a journal").len(), 50);
            for pid in before {
                assert_eq!(replayed(&kernel, pid).await.runs, 1, "process {pid}");
            }
            replayed(&kernel, 1).await;
        });
    }
}
