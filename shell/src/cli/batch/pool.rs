//! The tasks of a batch as they run: those that wait, the few that run at once, and what becomes of
//! each. What is told of them is in `report`.

use anyhow::Result;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use quipu_kernel::journal::Journal;
use quipu_kernel::limits::Limits;
use quipu_kernel::process::{Pid, Program, State, Status};
use quipu_kernel::signal::Signal;
use serde_json::Value;
use tokio::sync::mpsc::Sender;

use super::BatchArgs;
use super::begun::same;
use super::report::{Line, Report};
use super::tasks::Ready;
use crate::cli::results::Earlier;
use crate::service::conversation::{Ask, Ended, Say, Start};
use crate::service::door::Door;
use crate::session::agent::Loaded;
use crate::terminal::error::{FAILED, INTERRUPTED, describe, exit_code};
use crate::terminal::interrupts::Interrupts;

/// A task that is to be run.
pub(super) struct Waiting {
    id: Value,
    loaded: Loaded,
    pub(super) program: Program,
    /// The process that it was when its machine was stopped. It may go on by itself by now, or
    /// have exited.
    pub(super) pid: Option<Pid>,
}

impl Waiting {
    /// The task as it was read, and what the `earlier` results say of it.
    pub(super) fn of((id, loaded, program): Ready, earlier: &Earlier) -> Self {
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

/// A task that runs: its id, and its end once that is there.
type Running = BoxFuture<'static, (Value, Result<Ended>)>;

/// The tasks of a batch, of which at most `--jobs` run at once.
pub(super) struct Pool<'a> {
    door: &'a Door,
    args: &'a BatchArgs,
    /// Processes of an interrupted batch that could go on, each for the task of its program.
    begun: Vec<(Pid, Program)>,
    waiting: std::vec::IntoIter<Waiting>,
    running: FuturesUnordered<Running>,
    /// Where what runs is told to stop.
    listeners: Vec<Sender<Say>>,
    report: Report,
    /// The exit code so far.
    code: u8,
    /// Whether nothing is started any more.
    stopped: bool,
    /// Why the batch cannot go on.
    broken: Option<anyhow::Error>,
    /// Tasks that were given to a machine and never began.
    unbegun: usize,
}

impl<'a> Pool<'a> {
    /// All `tasks` wait, the most urgent first; equals in the order of their lines.
    pub(super) fn of(
        door: &'a Door,
        args: &'a BatchArgs,
        mut tasks: Vec<Waiting>,
        begun: Vec<(Pid, Program)>,
        report: Report,
    ) -> Self {
        tasks.sort_by_key(|task| std::cmp::Reverse(task.program.priority));
        Self {
            door,
            args,
            begun,
            waiting: tasks.into_iter(),
            running: FuturesUnordered::new(),
            listeners: Vec::new(),
            report,
            code: 0,
            stopped: false,
            broken: None,
            unbegun: 0,
        }
    }

    /// Runs all of them. An interrupt stops those that run, and starts no other.
    ///
    /// # Errors
    /// When a result cannot be written or the journal cannot be read.
    pub(super) async fn run(&mut self, interrupts: &mut Interrupts) -> Result<()> {
        loop {
            self.fill().await?;
            if self.running.is_empty() {
                return Ok(());
            }
            tokio::select! {
                () = interrupts.next() => self.stop().await,
                Some((id, ended)) = self.running.next() => self.take(id, ended)?,
            }
        }
    }

    /// Says what the batch came to, and whether somebody would have been asked (`asks`). The exit code is that of the first task that did not end well.
    ///
    /// # Errors
    /// When the batch could not go on, or the last result is not on disk.
    pub(super) fn finish(mut self, asks: bool) -> Result<u8> {
        self.report.clear();
        if let Some(error) = self.broken {
            self.report.finish()?;
            return Err(error);
        }
        self.report.sum_up(self.waiting.len() + self.unbegun, asks);
        if self.stopped {
            match &self.args.out {
                Some(_) => say!("hint: the same command with --resume does what is left"),
                None => {
                    say!("hint: with --out FILE, the same command and --resume does what is left")
                }
            }
            self.code = INTERRUPTED;
        }
        self.report.finish()?;
        Ok(self.code)
    }

    /// Starts tasks until as many run as may.
    async fn fill(&mut self) -> Result<()> {
        while !self.stopped && self.running.len() < usize::from(self.args.jobs) {
            let Some(task) = self.waiting.next() else {
                break;
            };
            self.start(task).await?;
        }
        Ok(())
    }

    /// The limits of process `pid` when it goes on, where options give others.
    fn new_limits(&self, pid: Pid) -> Option<Limits> {
        let journal = self.door.journal();
        let limits = self
            .args
            .process
            .new_limits(|| Ok(journal.program_in_words(pid)?.limits));
        // One that is not there is told of when it is to go on.
        limits.ok().flatten()
    }

    /// Starts one task, or carries on the process that it was.
    async fn start(&mut self, task: Waiting) -> Result<()> {
        let Waiting {
            id,
            loaded,
            program,
            pid,
        } = task;
        let at = self
            .begun
            .iter()
            .position(|(_, other)| same(other, &program));
        let begun = pid.or_else(|| at.map(|at| self.begun.remove(at).0));
        let start = match begun {
            Some(pid) => Start::Resume {
                pid,
                limits: self.new_limits(pid),
                attended: false,
            },
            None => Start::Spawn {
                program: Box::new(program),
                must_fit: false,
            },
        };
        let think = self.args.process.think(&loaded);
        match self.door.begin(Ask { start, think }).await {
            Ok(conversation) => {
                self.listeners.retain(|listener| !listener.is_closed());
                self.listeners.push(conversation.say.clone());
                let at_work = self.report.at_work.clone();
                self.running
                    .push(Box::pin(at_work.until_end(id, conversation)));
            }
            Err(error) => match ended_meanwhile(self.door.journal(), pid)? {
                Some(ended) => {
                    self.code = worse(self.code, exit_code(&ended.exit));
                    self.tell(id, ended)?;
                }
                // The machine ends, say: what runs is still told of its end.
                None => {
                    self.stopped = true;
                    self.broken = Some(error);
                }
            },
        }
        Ok(())
    }

    /// Starts nothing any more, and tells what runs to stop.
    async fn stop(&mut self) {
        self.stopped = true;
        for listener in &self.listeners {
            let _ = listener.send(Say::Signal(Signal::Interrupt)).await;
        }
    }

    /// Takes the end of the task `id`.
    fn take(&mut self, id: Value, ended: Result<Ended>) -> Result<()> {
        let ended = match ended {
            Ok(ended) => ended,
            // This task was to wait for another program's machine.
            Err(error) if self.stopped && describe(&error).1 == INTERRUPTED => {
                self.unbegun += 1;
                return Ok(());
            }
            Err(error) => {
                // The other running tasks still hear of its end.
                self.stopped = true;
                self.broken = self.broken.take().or(Some(error));
                return Ok(());
            }
        };
        // Its machine is gone, and takes no other.
        self.stopped |= ended.exit.status == Status::Suspended;
        let code = match ended.exit.status {
            // Killed by somebody: the batch goes on.
            Status::Interrupted if !self.stopped => FAILED,
            _ => exit_code(&ended.exit),
        };
        self.code = worse(self.code, code);
        self.tell(id, ended)
    }

    /// Writes the result of the task `id`.
    fn tell(&mut self, id: Value, ended: Ended) -> Result<()> {
        let line = Line::of(self.door, id, ended)?;
        let left = self.running.len() + self.waiting.len();
        self.report.add(&line, left)
    }
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
