//! Commands that only look at the conversation and its processes. They are answered at once, even
//! while a task runs.

use anyhow::Result;
use quipu_kernel::calls::held_steps;
use quipu_kernel::planner::parts::Parts;
use quipu_kernel::process::{Pid, Usage};

use super::context;
use super::queue::Queue;
use super::usage::{is_there, number, of_first, several, with_slash};
use crate::service::door::Door;
use crate::session::talk::{ASKED_CHARS, Talk, Turn};
use crate::terminal::draft;
use crate::terminal::error::{self, UserError};
use crate::terminal::output::{self, seconds, shortened, visible};
use crate::terminal::render::{action_words, counts, planned};
use crate::terminal::words::{fill, help, words};

/// The shell as far as it is looked at.
pub(super) struct Looks<'a> {
    /// The machine.
    pub(super) door: &'a Door,
    /// The conversation so far.
    pub(super) talk: &'a Talk,
    /// The process that runs, or ran last.
    pub(super) last: Option<Pid>,
}

impl Looks<'_> {
    /// Answers `command`, the words after its slash; `None` where it is another one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn answer(&self, command: &[&str]) -> Option<Result<u8>> {
        Some(match command {
            ["help" | "?"] => {
                say!("{}", help(output::columns()));
                Ok(0)
            }
            ["turns"] => self.turns(),
            ["cost"] => self.cost(),
            ["context"] => self.context(self.last),
            ["context", pid] => number(pid).and_then(|pid| self.context(Some(pid))),
            ["plan"] => self.plan(None),
            ["plan", pid] => number(pid).and_then(|pid| self.plan(Some(pid))),
            ["step"] => self.step(None),
            ["step", n] => several(n).and_then(|n| self.step(Some(n as u32))),
            _ => return None,
        })
    }

    /// Takes a line that is typed while a task runs: what only looks is answered, the rest waits
    /// in `queue`.
    pub(super) fn take(&self, line: &str, queue: &mut Queue) {
        let line = with_slash(line.trim());
        let line: &str = &line;
        let command = line.strip_prefix('/').map(str::split_whitespace);
        let command: Vec<&str> = command.into_iter().flatten().collect();
        // Below what the model is writing, nothing would stay.
        draft::clear();
        let answered = match command.as_slice() {
            ["queue", rest @ ..] => Some(queue.command(rest)),
            // Nobody should wait for a word that is none.
            [name, ..] if !is_there(name) => Some(Err(of_first(name))),
            command => self.answer(command),
        };
        match answered {
            None => queue.push(line),
            Some(Ok(_)) => {}
            Some(Err(wrong)) => {
                error::report(&wrong);
            }
        }
    }

    /// Lists the turns of the conversation.
    fn turns(&self) -> Result<u8> {
        if self.talk.turns().is_empty() {
            say!("{}", words().no_turns);
            return Ok(0);
        }
        let short = |text: &str| shortened(&output::one_line(text), ASKED_CHARS);
        let row = |turn: &Turn| {
            let pid = turn.pid.map_or_else(String::new, |pid| pid.to_string());
            vec![pid, short(&turn.asked), short(&turn.answered)]
        };
        let rows = self.talk.turns().iter().map(row).collect();
        output::table(&["PID", "ASKED", "ANSWERED"], rows)?;
        Ok(0)
    }

    /// Says what the conversation has cost.
    fn cost(&self) -> Result<u8> {
        let journal = self.door.journal();
        let (mut tasks, mut ms, mut usage) = (0, 0, Usage::default());
        for pid in self.talk.turns().iter().filter_map(|turn| turn.pid) {
            if let Ok(Some(exit)) = journal.process(pid).map(|row| row.exit) {
                tasks += 1;
                ms += exit.ms;
                usage += exit.usage;
            }
        }
        let time = seconds(ms);
        let line = counts(words().cost, &usage, &[("tasks", &tasks), ("time", &time)]);
        output::line(&line)?;
        Ok(0)
    }

    /// Shows what is in the window of process `pid`.
    fn context(&self, pid: Option<Pid>) -> Result<u8> {
        let pid = self.known(pid)?;
        let window = self.door.window(pid)?.ok_or_else(|| {
            UserError::failed(
                format!("process {pid} does not fit the window of this machine"),
                "--window asks for a larger one",
            )
        })?;
        for line in context::lines(pid, &window, output::is_plain(), output::columns()) {
            output::line(&visible(&line))?;
        }
        Ok(0)
    }

    /// Shows what process `pid` is to do: the parts of its task, ticked off as far as they are
    /// done, and the effects that it may do on its own.
    fn plan(&self, pid: Option<Pid>) -> Result<u8> {
        let pid = self.known(pid.or(self.last))?;
        let journal = self.door.journal();
        let row = journal.process(pid)?;
        let parts = Parts::after(row.asked(), &journal.steps(pid)?);
        let mut lines: Vec<String> = parts.iter().flat_map(|parts| parts.lines()).collect();
        lines.extend(journal.plan(pid)?.iter().flat_map(planned));
        if lines.is_empty() {
            say!("{}", fill(words().no_plan, &[("pid", &pid)]));
        }
        for line in lines {
            output::line(&visible(&line))?;
        }
        Ok(0)
    }

    /// Shows step `n` of the last process in full; all of them where none is named.
    fn step(&self, n: Option<u32>) -> Result<u8> {
        let pid = self.known(self.last)?;
        let journal = self.door.journal();
        let held = held_steps(journal, pid)?;
        let mut steps = journal
            .steps(pid)?
            .into_iter()
            .filter(|step| n.is_none_or(|n| n == step.n));
        let mut is_there = false;
        for step in &mut steps {
            is_there = true;
            let (verb, rest) = action_words(&step.action);
            output::line(&visible(&format!("{}  {verb}  {rest}", step.n)))?;
            if held.contains(&step.n) {
                output::line(&format!("({})", words().held_back))?;
            }
            if let Some(outcome) = step.outcome {
                output::line(&visible(&outcome.text))?;
            }
        }
        match is_there {
            true => Ok(0),
            false => Err(UserError::usage(
                format!("process {pid} has no such step"),
                "/step without a number shows all of them",
            )),
        }
    }

    /// The process that a command is about.
    fn known(&self, pid: Option<Pid>) -> Result<Pid> {
        let last = self.talk.head().filter(|pid| *pid > 0);
        pid.or(last).ok_or_else(|| {
            UserError::usage(
                "there is no process yet",
                "type a task, or see /ps for others",
            )
        })
    }
}
