//! What is read of processes: their rows, their steps, what they were told at the start.

use rusqlite::OptionalExtension;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Journal, JournalError, Result, wrap};
use crate::label::Label;
use crate::process::{Branch, ChildOf, Exit, Pid, Program, Secrecy, State, Status, Usage};
use crate::window::reminder::Reminder;

/// One line of `quipu ps`.
#[derive(Clone, Debug, Serialize)]
pub struct ProcessRow {
    /// The process.
    pub pid: Pid,
    /// Its state as last written.
    pub state: State,
    /// Steps with an outcome.
    pub steps: u32,
    /// The agent's name.
    pub agent: String,
    /// The task.
    pub prompt: String,
    /// What was asked, where the task holds more, such as the turns before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The process of the turn before, where it is one of a conversation; 0 where that turn was no
    /// process here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Pid>,
    /// Which branch of a deliberation it is, beside the first. An imported process is no branch
    /// of a process here, whatever it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    /// The process that started it, if one here did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_of: Option<ChildOf>,
    /// Whether whoever started it may not learn everything that its machine's user may.
    #[serde(skip)]
    pub of_stranger: bool,
    /// Higher runs first.
    pub priority: i8,
    /// The model it ran on.
    pub model: String,
    /// Milliseconds since 1970.
    pub created_ms: i64,
    /// Milliseconds since 1970.
    pub updated_ms: i64,
    /// How it ended. A stopped process has this until it is resumed.
    pub exit: Option<Exit>,
    /// Whether it ran elsewhere and was imported.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
}

impl ProcessRow {
    /// The task in its shortest form.
    pub fn asked(&self) -> &str {
        self.topic.as_ref().unwrap_or(&self.prompt)
    }

    /// The word for its state, everywhere. A process that was stopped, and is resumed only when
    /// told, is interrupted. One that a crash cut off is ready, whether or not it had been
    /// resumed before.
    pub fn state_word(&self) -> &'static str {
        match &self.exit {
            Some(_) if self.state == State::Ready => Status::Interrupted.as_str(),
            _ => self.state.as_str(),
        }
    }

    /// One word for how it stands: its state or, once it has exited, how it ended.
    pub fn standing(&self) -> &'static str {
        match &self.exit {
            Some(exit) if self.state == State::Exited => exit.status.as_str(),
            _ => self.state_word(),
        }
    }
}

/// Marks the action of a call that was decided together with the one before it.
pub(crate) const WITH: &str = "with";

/// One step as it is in the journal.
#[derive(Clone, Debug, Serialize)]
pub struct StepRow {
    /// The step, from 1.
    pub n: u32,
    /// The action.
    pub action: Value,
    /// What deciding it cost.
    pub usage: Usage,
    /// Time to decide, in milliseconds.
    pub decide_ms: u64,
    /// The outcome; `None` when the machine stopped before it was recorded.
    pub outcome: Option<Outcome>,
}

/// What came back from a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The whole observation.
    pub text: String,
    /// False when it tells of a failure.
    pub ok: bool,
    /// Where it came from.
    pub label: Label,
    /// Time the world took, in milliseconds.
    pub ms: u64,
}

/// The parts of a program that a [`ProcessRow`] has. What stands beside the task is skipped:
/// texts may be long, and a list has many rows.
#[derive(Deserialize)]
struct Listed {
    agent: Named,
    prompt: String,
    topic: Option<String>,
    after: Option<Pid>,
    branch: Option<Branch>,
    child_of: Option<ChildOf>,
    clearance: Option<Secrecy>,
    priority: i8,
}

#[derive(Default, Deserialize)]
struct Named {
    name: String,
}

impl Listed {
    /// What is listed for a program that cannot be read.
    fn damaged() -> Self {
        Self {
            agent: Named::default(),
            prompt: "(damaged)".to_owned(),
            topic: None,
            after: None,
            branch: None,
            child_of: None,
            clearance: None,
            priority: 0,
        }
    }
}

impl Journal {
    /// The program of `pid`, with the milliseconds it has spent.
    pub fn program(&self, pid: Pid) -> Result<(Program, u64)> {
        let (row, spent_ms) = self.program_row(pid)?;
        let mut program = serde_json::from_str(&row)?;
        self.hang(pid, &row, &mut program)?;
        Ok((program, spent_ms))
    }

    /// The same without the pictures beside the task, which take long to read.
    pub fn program_in_words(&self, pid: Pid) -> Result<Program> {
        Ok(self.program_as(pid)?.0)
    }

    /// The same, of which only the fields of `T` are read.
    pub(super) fn program_as<T: DeserializeOwned>(&self, pid: Pid) -> Result<(T, u64)> {
        let (row, spent_ms) = self.program_row(pid)?;
        Ok((serde_json::from_str(&row)?, spent_ms))
    }

