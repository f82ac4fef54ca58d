//! The interactive shell: `quipu` without a command.
//!
//! | file | job |
//! | --- | --- |
//! | this one | one conversation: its lines, from the first to the last |
//! | `task` | runs one task, and shows it to its end |
//! | `slash`, `correct`, `compare`, `usage` | the commands, and what is wrong with one |
//! | `looks`, `queue` | what is answered while a task runs, and what waits for its end |
//! | `export` | the conversation as a file |
//! | `context` | a window as a bar |
//! | `editor`, `complete`, `history` | a line that is typed |
//! | `microphone`, `speak` | a task that is spoken; answers that are |
//! | `machine`, `fetch` | the machine that it runs on, and a model that is not there yet |
//! | `early` | the first line, while the machine starts |
//!
//! Each line is a task for a process of its own, which is told the last turns of
//! the conversation. At a terminal, lines that start with `/` are commands, `!` runs a
//! program, and `@path` brings a file in. Without a terminal a line is data: it is a
//! task word for word, whatever it looks like.

mod compare;
mod complete;
mod context;
mod correct;
mod early;
mod editor;
mod export;
mod fetch;
mod history;
mod looks;
mod machine;
mod microphone;
mod queue;
mod slash;
mod speak;
mod task;
mod usage;

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Result;
use quipu_kernel::Idle;
use quipu_kernel::deliberation::Think;
use quipu_kernel::process::Pid;
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};

use crate::config::globals::Globals;
use crate::config::{paths, private};
use crate::service::door::Door;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::agent::project::{self, Told};
use crate::session::earlier;
use crate::session::talk::Talk;
use crate::terminal::error::{self, UserError};
use crate::terminal::interrupts::Interrupts;
use crate::terminal::words::{fill, words};
use crate::terminal::{output, piped};
use early::{Begun, First};
use editor::{Editor, Line};
use machine::{open, switched};
use queue::Queue;
use speak::Loud;

/// How long nothing happens before memories are consolidated.
const IDLE_AFTER: Duration = Duration::from_secs(5);

/// The shell.
struct Repl<'a> {
    session: Session,
    /// The machine that the tasks run on: its own, or that of another program.
    door: Door,
    /// The agent, with what the project tells it.
    agent: Loaded,
    interrupts: &'a mut Interrupts,
    talk: Talk,
    /// How much thought each task gets, where it is more than one process.
    think: Option<Think>,
    /// What speaks the answers, where they are spoken.
    loud: Option<Loud>,
    /// The last process that was shown.
    last: Option<Pid>,
    /// The last task and its process, where that came to no answer.
    unanswered: Option<(Pid, String)>,
    /// What was typed while the machine started, until it is taken up.
    first: Option<First>,
    /// Lines that were typed while a task ran.
    queue: Queue,
    /// Whether a person types the lines.
    is_typed: bool,
}

impl Drop for Repl<'_> {
    fn drop(&mut self) {
        self.session.end_servers();
    }
}

/// The conversation that the shell begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// A new one.
    Anew,
    /// The last one.
    Last,
    /// The one up to this process.
    At(Pid),
}

/// The result of a line.
enum Outcome {
    /// The exit code it would have had as a command.
    Code(u8),
    /// The shell is to be left.
    Leave,
    /// The shell is to go on with other options: another model.
    Switch(Box<Globals>),
}

/// How a shell ends.
enum End {
    /// With this exit code.
    Code(u8),
    /// Another one goes on with these options.
    Switch(Box<Globals>),
}

/// The lines of standard input. Without a terminal each is a task and nothing else: who writes
/// into a pipe may be anybody.
struct Tasks(Lines<BufReader<Stdin>>);

impl Tasks {
    fn of_input() -> Self {
        Self(BufReader::new(tokio::io::stdin()).lines())
    }

    /// The next line that is not blank; none at the end.
    ///
    /// # Errors
    /// What is no text, or cannot be read.
    async fn next(&mut self) -> Result<Option<String>> {
        loop {
            match self.0.next_line().await.map_err(piped::unreadable)? {
                Some(line) if line.trim().is_empty() => {}
                next => return Ok(next),
            }
        }
    }
}

