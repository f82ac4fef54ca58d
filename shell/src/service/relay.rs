//! A task of this program on the machine of another one, which may end before the task does.
//!
//! ```text
//! asked ──> runs there ──> over: it is told
//!   │           ├── suspended: that program was left ───┐
//!   │           └── broken off: that program was killed ┤
//!   └── turned away: it takes no more, or is another ───┴──> the next machine, or one of this
//!                                                           program's own: asked, or carried on
//! ```
//!
//! A machine that lasts and is stopped keeps its processes for the next one: they are not
//! carried on here. Whoever has the conversation notices nothing of all that.

use std::sync::{Arc, OnceLock, Weak};

use anyhow::Result;
use quipu_kernel::Kernel;
use quipu_kernel::event::Event;
use quipu_kernel::gate::Policy;
use quipu_kernel::journal::Journal;
use quipu_kernel::process::{Exit, Pid, State, Status};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::{Mutex, oneshot};

use super::control::Greeting;
use super::conversation::{self, Ask, Attendant, Conversation, Ended, Say, Start, Told};
use super::machine::{Lifetime, Machine};
use super::talk;
use super::way::{self, Found, Neighbour};
use crate::session::Session;
use crate::session::agent::Loaded;
use crate::terminal::error::{INTERRUPTED, UserError};

/// The tasks of this program on a machine that is not its own, or was not at first.
pub struct Relay {
    session: Session,
    policy: Policy,
    agent: Loaded,
    /// The lifetime of this program's own machine, if it comes to that.
    lifetime: Lifetime,
    journal: Journal,
    /// The other program's machine, as it was found last.
    theirs: Mutex<Neighbour>,
    /// This program's own machine. Held by whoever looks for the next one.
    own: Mutex<Option<Machine>>,
    /// The kernel of that machine.
    kernel: OnceLock<Weak<Kernel>>,
}

