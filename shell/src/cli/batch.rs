//! `quipu batch`: many processes on one CPU.

mod at_work;
mod begun;
mod tally;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use indicatif::ProgressBar;
use quipu_kernel::gate::Approve;
use quipu_kernel::journal::Journal;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::limits::Limit;
use quipu_kernel::process::{Attached, PRIORITIES, Pid, Program, State, Status};
use quipu_kernel::signal::Signal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc::Sender;

use super::options::ProcessOptions;
use super::results::{self, Earlier, Kind, Results};
use super::run::exit_code;
use crate::service::conversation::{Ask, Ended, Say, Start};
use crate::service::door::Door;
use crate::service::knowledge;
use crate::service::machine::Lifetime;
use crate::session::Session;
use crate::session::agent::{self, Loaded};
use crate::terminal::error::{FAILED, INTERRUPTED, UserError, describe, is_closed_pipe};
use crate::terminal::interrupts::Interrupts;
use crate::terminal::lines::{file_words, lines};
use crate::terminal::output::counted;
use crate::terminal::words::words;
use crate::terminal::{hints, sources};
pub use at_work::AtWork;
use begun::{begun, same};
pub use tally::progress;
use tally::{TICK, Tally};

/// Processes at once unless `--jobs` says otherwise.
const JOBS_DEFAULT: u16 = 16;

/// The results of a batch: one for each id, which may be any JSON.
const KIND: Kind = Kind {
    one: "a result of a batch",
    // What somebody killed has exited, the rest of the interrupted goes on.
    stays: |line| match line["status"].as_str() {
        Some("interrupted") => line["error"] == "killed",
        status => status != Some("suspended"),
    },
    key: |line| line["id"].to_string(),
};

