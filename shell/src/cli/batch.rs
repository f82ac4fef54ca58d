//! `quipu batch`: many processes on one CPU. Here are its options and the order of its work;
//! `tasks` reads them, `pool` runs them, `report` tells of them.

mod at_work;
mod begun;
mod pool;
mod report;
mod tally;
mod tasks;

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use quipu_kernel::gate::Approve;

use super::options::ProcessOptions;
use super::results::{self, Earlier, Kind, Results};
use crate::service::door::Door;
use crate::service::knowledge;
use crate::service::machine::Lifetime;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::terminal::interrupts::Interrupts;
use crate::terminal::output::counted;
pub use at_work::AtWork;
use begun::begun;
use pool::{Pool, Waiting};
use report::Report;
pub use tally::progress;
use tasks::{Ready, read};

/// Processes at once unless `--jobs` says otherwise.
const JOBS_DEFAULT: u16 = 16;

/// The results of a batch: one for each id, which may be any JSON.
const KIND: Kind = Kind {
    one: "a result of a batch",
    // Killed processes have exited; the other interrupted ones go on.
    stays: |line| match line["status"].as_str() {
        Some("interrupted") => line["error"] == "killed",
        status => status != Some("suspended"),
    },
    key: |line| line["id"].to_string(),
};

/// Run many tasks at once, and print a line of JSON as each is done
#[derive(Debug, Args)]
pub struct BatchArgs {
    /// The tasks, one JSON object a line: "id", "prompt", and perhaps "agent" (a file or folder,
    /// relative to the current folder), "input" (a text that the task is about, which others may
    /// have written) and "priority" (-20 to 20, higher runs first); `-` is standard input
    #[arg(value_name = "TASKS.jsonl")]
    tasks: PathBuf,
    /// Processes at once, 1 to 200
    #[arg(long, value_name = "N", default_value_t = JOBS_DEFAULT, value_parser = clap::value_parser!(u16).range(1..=200))]
    jobs: u16,
    /// Where the results go instead of standard output; what is there is replaced
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Keep the results in --out, run only the tasks without a result, and carry on those that had
    /// begun
    #[arg(long, requires = "out")]
    resume: bool,
    #[command(flatten)]
    process: ProcessOptions,
}

/// Runs the command. The exit code is that of the first task that did not end well.
pub async fn run(session: &Session, args: BatchArgs) -> Result<u8> {
    let mut interrupts = Interrupts::listen()?;
    let tasks = read(session, &args)?;
    if let Some(out) = &args.out {
        results::refuse(out, &args.tasks, "tasks")?;
    }
    let mut known = HashSet::new();
    for (_, loaded, _) in &tasks {
        if known.insert(loaded.file.clone()) {
            knowledge::refresh(session, loaded)?;
        }
    }
    let policy = args.process.policy(session);
    let door = Door::open(session, policy, &Loaded::default(), Lifetime::Command).await?;
    let done = on(session, &door, &args, tasks, &mut interrupts).await;
    door.leave(&mut interrupts).await;
    done
}

/// Runs `tasks` behind `door`.
async fn on(
    session: &Session,
    door: &Door,
    args: &BatchArgs,
    tasks: Vec<Ready>,
    interrupts: &mut Interrupts,
) -> Result<u8> {
    for (_, loaded, _) in &tasks {
        door.check(session, loaded)?;
    }
    // Read earlier results only once the machine is there: a failed start cannot cut them short,
    // and a batch that ran until now has written all of its own.
    let earlier = match &args.out {
        Some(out) if args.resume => Earlier::read(out, &KIND)?,
        _ => Earlier::default(),
    };
    let tasks = left(tasks, &earlier);
    let out = Results::open(args.out.as_deref(), earlier)?;
    let mut begun = match args.resume {
        true => begun(door.journal())?,
        false => Vec::new(),
    };
    begun.retain(|(pid, _)| !tasks.iter().any(|task| task.pid == Some(*pid)));
    let report = Report::begin(out, tasks.len());
    let asks = args.process.policy(session).approve == Approve::Ask;
    let mut pool = Pool::of(door, args, tasks, begun, report);
    interrupts.begin();
    pool.run(interrupts).await?;
    interrupts.end();
    pool.finish(asks)
}

/// The tasks without an `earlier` result; says how many have one.
fn left(mut tasks: Vec<Ready>, earlier: &Earlier) -> Vec<Waiting> {
    let given = tasks.len();
    tasks.retain(|(id, ..)| !earlier.has(&id.to_string()));
    if tasks.len() < given {
        say!(
            "{} of {} already done",
            given - tasks.len(),
            counted(given, "task")
        );
    }
    let tasks = tasks.into_iter();
    tasks.map(|task| Waiting::of(task, earlier)).collect()
}
