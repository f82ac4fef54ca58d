//! The door through which a command reaches a machine: the one that runs on this root
//! already, else one of its own.

use std::path::PathBuf;

use anyhow::Result;
use quipu_kernel::Consolidated;
use quipu_kernel::gate::Policy;
use quipu_kernel::journal::Journal;
use quipu_kernel::process::{Pid, Sampling};
use quipu_kernel::window::Window;
use quipu_memory::Access;
use tokio::sync::watch;

use super::control::{Greeting, Reply, Request};
use super::conversation::{self, Ask, Conversation, Start};
use super::machine::{Guests, Machine};
use super::{lent, talk};
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::bus::Servers;
use crate::session::init::describe;
use crate::terminal::error::UserError;

/// A machine that a command works on.
pub enum Door {
    /// Its own, which ends with it.
    Own(Machine),
    /// One that runs in another program.
    Other(Box<Other>),
}

/// A machine in another program on the same root.
pub struct Other {
    state: PathBuf,
    journal: Journal,
    /// How tokens are chosen, where this call says so.
    sampling: Option<Sampling>,
}

impl Door {
    /// The machine on the root of `session` that is open to others, else a new one, which
    /// perhaps takes `guests`. It does what `policy` says, and knows the tools of `agent`.
    ///
    /// # Errors
    /// Where the machine that runs is another than was asked for, or a new one cannot start.
    pub async fn open(
        session: &Session,
        policy: Policy,
        agent: &Loaded,
        guests: Guests,
    ) -> Result<Self> {
        talk::wait_for_start(&session.paths);
        let greeting = match talk::greeting(&session.paths)? {
            Some(greeting) if greeting.is_open => greeting,
            _ => {
                return Ok(Door::Own(
                    Machine::start(session, policy, agent, guests).await?,
                ));
            }
        };
        suits(session, &greeting, &policy)?;
        let globals = &session.globals;
        if agent.has_files()? {
            return Err(refused(
                &format!("does not have the files of the skill {}", agent.agent.name),
                "stop that machine",
            ));
        }
        let door = Door::Other(Box::new(Other {
            state: session.paths.state.clone(),
            journal: session.journal()?,
            sampling: (globals.seed.is_some() || globals.temperature.is_some())
                .then(|| session.settings.sampling()),
        }));
        door.check(session, agent)?;
        Ok(door)
    }

    /// Checks that `agent` finds its tools there, and takes no part of the disk that is
    /// another's.
    ///
    /// # Errors
    /// Where it does not, or does.
    pub fn check(&self, session: &Session, agent: &Loaded) -> Result<()> {
        match self {
            Door::Own(machine) => {
                agent.check(machine.kernel.bus())?;
                agent.check_memory(&**machine.kernel.store())
            }
            Door::Other(_) => {
                if agent.names_tools() {
                    agent.check(&session.bus(Servers::Unasked)?.0)?;
                }
                if agent.agent.stranger {
                    agent.check_memory(&*lent::library(session, Access::ReadOnly)?)?;
                }
                Ok(())
            }
        }
    }

    /// The journal of its processes, to look things up.
    pub fn journal(&self) -> &Journal {
        match self {
            Door::Own(machine) => machine.kernel.journal(),
            Door::Other(other) => &other.journal,
        }
    }

    /// Asks for a process.
    ///
    /// # Errors
    /// When it cannot be started, or the other program has ended.
    pub async fn begin(&self, mut ask: Ask) -> Result<Conversation> {
        let other = match self {
            Door::Own(machine) => return conversation::begin(&machine.kernel, ask),
            Door::Other(other) => other,
        };
        if let Start::Spawn { program, .. } = &mut ask.start {
            program.sampling = program.sampling.or(other.sampling);
        }
        talk::converse(&other.state, ask).await
    }

    /// Whether the machine still runs.
    pub fn is_there(&self) -> bool {
        match self {
            Door::Own(_) => true,
            Door::Other(other) => matches!(talk::ask(&other.state, &Request::Greet), Ok(Some(_))),
        }
    }

    /// What computes, in words.
    ///
    /// # Errors
    /// When the other program has ended.
    pub fn cpu(&self) -> Result<String> {
        let other = match self {
            Door::Own(machine) => return Ok(describe(machine.kernel.cpu().info())),
            Door::Other(other) => other,
        };
        match talk::ask(&other.state, &Request::Stats)? {
            Some(Reply::Stats(snapshot)) => Ok(snapshot.model),
            _ => Err(talk::gone(&std::io::ErrorKind::NotConnected.into())),
        }
    }

    /// The window of process `pid`; `None` where it cannot be laid out there.
    ///
    /// # Errors
    /// Where there is no such process, or the other program has ended.
    pub fn window(&self, pid: Pid) -> Result<Option<Window>> {
        let other = match self {
            Door::Own(machine) => return Ok(machine.kernel.window(pid)?),
            Door::Other(other) => other,
        };
        match talk::ask(&other.state, &Request::Window { pid })? {
            Some(Reply::Window(window)) => Ok(window),
            _ => Err(talk::gone(&std::io::ErrorKind::NotConnected.into())),
        }
    }

    /// The text of the page `id` of its store; `None` where there is none, or where another
    /// program has the store.
    pub fn page(&self, id: &str) -> Option<String> {
        match self {
            Door::Own(machine) => {
                let page = machine.kernel.store().get(&id.into()).ok().flatten();
                page.map(|page| page.text)
            }
            Door::Other(_) => None,
        }
    }

    /// Makes one memory of those that belong together, until that is done or `stop` becomes
    /// true.
    ///
    /// # Errors
    /// Those of the machine.
    pub async fn consolidate(&self, mut stop: watch::Receiver<bool>) -> Result<Consolidated> {
        match self {
            Door::Own(machine) => Ok(machine.kernel.consolidate(&mut stop).await?),
            Door::Other(other) => talk::consolidate(&other.state, stop).await,
        }
    }
}

/// Checks that the machine that greets so is what this call asks for.
fn suits(session: &Session, greeting: &Greeting, policy: &Policy) -> Result<()> {
    let (globals, settings) = (&session.globals, &session.settings);
    let cpu = settings.cpu.to_string();
    if globals.cpu.is_some() && cpu != greeting.cpu {
        return Err(refused(
            &format!("computes with {}, not with {cpu}", greeting.cpu),
            "leave --cpu away",
        ));
    }
    if !globals.models.is_empty() && settings.model != greeting.model {
        return Err(refused(
            &format!("has the model {}, not {}", greeting.model, settings.model),
            "leave --model away",
        ));
    }
    if let Some(more) = policy
        .grants
        .iter()
        .find(|cap| !greeting.grants.allows(cap))
    {
        return Err(refused(
            &format!("grants no {more}"),
            &format!("give --allow {more} to the one that runs"),
        ));
    }
    if policy.approve != greeting.approve {
        return Err(refused(
            "settles approvals in another way",
            "leave --approve away",
        ));
    }
    if globals.threads.is_some() || globals.window.is_some() {
        say!("note: threads and window are those of the machine that runs on this root");
    }
    Ok(())
}

fn refused(what: &str, instead: &str) -> anyhow::Error {
    UserError::usage(
        format!("the machine that runs on this root {what}"),
        format!("{instead}, or give this task a root of its own with --root DIR"),
    )
}
