//! The commands of the shell: those that only the shell has, else those of the command line.

use std::path::Path;

use anyhow::Result;
use clap::Parser;
use quipu_kernel::calls::held_steps;
use quipu_kernel::deliberation::Think;
use quipu_kernel::label::Label;
use quipu_kernel::planner::parts::Parts;
use quipu_kernel::process::{Pid, Usage};
use quipu_tools::CancelToken;

use super::{Outcome, Repl, context, correct, earlier, export, microphone, usage};
use crate::cli::mem::consolidate;
use crate::cli::think;
use crate::cli::{Cli, Command};
use crate::config::globals::Globals;
use crate::config::settings::CpuChoice;
use crate::service::conversation::{Ask, Start};
use crate::service::door::Door;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::hearing::{Heard, how_far};
use crate::session::learnt::Shelf;
use crate::terminal::error::{self, UserError};
use crate::terminal::output::{self, seconds, shortened, visible};
use crate::terminal::person;
use crate::terminal::render::{action_words, planned};
use crate::terminal::words::{fill, words};

/// Characters of a task in a list.
const ASKED_CHARS: usize = 60;

impl Repl<'_> {
    /// A slash command: those of the shell, else the same as on the command line.
    pub(super) async fn slash(&mut self, command: &str) -> Result<Outcome> {
        let given = shell_words::split(command)
            .map_err(|error| UserError::usage(error, "close the quotes"))?;
        let parts: Vec<&str> = given.iter().map(String::as_str).collect();
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
                self.talk = Default::default();
                say!("{}", words().anew);
                0
            }
            ["turns"] => self.turns()?,
            ["undo"] => self.undo(1)?,
            ["undo", count] => self.undo(several(count)?)?,
            ["export", file] => self.export(Path::new(file))?,
            ["import", file] => self.import(Path::new(file))?,
            ["cost"] => self.cost()?,
            ["context"] => self.context(self.last)?,
            ["context", pid] => self.context(Some(number(pid)?))?,
            ["plan"] => self.plan(None)?,
            ["plan", pid] => self.plan(Some(number(pid)?))?,
            ["step"] => self.step(None)?,
            ["step", n] => self.step(Some(several(n)? as u32))?,
            ["history", some @ ..] if !some.is_empty() => {
                let search = ["ps".to_owned(), "--search".to_owned(), some.join(" ")];
                self.command(&search).await?
            }
            [name @ ("export" | "import" | "history"), ..] => {
                return Err(UserError::usage(
                    format!("/{name} takes one thing more"),
                    "/help shows what",
                ));
            }
            _ => self.command(&given).await?,
        };
        Ok(Outcome::Code(code))
    }

    async fn command(&mut self, given: &[String]) -> Result<u8> {
        let line = std::iter::once("quipu").chain(given.iter().map(String::as_str));
        let command = match Cli::try_parse_from(line) {
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
        let (program, _) = journal.program(pid)?;
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
        let shelf = Shelf::of(&self.session.paths, &Loaded::default());
        let cases = correct::keep(&shelf, &last.asked, right)?;
        say!("{}", fill(words().noted, &[("cases", &cases)]));
        Ok(0)
    }

    /// Another model: the shell starts anew with it, and the conversation stays.
    fn switch(&mut self, name: &str) -> Result<Outcome> {
        let (what, instead) = match (&self.door, &self.session.settings.cpu) {
            (Door::Other(_), _) => (
                "the machine that runs here has its own model",
                "stop it, or start this shell with a root of its own",
            ),
            (_, CpuChoice::Script(_)) => ("a script has no model", "leave --cpu away"),
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

    /// Lists the turns of the conversation.
    fn turns(&self) -> Result<u8> {
        if self.talk.turns().is_empty() {
            say!("{}", words().no_turns);
            return Ok(0);
        }
        let short = |text: &str| shortened(&output::one_line(text), ASKED_CHARS);
        let row = |turn: &super::talk::Turn| {
            let pid = turn.pid.map_or_else(String::new, |pid| pid.to_string());
            vec![pid, short(&turn.asked), short(&turn.answered)]
        };
        let rows = self.talk.turns().iter().map(row).collect();
        output::table(&["PID", "ASKED", "ANSWERED"], rows)?;
        Ok(0)
    }

    /// Takes the last `count` turns back. What they changed in the world stays changed.
    fn undo(&mut self, count: usize) -> Result<u8> {
        let last = self.talk.head();
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
        self.talk = super::talk::Talk::of(turns);
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
        let values: [(&str, &dyn std::fmt::Display); 5] = [
            ("tasks", &tasks),
            ("time", &seconds(ms)),
            ("prompt", &usage.prompt_tokens),
            ("cached", &usage.cached_tokens),
            ("generated", &usage.generated_tokens),
        ];
        output::line(&fill(words().cost, &values))?;
        Ok(0)
    }

    /// Shows what is in the window of process `pid`.
    fn context(&self, pid: Option<Pid>) -> Result<u8> {
        let pid = self.known(pid)?;
        let window = self.door.window(pid)?.ok_or_else(|| {
            UserError::failed(
                format!("process {pid} does not fit the window of this machine"),
                "a larger one is asked for with --window",
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

fn number(word: &str) -> Result<Pid> {
    word.parse().map_err(|_| {
        UserError::usage(
            format!("{word} is not a process"),
            "/ps lists the processes",
        )
    })
}

fn several(word: &str) -> Result<usize> {
    let count = word.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| UserError::usage(format!("{word} is no number from 1 on"), ""))
}
