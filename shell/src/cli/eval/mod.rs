//! `quipu eval`: cases with checks, on one model or several side by side.
//!
//! | file | job |
//! | --- | --- |
//! | `cases` | the cases, as JSON lines |
//! | `check`, `calls` | what has to hold of a run |
//! | `agents` | by which agents the cases are run |
//! | `shared_prefix` | cases that share a memory |
//! | `functions`, `web_server`, `files` | tools, pages and files that only a case sees |
//! | `case_run`, `watch`, `outcome` | one case, from its documents to its result |
//! | `judge` | a judge, beside the checks |
//! | `numbers` | numbers in an answer |
//! | `pairs` | two answers to a case, the better one first |
//! | `trace` | what a run did, step by step |
//! | `rows` | results, their sums, the table |
//! | `comparison` | two runs of the same cases, compared case by case |
//! | `conditions` | under which conditions results were made, and whether two runs can be compared |
//! | `junit`, `html_report` | results as JUnit XML, as a static page |
//! | `reports` | files that are written at the end, checked before |
//! | `grade` | results checked again |
//! | `calibrate`, `confidence`, `regression` | what a model's odds and agreement are worth, fitted on cases |
//! | `calibration` | how far likelihoods are from what happens |

pub(super) mod agents;
mod calibrate;
mod calibration;
mod calls;
pub(super) mod case_run;
pub(super) mod cases;
mod check;
pub(super) mod comparison;
mod conditions;
mod confidence;
mod files;
mod functions;
mod grade;
mod html_report;
mod judge;
mod junit;
mod numbers;
mod outcome;
pub mod pairs;
mod regression;
mod reports;
pub(super) mod rows;
mod shared_prefix;
pub(super) mod trace;
mod watch;
mod web_server;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::json;

use super::batch::{self, AtWork};
use super::options::{ProcessOptions, share};
use super::results::{self, Earlier, Results};
use crate::session::Session;
use crate::terminal::error::{FAILED, INTERRUPTED};
use crate::terminal::interrupts::Interrupts;
use crate::terminal::lines::file_words;
use crate::terminal::output::{self, counted};
use crate::terminal::person;
use crate::terminal::reading::Now;
use agents::Agents;
use case_run::{Bench, Job};
use cases::Case;
use rows::{KIND, Row};

/// Flaky cases that are named.
const FLAKY_NAMED: usize = 10;

