//! Runs one process until it exits: lay out the window, decide one action, carry
//! it out, write it down, again.
//!
//! All files but the first group are about one thing that a step may need.
//!
//! | file | job |
//! | --- | --- |
//! | **the loop** | |
//! | `setup`, `past` | sets a process up; what it was before this machine took it up |
//! | `step` | one step: what is legal, what is chosen, which calls that makes |
//! | `act` | the gate, the intent, the effect, the outcome of each call |
//! | `own` | what a process does for the calls of its own |
//! | `take_in` | a finished step becomes part of the process |
//! | `parts` | what of a task of several parts is done, and other means where one failed |
//! | `ending` | the one place where a process stops |
//! | `shared` | the parts of the machine, and who hears of its events |
//! | **deciding** | |
//! | `decide`, `wants` | chooses the move; what a task wants: a program, a thought, a number |
//! | `judge` | which move fits, by what the odds of the CPU are worth |
//! | `weigh`, `likelihood` | asks the CPU how likely words are, and a text |
//! | **writing** | |
//! | `writing`, `thought` | lets the CPU write a move; what it thinks before |
//! | `alone` | the task by itself, and prompts with nothing else in sight |
//! | `found`, `ahead` | what was looked up, and is worked on with nothing but the task beside it; where a page leads |
//! | `retry`, `guess` | an answer that is poor, or leaves a question out, is tried again; a name that is a guess |
//! | **memory** | |
//! | `keep` | keeps what a user wants kept; no answer claims it falsely |
//! | `known` | what a process knows from its calls, and looks up no more |
//! | `remind`, `reminder` | what the store holds on the task, before the first step; its words |
//! | `examples` | tasks that were done right, before the task |
//! | **safety** | |
//! | `plan` | what may be done unattended later, before anything is read |
//! | `held` | what a process has by handles only |
//! | `confide` | who may learn what a process holds |
//! | `scan` | how much the texts beside the task read like attacks |
//! | `person` | where a person is waited for |
//! | **other processes** | |
//! | `children`, `list`, `extract` | the calls on them: one child, one for each thing, a reader |
//! | `family`, `kin` | the processes that one process reaches, and what it is told of them |
//! | **the journal and the tape** | |
//! | `written` | what is written into the journal, or is there already |
//! | `recorder`, `screen` | the CPU, with a tape of what it tells, with a mark for each secret |

mod act;
mod ahead;
mod alone;
mod children;
mod confide;
mod decide;
mod ending;
mod examples;
mod extract;
mod family;
mod found;
mod guess;
mod held;
mod judge;
mod keep;
mod kin;
mod known;
mod likelihood;
mod list;
mod own;
mod parts;
mod past;
mod person;
mod plan;
mod recorder;
mod remind;
mod reminder;
mod retry;
mod scan;
mod screen;
mod setup;
mod shared;
mod step;
mod take_in;
mod thought;
mod wants;
mod weigh;
mod writing;
mod written;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicI8;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::mpsc::Receiver;

use crate::event::Event;
use crate::gate::Ruling;
use crate::gate::plan::Progress;
use crate::gate::rules::Rule;
use crate::journal::tape::{Tape, Told};
use crate::journal::{Outcome, StepRow};
use crate::label::Label;
use crate::lessons::Lesson;
use crate::limits::{Limit, Spent};
use crate::planner::parts::Parts;
use crate::planner::{LeftOut, LoopGuard, Planner, Reads};
use crate::process::{Drawn, Ending, Exit, Failure, Pid, Program, Reply, State, Usage};
use crate::signal::Signal;
use crate::window::{Vm, VmError, Window};
use found::Found;
use keep::Keeping;
use quipu_cpu::Weights;

pub(crate) use ending::not_set_up;
pub(crate) use family::{Apart, Family, Waits};
pub use likelihood::Likelihood;
pub(crate) use past::Past;
pub(crate) use recorder::Facts;
pub(crate) use screen::screened;
pub(crate) use shared::Shared;

/// What reaches a process from outside.
pub(crate) struct Inbox {
    pub(crate) signals: Receiver<Signal>,
    pub(crate) replies: Receiver<(String, Reply)>,
    pub(crate) priority: Arc<AtomicI8>,
    /// Whether a person is there to reply.
    pub(crate) attended: bool,
    /// The other processes; `None` where it only shows what it is.
    pub(crate) family: Option<Arc<dyn Family>>,
}

/// A process in execution.
pub(crate) struct Execution {
    pid: Pid,
    program: Program,
    /// As it is in the journal.
    state: State,
    shared: Arc<Shared>,
    inbox: Inbox,
    planner: Planner,
    vm: Vm,
    guard: LoopGuard,

    // Its steps.
    /// Its last row in the journal. Each call of a step has a row.
    n: u32,
    /// Steps whose effects may or may not have happened before a crash.
    pending: VecDeque<StepRow>,
    /// What still has to be done before the first step.
    ahead: Ahead,
    history: Arc<Vec<String>>,
    /// The last action, and whether it worked.
    last: Option<(Value, bool)>,
    /// The function whose calls failed last, and how many failed in a row.
    failing: Option<(String, u32)>,
    /// The parts of its task, where it has several.
    parts: Option<Parts>,

