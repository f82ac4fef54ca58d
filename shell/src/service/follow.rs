//! A process followed to its end by a person at a terminal: its events are shown, its questions
//! answered, interrupts passed on; and what is said of one that did not end by itself. How events
//! look is up to who follows.

use std::fmt::Display;
use std::path::Path;

use anyhow::Result;
use quipu_kernel::event::Event;
use quipu_kernel::journal::Journal;
use quipu_kernel::process::{Exit, Pid, Reply, State};
use quipu_kernel::signal::Signal;

use super::conversation::{Conversation, Ended, Say, Told};
use crate::config::policy;
use crate::terminal::interrupts::Interrupts;
use crate::terminal::person;
use crate::terminal::words::{fill, words};

/// Tells how to carry on a process that was suspended. `resume` is the command for it, and
/// `alone` says whether it was the first branch of a deliberation.
pub fn suspended(journal: &Journal, pid: Pid, resume: &str, alone: bool) -> Result<String> {
    let alone = if alone { words().goes_alone } else { "" };
    let template = match journal.process(pid)?.state {
        // A blocked process waits for something that only its person can give.
        State::Ready => words().carries_on,
        _ => words().goes_on_later,
    };
    let command = format!("{resume} {pid}");
    let values: [(&str, &dyn Display); 3] =
        [("command", &command), ("pid", &pid), ("alone", &alone)];
    Ok(fill(template, &values))
}

/// How a process was stopped, and what is left to do about it.
pub fn interrupted(pid: Pid, exit: &Exit) -> String {
    let template = match exit.is_killed() {
        true => words().killed,
        false => words().stopped,
    };
    let command = format!("quipu run --fork {pid}");
    fill(template, &[("pid", &pid), ("command", &command)])
}

/// Takes lines that are typed while a process runs and that do not answer a question of it.
pub type Typed<'a> = Option<&'a mut dyn FnMut(String)>;

/// Follows a process to its end: shows its events, answers its questions, passes
/// interrupts on, and what is `typed` otherwise to whoever takes it. A rule that the person
/// agrees to goes into the file `rules`.
pub async fn follow(
    conversation: &mut Conversation,
    interrupts: &mut Interrupts,
    rules: &Path,
    show: &mut dyn FnMut(&Event) -> Result<()>,
    typed: Typed<'_>,
) -> Result<Ended> {
    interrupts.begin();
    let ended = until_end(conversation, interrupts, rules, show, typed).await;
    interrupts.end();
    ended
}

async fn until_end(
    conversation: &mut Conversation,
    interrupts: &mut Interrupts,
    rules: &Path,
    show: &mut dyn FnMut(&Event) -> Result<()>,
    mut typed: Typed<'_>,
) -> Result<Ended> {
    let mut question: Option<Event> = None;
    // Kept from one event to the next: a line that is being read is not lost.
    let mut line = Box::pin(person::lines());
    loop {
        tokio::select! {
            read = &mut line, if typed.is_some() && question.is_none() => match read {
                Some(read) => {
                    if let Some(take) = &mut typed {
                        take(read);
                    }
                    line = Box::pin(person::lines());
                }
                // Nobody types any more.
                None => typed = None,
            },
            () = interrupts.next() => {
                conversation.say(Say::Signal(Signal::Interrupt)).await;
                question = None;
            }
            (key, reply) = answer(&question, rules), if question.is_some() => {
                question = None;
                interrupts.forgive();
                conversation.say(Say::Reply { key, reply }).await;
            }
            told = conversation.next() => match told? {
                Told::Event(event) => {
                    show(&event)?;
                    if matches!(event, Event::Question { .. } | Event::Approval { .. }) {
                        question = Some(event);
                        // From now on, typed lines answer the question.
                        line = Box::pin(person::lines());
                    }
                }
                Told::Ended(ended) => return Ok(*ended),
                // A failure is an error of `next`.
                Told::Begun { .. } | Told::Failed { .. } => {}
            }
        }
    }
}

/// The key of the question, and what the person says to it. A rule that they agree to goes
/// into the file `rules`.
async fn answer(question: &Option<Event>, rules: &Path) -> (String, Reply) {
    match question {
        Some(event @ Event::Question { key, .. }) => (key.clone(), person::ask(event).await),
        Some(event @ Event::Approval { key, rule, .. }) => {
            let reply = person::ask(event).await;
            (key.clone(), policy::keep(rules, rule.as_deref(), reply))
        }
        _ => std::future::pending().await,
    }
}
