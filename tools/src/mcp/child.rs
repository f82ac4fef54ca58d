//! A server that is a program: started in a process group of its own, and ended with it.
//!
//! ```text
//! running ─ the connection is given up ─> input closed ─ A_MOMENT ─> SIGTERM ─ GRACE ─> SIGKILL
//! ```
//!
//! One task holds each program until nothing of its group is left, so that none stays
//! behind whatever becomes of the call that started it.

use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a program may take to end by itself once its input is closed.
const A_MOMENT: Duration = Duration::from_millis(500);
/// How long it may take after SIGTERM, before SIGKILL.
const GRACE: Duration = Duration::from_millis(1500);
/// How long what it has started may take to end after it.
const REST: Duration = Duration::from_millis(250);
/// How often the rest of a group is looked at.
const LOOK: Duration = Duration::from_millis(25);
/// No program takes longer than this to be ended.
const END_MAX: Duration = Duration::from_secs(5);

/// The tasks that hold the programs of a machine.
#[derive(Clone, Default)]
pub(super) struct Children(Arc<Mutex<Vec<JoinHandle<()>>>>);

/// The streams of a program that was started.
pub(super) struct Streams {
    pub input: ChildStdin,
    pub output: ChildStdout,
    pub errors: ChildStderr,
}

impl Children {
    /// Starts `command`. It is ended soon after `over` is cancelled; by then its input has
    /// to be closed.
    ///
    /// # Errors
    /// What the system says where there is no such program, or it cannot be started.
    pub(super) fn start(
        &self,
        mut command: Command,
        over: CancellationToken,
    ) -> io::Result<Streams> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        end_with_us(&mut command);
        let mut child = command.spawn()?;
        let gone = || io::Error::other("its streams are not there");
        let streams = Streams {
            input: child.stdin.take().ok_or_else(gone)?,
            output: child.stdout.take().ok_or_else(gone)?,
            errors: child.stderr.take().ok_or_else(gone)?,
        };
        let mut tasks = self.0.lock();
        tasks.retain(|task| !task.is_finished());
        tasks.push(tokio::spawn(hold(child, over)));
        Ok(streams)
    }

    /// Waits until every program has ended.
    pub(super) async fn ended(&self) {
        let tasks = std::mem::take(&mut *self.0.lock());
        let all = async {
            for task in tasks {
                let _ = task.await;
            }
        };
        let _ = tokio::time::timeout(END_MAX, all).await;
    }
}

/// Holds a program until it and its group have ended.
async fn hold(mut child: Child, over: CancellationToken) {
    let group = Group(child.id());
    let by_itself = tokio::select! {
        _ = child.wait() => true,
        () = over.cancelled() => ends(&mut child, A_MOMENT).await,
    };
    if !by_itself {
        group.signal(Signal::Terminate);
        if !ends(&mut child, GRACE).await {
            group.signal(Signal::Kill);
            let _ = child.start_kill();
            ends(&mut child, GRACE).await;
        }
    }
    // Programs that it has started may have outlived it.
    if group.signal(Signal::Terminate) {
        let begun = Instant::now();
        while begun.elapsed() < REST && group.signal(Signal::Ask) {
            tokio::time::sleep(LOOK).await;
        }
        group.signal(Signal::Kill);
    }
}

/// Whether the program itself ends within `wait`.
async fn ends(child: &mut Child, wait: Duration) -> bool {
    tokio::time::timeout(wait, child.wait()).await.is_ok()
}

/// A signal to a group of processes.
#[derive(Clone, Copy)]
enum Signal {
    /// Nothing: it is only asked whether there is somebody.
    Ask,
    Terminate,
    Kill,
}

/// The processes that a program has started, with itself, by the id of the program.
struct Group(Option<u32>);

impl Group {
    /// Sends `signal`; whether there was somebody to get it.
    #[cfg(unix)]
    fn signal(&self, signal: Signal) -> bool {
        let signal = match signal {
            Signal::Ask => 0,
            Signal::Terminate => libc::SIGTERM,
            Signal::Kill => libc::SIGKILL,
        };
        let id = self.0.and_then(|id| libc::pid_t::try_from(id).ok());
        // SAFETY: takes two numbers. 0 and 1 would be other groups than the program's.
        id.is_some_and(|id| id > 1 && unsafe { libc::kill(-id, signal) } == 0)
    }

    #[cfg(not(unix))]
    fn signal(&self, _: Signal) -> bool {
        false
    }
}

/// Where this program is killed, nobody is left to end its servers: then the system does.
#[cfg(target_os = "linux")]
fn end_with_us(command: &mut Command) {
    // SAFETY: between fork and exec, a call that takes numbers and allocates nothing.
    unsafe {
        command.pre_exec(|| {
            match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM as libc::c_ulong) {
                -1 => Err(io::Error::last_os_error()),
                _ => Ok(()),
            }
        });
    }
}

#[cfg(not(target_os = "linux"))]
fn end_with_us(_: &mut Command) {}