/// Runs the shell until it is left.
pub async fn run(session: Session, begin: Begin) -> Result<u8> {
    let mut interrupts = Interrupts::listen()?;
    paths::create(&session.paths.state)?;
    if let Begin::At(pid) = begin {
        // A model takes long to load.
        session.journal()?.process(pid)?;
    }
    let is_typed = std::io::stdin().is_terminal();
    let mut tasks = Tasks::of_input();
    // A model takes long to load, and there may be nothing to do.
    let piped = match is_typed {
        true => None,
        false => tasks.next().await?,
    };
    if !is_typed && piped.is_none() {
        say!("{}", words().no_tasks);
        return Ok(0);
    }
    let (door, first) = match enter(&session, begin, is_typed).await? {
        Begun::Open(door, first) => (*door, first),
        Begun::Left(code) => return Ok(code),
    };
    // Not before: where there is no machine, its person is back on the command line.
    let _in_shell = is_typed.then(|| error::in_shell(usage::of_both()));
    let mut repl = Repl::of(session, door, &mut interrupts, is_typed);
    repl.first = first;
    match begin {
        Begin::Anew => {}
        Begin::Last => repl.go_on(None)?,
        Begin::At(pid) => repl.go_on(Some(pid))?,
    }
    if !is_typed {
        let code = repl.do_all(piped, tasks).await;
        repl.door.leave(repl.interrupts).await;
        return code;
    }
    let mut is_first = true;
    loop {
        let end = repl.converse(is_first).await;
        is_first = false;
        repl.leave().await;
        let globals = match end? {
            End::Code(code) => return Ok(code),
            End::Switch(globals) => globals,
        };
        let before = repl.session.globals.clone();
        let (talk, think, last) = (std::mem::take(&mut repl.talk), repl.think, repl.last);
        let (queue, loud) = (std::mem::take(&mut repl.queue), repl.loud.take());
        // The machine has one root, one store and, for a large model, all of the memory.
        drop(repl);
        let (session, door) = switched(*globals, before).await?;
        repl = Repl::of(session, door, &mut interrupts, is_typed);
        (repl.talk, repl.think, repl.last, repl.queue) = (talk, think, last, queue);
        repl.loud = loud;
        let model = output::visible(&repl.session.settings.model);
        say!("{}", fill(words().model_now, &[("model", &model)]));
    }
}

/// The machine of the shell; where its model is not there, its person is asked whether to fetch it.
async fn enter(session: &Session, begin: Begin, is_typed: bool) -> Result<Begun> {
    let opened = |door| Begun::Open(Box::new(door), None);
    let begun = match begin {
        Begin::Anew if is_typed => early::open(session).await,
        _ => open(session, is_typed).await.map(opened),
    };
    match begun {
        Err(error) if is_typed => {
            fetch::missing(session, error).await?;
            open(session, is_typed).await.map(opened)
        }
        begun => begun,
    }
}

impl<'a> Repl<'a> {
    fn of(session: Session, door: Door, interrupts: &'a mut Interrupts, is_typed: bool) -> Self {
        Self {
            session,
            door,
            agent: Loaded::default(),
            interrupts,
            talk: Talk::default(),
            think: None,
            loud: None,
            last: None,
            unanswered: None,
            first: None,
            queue: Queue::default(),
            is_typed,
        }
    }
}

