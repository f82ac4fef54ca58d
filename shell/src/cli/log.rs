//! `quipu log`.

use std::io::Read;
use std::path::Path;

use anyhow::Result;
use clap::{Args, Subcommand};
use quipu_kernel::deliberation::{BranchReport, value_of};
use quipu_kernel::journal::{Journal, ProcessRow};
use quipu_kernel::limits::Limit;
use quipu_kernel::process::{Pid, State, Status};
use serde_json::json;

use crate::session::Session;
use crate::session::lock::MachineLock;
use crate::terminal::error::UserError;
use crate::terminal::output::{self, seconds, visible};
use crate::terminal::render::{action_words, planned, reminded};
use crate::terminal::report::{add_plan, add_rulings};
use crate::terminal::{branches, hints};

/// Show what a process did, step by step, or remove it from the journal
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct LogArgs {
    /// The process
    #[arg(required = true)]
    pid: Option<Pid>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Option<LogCommand>,
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Remove processes and all they did from the journal, for good
    Rm {
        /// The processes
        #[arg(required = true, value_name = "PID")]
        pids: Vec<Pid>,
    },
}

/// Runs the command.
pub fn run(session: &Session, args: &LogArgs) -> Result<u8> {
    match (&args.command, args.pid) {
        (Some(LogCommand::Rm { pids }), _) => remove(session, pids),
        (None, Some(pid)) => show(session, pid, args.json),
        (None, None) => Ok(0),
    }
}

/// Removes processes that have ended, or, where no machine runs, any.
fn remove(session: &Session, pids: &[Pid]) -> Result<u8> {
    let paths = &session.paths;
    let journal = session.journal()?;
    let rows: Vec<ProcessRow> = pids
        .iter()
        .map(|pid| journal.process(*pid))
        .collect::<Result<_, _>>()?;
    let ended = |row: &ProcessRow| row.state == State::Exited;
    // Held until all is done, so that no machine takes one of them up meanwhile.
    let lock = match rows.iter().find(|row| !ended(row)) {
        None => MachineLock::take(&paths.lock()).ok(),
        Some(row) => Some(MachineLock::take(&paths.lock()).map_err(|_| {
            UserError::usage(
                format!("process {} has not ended, and a machine runs", row.pid),
                format!("`quipu kill {}` ends it", row.pid),
            )
        })?),
    };
    for pid in pids {
        let gone = journal.forget(*pid)?;
        if lock.is_some() {
            remove_images(&paths.cache.join("kv"), *pid);
        }
        match gone {
            true => say!("removed process {pid} from the journal"),
            false => say!(
                "removed process {pid} from the journal; its file keeps traces until nobody reads it"
            ),
        }
    }
    Ok(0)
}

