//! `quipu replay`.

use anyhow::Result;
use clap::Args;
use quipu_kernel::journal::{Journal, JournalError};
use quipu_kernel::process::Pid;
use quipu_kernel::replay::{Difference, ReplayError, Replayed, replay};
use serde_json::json;

use crate::cli::log;
use crate::session::Session;
use crate::terminal::error::UserError;
use crate::terminal::output::{self, counted, visible};

/// Run processes again on what the journal recorded, and compare
///
/// The same loop runs with a CPU that says what the journal says, and a world where everything
/// has happened already: no model is needed, nothing is carried out and nothing is sent. Ends
/// with 1 where a process now does something else, or its journal was changed; with `all` also
/// where one was taken out of it.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Processes, or `all`
    #[arg(required = true, value_name = "PID")]
    pids: Vec<String>,
    /// Print one line for each process only: whether its journal holds
    #[arg(long)]
    verify: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is told of a process that is in the journal no more, though `log rm` did not remove it.
const MISSING: &str = "its rows were taken out of the journal, and not by `quipu log rm`";

/// What came of one process.
struct Report {
    pid: Pid,
    came: Result<Replayed, ReplayError>,
}

/// Replays processes; 1 where one differs.
pub async fn run(session: &Session, args: &ReplayArgs) -> Result<u8> {
    let journal = session.journal()?;
    let all = args.pids.iter().any(|word| word == "all");
    let mut code = 0;
    let mut reports = Vec::new();
    let mut left_out = 0;
    let pids = pids(&journal, &args.pids)?;
    if pids.is_empty() && !args.json {
        say!("no processes yet: start one with `quipu run PROMPT`");
    }
    for pid in pids {
        let report = Report {
            pid,
            came: replay(&journal, pid).await,
        };
        match &report.came {
            Err(ReplayError::NotRecorded(_)) if all => {
                left_out += 1;
                continue;
            }
            Err(ReplayError::Journal(JournalError::NoProcess(_))) => {}
            came if is_same(came) => {}
            _ => code = 1,
        }
        if args.json {
            reports.push(report.json());
        } else {
            report.print(&journal, args.verify)?;
        }
        if let Err(ReplayError::Journal(JournalError::NoProcess(pid))) = report.came {
            return Err(JournalError::NoProcess(pid).into());
        }
    }
    // Whoever names processes asks for those.
    let missing = if all { journal.missing()? } else { Vec::new() };
    for pid in missing {
        code = 1;
        match args.json {
            true => reports.push(json!({"pid": pid, "same": false, "error": MISSING})),
            false => output::line(&format!("{pid}: {MISSING}"))?,
        }
    }
    if args.json {
        output::json(&reports)?;
    }
    if left_out > 0 {
        say!("left out, since they have not run yet, or ran on an earlier release: {left_out}");
    }
    Ok(code)
}

/// The processes that the words name, the oldest first.
fn pids(journal: &Journal, words: &[String]) -> Result<Vec<Pid>> {
    if words.iter().any(|word| word == "all") {
        let rows = journal.processes()?;
        return Ok(rows.iter().rev().map(|row| row.pid).collect());
    }
    let number = |word: &String| {
        word.parse::<Pid>().map_err(|_| {
            UserError::usage(
                format!("{word:?} is not the number of a process"),
                "name processes by their numbers, or `all`; `quipu ps` lists them",
            )
        })
    };
    words.iter().map(number).collect()
}

fn is_same(came: &Result<Replayed, ReplayError>) -> bool {
    matches!(came, Ok(replayed) if replayed.difference.is_none())
}

impl Report {
    fn json(&self) -> serde_json::Value {
        match &self.came {
            Ok(replayed) => {
                let mut report = json!(replayed);
                report["same"] = json!(replayed.difference.is_none());
                report
            }
            Err(error) => json!({"pid": self.pid, "same": false, "error": error.to_string()}),
        }
    }

    fn print(&self, journal: &Journal, verify: bool) -> Result<()> {
        let replayed = match &self.came {
            Ok(replayed) => replayed,
            // The whole command ends with it.
            Err(ReplayError::Journal(JournalError::NoProcess(_))) => return Ok(()),
            Err(error) => {
                let told = visible(&error.to_string());
                return output::line(&format!("{}: {told}", self.pid));
            }
        };
        if !verify {
            steps(journal, replayed)?;
        }
        let begin = if verify {
            format!("{}: ", self.pid)
        } else {
            String::new()
        };
        match &replayed.difference {
            None => {
                let steps = counted(replayed.steps, "step");
                let digest = &replayed.digest;
                output::line(&format!("{begin}same: {steps}, digest {digest}"))
            }
            Some(difference) => differs(&begin, difference),
        }
    }
}

/// Prints the steps that were the same, as `quipu log` does.
fn steps(journal: &Journal, replayed: &Replayed) -> Result<()> {
    let row = journal.process(replayed.pid)?;
    let rulings = journal.rulings(replayed.pid)?;
    let until = replayed.difference.as_ref().map(|at| at.step);
    log::head(journal, &row)?;
    for step in journal.steps(replayed.pid)? {
        if until.is_none_or(|until| step.n < until) {
            log::line_of(&step, &rulings, false)?;
        }
    }
    if replayed.taken > 0 {
        say!(
            "taken as it is, since it ran before, or elsewhere: {} at the beginning",
            counted(replayed.taken, "step")
        );
    }
    match until {
        None => log::end(row),
        Some(_) => Ok(()),
    }
}

fn differs(begin: &str, difference: &Difference) -> Result<()> {
    let Difference {
        step,
        what,
        recorded,
        now,
    } = difference;
    output::line(&format!("{begin}differs at step {step}: {what}"))?;
    output::line(&format!("  recorded: {}", visible(recorded)))?;
    output::line(&format!("  now:      {}", visible(now)))
}
