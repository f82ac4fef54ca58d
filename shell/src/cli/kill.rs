//! `quipu kill`.

use anyhow::Result;
use clap::Args;
use quipu_kernel::journal::Journal;
use quipu_kernel::process::{Pid, State};

use super::options::pid;
use crate::service::control::Request;
use crate::service::talk;
use crate::session::Session;
use crate::session::lock::MachineLock;

/// Stop processes for good, with those that they started
#[derive(Debug, Args)]
pub struct KillArgs {
    /// The processes
    #[arg(required = true, value_name = "PID", value_parser = pid)]
    pids: Vec<Pid>,
}

/// Stops each of them; none where one of them is not there.
pub fn run(session: &Session, args: &KillArgs) -> Result<u8> {
    let journal = session.journal()?;
    for pid in &args.pids {
        journal.process(*pid)?;
    }
    for pid in &args.pids {
        stop(session, &journal, *pid)?;
    }
    Ok(0)
}

/// Tells the machine that runs; without one the process is only waiting to be resumed.
fn stop(session: &Session, journal: &Journal, pid: Pid) -> Result<()> {
    if journal.process(pid)?.state == State::Exited {
        say!("process {pid} has already exited");
        return Ok(());
    }
    // The lock keeps other machines from starting meanwhile.
    let _lock = loop {
        talk::wait_for_start(&session.paths);
        if talk::ask(&session.paths.state, &Request::Kill { pid })?.is_some() {
            say!("process {pid} is stopped");
            return Ok(());
        }
        if let Some(lock) = MachineLock::if_free(&session.paths.lock())? {
            break lock;
        }
    };
    journal.kill(pid)?;
    say!("process {pid} is stopped");
    Ok(())
}
