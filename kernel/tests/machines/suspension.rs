//! A machine that is stopped suspends what runs, and the next one goes on with it.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use crate::common::{Desk, Setup, transcript};
use quipu_cpu::Sampling;
use quipu_cpu::scripted::ScriptedCpu;
use quipu_kernel::deliberation::Think;
use quipu_kernel::event::Event;
use quipu_kernel::gate::{Approve, Policy};
use quipu_kernel::journal::Journal;
use quipu_kernel::judgement::Judgement;
use quipu_kernel::process::{Pid, Program, Reply, Status};
use quipu_kernel::{Kernel, KernelError, Parts};
use quipu_memory::RamStore;
use quipu_tools::{Bus, CallContext, Device, DeviceSpec, ErrorKind, ToolError};
use serde_json::Value;

const ECHO: &str = r#"{"tool":"latch.echo","args":{"text":"hello"}}"#;
const SEND: &str = r#"{"tool":"latch.send","args":{"text":"hello"}}"#;
const ASK: &str = r#"{"ask":"Which one?"}"#;
const DONE: &str = r#"{"answer":"done"}"#;
/// Longer than any call here takes that is let go.
const LONG: Duration = Duration::from_secs(60);
/// Shorter than any call here takes that is not.
const SHORT: Duration = Duration::from_millis(1);

/// A device whose calls last until they are let go, or nobody is left to do that.
struct Latch {
    spec: DeviceSpec,
    begun: Mutex<Sender<()>>,
    let_go: Mutex<Receiver<()>>,
}

impl Device for Latch {
    fn spec(&self) -> &DeviceSpec {
        &self.spec
    }

    fn call(&self, _: &str, args: &Value, _: &CallContext) -> Result<Value, ToolError> {
        let _ = self.begun.lock().expect("a sender").send(());
        let held = self.let_go.lock().expect("a receiver").recv();
        let lost = |_| ToolError::new(ErrorKind::Failed, "nobody let it go", "");
        held.map(|()| args["text"].clone()).map_err(lost)
    }
}

/// A machine with a latch, and what a test does with that.
struct Machine {
    kernel: Kernel,
    begun: Receiver<()>,
    let_go: Sender<()>,
}

fn machine(journal: &Path, script: &[&str]) -> Machine {
    let (begin, begun) = channel();
    let (let_go, held) = channel();
    let mut bus = Bus::default();
    let latch = Latch {
        spec: Desk::new("latch", Vec::new()).spec().clone(),
        begun: Mutex::new(begin),
        let_go: Mutex::new(held),
    };
    bus.add(Arc::new(latch)).expect("one device");
    let script = script.join("\n");
    let cpu = ScriptedCpu::parse("test", &script, Some(8192)).expect("a script");
    let kernel = Kernel::boot(Parts {
        cpu: Arc::new(cpu),
        store: Arc::new(RamStore::new()),
        bus: Arc::new(bus),
        journal: Journal::open(journal, true).expect("a journal"),
        policy: Policy {
            approve: Approve::All,
            ..Setup::new("").policy
        },
        sampling: Sampling {
            temperature: 0.0,
            seed: 0,
        },
        judgement: Judgement::default(),
    });
    Machine {
        kernel: kernel.expect("it boots"),
        begun,
        let_go,
    }
}

/// Stops `kernel`, and does `meanwhile` once its processes were told.
async fn stop(kernel: &Kernel, patience: Duration, meanwhile: impl FnOnce()) -> Vec<Pid> {
    let mut stopping = std::pin::pin!(kernel.suspend(patience));
    let first = std::future::poll_fn(|context| Poll::Ready(stopping.as_mut().poll(context)));
    if let Poll::Ready(suspended) = first.await {
        return suspended;
    }
    meanwhile();
    stopping.await
}

/// The state and the status of a process, and how many of its steps have an outcome.
fn stands(kernel: &Kernel, pid: Pid) -> (String, Option<Status>, u32) {
    let row = kernel.journal().process(pid).expect("a process");
    let status = row.exit.map(|exit| exit.status);
    (row.state.as_str().to_owned(), status, row.steps)
}

