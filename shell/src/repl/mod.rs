//! The interactive shell: `quipu` without a command.
//!
//! Each line is a task for a process of its own, which is told the last turns of
//! the conversation. At a terminal, lines that start with `/` are commands, `!` runs a
//! program, and `@path` brings a file in. Without a terminal a line is data: it is a
//! task word for word, whatever it looks like.

mod complete;
mod correct;
mod earlier;
mod editor;
mod microphone;
mod talk;
mod usage;

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use quipu_kernel::Idle;
use quipu_kernel::deliberation::Think;
use quipu_kernel::event::Event;
use quipu_kernel::label::{Label, Trust};
use quipu_kernel::process::{Attached, Status};
use quipu_tools::CancelToken;
use tokio::io::AsyncBufReadExt;

use crate::cli::mem::consolidate;
use crate::cli::run::{exit_code, follow, suspended};
use crate::cli::think;
use crate::cli::{Cli, Command};
use crate::config::{paths, private};
use crate::service::conversation::{Ask, Start};
use crate::service::door::Door;
use crate::service::machine::Guests;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::hearing::{Heard, how_far};
use crate::session::learnt::Shelf;
use crate::terminal::error::{self, UserError};
use crate::terminal::interrupts::Interrupts;
use crate::terminal::render::Renderer;
use crate::terminal::{output, person};
use editor::{Editor, Line};
use talk::Talk;

/// Somebody waits for the answer: ahead of whatever runs in the background.
const INTERACTIVE_PRIORITY: i8 = 10;
/// How long nothing happens before memories are consolidated.
const IDLE_AFTER: Duration = Duration::from_secs(5);

/// The shell.
struct Repl {
    session: Session,
    /// The machine that the tasks run on: its own, or that of another program.
    door: Door,
    interrupts: Interrupts,
    talk: Talk,
    /// How much thought each task gets, where it is more than one process.
    think: Option<Think>,
}

impl Drop for Repl {
    fn drop(&mut self) {
        self.session.end_servers();
    }
}

/// What a line came to.
enum Outcome {
    /// The exit code it would have had as a command.
    Code(u8),
    /// The shell is to be left.
    Leave,
}

/// Runs the shell until it is left; with `go_on` its last conversation goes on.
pub async fn run(session: Session, go_on: bool) -> Result<u8> {
    let interrupts = Interrupts::listen()?;
    paths::create(&session.paths.state)?;
    let mut repl = Repl {
        door: open(&session).await?,
        session,
        interrupts,
        talk: Talk::default(),
        think: None,
    };
    if go_on {
        repl.go_on()?;
    }
    let code = match std::io::stdin().is_terminal() {
        true => repl.converse().await,
        false => repl.read_lines().await,
    };
    repl.leave().await;
    code
}

/// The machine of a shell: the one that runs on its root, or one of its own.
async fn open(session: &Session) -> Result<Door> {
    let policy = session.policy(&[], None);
    let door = Door::open(session, policy, &Loaded::default(), Guests::Welcome).await?;
    if let Door::Other(_) = &door
        && console::Term::stderr().is_term()
    {
        say!(
            "{} · shared with the machine that runs here",
            output::visible(&door.cpu()?)
        );
    }
    Ok(door)
}

impl Repl {
    async fn converse(&mut self) -> Result<u8> {
        let history = self.session.paths.state.join("history.txt");
        private::file(&history)?;
        let mut editor = Editor::new(&history)?;
        say!("Type a task, /help for commands, Ctrl-D to leave.");
        if let Some(pid) = earlier::cut_off(self.door.journal())? {
            say!(
                "process {pid} was cut off: /resume {pid} carries it on, /continue brings its conversation back"
            );
        }
        let idle = match &self.door {
            Door::Own(machine) if self.session.settings.consolidate => {
                Some(Idle::start(machine.kernel.clone(), IDLE_AFTER))
            }
            _ => None,
        };
        let code = self.read_on(&mut editor).await;
        if let Some(idle) = idle {
            idle.end().await;
        }
        code
    }

    /// Suspends what runs for others on the shell's own machine.
    async fn leave(&self) {
        if let Door::Own(machine) = &self.door {
            let suspended = machine.suspend().await.len();
            if suspended > 0 {
                say!("{suspended} suspended; they go on when a machine starts on this root");
            }
        }
    }

    /// Brings the last conversation back.
    fn go_on(&mut self) -> Result<u8> {
        self.talk = earlier::conversation(self.door.journal())?;
        match self.talk.last() {
            Some(asked) => {
                let asked = output::shortened(&output::one_line(asked), 60);
                say!("the conversation goes on after: {asked}");
            }
            None => say!("there is no earlier conversation"),
        }
        Ok(0)
    }

