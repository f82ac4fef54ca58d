//! The journal: everything a process did, on disk before and after it happens.
//!
//! SQLite in WAL mode with `synchronous=FULL`: what was acknowledged survives a
//! `kill -9` and a power cut. For each step the intent (the action) is written
//! before its effect and the outcome (the observation) after it; a process is
//! resumed from the outcomes, and an intent without one is dealt with by
//! `exec/`.

mod chain;
mod error;
mod forget;
mod fork;
mod program;
mod ruling;

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};
use serde::Serialize;
use serde_json::Value;

use crate::gate::Ruling;
use crate::label::Label;
use crate::process::{Branch, Exit, Pid, Program, State, Usage};
use crate::window::reminder::Reminder;
use chain::Chain;
pub use error::JournalError;
use error::wrap;

/// How long another program's write is waited for.
const BUSY_MAX: Duration = Duration::from_secs(5);

const SCHEMA_VERSION: i32 = 3;
const SCHEMA: &str = "
    CREATE TABLE process (
        pid INTEGER PRIMARY KEY AUTOINCREMENT,
        program TEXT NOT NULL,
        model TEXT NOT NULL,
        state TEXT NOT NULL,
        exit TEXT,
        created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL,
        spent_ms INTEGER NOT NULL DEFAULT 0,
        recalled TEXT
    );
    CREATE TABLE step (
        pid INTEGER NOT NULL REFERENCES process(pid),
        n INTEGER NOT NULL,
        action TEXT NOT NULL,
        usage TEXT NOT NULL,
        decide_ms INTEGER NOT NULL,
        outcome TEXT,
        ok INTEGER,
        label TEXT,
        act_ms INTEGER,
        ruling TEXT,
        PRIMARY KEY (pid, n)
    );";

/// Version 1 knew no recalled pages.
const FROM_1: &str = "ALTER TABLE process ADD COLUMN recalled TEXT;";
/// Version 2 knew no rulings, and did not chain its rows.
const FROM_2: &str = "ALTER TABLE step ADD COLUMN ruling TEXT;";

/// The journal of one machine.
pub struct Journal {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// By which a changed row is noticed; none where nothing is written.
    chain: Option<Chain>,
}

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
    /// Which branch of a deliberation it is, if it is one beside the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    /// Higher runs first.
    pub priority: i8,
    /// The model it ran on.
    pub model: String,
    /// Milliseconds since 1970.
    pub created_ms: i64,
    /// Milliseconds since 1970.
    pub updated_ms: i64,
    /// How it ended, if it has.
    pub exit: Option<Exit>,
}

impl ProcessRow {
    /// The task in its shortest form.
    pub fn asked(&self) -> &str {
        self.topic.as_ref().unwrap_or(&self.prompt)
    }
}

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
    /// What came back; `None` when the machine stopped before it was known.
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

type Result<T> = std::result::Result<T, JournalError>;

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_MAX)?;
    Ok(connection)
}

fn version(connection: &Connection) -> rusqlite::Result<i32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings the tables to `SCHEMA_VERSION`, from nothing or from an older version: from
/// the one that is there when nobody else can change it.
fn migrate(path: &Path, connection: &mut Connection, chain: Option<&Chain>) -> Result<()> {
    let wrap = |error| wrap(path, error);
    let change = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(wrap)?;
    let (tables, older) = match version(&change).map_err(wrap)? {
        SCHEMA_VERSION => return Ok(()),
        0 => (SCHEMA.to_owned(), false),
        1 => ([FROM_1, FROM_2].concat(), true),
        2 => (FROM_2.to_owned(), true),
        found => {
            let path = path.to_owned();
            return Err(JournalError::Version { path, found });
        }
    };
    change
        .execute_batch(&(tables + chain::TABLE))
        .map_err(wrap)?;
    if let (true, Some(chain)) = (older, chain) {
        // What an earlier release wrote is taken as it is found now.
        chain.take_in(&change).map_err(wrap)?;
    }
    change
        .pragma_update(None, "user_version", SCHEMA_VERSION)
        .and_then(|()| change.commit())
        .map_err(wrap)
}

