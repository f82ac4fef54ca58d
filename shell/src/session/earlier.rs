//! Conversations that the journal has. Each task of the shell knows the one it came after, so
//! that a conversation is found from its last process on, and goes on from any of them.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use anyhow::Result;
use quipu_kernel::journal::{Journal, JournalError, ProcessRow};
use quipu_kernel::label::{Level, Trust};
use quipu_kernel::process::{Pid, Program, State};
use quipu_tools::state_file;
use serde::{Deserialize, Serialize};

use super::talk::{BEFORE, Talk, Turn};
use crate::config::paths::Paths;
use crate::terminal::output::{one_line, shortened};

/// Turns that are followed back.
const TURNS_MAX: usize = 2_000;
/// Characters of what was asked, in a list.
const LISTED_CHARS: usize = 100;

/// A conversation that was taken back to an earlier turn, and not gone on with yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Undone {
    /// The last task of the shell when that was done; another one makes this void.
    newest: Pid,
    /// Where the conversation goes on; 0 is the beginning.
    head: Pid,
}

/// Where the last conversation goes on: after its last task, or where it was taken back to.
///
/// # Errors
/// When the journal cannot be read.
pub fn head(journal: &Journal, paths: &Paths) -> Result<Option<Pid>> {
    let rows = journal.processes()?;
    let Some(newest) = rows.iter().find(|row| is_turn(row)) else {
        return Ok(None);
    };
    // A note that cannot be read is void.
    let undone: Undone = state_file::read(&note(paths)).unwrap_or_default();
    Ok(match undone.newest == newest.pid {
        true => Some(undone.head).filter(|head| *head > 0),
        false => Some(newest.pid),
    })
}

/// Notes that the last conversation goes on after `head`.
///
/// # Errors
/// When the journal cannot be read or the note not be written.
pub fn note_head(journal: &Journal, paths: &Paths, head: Option<Pid>) -> Result<()> {
    let rows = journal.processes()?;
    let newest = rows.iter().find(|row| is_turn(row)).map(|row| row.pid);
    let undone = Undone {
        newest: newest.unwrap_or(0),
        head: head.unwrap_or(0),
    };
    Ok(state_file::write(&note(paths), &undone)?)
}

fn note(paths: &Paths) -> PathBuf {
    paths.state.join("undone.toml")
}

/// The conversation up to process `head`. A task that came to no answer is not a turn of it.
///
/// # Errors
/// When the journal cannot be read, or has no such process.
pub fn conversation(journal: &Journal, head: Pid) -> Result<Talk> {
    let mut turns = Vec::new();
    let mut at = Some(head);
    while let Some(pid) = at.filter(|_| turns.len() < TURNS_MAX) {
        let program = match journal.program_in_words(pid) {
            // The process was removed, and the turns before it with it.
            Err(JournalError::NoProcess(_)) if pid != head => break,
            program => program?,
        };
        let row = journal.process(pid)?;
        at = before(journal, &row, &program)?;
        if let Some(answer) = row.exit.and_then(|exit| exit.answer) {
            let text = answer.as_str().map(str::to_owned);
            let read = journal.label_of(pid)?;
            let Level { trust, secrecy } = read.level();
            turns.push(Turn {
                pid: Some(pid),
                // Whoever wrote a run that was imported says what he likes of it.
                asked_by: match row.imported {
                    true => Trust::Untrusted,
                    false => asked_by(&program),
                },
                trust,
                secrecy,
                suspicion: read.suspicion,
                answered: text.unwrap_or_else(|| answer.to_string()),
                asked: asked(program),
            });
        }
    }
    turns.reverse();
    Ok(Talk::of(turns))
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// Its last process: the conversation goes on after it.
    pub head: Pid,
    /// The first question, in short.
    pub begins: String,
    /// The last question, in short.
    pub asked: String,
    /// Its tasks, those without an answer too.
    pub turns: usize,
    /// Milliseconds since 1970.
    pub updated_ms: i64,
}

/// The conversations among `rows`, which are all processes, the newest first: one for each turn
/// that no other came after. Those that went apart have their beginning in common.
pub fn listed(rows: &[ProcessRow]) -> Vec<Listed> {
    let turns = || rows.iter().filter(|row| is_turn(row));
    let of: HashMap<Pid, &ProcessRow> = turns().map(|row| (row.pid, row)).collect();
    let gone_on: HashSet<Pid> = turns().filter_map(|row| row.after).collect();
    let short = |row: &ProcessRow| shortened(&one_line(row.asked()), LISTED_CHARS);
    let heads = turns().filter(|row| !gone_on.contains(&row.pid));
    heads
        .map(|head| {
            let (mut first, mut count) = (head, 1);
            // A turn comes after an older one, so this ends.
            while let Some(before) = first.after.filter(|before| *before < first.pid)
                && let Some(before) = of.get(&before)
                && count < TURNS_MAX
            {
                (first, count) = (*before, count + 1);
            }
            Listed {
                head: head.pid,
                begins: short(first),
                asked: short(head),
                turns: count,
                updated_ms: head.updated_ms,
            }
        })
        .collect()
}

/// How far whoever asked what is in `program` is trusted. The prompt of a later turn has the label
/// of all turns before it; only a person's own words stand beside it too.
pub fn asked_by(program: &Program) -> Trust {
    match program.said {
        Some(_) => Trust::User,
        None => program.label.trust.min(Trust::User),
    }
}

/// The question in `program`, without the turns before it.
pub fn asked(program: Program) -> String {
    program.topic.unwrap_or(program.prompt)
}

/// The process of the turn before that of `row`, whose program is `program`.
fn before(journal: &Journal, row: &ProcessRow, program: &Program) -> Result<Option<Pid>> {
    let pid = row.pid;
    match program.after {
        // The numbers in it are those of another journal.
        _ if row.imported => Ok(None),
        Some(after) => Ok(Some(after).filter(|after| (1..pid).contains(after))),
        // Anybody can begin a task with these words; only its user's has the user's before it.
        None if !is_turn(row) || !program.prompt.starts_with(BEFORE) => Ok(None),
        // An earlier release did not note it: it was the task before.
        None => {
            let mut rows = journal.processes()?.into_iter();
            Ok(rows
                .find(|row| row.pid < pid && is_turn(row))
                .map(|row| row.pid))
        }
    }
}

/// Whether a process is a task of a conversation of the machine's user, in the shell or on the
/// page: only these have turns before them, or could. What a stranger began over HTTP is not
/// the user's to go on with, and what was imported is a task of somebody else.
fn is_turn(row: &ProcessRow) -> bool {
    row.branch.is_none() && row.topic.is_some() && !row.of_stranger && !row.imported
}

/// The last task of the shell, if its machine was gone before the task had ended.
///
/// # Errors
/// When the journal cannot be read.
pub fn cut_off(journal: &Journal) -> Result<Option<Pid>> {
    let mut rows = journal.processes()?.into_iter();
    let own = |row: &ProcessRow| row.branch.is_none() && !row.imported && !row.of_stranger;
    let row = rows.find(own);
    // A process of a machine that still runs is not lost, nor is one that goes on by itself.
    let lost = row.filter(|row| row.state == State::Ready && row.topic.is_some());
    Ok(lost.map(|row| row.pid))
}
