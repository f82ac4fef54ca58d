//! The journal: everything a process did, on disk before and after it happens.
//!
//! SQLite in WAL mode with `synchronous=FULL`: what was acknowledged survives a
//! `kill -9` and a power cut. For each step the intent (the action) is written
//! before its effect and the outcome (the observation) after it; a process is
//! resumed from the outcomes, and an intent without one is dealt with by
//! `exec/`.
//!
//! | file | job |
//! | --- | --- |
//! | this one | what is written while a process runs |
//! | `chain` | by which a changed row is noticed |
//! | `tape` | what a process was told, so that it can be run again |
//! | `recording` | all that is there of one process, to run it again |
//! | `rows`, `ruling`, `children` | what is read of processes |
//! | `answers` | what an answer is worth that was given here |
//! | `messages` | messages from outside that wait to be read |
//! | `pictures` | the pictures beside tasks, each kept once |
//! | `fork`, `forget`, `transfer` | copies, removes, exports and imports one |
//! | `program` | what of a program changes after its process was made |
//! | `schema`, `error` | the tables; what can go wrong with them |

mod answers;
mod chain;
mod children;
mod error;
mod forget;
mod fork;
mod messages;
mod pictures;
mod program;
mod recording;
mod rows;
mod ruling;
mod schema;
pub(crate) mod tape;
mod transfer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::Mutex;
use quipu_memory::private;
use rusqlite::{Connection, OpenFlags, Transaction, params};

use crate::gate::Ruling;
use crate::process::{Exit, Pid, Program, State};
use crate::window::reminder::Reminder;
use chain::Chain;
pub(crate) use children::Message;
pub use error::JournalError;
use error::wrap;
pub(crate) use recording::Kept;
pub(crate) use rows::WITH;
use rows::json_column;
pub use rows::{Outcome, ProcessRow, StepRow};
use schema::{SCHEMA_VERSION, migrate, version};
pub use tape::{Difference, Said};

/// How long to wait while another program writes.
const BUSY_MAX: Duration = Duration::from_secs(5);
/// Statements that stay compiled. A step uses some twenty in turn. If fewer are kept (16 by
/// default), each pushes out the one that is needed next.
const STATEMENTS: usize = 64;

/// The journal of one machine.
///
/// What reads fails where the file is damaged or of a newer release, or where there is no such
/// process; what writes also where the disk is full, and then nothing of it is recorded. A method
/// names what else can go wrong.
pub struct Journal {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Makes changed rows noticeable; `None` where nothing is written.
    chain: Option<Chain>,
    /// The mark of a journal in memory.
    passing: [u8; 32],
    /// Processes of the journal that was here before this one was begun.
    gone: usize,
    /// Whether it has rows, and the notes of the last ones are missing.
    is_unnoted: bool,
}

/// A mark that no journal has had.
fn passing() -> [u8; 32] {
    let now = chrono::Utc::now().timestamp_nanos_opt().unwrap_or_default();
    *blake3::hash(format!("{now} {}", std::process::id()).as_bytes()).as_bytes()
}

type Result<T> = std::result::Result<T, JournalError>;

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_MAX)?;
    Ok(connection)
}

