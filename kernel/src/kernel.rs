//! The kernel: boots the machine and keeps the table of processes.

mod look;
mod stop;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI8, Ordering};

use parking_lot::Mutex;
use quipu_memory::{PageId, Store, StoreError};
use quipu_tools::Bus;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

use crate::event::{Event, Events, Subscription};
use crate::exec::{Execution, Facts, Inbox, Past, Shared, not_set_up, screened};
use crate::gate::{Gate, Policy};
use crate::journal::tape::{Row, Tape};
use crate::journal::{Journal, JournalError};
use crate::judgement::{Judgement, Question};
use crate::label::Secrecy;
use crate::limits::Limits;
use crate::process::{Ending, Exit, PRIORITIES, Pid, Program, Reply, State, Status};
use crate::signal::Signal;
use crate::window::VmError;
use quipu_cpu::{Cpu, CpuStats, Sampling};

pub use stop::Resumed;

/// Signals, and replies, that may wait for one process.
const WAITING_MAX: usize = 64;

/// The parts of a machine, handed over at boot.
pub struct Parts {
    /// The model.
    pub cpu: Arc<dyn Cpu>,
    /// The disk.
    pub store: Arc<dyn Store>,
    /// The peripherals.
    pub bus: Arc<Bus>,
    /// The write-ahead log.
    pub journal: Journal,
    /// The gate's rules.
    pub policy: Policy,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// What the model's odds are worth.
    pub judgement: Judgement,
}

struct Handle {
    signals: mpsc::Sender<Signal>,
    replies: mpsc::Sender<(String, Reply)>,
    priority: Arc<AtomicI8>,
    exit: watch::Receiver<Option<Exit>>,
    /// Whether the next machine can go on with it: not with a branch of a deliberation, nor
    /// with what the machine does for itself.
    goes_on: bool,
}

/// A running machine. Processes are tasks of the tokio runtime it lives in.
pub struct Kernel {
    shared: Arc<Shared>,
    /// What each tape says of the machine.
    facts: Facts,
    /// The processes that run on this machine; one that ends leaves it.
    table: Arc<Mutex<HashMap<Pid, Handle>>>,
    /// Whether it takes no process any more.
    stops: AtomicBool,
    /// Groups of memories of which no good note was written, on this machine.
    pub(crate) tried: Mutex<HashSet<Vec<PageId>>>,
}

/// Why a process could not be started, resumed or found.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The process already has an answer.
    #[error("process {0} has already finished")]
    Finished(Pid),
    /// The process was stopped for good.
    #[error("process {0} was killed")]
    Killed(Pid),
    /// The process runs on this machine right now.
    #[error("process {0} is running")]
    Running(Pid),
    /// This machine does not run the process.
    #[error("process {0} is not running here")]
    NotRunning(Pid),
    /// The machine is being stopped and takes no process.
    #[error("the machine is stopping")]
    Stopping,
    /// The process has not read what was sent to it before.
    #[error("process {0} has {WAITING_MAX} signals or replies waiting already")]
    Busy(Pid),
}

impl Kernel {
    /// Boots a machine from its parts. What an earlier machine left running under
    /// the same journal becomes ready to be resumed.
    pub fn boot(mut parts: Parts) -> Result<Self, KernelError> {
        parts.journal.recover()?;
        let policy = &mut parts.policy;
        if parts.cpu.info().kind == "remote" {
            policy.clearance.get_or_insert(Secrecy::Public);
        }
        parts.cpu = screened(parts.cpu, &policy.leaks);
        let events = Arc::new(Events::default());
        let heard = events.clone();
        parts
            .cpu
            .listen(Box::new(move |movement| heard.emit(movement.into())));
        let shared = Shared {
            cpu: parts.cpu,
            store: parts.store,
            bus: parts.bus,
            journal: Arc::new(parts.journal),
            gate: Gate::new(parts.policy),
            sampling: parts.sampling,
            judgement: parts.judgement,
            events,
            tape: Arc::new(Tape::Off),
        };
        Ok(Self {
            facts: Facts::of(&shared),
            shared: Arc::new(shared),
            table: Arc::default(),
            stops: AtomicBool::new(false),
            tried: Mutex::default(),
        })
    }

    /// Everything that happens from now on, as far as it is read in time.
    pub fn subscribe(&self) -> Subscription {
        self.shared.events.subscribe()
    }

