//! A machine that runs: the kernel of a session, with the socket by which other programs on
//! the same root reach it.

use std::sync::Arc;

use anyhow::Result;
use quipu_kernel::Kernel;
use quipu_kernel::gate::Policy;

use crate::service::control::{Greeting, Server};
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::lock::MachineLock;

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
    // Dropped in this order: nobody is answered any more before another machine may start.
    _control: Server,
    _lock: MachineLock,
}

impl Machine {
    /// Starts a machine of `session` for `agent`, and perhaps for `guests`.
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
        Ok(Self {
            _control: Server::start(&session.paths.state, &kernel, greeting)?,
            kernel,
            _lock: lock,
        })
    }
}
