//! `quipu kill`.

use anyhow::Result;
use clap::Args;
use quipu_kernel::process::{Pid, State};

use crate::service::control::Request;
use crate::service::talk;
use crate::session::Session;
use crate::session::lock::MachineLock;

/// Stop a process for good, with those that it started
#[derive(Debug, Args)]
pub struct KillArgs {
    /// The process
    pid: Pid,
}

/// Tells the machine that runs; without one the process is only waiting to be resumed.
pub fn run(session: &Session, args: &KillArgs) -> Result<u8> {
    let journal = session.journal()?;
    if journal.process(args.pid)?.state == State::Exited {
        say!("process {} has already exited", args.pid);
        return Ok(0);
    }
    if talk::ask(&session.paths.state, &Request::Kill { pid: args.pid })?.is_some() {
        say!("process {} is stopped", args.pid);
        return Ok(0);
    }
    // Nobody may start a machine meanwhile.
    let _lock = MachineLock::take(&session.paths.lock())?;
    journal.kill(args.pid)?;
    say!("process {} is stopped", args.pid);
    Ok(0)
}