/// Run many tasks at once, and print a line of JSON as each is done
#[derive(Debug, Args)]
pub struct BatchArgs {
    /// The tasks, one JSON object a line: "id", "prompt", and perhaps "agent" (a file or
    /// folder, as of the current folder), "input" (a text that the task is about, which others
    /// may have written) and "priority" (-20 to 20, higher runs first); `-` is standard input
    #[arg(value_name = "TASKS.jsonl")]
    tasks: PathBuf,
    /// Processes at once, 1 to 200
    #[arg(long, value_name = "N", default_value_t = JOBS_DEFAULT, value_parser = clap::value_parser!(u16).range(1..=200))]
    jobs: u16,
    /// Where the results go instead of standard output; what is there is replaced
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Keep the results that --out has, run only the tasks without one, and carry those on
    /// that had begun
    #[arg(long, requires = "out")]
    resume: bool,
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
    /// A text that the task is about; a stranger's.
    input: Option<String>,
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
    /// Pages of the store that it has read, as `run --format json` has them.
    sources: Vec<String>,
    steps: usize,
    usage: quipu_kernel::process::Usage,
    ms: u64,
    limits_hit: Vec<Limit>,
    /// With `--think`: how likely the answer is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Line {
    /// Counts it, and says what went wrong with its task.
    fn told(&self, tally: &mut Tally, progress: &ProgressBar) {
        let error = self.error.as_deref();
        if let Some(words) = tally.add(&self.id, self.status, self.usage, error) {
            progress.suspend(|| say!("{words}"));
        }
        progress.set_message(tally.troubles());
        progress.inc(1);
    }
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
    mut tasks: Vec<Ready>,
    interrupts: &mut Interrupts,
) -> Result<u8> {
    for (_, loaded, _) in &tasks {
        door.check(session, loaded)?;
    }
    // Not before the machine is there: an earlier batch's results are kept if it never is,
    // and a batch that runs until now has written all of its own.
    let earlier = match &args.out {
        Some(out) if args.resume => Earlier::read(out, &KIND)?,
        _ => Earlier::default(),
    };
    let given = tasks.len();
    tasks.retain(|(id, ..)| !earlier.has(&id.to_string()));
    if tasks.len() < given {
        say!(
            "{} of {} already done",
            given - tasks.len(),
            counted(given, "task")
        );
    }
    let tasks = tasks.into_iter().map(|task| Waiting::of(task, &earlier));
    let mut tasks: Vec<Waiting> = tasks.collect();
    let mut out = Results::open(args.out.as_deref(), earlier)?;
    let mut begun = match args.resume {
        true => begun(door.journal())?,
        false => Vec::new(),
    };
    begun.retain(|(pid, _)| !tasks.iter().any(|task| task.pid == Some(*pid)));
    let progress = progress(tasks.len() as u64);
    progress.enable_steady_tick(TICK);
    let mut tally = Tally::of(tasks.len());
    let at_work = AtWork::default();
    let silence = at_work.silence(&progress, tasks.len(), "task");
    // The most urgent start first; equals in the order of their lines.
    tasks.sort_by_key(|task| std::cmp::Reverse(task.program.priority));
    let mut waiting = tasks.into_iter();
    let mut running = FuturesUnordered::new();
    // Where what runs is told to stop.
    let mut listeners: Vec<Sender<Say>> = Vec::new();
    let (mut code, mut stopped, mut broken) = (0, false, None);
    let mut unbegun = 0;
    interrupts.begin();
    loop {
        while !stopped && running.len() < usize::from(args.jobs) {
            let Some(Waiting {
                id,
                loaded,
                program,
                pid,
            }) = waiting.next()
            else {
                break;
            };
            let at = begun.iter().position(|(_, other)| same(other, &program));
            let start = match pid.or_else(|| at.map(|at| begun.remove(at).0)) {
                Some(pid) => Start::Resume {
                    pid,
                    limits: None,
                    attended: false,
                },
                None => Start::Spawn {
                    program: Box::new(program),
                    must_fit: false,
                },
            };
            let think = args.process.think(&loaded);
            let conversation = match door.begin(Ask { start, think }).await {
                Ok(conversation) => conversation,
                Err(error) => match ended_meanwhile(door.journal(), pid)? {
                    Some(ended) => {
                        code = worse(code, exit_code(&ended.exit));
                        let line = line(door, id, ended)?;
                        out.write(&line)?;
                        line.told(&mut tally, &progress);
                        continue;
                    }
                    // The machine ends, say: what runs is still told of its end.
                    None => {
                        (stopped, broken) = (true, Some(error));
                        break;
                    }
                },
            };
            listeners.retain(|listener| !listener.is_closed());
            listeners.push(conversation.say.clone());
            running.push(at_work.clone().until_end(id, conversation));
        }
        if running.is_empty() {
            break;
        }
        tokio::select! {
            () = interrupts.next() => {
                stopped = true;
                for listener in &listeners {
                    let _ = listener.send(Say::Signal(Signal::Interrupt)).await;
                }
            }
            Some((id, ended)) = running.next() => {
                let ended = match ended {
                    Ok(ended) => ended,
                    // It was to wait for another program's machine.
                    Err(error) if stopped && describe(&error).1 == INTERRUPTED => {
                        unbegun += 1;
                        continue;
                    }
                    Err(error) => {
                        // What else runs is still told of its end.
                        stopped = true;
                        broken = broken.or(Some(error));
                        continue;
                    }
                };
                // Its machine is gone, and takes no other.
                stopped |= ended.exit.status == Status::Suspended;
                code = worse(code, match ended.exit.status {
                    // Killed by somebody: the batch goes on.
                    Status::Interrupted if !stopped => FAILED,
                    _ => exit_code(&ended.exit),
                });
                let line = line(door, id, ended)?;
                match out.write(&line) {
                    Err(error) if is_closed_pipe(&error) => {
                        return Err(UserError::failed(
                            format!(
                                "nobody reads the results any more; not done: {}",
                                counted(1 + running.len() + waiting.len(), "task")
                            ),
                            "--out FILE keeps them, and --resume then does what is left",
                        ));
                    }
                    written => written?,
                }
                if let (None, Some(silence)) = (&args.out, &silence) {
                    silence.seen();
                }
                line.told(&mut tally, &progress);
            }
        }
    }
    interrupts.end();
    progress.finish_and_clear();
    if let Some(error) = broken {
        out.finish()?;
        return Err(error);
    }
    drop(silence);
    if tally.has_any() {
        say!("{}", tally.line(waiting.len() + unbegun));
    }
    let asks = args.process.policy(session).approve == Approve::Ask;
    if asks && tally.count(Status::Denied) > 0 {
        say!("{}", words().nobody_asked);
    }
    if stopped {
        match &args.out {
            Some(_) => say!("hint: the same command with --resume does what is left"),
            None => say!("hint: with --out FILE, the same command and --resume does what is left"),
        }
        code = INTERRUPTED;
    }
    out.finish()?;
    Ok(code)
}

/// The exit code of a batch: that of the first task that did not end well.
fn worse(code: u8, next: u8) -> u8 {
    if code == 0 { next } else { code }
}

/// The end of the process `pid`, which was suspended, if it has gone on and exited.
fn ended_meanwhile(journal: &Journal, pid: Option<Pid>) -> Result<Option<Ended>> {
    let Some(pid) = pid else {
        return Ok(None);
    };
    let row = journal.process(pid)?;
    let exit = row.exit.filter(|_| row.state == State::Exited);
    Ok(exit.map(|exit| Ended {
        pid,
        exit,
        confidence: None,
        branches: None,
    }))
}