/// A process makes the call `action` when the machine is stopped; what the next machine does
/// is `told`.
async fn check(action: &str, is_let_go: bool, told: &str) {
    let folder = crate::common::folder();
    let journal = folder.path().join("journal.db");
    let Machine {
        kernel,
        begun,
        let_go,
    } = machine(&journal, &[action, DONE]);
    let pid = kernel.spawn(Program::new("task")).expect("it starts");
    tokio::task::block_in_place(|| begun.recv()).expect("the call begins");
    let suspended = match is_let_go {
        true => stop(&kernel, LONG, || let_go.send(()).expect("it waits")).await,
        false => stop(&kernel, SHORT, || {}).await,
    };
    assert_eq!(suspended, [pid], "{action}");
    let want = (
        "suspended".to_owned(),
        Some(Status::Suspended),
        u32::from(is_let_go),
    );
    assert_eq!(stands(&kernel, pid), want, "{action}");
    let refused = kernel.spawn(Program::new("another"));
    assert!(matches!(refused, Err(KernelError::Stopping)), "{refused:?}");
    drop((let_go, kernel));

    let next = machine(&journal, &[action, DONE]);
    next.let_go.send(()).expect("it may go");
    let mut events = next.kernel.subscribe();
    let resumed = next.kernel.resume_suspended().expect("it is readable");
    assert_eq!((resumed.going, resumed.failed.len()), (vec![pid], 0));
    let said = transcript(&next.kernel, pid, &[], &mut events).await;
    assert_eq!(said, told, "{action}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_under_way_comes_to_its_end_first() {
    let goes_on = "resumed after 1\n2 {\"answer\":\"done\"}\n\"exited\" \"done\"";
    check(ECHO, true, goes_on).await;
    check(SEND, true, goes_on).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_takes_too_long_is_looked_at_when_its_process_goes_on() {
    check(
        ECHO,
        false,
        "  = hello (tool:latch, user)\n2 {\"answer\":\"done\"}\n\"exited\" \"done\"",
    )
    .await;
    check(
        SEND,
        false,
        "  ! the machine stopped while this was under way: whether it took effect is not known; \
         check before doing it again (kernel, user)\n2 {\"answer\":\"done\"}\n\"exited\" \"done\"",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_its_person_is_left_to_that_person() {
    let folder = crate::common::folder();
    let journal = folder.path().join("journal.db");
    let first = machine(&journal, &[ASK, DONE]);
    let mut events = first.kernel.subscribe();
    let program = Program {
        interactive: true,
        ..Program::new("task")
    };
    let pid = first.kernel.spawn(program).expect("it starts");
    while !matches!(events.recv().await, Some(Event::Question { .. })) {}
    assert_eq!(stop(&first.kernel, LONG, || {}).await, [pid]);
    let want = ("ready".to_owned(), Some(Status::Suspended), 0);
    assert_eq!(stands(&first.kernel, pid), want);
    drop(first);

    let next = machine(&journal, &[ASK, DONE]);
    let resumed = next.kernel.resume_suspended().expect("it is readable");
    assert!(resumed.going.is_empty(), "{resumed:?}");
    let mut events = next.kernel.subscribe();
    next.kernel.resume(pid, None, true).expect("it goes on");
    let replies = [Reply::Text("the left one".into())];
    let said = transcript(&next.kernel, pid, &replies, &mut events).await;
    let want = "  ? Which one?\n  = the left one (user, user)\n2 {\"answer\":\"done\"}\n\
                \"exited\" \"done\"";
    assert_eq!(said, want);
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_end_with_their_machine() {
    let folder = crate::common::folder();
    let Machine {
        kernel,
        begun,
        let_go,
    } = machine(&folder.path().join("journal.db"), &[ECHO, DONE]);
    let program = Program::new("task");
    let pid = kernel.spawn(program.clone()).expect("it starts");
    let branches = kernel.deliberate(pid, &program, Think::Branches(3));
    tokio::task::block_in_place(|| begun.recv()).expect("a call begins");
    assert_eq!(stop(&kernel, SHORT, || {}).await, [pid]);
    drop((branches, let_go));
    for branch in [pid + 1, pid + 2] {
        let want = ("exited".to_owned(), Some(Status::Interrupted));
        let (state, status, _) = stands(&kernel, branch);
        assert_eq!((state, status), want);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_run_can_be_stopped_for_good() {
    let folder = crate::common::folder();
    let journal = folder.path().join("journal.db");
    let first = machine(&journal, &[ECHO, DONE]);
    let pid = first.kernel.spawn(Program::new("task")).expect("it starts");
    tokio::task::block_in_place(|| first.begun.recv()).expect("the call begins");
    stop(&first.kernel, SHORT, || {}).await;
    drop(first);
    let next = machine(&journal, &[DONE]);
    next.kernel.kill(pid).expect("it is stopped");
    let want = ("exited".to_owned(), Some(Status::Interrupted), 0);
    assert_eq!(stands(&next.kernel, pid), want);
    assert!(next.kernel.kill(pid).is_err(), "it has exited");
    let resumed = next.kernel.resume_suspended().expect("it is readable");
    assert!(resumed.going.is_empty(), "{resumed:?}");
}
