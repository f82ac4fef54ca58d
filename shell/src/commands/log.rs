//! `quipu log`.

use anyhow::Result;
use clap::Args;
use quipu_kernel::journal::JournalError;
use quipu_kernel::limits::Limit;
use quipu_kernel::process::{Pid, Status};
use serde_json::json;

use crate::init::Session;
use crate::output::{self, seconds, visible};
use crate::render::{action_words, reminded};

/// Show what a process did, step by step
#[derive(Debug, Args)]
pub struct LogArgs {
    /// The process
    pid: Pid,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the journal of one process.
pub fn run(session: &Session, args: &LogArgs) -> Result<u8> {
    let journal = session.journal()?;
    let row = journal
        .processes()?
        .into_iter()
        .find(|row| row.pid == args.pid)
        .ok_or(JournalError::NoProcess(args.pid))?;
    let steps = journal.steps(args.pid)?;
    let recalled = journal.recalled(args.pid)?;
    if args.json {
        let mut log = json!({"process": row, "steps": steps});
        if let Some(recalled) = recalled {
            log["recalled"] = json!(recalled);
        }
        output::json(&log)?;
        return Ok(0);
    }
    output::line(&format!("process {} on {}", row.pid, visible(&row.model)))?;
    output::line(&format!("task: {}", visible(&row.prompt)))?;
    if let Some(recalled) = recalled {
        output::line(&reminded(&recalled))?;
        output::line(&format!("     → {}", visible(&recalled.text)))?;
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
        let said = exit.answer.map(|answer| answer.to_string()).or(exit.error);
        output::line(&format!(
            "{}{limits}: {}",
            status.as_str().unwrap_or_default(),
            visible(&said.unwrap_or_default())
        ))?;
    }
    Ok(0)
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
