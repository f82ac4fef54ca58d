//! A run as one file: exported from one journal, imported into another.
//!
//! The file has one JSON object a line, `{"chain":HASH,"is":ROW}`. `HASH` is the BLAKE3 hash of
//! the hash before it, in the same 64 hexadecimal digits (none before the first line), and of
//! the bytes of `ROW`. The rows, in this order:
//!
//! | row | what it is |
//! | --- | --- |
//! | `{"run":{…}}` | the process: its number, program, model, times, reminder and end |
//! | `{"picture":{"digest","file"}}` | a picture beside the task: a PNG file in base64 |
//! | `{"text":{"hash","text"}}` | the gate's rules, the odds' worth, or a device, by its hash |
//! | `{"step":{…}}` | a step: action, tokens, ruling, outcome, label |
//! | `{"link":{"kind","n","said"}}` | what was written when, with a piece of the tape |
//! | `{"end":{"rows":N}}` | the last line, after `N` rows |
//!
//! The hashes show damage. They are no proof of who wrote the file: whoever imports a run reads
//! what somebody else says.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::chain;
use super::recording::Origin;
use super::tape::{Piece, Said, hash_of};
use super::{Journal, JournalError, Outcome, Result, StepRow, now_ms, pictures, wrap};
use crate::gate::Ruling;
use crate::label::{Label, Trust};
use crate::process::{Exit, Pid, Program, State, Usage};
use crate::window::reminder::Reminder;

/// Digits of a hash.
const HASH_CHARS: usize = 64;
/// What a line begins with, before its hash.
const BEGINS: &str = "{\"chain\":\"";
/// What stands between the hash and the row.
const BETWEEN: &str = "\",\"is\":";
/// The most bytes of a file that is imported, and of one row of it: rows are read as a whole. In
/// a file of an earlier release the row of a process has its 16 pictures, of 4 MB each.
const IMPORT_BYTES_MAX: u64 = 256 << 20;
const ROW_BYTES_MAX: u64 = 96 << 20;
/// The most pictures of a run that is imported: each is decoded.
const PICTURES_MAX: usize = 64;
/// How often a run is read that is written meanwhile.
const TRIES: usize = 16;
/// Kinds of links.
const KINDS: &[&str] = &["program", "recalled", "exit", "intent", "outcome", "state"];

/// The row of a process.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    version: u32,
    pid: Pid,
    /// As it is written in the journal: pictures stand in it by their digests.
    program: Value,
    model: String,
    created_ms: i64,
    updated_ms: i64,
    recalled: Option<Reminder>,
    exit: Option<Exit>,
}

/// The form of the rows, as it is written now. In version 1 a program has its pictures itself.
const VERSION: u32 = 2;

/// The row of a step.
#[derive(Debug, Serialize, Deserialize)]
struct Step {
    n: u32,
    action: Value,
    usage: Usage,
    decide_ms: u64,
    ruling: Option<Ruling>,
    outcome: Option<Came>,
}

/// What came of a step.
#[derive(Debug, Serialize, Deserialize)]
struct Came {
    text: String,
    ok: bool,
    label: Label,
    ms: u64,
}

/// A link.
#[derive(Debug, Serialize, Deserialize)]
struct Link {
    kind: String,
    n: u32,
    said: Option<Piece>,
}

/// A row of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Row {
    Run(Box<Run>),
    Picture { digest: String, file: String },
    Text { hash: String, text: String },
    Step(Box<Step>),
    Link(Link),
    End { rows: usize },
}

impl Journal {
    /// Writes all that is kept of `pid` to `out`.
    ///
    /// # Errors
    /// When somebody changed it, or it cannot be read or written.
    pub fn export(&self, pid: Pid, out: &mut dyn Write) -> Result<()> {
        // A machine may write it meanwhile: it is taken as it was in one moment.
        let mut links = self.links(pid)?.len();
        for _ in 0..TRIES {
            self.verify(pid)?;
            let rows = self.rows_of(pid)?;
            let now = self.links(pid)?.len();
            if now == links {
                return write(rows, out);
            }
            links = now;
        }
        let busy = "a machine writes it all the time; stop the process first";
        Err(JournalError::Transfer(io::Error::other(busy)))
    }

    /// All that is kept of `pid`, as rows of a file.
    fn rows_of(&self, pid: Pid) -> Result<Vec<Row>> {
        let mut rows = vec![self.run_row(pid)?];
        for (digest, file) in self.pictures(pid)? {
            let file = BASE64_STANDARD.encode(file);
            rows.push(Row::Picture { digest, file });
        }
        for (hash, text) in self.texts(pid)? {
            rows.push(Row::Text { hash, text });
        }
        let rulings = self.rulings(pid)?;
        for step in self.steps(pid)? {
            let ruling = rulings.iter().find(|(n, _)| *n == step.n);
            rows.push(step_row(step, ruling.map(|(_, ruling)| ruling.clone())));
        }
        for (kind, n, said) in self.links(pid)? {
            let said = said.map(|said| serde_json::from_str(&said)).transpose()?;
            rows.push(Row::Link(Link { kind, n, said }));
        }
        rows.push(Row::End { rows: rows.len() });
        Ok(rows)
    }

