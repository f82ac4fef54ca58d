//! The commands of the shell: those that only the shell has, else those of the command line.

use std::path::Path;

use anyhow::Result;
use quipu_kernel::deliberation::Think;
use quipu_kernel::label::Label;
use quipu_kernel::process::Pid;
use quipu_tools::CancelToken;

use super::looks::Looks;
use super::usage::{number, several};
use super::{Outcome, Repl, correct, export, microphone, usage};
use crate::cli::mem::consolidate;
use crate::cli::think;
use crate::cli::{Cli, Command};
use crate::config::globals::Globals;
use crate::config::settings::CpuChoice;
use crate::service::conversation::{Ask, Start};
use crate::service::door::Door;
use crate::session::hearing::{Heard, how_far};
use crate::session::talk::{ASKED_CHARS, Talk};
use crate::session::{Session, earlier};
use crate::terminal::error::{self, UserError};
use crate::terminal::output::{self, shortened, visible};
use crate::terminal::person;
use crate::terminal::words::{fill, words};

impl Repl<'_> {
    /// The commands that only look.
    fn looks(&self) -> Looks<'_> {
        Looks {
            door: &self.door,
            talk: &self.talk,
            last: self.last,
        }
    }

    /// A slash command: those of the shell, else the same as on the command line.
    pub(super) async fn slash(&mut self, command: &str) -> Result<Outcome> {
        let given = usage::split(command)?;
        let parts: Vec<&str> = match given.as_slice() {
            // Whoever types a slash alone looks for what there is.
            [] => vec!["help"],
            given => given.iter().map(String::as_str).collect(),
        };
        if let Some(answered) = self.looks().answer(&parts) {
            return answered.map(Outcome::Code);
        }
        let code = match parts.as_slice() {
            ["model", name] if !is_command("model", name) => return self.switch(name),
            ["model"] => {
                output::line(&visible(&self.door.cpu()?))?;
                0
            }
            ["resume", pid] => self.resume(number(pid)?).await?,
            ["resume"] => {
                return Err(UserError::usage(
                    "/resume takes the number of a process",
                    "/ps lists the processes",
                ));
            }
            ["mem", "consolidate"] => {
                consolidate::on(&self.session, &self.door, self.interrupts).await?
            }
            ["think"] => self.think(None)?,
            ["think", word] => self.think(Some(word))?,
            ["hear"] => self.listen().await?,
            ["speak", some @ ..] => self.speak(some)?,
            ["correct", ..] => self.correct(command)?,
            ["compare", ..] => {
                let task = command
                    .trim_start()
                    .strip_prefix("compare")
                    .unwrap_or_default();
                self.compare(task).await?
            }
            ["continue"] => self.take_up(None)?,
            ["continue", pid] => self.take_up(Some(number(pid)?))?,
            ["clear"] => {
                (self.talk, self.unanswered) = Default::default();
                say!("{}", words().anew);
                0
            }
            ["queue", rest @ ..] => self.queue.command(rest)?,
            ["undo"] => self.undo(1)?,
            ["undo", count] => self.undo(several(count)?)?,
            ["export", file] => self.export(Path::new(file))?,
            ["import", file] => self.import(Path::new(file))?,
            ["history", some @ ..] if !some.is_empty() => {
                let search = ["ps".to_owned(), "--search".to_owned(), some.join(" ")];
                self.command(&search).await?
            }
            _ => self.command(&given).await?,
        };
        Ok(Outcome::Code(code))
    }

    async fn command(&mut self, given: &[String]) -> Result<u8> {
        let line = std::iter::once("quipu").chain(given.iter().map(String::as_str));
        let command = match Cli::parsed(line) {
            Ok(Cli {
                command: Some(Command::Run(_)) | None,
                ..
            }) => {
                return Err(UserError::usage(
                    "tasks are typed without a slash",
                    "just type what should be done",
                ));
            }
            Ok(Cli {
                command: Some(command),
                ..
            }) => command,
            Err(error) => {
                if error.use_stderr() {
                    return Err(usage::of(&error, given));
                }
                // Help comes formatted.
                say!("{}", error.render());
                return Ok(0);
            }
        };
        self.interrupts.begin();
        let done = tokio::select! {
            done = Box::pin(self.session.command(command)) => done,
            () = self.interrupts.next() => {
                say!("{}", words().interrupted);
                Ok(error::INTERRUPTED)
            }
        };
        self.interrupts.end();
        done
    }

    fn take_up(&mut self, head: Option<Pid>) -> Result<u8> {
        self.go_on(head).map(|()| 0)
    }

    /// Carries process `pid` on; the conversation that it belongs to comes with it.
    async fn resume(&mut self, pid: Pid) -> Result<u8> {
        let there = person::is_there(self.session.globals.no_input);
        let journal = self.door.journal();
        let program = journal.program_in_words(pid)?;
        if let Some(before) = program.after.filter(|before| *before > 0) {
            self.talk = earlier::conversation(journal, before)?;
        }
        let ask = Ask {
            start: Start::Resume {
                pid,
                limits: None,
                attended: there,
            },
            think: None,
        };
        self.watch(ask, &earlier::asked(program)).await
    }

    fn think(&mut self, word: Option<&str>) -> Result<u8> {
        match word {
            None => {}
            Some("off") => self.think = None,
            Some(word) => {
                let think: Think = word.parse().map_err(|reason| {
                    UserError::usage(format!("/think {reason}"), "/think off goes back to one")
                })?;
                self.think = think.more_than_one();
            }
        }
        match self.think {
            Some(think) => say!("{}", think::words(think)),
            None => say!("{}", words().thought_once),
        }
        Ok(0)
    }

    /// Keeps what is right as a case of the last task.
    fn correct(&self, command: &str) -> Result<u8> {
        let right = command.trim_start_matches("correct").trim();
        let last = self.talk.last().filter(|_| !right.is_empty());
        let last = last.ok_or_else(|| {
            UserError::usage(
                "/correct says what the last answer should have been",
                "/correct 880",
            )
        })?;
        correct::note(&self.session, last, right)?;
        Ok(0)
    }

    /// Another model: the shell starts anew with it, and the conversation stays.
    fn switch(&mut self, name: &str) -> Result<Outcome> {
        let (what, instead) = match (&self.door, &self.session.settings.cpu) {
            (Door::Other(_), _) => (
                "the machine that runs here has its own model",
                "stop it, or start this shell with a root of its own",
            ),
            (_, CpuChoice::Script(_)) => ("a script has no model", "omit --cpu"),
            _ => {
                let globals = Globals {
                    models: vec![name.to_owned()],
                    ..self.session.globals.clone()
                };
                let session = Session::open(globals.clone())?;
                if session.settings.cpu == CpuChoice::Local {
                    session.model_file()?;
                }
                return Ok(Outcome::Switch(Box::new(globals)));
            }
        };
        Err(UserError::usage(what, instead))
    }

    /// Takes the last `count` turns back. What they changed in the world stays changed.
    ///
    /// A task that came to no answer is no turn, and still what its person said last: it is taken
    /// back first.
    fn undo(&mut self, mut count: usize) -> Result<u8> {
        let last = match self.unanswered.take() {
            None => self.talk.head(),
            Some((pid, asked)) => {
                let asked = shortened(&output::one_line(&asked), ASKED_CHARS);
                say!("{}", fill(words().undone_unanswered, &[("asked", &asked)]));
                count -= 1;
                Some(pid)
            }
        };
        if count == 0 {
            let head = self.talk.head();
            earlier::note_head(self.door.journal(), &self.session.paths, head)?;
            return Ok(0);
        }
        let count = self.talk.undo(count);
        if count == 0 {
            say!("{}", words().no_turns);
            return Ok(0);
        }
        let head = self.talk.head();
        earlier::note_head(self.door.journal(), &self.session.paths, head)?;
        match self.talk.last() {
            Some(turn) => {
                let asked = shortened(&output::one_line(&turn.asked), ASKED_CHARS);
                say!(
                    "{}",
                    fill(words().undone, &[("count", &count), ("asked", &asked)])
                );
            }
            None => say!("{}", fill(words().undone_all, &[("count", &count)])),
        }
        if let Some(pid) = last.filter(|pid| *pid > 0) {
            say!("{}", fill(words().effects_stay, &[("pid", &pid)]));
        }
        Ok(0)
    }

    fn export(&self, file: &Path) -> Result<u8> {
        let turns = self.talk.turns();
        if turns.is_empty() {
            say!("{}", words().no_turns);
            return Ok(error::FAILED);
        }
        export::write(file, turns)?;
        let (count, file) = (turns.len(), file.display());
        let values: [(&str, &dyn std::fmt::Display); 2] = [("count", &count), ("file", &file)];
        say!("{}", fill(words().exported, &values));
        Ok(0)
    }

    fn import(&mut self, file: &Path) -> Result<u8> {
        let turns = export::read(file)?;
        let (count, file) = (turns.len(), file.display());
        let values: [(&str, &dyn std::fmt::Display); 2] = [("count", &count), ("file", &file)];
        say!("{}", fill(words().imported, &values));
        (self.talk, self.unanswered) = (Talk::of(turns), None);
        Ok(0)
    }

    /// Runs what is said into the microphone as a task. Anybody may have said it: it is
    /// trusted as far as what comes from standard input.
    async fn listen(&mut self) -> Result<u8> {
        let ears = self.session.ears()?;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("said.wav");
        self.interrupts.begin();
        let recorded = tokio::task::block_in_place(|| microphone::record(&path));
        let recording = recorded.and_then(|()| self.session.recording(&path));
        let cancel = CancelToken::default();
        let token = cancel.clone();
        let work =
            move || -> Result<Heard> { Ok(ears.hear(&recording?, None, &token, &mut how_far)?) };
        let heard = tokio::select! {
            heard = tokio::task::spawn_blocking(work) => heard?,
            () = self.interrupts.next() => {
                cancel.cancel();
                Err(UserError::with_code(error::INTERRUPTED, "interrupted", ""))
            }
        };
        self.interrupts.end();
        let said = output::one_line(&heard?.text());
        if said.is_empty() {
            say!("{}", words().nothing_said);
            return Ok(0);
        }
        say!("{}", fill(words().heard, &[("said", &visible(&said))]));
        let label = Label::new("the microphone", self.session.piped().trust);
        let (prompt, label) = self.talk.piped(&said, label);
        self.task(&said, prompt, label, Vec::new(), None).await
    }

    /// A program of the system. Ctrl-C reaches it directly and leaves the shell alone.
    pub(super) fn local(&mut self, command: &str) -> Result<u8> {
        let mut child = std::process::Command::new("sh");
        self.interrupts.begin();
        let status = child.arg("-c").arg(command).status();
        self.interrupts.end();
        let status = status?;
        if !status.success() {
            say!("{status}");
        }
        Ok(if status.success() { 0 } else { error::FAILED })
    }
}

/// Whether `name` is a subcommand of the command `of`.
fn is_command(of: &str, name: &str) -> bool {
    use clap::CommandFactory;
    let all = Cli::command();
    let found = all
        .find_subcommand(of)
        .and_then(|of| of.find_subcommand(name));
    found.is_some() || name == "help" || name.starts_with('-')
}
