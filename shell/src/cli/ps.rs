//! `quipu ps`.

use anyhow::Result;
use clap::Args;
use quipu_kernel::journal::ProcessRow;
use quipu_kernel::process::State;
use serde_json::Value;

use crate::session::Session;
use crate::session::lock::MachineLock;
use crate::terminal::children;
use crate::terminal::output::{self, ago, shortened};
use crate::terminal::report::process;

/// List processes, newest first, each with those that it started
#[derive(Debug, Args)]
pub struct PsArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Only those whose task or answer has all of these words
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
}

/// Lists what is in the journal.
pub fn run(session: &Session, args: &PsArgs) -> Result<u8> {
    let mut rows = session.journal()?.processes()?;
    let alive = MachineLock::holder(&session.paths.lock()).is_some();
    for row in &mut rows {
        // Processes that a machine left running when it died can be resumed.
        if !alive && matches!(row.state, State::Running | State::Blocked) {
            row.state = State::Ready;
        }
    }
    if let Some(words) = &args.search {
        rows.retain(|row| has(row, words));
    }
    if args.json {
        let rows: Vec<Value> = rows.iter().map(process).collect();
        output::json(&rows)?;
        return Ok(0);
    }
    if rows.is_empty() {
        match &args.search {
            Some(words) => say!("no process was about {}", output::visible(words)),
            None => say!("no processes yet: start one with `quipu run PROMPT`"),
        }
        return Ok(0);
    }
    let resumable = rows
        .iter()
        .find(|row| row.state == State::Ready && stands_alone(row))
        .map(|row| row.pid);
    let suspended = rows.iter().any(|row| row.state == State::Suspended);
    output::table(
        &["PID", "STATE", "PRI", "STEPS", "MODEL", "UPDATED", "TASK"],
        children::tree(rows).iter().map(cells).collect(),
    )?;
    // Processes of a running machine are in its hands.
    if let Some(pid) = resumable.filter(|_| !alive) {
        say!("hint: `quipu run --resume {pid}` carries process {pid} on");
    }
    if !alive && suspended {
        say!("hint: what is suspended goes on when `quipu serve` or `quipu` starts");
    }
    Ok(0)
}

/// Whether a process is one that a person carries on: no child, no branch, and of this journal.
fn stands_alone(row: &ProcessRow) -> bool {
    row.child_of.is_none() && row.branch.is_none() && !row.imported
}

/// Whether the task or the answer of a process has all of these words, however they are
/// capitalised.
fn has(row: &ProcessRow, words: &str) -> bool {
    let answer = row.exit.as_ref().and_then(|exit| exit.answer.as_ref());
    let answer = answer.map(|answer| match answer.as_str() {
        Some(text) => text.to_owned(),
        None => answer.to_string(),
    });
    let text = format!("{}\n{}", row.asked(), answer.unwrap_or_default()).to_lowercase();
    let words = words.to_lowercase();
    words.split_whitespace().all(|word| text.contains(word))
}

/// The mark before the task of a child.
fn below(depth: usize) -> String {
    match depth.checked_sub(1) {
        Some(above) => format!("{}└ ", "  ".repeat(above)),
        None => String::new(),
    }
}

/// The task of a process; of a branch, which one it stands beside.
fn task(row: &ProcessRow) -> String {
    // The children of a branch stand below it.
    match row.branch.as_ref().filter(|_| row.child_of.is_none()) {
        Some(branch) => format!("(branch of {}) {}", branch.of, row.asked()),
        None => row.asked().to_owned(),
    }
}

fn cells((depth, row): &(usize, ProcessRow)) -> Vec<String> {
    vec![
        row.pid.to_string(),
        row.standing().to_owned(),
        row.priority.to_string(),
        row.steps.to_string(),
        shortened(&row.model, 30),
        ago(row.updated_ms),
        shortened(
            &format!("{}{}", below(*depth), output::one_line(&task(row))),
            60,
        ),
    ]
}