    /// The next of `events` that is about `pid` or says that some were lost; `None` once the
    /// machine is gone. The end of the process comes in any case: where it is among lost
    /// events, it is taken from the journal. Dropping the future loses nothing.
    pub async fn next_event(&self, events: &mut Subscription, pid: Pid) -> Option<Event> {
        loop {
            let event = match self.is_running(pid) {
                true => events.recv().await?,
                // Its end was emitted before: it waits here, or was lost.
                false => match events.try_recv() {
                    Some(event) => event,
                    None => Event::Exited {
                        pid,
                        exit: self.wait(pid).await.ok()?,
                    },
                },
            };
            if event.pid() == pid || matches!(event, Event::Lost { .. }) {
                return Some(event);
            }
        }
    }

    /// The CPU all processes run on.
    pub fn cpu(&self) -> &dyn Cpu {
        &*self.shared.cpu
    }

    /// The journal, to look things up.
    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// The peripherals.
    pub fn bus(&self) -> &Arc<Bus> {
        &self.shared.bus
    }

    /// The disk.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// Whether the program's prompt fits the window, with room to work in. Costs one
    /// count of its tokens.
    pub fn fits(&self, program: &Program) -> Result<(), VmError> {
        Execution::lay_out(program, &self.shared).map(drop)
    }

    /// Starts a process. A program that cannot run at all (its prompt does not fit
    /// the window, say) starts too, and exits with status `failed`.
    pub fn spawn(&self, program: Program) -> Result<Pid, KernelError> {
        self.takes_processes()?;
        let program = program.without_secrets(&self.shared.gate.policy().leaks);
        let model = &self.shared.cpu.info().model;
        let pid = self.shared.journal.create(&program, model)?;
        let attended = program.interactive;
        self.launch(pid, program, Past::default(), attended);
        Ok(pid)
    }

    /// Starts a copy of a process, as it was after its step `at` (after its last
    /// completed one when `None`), and returns its number. Both go on on their own;
    /// in the KV cache they share what they have in common. `attended` says whether a
    /// person is there for the copy.
    pub fn fork(&self, pid: Pid, at: Option<u32>, attended: bool) -> Result<Pid, KernelError> {
        self.takes_processes()?;
        let child = self.shared.journal.fork(pid, at)?;
        let (program, spent_ms) = self.shared.journal.program(child)?;
        let past = Past::of(&self.shared.journal, child, spent_ms)?;
        self.launch(child, program, past, attended);
        Ok(child)
    }

    /// Gives a process another priority, running or not; higher runs first.
    pub fn nice(&self, pid: Pid, priority: i8) -> Result<(), KernelError> {
        self.shared.journal.set_priority(pid, priority)?;
        if let Some(handle) = self.table.lock().get(&pid) {
            handle.priority.store(priority, Ordering::Relaxed);
        }
        self.shared.cpu.nice(pid, priority);
        Ok(())
    }

    /// What the CPU does now and what each process holds of it. May wait for the
    /// batch under way.
    pub fn stats(&self) -> CpuStats {
        self.shared.cpu.stats()
    }

    /// Takes a stopped process up again after its last completed step, with new
    /// limits when given. `attended` says whether a person is there now.
    pub fn resume(
        &self,
        pid: Pid,
        limits: Option<Limits>,
        attended: bool,
    ) -> Result<Pid, KernelError> {
        self.takes_processes()?;
        let (mut program, spent_ms) = self.shared.journal.program(pid)?;
        let row = self.shared.journal.process(pid)?;
        if row.imported {
            return Err(JournalError::Imported(pid).into());
        }
        match (row.exit.map(|exit| exit.status), row.state) {
            (Some(Status::Exited), _) => return Err(KernelError::Finished(pid)),
            // One that was only interrupted is ready.
            (Some(Status::Interrupted), State::Exited) => {
                return Err(KernelError::Killed(pid));
            }
            _ => {}
        }
        if self.is_running(pid) {
            return Err(KernelError::Running(pid));
        }
        if let Some(limits) = limits {
            program.limits = limits;
        }
        self.shared.journal.verify(pid)?;
        let past = Past::of(&self.shared.journal, pid, spent_ms)?;
        self.launch(pid, program, past, attended);
        Ok(pid)
    }

