//! Runs one task of the shell, and shows it to its end.

use std::cell::Cell;
use std::path::Path;

use anyhow::Result;
use quipu_kernel::event::Event;
use quipu_kernel::label::{Label, Level};
use quipu_kernel::process::{Attached, Pid, Program, Status, text_of};
use serde_json::Value;

use super::looks::Looks;
use super::{Repl, open};
use crate::import::attachment;
use crate::service::conversation::{Ask, Ended, Start};
use crate::service::follow::{follow, interrupted, suspended};
use crate::session::earlier;
use crate::session::talk::Turn;
use crate::terminal::error::exit_code;
use crate::terminal::render::Renderer;
use crate::terminal::sources::Sources;
use crate::terminal::words::words;
use crate::terminal::{markdown, output, person};

/// Somebody waits for the answer: ahead of whatever runs in the background.
const INTERACTIVE_PRIORITY: i8 = 10;

impl Repl<'_> {
    /// The prompt for a line that was typed, with the files that it names.
    pub(super) fn typed(&self, line: &str) -> Result<(String, Label, Vec<Attached>)> {
        let sees = || self.door.sees();
        let read = |path: &Path, label: Label| {
            attachment::page(&self.session, path, "@path", label, &sees)
        };
        let (prompt, label, mut files) = self.talk.typed(line, &read)?;
        attachment::few_pictures(&mut files);
        Ok((prompt, label, files))
    }

    /// The program of the task `line`, as `prompt` tells it, with these `files`.
    pub(super) fn program(
        &self,
        line: &str,
        prompt: String,
        label: Label,
        files: Vec<Attached>,
    ) -> Program {
        let mut program = self.session.program(&self.agent, prompt);
        program.attached = files;
        // The turns before were the subject of other tasks.
        program.topic = Some(line.to_owned());
        program.after = self.talk.head();
        program.label = label;
        program.priority = INTERACTIVE_PRIORITY;
        program
    }

    /// Runs the task `line`, as `prompt` tells it, with these `files`; what of the prompt a person
    /// `typed`, where that is known and not all of it. Returns the exit code that the task would
    /// have had as a command.
    ///
    /// # Errors
    /// The machine cannot be reached, or the task does not fit its model.
    pub(super) async fn task(
        &mut self,
        line: &str,
        prompt: String,
        label: Label,
        files: Vec<Attached>,
        typed: Option<String>,
    ) -> Result<u8> {
        let mut program = self.program(line, prompt, label, files);
        program.said = typed;
        self.session.teach(&self.agent, &mut program);
        program.interactive = person::is_there(self.session.globals.no_input);
        let ask = Ask {
            start: Start::Spawn {
                program: Box::new(program),
                must_fit: true,
            },
            think: self.think,
        };
        self.watch(ask, line).await
    }

    /// Shows a process to its end. Returns the exit code that it would have had as a command.
    ///
    /// # Errors
    /// The machine cannot be reached, or the journal cannot be read.
    pub(super) async fn watch(&mut self, ask: Ask, asked: &str) -> Result<u8> {
        let mut renderer = match self.is_typed {
            true => Renderer::folded(),
            false => Renderer::new(),
        };
        let (running, mut sources) = (Cell::new(None), Sources::default());
        let mut show = |event: &Event| {
            // Events that were lost are of nobody.
            let of = Some(event.pid()).filter(|pid| *pid > 0);
            running.set(running.get().or(of));
            sources.note(event);
            renderer.show(event);
            Ok(())
        };
        if !self.door.is_there() {
            say!("{}", words().machine_ended);
            self.door = open(&self.session, self.is_typed).await?;
        }
        let mut conversation = self.door.begin(ask).await?;
        let rules = self.session.paths.policy();
        let (queue, door, talk) = (&mut self.queue, &self.door, &self.talk);
        let mut typed = |line: String| {
            let last = running.get();
            Looks { door, talk, last }.take(&line, queue);
        };
        let typing: Option<&mut dyn FnMut(String)> = match self.is_typed {
            true => Some(&mut typed),
            false => None,
        };
        let ended = follow(
            &mut conversation,
            self.interrupts,
            &rules,
            &mut show,
            typing,
        )
        .await?;
        self.last = Some(ended.pid);
        self.tell_how_it_goes_on(&ended)?;
        let (pid, code) = (ended.pid, exit_code(&ended.exit));
        match &ended.exit.answer {
            Some(answer) => {
                self.unanswered = None;
                self.take_answer(pid, asked, answer, &sources).await?;
            }
            None => self.unanswered = Some((pid, asked.to_owned())),
        }
        Ok(code)
    }

    /// Names the command that carries on a process which did not end by itself.
    fn tell_how_it_goes_on(&self, ended: &Ended) -> Result<()> {
        let (pid, exit) = (ended.pid, &ended.exit);
        if exit.status == Status::Suspended {
            let alone = ended.branches.is_some();
            say!("{}", suspended(self.door.journal(), pid, "/resume", alone)?);
        }
        if exit.status == Status::Interrupted {
            say!("{}", interrupted(pid, exit));
        }
        Ok(())
    }

    /// Prints the answer of `pid` to `asked`, tells what it rests on, and makes it a turn of the
    /// conversation.
    async fn take_answer(
        &mut self,
        pid: Pid,
        asked: &str,
        answer: &Value,
        sources: &Sources,
    ) -> Result<()> {
        let text = text_of(answer);
        output::line(&markdown::printed(&text))?;
        if self.is_typed {
            sources.tell(&text, "/mem show", &|id| self.door.page(id));
        }
        let journal = self.door.journal();
        let read = journal.label_of(pid)?;
        let Level { trust, secrecy } = read.level();
        let asked_by = earlier::asked_by(&journal.program_in_words(pid)?);
        self.talk.add(Turn {
            pid: Some(pid),
            asked: asked.to_owned(),
            asked_by,
            answered: text.clone(),
            trust,
            secrecy,
            suspicion: read.suspicion,
        });
        self.say_aloud(&text).await
    }
}