impl Journal {
    /// Opens the journal at `path`, creating it when it is not there. `writable`
    /// is for the one machine that runs on this root; others only look, and see an
    /// empty journal where no machine has made one yet.
    pub fn open(path: &Path, writable: bool) -> Result<Self> {
        let wrap = |error| wrap(path, error);
        let mut connection = match writable || path.exists() {
            true => connect(path),
            false => Connection::open_in_memory(),
        }
        .map_err(wrap)?;
        if !writable && version(&connection).map_err(wrap)? == 0 {
            // A machine is about to fill it, and must not meet somebody else who does.
            connection = Connection::open_in_memory().map_err(wrap)?;
        }
        connection
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            )
            .map_err(wrap)?;
        let found = version(&connection).map_err(wrap)?;
        // Whoever brings an older one up to date makes its links.
        let writes = writable || (1..SCHEMA_VERSION).contains(&found);
        let chain = match path.exists() {
            true => Some(Chain::open(path, writes)?),
            false => None,
        };
        if found != SCHEMA_VERSION {
            migrate(path, &mut connection, chain.as_ref())?;
        }
        Ok(Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
            chain,
        })
    }

    /// A journal in memory, for tests.
    pub fn in_memory() -> Result<Self> {
        Self::open(Path::new(":memory:"), false)
    }

    /// Marks what an earlier machine left running as ready to be resumed, and
    /// returns those processes. Only the holder of the machine's lock may call it.
    pub fn recover(&self) -> Result<Vec<Pid>> {
        let connection = self.connection.lock();
        let mut statement = connection
            .prepare("UPDATE process SET state='ready' WHERE state IN ('running','blocked') RETURNING pid")
            .map_err(|error| wrap(&self.path, error))?;
        let rows = statement.query_map([], |row| row.get(0));
        rows.and_then(|rows| rows.collect())
            .map_err(|error| wrap(&self.path, error))
    }

    /// The processes that wait for the next machine since theirs was stopped; the oldest
    /// first.
    pub fn suspended(&self) -> Result<Vec<Pid>> {
        let connection = self.connection.lock();
        let mut statement = connection
            .prepare("SELECT pid FROM process WHERE state='suspended' ORDER BY pid")
            .map_err(|error| wrap(&self.path, error))?;
        let rows = statement.query_map([], |row| row.get(0));
        rows.and_then(|rows| rows.collect())
            .map_err(|error| wrap(&self.path, error))
    }

    /// Records a new process and gives it its number.
    pub fn create(&self, program: &Program, model: &str) -> Result<Pid> {
        let now = now_ms();
        let program = serde_json::to_string(program)?;
        self.change(|change| {
            change.execute(
                "INSERT INTO process (program, model, state, created_ms, updated_ms) VALUES (?1, ?2, 'ready', ?3, ?3)",
                params![program, model, now],
            )?;
            Ok((change.last_insert_rowid(), Some(("program", 0))))
        })
    }

    /// The program of `pid`, with the milliseconds it has spent.
    pub fn program(&self, pid: Pid) -> Result<(Program, u64)> {
        let row: Option<(String, i64)> = self
            .connection
            .lock()
            .query_row(
                "SELECT program, spent_ms FROM process WHERE pid=?1",
                [pid],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(|error| wrap(&self.path, error))?;
        let (program, spent) = row.ok_or(JournalError::NoProcess(pid))?;
        Ok((serde_json::from_str(&program)?, spent as u64))
    }

    /// Records what `pid` is reminded of before its first step.
    pub fn set_reminder(&self, pid: Pid, reminder: &Reminder) -> Result<()> {
        let reminder = serde_json::to_string(reminder)?;
        self.change(|change| {
            let sql = "UPDATE process SET recalled=?2 WHERE pid=?1";
            change.execute(sql, params![pid, reminder])?;
            Ok((pid, Some(("recalled", 0))))
        })
        .map(drop)
    }

    /// What `pid` was reminded of; `None` when it was of nothing.
    pub fn reminder(&self, pid: Pid) -> Result<Option<Reminder>> {
        let text: Option<Option<String>> = self
            .connection
            .lock()
            .query_row("SELECT recalled FROM process WHERE pid=?1", [pid], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|error| wrap(&self.path, error))?;
        let reminder = text.flatten().map(|text| serde_json::from_str(&text));
        Ok(reminder.transpose()?)
    }

    /// Writes the state of `pid` and the time it has spent.
    pub fn set_state(&self, pid: Pid, state: State, spent_ms: u64) -> Result<()> {
        self.execute(
            "UPDATE process SET state=?2, spent_ms=?3, updated_ms=?4 WHERE pid=?1",
            params![pid, state.as_str(), spent_ms as i64, now_ms()],
        )
    }

    /// Writes the end of `pid`. An interrupted process stays ready to be resumed.
    pub fn exit(&self, pid: Pid, state: State, exit: &Exit) -> Result<()> {
        let (state, ms) = (state.as_str(), exit.ms as i64);
        let exit = serde_json::to_string(exit)?;
        self.change(|change| {
            let sql =
                "UPDATE process SET state=?2, exit=?3, spent_ms=?4, updated_ms=?5 WHERE pid=?1";
            change.execute(sql, params![pid, state, exit, ms, now_ms()])?;
            Ok((pid, Some(("exit", 0))))
        })
        .map(drop)
    }

    /// Records what a step is about to do, before it does it, and what was ruled on it.
    pub fn intent(&self, pid: Pid, step: &StepRow, ruling: Option<&Ruling>) -> Result<()> {
        let usage = serde_json::to_string(&step.usage)?;
        let ruling = ruling.map(serde_json::to_string).transpose()?;
        let (n, action, ms) = (step.n, step.action.to_string(), step.decide_ms as i64);
        self.change(|change| {
            let mut row = change.prepare_cached(
                "INSERT OR REPLACE INTO step (pid, n, action, usage, decide_ms, ruling) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            row.execute(params![pid, n, action, usage, ms, ruling])?;
            Ok((pid, Some(("intent", n))))
        })
        .map(drop)
    }

    /// Records what came of a step, and the time its process has spent by then.
    pub fn outcome(&self, pid: Pid, n: u32, outcome: &Outcome, spent_ms: u64) -> Result<()> {
        let label = serde_json::to_string(&outcome.label)?;
        let step = "UPDATE step SET outcome=?3, ok=?4, label=?5, act_ms=?6 WHERE pid=?1 AND n=?2";
        let process = "UPDATE process SET spent_ms=?2, updated_ms=?3 WHERE pid=?1";
        let ms = outcome.ms as i64;
        self.change(|change| {
            let mut step = change.prepare_cached(step)?;
            step.execute(params![pid, n, outcome.text, outcome.ok, label, ms])?;
            let mut process = change.prepare_cached(process)?;
            process.execute(params![pid, spent_ms as i64, now_ms()])?;
            Ok((pid, Some(("outcome", n))))
        })
        .map(drop)
    }

    /// The steps of `pid`, in order.
    pub fn steps(&self, pid: Pid) -> Result<Vec<StepRow>> {
        let connection = self.connection.lock();
        let mut statement = connection
            .prepare("SELECT n, action, usage, decide_ms, outcome, ok, label, act_ms FROM step WHERE pid=?1 ORDER BY n")
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
    fn rows(&self, which: &str, values: impl rusqlite::Params) -> Result<Vec<ProcessRow>> {
        let connection = self.connection.lock();
        let query = format!(
            "SELECT pid, state, program, model, created_ms, updated_ms, exit,
                (SELECT count(*) FROM step WHERE step.pid=process.pid AND outcome IS NOT NULL)
             FROM process {which}"
        );
        let mut statement = connection
            .prepare(&query)
            .map_err(|error| wrap(&self.path, error))?;
        let rows = statement.query_map(values, |row| {
            let program: Program = json_column(row, 2)?;
            let exit: Option<String> = row.get(6)?;
            Ok(ProcessRow {
                pid: row.get(0)?,
                state: State::of(&row.get::<_, String>(1)?),
                steps: row.get(7)?,
                agent: program.agent.name,
                prompt: program.prompt,
                topic: program.topic,
                branch: program.branch,
                priority: program.priority,
                model: row.get(3)?,
                created_ms: row.get(4)?,
                updated_ms: row.get(5)?,
                exit: exit.and_then(|text| serde_json::from_str(&text).ok()),
            })
        });
        rows.and_then(|rows| rows.collect())
            .map_err(|error| wrap(&self.path, error))
    }

    /// Writes what `work` does and the link of the chain it names, for the process it names:
    /// both or neither.
    fn change(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<(Pid, Option<(&'static str, u32)>)>,
    ) -> Result<Pid> {
        let wrap = |error| wrap(&self.path, error);
        let mut connection = self.connection.lock();
        let change = connection.transaction().map_err(wrap)?;
        let (pid, link) = work(&change).map_err(wrap)?;
        let head = match (&self.chain, link) {
            (Some(chain), Some((kind, n))) => {
                Some(chain.link(&change, pid, kind, n).map_err(wrap)?)
            }
            _ => None,
        };
        change.commit().map_err(wrap)?;
        self.note_head(pid, head);
        Ok(pid)
    }

    fn note_head(&self, pid: Pid, head: Option<chain::Mac>) {
        if let (Some(chain), Some(head)) = (&self.chain, head) {
            chain.note(pid, &head);
        }
    }

    fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<()> {
        let connection = self.connection.lock();
        let statement = connection.prepare_cached(sql);
        statement
            .and_then(|mut statement| statement.execute(params))
            .map(drop)
            .map_err(|error| wrap(&self.path, error))
    }
}

fn json_column<T: serde::de::DeserializeOwned>(
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

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}