impl Journal {
    /// Opens the journal at `path`, creating it when it is not there. `writable`
    /// is for the one machine that runs on this root, which brings a journal of an earlier
    /// release up to date; others only look, and see an empty journal where no machine has made
    /// one yet.
    ///
    /// # Errors
    /// [`JournalError::Older`] where somebody only looks at one of an earlier release, whose
    /// machine may still run; [`JournalError::KeyLost`] where the key is missing that it was
    /// written with; those of the files.
    pub fn open(path: &Path, writable: bool) -> Result<Self> {
        let wrap = |error| wrap(path, error);
        let mut connection = match writable || path.exists() {
            true => connect(path),
            false => Connection::open_in_memory(),
        }
        .map_err(wrap)?;
        if !writable && version(&connection).map_err(wrap)? == 0 {
            // A machine is about to fill the journal, and must not be locked out by a reader.
            connection = Connection::open_in_memory().map_err(wrap)?;
        }
        connection
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;
                 -- On macOS a plain sync leaves the bytes in the cache of the drive.
                 PRAGMA fullfsync=ON;",
            )
            .map_err(wrap)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        let found = version(&connection).map_err(wrap)?;
        if !writable && (1..SCHEMA_VERSION).contains(&found) {
            let path = path.to_owned();
            return Err(JournalError::Older { path, found });
        }
        let gone = match writable && found == 0 {
            true => chain::begin(path)?,
            false => 0,
        };
        let has_links = chain::has_links(&connection).map_err(wrap)?;
        let is_noted = chain::is_noted(path);
        // Who only looks misses the processes of a file that is gone.
        let chain = match path.exists() || (!writable && is_noted) {
            true => Some(Chain::open(path, writable, has_links)?),
            false => None,
        };
        if found != SCHEMA_VERSION {
            migrate(path, &mut connection, chain.as_ref())?;
        }
        if writable {
            schema::index(&connection).map_err(wrap)?;
            // SQLite syncs the name of its log when it makes one, but not when one was left by a
            // killed program.
            let synced = private::sync_name(path);
            synced.map_err(|source| JournalError::Unsynced {
                path: path.to_owned(),
                source,
            })?;
        }
        Ok(Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
            chain,
            passing: passing(),
            gone,
            is_unnoted: has_links && !is_noted,
        })
    }

    /// Whether the notes of what was written last are missing, though there is something: whether
    /// the last rows were removed cannot be known then. A machine notes anew what it writes.
    pub fn is_unnoted(&self) -> bool {
        self.is_unnoted
    }

    /// How many processes the journal had that was here before this one was begun: somebody
    /// moved, removed or emptied its file.
    pub fn gone(&self) -> usize {
        self.gone
    }

    /// A journal in memory, for tests.
    pub fn in_memory() -> Result<Self> {
        Self::open(Path::new(":memory:"), false)
    }

    /// Marks what an earlier machine left running as ready to be resumed, and
    /// returns those processes. Only the holder of the machine's lock may call it.
    pub fn recover(&self) -> Result<Vec<Pid>> {
        let left = self.pids("state IN ('running','blocked')")?;
        for pid in &left {
            self.change(None, |change| {
                change.execute("UPDATE process SET state='ready' WHERE pid=?1", [pid])?;
                Ok((*pid, forget_end(change, *pid)?, 0))
            })?;
        }
        Ok(left)
    }

    /// The processes that were suspended when their machine stopped, oldest first.
    pub fn suspended(&self) -> Result<Vec<Pid>> {
        self.pids("state='suspended'")
    }

    /// The processes that a crash cut off, or that nobody has begun, oldest first. A child goes on
    /// with its parent, and a branch of a deliberation not at all.
    pub fn cut_off(&self) -> Result<Vec<Pid>> {
        self.pids(
            "state='ready' AND exit IS NULL AND imported IS NULL AND parent IS NULL
             AND json_extract(program, '$.branch') IS NULL",
        )
    }

    /// The processes that satisfy `condition`, the oldest first.
    fn pids(&self, condition: &str) -> Result<Vec<Pid>> {
        let found = pids(&self.connection.lock(), condition);
        found.map_err(|error| wrap(&self.path, error))
    }

    /// Records a new process and gives it its number.
    pub fn create(&self, program: &Program, model: &str) -> Result<Pid> {
        let now = now_ms();
        let row = serde_json::to_string(program)?;
        let parent = program.child_of.map(|child_of| child_of.pid);
        let files = self.new_files(program)?;
        self.change(None, |change| {
            change.execute(
                "INSERT INTO process (program, model, state, created_ms, updated_ms, parent) VALUES (?1, ?2, 'ready', ?3, ?3, ?4)",
                params![row, model, now, parent],
            )?;
            let pid = change.last_insert_rowid();
            pictures::keep_all(change, pid, program, files)?;
            Ok((pid, "program", 0))
        })
    }

    /// Records what `pid` is reminded of before its first step.
    pub fn set_reminder(&self, pid: Pid, reminder: &Reminder) -> Result<()> {
        let reminder = serde_json::to_string(reminder)?;
        self.change(None, |change| {
            let sql = "UPDATE process SET recalled=?2 WHERE pid=?1";
            change.execute(sql, params![pid, reminder])?;
            Ok((pid, "recalled", 0))
        })
        .map(drop)
    }

    /// Records the state of `pid`, which runs or waits, and the time that it has spent, in
    /// milliseconds.
    pub fn set_state(&self, pid: Pid, state: State, spent_ms: u64) -> Result<()> {
        let sql = "UPDATE process SET state=?2, spent_ms=?3, updated_ms=?4 WHERE pid=?1";
        self.change(None, |change| {
            let mut row = change.prepare_cached(sql)?;
            row.execute(params![pid, state.as_str(), spent_ms as i64, now_ms()])?;
            Ok((pid, forget_end(change, pid)?, 0))
        })
        .map(drop)
    }

    /// Records the end of `pid`, with a piece of its tape. An interrupted process stays ready to
    /// be resumed.
    pub fn exit(&self, pid: Pid, state: State, exit: &Exit, said: Option<Said>) -> Result<()> {
        let (state, ms) = (state.as_str(), exit.ms as i64);
        let exit = serde_json::to_string(exit)?;
        self.change(said, |change| {
            let sql =
                "UPDATE process SET state=?2, exit=?3, spent_ms=?4, updated_ms=?5 WHERE pid=?1";
            change.execute(sql, params![pid, state, exit, ms, now_ms()])?;
            Ok((pid, "exit", 0))
        })
        .map(drop)
    }

    /// Records what a step is about to do, before it is done, with the ruling on it and a piece
    /// of the tape.
    pub fn intent(
        &self,
        pid: Pid,
        step: &StepRow,
        ruling: Option<&Ruling>,
        said: Option<Said>,
    ) -> Result<()> {
        let usage = serde_json::to_string(&step.usage)?;
        let ruling = ruling.map(serde_json::to_string).transpose()?;
        let (n, action, ms) = (step.n, step.action.to_string(), step.decide_ms as i64);
        self.change(said, |change| {
            let mut row = change.prepare_cached(
                "INSERT OR REPLACE INTO step (pid, n, action, usage, decide_ms, ruling) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            row.execute(params![pid, n, action, usage, ms, ruling])?;
            Ok((pid, "intent", n))
        })
        .map(drop)
    }

    /// Records the outcome of a step, the time that its process has spent by then in
    /// milliseconds, and a piece of the tape.
    pub fn outcome(
        &self,
        pid: Pid,
        n: u32,
        outcome: &Outcome,
        spent_ms: u64,
        said: Option<Said>,
    ) -> Result<()> {
        let label = serde_json::to_string(&outcome.label)?;
        let step = "UPDATE step SET outcome=?3, ok=?4, label=?5, act_ms=?6 WHERE pid=?1 AND n=?2";
        let process = "UPDATE process SET spent_ms=?2, updated_ms=?3 WHERE pid=?1";
        let ms = outcome.ms as i64;
        self.change(said, |change| {
            let mut step = change.prepare_cached(step)?;
            step.execute(params![pid, n, outcome.text, outcome.ok, label, ms])?;
            let mut process = change.prepare_cached(process)?;
            process.execute(params![pid, spent_ms as i64, now_ms()])?;
            messages::taken(change, pid, n, outcome)?;
            Ok((pid, "outcome", n))
        })
        .map(drop)
    }

    /// A value that no other journal has, the same for each machine on it. In memory it is
    /// random, and gone with the journal.
    pub(crate) fn mark(&self) -> [u8; 32] {
        self.chain.as_ref().map_or(self.passing, |chain| chain.mark)
    }

    /// Whether the journal keeps the tapes of processes. In memory it does not.
    pub(crate) fn keeps_tapes(&self) -> bool {
        self.chain.is_some()
    }

    /// Runs `work` in a transaction, and adds the link of the chain for the process, the kind of
    /// row and the step that it returns, with a piece of the tape.
    fn change(
        &self,
        said: Option<Said>,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<(Pid, &'static str, u32)>,
    ) -> Result<Pid> {
        let wrap = |error| wrap(&self.path, error);
        let mut connection = self.connection.lock();
        let change = connection.transaction().map_err(wrap)?;
        let (pid, kind, n) = work(&change).map_err(wrap)?;
        let linked = self.chain.as_ref();
        let linked = linked.map(|chain| chain.link(&change, pid, kind, n, said.as_ref()));
        let head = linked.transpose().map_err(wrap)?;
        change.commit().map_err(wrap)?;
        self.note_head(pid, head);
        Ok(pid)
    }

    fn note_head(&self, pid: Pid, head: Option<chain::Mac>) {
        if let (Some(chain), Some(head)) = (&self.chain, head) {
            chain.heads.note(pid, &head);
        }
    }
}

/// The processes that satisfy `condition`, the oldest first.
fn pids(connection: &Connection, condition: &str) -> rusqlite::Result<Vec<Pid>> {
    let sql = format!("SELECT pid FROM process WHERE {condition} ORDER BY pid");
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

/// Forgets how `pid` ended before it was taken up again: that says nothing of how it stands since.
/// Returns the kind of the link for this change.
fn forget_end(change: &Connection, pid: Pid) -> rusqlite::Result<&'static str> {
    let sql = "UPDATE process SET exit=NULL WHERE pid=?1 AND exit IS NOT NULL";
    Ok(match change.prepare_cached(sql)?.execute([pid])? {
        0 => "state",
        _ => "exit",
    })
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}
