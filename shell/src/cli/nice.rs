//! `quipu nice`.

use anyhow::Result;
use clap::Args;
use quipu_kernel::process::{PRIORITIES, Pid, State};

use crate::service::control::Request;
use crate::service::talk;
use crate::session::Session;

/// Change the priority of a process; it keeps it when it is resumed
#[derive(Debug, Args)]
pub struct NiceArgs {
    /// The process
    pid: Pid,
    /// Higher runs first; a new process has 0, one of the interactive shell 10
    #[arg(allow_negative_numbers = true, value_parser = clap::value_parser!(i8).range(i64::from(*PRIORITIES.start())..=i64::from(*PRIORITIES.end())))]
    priority: i8,
}

/// Tells the machine that runs, or writes it down for the next one.
pub fn run(session: &Session, args: &NiceArgs) -> Result<u8> {
    let NiceArgs { pid, priority } = *args;
    let request = Request::Nice { pid, priority };
    if talk::ask(&session.paths.state, &request)?.is_none() {
        session.journal()?.set_priority(pid, priority)?;
    }
    match session.journal()?.process(pid)?.state {
        State::Exited => say!("process {pid} has exited: its priority changes nothing any more"),
        _ => say!("process {pid} has priority {priority}"),
    }
    Ok(0)
}
