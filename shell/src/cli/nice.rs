//! `quipu nice`.

use anyhow::Result;
use clap::Args;
use quipu_kernel::process::{PRIORITIES, Pid, State};

use super::options::pid;
use crate::service::control::Request;
use crate::service::talk;
use crate::session::Session;

/// Change the priority of a process, which it keeps when it is resumed
#[derive(Debug, Args)]
pub struct NiceArgs {
    /// The process
    #[arg(value_parser = pid)]
    pid: Pid,
    /// Higher runs first; a new process has 0, one of the interactive shell 10
    #[arg(allow_negative_numbers = true, value_parser = priority)]
    priority: i8,
}

fn priority(word: &str) -> Result<i8, String> {
    let priority = word.parse::<i8>().ok();
    let priority = priority.filter(|priority| PRIORITIES.contains(priority));
    let (low, high) = (PRIORITIES.start(), PRIORITIES.end());
    priority.ok_or_else(|| format!("a priority is a number from {low} to {high}"))
}

/// Tells the machine that runs, or writes it down for the next one.
pub fn run(session: &Session, args: &NiceArgs) -> Result<u8> {
    let NiceArgs { pid, priority } = *args;
    let request = Request::Nice { pid, priority };
    talk::wait_for_start(&session.paths);
    if talk::ask(&session.paths.state, &request)?.is_none() {
        session.journal()?.set_priority(pid, priority)?;
    }
    match session.journal()?.process(pid)?.state {
        State::Exited => say!("process {pid} has exited: its priority has no effect any more"),
        _ => say!("process {pid} has priority {priority}"),
    }
    Ok(0)
}
