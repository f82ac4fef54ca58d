//! `quipu log`. As a document it is written in `markdown`.

mod markdown;
mod remove;
mod transfer;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use quipu_kernel::calls::held_steps;
use quipu_kernel::deliberation::{BranchReport, same};
use quipu_kernel::gate::Ruling;
use quipu_kernel::gate::plan::Plan;
use quipu_kernel::journal::{Journal, JournalError, ProcessRow, StepRow};
use quipu_kernel::label::Label;
use quipu_kernel::limits::Limit;
use quipu_kernel::planner::parts::Parts;
use quipu_kernel::process::{Pid, State, Status};
use serde_json::{Value, json};

use super::options::pid;
use crate::session::Session;
use crate::session::lock::MachineLock;
use crate::terminal::error::UserError;
use crate::terminal::output::{self, counted, seconds, visible};
use crate::terminal::render::{action_words, planned, reminded};
use crate::terminal::report::{add_plan, add_rulings, process};
use crate::terminal::{branches, children, hints};

/// Show what a process did, step by step, export or import it, or remove it from the journal
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct LogArgs {
    /// The process
    #[arg(required = true, value_parser = pid)]
    pid: Option<Pid>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print a document in Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    #[command(subcommand)]
    command: Option<LogCommand>,
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Remove processes and all they did from the journal, for good
    Rm {
        /// The processes
        #[arg(required_unless_present = "older_than", value_name = "PID", value_parser = pid)]
        pids: Vec<Pid>,
        /// Those that ended more than DAYS days ago
        #[arg(long, value_name = "DAYS", conflicts_with = "pids")]
        older_than: Option<u32>,
    },
    /// Write a process with all that is needed to replay it into one file
    Export {
        /// The process
        #[arg(value_parser = pid)]
        pid: Pid,
        /// The file; `-` is standard output
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Read an exported process, to look at it and to replay it; it is never resumed
    Import {
        /// The file; `-` is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Runs the command.
pub fn run(session: &Session, args: &LogArgs) -> Result<u8> {
    match (&args.command, args.pid) {
        (Some(LogCommand::Rm { pids, older_than }), _) => match older_than {
            Some(days) => remove::old(session, *days),
            None => remove::remove(session, pids),
        },
        (Some(LogCommand::Export { pid, file }), _) => transfer::export(session, *pid, file),
        (Some(LogCommand::Import { file }), _) => transfer::import(session, file),
        (None, Some(pid)) => show(session, pid, args),
        (None, None) => Ok(0),
    }
}

/// Prints the journal of one process.
fn show(session: &Session, pid: Pid, args: &LogArgs) -> Result<u8> {
    let journal = session.journal()?;
    let changed = journal.verify(pid).err();
    let shown = print(session, &journal, pid, args, changed.as_ref());
    match (shown, changed) {
        // A row that cannot be read was changed: that says more than how it cannot be read.
        (Err(error), Some(changed)) if is_unreadable(&error) => Err(UserError::failed(
            format!("{changed}; it cannot be read any more"),
            format!("`quipu log rm {pid}` removes the process"),
        )),
        (shown, _) => shown.map(|()| 0),
    }
}

/// Whether a row of the journal has not its form.
fn is_unreadable(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<JournalError>();
    matches!(
        error,
        Some(JournalError::Encode(_) | JournalError::Sqlite { .. })
    )
}

/// Prints the journal of one process, which was perhaps `changed`.
fn print(
    session: &Session,
    journal: &Journal,
    pid: Pid,
    args: &LogArgs,
    changed: Option<&JournalError>,
) -> Result<()> {
    let log = Log::read(session, journal, pid)?;
    if let Some(error) = changed {
        say!("warning: {}", visible(&error.to_string()));
    }
    if args.markdown {
        let document = markdown::of(&log.row, &log.steps, log.is_under_way);
        output::line(document.trim_end())?;
    } else if args.json {
        output::json(&log.report(journal)?)?;
    } else {
        log.print(journal)?;
    }
    Ok(())
}

/// All that the journal has of one process.
struct Log {
    row: ProcessRow,
    /// Whether a machine that runs now computes it.
    is_under_way: bool,
    steps: Vec<StepRow>,
    rulings: Vec<(u32, Ruling)>,
    plan: Option<Plan>,
    branches: Vec<BranchReport>,
    children: Vec<ProcessRow>,
    /// The steps whose texts were held back.
    held: Vec<u32>,
    parts: Option<Parts>,
}

impl Log {
    /// Reads the log of the process `pid`.
    fn read(session: &Session, journal: &Journal, pid: Pid) -> Result<Self> {
        let mut row = journal.process(pid)?;
        let is_under_way = is_under_way(session, &row);
        if is_under_way {
            // How the process stopped before it was resumed is not its end.
            row.exit = None;
        }
        let steps = journal.steps(pid)?;
        Ok(Self {
            rulings: journal.rulings(pid)?,
            plan: journal.plan(pid)?,
            branches: branches(journal, pid)?,
            children: journal.children(pid)?,
            held: held_steps(journal, pid)?,
            parts: Parts::after(row.asked(), &steps),
            row,
            is_under_way,
            steps,
        })
    }

    /// The log as JSON.
    fn report(&self, journal: &Journal) -> Result<Value> {
        let pid = self.row.pid;
        let mut report = json!({"process": process(&self.row), "steps": self.steps});
        if !self.branches.is_empty() {
            report["branches"] = json!(self.branches);
        }
        if let Some(parts) = &self.parts {
            report["parts"] = json!(parts);
        }
        if !self.children.is_empty() {
            report["children"] = self.children.iter().map(process).collect();
        }
        add_rulings(&mut report["steps"], &self.rulings);
        add_plan(&mut report, self.plan.as_ref());
        if !self.held.is_empty() {
            report["held"] = json!(self.held);
        }
        if let Some(reminder) = journal.reminder(pid)? {
            report["recalled"] = json!(reminder);
        }
        report["runs"] = json!(journal.runs(pid).unwrap_or_default());
        Ok(report)
    }

    /// Prints it for a person.
    fn print(self, journal: &Journal) -> Result<()> {
        head(journal, &self.row)?;
        for line in self.plan.iter().flat_map(planned) {
            output::line(&line)?;
        }
        for line in self.parts.iter().flat_map(|parts| parts.lines()) {
            output::line(&format!("     {}", visible(&line)))?;
        }
        for step in &self.steps {
            line_of(step, &self.rulings, self.is_under_way)?;
            if self.held.contains(&step.n) {
                output::line("     held back: the process had its handle, or values out of it")?;
            }
        }
        end(self.row)?;
        if !self.children.is_empty() {
            output::line("processes that it started:")?;
        }
        for child in &self.children {
            output::line(&children::of_log(child))?;
        }
        if !self.branches.is_empty() {
            output::line("other branches:")?;
        }
        for line in branches::tree(&self.branches) {
            output::line(&line)?;
        }
        Ok(())
    }
}

/// Whether a machine that runs now computes the process `row`.
fn is_under_way(session: &Session, row: &ProcessRow) -> bool {
    matches!(row.state, State::Running | State::Blocked)
        && MachineLock::holder(&session.paths.lock()).is_some()
}

/// `text` behind the beginning of a line: further lines of it stand further in than those of the
/// log, so that none looks like a step.
fn within(text: &str) -> String {
    visible(text).replace('\n', "\n       ")
}

/// Prints what a process is and what it was reminded of.
pub(super) fn head(journal: &Journal, row: &ProcessRow) -> Result<()> {
    output::line(&format!("process {} on {}", row.pid, within(&row.model)))?;
    if row.imported {
        output::line("imported: it ran elsewhere, and nobody vouches for it")?;
    }
    if let Some(child_of) = &row.child_of {
        output::line(&format!("started by process {}", child_of.pid))?;
    }
    if let Some(branch) = &row.branch {
        let way = branches::way(Some(branch.way));
        output::line(&format!("branch of process {}: {way}", branch.of))?;
    }
    output::line(&format!("task: {}", within(&row.prompt)))?;
    if let Some(reminder) = journal.reminder(row.pid)? {
        output::line(&reminded(&reminder))?;
        output::line(&format!("     → {}", within(&reminder.text)))?;
    }
    Ok(())
}

/// Prints one step of a process that perhaps `is_under_way`: a step of it without an outcome is
/// being carried out.
pub(super) fn line_of(step: &StepRow, rulings: &[(u32, Ruling)], is_under_way: bool) -> Result<()> {
    let (verb, rest) = action_words(&step.action);
    output::line(&format!(
        "{:>3}  {} {}  ({}, {} + {})",
        step.n,
        within(&verb),
        within(&rest),
        seconds(step.decide_ms),
        step.usage.prompt_tokens,
        counted(step.usage.generated_tokens, "token")
    ))?;
    if let Some((_, ruling)) = rulings.iter().find(|(n, _)| *n == step.n) {
        output::line(&format!("     {}", within(&ruling.told())))?;
    }
    match &step.outcome {
        Some(outcome) => output::line(&format!(
            "     {} {}  ({}, {}{})",
            if outcome.ok { "→" } else { "✗" },
            within(&outcome.text),
            within(&outcome.label.source),
            outcome.label.level(),
            suspicion(&outcome.label)
        )),
        None if is_under_way => output::line("     … under way"),
        None => output::line("     … the machine stopped here"),
    }
}

/// How much a text reads like an attack, where it was looked at.
fn suspicion(label: &Label) -> String {
    let said = label.suspicion.map(|said| format!(", suspicion {said}"));
    said.unwrap_or_default()
}

/// Prints how a process ended, if it has.
pub(super) fn end(row: ProcessRow) -> Result<()> {
    let Some(exit) = row.exit else {
        return Ok(());
    };
    let status = exit.status.as_str();
    let limits = match exit.status {
        Status::Limit if exit.answer.is_some() => names(&exit.limits_hit)?,
        _ => String::new(),
    };
    let ended = hints::ended(&exit);
    let said = exit.answer.map(|answer| answer.to_string()).or(ended);
    output::line(&format!(
        "{status}{limits}: {}",
        within(&said.unwrap_or_default())
    ))?;
    Ok(())
}

/// The branches that stand beside process `pid`, in the order in which they were started.
fn branches(journal: &Journal, pid: Pid) -> Result<Vec<BranchReport>> {
    let rows = journal.processes()?;
    let own = rows.iter().find(|row| row.pid == pid);
    let answer = |row: &ProcessRow| row.exit.as_ref().and_then(|exit| exit.answer.clone());
    let own = own.and_then(answer);
    let mut branches = Vec::new();
    for row in rows.iter().rev().filter(|row| row.child_of.is_none()) {
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
            from: branch.from,
            agrees: match (&answer, &own) {
                (Some(answer), Some(own)) => !branch.way.is_a_referee() && same(answer, own),
                _ => false,
            },
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
