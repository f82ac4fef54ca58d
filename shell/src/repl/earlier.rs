//! Conversations that the journal has: the last one is taken up again.

use anyhow::Result;
use quipu_kernel::journal::Journal;
use quipu_kernel::label::Trust;
use quipu_kernel::process::{Pid, Program, State};

use super::talk::{BEFORE, TURNS_TOLD, Talk};

/// The last conversation of the shell: its last turns. A task that came to no answer is
/// none of them.
///
/// # Errors
/// When the journal cannot be read.
pub fn conversation(journal: &Journal) -> Result<Talk> {
    let mut turns = Vec::new();
    for row in journal.processes()? {
        if row.branch.is_some() {
            continue;
        }
        let (program, _) = journal.program(row.pid)?;
        // Only tasks of the shell have turns before them, or could.
        let Some(asked) = program.topic.clone() else {
            continue;
        };
        if let Some(answer) = row.exit.and_then(|exit| exit.answer) {
            let answered = answer
                .as_str()
                .map_or_else(|| answer.to_string(), str::to_owned);
            turns.push((asked, answered, trust(journal, row.pid, &program)?));
        }
        let began = !program.prompt.starts_with(BEFORE);
        if began || turns.len() == TURNS_TOLD {
            break;
        }
    }
    let mut talk = Talk::default();
    for (asked, answered, trust) in turns.into_iter().rev() {
        talk.add(&asked, &answered, trust);
    }
    Ok(talk)
}

/// The last task of the shell, if its machine was gone before it was over.
///
/// # Errors
/// When the journal cannot be read.
pub fn cut_off(journal: &Journal) -> Result<Option<Pid>> {
    let mut rows = journal.processes()?.into_iter();
    let Some(row) = rows.find(|row| row.branch.is_none()) else {
        return Ok(None);
    };
    let (program, _) = journal.program(row.pid)?;
    // One of a machine that still runs is not lost, nor one that goes on by itself.
    let lost = row.state == State::Ready && program.topic.is_some();
    Ok(lost.then_some(row.pid))
}

/// The lowest trust among all that process `pid` has read.
///
/// # Errors
/// When the journal cannot be read.
pub fn trust(journal: &Journal, pid: Pid, program: &Program) -> Result<Trust> {
    let steps = journal.steps(pid)?;
    let read = steps.into_iter().filter_map(|step| step.outcome);
    let reminder = journal.reminder(pid)?;
    Ok(read
        .map(|outcome| outcome.label.trust)
        .chain(reminder.map(|reminder| reminder.label.trust))
        .chain(program.attached.iter().map(|file| file.label.trust))
        .fold(program.label.trust, Trust::min))
}
