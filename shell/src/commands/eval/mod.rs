//! `quipu eval`: cases with checks, on one model or several side by side.
//!
//! | file | job |
//! | --- | --- |
//! | `cases` | the cases, as JSON lines |
//! | `check` | what has to hold of a run |
//! | `functions`, `pages` | tools and pages that only a case sees |
//! | `one` | one case, from its documents to its result |
//! | `rows` | results, their sums, the table |
//! | `calibrate` | what a model's odds are worth, fitted on cases |

mod calibrate;
mod cases;
mod check;
mod functions;
mod one;
mod pages;
mod rows;

use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::lines::json_lines;
use super::options::ProcessOptions;
use super::{batch, results};
use crate::error::{FAILED, INTERRUPTED, UserError};
use crate::init::Session;
use crate::interrupts::Interrupts;
use crate::output;
use cases::Case;
use check::Run;
pub use functions::Functions;
use rows::{Row, key};

/// Run cases with checks and say how many hold, on one model or several side by side
///
/// Nothing of the user's own store and journal is read or written: each case has a memory
/// of its own, which is gone afterwards.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// The cases, one JSON object a line: "id", "prompt", "check", and perhaps "functions",
    /// "tools", "documents", "pages", "before", "agent", "schema", "tags", "stop"; `-` is
    /// standard input
    #[arg(value_name = "CASES.jsonl")]
    cases: PathBuf,
    /// The agent of cases that name none: an agent.toml, a SKILL.md, or a folder
    #[arg(long, value_name = "FILE|DIR")]
    agent: Option<PathBuf>,
    /// Cases at once, 1 to 200
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=200))]
    jobs: u16,
    /// Only the first so many cases
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Where a line for each case goes; what is there is replaced
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Keep the results that --out has, and run only what is missing
    #[arg(long, requires = "out")]
    resume: bool,
    /// Check the results in this file again, without running anything
    #[arg(long, value_name = "RESULTS.jsonl", conflicts_with_all = ["out", "calibrate"])]
    grade: Option<PathBuf>,
    /// Fit what the model's odds are worth on these cases, which say in "fits" which function
    /// does what is asked, and keep that for this model
    #[arg(long)]
    calibrate: bool,
    /// Print the sums as JSON
    #[arg(long)]
    json: bool,
    /// Exit with 1 if a smaller share of the cases holds
    #[arg(long, value_name = "RATE")]
    fail_under: Option<f64>,
    #[command(flatten)]
    process: ProcessOptions,
}

/// Runs the command.
pub async fn run(session: &Session, args: EvalArgs) -> Result<u8> {
    let mut cases = cases::read(&args.cases)?;
    cases.truncate(args.limit.unwrap_or(usize::MAX));
    if let Some(file) = &args.grade {
        return sum_up(&args, &grade(&cases, file)?);
    }
    if args.calibrate {
        return calibrate::run(session, &args, &cases).await;
    }
    let mut earlier = Vec::new();
    if let Some(out) = &args.out {
        results::refuse(out, &args.cases)?;
        if args.resume && out.is_file() {
            earlier = read_rows(out)?;
        }
    }
    let mut out = Out::open(args.out.as_deref(), &earlier)?;
    let done: HashSet<String> = earlier.iter().map(|row| key(&row.model, &row.id)).collect();
    let mut rows = earlier;
    let mut interrupts = Interrupts::listen()?;
    for model in session.models() {
        let left: Vec<(usize, &Case)> = cases
            .iter()
            .enumerate()
            .filter(|(_, case)| !done.contains(&key(&model, &case.id)))
            .collect();
        if left.is_empty() {
            continue;
        }
        let on = session.on_model(&model)?;
        if !run_on(
            &on,
            &model,
            &args,
            &cases,
            &left,
            &mut interrupts,
            &mut |row| {
                out.write(&row)?;
                rows.push(row);
                Ok(())
            },
        )
        .await?
        {
            sum_up(&args, &rows)?;
            say!("interrupted; with --out FILE, the same command and --resume does what is left");
            return Ok(INTERRUPTED);
        }
    }
    sum_up(&args, &rows)
}