/// Removes the states of `pid` that were swapped out: its tokens are in them. Those of
/// an unknown form go too; they can be made again.
fn remove_images(folder: &Path, pid: Pid) {
    /// The first bytes of an image, before the number of its process.
    const MAGIC: &[u8] = b"QUIPUKV1";
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|end| end != "kv") {
            continue;
        }
        let mut head = [0; 16];
        let read = std::fs::File::open(&path).and_then(|mut file| file.read_exact(&mut head));
        let (magic, whose) = head.split_at(MAGIC.len());
        let of_another = read.is_ok() && magic == MAGIC && whose != pid.to_le_bytes();
        if !of_another {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Prints the journal of one process.
fn show(session: &Session, pid: Pid, as_json: bool) -> Result<u8> {
    let journal = session.journal()?;
    let row = journal.process(pid)?;
    let steps = journal.steps(pid)?;
    let reminder = journal.reminder(pid)?;
    let rulings = journal.rulings(pid)?;
    let plan = journal.plan(pid)?;
    if let Err(error) = journal.verify(pid) {
        say!("warning: {}", visible(&error.to_string()));
    }
    let branches = branches(&journal, pid)?;
    if as_json {
        let mut log = json!({"process": row, "steps": steps});
        if !branches.is_empty() {
            log["branches"] = json!(branches);
        }
        add_rulings(&mut log["steps"], &rulings);
        add_plan(&mut log, plan.as_ref());
        if let Some(reminder) = reminder {
            log["recalled"] = json!(reminder);
        }
        output::json(&log)?;
        return Ok(0);
    }
    output::line(&format!("process {} on {}", row.pid, visible(&row.model)))?;
    if let Some(branch) = &row.branch {
        let way = branches::way(Some(branch.way));
        output::line(&format!("branch of process {}: {way}", branch.of))?;
    }
    output::line(&format!("task: {}", visible(&row.prompt)))?;
    if let Some(reminder) = reminder {
        output::line(&reminded(&reminder))?;
        output::line(&format!("     → {}", visible(&reminder.text)))?;
    }
    for line in plan.iter().flat_map(planned) {
        output::line(&line)?;
    }
    for step in steps {
        let (verb, rest) = action_words(&step.action);
        output::line(&format!(
            "{:>3}  {} {}  ({}, {} + {} tokens)",
            step.n,
            visible(&verb),
            visible(&rest),
            seconds(step.decide_ms),
            step.usage.prompt_tokens,
            step.usage.generated_tokens
        ))?;
        if let Some((_, ruling)) = rulings.iter().find(|(n, _)| *n == step.n) {
            output::line(&format!("     {}", visible(&ruling.told())))?;
        }
        match step.outcome {
            Some(outcome) => output::line(&format!(
                "     {} {}  ({}, {})",
                if outcome.ok { "→" } else { "✗" },
                visible(&outcome.text),
                visible(&outcome.label.source),
                outcome.label.trust
            ))?,
            None => output::line("     … the machine stopped here")?,
        }
    }
    if let Some(exit) = row.exit {
        let status = serde_json::to_value(exit.status)?;
        let limits = match exit.status {
            Status::Limit if exit.answer.is_some() => names(&exit.limits_hit)?,
            _ => String::new(),
        };
        let ended = hints::ended(&exit);
        let said = exit.answer.map(|answer| answer.to_string()).or(ended);
        output::line(&format!(
            "{}{limits}: {}",
            status.as_str().unwrap_or_default(),
            visible(&said.unwrap_or_default())
        ))?;
    }
    if !branches.is_empty() {
        output::line("other branches:")?;
    }
    for branch in &branches {
        output::line(&branches::line(branch))?;
    }
    Ok(0)
}

/// The branches that stand beside process `pid`, in the order in which they were started.
fn branches(journal: &Journal, pid: Pid) -> Result<Vec<BranchReport>> {
    let rows = journal.processes()?;
    let own = rows.iter().find(|row| row.pid == pid);
    let answer = |row: &ProcessRow| row.exit.as_ref().and_then(|exit| exit.answer.clone());
    let value = own.and_then(answer).as_ref().map(value_of);
    let mut branches = Vec::new();
    for row in rows.iter().rev() {
        let Some(branch) = row.branch.as_ref().filter(|branch| branch.of == pid) else {
            continue;
        };
        let answer = answer(row);
        branches.push(BranchReport {
            pid: row.pid,
            way: Some(branch.way),
            status: row
                .exit
                .as_ref()
                .map_or(Status::Interrupted, |exit| exit.status),
            agrees: value.is_some() && answer.as_ref().map(value_of) == value,
            answer,
        });
    }
    Ok(branches)
}

/// The limits that cut a run short, as ` (steps, loop)`.
fn names(limits: &[Limit]) -> Result<String> {
    let names: Vec<String> = limits
        .iter()
        .map(|limit| {
            let name = serde_json::to_value(limit)?;
            Ok(name.as_str().unwrap_or_default().to_owned())
        })
        .collect::<Result<_>>()?;
    Ok(format!(" ({})", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_a_removed_process_go_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let image = |magic: &str, pid: Pid| [magic.as_bytes(), &pid.to_le_bytes(), b"x"].concat();
        for (name, bytes, stays) in [
            ("a.kv", image("QUIPUKV1", 7), false),
            ("b.kv", image("QUIPUKV1", 8), true),
            ("everyone.kv", image("QUIPUKV1", 0), true),
            ("later.kv", image("QUIPUKV2", 8), false),
            ("short.kv", b"Q".to_vec(), false),
            ("other", image("QUIPUKV1", 7), true),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            remove_images(folder.path(), 7);
            assert_eq!(path.exists(), stays, "{name}");
        }
    }
}
