//! A machine that runs: the kernel of a session, with the socket by which other programs on
//! the same root reach it.

use std::sync::Arc;

use anyhow::Result;
use quipu_kernel::Kernel;
use quipu_kernel::gate::Policy;

use crate::service::control::Server;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::lock::MachineLock;

/// A machine, and the lock that makes it the only one on its root.
pub struct Machine {
    /// The kernel.
    pub kernel: Arc<Kernel>,
    // Dropped in this order: nobody is answered any more before another machine may start.
    _control: Server,
    _lock: MachineLock,
}

impl Machine {
    /// Starts a machine of `session` for `agent`.
    ///
    /// # Errors
    /// When another one runs on this root, or its CPU, store, tools or socket fail.
    pub async fn start(session: &Session, policy: Policy, agent: &Loaded) -> Result<Self> {
        let (kernel, lock) = session.boot(policy, agent).await?;
        Ok(Self {
            _control: Server::start(&session.paths.state, &kernel)?,
            kernel,
            _lock: lock,
        })
    }
}
