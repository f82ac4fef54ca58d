//! The way to a machine: the one that runs on a root, or one of this program's own.
//!
//! A machine that lasts (`quipu serve`, a shell) is what its user made of it: a task runs there
//! as it is, or is refused. One for a single command is shared by tasks that would run alike
//! on a machine of their own. Others wait until its program is done.

use std::time::{Duration, Instant};

use anyhow::Result;
use quipu_cpu::remote::shown;
use quipu_kernel::gate::{Approve, Policy};

use super::control::{Greeting, RELEASE};
use super::machine::{Lifetime, Machine};
use super::talk::{self, PAUSE};
use crate::config::endpoints;
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::session::lock::{self, MachineLock};
use crate::session::setup::other_variable;
use crate::terminal::error::UserError;
use crate::terminal::output::visible;

/// How long a program waits for another one before it says so.
const TOLD_AFTER: Duration = Duration::from_millis(200);
/// Why a program waits that sees a machine without its socket.
const BETWEEN: &str = "whose machine starts or ends on this root";

/// The machine that was found.
pub enum Found {
    /// A machine of this program.
    Own(Box<Machine>),
    /// A machine of another program.
    Other(Neighbour),
}

/// The machine of another program, as it was found.
#[derive(Clone)]
pub struct Neighbour {
    /// Its greeting. Only a machine with the same greeting is asked: the next one may grant
    /// something else.
    pub greeting: Greeting,
    /// Whether what is suspended with it waits for the next of its kind, and does not go on
    /// in its own program.
    pub lasts: bool,
}

/// The state of a root.
enum Seen {
    /// Nothing: this program has it now.
    Free(MachineLock),
    /// A machine that answers.
    Machine(Box<Greeting>),
    /// A program that loads its model, or comes to its end.
    Silent,
}

/// The machine on the root of `session` that does what `policy` says, for `agent`, or a new one
/// for this `lifetime`. Waits for a program that has the root and does not share it.
///
/// # Errors
/// Where a machine that lasts is another than was asked for, or a new one cannot start.
pub async fn find(
    session: &Session,
    policy: &Policy,
    agent: &Loaded,
    lifetime: Lifetime,
) -> Result<Found> {
    let mut waiting = Waiting::default();
    loop {
        match look(session)? {
            Seen::Free(lock) => {
                let machine = Machine::start(session, policy.clone(), agent, lifetime, lock);
                return Ok(Found::Own(Box::new(machine.await?)));
            }
            Seen::Machine(greeting) if lasts(&greeting) => {
                suits(session, &greeting, policy, agent)?;
                // A shell is left when its person is done: what would run alike without it
                // goes on then.
                let is_served = greeting.address.is_some();
                let lasts = is_served || differs(session, &greeting, policy, agent)?.is_some();
                let greeting = *greeting;
                return Ok(Found::Other(Neighbour { greeting, lasts }));
            }
            Seen::Machine(greeting) => match differs(session, &greeting, policy, agent)? {
                None => {
                    return Ok(Found::Other(Neighbour {
                        greeting: *greeting,
                        lasts: false,
                    }));
                }
                Some(why) => waiting.a_while(session, &why).await,
            },
            Seen::Silent => waiting.a_while(session, BETWEEN).await,
        }
    }
}

/// The root of `session` for a machine that serves it. Waits for a program that has it for a
/// while.
///
/// # Errors
/// Where it is served already: says where.
pub async fn claim(session: &Session) -> Result<MachineLock> {
    let mut waiting = Waiting::default();
    loop {
        match look(session)? {
            Seen::Free(lock) => return Ok(lock),
            Seen::Machine(greeting) if lasts(&greeting) => return Err(taken(session, &greeting)),
            Seen::Machine(_) => {
                let why = "whose command has this root until it is done";
                waiting.a_while(session, why).await;
            }
            Seen::Silent => waiting.a_while(session, BETWEEN).await,
        }
    }
}