    /// The program of `pid` as it is written.
    fn program_row(&self, pid: Pid) -> Result<(String, u64)> {
        let row: Option<(String, i64)> = self
            .connection
            .lock()
            .prepare_cached("SELECT program, spent_ms FROM process WHERE pid=?1")
            .and_then(|mut statement| {
                statement.query_row([pid], |row| Ok((row.get(0)?, row.get(1)?)))
            })
            .optional()
            .map_err(|error| wrap(&self.path, error))?;
        let (program, spent) = row.ok_or(JournalError::NoProcess(pid))?;
        Ok((program, spent as u64))
    }

    /// What `pid` was reminded of; `None` where there was no reminder.
    pub fn reminder(&self, pid: Pid) -> Result<Option<Reminder>> {
        let text: Option<Option<String>> = self
            .connection
            .lock()
            .prepare_cached("SELECT recalled FROM process WHERE pid=?1")
            .and_then(|mut statement| statement.query_row([pid], |row| row.get(0)))
            .optional()
            .map_err(|error| wrap(&self.path, error))?;
        let reminder = text.flatten().map(|text| serde_json::from_str(&text));
        Ok(reminder.transpose()?)
    }

    /// The steps of `pid`, in order.
    pub fn steps(&self, pid: Pid) -> Result<Vec<StepRow>> {
        let connection = self.connection.lock();
        let mut statement = connection
            .prepare_cached("SELECT n, action, usage, decide_ms, outcome, ok, label, act_ms FROM step WHERE pid=?1 ORDER BY n")
            .map_err(|error| wrap(&self.path, error))?;
        let rows = statement.query_map([pid], |row| {
            let outcome: Option<String> = row.get(4)?;
            Ok(StepRow {
                n: row.get(0)?,
                action: json_column(row, 1)?,
                usage: json_column(row, 2)?,
                decide_ms: row.get::<_, i64>(3)? as u64,
                outcome: match outcome {
                    None => None,
                    Some(text) => Some(Outcome {
                        text,
                        ok: row.get(5)?,
                        label: json_column(row, 6)?,
                        ms: row.get::<_, i64>(7)? as u64,
                    }),
                },
            })
        });
        rows.and_then(|rows| rows.collect())
            .map_err(|error| wrap(&self.path, error))
    }

    /// All processes, newest first.
    pub fn processes(&self) -> Result<Vec<ProcessRow>> {
        self.rows("ORDER BY pid DESC", [])
    }

    /// The process `pid`.
    ///
    /// # Errors
    /// [`JournalError::NoProcess`] where there is none of this number.
    pub fn process(&self, pid: Pid) -> Result<ProcessRow> {
        let row = self.rows("WHERE pid=?1", [pid])?.pop();
        row.ok_or(JournalError::NoProcess(pid))
    }

    /// The processes that `which` selects, the end of a query.
    pub(super) fn rows(
        &self,
        which: &str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<ProcessRow>> {
        let connection = self.connection.lock();
        let query = format!(
            "SELECT pid, state, program, model, created_ms, updated_ms, exit,
                imported IS NOT NULL,
                (SELECT count(*) FROM step WHERE step.pid=process.pid AND outcome IS NOT NULL)
             FROM process {which}"
        );
        let mut statement = connection
            .prepare_cached(&query)
            .map_err(|error| wrap(&self.path, error))?;
        let rows = statement.query_map(values, |row| {
            // A damaged row does not hide the others.
            let program: Listed = json_column(row, 2).unwrap_or_else(|_| Listed::damaged());
            let exit: Option<String> = row.get(6).unwrap_or_default();
            let imported: bool = row.get(7)?;
            Ok(ProcessRow {
                pid: row.get(0)?,
                state: State::of(&row.get::<_, String>(1).unwrap_or_default()),
                imported,
                steps: row.get(8)?,
                agent: program.agent.name,
                prompt: program.prompt,
                topic: program.topic,
                after: program.after.filter(|_| !imported),
                branch: program.branch.filter(|_| !imported),
                child_of: program.child_of.filter(|_| !imported),
                of_stranger: program.clearance.is_some(),
                priority: program.priority,
                model: row.get(3).unwrap_or_default(),
                created_ms: row.get(4).unwrap_or_default(),
                updated_ms: row.get(5).unwrap_or_default(),
                exit: exit.and_then(|text| serde_json::from_str(&text).ok()),
            })
        });
        rows.and_then(|rows| rows.collect())
            .map_err(|error| wrap(&self.path, error))
    }
}

pub(super) fn json_column<T: DeserializeOwned>(
    row: &rusqlite::Row<'_>,
    index: usize,
) -> rusqlite::Result<T> {
    let text: String = row.get(index)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            index,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}
