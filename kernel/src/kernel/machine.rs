//! The machine behind a kernel: its parts, the table of the processes that run on it, and how one
//! of them is started and resumed. A process reaches others through it ([`Family`]).

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI8};
use std::sync::{Arc, Weak};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use parking_lot::{Mutex, ReentrantMutex};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

use super::models::{Model, Models};
use super::{KernelError, WAITING_MAX, check_resumable};
use crate::event::Event;
use crate::exec::{Apart, Execution, Facts, Family, Inbox, Past, Shared, Waits, not_set_up};
use crate::journal::tape::Row;
use crate::limits::Limits;
use crate::planner::date;
use crate::process::{Ending, Exit, NoModel, PRIORITIES, Pid, Program, Reply, State};
use crate::signal::Signal;

pub(super) struct Handle {
    pub(super) signals: mpsc::Sender<Signal>,
    pub(super) replies: mpsc::Sender<(String, Reply)>,
    pub(super) priority: Arc<AtomicI8>,
    pub(super) exit: watch::Receiver<Option<Exit>>,
    /// Whether the next machine can resume the process. A branch of a deliberation cannot be
    /// resumed, nor can work that the machine does for itself.
    pub(super) goes_on: bool,
}

pub(super) struct Machine {
    me: Weak<Machine>,
    pub(super) shared: Arc<Shared>,
    /// The models beside the one in `shared`.
    pub(super) models: Arc<Models>,
    /// What each tape says of the machine.
    facts: Facts,
    /// The processes that run here. A process that ends leaves the table.
    pub(super) table: Mutex<HashMap<Pid, Handle>>,
    /// Whether it takes no process any more.
    pub(super) stops: AtomicBool,
    /// Held while a family is resumed.
    resuming: ReentrantMutex<()>,
    /// The processes with children that run, or ran, here.
    parents: Mutex<HashSet<Pid>>,
    waits: Waits,
    mail: watch::Sender<u64>,
}

