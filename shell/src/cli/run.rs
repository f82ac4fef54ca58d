//! `quipu run`: one process until it exits.

use std::fmt::Display;
use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use quipu_kernel::check_resumable;
use quipu_kernel::event::Event;
use quipu_kernel::gate::Approve;
use quipu_kernel::journal::Journal;
use quipu_kernel::label::{Label, Secrecy, Trust};
use quipu_kernel::process::{Attached, Pid, Program, Status, text_of};
use serde_json::{Value, json};

use super::fork::Point;
use super::options::{ProcessOptions, pid};
use super::task;
use crate::config::globals::Globals;
use crate::import::attachment;
use crate::service::conversation::{Ask, Ended, Start};
use crate::service::door::{self, Door};
use crate::service::follow::{follow, suspended};
use crate::service::knowledge;
use crate::service::machine::Lifetime;
use crate::session::Session;
use crate::session::agent::{self, Loaded, project};
use crate::terminal::error::exit_code;
use crate::terminal::interrupts::Interrupts;
use crate::terminal::render::Renderer;
use crate::terminal::report::{add_plan, add_rulings, report};
use crate::terminal::sources::Sources;
use crate::terminal::words::{fill, words};
use crate::terminal::{markdown, output, person};

/// Run one process until it exits, and print its answer
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The task; `-` reads it from standard input
    prompt: Option<String>,
    /// The agent: a name of `quipu agent ls`, an agent.toml, a SKILL.md, a file of
    /// instructions, or a folder
    #[arg(long, value_name = "NAME|FILE|DIR")]
    agent: Option<PathBuf>,
    /// A text, document, picture or recording that the task is about; others may have made it.
    /// Can be repeated. `-` waits for standard input. A model that sees is shown pictures
    #[arg(long, value_name = "FILE", conflicts_with_all = ["resume", "fork"])]
    attach: Vec<PathBuf>,
    /// The task and what is attached are private: they leave this machine only where you send them,
    /// and no model on another machine is shown them
    #[arg(long, conflicts_with_all = ["resume", "fork"])]
    private: bool,
    /// What to print: the answer, one JSON value, or one event a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// JSON Schema that the answer satisfies
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    #[command(flatten)]
    process: ProcessOptions,
    /// Carry a stopped process on after its last completed step
    #[arg(long, value_name = "PID", value_parser = pid, conflicts_with_all = ["prompt", "agent", "schema", "think", "recall"])]
    resume: Option<Pid>,
    /// Start a copy of a process as it was after a step
    #[arg(long, value_name = "PID[@STEP]", conflicts_with_all = ["prompt", "agent", "schema", "think", "recall", "resume"])]
    fork: Option<Point>,
}

/// What `quipu run` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    StreamJson,
}

/// Runs the command.
pub async fn run(session: &Session, args: RunArgs) -> Result<u8> {
    let format = if args.json { Format::Json } else { args.format };
    let agent = args
        .agent
        .as_deref()
        .map(|path| agent::load(path, &session.paths))
        .transpose()?;
    let agent = match agent {
        Some(agent) => agent,
        // A folder that is gone has no project.
        None => {
            let here = std::env::current_dir().unwrap_or_default();
            project::usual(&here, &session.paths)?.0
        }
    };
    // A machine that lasts loads the agent's model beside its own.
    let lasting = door::lasts(session)?;
    let other = match args.resume.or(args.fork.map(|point| point.pid)) {
        Some(pid) => of_its_process(session, pid)?,
        None => of_its_model(session, &agent)?,
    };
    let other = other.filter(|_| !lasting);
    let Some(other) = &other else {
        return run_agent(session, args, agent, format).await;
    };
    let code = run_agent(other, args, agent, format).await;
    other.end_servers();
    code
}

