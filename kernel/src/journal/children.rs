//! What the journal knows of the children of a process, and of the messages between processes.

use rusqlite::OptionalExtension;
use serde::Deserialize;
use serde_json::Value;

use super::{Journal, JournalError, Outcome, ProcessRow, Result, StepRow, wrap};
use crate::label::{Label, Trust};
use crate::limits::Limits;
use crate::process::{Drawn, Exit, Pid, State};

/// What one process sent to another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) text: String,
    /// The label of the words, with that of everything they were made from.
    pub(crate) label: Label,
}

/// The part of a program that has its limits.
#[derive(Deserialize)]
struct Limited {
    limits: Limits,
}

/// The part of a program that has the labels of what it begins with.
#[derive(Deserialize)]
struct Begun {
    agent: Vouched,
    label: Label,
    #[serde(default)]
    attached: Vec<Labelled>,
}

#[derive(Deserialize)]
struct Vouched {
    #[serde(default)]
    stranger: bool,
}

#[derive(Deserialize)]
struct Labelled {
    label: Label,
}

impl Journal {
    /// The processes that `pid` has started, in their order.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn children(&self, pid: Pid) -> Result<Vec<ProcessRow>> {
        // A child ran here: an imported process has no parent, whatever its program says. And a
        // child is younger than its parent, so that a walk through a damaged journal comes to an
        // end.
        self.rows("WHERE parent=?1 AND pid>?1 ORDER BY pid", [pid])
    }

    /// The state of `pid`.
    ///
    /// # Errors
    /// [`JournalError::NoProcess`] where there is none of this number.
    pub(crate) fn state(&self, pid: Pid) -> Result<State> {
        let state: String = self.column("state", pid)?;
        Ok(State::of(&state))
    }

    /// What `pid` may spend, and the milliseconds that it has spent.
    pub(crate) fn limits(&self, pid: Pid) -> Result<(Limits, u64)> {
        let (program, spent_ms) = self.program_as::<Limited>(pid)?;
        Ok((program.limits, spent_ms))
    }

    /// The process here that started `pid`, if one did.
    ///
    /// # Errors
    /// [`JournalError::NoProcess`] where there is no process `pid`.
    pub(crate) fn parent(&self, pid: Pid) -> Result<Option<Pid>> {
        self.column("parent", pid)
    }

    /// The value of `column` for `pid`, without the rest of its row.
    pub(super) fn column<T: rusqlite::types::FromSql>(&self, column: &str, pid: Pid) -> Result<T> {
        let sql = format!("SELECT {column} FROM process WHERE pid=?1");
        let connection = self.connection.lock();
        let row = connection.prepare_cached(&sql);
        let value = row.and_then(|mut row| row.query_row([pid], |row| row.get(0)).optional());
        let value = value.map_err(|error| wrap(&self.path, error))?;
        value.ok_or(JournalError::NoProcess(pid))
    }

    /// Records that `pid`, which does not run, was stopped for good, with all its descendants.
    ///
    /// # Errors
    /// When the journal fails.
    pub fn kill(&self, pid: Pid) -> Result<()> {
        self.exit(pid, State::Exited, &Exit::killed(), None)?;
        for child in self.children(pid)? {
            if child.state != State::Exited {
                self.kill(child.pid)?;
            }
        }
        Ok(())
    }

    /// What the children of `pid` have taken out of its limits.
    pub(crate) fn drawn(&self, pid: Pid) -> Result<Drawn> {
        let mut drawn = Drawn::default();
        for child in self.children(pid)? {
            drawn += match child.exit.as_ref().filter(|_| child.state == State::Exited) {
                Some(exit) => self.spent(&child, exit)?,
                None => Drawn::held_by(&self.limits(child.pid)?.0),
            };
        }
        Ok(drawn)
    }

    /// What `process`, which has exited, has spent with its children.
    pub(crate) fn spent(&self, process: &ProcessRow, exit: &Exit) -> Result<Drawn> {
        let below = self.drawn(process.pid)?;
        Ok(Drawn {
            steps: process.steps + below.steps,
            // The usage in its exit includes its children's.
            tokens: exit.usage.generated_tokens,
            usage: exit.usage,
        })
    }

    /// The ancestors of `pid`: its parent, the parent of that, and so on.
    pub(crate) fn ancestors(&self, pid: Pid) -> Result<Vec<Pid>> {
        let mut ancestors = Vec::new();
        // A parent is older than its child, so the walk comes to an end.
        let older = |of: Option<Pid>, than: Pid| of.filter(|of| *of < than);
        let mut of = older(self.parent(pid)?, pid);
        while let Some(parent) = of {
            ancestors.push(parent);
            of = match self.parent(parent) {
                Ok(of) => older(of, parent),
                // The ancestor was removed from the journal.
                Err(JournalError::NoProcess(_)) => None,
                Err(error) => return Err(error),
            };
        }
        Ok(ancestors)
    }

    /// The label of anything derived from a process, which names the process as its source: the
    /// least trust and the highest secrecy of all that it has read.
    ///
    /// # Errors
    /// When there is no such process, or the journal cannot be read.
    pub fn label_of(&self, pid: Pid) -> Result<Label> {
        let (program, _) = self.program_as::<Begun>(pid)?;
        let steps = self.steps(pid)?;
        let outcomes = steps.iter().filter_map(|step| step.outcome.as_ref());
        let labels = outcomes.map(|outcome| &outcome.label);
        let labels = labels.chain(program.attached.iter().map(|attached| &attached.label));
        let lowest = Label::lowest(labels.chain([&program.label]));
        let boot = match program.agent.stranger {
            true => Trust::Untrusted,
            false => Trust::User,
        };
        let reminded = self.reminder(pid)?.map(|reminder| reminder.label);
        let lowest = lowest.lowered_to(boot);
        Ok(Label {
            source: format!("process:{pid}"),
            ..match reminded {
                Some(label) => lowest.held_to(label.level()).suspected(label.suspicion),
                None => lowest,
            }
        })
    }

    /// The messages that `from` has sent to `to` with the call `send`, in order. A message may be
    /// made of all that came back before it, including what its sender had by handles only.
    pub(crate) fn messages(&self, from: Pid, to: Pid, send: &str) -> Result<Vec<Message>> {
        let mut all = Label::kernel();
        let sent = |step: StepRow| {
            let args = &step.action["args"];
            let to_it = step.action["tool"] == send && args["process"] == to;
            let text = args["text"].as_str().filter(|_| to_it).map(str::to_owned);
            let outcome = step.outcome?;
            let suspicion = outcome.label.suspicion;
            all = all
                .clone()
                .held_to(outcome.label.level())
                .suspected(suspicion);
            let text = text.filter(|_| outcome.ok)?;
            let source = format!("process:{from}");
            let label = outcome.label.held_to(all.level());
            let label = label.suspected(all.suspicion);
            Some(Message {
                text,
                label: Label { source, ..label },
            })
        };
        Ok(self.steps(from)?.into_iter().filter_map(sent).collect())
    }

    /// How many messages of `from` the process `to` has read, by its calls `wait`.
    pub(crate) fn messages_had(&self, from: Pid, to: Pid, wait: &str) -> Result<usize> {
        let had = |step: &StepRow| {
            let waited = step.action["tool"] == wait && step.action["args"]["process"] == from;
            waited && step.outcome.as_ref().is_some_and(is_a_message)
        };
        Ok(self.steps(to)?.iter().filter(|step| had(step)).count())
    }
}

/// Whether the outcome of a wait is a message, and not the end of a process.
fn is_a_message(outcome: &Outcome) -> bool {
    let said: Option<Value> = serde_json::from_str(&outcome.text).ok();
    outcome.ok && said.is_some_and(|said| said["said"].is_string())
}