impl Repl<'_> {
    async fn converse(&mut self, is_first: bool) -> Result<End> {
        self.look_around(is_first)?;
        let history = self.session.paths.state.join("history.txt");
        let first = self.first.as_ref();
        let is_new_here = first.map_or_else(|| !history.exists(), |first| first.is_new_here);
        private::file(&history)?;
        let leaks = self.session.leaks.clone();
        let mut editor = Editor::new(&history, leaks, self.offers(), self.names())?;
        if is_first {
            if self.first.is_none() {
                say!("{}", words().begin);
            }
            if is_new_here {
                fetch::offer_meaning(&self.session)?;
            }
            if let Some(pid) = earlier::cut_off(self.door.journal())? {
                say!("{}", fill(words().cut_off, &[("pid", &pid)]));
            }
        }
        let idle = match &self.door {
            Door::Own(machine) if self.session.settings.consolidate => {
                Some(Idle::start(machine.kernel.clone(), IDLE_AFTER))
            }
            _ => None,
        };
        let end = self.read_on(&mut editor).await;
        if let Some(idle) = idle {
            idle.end().await;
        }
        end
    }

    /// Takes up what the project around tells agents, and says so once.
    fn look_around(&mut self, is_first: bool) -> Result<()> {
        // A folder that is gone has no project.
        let here = std::env::current_dir().unwrap_or_default();
        let (agent, told, file) = project::usual(&here, &self.session.paths)?;
        self.agent = agent;
        let template = match told {
            Told::Nothing => return Ok(()),
            Told::Followed => words().project_followed,
            Told::Untrusted => words().project_untrusted,
            Told::TooLong => words().project_too_long,
        };
        if is_first {
            say!("{}", fill(template, &[("file", &file.display())]));
        }
        Ok(())
    }

    /// Suspends what runs for others on the shell's own machine.
    async fn leave(&self) {
        let count = self.door.suspend().await.len();
        if count > 0 {
            say!("{}", fill(words().suspended, &[("count", &count)]));
        }
    }

    /// Brings the last conversation back, or the one up to process `head`.
    fn go_on(&mut self, head: Option<Pid>) -> Result<()> {
        let journal = self.door.journal();
        let head = match head {
            Some(pid) => {
                earlier::note_head(journal, &self.session.paths, Some(pid))?;
                Some(pid)
            }
            None => earlier::head(journal, &self.session.paths)?,
        };
        let talk = head.map(|head| earlier::conversation(journal, head));
        self.talk = talk.transpose()?.unwrap_or_default();
        self.unanswered = None;
        match self.talk.last() {
            Some(turn) => {
                let asked = output::shortened(&output::one_line(&turn.asked), 60);
                say!("{}", fill(words().goes_on, &[("asked", &asked)]));
            }
            None => say!("{}", words().no_earlier),
        }
        Ok(())
    }

    async fn read_on(&mut self, editor: &mut Editor) -> Result<End> {
        let mut presses = 0;
        loop {
            let line = if let Some(first) = self.first.take() {
                Line::Text(first.line)
            } else if let Some(line) = self.queue.next() {
                say!("> {line}");
                Line::Text(line)
            } else {
                // Typing takes its time, in which other tasks go on.
                tokio::task::block_in_place(|| editor.read())?
            };
            match line {
                Line::Text(line) => {
                    presses = match self.take(&line).await {
                        Outcome::Leave => return Ok(End::Code(0)),
                        Outcome::Switch(globals) => return Ok(End::Switch(globals)),
                        // The third in a row is to end the shell.
                        Outcome::Code(error::INTERRUPTED) => {
                            self.queue.hold();
                            1
                        }
                        Outcome::Code(_) => 0,
                    };
                }
                Line::Interrupted => {
                    presses += 1;
                    if presses >= 2 {
                        return Ok(End::Code(error::INTERRUPTED));
                    }
                    say!("{}", words().leave_twice);
                }
                Line::End => return Ok(End::Code(0)),
            }
        }
    }

    /// Does the tasks from standard input, of which `next` was read already. The first failure is
    /// the exit code.
    async fn do_all(&mut self, mut next: Option<String>, mut tasks: Tasks) -> Result<u8> {
        let mut first_failure = 0;
        while let Some(line) = next {
            let (prompt, label) = self.talk.piped(&line, self.session.piped());
            let done = self.task(&line, prompt, label, Vec::new(), None).await;
            let code = done.unwrap_or_else(|error| error::report(&error));
            if first_failure == 0 {
                first_failure = code;
            }
            next = tasks.next().await?;
        }
        Ok(first_failure)
    }

    /// Takes one line that was typed. Errors are shown; the shell goes on.
    async fn take(&mut self, line: &str) -> Outcome {
        let line = usage::with_slash(line.trim());
        let line: &str = &line;
        let code = |done: Result<u8>| done.map(Outcome::Code);
        let result = match line.chars().next() {
            None => Ok(Outcome::Code(0)),
            Some('!') => code(self.local(&line[1..])),
            Some('/') => match line[1..].trim() {
                "quit" | "exit" | "q" => Ok(Outcome::Leave),
                command => self.slash(command).await,
            },
            Some(_) => match usage::of_command_line(line) {
                // Named in the hint alone: errors write commands with a slash here.
                Some(here) => Err(UserError::usage(
                    "that is a command, and no task",
                    format!("here it is written {here}"),
                )),
                None => code(self.typed_task(line).await),
            },
        };
        result.unwrap_or_else(|error| Outcome::Code(error::report(&error)))
    }

    /// Runs a task that was typed, with the files that it names.
    async fn typed_task(&mut self, line: &str) -> Result<u8> {
        self.heed_correction(line)?;
        let (prompt, label, files) = self.typed(line)?;
        let typed = self.talk.typed_so_far(line);
        self.task(line, prompt, label, files, typed).await
    }
}
