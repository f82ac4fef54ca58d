//! `quipu batch`: many processes on one CPU.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use quipu_kernel::Kernel;
use quipu_kernel::event::Event;
use quipu_kernel::process::{Exit, PRIORITIES, Pid, Program, Status};
use quipu_kernel::signal::Signal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lines::{file_words, lines};
use super::options::ProcessOptions;
use super::run::exit_code;
use crate::agent::{self, Loaded};
use crate::error::{INTERRUPTED, UserError};
use crate::init::Session;
use crate::interrupts::Interrupts;
use crate::output;

/// Processes at once unless `--jobs` says otherwise.
const JOBS_DEFAULT: u16 = 16;

/// Run many tasks at once, and print a line of JSON as each is done
#[derive(Debug, Args)]
pub struct BatchArgs {
    /// The tasks, one JSON object a line: "id", "prompt", and perhaps "agent" and
    /// "priority"; `-` is standard input
    #[arg(value_name = "TASKS.jsonl")]
    tasks: PathBuf,
    /// Processes at once
    #[arg(long, value_name = "N", default_value_t = JOBS_DEFAULT, value_parser = clap::value_parser!(u16).range(1..=200))]
    jobs: u16,
    /// Where the results go instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    process: ProcessOptions,
}

/// One line of the tasks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    id: Value,
    prompt: String,
    agent: Option<PathBuf>,
    #[serde(default)]
    priority: i64,
}

/// One line of the results.
#[derive(Debug, Serialize)]
struct Line {
    id: Value,
    pid: Option<Pid>,
    status: Status,
    answer: Option<Value>,
    steps: usize,
    usage: quipu_kernel::process::Usage,
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Runs the command. The exit code is that of the first task that did not end well.
pub async fn run(session: &Session, args: BatchArgs) -> Result<u8> {
    let mut interrupts = Interrupts::listen()?;
    let mut tasks = read(session, &args)?;
    refuse_overwriting(&args)?;
    let policy = args.process.policy(session);
    let machine = session.machine(policy, &Loaded::default()).await?;
    // Not before the machine is there: an earlier batch's results are kept if it never is.
    let mut out = Output::open(args.out.as_deref())?;
    for (_, loaded, _) in &tasks {
        loaded.check(machine.kernel.bus())?;
    }
    let kernel = &machine.kernel;
    let mut events = kernel.subscribe();
    let progress = progress(tasks.len() as u64);
    // The most urgent start first; equals in the order of their lines.
    tasks.sort_by_key(|(_, _, program)| std::cmp::Reverse(program.priority));
    let mut waiting = tasks.into_iter();
    let mut running: HashMap<Pid, Value> = HashMap::new();
    let (mut code, mut stopped) = (0, false);
    interrupts.begin();
    loop {
        while !stopped && running.len() < usize::from(args.jobs) {
            let Some((id, _, program)) = waiting.next() else {
                break;
            };
            running.insert(kernel.spawn(program)?, id);
        }
        if running.is_empty() {
            break;
        }
        tokio::select! {
            () = interrupts.next() => {
                stopped = true;
                for pid in running.keys() {
                    let _ = kernel.signal(*pid, Signal::Interrupt);
                }
            }
            event = events.recv() => {
                let Some(Event::Exited { pid, exit }) = event else { continue };
                let Some(id) = running.remove(&pid) else { continue };
                if code == 0 {
                    code = exit_code(&exit);
                }
                out.write(&line(kernel, id, pid, exit)?)?;
                progress.inc(1);
            }
        }
    }
    interrupts.end();
    progress.finish_and_clear();
    let left = waiting.count();
    if stopped {
        say!("interrupted; {left} tasks were not started");
        code = INTERRUPTED;
    }
    out.finish()?;
    Ok(code)
}

/// The results must not take the place of the tasks.
fn refuse_overwriting(args: &BatchArgs) -> Result<()> {
    let Some(out) = &args.out else { return Ok(()) };
    let same = match (out.canonicalize(), args.tasks.canonicalize()) {
        (Ok(out), Ok(tasks)) => out == tasks && out.is_file(),
        _ => false,
    };
    match same {
        true => Err(UserError::usage(
            format!("--out {} is the file of the tasks", out.display()),
            "name another file for the results",
        )),
        false => Ok(()),
    }
}

type Ready = (Value, Loaded, Program);

/// All tasks, before anything runs: a typing error in the last line is found first.
fn read(session: &Session, args: &BatchArgs) -> Result<Vec<Ready>> {
    let name = file_words(&args.tasks);
    let wrong = |number: usize, reason: &dyn std::fmt::Display| {
        UserError::usage(
            format!("{name}, line {number}: {reason}"),
            "one task a line: {\"id\": …, \"prompt\": \"…\"}, and perhaps \"agent\" and \"priority\"",
        )
    };
    let mut tasks = Vec::new();
    for (number, value) in lines(&args.tasks)? {
        let value = value.map_err(|reason| wrong(number, &reason))?;
        if !value.is_object() {
            return Err(wrong(number, &"not a JSON object"));
        }
        let task: Task = serde_json::from_value(value).map_err(|error| wrong(number, &error))?;
        if task.prompt.trim().is_empty() {
            return Err(wrong(number, &"the prompt is empty"));
        }
        let priority = i8::try_from(task.priority)
            .ok()
            .filter(|priority| PRIORITIES.contains(priority))
            .ok_or_else(|| {
                let (low, high) = (PRIORITIES.start(), PRIORITIES.end());
                wrong(
                    number,
                    &format!("priority {} is not in {low}..={high}", task.priority),
                )
            })?;
        let loaded = task.agent.as_deref().map(agent::load).transpose()?;
        let loaded = loaded.unwrap_or_default();
        let mut program = args.process.program(session, &loaded, task.prompt);
        program.priority = priority;
        tasks.push((task.id, loaded, program));
    }
    if tasks.is_empty() {
        return Err(UserError::usage(
            format!("{name} has no tasks"),
            "one JSON object a line: {\"id\": 1, \"prompt\": \"…\"}",
        ));
    }
    Ok(tasks)
}

fn line(kernel: &Kernel, id: Value, pid: Pid, exit: Exit) -> Result<Line> {
    Ok(Line {
        id,
        pid: Some(pid),
        status: exit.status,
        answer: exit.answer,
        steps: kernel.journal().steps(pid)?.len(),
        usage: exit.usage,
        ms: exit.ms,
        error: exit.error,
    })
}

fn progress(tasks: u64) -> ProgressBar {
    // Draws nothing where standard error is no terminal.
    let style = ProgressStyle::with_template("{pos}/{len} tasks {wide_bar} {elapsed} (left {eta})");
    ProgressBar::new(tasks).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Standard output, or a file.
enum Output {
    Standard,
    File(BufWriter<File>),
}

impl Output {
    fn open(path: Option<&std::path::Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Standard);
        };
        let file = File::create(path).map_err(|error| {
            UserError::usage(
                format!("{}: {error}", path.display()),
                "--out names a file that can be written",
            )
        })?;
        Ok(Self::File(BufWriter::new(file)))
    }

    fn write(&mut self, line: &Line) -> Result<()> {
        match self {
            Self::Standard => output::json(line),
            Self::File(file) => {
                writeln!(file, "{}", json!(line))?;
                // What is done stays done if the rest is cut short.
                file.flush().map_err(Into::into)
            }
        }
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Standard => Ok(()),
            Self::File(file) => file
                .into_inner()
                .map_err(|error| error.into_error())?
                .sync_all()
                .map_err(Into::into),
        }
    }
}
