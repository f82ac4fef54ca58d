//! `quipu kill`.

use anyhow::Result;
use clap::Args;
use quipu_kernel::process::{Pid, State};

use super::options::pid;
use crate::service::control::Request;
use crate::service::talk;
use crate::session::Session;
use crate::session::lock::MachineLock;

/// Stop a process for good, with those that it started
#[derive(Debug, Args)]
pub struct KillArgs {
    /// The process
    #[arg(value_parser = pid)]
    pid: Pid,
}

/// Tells the machine that runs; without one the process is only waiting to be resumed.
pub fn run(session: &Session, args: &KillArgs) -> Result<u8> {
    let journal = session.journal()?;
    if journal.process(args.pid)?.state == State::Exited {
        say!("process {} has already exited", args.pid);
        return Ok(0);
    }
    // The lock keeps other machines from starting meanwhile.
    let _lock = loop {
        talk::wait_for_start(&session.paths);
        if talk::ask(&session.paths.state, &Request::Kill { pid: args.pid })?.is_some() {
            say!("process {} is stopped", args.pid);
            return Ok(0);
        }
        if let Some(lock) = MachineLock::if_free(&session.paths.lock())? {
            break lock;
        }
    };
    journal.kill(args.pid)?;
    say!("process {} is stopped", args.pid);
    Ok(0)
}