/// A task that is to be run.
struct Waiting {
    id: Value,
    loaded: Loaded,
    program: Program,
    /// The process that it was when its machine was stopped. It may go on by itself by now, or
    /// be over.
    pid: Option<Pid>,
}

impl Waiting {
    fn of((id, loaded, program): Ready, earlier: &Earlier) -> Self {
        let known = earlier.unfinished(&id.to_string());
        let known = known.filter(|line| line["status"] == "suspended");
        let pid = known.and_then(|line| line["pid"].as_i64());
        Self {
            id,
            loaded,
            program,
            pid,
        }
    }
}

type Ready = (Value, Loaded, Program);

/// All tasks, before anything runs: a typing error in the last line is found first.
fn read(session: &Session, args: &BatchArgs) -> Result<Vec<Ready>> {
    let name = file_words(&args.tasks);
    let wrong = |number: usize, reason: &dyn std::fmt::Display| {
        UserError::usage(
            format!("{name}, line {number}: {reason}"),
            "one task a line: {\"id\": …, \"prompt\": \"…\"}, and perhaps \"agent\", \"input\" and \"priority\"",
        )
    };
    let mut tasks = Vec::new();
    let mut numbers = HashMap::new();
    for (number, value) in lines(&args.tasks)? {
        let value = value.map_err(|reason| wrong(number, &reason))?;
        let (task, priority) = task(value).map_err(|reason| wrong(number, &reason))?;
        let loaded = task
            .agent
            .as_deref()
            .map(|path| agent::load(path, &session.paths))
            .transpose();
        let loaded = loaded.map_err(|error| error.context(format!("{name}, line {number}")))?;
        let loaded = loaded.unwrap_or_default();
        let mut program = args.process.program(session, &loaded, task.prompt);
        session.teach(&loaded, &mut program);
        program.priority = priority;
        if args.tasks.as_os_str() == "-" {
            program.label = session.piped();
        }
        program.attached.extend(task.input.map(|text| Attached {
            picture: None,
            text,
            label: Label::new(format!("input of task {}", task.id), Trust::Untrusted),
        }));
        if let Some(first) = numbers.insert(task.id.to_string(), number) {
            say!(
                "warning: {name}, line {number}: line {first} has the id {} too",
                task.id
            );
        }
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

/// The task of a line, with its priority.
fn task(value: Value) -> Result<(Task, i8), String> {
    if !value.is_object() {
        return Err("not a JSON object".into());
    }
    let task: Task = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if task.prompt.trim().is_empty() {
        return Err("the prompt is empty".into());
    }
    let priority = i8::try_from(task.priority).ok();
    let priority = priority.filter(|priority| PRIORITIES.contains(priority));
    let priority = priority.ok_or_else(|| {
        let (low, high) = (PRIORITIES.start(), PRIORITIES.end());
        format!("priority {} is not in {low}..={high}", task.priority)
    })?;
    Ok((task, priority))
}

fn line(door: &Door, id: Value, ended: Ended) -> Result<Line> {
    let Ended { pid, exit, .. } = ended;
    let error = hints::ended(&exit);
    let (reminder, steps) = (door.journal().reminder(pid)?, door.journal().steps(pid)?);
    let text_of = |id: &str| door.page(id);
    let sources = sources::of(exit.answer.as_ref(), reminder.as_ref(), &steps, &text_of);
    Ok(Line {
        id,
        pid: Some(pid),
        status: exit.status,
        answer: exit.answer,
        sources,
        steps: steps.len(),
        usage: exit.usage,
        ms: exit.ms,
        limits_hit: exit.limits_hit,
        confidence: ended.confidence,
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Any line is a task or says what is wrong with it.
        #[test]
        fn torture_a_line_of_tasks_is_read_or_refused(
            prompt in "[ -~é]{0,6}",
            priority in "-?[0-9]{1,20}|null|\"1\"|1e3",
            key in "agent|input|id|other|prompt",
            more in "[\\[\\]{}\":,0-9a-z ]{0,12}",
            cut in any::<prop::sample::Index>(),
        ) {
            let text = format!(
                "{{\"id\":1,\"prompt\":{},\"priority\":{priority},\"{key}\":{more}}}",
                Value::from(prompt)
            );
            let lines = [&text[..], text.get(..cut.index(text.len())).unwrap_or_default(), &more];
            for line in lines {
                if let Ok(value) = serde_json::from_str(line)
                    && let Ok((task, priority)) = task(value)
                {
                    prop_assert!(!task.prompt.trim().is_empty());
                    prop_assert!(PRIORITIES.contains(&priority));
                }
            }
        }
    }
}
