//! `quipu kill`.

use anyhow::Result;
use clap::Args;
use quipu_kernel::journal::JournalError;
use quipu_kernel::process::{Exit, Pid, State, Status, Usage};

use crate::error::UserError;
use crate::init::Session;
use crate::lock::MachineLock;

/// Stop a process for good
#[derive(Debug, Args)]
pub struct KillArgs {
    /// The process
    pid: Pid,
}

/// Ends a process that no machine runs; one that runs belongs to its machine.
pub fn run(session: &Session, args: &KillArgs) -> Result<u8> {
    let journal = session.journal()?;
    let row = journal
        .processes()?
        .into_iter()
        .find(|row| row.pid == args.pid)
        .ok_or(JournalError::NoProcess(args.pid))?;
    if row.state == "exited" {
        eprintln!("process {} is already over", args.pid);
        return Ok(0);
    }
    // Within the interactive shell the machine is this program, and idle.
    let holder = MachineLock::holder(&session.paths.lock());
    let own = holder == Some(std::process::id());
    if let Some(holder) = holder.filter(|_| !own) {
        return Err(UserError::failed(
            format!(
                "process {} may be running on the machine with number {holder}",
                args.pid
            ),
            format!("press Ctrl-C there, or `kill -INT {holder}`"),
        ));
    }
    // Nobody else may start a machine meanwhile.
    let _lock = match own {
        true => None,
        false => Some(MachineLock::take(&session.paths.lock())?),
    };
    let exit = Exit {
        status: Status::Interrupted,
        answer: None,
        error: Some("killed".into()),
        limits_hit: Vec::new(),
        usage: Usage::default(),
        ms: 0,
    };
    journal.exit(args.pid, State::Exited, &exit)?;
    eprintln!("process {} is stopped", args.pid);
    Ok(0)
}