    fn run_row(&self, pid: Pid) -> Result<Row> {
        let (mut program, _) = self.program_as::<Value>(pid)?;
        let row = self.process(pid)?;
        let origin = self.origin(pid)?;
        let number = origin.as_ref().map_or(pid, |origin| origin.pid);
        if let Some(origin) = origin {
            program["label"] = serde_json::to_value(origin.label)?;
        }
        Ok(Row::Run(Box::new(Run {
            version: VERSION,
            pid: number,
            program,
            model: row.model,
            created_ms: row.created_ms,
            updated_ms: row.updated_ms,
            recalled: self.reminder(pid)?,
            exit: row.exit,
        })))
    }

    /// Reads a process that [`Journal::export`] wrote, and gives it a number of its own. It is
    /// over, its task is untrusted, and it can only be looked at and replayed.
    ///
    /// # Errors
    /// [`JournalError::Import`] with the line that is damaged; nothing was imported then.
    pub fn import(&self, file: &mut dyn BufRead) -> Result<Pid> {
        let (rows, chain) = read(file)?;
        self.change_with(|journal, change| {
            let mut process = None;
            for (at, row) in rows.into_iter().enumerate() {
                let put = journal.put(change, &mut process, row, &chain);
                put.map_err(|problem| problem.at(at + 1))?;
            }
            let process = process.ok_or_else(|| Problem::Words("it has no process").at(1))?;
            match process.missing.is_empty() {
                true => Ok(process.pid),
                false => Err(Problem::Words("a picture beside its task is missing").at(1)),
            }
        })
    }

    /// Puts one row of a file into the tables.
    fn put(
        &self,
        change: &Transaction<'_>,
        process: &mut Option<Process>,
        row: Row,
        chain: &str,
    ) -> std::result::Result<(), Problem> {
        let pid = process.as_ref().map(|process| process.pid);
        match (row, pid) {
            (Row::Run(run), None) => *process = Some(put_run(change, *run, chain)?),
            (Row::Picture { digest, file }, Some(pid)) => {
                let is_named = process
                    .as_mut()
                    .is_some_and(|process| process.missing.remove(&digest));
                if !is_named {
                    return Err(Problem::Words("no text beside the task names this picture"));
                }
                let file = BASE64_STANDARD.decode(file).ok();
                let file = file.filter(|file| pictures::read(file, &digest).is_some());
                let other = Problem::Words("the picture is not the one of its digest");
                let file = file.ok_or(other)?;
                pictures::keep(change, pid, &digest, || Ok(file))?;
            }
            (Row::Text { hash, text }, Some(pid)) => {
                if hash_of(&text) != hash {
                    return Err(Problem::Words("the text is not the one of its hash"));
                }
                chain::keep(change, pid, &hash, &text)?;
            }
            (Row::Step(step), Some(pid)) => put_step(change, pid, *step)?,
            (Row::Link(link), Some(pid)) => {
                if !KINDS.contains(&link.kind.as_str()) {
                    return Err(Problem::Words("this kind of link is not known"));
                }
                let said = link.said.map(|piece| Said::of(&piece)).transpose()?;
                if let Some(chain) = &self.chain {
                    chain.link(change, pid, &link.kind, link.n, said.as_ref())?;
                }
            }
            (Row::End { .. }, Some(_)) => {}
            _ => return Err(Problem::Words("it is not in its place")),
        }
        Ok(())
    }