/// A session with the model that `agent` is for, where it names one and nothing else does. A
/// stranger's agent names no file of this machine.
fn of_its_model(session: &Session, agent: &Loaded) -> Result<Option<Session>> {
    let named = agent.model.as_ref();
    let named = named.filter(|model| **model != session.settings.model);
    let Some(model) = named.filter(|_| session.globals.models.is_empty()) else {
        return Ok(None);
    };
    if agent.agent.stranger {
        say!(
            "{}",
            fill(words().no_model_of_strangers, &[("model", model)])
        );
        return Ok(None);
    }
    on_model(session, model).map(Some)
}

/// A session with the model that process `pid` was for, where that is another than the machine's own
/// and nothing else is named: on it alone it goes on.
fn of_its_process(session: &Session, pid: Pid) -> Result<Option<Session>> {
    // One that is not there is told of later.
    let Ok((program, _)) = session.journal()?.program(pid) else {
        return Ok(None);
    };
    let model = program.model.filter(|_| session.globals.models.is_empty());
    model.map(|model| on_model(session, &model)).transpose()
}

/// A session with `model`, else the same.
fn on_model(session: &Session, model: &str) -> Result<Session> {
    Session::open(Globals {
        models: vec![model.to_owned()],
        ..session.globals.clone()
    })
}

async fn run_agent(session: &Session, args: RunArgs, agent: Loaded, format: Format) -> Result<u8> {
    let interactive =
        person::is_there(session.globals.no_input) && args.prompt.as_deref() != Some("-");
    let mut interrupts = Interrupts::listen()?;
    knowledge::refresh(session, &agent)?;
    let program = match (args.resume, args.fork) {
        (Some(_), _) | (_, Some(_)) => None,
        (None, None) => Some(program(session, &args, &agent, interactive)?),
    };
    let limits = |pid: Pid| {
        args.process
            .new_limits(|| Ok(session.journal()?.program_in_words(pid)?.limits))
    };
    let start = match (program, args.resume, args.fork) {
        (Some(program), ..) => Start::Spawn {
            program: Box::new(program),
            must_fit: true,
        },
        (None, Some(pid), _) => Start::Resume {
            pid,
            limits: limits(pid)?,
            attended: interactive,
        },
        (None, None, Some(Point { pid, at })) => Start::Fork {
            pid,
            at,
            limits: limits(pid)?,
            attended: interactive,
        },
        (None, None, None) => return Err(task::no_prompt()),
    };
    can_start(session, &start)?;
    let ask = Ask {
        start,
        think: args.process.think(&agent),
    };
    let granted = args.process.policy(session);
    let nobody_asked = !interactive && granted.approve == Approve::Ask;
    let door = Door::open(session, granted, &agent, Lifetime::Command).await?;
    let view = View {
        format,
        renderer: Renderer::new(),
        nobody_asked,
    };
    let done = attend(session, &door, ask, view, &mut interrupts).await;
    door.leave(&mut interrupts).await;
    done
}

/// Checks that the process which is to go on, or be copied, is there: a model takes long to load.
fn can_start(session: &Session, start: &Start) -> Result<()> {
    match start {
        Start::Spawn { .. } => Ok(()),
        Start::Resume { pid, .. } => Ok(check_resumable(&session.journal()?, *pid)?),
        Start::Fork { pid, at, .. } => Ok(session.journal()?.check_fork(*pid, *at)?),
    }
}

/// Asks for a process behind `door`, shows it to its end, and prints its answer.
async fn attend(
    session: &Session,
    door: &Door,
    ask: Ask,
    mut view: View,
    interrupts: &mut Interrupts,
) -> Result<u8> {
    let (format, nobody_asked) = (view.format, view.nobody_asked);
    let mut conversation = door.begin(ask).await?;
    let rules = session.paths.policy();
    let mut sources = Sources::default();
    let mut show = |event: &Event| {
        sources.note(event);
        view.show(event)
    };
    let ended = follow(&mut conversation, interrupts, &rules, &mut show, None).await?;
    let exit = &ended.exit;
    tell_how_it_goes_on(session, door.journal(), &ended)?;
    if nobody_asked && exit.status == Status::Denied {
        say!("{}", words().nobody_asked);
    }
    match format {
        Format::Text => {
            if let Some(answer) = &exit.answer {
                let text = text_of(answer);
                match std::io::stdout().is_terminal() {
                    false => output::line(&text)?,
                    true => {
                        output::line(&markdown::printed(&text))?;
                        sources.tell(&text, "quipu mem show", &|id| door.page(id));
                    }
                }
            }
        }
        Format::Json => output::json(&in_json(door, &ended)?)?,
        Format::StreamJson => {}
    }
    Ok(exit_code(exit))
}

