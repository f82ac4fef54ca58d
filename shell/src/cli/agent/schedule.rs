//! `quipu agent schedule`: agents that run by themselves.

mod list;

use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::Local;
use clap::{Args, Subcommand};
use quipu_kernel::deliberation::Think;
use quipu_kernel::event::Event;
use quipu_kernel::journal::{Journal, ProcessRow};
use quipu_kernel::process::{Pid, Program, State, text_of};

use crate::config::private;
use crate::service::control::{Reply, Request};
use crate::service::conversation::{Ask, Conversation, Start, Told};
use crate::service::door::Door;
use crate::service::follow::follow;
use crate::service::knowledge;
use crate::service::machine::Lifetime;
use crate::service::talk;
use crate::session::Session;
use crate::session::agent;
use crate::session::lock::MachineLock;
use crate::session::schedule::book::{Book, Held};
use crate::session::schedule::due::{self, Spent};
use crate::session::schedule::{
    self, Cause, Missed, Past, RUNS_A_DAY, Schedule, TOKENS_A_DAY, Trigger, files,
};
use crate::terminal::error::{UserError, exit_code};
use crate::terminal::interrupts::Interrupts;
use crate::terminal::output::{self, visible};
use crate::terminal::render::Renderer;
use list::clock;

/// What the agent that has no file is called here.
const DEFAULT: &str = "default";

/// Run an agent by itself: at times, when files change, or when a program asks over HTTP
///
/// `quipu serve` runs what is due. Nobody is there then, so nothing is approved: a run does what
/// was granted before, and no more. What a changed file or a request says is others' text.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ScheduleArgs {
    /// A name of `quipu agent ls`, a file or a folder; `default` is the agent that has no file
    #[arg(required = true, value_name = "AGENT")]
    agent: Option<PathBuf>,
    /// The task of each run
    #[arg(long, required = true, value_name = "TEXT")]
    prompt: Option<String>,
    /// Run at these times by the clock of this machine: minute, hour, day of the month, month,
    /// day of the week
    #[arg(long, value_name = "TIMES", conflicts_with_all = ["on_change", "hook"])]
    cron: Option<String>,
    /// Run when this file, or a file below this folder, is new or changes, with its text
    #[arg(long, value_name = "PATH", conflicts_with = "hook")]
    on_change: Option<PathBuf>,
    /// Run at `POST /api/v1/hooks/NAME` with the body as a text; prints the token for it
    #[arg(long, value_name = "NAME", conflicts_with = "name")]
    hook: Option<String>,
    /// What the schedule is called [default: the name of the agent]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Runs that were due while no machine ran, or while the last one still did
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    missed: Missed,
    /// The most runs of a day
    #[arg(long, value_name = "N", default_value_t = RUNS_A_DAY, value_parser = clap::value_parser!(u32).range(1..))]
    runs_a_day: u32,
    /// The most tokens that the runs of a day generate together
    #[arg(long, value_name = "N", default_value_t = TOKENS_A_DAY, value_parser = clap::value_parser!(u32).range(1..))]
    tokens_a_day: u32,
    #[command(subcommand)]
    command: Option<ScheduleCommand>,
}