impl Relay {
    /// For tasks of `session` on the machine `theirs`; the rest is that of a machine of its own.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn new(
        session: &Session,
        policy: Policy,
        agent: &Loaded,
        lifetime: Lifetime,
        theirs: Neighbour,
    ) -> Result<Self> {
        Ok(Self {
            session: Session::open(session.globals.clone())?,
            policy,
            agent: agent.clone(),
            lifetime,
            journal: session.journal()?,
            theirs: Mutex::new(theirs),
            own: Mutex::default(),
            kernel: OnceLock::new(),
        })
    }

    /// The journal, to look things up.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Whether the machine that greets so is the one that tasks are asked of.
    pub fn knows(&self, greeting: &Greeting) -> bool {
        if self.kernel.get().and_then(Weak::upgrade).is_some() {
            return true;
        }
        // Whoever has it at this moment looks for the machine himself.
        let Ok(theirs) = self.theirs.try_lock() else {
            return true;
        };
        theirs.greeting.is_like(greeting)
    }

    /// Takes this program's own machine out, if it has one.
    pub async fn take_own(&self) -> Option<Machine> {
        self.own.lock().await.take()
    }

    /// Suspends what runs on this program's own machine, if it has one.
    pub async fn suspend(&self) -> Vec<Pid> {
        match &*self.own.lock().await {
            Some(machine) => machine.suspend().await,
            None => Vec::new(),
        }
    }

    /// Asks for a process. Comes back once that has begun, or has to wait for a machine.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn begin(self: &Arc<Self>, ask: Ask) -> Result<Conversation> {
        let (conversation, attendant) = conversation::pair();
        let (answer, answered) = oneshot::channel();
        let task = Task::new(attendant, answer);
        tokio::spawn(self.clone().attend(ask, task));
        // A task that says nothing to this has told what is wrong.
        answered.await.unwrap_or(Ok(()))?;
        Ok(conversation)
    }

    async fn attend(self: Arc<Self>, mut ask: Ask, mut task: Task) {
        loop {
            task.runs = false;
            let lasts = match self.ask(ask.clone()).await {
                Ok(Reached::Own(pid, inner)) => {
                    task.has_begun(pid);
                    // The machine ends with this program, so its tasks do not go on elsewhere.
                    task.pass(inner, true).await;
                    return;
                }
                Ok(Reached::Other { inner, lasts }) => {
                    if task.pass(inner, lasts).await {
                        return;
                    }
                    lasts
                }
                Ok(Reached::Nobody) => self.theirs.lock().await.lasts,
                Err(error) => return task.fail(error).await,
            };
            if lasts {
                // For a process that has begun it is enough to send nothing more.
                if task.pid.is_none() {
                    let error = talk::gone(&std::io::ErrorKind::NotConnected.into());
                    task.fail(error).await;
                }
                return;
            }
            task.waits();
            task.says_where_it_goes_on(&ask);
            tokio::select! {
                found = self.next() => {
                    if let Err(error) = found {
                        return task.fail(error).await;
                    }
                }
                () = task.is_interrupted() => return task.interrupt(&self.journal).await,
            }
            if let Some(pid) = task.pid {
                if let Some(exit) = ended(&self.journal, pid) {
                    return task.end(pid, exit).await;
                }
                ask = again(ask, pid);
            }
        }
    }

    /// Asks the machine that is there now.
    async fn ask(&self, ask: Ask) -> Result<Reached> {
        if let Some(kernel) = self.kernel.get().and_then(Weak::upgrade) {
            let (pid, inner) = conversation::begin(&kernel, ask).await?;
            return Ok(Reached::Own(pid, inner));
        }
        let Neighbour { greeting, lasts } = self.theirs.lock().await.clone();
        let inner = talk::converse(&self.session.paths.state, ask, greeting).await;
        Ok(inner.map_or(Reached::Nobody, |inner| Reached::Other { inner, lasts }))
    }

    /// Waits for the next machine, this program's own if there is no other.
    async fn next(self: &Arc<Self>) -> Result<()> {
        let mut own = self.own.lock().await;
        if own.is_some() {
            return Ok(());
        }
        let relay = self.clone();
        // Whoever waits no more drops this, and nobody looks any further.
        let (_waits, left) = oneshot::channel::<()>();
        // Starting a machine has to stay on one thread, and may take a while.
        let found = tokio::task::spawn_blocking(move || {
            let Relay {
                session,
                policy,
                agent,
                lifetime,
                ..
            } = &*relay;
            let find = way::find(session, policy, agent, *lifetime);
            let find = async {
                tokio::select! {
                    found = find => Some(found),
                    _ = left => None,
                }
            };
            tokio::runtime::Handle::current().block_on(find)
        });
        match found.await?.transpose()? {
            None => {}
            Some(Found::Own(machine)) => {
                // Only the holder of `own` sets it.
                let _ = self.kernel.set(Arc::downgrade(&machine.kernel));
                *own = Some(*machine);
            }
            Some(Found::Other(theirs)) => *self.theirs.lock().await = theirs,
        }
        Ok(())
    }
}

/// The result of asking for a process.
enum Reached {
    /// It has begun on this program's own machine.
    Own(Pid, Conversation),
    /// The machine of another program was asked, which perhaps `lasts`.
    Other {
        /// What it tells.
        inner: Conversation,
        lasts: bool,
    },
    /// There is no machine to ask.
    Nobody,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.session.end_servers();
    }
}

/// The end of process `pid`, if it has exited: it may have ended before its machine did.
fn ended(journal: &Journal, pid: Pid) -> Option<Exit> {
    let row = journal.process(pid).ok()?;
    row.exit.filter(|_| row.state == State::Exited)
}

/// How to ask for process `pid` again, which began as `ask` says.
fn again(ask: Ask, pid: Pid) -> Ask {
    let (limits, attended) = match ask.start {
        Start::Spawn { program, .. } => (None, program.interactive),
        Start::Resume {
            limits, attended, ..
        }
        | Start::Fork {
            limits, attended, ..
        } => (limits, attended),
    };
    Ask {
        start: Start::Resume {
            pid,
            limits,
            attended,
        },
        think: None,
    }
}