/// Names the command that carries on a process which did not end by itself.
fn tell_how_it_goes_on(session: &Session, journal: &Journal, ended: &Ended) -> Result<()> {
    let (pid, exit) = (ended.pid, &ended.exit);
    if exit.status == Status::Interrupted {
        let model = match session.globals.models.first() {
            Some(model) => format!(" --model {}", shell_words::quote(model)),
            None => String::new(),
        };
        let (template, option) = match exit.is_killed() {
            true => (words().killed, "--fork"),
            false => (words().carries_on, "--resume"),
        };
        let command = format!("quipu run {option} {pid}{model}");
        let values: [(&str, &dyn Display); 3] =
            [("command", &command), ("pid", &pid), ("alone", &"")];
        say!("{}", fill(template, &values));
    }
    if exit.status == Status::Suspended {
        let alone = ended.branches.is_some();
        say!("{}", suspended(journal, pid, "quipu run --resume", alone)?);
    }
    Ok(())
}

/// The end of a process, as `--format json` prints it.
fn in_json(door: &Door, ended: &Ended) -> Result<Value> {
    let (pid, journal) = (ended.pid, door.journal());
    let (reminder, steps) = (journal.reminder(pid)?, journal.steps(pid)?);
    let mut report = report(pid, &ended.exit, reminder, steps, &|id| door.page(id));
    add_rulings(&mut report["steps"], &journal.rulings(pid)?);
    add_plan(&mut report, journal.plan(pid)?.as_ref());
    if let Some(branches) = &ended.branches {
        report["confidence"] = json!(ended.confidence);
        report["branches"] = json!(branches);
    }
    Ok(report)
}

struct View {
    format: Format,
    renderer: Renderer,
    /// Whether what needs an approval is refused because nobody is there.
    nobody_asked: bool,
}

impl View {
    fn show(&mut self, event: &Event) -> Result<()> {
        match self.format {
            Format::StreamJson => output::json(event),
            _ => {
                self.renderer.show(event);
                Ok(())
            }
        }
    }
}

fn program(
    session: &Session,
    args: &RunArgs,
    agent: &Loaded,
    interactive: bool,
) -> Result<Program> {
    let (prompt, typed) = task::prompt(args.prompt.as_deref())?;
    let mut program = args.process.program(session, agent, prompt);
    session.teach(agent, &mut program);
    if !typed {
        program.label = session.piped();
    }
    let secrecy = match args.private {
        true => Secrecy::Private,
        false => Secrecy::Public,
    };
    program.label = program.label.kept(secrecy);
    if let Some(text) = task::beside(args.prompt.as_deref(), &args.attach)? {
        program.attached.push(Attached {
            picture: None,
            text,
            label: session.piped().kept(secrecy),
        });
    }
    for path in args.attach.iter().filter(|path| !task::is_input(path)) {
        let label = Label::new(format!("file:{}", path.display()), Trust::Untrusted);
        let sees = || door::sees(session);
        let page = attachment::page(session, path, "--attach", label.kept(secrecy), &sees)?;
        program.attached.push(page);
    }
    attachment::few_pictures(&mut program.attached);
    session.note_secrets(&program);
    if let Some(path) = &args.schema {
        program.answer_schema = Some(task::schema(path)?);
    }
    program.interactive = interactive;
    Ok(program)
}
