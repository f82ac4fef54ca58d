//! A machine that runs: the kernel of a session, with the socket by which other programs on
//! the same root reach it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use quipu_kernel::gate::Policy;
use quipu_kernel::process::Pid;
use quipu_kernel::{Kernel, Resumed};

use crate::service::control::Greeting;
use crate::service::schedules::Bell;
use crate::service::server::Server;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::library::Library;
use crate::session::lock::MachineLock;
use crate::terminal::hints;
use crate::terminal::output::visible;
use crate::terminal::words::{fill, words};

/// How long a call under way may take when the machine is stopped.
const CALLS_MAX: Duration = Duration::from_secs(5);

/// Whether processes of other programs on the same root are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guests {
    /// They are: the machine runs until it is told to stop.
    Welcome,
    /// They are not: it ends with the task of its own program.
    Refused,
}

/// A machine, and the lock that makes it the only one on its root.
pub struct Machine {
    /// The kernel.
    pub kernel: Arc<Kernel>,
    /// What other programs ring when the schedules have changed.
    pub bell: Arc<Bell>,
    // Dropped in this order: nobody is answered any more before another machine may start.
    _control: Server,
    _lock: MachineLock,
}

impl Machine {
    /// Starts a machine of `session` for `agent`, and perhaps for `guests`. One that takes
    /// guests goes on with what an earlier machine had suspended.
    ///
    /// # Errors
    /// When another one runs on this root, or its CPU, store, tools or socket fail.
    pub async fn start(
        session: &Session,
        policy: Policy,
        agent: &Loaded,
        guests: Guests,
    ) -> Result<Self> {
        let greeting = Greeting {
            is_open: guests == Guests::Welcome,
            model: session.settings.model.clone(),
            cpu: session.settings.cpu.to_string(),
            grants: policy.grants.clone(),
            approve: policy.approve,
        };
        let (kernel, lock) = session.boot(policy, agent).await?;
        let library = session.own_store().map(|store| store as Arc<dyn Library>);
        let bell = Arc::new(Bell::default());
        let state = &session.paths.state;
        let control = Server::start(state, &kernel, library, greeting, bell.clone())?;
        if guests == Guests::Welcome {
            tell(&kernel.resume_suspended()?);
        }
        Ok(Self {
            kernel,
            bell,
            _control: control,
            _lock: lock,
        })
    }

    /// Suspends what runs, before the machine ends. Says what was suspended.
    pub async fn suspend(&self) -> Vec<Pid> {
        self.kernel.suspend(CALLS_MAX).await
    }
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