/// Run cases with checks and say how many hold, on one model or several side by side
///
/// Nothing of the user's own store and journal is read or written. Each case has a memory of its
/// own, empty or as the same tasks before it have left it, which is gone afterwards. Installed
/// tools, their grants, the configuration and models are the user's. With several --model or
/// --agent all cases are run on each, one after another.
#[derive(Debug, Args)]
#[command(after_long_help = cases::HELP)]
pub struct EvalArgs {
    /// The cases, one JSON object a line; `-` is standard input
    #[arg(value_name = "CASES.jsonl")]
    cases: PathBuf,
    /// The agent of cases that name none: an agent.toml, a SKILL.md, or a folder; can be
    /// repeated, to have them side by side
    #[arg(long, value_name = "FILE|DIR")]
    agent: Vec<PathBuf>,
    /// Cases at once, 1 to 200. With more than one, times say less, and a case may notice
    /// that the store is not empty
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=200))]
    jobs: u16,
    /// Runs of each case, with a seed each: says how many hold every time (ALL) and at
    /// least once (ANY). Without a --temperature above 0 all runs are the same
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    repeat: u32,
    /// Compare with these results of an earlier run, case by case. Refused where the model, its
    /// template, the sampling or the cases differ
    #[arg(long, value_name = "RESULTS.jsonl")]
    against: Option<PathBuf>,
    /// What may differ, because the comparison is about that
    #[arg(long, requires = "against", value_delimiter = ',', value_enum)]
    across: Vec<conditions::Condition>,
    /// Write the results as JUnit XML too
    #[arg(long, value_name = "FILE.xml")]
    junit: Option<PathBuf>,
    /// Write a page of the run too: the sums, each case, and what was done step by step; with
    /// --against, what was answered before and now where that changed
    #[arg(long, value_name = "FILE.html")]
    page: Option<PathBuf>,
    /// Ask the model itself a question about each answer, such as "Is it polite?": the likelihood
    /// of yes stands in the lines of --out. It is advice: no case holds or fails by it
    #[arg(long, value_name = "QUESTION", conflicts_with = "grade")]
    judge: Option<String>,
    /// Write pairs of answers to the same case, the better one first, for preference training:
    /// with --repeat or several models. The checks choose; where they cannot, you are asked
    #[arg(long, value_name = "FILE.jsonl")]
    pairs: Option<PathBuf>,
    /// Keep what was done step by step in the lines of --out
    #[arg(long)]
    trace: bool,
    /// Run only the first N cases
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
    /// Where a line for each case goes; what is there is replaced
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Keep the results that --out has, and run only what is missing
    #[arg(long, requires = "out")]
    resume: bool,
    /// Check the results in this file again, without running anything: what --out has
    /// written, or another program with lines {"id", "answer", "calls": [{"tool", "args"}], "ms"}
    #[arg(long, value_name = "RESULTS.jsonl", conflicts_with_all = ["out", "calibrate"])]
    grade: Option<PathBuf>,
    /// Fit on these cases what the model's odds are worth, and keep the fit for this model. A case
    /// names in "fits" the function that does what is asked, or in "judge" the right answers to
    /// questions. With --think the cases are run and checked, and the confidence of answers is
    /// fitted
    #[arg(long)]
    calibrate: bool,
    /// Show the agents what they have learnt by `quipu learn`, as `quipu run` does
    #[arg(long)]
    learnt: bool,
    /// Print the sums as JSON
    #[arg(long)]
    json: bool,
    /// Exit with 1 if a smaller share of the cases holds, 0 to 1
    #[arg(long, value_name = "RATE", value_parser = share)]
    fail_under: Option<f64>,
    /// Exit with 1 if more cases got worse than better since --against, by a margin that chance
    /// hardly gives (McNemar's p of at most .05)
    #[arg(long, requires = "against")]
    fail_worse: bool,
    #[command(flatten)]
    process: ProcessOptions,
}

/// Runs the command.
pub async fn run(session: &Session, args: EvalArgs) -> Result<u8> {
    let mut cases = cases::read(&args.cases)?;
    cases.truncate(args.limit.map_or(usize::MAX, NonZeroUsize::get));
    reports::check(&args, &cases, session.models().len())?;
    if !args.calibrate && args.judge.is_none() {
        tell_unchecked(&args.cases, &cases);
    }
    if let Some(file) = &args.grade {
        let rows = grade::rows(&cases, file)?;
        let missing = grade::missing(&cases, &rows);
        if missing > 0 {
            say!(
                "warning: without a result: {missing} of {}",
                counted(cases.len(), "case")
            );
        }
        write_pairs(session, &args, &cases, &rows).await?;
        let code = sum_up(&args, &cases, &rows)?;
        return Ok(if missing > 0 { FAILED } else { code });
    }
    if args.calibrate && args.process.thinks() {
        confidence::refuse(&cases)?;
        return evaluate(session, &args, &cases).await;
    }
    if args.calibrate {
        return calibrate::run(session, &args, &cases).await;
    }
    evaluate(session, &args, &cases).await
}

/// Says of how many `cases` of `file` nothing has to hold: each of them passes.
fn tell_unchecked(file: &Path, cases: &[Case]) {
    let unchecked = cases.iter().filter(|case| case.checks_nothing()).count();
    if unchecked > 0 {
        say!(
            "warning: {}: without a check, so that any answer passes: {unchecked} of {}",
            file_words(file),
            counted(cases.len(), "case")
        );
    }
}

/// The cases that are left to be run on one model.
struct Part<'a> {
    session: Session,
    model: String,
    jobs: Vec<Job<'a>>,
}