    async fn read_on(&mut self, editor: &mut Editor) -> Result<u8> {
        let mut presses = 0;
        loop {
            // Typing takes its time, in which other tasks go on.
            match tokio::task::block_in_place(|| editor.read())? {
                Line::Text(line) => {
                    presses = match self.take(&line).await {
                        Outcome::Leave => return Ok(0),
                        // The third in a row is to end the shell.
                        Outcome::Code(error::INTERRUPTED) => 1,
                        Outcome::Code(_) => 0,
                    };
                }
                Line::Interrupted => {
                    presses += 1;
                    if presses >= 2 {
                        return Ok(error::INTERRUPTED);
                    }
                    say!("press Ctrl-C again, or Ctrl-D, to leave");
                }
                Line::End => return Ok(0),
            }
        }
    }

    /// Without a terminal each line is a task and nothing else: who writes into a pipe
    /// may be anybody. The first failure is the exit code.
    async fn read_lines(&mut self) -> Result<u8> {
        let mut lines = tokio::io::BufReader::new(tokio::io::stdin()).lines();
        let mut first_failure = 0;
        while let Some(line) = lines.next_line().await? {
            if line.trim().is_empty() {
                continue;
            }
            let (prompt, label) = self.talk.piped(&line, self.session.piped());
            let done = self.task(&line, prompt, label, Vec::new()).await;
            let code = done.unwrap_or_else(|error| error::report(&error));
            if first_failure == 0 {
                first_failure = code;
            }
        }
        Ok(first_failure)
    }

    /// Takes one line that was typed. Errors are shown; the shell goes on.
    async fn take(&mut self, line: &str) -> Outcome {
        let line = line.trim();
        let result = match line.chars().next() {
            None => Ok(0),
            Some('!') => self.local(&line[1..]),
            Some('/') => match line[1..].trim() {
                "quit" | "exit" | "q" => return Outcome::Leave,
                "help" | "?" => {
                    help();
                    Ok(0)
                }
                command => self.slash(command).await,
            },
            Some(_) => match self.typed(line) {
                Ok((prompt, label, files)) => self.task(line, prompt, label, files).await,
                Err(error) => Err(error),
            },
        };
        Outcome::Code(result.unwrap_or_else(|error| error::report(&error)))
    }

    /// The prompt for a line that was typed, with the files that it names.
    fn typed(&self, line: &str) -> Result<(String, Label, Vec<Attached>)> {
        let read = |path: &Path| self.session.text_of(path, "@path");
        self.talk.typed(line, &read)
    }

    /// Runs the task `line`, as `prompt` tells it, with these `files`.
    async fn task(
        &mut self,
        line: &str,
        prompt: String,
        label: Label,
        files: Vec<Attached>,
    ) -> Result<u8> {
        let mut program = self.session.program(&Loaded::default(), prompt);
        let trusts = files.iter().map(|file| file.label.trust);
        let trust = trusts.fold(label.trust, Trust::min);
        program.attached = files;
        // The turns before were the subject of other tasks.
        program.topic = Some(line.to_owned());
        self.session.teach(&Loaded::default(), &mut program);
        program.label = label;
        program.priority = INTERACTIVE_PRIORITY;
        program.interactive = person::is_there(self.session.globals.no_input);
        let ask = Ask {
            start: Start::Spawn {
                program: Box::new(program),
                must_fit: true,
            },
            think: self.think,
        };
        self.watch(ask, line, trust).await
    }

    /// Shows a process to its end. `trust` is what it starts with.
    async fn watch(&mut self, ask: Ask, asked: &str, mut trust: Trust) -> Result<u8> {
        let mut renderer = Renderer::new();
        let mut show = |event: &Event| {
            match event {
                Event::Observation { label, .. } => trust = trust.min(label.trust),
                Event::Reminded { reminder, .. } => trust = trust.min(reminder.label.trust),
                // Nobody knows what it read meanwhile.
                Event::Lost { .. } => trust = Trust::Untrusted,
                _ => {}
            }
            renderer.show(event);
            Ok(())
        };
        if !self.door.is_there() {
            say!("the machine that ran here has ended: this shell runs one of its own");
            self.door = open(&self.session).await?;
        }
        let mut conversation = self.door.begin(ask).await?;
        let ended = follow(&mut conversation, &mut self.interrupts, &mut show).await?;
        let (pid, exit) = (ended.pid, ended.exit);
        if exit.status == Status::Suspended {
            let alone = ended.branches.is_some();
            say!("{}", suspended(self.door.journal(), pid, "/resume", alone)?);
        }
        if exit.status == Status::Interrupted {
            say!("stopped; /resume {pid} carries it on");
        }
        let code = exit_code(&exit);
        if let Some(answer) = exit.answer {
            let text = answer
                .as_str()
                .map_or_else(|| answer.to_string(), str::to_owned);
            output::line(&output::visible(&text))?;
            self.talk.add(asked, &text, trust);
        }
        Ok(code)
    }