impl Machine {
    /// A machine of the parts `shared`, with no process.
    pub(super) fn of(shared: Shared) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            facts: Facts::of(&shared),
            models: Models::new(shared.gate.policy().leaks.clone(), shared.events.clone()),
            shared: Arc::new(shared),
            table: Mutex::default(),
            stops: AtomicBool::new(false),
            resuming: ReentrantMutex::default(),
            parents: Mutex::default(),
            waits: Waits::default(),
            mail: watch::Sender::new(0),
        })
    }

    pub(super) fn is_running(&self, pid: Pid) -> bool {
        self.table.lock().contains_key(&pid)
    }

    /// Starts a process.
    pub(super) fn start(&self, program: Program) -> Result<Pid, KernelError> {
        self.takes_processes()?;
        let mut program = program.without_secrets(&self.shared.gate.policy().leaks);
        if program.today.is_none() {
            program.today = date::needed_by(&program);
        }
        let own = &self.shared.cpu.info().model;
        let model = program.model.as_ref().unwrap_or(own);
        let pid = self.shared.journal.create(&program, model)?;
        let attended = program.interactive;
        self.launch(pid, program, Past::default(), attended);
        Ok(pid)
    }

    /// Resumes a stopped process, with those of its children that have not exited.
    pub(super) fn resume(
        &self,
        pid: Pid,
        limits: Option<Limits>,
        attended: bool,
    ) -> Result<Pid, KernelError> {
        // The step of a process may wait for a child that is not resumed yet. So it waits until
        // the whole family is there.
        let _whole = self.resuming.lock();
        self.takes_processes()?;
        let journal = &self.shared.journal;
        check_resumable(journal, pid)?;
        let (mut program, spent_ms) = journal.program(pid)?;
        if self.is_running(pid) {
            return Err(KernelError::Running(pid));
        }
        journal.verify(pid)?;
        if let Some(limits) = limits {
            journal.set_limits(pid, &limits)?;
            program.limits = limits;
        }
        let past = Past::of(journal, pid, spent_ms)?;
        self.launch(pid, program, past, attended);
        for child in journal.children(pid)? {
            if child.state == State::Exited || self.is_running(child.pid) {
                continue;
            }
            match self.resume(child.pid, None, false) {
                Err(KernelError::Stopping) => break,
                // The parent of this child hears of the failure when it waits for the child.
                Err(error) => tracing::warn!(pid = child.pid, %error, "a child does not go on"),
                Ok(_) => {}
            }
        }
        Ok(pid)
    }

    /// Runs a process whose row is in the journal.
    pub(super) fn launch(&self, pid: Pid, program: Program, past: Past, attended: bool) {
        let (mut handle, done, inbox) = connected(program.priority, attended);
        // Nobody gives what is out of range: the machine does that for itself.
        handle.goes_on = program.branch.is_none() && PRIORITIES.contains(&program.priority);
        let parent = program.child_of.map(|child_of| child_of.pid);
        self.parents.lock().extend(parent);
        self.enter(pid, handle);
        let Some(machine) = self.me.upgrade() else {
            return;
        };
        let inbox = inbox.among(machine.clone());
        tokio::spawn(async move {
            let exit = machine.run(pid, program, past, inbox).await;
            machine.parents.lock().remove(&pid);
            // Removed first, so that a run that begins after this end finds its place free.
            machine.table.lock().remove(&pid);
            // It does not matter if nobody waits.
            let _ = done.send(Some(exit));
        });
    }

    /// Runs a process to its end, once its model is there.
    async fn run(&self, pid: Pid, mut program: Program, past: Past, mut inbox: Inbox) -> Exit {
        let spent_ms = past.spent_ms;
        let found = tokio::select! {
            // Where nothing has to be loaded, signals are for the process.
            biased;
            found = self.model_of(pid, &program, &past) => found.map_err(not_there),
            Some(signal) = inbox.signal() => Err(Ending::Signal(signal)),
        };
        let found = found.and_then(|(model, instead)| {
            if let Some((name, reason)) = instead {
                self.take_instead(pid, &mut program, name, reason)?;
            }
            Ok(model)
        });
        let model = match found {
            Ok(model) => model,
            Err(ending) => return stillborn(&self.shared, pid, ending, spent_ms),
        };
        let shared = self.on(model.as_ref());
        let shared = match shared.journal.keeps_tapes() {
            true => {
                let of_model = model.map(|model| self.facts.judged_by(&model.judgement));
                let facts = of_model.as_ref().unwrap_or(&self.facts);
                Arc::new(shared.recording(facts, &program, &past, inbox.is_attended()))
            }
            false => shared,
        };
        match Execution::new(pid, program, shared.clone(), inbox, past) {
            Ok(execution) => execution.run().await,
            Err(ending) => stillborn(&shared, pid, ending, spent_ms),
        }
    }

    /// The model that `program` is for, loaded where it is not; `None` is the machine's own. Where
    /// it is not there and the process `pid` is new, the first of those in its place that is there
    /// and may be shown all that the process holds; with its name, and why it was taken.
    async fn model_of(&self, pid: Pid, program: &Program, past: &Past) -> Result<Taken, NoModel> {
        let Some(name) = &program.model else {
            return Ok((None, None));
        };
        let missing = match self.models.get(name).await {
            Ok(model) => return Ok((model, None)),
            Err(missing) => missing,
        };
        // What it has done it has done on its model, and goes on there.
        let others = if past.done.is_empty() {
            self.models.instead_of(name)
        } else {
            Vec::new()
        };
        for other in others {
            if let Ok(model) = self.models.get(&other).await
                && may_be_shown(self.on(model.as_ref()), pid, program, past)
            {
                return Ok((model, Some((other, missing.to_string()))));
            }
        }
        Err(missing)
    }

    /// Takes the model called `name` for the process `pid` of `program`, for this `reason`.
    fn take_instead(
        &self,
        pid: Pid,
        program: &mut Program,
        name: String,
        reason: String,
    ) -> Result<(), Ending> {
        let recorded = self.shared.journal.set_model(pid, &name);
        recorded.map_err(|error| Ending::Failed(error.into()))?;
        let model = program.model.replace(name.clone());
        self.shared.events.emit(Event::Instead {
            pid,
            model: model.unwrap_or_default(),
            instead: name,
            reason,
        });
        Ok(())
    }

    /// The machine as processes on `model` have it: what computes, what its odds are worth, and
    /// how secret a text it may be shown are the model's. Without one it is the machine's own.
    pub(super) fn on(&self, model: Option<&Arc<Model>>) -> Arc<Shared> {
        match model {
            None => self.shared.clone(),
            Some(model) => Arc::new(Shared {
                cpu: model.cpu.clone(),
                gate: self.shared.gate.with_clearance(model.clearance),
                judgement: model.judgement.clone(),
                ..(*self.shared).clone()
            }),
        }
    }

    /// The machine as a process of `program` has it, where its model is loaded now.
    pub(super) fn here(&self, program: &Program) -> Option<Arc<Shared>> {
        match &program.model {
            Some(name) if !self.models.is_own(name) => {
                Some(self.on(Some(&self.models.resident(name)?)))
            }
            _ => Some(self.shared.clone()),
        }
    }

    /// Resolves when a process ends. The journal knows the end of one that has ended before.
    pub(super) async fn end_of(&self, pid: Pid) -> Result<Exit, KernelError> {
        let running = self
            .table
            .lock()
            .get(&pid)
            .map(|handle| handle.exit.clone());
        let Some(mut exit) = running else {
            let row = self.shared.journal.process(pid);
            let ended = row.ok().and_then(|row| row.exit);
            return ended.ok_or(KernelError::NotRunning(pid));
        };
        let exit = exit.wait_for(Option::is_some).await;
        exit.ok()
            .and_then(|exit| exit.clone())
            .ok_or(KernelError::NotRunning(pid))
    }

    pub(super) fn signal(&self, pid: Pid, signal: Signal) -> Result<(), KernelError> {
        let table = self.table.lock();
        let handle = table.get(&pid).ok_or(KernelError::NotRunning(pid))?;
        handle
            .signals
            .try_send(signal)
            .map_err(|error| refused(pid, &error))
    }
}

