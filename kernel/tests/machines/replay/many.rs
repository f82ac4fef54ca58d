//! Whatever a process does is replayed to the same bytes: beside its machine, in another program
//! without a network, and elsewhere.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use quipu_kernel::Kernel;
use quipu_kernel::gate::Approve;
use quipu_kernel::gate::plan::Plan;
use quipu_kernel::journal::Journal;
use quipu_kernel::limits::Limits;
use quipu_kernel::process::{Pid, Program, Reply};
use quipu_kernel::replay::replay;
use serde_json::json;

use super::{block, run, setup};
use crate::common::{DONE, ECHO, SEND, cases, replayed};

/// The environment variables of the program that replays: a folder, and an address of the
/// program that recorded.
const FOLDER: &str = "QUIPU_TEST_CHILD_DIR";
const ADDRESS: &str = "QUIPU_TEST_ADDRESS";
/// What it writes into the folder.
const SAID: &str = "said";
/// What it says where it reaches the address.
const REACHED: &str = "the network is there";

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
    r#"{"tool":"desk.send","args":{"text":"It says ${page:s1}."}}"#,
    r#"{"answer":"It says ${page:s1}."}"#,
    r#"{"ask":"Which one?"}"#,
    "[1]",
    DONE,
];

/// What decides how a run goes.
#[derive(Clone, Debug)]
struct Chance {
    script: Vec<&'static str>,
    window: usize,
    approve: Approve,
    replies: Vec<Reply>,
    steps: u32,
    interactive: bool,
    /// Whether it has a plan to send any text.
    planned: bool,
}

fn plan() -> Plan {
    let effect = json!({"tool": "desk.send", "args": {"text": "text"}});
    let plan = json!({"effects": [effect], "made_on": "2024-05-15"});
    serde_json::from_value(plan).expect("a plan")
}

fn chance() -> impl Strategy<Value = Chance> {
    let script = prop::collection::vec(select(ACTIONS), 1..9);
    let window = select(vec![1200usize, 2048, 8192]);
    let approve = select(vec![Approve::Ask, Approve::Never, Approve::All]);
    let reply = select(vec![
        Reply::Approve,
        Reply::ApproveProcess,
        Reply::ApproveAlways,
        Reply::Deny,
        Reply::Text("the red one".into()),
    ]);
    let replies = prop::collection::vec(reply, 0..4);
    let rest = (select(vec![3u32, 20]), any::<bool>(), any::<bool>());
    (script, window, approve, replies, rest).prop_map(
        |(script, window, approve, replies, (steps, interactive, planned))| Chance {
            script,
            window,
            approve,
            replies,
            steps,
            interactive,
            planned,
        },
    )
}

/// Records one run in `journal`, and replays it there.
async fn recorded(journal: &Path, chance: Chance) -> (Kernel, Pid) {
    let mut setup = setup(&chance.script, chance.window);
    setup.policy.approve = chance.approve;
    setup.replies = chance.replies;
    let program = Program {
        interactive: chance.interactive,
        plan: chance.planned.then(plan),
        limits: Limits {
            steps: chance.steps,
            ..Limits::default()
        },
        ..Program::new("Look after the dog.")
    };
    run(&setup, journal, program).await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(40, 1_000) as u32))]

    #[test]
    fn torture_whatever_a_process_did_is_replayed_to_the_same_bytes(chance in chance()) {
        block(async {
            let folder = crate::common::folder();
            let path = folder.path().join("journal.db");
            let (kernel, pid) = recorded(&path, chance).await;
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

/// The digest of each process in the journal of `folder`, a line each; `None` where one of them
/// did something else.
async fn digests(folder: &Path) -> Option<String> {
    let journal = Journal::open(&folder.join("journal.db"), false).expect("a journal");
    let mut lines = String::new();
    for row in journal.processes().expect("a list") {
        let replayed = replay(&journal, row.pid).await.expect("it is replayed");
        lines += &format!("{} {}\n", row.pid, replayed.digest);
        if replayed.difference.is_some() {
            return None;
        }
    }
    Some(lines)
}

/// Not a test of its own: the program that the next test starts.
#[test]
fn child_that_replays() {
    let (Some(folder), Ok(address)) = (std::env::var_os(FOLDER), std::env::var(ADDRESS)) else {
        return;
    };
    let mut said = block(digests(Path::new(&folder))).expect("each does the same");
    if TcpStream::connect(address).is_ok() {
        said += REACHED;
    }
    fs::write(Path::new(&folder).join(SAID), said).expect("said");
}

/// Whether this system lets a program have a network of its own, with nothing in it.
fn can_leave_the_network() -> bool {
    let mut command = Command::new("unshare");
    command.args(["-rn", "true"]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[test]
fn torture_recorded_runs_are_replayed_by_a_program_without_a_network() {
    let folder = crate::common::folder();
    let path = folder.path().join("journal.db");
    let runs = cases(60, 1_000);
    block(async {
        let mut runner = TestRunner::deterministic();
        for n in 0..runs {
            let chance = chance().new_tree(&mut runner).expect("a run").current();
            let (_, pid) = recorded(&path, chance).await;
            assert_eq!(pid as u64, n + 1);
        }
    });
    let here = block(digests(folder.path())).expect("each does the same");
    assert_eq!(here.lines().count() as u64, runs);

    let program = std::env::current_exe().expect("this test");
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let address = listener.local_addr().expect("an address").to_string();
    let said = |command: &mut Command| {
        let name = "replay::many::child_that_replays";
        command.args(["--exact", name]).stdout(Stdio::null());
        command.env(FOLDER, folder.path()).env(ADDRESS, &address);
        assert!(command.status().expect("it starts").success());
        fs::read_to_string(folder.path().join(SAID)).expect("it said something")
    };
    // The address is there, for those who have a network.
    assert_eq!(
        said(&mut Command::new(&program)),
        format!("{here}{REACHED}")
    );
    if can_leave_the_network() {
        assert_eq!(said(Command::new("unshare").arg("-rn").arg(&program)), here);
    }
}
