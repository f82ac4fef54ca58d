//! The other processes from one process's point of view: the work on them that runs beside it,
//! and what it is told of them.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::calls::{SEND, WAIT};
use crate::event::{Event, Events};
use crate::exec::family::{Apart, Family};
use crate::exec::{Ending, failed};
use crate::journal::{Journal, JournalError, Message, StepRow};
use crate::label::Label;
use crate::limits::Limit;
use crate::planner::plain::cut;
use crate::process::{AT_ONCE_MAX, ChildOf, DEPTH_MAX, Exit, Pid, Program, State, Status, text_of};

/// Characters of another process's answer that a process is told; `quipu log` has all of it.
const ANSWER_CHARS_MAX: usize = 4_000;
/// Characters of a task in an event.
const TASK_CHARS: usize = 120;

/// The result of work on other processes.
pub(super) enum Came {
    /// It is done; this is what the process is told.
    Of(Done),
    /// It is not done: the machine is being stopped.
    Suspended,
}

/// What a process is told of others.
pub(super) struct Done {
    pub(super) text: String,
    pub(super) ok: bool,
    /// The label of the others' words; `None` where all words are the kernel's.
    pub(super) label: Option<Label>,
    /// The limit for which something was left undone.
    pub(super) lacks: Option<Limit>,
}

impl Done {
    pub(super) fn new(text: impl Into<String>, ok: bool, label: Option<Label>) -> Self {
        Self {
            text: text.into(),
            ok,
            label,
            lacks: None,
        }
    }

    /// A message that whoever embeds the kernel sent in the name of `other`. The journal of
    /// `other` has no such message.
    pub(super) fn posted(other: Pid, text: &str, label: Label) -> Self {
        let text = json!({"process": other, "told": text}).to_string();
        Self::new(text, true, Some(label))
    }

    pub(super) fn not(why: impl Into<String>) -> Self {
        Self::new(why, false, None)
    }
}

/// Work on other processes, and a way to see what it has brought so far.
pub(super) struct Work {
    pub(super) work: BoxFuture<'static, Result<Came, Ending>>,
    pub(super) so_far: Box<dyn Fn() -> Done + Send>,
}

impl Work {
    pub(super) fn new(work: impl Future<Output = Result<Came, Ending>> + Send + 'static) -> Self {
        Self {
            work: Box::pin(work),
            so_far: Box::new(|| Done::not("stopped before it came to its end")),
        }
    }
}

/// The process and the others, for work that goes on beside it.
#[derive(Clone)]
pub(super) struct Kin {
    pub(super) family: Arc<dyn Family>,
    pub(super) journal: Arc<Journal>,
    pub(super) events: Arc<Events>,
    pub(super) pid: Pid,
}

impl Kin {
    /// Starts `program`, or resumes the child that has its place in the parent already.
    pub(super) fn begin(&self, program: Program) -> Result<Pid, Apart> {
        let place = program.child_of;
        let there = self.journal.children(self.pid).map_err(apart)?;
        if let Some(child) = there.iter().find(|child| child.child_of == place) {
            self.go_on(child.pid)?;
            return Ok(child.pid);
        }
        let task = cut(&program.prompt, TASK_CHARS);
        let child = self.family.start(program)?;
        self.events.emit(Event::Spawned {
            pid: self.pid,
            child,
            task,
        });
        Ok(child)
    }

    pub(super) fn go_on(&self, pid: Pid) -> Result<(), Apart> {
        match self.journal.state(pid).map_err(apart)? {
            State::Exited => Ok(()),
            _ => self.family.go_on(pid),
        }
    }

    /// Why this process may start no more children in `step`; `None` where it may.
    pub(super) fn starts_none(&self, step: &StepRow) -> Result<Option<String>, Ending> {
        let journal = &self.journal;
        if journal.ancestors(self.pid).map_err(failed)?.len() >= DEPTH_MAX {
            return Ok(Some(format!(
                "no process was started: this one is {DEPTH_MAX} generations below the first"
            )));
        }
        let children = journal.children(self.pid).map_err(failed)?;
        let others = |of: ChildOf| of.step != step.n;
        let live = children
            .iter()
            .filter(|child| child.state != State::Exited && child.child_of.is_some_and(others));
        Ok((live.count() >= AT_ONCE_MAX).then(|| {
            format!("no process was started: {AT_ONCE_MAX} of this one run; wait for one first")
        }))
    }

