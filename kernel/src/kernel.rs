//! The kernel: boots the machine and keeps the table of processes.

mod children;
mod look;
mod machine;
mod models;
mod stop;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::Mutex;
use quipu_memory::{PageId, Store, StoreError};
use quipu_tools::Bus;

use crate::event::{Event, Events, Subscription};
use crate::exec::{Execution, Past, Shared};
use crate::gate::{Gate, Policy};
use crate::journal::tape::Tape;
use crate::journal::{Journal, JournalError};
use crate::judgement::{Judgement, Question};
use crate::label::Secrecy;
use crate::limits::Limits;
use crate::process::{Branch, Exit, NoModel, Pid, Program, Reply, State, Status};
use crate::signal::Signal;
use crate::window::VmError;
use quipu_cpu::{Cpu, CpuStats, Sampling};

pub use look::ModelNow;
use machine::{Machine, connected, refused, stillborn};
pub use models::{Found, Loaded, Loader, Model, Resident, UnloadError};
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

/// Checks that process `pid` of `journal` can be carried on. No machine is needed for that, so
/// whoever starts one for it need not load a model first.
///
/// # Errors
/// Where there is no such process, or it was imported, has finished or was killed.
pub fn check_resumable(journal: &Journal, pid: Pid) -> Result<(), KernelError> {
    let row = journal.process(pid)?;
    if row.imported {
        return Err(JournalError::Imported(pid).into());
    }
    match (row.exit.map(|exit| exit.status), row.state) {
        (Some(Status::Exited), _) => Err(KernelError::Finished(pid)),
        // One that was only interrupted is ready.
        (Some(Status::Interrupted), State::Exited) => Err(KernelError::Killed(pid)),
        _ => Ok(()),
    }
}

/// A running machine. Processes are tasks of the tokio runtime it lives in.
pub struct Kernel {
    machine: Arc<Machine>,
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
    /// Nothing is left for a child: of the limits of the process, or of its generations.
    #[error("too little is left of the limits of process {0} for a child of it")]
    NoRoom(Pid),
    /// The process has not read what was sent to it before.
    #[error("process {0} has {WAITING_MAX} signals or replies waiting already")]
    Busy(Pid),
}