async fn evaluate(session: &Session, args: &EvalArgs, cases: &[Case]) -> Result<u8> {
    let mut interrupts = Interrupts::listen()?;
    let mut agents = Agents::load(&args.agent, &args.cases, cases, &session.paths)?;
    if args.learnt {
        agents = agents.learnt(&session.paths)?;
    }
    let mut earlier = match &args.out {
        Some(out) => {
            results::refuse(out, &args.cases, "cases")?;
            match args.resume {
                true => Earlier::read(out, &KIND)?,
                false => Earlier::default(),
            }
        }
        None => Earlier::default(),
    };
    conditions::leave_out_changed(&mut earlier, cases);
    let mut rows = kept(&earlier, cases);
    if args.repeat > 1 && session.settings.sampling().temperature == 0.0 {
        say!("warning: without a --temperature above 0 all runs of a case are the same");
    }
    let parts = left(session, args.repeat, cases, &agents, &earlier)?;
    let mut earlier = Some(earlier);
    let mut out = None;
    for part in &parts {
        let mut bench =
            Bench::open(&part.session, &agents, &args.process, &args.cases, cases).await?;
        reports::check_alike(args, &bench, cases)?;
        if args.trace || args.page.is_some() {
            bench = bench.traced();
        }
        if let Some(question) = &args.judge {
            bench = bench.judged(question);
        }
        // Not before a machine is there: earlier results are kept if it never is.
        if let (Some(path), Some(earlier)) = (&args.out, earlier.take()) {
            out = Some(Results::open(Some(path.as_path()), earlier)?);
        }
        let mut keep = |row: Row| -> Result<()> {
            if let Some(out) = &mut out {
                out.write(&row)?;
            }
            rows.push(row);
            Ok(())
        };
        let jobs = (part.model.as_str(), part.jobs.as_slice());
        if !run_jobs(&bench, jobs, args.jobs, &mut interrupts, &mut keep).await? {
            sum_up(args, cases, &rows)?;
            say!("interrupted; what is done is counted");
            say!("hint: with --out FILE, the same command and --resume does what is left");
            return Ok(INTERRUPTED);
        }
    }
    if let Some(out) = out {
        out.finish()?;
    }
    if args.calibrate {
        confidence::keep(session, &rows)?;
    }
    write_pairs(session, args, cases, &rows).await?;
    sum_up(args, cases, &rows)
}

/// The earlier results of these cases, by the checks as they are now.
fn kept(earlier: &Earlier, cases: &[Case]) -> Vec<Row> {
    let by_id: HashMap<String, &Case> = cases
        .iter()
        .map(|case| (case.id.to_string(), case))
        .collect();
    let mut rows = Vec::new();
    for line in earlier.lines() {
        let Some(case) = by_id.get(&line["id"].to_string()) else {
            continue;
        };
        // A line that an older version wrote in another form is kept and not counted.
        if let Ok(mut row) = serde_json::from_value::<Row>(line.clone()) {
            row.judge(case);
            rows.push(row);
        }
    }
    rows
}

/// The cases that are left to be run, by model. A missing model is an error before any case runs.
fn left<'a>(
    session: &Session,
    rounds: u32,
    cases: &'a [Case],
    agents: &'a Agents,
    earlier: &Earlier,
) -> Result<Vec<Part<'a>>> {
    let mut parts = Vec::new();
    let (mut all, mut done) = (0, 0);
    for model in session.models() {
        let on = session.on_model(&model)?;
        let mut jobs = Vec::new();
        for (n, case) in cases.iter().enumerate() {
            for (which, agent) in agents.of(case).iter().enumerate() {
                for round in 0..rounds {
                    let key = rows::key(&case.id, &json!(model), &json!(agent.name), round);
                    all += 1;
                    match earlier.has(&key) {
                        true => done += 1,
                        false => jobs.push(Job {
                            case,
                            n,
                            round,
                            agent,
                            which,
                            skills: &agent.skills,
                        }),
                    }
                }
            }
        }
        if !jobs.is_empty() {
            parts.push(Part {
                session: on,
                model,
                jobs,
            });
        }
    }
    if done > 0 {
        say!("{done} of {} already done", counted(all, "case"));
    }
    // All cases of one agent run after another, so that they share the beginning of their
    // prompts.
    for part in &mut parts {
        part.jobs.sort_by_key(|job| job.which);
    }
    Ok(parts)
}

/// Runs `job`, which is `at_work` meanwhile.
async fn at_work_on(at_work: &AtWork, bench: &Bench<'_>, job: Job<'_>, model: &str) -> Row {
    let _working = at_work.begin(&job.case.id, Now::default());
    bench.run(job, model).await
}