    /// A slash command: those of the shell, else the same as on the command line.
    async fn slash(&mut self, command: &str) -> Result<u8> {
        let words = shell_words::split(command)
            .map_err(|error| UserError::usage(error, "close the quotes"))?;
        match words
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice()
        {
            ["resume", pid] => {
                let pid = pid.parse().map_err(|_| {
                    UserError::usage(format!("{pid} is not a process"), "/ps lists the processes")
                })?;
                let there = person::is_there(self.session.globals.no_input);
                let journal = self.door.journal();
                let (program, _) = journal.program(pid)?;
                let trust = earlier::trust(journal, pid, &program)?;
                let ask = Ask {
                    start: Start::Resume {
                        pid,
                        limits: None,
                        attended: there,
                    },
                    think: None,
                };
                self.watch(ask, &program.prompt, trust).await
            }
            ["resume"] => Err(UserError::usage(
                "/resume takes the number of a process",
                "/ps lists the processes",
            )),
            ["model"] => {
                output::line(&output::visible(&self.door.cpu()?))?;
                Ok(0)
            }
            ["mem", "consolidate"] => {
                consolidate::on(&self.session, &self.door, &mut self.interrupts).await
            }
            ["think"] => {
                match self.think {
                    Some(think) => say!("{}", think::words(think)),
                    None => say!("each task is thought about once"),
                }
                Ok(0)
            }
            ["think", "off"] => {
                self.think = None;
                say!("each task is thought about once");
                Ok(0)
            }
            ["think", word] => {
                let think: Think = word.parse().map_err(|reason| {
                    UserError::usage(format!("/think {reason}"), "/think off goes back to one")
                })?;
                self.think = think.more_than_one();
                say!("{}", think::words(think));
                Ok(0)
            }
            ["hear"] => self.listen().await,
            ["correct", ..] => self.correct(command),
            ["continue"] => self.go_on(),
            ["clear"] => {
                self.talk = Talk::default();
                say!("the conversation starts anew");
                Ok(0)
            }
            _ => self.command(&words).await,
        }
    }

    /// Keeps what is right as a case of the last task.
    fn correct(&self, command: &str) -> Result<u8> {
        let right = command.trim_start_matches("correct").trim();
        let asked = self.talk.last().filter(|_| !right.is_empty());
        let asked = asked.ok_or_else(|| {
            UserError::usage(
                "/correct says what the last answer should have been",
                "/correct 880",
            )
        })?;
        let shelf = Shelf::of(&self.session.paths, &Loaded::default());
        let cases = correct::keep(&shelf, asked, right)?;
        say!("noted, a case to learn from; /learn learns from all {cases}");
        Ok(0)
    }

    async fn command(&mut self, words: &[String]) -> Result<u8> {
        let given = std::iter::once("quipu").chain(words.iter().map(String::as_str));
        let command = match Cli::try_parse_from(given) {
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
                    return Err(usage::of(&error, words));
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
                say!("interrupted");
                Ok(error::INTERRUPTED)
            }
        };
        self.interrupts.end();
        done
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
            say!("nothing was said");
            return Ok(0);
        }
        say!("heard: {}", output::visible(&said));
        let label = Label::new("the microphone", self.session.piped().trust);
        let (prompt, label) = self.talk.piped(&said, label);
        self.task(&said, prompt, label, Vec::new()).await
    }

    /// A program of the system. Ctrl-C reaches it directly and leaves the shell alone.
    fn local(&mut self, command: &str) -> Result<u8> {
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

fn help() {
    say!(
        "\
Type a task. @path brings a file in, !command runs a program.
Ctrl-C stops the step, twice the process, three times the shell; Ctrl-D leaves.
Alt-Enter, or a backslash at the end, starts another line.

  /ps              processes           /log PID         what one did
  /resume PID      carry one on        /kill PID        stop one for good
  /mem search …    find pages          /mem add PATH    bring documents in
  /tool ls         tools               /tool call …     call one
  /model           the model in use    /model ls        models
  /see FILE        text in a picture   /hear            the microphone
  /think K         compare K branches  /think off       one again
  /correct RIGHT   what was right      /learn           learn from that
  /clear           forget this talk    /continue        take the last one up again
  /doctor          check everything    /config show     settings
  /quit            leave"
    );
}