    // Its limits.
    started: Instant,
    spent: Spent,
    usage: Usage,
    limits_hit: Vec<Limit>,
    /// Whether a limit cut the last action off. An answer is incomplete then.
    cut_answer: bool,
    /// Whether it has, or had, to do with other processes.
    has_children: bool,
    /// What its children have taken out of its limits.
    drawn: Drawn,
    /// Whether it is to be suspended once its step is done.
    suspends: bool,

    // What it knows.
    /// What it has read since anything changed.
    reads: Reads,
    /// What its calls have looked up.
    found: Found,
    /// Whether it asked again for what it knew: then only an answer is left.
    stuck: bool,
    /// The memories that it was to keep.
    keeping: Keeping,
    /// The weights of texts, by lesson.
    taught: Vec<(&'static Lesson, String, Weights)>,
    /// Programs that were written for the whole task.
    programs: u32,

    // What it may do.
    /// What is left of its plan.
    progress: Progress,
    /// Whether the last decision was made before it read untrusted text.
    decided_before: bool,
    /// The ruling on the step that is about to be recorded.
    ruling: Option<Ruling>,
    /// What a person approved for as long as it runs.
    approved: Vec<Rule>,
}

/// What still has to be done before the first step.
struct Ahead {
    /// The texts beside the task have to be scanned.
    scan: bool,
    /// The store has to be asked what it holds on the task.
    reminder: bool,
    /// The effects of the task may have to be planned.
    plan: bool,
}

impl Execution {
    /// Its window for the next step.
    pub(crate) fn window(&mut self) -> Result<Window, VmError> {
        self.vm.map(&*self.shared.cpu)
    }

    /// Runs to the end, writes it to the journal and tells the world.
    pub(crate) async fn run(mut self) -> Exit {
        self.emit(Event::Started {
            pid: self.pid,
            steps: self.spent.steps,
        });
        self.tell_left_out();
        self.tell_examples(self.vm.examples());
        self.tell_parts();
        let ending = loop {
            let pending = match self.ahead.scan {
                true => None,
                false => self.pending.pop_front(),
            };
            let result = match pending {
                Some(step) => self.redo(step).await,
                None if self.ahead.scan => self.scan().await,
                None if self.is_confided() => Err(self.withheld()),
                None if self.ahead.reminder => self.remind().await,
                None if self.ahead.plan => self.plan().await,
                None => self.step().await,
            };
            match result {
                Ok(()) if self.suspends => break Ending::Signal(Signal::Suspend),
                Ok(()) => {}
                Err(Ending::Signal(Signal::Interrupt)) if self.inbox.attended => {
                    if let Err(ending) = self.ask_what_now().await {
                        break ending;
                    }
                }
                Err(ending) => break ending,
            }
        };
        // Where the tape ends here, so does the run.
        let _ = self.end_children(&ending).await;
        self.finish(ending)
    }

    /// Tells which functions were left out, and why.
    fn tell_left_out(&mut self) {
        for LeftOut { tool, reason } in self.planner.left_out() {
            self.emit(Event::LeftOut {
                pid: self.pid,
                tool,
                reason,
            });
        }
    }

    /// What the kernel itself says, as the outcome of a step.
    fn kernel_says(&self, text: String, ok: bool, ms: u64) -> Outcome {
        // The words may quote an action, and through it whatever the process read.
        let label = Label::kernel().held_to(self.vm.lowest_label().level());
        Outcome {
            text,
            ok,
            label,
            ms,
        }
    }

    fn hit(&mut self, limit: Limit) {
        if !self.limits_hit.contains(&limit) {
            self.limits_hit.push(limit);
            let text = limit.describe(&self.program.limits);
            self.emit(Event::LimitHit {
                pid: self.pid,
                limit,
                text,
            });
        }
    }

    fn ms(&self) -> u64 {
        self.spent.ms + self.started.elapsed().as_millis() as u64
    }

    fn emit(&self, event: Event) {
        self.shared.events.emit(event);
    }
}

/// The end of a process that failed with `error`.
fn failed(error: impl Into<Failure>) -> Ending {
    Ending::Failed(error.into())
}

fn time_left(program: &Program, spent: &Spent, started: Instant) -> Duration {
    program.limits.time_left(spent, started.elapsed())
}

/// Waits for `work`, a signal or the end of the time, whichever comes first; by the tape where
/// one is played.
async fn guarded<T>(
    tape: &Tape,
    signals: &mut Receiver<Signal>,
    left: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Ending> {
    if tape.is_played() {
        let signal = tape.playing().map(|mut tape| tape.signal());
        return match signal.transpose()?.flatten() {
            Some(signal) => Err(Ending::Signal(signal)),
            None => Ok(work.await),
        };
    }
    let signal = tokio::select! {
        biased;
        Some(signal) = signals.recv() => signal,
        done = work => return Ok(done),
        () = tokio::time::sleep(left) => Signal::Timeout,
    };
    tape.note(Told::Signal(signal));
    Err(Ending::Signal(signal))
}