/// One task, and the end of its conversation that belongs to the asker.
struct Task {
    tell: Sender<Told>,
    said: Receiver<Say>,
    /// Says once that it has begun, cannot begin, or has to wait.
    answer: Option<oneshot::Sender<Result<()>>>,
    /// Its process, once it has one.
    pid: Option<Pid>,
    /// Whether that has begun, or gone on, on the machine that was asked last.
    runs: bool,
}

impl Task {
    fn new(attendant: Attendant, answer: oneshot::Sender<Result<()>>) -> Self {
        let (tell, said) = attendant.split();
        Self {
            tell,
            said,
            answer: Some(answer),
            pid: None,
            runs: false,
        }
    }

    fn has_begun(&mut self, pid: Pid) {
        self.pid = Some(pid);
        self.runs = true;
        self.waits();
    }

    /// Says that its process goes on, where it ran on a machine that is gone.
    fn says_where_it_goes_on(&self, ask: &Ask) {
        let Some(pid) = self.pid.filter(|_| self.runs) else {
            return;
        };
        let alone = match ask.think {
            Some(_) => ", alone: its other branches ended with that",
            None => "",
        };
        say!("the program that process {pid} ran in has ended; it goes on from here{alone}");
    }

    /// Whoever asked need not wait for its beginning any more.
    fn waits(&mut self) {
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(Ok(()));
        }
    }

    /// Whoever has left is told nothing.
    async fn tell(&self, told: Told) {
        let _ = self.tell.send(told).await;
    }

    /// Tells that it failed, the last that is told.
    async fn fail(&mut self, error: anyhow::Error) {
        match self.answer.take() {
            Some(answer) => {
                let _ = answer.send(Err(error));
            }
            None => self.tell(Told::failed(&error)).await,
        }
    }

    /// Tells how process `pid` ended, the last that is told.
    async fn end(&self, pid: Pid, exit: Exit) {
        let event = Event::Exited {
            pid,
            exit: exit.clone(),
        };
        self.tell(Told::Event(event)).await;
        let ended = Ended {
            pid,
            exit,
            confidence: None,
            branches: None,
        };
        self.tell(Told::Ended(Box::new(ended))).await;
    }

    /// Passes on what is told and said. Whether the process has ended, and not only there: on a
    /// machine that does not last, a process that is suspended goes on elsewhere.
    async fn pass(&mut self, mut inner: Conversation, lasts: bool) -> bool {
        loop {
            let told = tokio::select! {
                told = inner.told.recv() => told,
                said = self.said.recv() => match said {
                    Some(said) => {
                        inner.say(said).await;
                        continue;
                    }
                    // Whoever asked has left: dropping it interrupts the process.
                    None => return true,
                },
            };
            match told {
                None => return false,
                Some(Told::Begun { pid }) => self.has_begun(pid),
                Some(Told::Failed {
                    message,
                    hint,
                    code,
                }) => {
                    self.fail(UserError::with_code(code, message, hint)).await;
                    return true;
                }
                Some(Told::Ended(ended)) if !lasts && is_suspended(&ended.exit) => return false,
                Some(Told::Event(Event::Exited { exit, .. })) if !lasts && is_suspended(&exit) => {}
                Some(told) => {
                    let is_last = matches!(told, Told::Ended(_));
                    if self.tell.send(told).await.is_err() || is_last {
                        return true;
                    }
                }
            }
        }
    }

    /// Resolves when whoever asked interrupts it, or has left.
    async fn is_interrupted(&mut self) {
        while let Some(Say::Reply { .. }) = self.said.recv().await {}
    }

    /// Tells that it was interrupted while it waited for a machine.
    async fn interrupt(&mut self, journal: &Journal) {
        let Some(pid) = self.pid else {
            let words = "interrupted while waiting for a machine; the task has not begun";
            let error = UserError::with_code(INTERRUPTED, words, "run the command again");
            return self.fail(error).await;
        };
        let row = journal.process(pid).ok();
        let exit = row.and_then(|row| row.exit).unwrap_or_else(Exit::killed);
        let exit = Exit {
            status: Status::Interrupted,
            error: None,
            ..exit
        };
        self.end(pid, exit).await;
    }
}

fn is_suspended(exit: &Exit) -> bool {
    exit.status == Status::Suspended
}