/// Runs the cases that are `left` on one model. False when it was interrupted.
async fn run_on(
    session: &Session,
    model: &str,
    args: &EvalArgs,
    cases: &[Case],
    left: &[(usize, &Case)],
    interrupts: &mut Interrupts,
    keep: &mut dyn FnMut(Row) -> Result<()>,
) -> Result<bool> {
    let bench = one::Bench::open(
        session,
        args.agent.as_deref(),
        &args.process,
        &args.cases,
        cases,
    )
    .await?;
    let progress = batch::progress(left.len() as u64);
    let mut waiting = left.iter();
    let mut running = FuturesUnordered::new();
    interrupts.begin();
    loop {
        while running.len() < usize::from(args.jobs)
            && let Some((n, case)) = waiting.next()
        {
            let bench = &bench;
            running.push(async move { (*case, bench.run(*n, case).await) });
        }
        if running.is_empty() {
            break;
        }
        tokio::select! {
            () = interrupts.next() => {
                interrupts.end();
                progress.finish_and_clear();
                return Ok(false);
            }
            Some((case, made)) = running.next() => {
                let (made, cost) = made?;
                keep(row(model, case, made, cost))?;
                progress.inc(1);
            }
        }
    }
    interrupts.end();
    progress.finish_and_clear();
    Ok(true)
}

fn row(model: &str, case: &Case, made: Run, cost: one::Cost) -> Row {
    // What could not be run holds nothing, whatever it was to lack.
    let problem = match &made.error {
        Some(error) => Some(error.clone()),
        None => case.check.iter().find_map(|check| check.hold(&made).err()),
    };
    Row {
        id: case.id.clone(),
        model: model.to_owned(),
        tag: case.group().to_owned(),
        passed: problem.is_none(),
        why: problem.unwrap_or_default(),
        answer: made.answer,
        calls: made.calls,
        steps: made.steps,
        status: made.status,
        tokens: cost.tokens,
        ms: cost.ms,
        judged: cost.judged,
        memories: made.memories,
    }
}

/// The rows in `file`, checked anew by `cases`.
fn grade(cases: &[Case], file: &Path) -> Result<Vec<Row>> {
    let by_id: HashMap<String, &Case> = cases
        .iter()
        .map(|case| (case.id.to_string(), case))
        .collect();
    let mut rows = read_rows(file)?;
    rows.retain(|row| by_id.contains_key(&row.id.to_string()));
    for row in &mut rows {
        let case = by_id[&row.id.to_string()];
        let made = Run {
            answer: row.answer.clone(),
            calls: row.calls.clone(),
            steps: row.steps,
            status: row.status.clone(),
            memories: row.memories.clone(),
            error: None,
        };
        let problem = case.check.iter().find_map(|check| check.hold(&made).err());
        row.tag = case.group().to_owned();
        row.passed = problem.is_none();
        row.why = problem.unwrap_or_default();
    }
    if rows.is_empty() {
        return Err(UserError::usage(
            format!("{} has no results of these cases", file.display()),
            "--grade takes what --out has written for the same cases",
        ));
    }
    Ok(rows)
}

fn read_rows(file: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for line in json_lines(file)? {
        let (number, value) = line?;
        rows.push(serde_json::from_value(value).map_err(|error| {
            UserError::usage(
                format!("{}, line {number}: {error}", file.display()),
                "this file takes what --out has written",
            )
        })?);
    }
    Ok(rows)
}

/// Prints the sums; the exit code.
fn sum_up(args: &EvalArgs, rows: &[Row]) -> Result<u8> {
    let sums = rows::sums(rows);
    if args.json {
        output::json(&sums)?;
    } else {
        let (heads, lines) = rows::table(&sums);
        output::table(&heads, lines)?;
    }
    let worst = sums.iter().filter(|sum| sum.tag.is_empty());
    let worst = worst.map(|sum| sum.rate).fold(1.0, f64::min);
    Ok(match args.fail_under {
        Some(least) if worst < least => FAILED,
        _ => 0,
    })
}

/// Where a line for each case goes, if anywhere.
struct Out(Option<std::fs::File>);

impl Out {
    fn open(path: Option<&Path>, earlier: &[Row]) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        let mut options = OpenOptions::new();
        options.create(true).write(true);
        // What is kept is there already.
        options
            .append(!earlier.is_empty())
            .truncate(earlier.is_empty());
        let file = options.open(path).map_err(|error| {
            UserError::usage(
                format!("{}: {error}", path.display()),
                "--out names a file that can be written",
            )
        })?;
        Ok(Self(Some(file)))
    }

    fn write(&mut self, row: &Row) -> Result<()> {
        if let Some(file) = &mut self.0 {
            file.write_all((serde_json::to_string(row)? + "\n").as_bytes())?;
        }
        Ok(())
    }
}