    /// Writes what `work` does, all or nothing, and notes the last link of the process.
    fn change_with(
        &self,
        work: impl FnOnce(&Self, &Transaction<'_>) -> Result<Pid>,
    ) -> Result<Pid> {
        let wrap = |error| wrap(&self.path, error);
        let mut connection = self.connection.lock();
        let change = connection.transaction().map_err(wrap)?;
        let pid = work(self, &change)?;
        let head = match &self.chain {
            Some(chain) => Some(chain.link(&change, pid, "state", 0, None).map_err(wrap)?),
            None => None,
        };
        change.commit().map_err(wrap)?;
        self.note_head(pid, head);
        Ok(pid)
    }
}

/// The process that is being imported.
struct Process {
    pid: Pid,
    /// The digests of its pictures that have not come yet.
    missing: BTreeSet<String>,
}

/// Why a row cannot be imported.
enum Problem {
    Words(&'static str),
    Sqlite(rusqlite::Error),
    Json(serde_json::Error),
}

impl Problem {
    fn at(self, line: usize) -> JournalError {
        let reason = match self {
            Problem::Words(words) => words.to_owned(),
            Problem::Sqlite(error) => error.to_string(),
            Problem::Json(error) => error.to_string(),
        };
        JournalError::Import { line, reason }
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Problem::Sqlite(error)
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Problem::Json(error)
    }
}

fn step_row(step: StepRow, ruling: Option<Ruling>) -> Row {
    let came = |outcome: Outcome| Came {
        text: outcome.text,
        ok: outcome.ok,
        label: outcome.label,
        ms: outcome.ms,
    };
    Row::Step(Box::new(Step {
        n: step.n,
        action: step.action,
        usage: step.usage,
        decide_ms: step.decide_ms,
        ruling,
        outcome: step.outcome.map(came),
    }))
}

/// Writes `rows` to `out`, each with the hash of all up to it.
fn write(rows: Vec<Row>, out: &mut dyn Write) -> Result<()> {
    let mut before = String::new();
    for row in rows {
        let row = serde_json::to_string(&row)?;
        before = chained(&before, &row);
        writeln!(out, "{BEGINS}{before}{BETWEEN}{row}}}").map_err(JournalError::Transfer)?;
    }
    Ok(())
}

/// The hash of `row` after the hash `before`.
fn chained(before: &str, row: &str) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(before.as_bytes()).update(row.as_bytes());
    hash.finalize().to_hex().to_string()
}

/// The rows of a file, and the hash of the last one.
fn read(file: &mut dyn BufRead) -> Result<(Vec<Row>, String)> {
    let mut file = io::Read::take(file, IMPORT_BYTES_MAX);
    let (mut rows, mut before) = (Vec::new(), String::new());
    loop {
        let at = rows.len() + 1;
        let damaged = |reason: &str| JournalError::Import {
            line: at,
            reason: reason.to_owned(),
        };
        let mut line = Vec::new();
        io::Read::take(&mut file, ROW_BYTES_MAX)
            .read_until(b'\n', &mut line)
            .map_err(|error| damaged(&error.to_string()))?;
        if line.is_empty() {
            break;
        }
        if line.len() as u64 == ROW_BYTES_MAX && !line.ends_with(b"\n") {
            let mb = ROW_BYTES_MAX >> 20;
            return Err(damaged(&format!("it is longer than {mb} MB")));
        }
        let line = std::str::from_utf8(&line).map_err(|error| damaged(&error.to_string()))?;
        let line = line.trim_end_matches(['\r', '\n']);
        let parts = line.strip_prefix(BEGINS).and_then(|rest| {
            let (hash, rest) = rest.split_at_checked(HASH_CHARS)?;
            Some((hash, rest.strip_prefix(BETWEEN)?.strip_suffix('}')?))
        });
        let (hash, row) = parts.ok_or_else(|| damaged("it is not a row of an exported run"))?;
        before = chained(&before, row);
        if before != hash {
            return Err(damaged("it was changed: its hash is another"));
        }
        let row: Row = serde_json::from_str(row).map_err(|error| damaged(&error.to_string()))?;
        rows.push(row);
    }
    match rows.last() {
        Some(Row::End { rows: n }) if *n + 1 == rows.len() => Ok((rows, before)),
        _ => Err(JournalError::Import {
            line: rows.len() + 1,
            reason: "the file is cut off".to_owned(),
        }),
    }
}

fn put_run(
    change: &Transaction<'_>,
    run: Run,
    chain: &str,
) -> std::result::Result<Process, Problem> {
    if !(1..=VERSION).contains(&run.version) {
        return Err(Problem::Words("its version is not known to this release"));
    }
    let mut program = run.program;
    if !program.is_object() {
        return Err(Problem::Words("its program is none"));
    }
    let Program { label, .. } = serde_json::from_value(program.clone())?;
    let origin = Origin {
        pid: run.pid,
        label,
        chain: chain.to_owned(),
    };
    let label = Label::new(format!("import of process {}", run.pid), Trust::Untrusted);
    program["label"] = serde_json::to_value(label)?;
    let program = program.to_string();
    let missing = pictures::named(&program)?;
    if missing.len() > PICTURES_MAX {
        return Err(Problem::Words("its task has more than 64 pictures"));
    }
    let text = |value: Option<Value>| value.map(|value| value.to_string());
    change.execute(
        "INSERT INTO process
         (program, model, state, exit, created_ms, updated_ms, spent_ms, recalled, imported)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            program,
            run.model,
            State::Exited.as_str(),
            text(run.exit.as_ref().map(|exit| json!(exit))),
            // One that is said to have ended in the future would be kept for good.
            run.created_ms.min(now_ms()),
            run.updated_ms.min(now_ms()),
            run.exit.map_or(0, |exit| exit.ms as i64),
            text(run.recalled.map(|recalled| json!(recalled))),
            serde_json::to_string(&origin)?,
        ],
    )?;
    Ok(Process {
        pid: change.last_insert_rowid(),
        missing,
    })
}

fn put_step(change: &Transaction<'_>, pid: Pid, step: Step) -> std::result::Result<(), Problem> {
    let ruling = step.ruling.map(|ruling| json!(ruling).to_string());
    let outcome = step.outcome.as_ref();
    change.execute(
        "INSERT INTO step
         (pid, n, action, usage, decide_ms, ruling, outcome, ok, label, act_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            pid,
            step.n,
            step.action.to_string(),
            json!(step.usage).to_string(),
            step.decide_ms as i64,
            ruling,
            outcome.map(|came| &came.text),
            outcome.map(|came| came.ok),
            outcome.map(|came| json!(came.label).to_string()),
            outcome.map(|came| came.ms as i64),
        ],
    )?;
    Ok(())
}