impl Kernel {
    /// Boots a machine from its parts. What an earlier machine left running under
    /// the same journal becomes ready to be resumed.
    ///
    /// # Errors
    /// [`KernelError::Journal`] where the journal cannot be read or written.
    pub fn boot(mut parts: Parts) -> Result<Self, KernelError> {
        parts.journal.recover()?;
        let policy = &mut parts.policy;
        policy.clearance = models::cleared(&*parts.cpu, policy.clearance);
        let events = Arc::new(Events::default());
        parts.cpu = models::joined(parts.cpu, &policy.leaks, &events);
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
            machine: Machine::of(shared),
            tried: Mutex::default(),
        })
    }

    /// The question or the approval that `pid` waits for. Who subscribes before looking misses
    /// none, and may hear one twice.
    pub fn asking(&self, pid: Pid) -> Option<Event> {
        self.machine.shared.events.asking(pid)
    }

    /// Everything that happens from now on, as far as it is read in time.
    pub fn subscribe(&self) -> Subscription {
        self.machine.shared.events.subscribe()
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

    /// The CPU that processes run on, unless their program names another model.
    pub fn cpu(&self) -> &dyn Cpu {
        &*self.machine.shared.cpu
    }

    /// Lets `loader` bring models beside the machine's own, for programs that name one
    /// ([`Program::model`]). Without one such a program fails.
    pub fn bring_models_by(&self, loader: Arc<dyn Loader>) {
        self.machine.models.bring_by(loader);
    }

    /// The model called `name`, loaded where it is not: idle ones make room for it. `None` where
    /// that is the machine's own. Whoever has it keeps it loaded.
    ///
    /// # Errors
    /// Where nothing has this name, there is no room, or it cannot be run.
    pub async fn model(&self, name: &str) -> Result<Option<Arc<Model>>, NoModel> {
        self.machine.models.get(name).await
    }

    /// The models that are loaded beside the machine's own, by their names.
    pub fn models(&self) -> Vec<Resident> {
        self.machine.models.list()
    }

    /// Bytes of memory that one more model may take now, also one that the kernel knows nothing of.
    pub fn room_for_models(&self) -> u64 {
        self.machine.models.room()
    }

    /// Unloads the model called `name`, where nobody has it.
    ///
    /// # Errors
    /// Where somebody has it, or it is not loaded beside the machine's own.
    pub async fn unload(&self, name: &str) -> Result<(), UnloadError> {
        self.machine.models.unload(name).await
    }

    /// The journal, to look things up.
    pub fn journal(&self) -> &Journal {
        &self.machine.shared.journal
    }

    /// The peripherals.
    pub fn bus(&self) -> &Arc<Bus> {
        &self.machine.shared.bus
    }

    /// The disk.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.machine.shared.store
    }

    /// Whether the program's prompt fits the window, with room to work in. Costs one
    /// count of its tokens. Of a model that is not loaded nobody knows that: its process says so
    /// at its start.
    ///
    /// # Errors
    /// Where it does not, or the CPU cannot lay it out.
    pub fn fits(&self, program: &Program) -> Result<(), VmError> {
        match self.machine.here(program) {
            Some(shared) => Execution::lay_out(program, &shared).map(drop),
            None => Ok(()),
        }
    }

    /// Starts a process. A program that cannot run at all (its prompt does not fit
    /// the window, say) starts too, and exits with status `failed`.
    ///
    /// # Errors
    /// [`KernelError::Stopping`] on a machine that is being stopped, [`KernelError::Journal`] where
    /// the process cannot be recorded: then it does not start.
    pub fn spawn(&self, program: Program) -> Result<Pid, KernelError> {
        self.machine.start(program)
    }

    /// Starts a copy of a process, as it was after its step `at` (after its last
    /// completed one when `None`), and returns its number. Both go on on their own;
    /// in the KV cache they share what they have in common. `attended` says whether a
    /// person is there for the copy.
    ///
    /// # Errors
    /// [`KernelError::Stopping`] on a machine that is being stopped, [`KernelError::Journal`] where
    /// there is no such process or step, or the copy cannot be recorded.
    pub fn fork(&self, pid: Pid, at: Option<u32>, attended: bool) -> Result<Pid, KernelError> {
        self.fork_within(pid, at, None, attended)
    }

    /// As [`Kernel::fork`], with new limits for the copy when given.
    ///
    /// # Errors
    /// The same.
    pub fn fork_within(
        &self,
        pid: Pid,
        at: Option<u32>,
        limits: Option<Limits>,
        attended: bool,
    ) -> Result<Pid, KernelError> {
        self.machine.takes_processes()?;
        let child = self.journal().fork(pid, at)?;
        let (mut program, spent_ms) = self.journal().program(child)?;
        if let Some(limits) = limits {
            self.journal().set_limits(child, &limits)?;
            program.limits = limits;
        }
        let past = Past::of(self.journal(), child, spent_ms)?;
        self.machine.launch(child, program, past, attended);
        Ok(child)
    }

    /// As [`Kernel::fork`], as a branch of a deliberation whose tokens are chosen otherwise.
    pub(crate) fn fork_branch(
        &self,
        pid: Pid,
        at: u32,
        branch: &Branch,
        sampling: Sampling,
    ) -> Result<Pid, KernelError> {
        self.machine.takes_processes()?;
        let child = self.journal().fork_as(pid, at, branch, sampling)?;
        let (program, spent_ms) = self.journal().program(child)?;
        let past = Past::of(self.journal(), child, spent_ms)?;
        self.machine.launch(child, program, past, false);
        Ok(child)
    }

    /// What the odds of the model of `program` are worth, where it is loaded now.
    pub(crate) fn judgement_of(&self, program: &Program) -> Option<Judgement> {
        let shared = self.machine.here(program)?;
        Some(shared.judgement.clone())
    }

    /// Whether the CPU of `program` writes by grammars, where its model is loaded now.
    pub(crate) fn constrains(&self, program: &Program) -> bool {
        let shared = self.machine.here(program);
        shared.is_some_and(|shared| shared.cpu.info().constrains)
    }

    /// Gives a process another priority, running or not; higher runs first.
    ///
    /// # Errors
    /// [`KernelError::Journal`] where there is no such process.
    pub fn nice(&self, pid: Pid, priority: i8) -> Result<(), KernelError> {
        self.machine.shared.journal.set_priority(pid, priority)?;
        if let Some(handle) = self.machine.table.lock().get(&pid) {
            handle.priority.store(priority, Ordering::Relaxed);
        }
        self.machine.shared.cpu.nice(pid, priority);
        self.machine.models.nice(pid, priority);
        Ok(())
    }

    /// What the CPU does now and what each process holds of it. May wait for the
    /// batch under way.
    pub fn stats(&self) -> CpuStats {
        self.machine.shared.cpu.stats()
    }

    /// Takes a stopped process up again after its last completed step, with new
    /// limits when given, which it keeps. `attended` says whether a person is there now.
    ///
    /// # Errors
    /// [`KernelError::Finished`], [`KernelError::Killed`] and [`KernelError::Running`] for a
    /// process that cannot go on, [`KernelError::Stopping`] on a machine that is being stopped,
    /// [`KernelError::Journal`] where there is no such process, it was imported, or its rows were
    /// changed.
    pub fn resume(
        &self,
        pid: Pid,
        limits: Option<Limits>,
        attended: bool,
    ) -> Result<Pid, KernelError> {
        self.machine.resume(pid, limits, attended)
    }

    /// Waits for the end of a process; of one that has ended, the journal knows it.
    ///
    /// # Errors
    /// [`KernelError::NotRunning`] for a process that has no end and does not run here.
    pub async fn wait(&self, pid: Pid) -> Result<Exit, KernelError> {
        self.machine.end_of(pid).await
    }

    /// Sends a signal to a process.
    ///
    /// # Errors
    /// [`KernelError::NotRunning`] for a process that does not run here, [`KernelError::Busy`] for
    /// one that has not taken the earlier ones.
    pub fn signal(&self, pid: Pid, signal: Signal) -> Result<(), KernelError> {
        self.machine.signal(pid, signal)
    }

    /// Answers the question or the approval with this `key` (of its event) that a process
    /// waits for. A reply that comes late, or twice, answers nothing else.
    ///
    /// # Errors
    /// As [`Kernel::signal`]. A `key` that nobody waits for is no error.
    pub fn reply(&self, pid: Pid, key: &str, reply: Reply) -> Result<(), KernelError> {
        let table = self.machine.table.lock();
        let handle = table.get(&pid).ok_or(KernelError::NotRunning(pid))?;
        handle
            .replies
            .try_send((key.to_owned(), reply))
            .map_err(|error| refused(pid, &error))
    }

    /// Whether no process runs on this machine.
    pub fn is_idle(&self) -> bool {
        self.machine.table.lock().is_empty()
    }

    /// What the odds of [`Kernel::cpu`] are worth.
    pub fn judgement(&self) -> &Judgement {
        &self.machine.shared.judgement
    }

    /// The gate that everything passes.
    pub fn gate(&self) -> &Gate {
        &self.machine.shared.gate
    }

    /// How many processes run on this machine now.
    pub fn running(&self) -> usize {
        let table = self.machine.table.lock();
        let running = table
            .values()
            .filter(|handle| handle.exit.borrow().is_none());
        running.count()
    }

    pub(crate) fn emit(&self, event: Event) {
        self.machine.shared.events.emit(event);
    }

    /// The most secret text that its CPU may be shown.
    pub(crate) fn clearance(&self) -> Secrecy {
        self.machine.shared.clearance()
    }

    /// How its processes choose their tokens.
    pub(crate) fn sampling(&self) -> Sampling {
        self.machine.shared.sampling
    }

    /// Whether the process runs on this machine now.
    pub fn is_running(&self, pid: Pid) -> bool {
        self.machine.is_running(pid)
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
        let program = program.without_secrets(&self.gate().policy().leaks);
        let pid = self
            .journal()
            .create(&program, &self.machine.shared.cpu.info().model)?;
        // Nobody can reach it.
        let (_handle, _, inbox) = connected(program.priority, false);
        let shared = self.machine.shared.clone();
        match Execution::new(pid, program, shared.clone(), inbox, Past::default()) {
            Ok(execution) => Ok(execution.probe(question).await),
            Err(ending) => {
                stillborn(&shared, pid, ending, 0);
                Ok(None)
            }
        }
    }
}
