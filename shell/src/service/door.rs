//! The door through which a command reaches a machine: the one that runs on this root
//! already, else one of its own.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use quipu_kernel::Consolidated;
use quipu_kernel::gate::{Approve, Policy};
use quipu_kernel::journal::Journal;
use quipu_kernel::process::{Pid, Sampling};
use quipu_kernel::window::Window;
use quipu_memory::Access;
use tokio::sync::watch;

use super::control::{Reply, Request};
use super::conversation::{self, Ask, Conversation, Start};
use super::machine::{Lifetime, Machine};
use super::relay::Relay;
use super::way::{self, Found};
use super::{lent, talk};
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::bus::Servers;
use crate::session::init::describe;
use crate::terminal::interrupts::Interrupts;

/// A machine that a command works on.
pub enum Door {
    /// Its own. Programs that come later share it.
    Own(Box<Machine>),
    /// A machine that runs in another program.
    Other(Box<Other>),
}

/// A machine in another program on the same root.
pub struct Other {
    state: PathBuf,
    /// How tokens are chosen, where this call says so.
    sampling: Option<Sampling>,
    /// Whether this call lets nobody approve anything, on a machine that would ask.
    is_unattended: bool,
    /// What a task does when that program ends first.
    relay: Arc<Relay>,
}

/// Whether a task of `session` goes to a CPU that sees pictures: that of the machine on its root,
/// where one lasts, else that of this program's own or of one that it shares.
///
/// # Errors
/// Where the machine does not answer.
pub fn sees(session: &Session) -> Result<bool> {
    let theirs = talk::greeting(&session.paths)?;
    let own = || session.projector().is_some();
    Ok(match theirs {
        Some(theirs) if theirs.lasts => theirs.sees,
        Some(theirs) => theirs.sees || own(),
        None => own(),
    })
}

/// Whether a machine that lasts is on the root of `session`, which its tasks go to.
///
/// # Errors
/// Where the machine does not answer.
pub fn lasts(session: &Session) -> Result<bool> {
    Ok(talk::greeting(&session.paths)?.is_some_and(|theirs| theirs.lasts))
}

impl Door {
    /// The machine on the root of `session` that is open to others, else a new one for this
    /// `lifetime`. It does what `policy` says, and knows the tools of `agent`. A program that
    /// has the root and does not share it is waited for.
    ///
    /// # Errors
    /// Where the machine that runs is another than was asked for, or a new one cannot start.
    pub async fn open(
        session: &Session,
        policy: Policy,
        agent: &Loaded,
        lifetime: Lifetime,
    ) -> Result<Self> {
        let theirs = match way::find(session, &policy, agent, lifetime).await? {
            Found::Own(machine) => return Ok(Door::Own(machine)),
            Found::Other(theirs) => theirs,
        };
        let globals = &session.globals;
        // A machine for a single command has settings of its own.
        let is_chosen = !theirs.lasts || globals.seed.is_some() || globals.temperature.is_some();
        let door = Door::Other(Box::new(Other {
            state: session.paths.state.clone(),
            sampling: is_chosen.then(|| session.settings.sampling()),
            is_unattended: policy.approve == Approve::Never,
            relay: Arc::new(Relay::new(session, policy, agent, lifetime, theirs)?),
        }));
        door.check(session, agent)?;
        Ok(door)
    }

    /// Ends the part of this program: its own machine takes nothing of others any more, and
    /// stays while they have something under way on it. An interrupt leaves that to them.
    pub async fn leave(&self, interrupts: &mut Interrupts) {
        match self {
            Door::Own(machine) => machine.stay(interrupts).await,
            Door::Other(other) => {
                if let Some(machine) = other.relay.take_own().await {
                    machine.stay(interrupts).await;
                }
            }
        }
    }

    /// Suspends what runs on this program's own machine. Says what was suspended.
    pub async fn suspend(&self) -> Vec<Pid> {
        match self {
            Door::Own(machine) => machine.suspend().await,
            Door::Other(other) => other.relay.suspend().await,
        }
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
                match agent.names_tools() {
                    true => agent.check(&session.bus(Servers::Unasked)?.0)?,
                    false => agent.say_what_changed(),
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
            Door::Other(other) => other.relay.journal(),
        }
    }

    /// Asks for a process.
    ///
    /// # Errors
    /// When it cannot be started, or the other program has ended.
    pub async fn begin(&self, mut ask: Ask) -> Result<Conversation> {
        let other = match self {
            Door::Own(machine) => {
                let (_, begun) = conversation::begin(&machine.kernel, ask).await?;
                return Ok(begun);
            }
            Door::Other(other) => other,
        };
        if let Start::Spawn { program, .. } = &mut ask.start {
            program.sampling = program.sampling.or(other.sampling);
        }
        if other.is_unattended {
            ask.start.unattend();
        }
        other.relay.begin(ask).await
    }

    /// Whether the machine still runs as it was found, and takes processes.
    pub fn is_there(&self) -> bool {
        match self {
            Door::Own(_) => true,
            Door::Other(other) => match talk::ask(&other.state, &Request::Greet) {
                Ok(Some(Reply::Greeting(greeting))) => {
                    greeting.is_open && other.relay.knows(&greeting)
                }
                _ => false,
            },
        }
    }

    /// Whether what computes there sees pictures.
    ///
    /// # Errors
    /// When the other program does not answer.
    pub fn sees(&self) -> Result<bool> {
        match self {
            Door::Own(machine) => Ok(machine.kernel.cpu().sees()),
            Door::Other(other) => match talk::ask(&other.state, &Request::Greet)? {
                Some(Reply::Greeting(greeting)) => Ok(greeting.sees),
                _ => Ok(false),
            },
        }
    }

    /// The CPU, in words.
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
