//! A machine that runs: the kernel of a session, with the socket by which other programs on
//! the same root reach it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use quipu_kernel::gate::Policy;
use quipu_kernel::process::Pid;
use quipu_kernel::{Kernel, Resumed};

use crate::service::control::{Greeting, RELEASE};
use crate::service::schedules::Bell;
use crate::service::server::Server;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::library::Library;
use crate::session::lock::MachineLock;
use crate::session::schedule::book::Book;
use crate::terminal::hints;
use crate::terminal::interrupts::Interrupts;
use crate::terminal::output::{counted, visible};
use crate::terminal::words::{fill, words};

/// How long a call under way may take when the machine is stopped.
const CALLS_MAX: Duration = Duration::from_secs(5);

/// How long what others have under way may take before it is said that the machine stays for it.
const TOLD_AFTER: Duration = Duration::from_millis(300);

/// The most processes that a hint names.
const NAMED_MAX: usize = 10;

/// How long a machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until it is told to stop; perhaps served over HTTP at this address. It goes on with what
    /// an earlier machine had suspended.
    Service(Option<SocketAddr>),
    /// As long as the command that started it, and what other programs have under way by then.
    Command,
}

/// A machine, and the lock that makes it the only one on its root. Other programs on the root
/// have processes on it while it is open.
pub struct Machine {
    /// The kernel.
    pub kernel: Arc<Kernel>,
    /// The model that computes in place of the one of the settings, where one does.
    pub instead: Option<String>,
    /// Rung by other programs when the schedules have changed.
    pub bell: Arc<Bell>,
    // Dropped in this order: nobody is answered any more before another machine may start.
    control: Server,
    _lock: MachineLock,
}

impl Machine {
    /// Starts a machine of `session` for `agent` on the root that `lock` is for.
    ///
    /// # Errors
    /// When its CPU, store, tools or socket fail.
    pub async fn start(
        session: &Session,
        policy: Policy,
        agent: &Loaded,
        lifetime: Lifetime,
        lock: MachineLock,
    ) -> Result<Self> {
        let (kernel, instead) = session.boot(policy.clone(), agent, &lock).await?;
        let address = match lifetime {
            Lifetime::Service(address) => address,
            Lifetime::Command => None,
        };
        let lasts = lifetime != Lifetime::Command;
        // Before others have begun theirs.
        let cut_off = match address {
            Some(_) => cut_off(session, &kernel)?,
            None => Vec::new(),
        };
        let greeting = Greeting {
            // The files that an agent brings are there for all on its machine.
            is_open: lasts || !agent.has_files()?,
            lasts,
            address: address.map(|address| address.to_string()),
            release: RELEASE.to_owned(),
            // Booting may have written down what servers list.
            setup: session.setup(&policy),
            environment: session.environment(&policy.grants)?,
            model: session.settings.model.clone(),
            cpu: session.settings.cpu.to_string(),
            instead: instead.clone(),
            sees: kernel.cpu().sees(),
            grants: policy.grants,
            approve: policy.approve,
        };
        let library = session.own_store().map(|store| store as Arc<dyn Library>);
        let bell = Arc::new(Bell::default());
        let state = &session.paths.state;
        let control = Server::start(state, &kernel, library, greeting, bell.clone())?;
        if lasts {
            tell(&kernel.resume_suspended()?);
            tell_cut_off(&cut_off);
        }
        Ok(Self {
            kernel,
            instead,
            bell,
            control,
            _lock: lock,
        })
    }

    /// Suspends what runs, before the machine ends. Says what was suspended.
    pub async fn suspend(&self) -> Vec<Pid> {
        // Whoever comes now goes to the next machine.
        self.control.room().close();
        self.kernel.suspend(CALLS_MAX).await
    }

    /// Takes nothing of other programs any more, and stays while they have something under way.
    /// An interrupt suspends that: it goes on in their own programs.
    pub async fn stay(&self, interrupts: &mut Interrupts) {
        let room = self.control.room();
        room.close();
        if tokio::time::timeout(TOLD_AFTER, room.is_left())
            .await
            .is_ok()
        {
            return;
        }
        let count = room.guests().max(1);
        say!(
            "done; this machine stays for {} of other programs (Ctrl-C hands what runs over to \
             them)",
            counted(count, "task")
        );
        interrupts.begin();
        let is_told = tokio::select! {
            () = room.is_left() => false,
            () = interrupts.next() => true,
        };
        // The next one finds nothing left to stop but the program.
        interrupts.end();
        if is_told {
            let count = self.suspend().await.len();
            let suspended = counted(count, "process");
            say!(
                "hint: {suspended} suspended; a process that another program waits for goes on \
                 there; `quipu run --resume PID` carries on any other"
            );
        }
    }
}

/// The processes of `kernel` that nobody works on. The run of a schedule that was cut off is none of
/// these: the scheduler goes on with it.
fn cut_off(session: &Session, kernel: &Kernel) -> Result<Vec<Pid>> {
    let mut pids = kernel.journal().cut_off()?;
    // What is wrong with the schedules the scheduler says.
    let schedules = Book::of(&session.paths).read().unwrap_or_default();
    pids.retain(|pid| !schedules.values().any(|one| one.past.last == Some(*pid)));
    Ok(pids)
}

/// Says which processes nobody works on: what a crash cut off does not go on by itself, as it may
/// have been the cause.
fn tell_cut_off(pids: &[Pid]) {
    if pids.is_empty() {
        return;
    }
    let more = pids.len().saturating_sub(NAMED_MAX);
    let mut named: Vec<String> = pids.iter().take(NAMED_MAX).map(Pid::to_string).collect();
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    let named = named.join(", ");
    say!(
        "hint: cut off by a crash, or not begun: {named}; `quipu run --resume PID` goes on with \
         one, `quipu kill PID` ends it"
    );
}

/// Says what became of suspended processes.
fn tell(resumed: &Resumed) {
    if !resumed.going.is_empty() {
        let pids: Vec<String> = resumed.going.iter().map(ToString::to_string).collect();
        say!("{}", fill(words().going_on, &[("pids", &pids.join(", "))]));
    }
    for (pid, error) in &resumed.failed {
        let (error, hint) = (error.to_string(), hints::kernel(error));
        say!(
            "warning: process {pid} cannot go on: {} ({hint})",
            visible(&error)
        );
    }
}