/// Runs jobs on the model that results call so. False when it was interrupted.
pub(super) async fn run_jobs(
    bench: &Bench<'_>,
    (model, jobs): (&str, &[Job<'_>]),
    at_once: u16,
    interrupts: &mut Interrupts,
    keep: &mut dyn FnMut(Row) -> Result<()>,
) -> Result<bool> {
    let progress = batch::progress(jobs.len() as u64);
    let at_work = AtWork::default();
    let _silence = at_work.silence(&progress, jobs.len(), "case");
    let mut waiting = jobs.iter();
    let mut running = FuturesUnordered::new();
    interrupts.begin();
    let finished = loop {
        while running.len() < usize::from(at_once)
            && let Some(job) = waiting.next()
        {
            running.push(at_work_on(&at_work, bench, *job, model));
        }
        tokio::select! {
            () = interrupts.next() => break false,
            row = running.next() => match row {
                Some(row) => keep(row)?,
                None => break true,
            }
        }
        progress.inc(1);
    };
    interrupts.end();
    progress.finish_and_clear();
    Ok(finished)
}

/// Writes pairs of answers, where that is wanted.
async fn write_pairs(
    session: &Session,
    args: &EvalArgs,
    cases: &[Case],
    rows: &[Row],
) -> Result<()> {
    let attended = person::is_there(session.globals.no_input);
    match &args.pairs {
        Some(file) => pairs::write(file, cases, rows, attended).await,
        None => Ok(()),
    }
}

/// Prints the sums; the exit code.
fn sum_up(args: &EvalArgs, cases: &[Case], rows: &[Row]) -> Result<u8> {
    let sums = rows::sums(rows);
    match args.json {
        true => output::json(&sums)?,
        false => rows::print(&sums)?,
    }
    tell_flaky(&sums);
    if let Some(line) = judge::told(rows, args.judge.is_some()) {
        say!("{line}");
    }
    let all = sums.iter().filter(|sum| sum.tag.is_none());
    for confidence in all.filter_map(|sum| sum.confidence.as_ref()) {
        say!("{}", confidence.told());
    }
    if let Some(file) = &args.junit {
        reports::write(file, junit::xml(rows), "--junit")?;
    }
    let since = match &args.against {
        Some(file) => {
            let before = grade::rows(cases, file)?;
            Some((compare(rows, &before, &args.across)?, before))
        }
        None => None,
    };
    if let Some(file) = &args.page {
        let title = file_words(&args.cases);
        let since = since
            .as_ref()
            .map(|(paired, before)| (paired, before.as_slice()));
        reports::write(
            file,
            html_report::html(&title, &sums, rows, since),
            "--page",
        )?;
    }
    let worse = since.is_some_and(|(paired, _)| paired.got_worse());
    let got_worse = args.fail_worse && worse;
    let broken: Vec<&Row> = rows.iter().filter(|row| row.error.is_some()).collect();
    if let Some(first) = broken.first() {
        let why = output::visible(&first.why);
        say!(
            "could not be run: {}; the first, {}: {why}",
            counted(broken.len(), "case"),
            first.id
        );
    }
    let all = sums.iter().filter(|sum| sum.tag.is_none());
    let worst = all.map(|sum| sum.rate).fold(1.0, f64::min);
    let low = args.fail_under.is_some_and(|least| worst < least);
    let failed = low || got_worse || !broken.is_empty();
    Ok(if failed { FAILED } else { 0 })
}

/// Names the cases that hold in some runs only.
fn tell_flaky(sums: &[rows::Sum]) {
    let all = sums.iter().filter(|sum| sum.tag.is_none());
    for flaky in all
        .filter_map(|sum| sum.repeated.as_ref())
        .map(|it| &it.flaky)
    {
        let named = flaky.iter().take(FLAKY_NAMED);
        let named = named.map(|case| format!("{} ({} of {})", case.id, case.passed, case.runs));
        let named: Vec<String> = named.collect();
        if !named.is_empty() {
            say!(
                "flaky: {}, such as {}",
                counted(flaky.len(), "case"),
                named.join(", ")
            );
        }
    }
}

/// Says what changed since the rows `before`, where both can be compared.
fn compare(
    rows: &[Row],
    before: &[Row],
    across: &[conditions::Condition],
) -> Result<comparison::Paired> {
    if !conditions::comparable(rows, before, across)? {
        say!("warning: some results do not say under which conditions they were made");
    }
    let paired = comparison::compare(rows, before);
    for line in paired.told() {
        say!("{}", output::visible(&line));
    }
    Ok(paired)
}