#[derive(Debug, Subcommand)]
enum ScheduleCommand {
    /// List schedules: when each runs next, what it ran today, how its last run ended
    Ls {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a schedule; a run that is under way goes on
    Rm {
        /// Its name
        name: String,
    },
    /// Run what is scheduled now, as it would run by itself, and print the answer
    Run {
        /// Its name
        name: String,
    },
}

/// Runs the command.
pub async fn run(session: &Session, args: ScheduleArgs) -> Result<u8> {
    match &args.command {
        Some(ScheduleCommand::Ls { json }) => list::run(session, *json),
        Some(ScheduleCommand::Rm { name }) => remove(session, name),
        Some(ScheduleCommand::Run { name }) => now(session, name).await,
        None => add(session, &args),
    }
}

fn add(session: &Session, args: &ScheduleArgs) -> Result<u8> {
    let (named, prompt) = match (&args.agent, &args.prompt) {
        (Some(agent), Some(prompt)) if !prompt.trim().is_empty() => (agent, prompt),
        _ => {
            return Err(UserError::usage(
                "the task is empty",
                "say it with --prompt",
            ));
        }
    };
    let agent = found(session, named)?;
    let (on, token) = trigger(args)?;
    let name = name(args, named)?;
    let seen_ns = match &on {
        Trigger::Change(path) => files::newest_ns(path),
        _ => due::ns(Local::now()),
    };
    let schedule = Schedule {
        agent,
        prompt: prompt.clone(),
        missed: args.missed,
        runs_a_day: args.runs_a_day,
        tokens_a_day: args.tokens_a_day,
        on,
        past: Past {
            seen_ns,
            ..Past::default()
        },
    };
    let mut held = Book::of(&session.paths).hold()?;
    if held.schedules.contains_key(&name) {
        return Err(UserError::usage(
            format!("there is a schedule {name} already"),
            format!("`quipu agent schedule rm {name}` removes it; or choose another --name"),
        ));
    }
    let next = due::next(&schedule, Local::now());
    held.schedules.insert(name.clone(), schedule);
    held.write()?;
    drop(held);
    if let Some(token) = token {
        output::line(&token)?;
        say!(
            "the token for POST /api/v1/hooks/{name}, which is kept nowhere else: send it as \
             `Authorization: Bearer TOKEN`"
        );
    }
    match next {
        Some(next) => say!("{name} runs next at {}", clock(next)),
        None => say!("{name} is scheduled"),
    }
    hint_where_nothing_runs(session);
    Ok(0)
}

/// The trigger of the schedule and, for a hook, its new token.
fn trigger(args: &ScheduleArgs) -> Result<(Trigger, Option<String>)> {
    match (&args.cron, &args.on_change, &args.hook) {
        (Some(pattern), ..) => {
            due::times(pattern)?;
            Ok((Trigger::Cron(pattern.clone()), None))
        }
        (_, Some(path), _) => Ok((Trigger::Change(watched(path)?), None)),
        (.., Some(_)) => {
            let token = private::token()?;
            Ok((Trigger::Hook(schedule::token_hash(&token)), Some(token)))
        }
        _ => Err(UserError::usage(
            "nothing says when the schedule runs",
            "give --cron TIMES, --on-change PATH or --hook NAME",
        )),
    }
}

/// The path that is watched: a file that is not there yet has at least a folder.
fn watched(path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let there = path.exists() || absolute.parent().is_some_and(Path::is_dir);
    match there {
        // A folder may be a link: what is in it is watched.
        true => Ok(path.canonicalize().unwrap_or(absolute)),
        false => Err(UserError::usage(
            format!("there is no {}", path.display()),
            "name a file or a folder that is there",
        )),
    }
}

/// The agent as it is kept: a name, or an absolute path; checked that it can be read.
fn found(session: &Session, named: &Path) -> Result<Option<PathBuf>> {
    let folder = session.paths.agents();
    let own = named.to_str().and_then(|name| agent::named(&folder, name));
    if own.is_none() && named == Path::new(DEFAULT) {
        return Ok(None);
    }
    let loaded = agent::load(named, &session.paths)?;
    let kept = match own {
        Some(_) => named.to_owned(),
        None => named.canonicalize()?,
    };
    if loaded.agent.stranger {
        let path = visible(&kept.display().to_string());
        say!("hint: the agent is not trusted; `quipu trust {path}` vouches for it as it is now");
    }
    Ok(Some(kept))
}

/// What the schedule is called.
fn name(args: &ScheduleArgs, agent: &Path) -> Result<String> {
    let given = args.hook.as_ref().or(args.name.as_ref()).cloned();
    let stem = || {
        let stem = agent.file_stem()?.to_string_lossy().into_owned();
        let folder = agent.parent()?.file_name();
        match (stem.as_str(), folder) {
            ("agent" | "SKILL", Some(folder)) => Some(folder.to_string_lossy().into_owned()),
            _ => Some(stem),
        }
    };
    let name = given.or_else(stem).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let taken = ["ls", "rm", "run", "help"].contains(&name.as_str());
    match !name.is_empty() && name.len() <= 64 && name.chars().all(plain) && !taken {
        true => Ok(name),
        false => Err(UserError::usage(
            format!("{name:?} cannot be the name of a schedule"),
            "give --name: up to 64 letters, digits, - and _",
        )),
    }
}

fn remove(session: &Session, name: &str) -> Result<u8> {
    let mut held = Book::of(&session.paths).hold()?;
    held.get(name)?;
    held.schedules.remove(name);
    held.write()?;
    drop(held);
    say!("removed the schedule {}", visible(name));
    is_run(session);
    Ok(0)
}

/// Tells a machine that runs schedules to look at them; whether there is one.
fn is_run(session: &Session) -> bool {
    matches!(
        talk::ask(&session.paths.state, &Request::Schedules),
        Ok(Some(Reply::Done))
    )
}

fn hint_where_nothing_runs(session: &Session) {
    if !is_run(session) {
        say!("hint: no machine runs schedules on this root: start `quipu serve`");
    }
}

/// Runs the schedule `name` now. It counts among the runs of the day, and is not held back by
/// their number: its user asks for it.
async fn now(session: &Session, name: &str) -> Result<u8> {
    let mut interrupts = Interrupts::listen()?;
    let book = Book::of(&session.paths);
    let schedule = book.hold()?.get(name)?.clone();
    let (loaded, program) = schedule::program(
        session,
        (name, &schedule),
        schedule.tokens_a_day,
        Cause::Time,
        &|path| session.text_of(path, "a changed file"),
    )?;
    knowledge::refresh(session, &loaded)?;
    let policy = session.policy(&[], None);
    let door = Door::open(session, policy, &loaded, Lifetime::Command).await?;
    let think = loaded.think.and_then(Think::more_than_one);
    let started = (name, &book, program, think);
    let done = attend(session, &door, started, &mut interrupts).await;
    door.leave(&mut interrupts).await;
    done
}

/// Runs the program of the schedule `name` in `book` behind `door`, to its end.
async fn attend(
    session: &Session,
    door: &Door,
    (name, book, program, think): (&str, &Book, Program, Option<Think>),
    interrupts: &mut Interrupts,
) -> Result<u8> {
    let mut held = book.hold()?;
    let spent = spent(session, held.get(name)?, door.journal());
    if spent.is_running {
        return Err(UserError::failed(
            format!("the last run of {name} is still under way"),
            "`quipu ps` shows it, and `quipu kill PID` ends it",
        ));
    }
    held.begin(name, (Local::now(), None), |_| Ok(()))?;
    let ask = Ask {
        start: Start::Spawn {
            program: Box::new(program),
            must_fit: true,
        },
        think,
    };
    let mut conversation = door.begin(ask).await?;
    let mut renderer = Renderer::new();
    note_pid(held, name, &mut conversation, &mut renderer).await?;
    let mut show = |event: &Event| {
        renderer.show(event);
        Ok(())
    };
    let rules = session.paths.policy();
    let ended = follow(&mut conversation, interrupts, &rules, &mut show, None).await?;
    if let Some(answer) = &ended.exit.answer {
        output::line(&visible(&text_of(answer)))?;
    }
    Ok(exit_code(&ended.exit))
}

/// Notes which process it is, which its first event tells.
async fn note_pid(
    mut held: Held,
    name: &str,
    conversation: &mut Conversation,
    renderer: &mut Renderer,
) -> Result<()> {
    loop {
        if let Told::Event(event) = conversation.next().await? {
            renderer.show(&event);
            return held.began(name, event.pid());
        }
    }
}

/// What the processes of `schedule` did, according to the journal.
fn spent(session: &Session, schedule: &Schedule, journal: &Journal) -> Spent {
    let alive = MachineLock::holder(&session.paths.lock()).is_some();
    let is_running = |pid: Pid| {
        let row = journal.process(pid);
        let runs = |row: ProcessRow| matches!(row.state, State::Running | State::Blocked);
        alive && row.is_ok_and(runs)
    };
    Spent::of(schedule, journal, &is_running)
}