    /// Waits for the end of a process; of one that has ended, the journal knows it.
    pub async fn wait(&self, pid: Pid) -> Result<Exit, KernelError> {
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

    /// Sends a signal to a process.
    pub fn signal(&self, pid: Pid, signal: Signal) -> Result<(), KernelError> {
        let table = self.table.lock();
        let handle = table.get(&pid).ok_or(KernelError::NotRunning(pid))?;
        handle
            .signals
            .try_send(signal)
            .map_err(|error| refused(pid, &error))
    }

    /// Answers the question or the approval with this `key` (of its event) that a process
    /// waits for. A reply that comes late, or twice, answers nothing else.
    pub fn reply(&self, pid: Pid, key: &str, reply: Reply) -> Result<(), KernelError> {
        let table = self.table.lock();
        let handle = table.get(&pid).ok_or(KernelError::NotRunning(pid))?;
        handle
            .replies
            .try_send((key.to_owned(), reply))
            .map_err(|error| refused(pid, &error))
    }

    /// Whether no process runs on this machine.
    pub fn is_idle(&self) -> bool {
        self.table.lock().is_empty()
    }

    /// The gate that everything passes.
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// How many processes run on this machine now.
    pub fn running(&self) -> usize {
        let table = self.table.lock();
        let running = table
            .values()
            .filter(|handle| handle.exit.borrow().is_none());
        running.count()
    }

    pub(crate) fn emit(&self, event: Event) {
        self.shared.events.emit(event);
    }

    /// The most secret text that its CPU may be shown.
    pub(crate) fn clearance(&self) -> Secrecy {
        self.shared.clearance()
    }

    /// How its processes choose their tokens.
    pub(crate) fn sampling(&self) -> Sampling {
        self.shared.sampling
    }

    /// Whether the process runs on this machine now.
    pub fn is_running(&self, pid: Pid) -> bool {
        self.table.lock().contains_key(&pid)
    }

    /// The log-odds of each signal of `question` about `program` before its first step, as a
    /// process of it is asked; it takes no step. `None` where the CPU tells none, the
    /// program cannot run, or the question is about a move.
    ///
    /// # Errors
    /// When the journal fails.
    pub async fn odds(
        &self,
        program: Program,
        question: Question,
    ) -> Result<Option<Vec<f32>>, KernelError> {
        let pid = self
            .shared
            .journal
            .create(&program, &self.shared.cpu.info().model)?;
        // Nobody can reach it.
        let (_handle, _, inbox) = connected(program.priority, false);
        let shared = self.shared.clone();
        match Execution::new(pid, program, shared.clone(), inbox, Past::default()) {
            Ok(execution) => Ok(execution.probe(question).await),
            Err(ending) => {
                stillborn(&shared, pid, ending);
                Ok(None)
            }
        }
    }

    fn launch(&self, pid: Pid, program: Program, past: Past, attended: bool) {
        let (mut handle, done, inbox) = connected(program.priority, attended);
        // Nobody gives what is out of range: the machine does that for itself.
        handle.goes_on = program.branch.is_none() && PRIORITIES.contains(&program.priority);
        self.enter(pid, handle);
        let shared = match self.shared.journal.keeps_tapes() {
            true => Arc::new(
                self.shared
                    .recording(&self.facts, &program, &past, attended),
            ),
            false => self.shared.clone(),
        };
        let table = self.table.clone();
        tokio::spawn(async move {
            let exit = match Execution::new(pid, program, shared.clone(), inbox, past) {
                Ok(execution) => execution.run().await,
                Err(ending) => stillborn(&shared, pid, ending),
            };
            // First, so that a run that begins after this end finds its place free.
            table.lock().remove(&pid);
            // Nobody waiting is fine.
            let _ = done.send(Some(exit));
        });
    }
}

/// Both ends of what reaches a process, and of its end.
fn connected(priority: i8, attended: bool) -> (Handle, watch::Sender<Option<Exit>>, Inbox) {
    let (signals, signal_inbox) = mpsc::channel(WAITING_MAX);
    let (replies, reply_inbox) = mpsc::channel(WAITING_MAX);
    let (done, exit) = watch::channel(None);
    let priority = Arc::new(AtomicI8::new(priority));
    let inbox = Inbox {
        signals: signal_inbox,
        replies: reply_inbox,
        priority: priority.clone(),
        attended,
    };
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
fn refused<T>(pid: Pid, error: &TrySendError<T>) -> KernelError {
    match error {
        TrySendError::Full(_) => KernelError::Busy(pid),
        TrySendError::Closed(_) => KernelError::NotRunning(pid),
    }
}

/// The end of a process that could not be set up.
fn stillborn(shared: &Shared, pid: Pid, ending: Ending) -> Exit {
    let exit = not_set_up(ending);
    if let Ok(Row::Write(said)) = shared.tape.exit(&exit)
        && let Err(error) = shared.journal.exit(pid, State::Exited, &exit, said)
    {
        tracing::error!(pid, %error, "the end of the process was not recorded");
    }
    shared.events.emit(Event::Exited {
        pid,
        exit: exit.clone(),
    });
    exit
}