fn look(session: &Session) -> Result<Seen> {
    if let Some(greeting) = talk::greeting(&session.paths)? {
        return Ok(Seen::Machine(Box::new(greeting)));
    }
    let lock = session.paths.lock();
    if MachineLock::holder(&lock).is_some() {
        return Ok(Seen::Silent);
    }
    session.can_compute()?;
    let taken = MachineLock::if_free(&lock)?;
    Ok(taken.map_or(Seen::Silent, Seen::Free))
}

/// Whether a machine runs until it is told to stop. An earlier release said it otherwise.
fn lasts(greeting: &Greeting) -> bool {
    greeting.lasts || (greeting.release.is_empty() && greeting.is_open)
}

/// Waits for another program, and says for which one.
#[derive(Default)]
struct Waiting {
    began: Option<Instant>,
    has_said: bool,
}

impl Waiting {
    /// Waits a moment for the program that has the root of `session`, and says once for which
    /// one and `why`: what follows while it starts or ends is no news.
    async fn a_while(&mut self, session: &Session, why: &str) {
        let began = *self.began.get_or_insert_with(Instant::now);
        if !self.has_said
            && began.elapsed() >= TOLD_AFTER
            && let Some(holder) = MachineLock::holder(&session.paths.lock())
        {
            let holder = lock::program(holder);
            say!("waiting for {holder}, {why} (Ctrl-C ends the waiting; --root DIR avoids it)");
            self.has_said = true;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Why a task does not share the machine of another command; `None` where it would run on one
/// of its own as it does there.
fn differs(
    session: &Session,
    greeting: &Greeting,
    policy: &Policy,
    agent: &Loaded,
) -> Result<Option<String>> {
    let settings = &session.settings;
    let cpu = settings.cpu.to_string();
    let ours = session.environment(&policy.grants)?;
    let why = if greeting.release != RELEASE {
        "whose machine is of another release".to_owned()
    } else if greeting.cpu != cpu {
        let theirs = visible(&shown(&greeting.cpu));
        let own = shown(&cpu);
        format!("whose machine computes with {theirs}, not with {own}")
    } else if greeting.model != settings.model {
        let theirs = visible(&greeting.model);
        format!(
            "whose machine has the model {theirs}, not {}",
            settings.model
        )
    } else if session.globals.cpu.is_some()
        && let Some(instead) = &greeting.instead
    {
        let theirs = visible(instead);
        format!("whose machine computes with {theirs} in place of {cpu}")
    } else if !greeting.grants_as(&policy.grants) {
        "whose machine grants something else".to_owned()
    } else if greeting.approve != policy.approve {
        "whose machine settles approvals in another way".to_owned()
    } else if greeting.setup != session.setup(policy) {
        "whose machine was started with other settings, rules or tools".to_owned()
    } else if let Some(name) = other_variable(&greeting.environment, &ours) {
        let name = visible(name);
        format!("whose machine has another value of the variable {name}")
    } else if agent.has_files()? {
        "as the files of a skill need a machine of their own".to_owned()
    } else if !greeting.is_open {
        "whose machine takes no more tasks".to_owned()
    } else {
        return Ok(None);
    };
    Ok(Some(why))
}

/// Checks that the machine that greets so is what this call asks for.
fn suits(session: &Session, greeting: &Greeting, policy: &Policy, agent: &Loaded) -> Result<()> {
    if greeting.release != RELEASE {
        let theirs = match greeting.release.as_str() {
            "" => "an earlier release".to_owned(),
            release => format!("release {}", visible(release)),
        };
        return Err(refused(
            &format!("is of {theirs}, and this program of {RELEASE}"),
            "stop it, and start it again with this program",
        ));
    }
    suits_model(session, greeting)?;
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
    if policy.approve != greeting.approve && !tightens(policy, greeting) {
        return Err(refused(
            "settles approvals in another way",
            "omit --approve",
        ));
    }
    if agent.has_files()? {
        return Err(refused(
            &format!("does not have the files of the skill {}", agent.agent.name),
            "stop that machine",
        ));
    }
    if session.globals.threads.is_some() || session.globals.window.is_some() {
        say!("note: threads and window are those of the machine that runs on this root");
    }
    let ours = session.environment(&policy.grants)?;
    for name in session.named_variables(&policy.grants)? {
        if ours.contains_key(&name) && ours.get(&name) != greeting.environment.get(&name) {
            say!("note: the variable {name} is that of the machine that runs on this root");
        }
    }
    Ok(())
}

/// Checks that the machine that greets so computes with the CPU and the model that this call asks
/// for.
fn suits_model(session: &Session, greeting: &Greeting) -> Result<()> {
    let (globals, settings) = (&session.globals, &session.settings);
    let cpu = settings.cpu.to_string();
    // Models of two endpoints may have one name.
    let named = globals.models.first().map(String::as_str);
    let option = match named.and_then(endpoints::named) {
        Some(_) => Some("--model"),
        None => globals.cpu.as_ref().map(|_| "--cpu"),
    };
    if let Some(option) = option.filter(|_| cpu != greeting.cpu) {
        return Err(refused(
            &format!(
                "computes with {}, not with {}",
                shown(&greeting.cpu),
                shown(&cpu)
            ),
            &format!("omit {option}"),
        ));
    }
    if !globals.models.is_empty() && settings.model != greeting.model {
        return Err(refused(
            &format!("has the model {}, not {}", greeting.model, settings.model),
            "omit --model",
        ));
    }
    let is_chosen = globals.cpu.is_some() || !globals.models.is_empty();
    if let Some(instead) = greeting.instead.as_ref().filter(|_| is_chosen) {
        return Err(refused(
            &format!("computes with {instead} in place of {}", greeting.model),
            "omit --cpu and --model",
        ));
    }
    Ok(())
}

/// Whether `policy` only tightens how the machine that greets so settles approvals: it asks a
/// person, and of this task nobody is asked.
fn tightens(policy: &Policy, greeting: &Greeting) -> bool {
    policy.approve == Approve::Never && greeting.approve == Approve::Ask
}

fn refused(what: &str, instead: &str) -> anyhow::Error {
    UserError::usage(
        format!("the machine that runs on this root {what}"),
        format!("{instead}, or give this task a root of its own with --root DIR"),
    )
}

/// To somebody who would serve a root that has a machine.
fn taken(session: &Session, greeting: &Greeting) -> anyhow::Error {
    let holder = MachineLock::holder(&session.paths.lock()).unwrap_or(0);
    let holder = lock::program(holder);
    match &greeting.address {
        Some(address) => {
            let address = visible(address);
            UserError::usage(
                format!("this root is served already, at http://{address} ({holder})"),
                "use that one, or stop it first; another root can be served beside it: --root \
                 DIR with --addr HOST:PORT",
            )
        }
        None => UserError::usage(
            format!("a shell runs on this root ({holder})"),
            "leave that shell first, or serve another root with --root DIR",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::globals::Globals;

    #[test]
    fn an_endpoint_is_asked_where_a_machine_computes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(&root).unwrap();
        let endpoint = |name: &str| {
            format!("[endpoints.{name}]\nurl = \"http://{name}.example/v1\"\nmodel = \"m\"\n")
        };
        let text = endpoint("one") + &endpoint("other");
        std::fs::write(root.join("config.toml"), text).unwrap();
        let check = |model: &str, instead: Option<&str>, want: bool| {
            let session = Session::open(Globals {
                root: Some(root.clone()),
                models: vec![model.to_owned()],
                ..Globals::default()
            });
            let session = session.unwrap();
            let policy = session.policy(&[], None);
            let greeting = Greeting {
                release: RELEASE.to_owned(),
                model: "m".to_owned(),
                cpu: "http://one.example/v1".to_owned(),
                instead: instead.map(str::to_owned),
                grants: policy.grants.clone(),
                approve: policy.approve,
                ..Greeting::default()
            };
            let suited = suits(&session, &greeting, &policy, &Loaded::default());
            assert_eq!(suited.is_ok(), want, "{model} {suited:?}");
        };
        check("endpoint:one", None, true);
        // It has the same model, and is somebody else's.
        check("endpoint:other", None, false);
        check("m", None, true);
        check("n", None, false);
        // What was asked for could not be loaded there.
        check("endpoint:one", Some("endpoint:other"), false);
    }
}