fn not_there(error: NoModel) -> Ending {
    Ending::Failed(error.into())
}

/// A model, `None` for the machine's own; and where it is taken in place of another, its name and
/// why.
type Taken = (Option<Arc<Model>>, Option<(String, String)>);

/// Whether the CPU of `shared` may be shown all that the window of process `pid` holds: its boot
/// page, the task with the turns before it, what is attached, and what it was reminded of; and the
/// examples of `program`, of which some are shown apart. One that has no room for these may not.
fn may_be_shown(shared: Arc<Shared>, pid: Pid, program: &Program, past: &Past) -> bool {
    let clearance = shared.clearance();
    let mut examples = program.examples.iter();
    if examples.any(|example| example.label.secrecy > clearance) {
        return false;
    }
    // Nobody can reach it, and it takes no step.
    let (_handle, _, inbox) = connected(program.priority, false);
    let laid_out = Execution::new(pid, program.clone(), shared, inbox, past.clone());
    laid_out.is_ok_and(|laid_out| !laid_out.is_confided())
}

impl Family for Machine {
    fn start(&self, program: Program) -> Result<Pid, Apart> {
        Machine::start(self, program).map_err(apart)
    }

    fn go_on(&self, pid: Pid) -> Result<(), Apart> {
        match self.resume(pid, None, false) {
            Ok(_) | Err(KernelError::Running(_) | KernelError::Finished(_)) => Ok(()),
            Err(error) => Err(apart(error)),
        }
    }

    fn end_of(&self, pid: Pid) -> BoxFuture<'static, Option<Exit>> {
        let machine = self.me.upgrade();
        async move {
            let machine = machine?;
            Machine::end_of(&machine, pid).await.ok()
        }
        .boxed()
    }

    fn stop_children(&self, pid: Pid, signal: Signal) -> BoxFuture<'_, ()> {
        async move {
            if !self.parents.lock().contains(&pid) {
                return;
            }
            let children = match self.shared.journal.children(pid) {
                Ok(children) => children,
                Err(error) => {
                    tracing::error!(pid, %error, "its children could not be stopped");
                    return;
                }
            };
            let mut ends = Vec::new();
            for child in children.iter().filter(|child| child.state != State::Exited) {
                match self.signal(child.pid, signal) {
                    Ok(()) => ends.push(Machine::end_of(self, child.pid)),
                    Err(_) if signal == Signal::Kill => {
                        // The process does not run: it has ended meanwhile, or was stopped
                        // before.
                        if let Err(error) = self.kill_unless_over(child.pid) {
                            tracing::error!(pid = child.pid, %error, "its end was not recorded");
                        }
                    }
                    Err(_) => {}
                }
            }
            join_all(ends).await;
        }
        .boxed()
    }

    fn waits(&self) -> &Waits {
        &self.waits
    }

    fn mail(&self) -> &watch::Sender<u64> {
        &self.mail
    }
}

impl Machine {
    fn kill_unless_over(&self, pid: Pid) -> Result<(), KernelError> {
        match self.shared.journal.state(pid)? {
            State::Exited => Ok(()),
            _ => Ok(self.shared.journal.kill(pid)?),
        }
    }
}

fn apart(error: KernelError) -> Apart {
    match error {
        KernelError::Stopping => Apart::Stopping,
        error => Apart::Failed(error.to_string()),
    }
}

/// Both ends of the channels into a process, and of the one that tells its end.
pub(super) fn connected(
    priority: i8,
    attended: bool,
) -> (Handle, watch::Sender<Option<Exit>>, Inbox) {
    let (signals, signal_inbox) = mpsc::channel(WAITING_MAX);
    let (replies, reply_inbox) = mpsc::channel(WAITING_MAX);
    let (done, exit) = watch::channel(None);
    let priority = Arc::new(AtomicI8::new(priority));
    let inbox = Inbox::new(signal_inbox, reply_inbox, priority.clone(), attended);
    let handle = Handle {
        signals,
        replies,
        priority,
        exit,
        goes_on: false,
    };
    (handle, done, inbox)
}

/// Why a signal or a reply was not taken.
pub(super) fn refused<T>(pid: Pid, error: &TrySendError<T>) -> KernelError {
    match error {
        TrySendError::Full(_) => KernelError::Busy(pid),
        TrySendError::Closed(_) => KernelError::NotRunning(pid),
    }
}

/// The end of a process that could not be set up, and has spent `spent_ms` milliseconds before.
pub(super) fn stillborn(shared: &Shared, pid: Pid, ending: Ending, spent_ms: u64) -> Exit {
    let (state, mut exit) = not_set_up(ending);
    exit.ms = spent_ms;
    if let Ok(Row::Write(said)) = shared.tape.exit(&exit)
        && let Err(error) = shared.journal.exit(pid, state, &exit, said)
    {
        tracing::error!(pid, %error, "the end of the process was not recorded");
    }
    shared.events.emit(Event::Exited {
        pid,
        exit: exit.clone(),
    });
    exit
}