    /// Why `other` cannot be reached; `None` where it can. Only processes of one family reach
    /// each other.
    pub(super) fn is_no_relative(&self, other: Pid) -> Result<Option<String>, Ending> {
        let journal = &self.journal;
        let first = |pid: Pid| -> Result<Pid, JournalError> {
            Ok(journal.ancestors(pid)?.last().copied().unwrap_or(pid))
        };
        let own = first(self.pid).map_err(failed)?;
        Ok(match first(other) {
            Ok(root) if root == own => None,
            Ok(_) | Err(JournalError::NoProcess(_)) => Some(format!(
                "process {other} is none that this one, or the process it works for, has started"
            )),
            Err(error) => return Err(failed(error)),
        })
    }

    /// How `pid` ended; `None` where it only stopped, with its machine.
    pub(super) async fn end_of(&self, pid: Pid) -> Result<Option<Exit>, Apart> {
        let exit = self.family.end_of(pid).await;
        let over = self.journal.state(pid).map_err(apart)? == State::Exited;
        match exit {
            Some(exit) if over => Ok(Some(exit)),
            Some(exit) if exit.status == Status::Suspended => Ok(None),
            _ => Err(Apart::Failed(format!("process {pid} was stopped"))),
        }
    }

    /// Tells the world of the end of a child.
    pub(super) fn joined(&self, child: Pid, exit: &Exit) {
        self.events.emit(Event::Joined {
            pid: self.pid,
            child,
            status: exit.status,
            answer: exit.answer.as_ref().map(|answer| told(answer, TASK_CHARS)),
        });
    }

    /// The next message of `other` that has not been read.
    pub(super) fn message(&self, other: Pid) -> Result<Option<Message>, JournalError> {
        let had = self.journal.messages_had(other, self.pid, WAIT)?;
        Ok(self
            .journal
            .messages(other, self.pid, SEND)?
            .into_iter()
            .nth(had))
    }

    /// The next message that whoever embeds the kernel sent in the name of `other`.
    pub(super) fn posted(&self, other: Pid) -> Result<Option<Message>, Ending> {
        self.journal.posted(other, self.pid).map_err(failed)
    }

    /// What `other` says next, or how it ends.
    pub(super) async fn hears(&self, other: Pid) -> Result<Came, Ending> {
        let mut mail = self.family.mail().subscribe();
        loop {
            if let Some(Message { text, label }) = self.posted(other)? {
                return Ok(Came::Of(Done::posted(other, &text, label)));
            }
            if let Some(message) = self.message(other).map_err(failed)? {
                let text = json!({"process": other, "said": message.text}).to_string();
                return Ok(Came::Of(Done::new(text, true, Some(message.label))));
            }
            tokio::select! {
                ended = self.end_of(other) => {
                    // Messages that it sent before it ended come first.
                    if self.message(other).map_err(failed)?.is_some() {
                        continue;
                    }
                    return match ended {
                        Ok(Some(exit)) => {
                            self.joined(other, &exit);
                            let label = self.journal.label_of(other).map_err(failed)?;
                            let text = ended_as(other, &exit, ANSWER_CHARS_MAX).to_string();
                            let ok = exit.answer.is_some();
                            Ok(Came::Of(Done::new(text, ok, Some(label))))
                        }
                        Ok(None) | Err(Apart::Stopping) => Ok(Came::Suspended),
                        Err(Apart::Failed(why)) => Ok(Came::Of(Done::not(why))),
                    };
                }
                changed = mail.changed() => {
                    if changed.is_err() {
                        return Ok(Came::Suspended);
                    }
                }
            }
        }
    }
}

/// How `pid` ended, for another process.
pub(super) fn ended_as(pid: Pid, exit: &Exit, chars: usize) -> Value {
    let mut said = json!({"process": pid});
    if exit.status != Status::Exited {
        said["status"] = json!(exit.status);
    }
    match (&exit.answer, &exit.error) {
        (Some(answer), _) => said["answer"] = bounded(answer, chars),
        (None, error) => said["error"] = json!(error.as_deref().unwrap_or("it has no answer")),
    }
    said
}

/// An answer as it is, or its beginning.
fn bounded(answer: &Value, chars: usize) -> Value {
    match told(answer, usize::MAX).chars().count() > chars {
        true => json!(told(answer, chars)),
        false => answer.clone(),
    }
}

fn told(answer: &Value, chars: usize) -> String {
    cut(&text_of(answer), chars)
}

fn apart(error: JournalError) -> Apart {
    Apart::Failed(error.to_string())
}
