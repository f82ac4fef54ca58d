//! Runs one process until it exits: lay out the window, decide one action, carry
//! it out, write it down, again.
//!
//! | file | job |
//! | --- | --- |
//! | `setup`, `past` | sets a process up; what it was before this machine took it up |
//! | `step` | one step: what is legal, what is chosen, which calls that makes |
//! | `take_in` | a finished step becomes part of the process |
//! | `judge` | which move fits |
//! | `weigh`, `likelihood` | asks the CPU how likely words are, and a text |
//! | `keep` | what a user wants kept is kept, and nothing else is claimed to be |
//! | `wants` | what a task wants: a program, a thought, a number |
//! | `alone` | the task by itself, and prompts with nothing else in sight |
//! | `decide` | chooses the move |
//! | `writing`, `thought` | lets the CPU write it; what it thinks before |
//! | `plan` | what may be done on its own later, before anything is read |
//! | `act` | the gate, the intent, the effect, the outcome of each call |
//! | `confide` | what a process holds that not everybody may learn |
//! | `own` | what a process does for the calls of its own |
//! | `held`, `extract` | what it has by handles only, and values out of that |
//! | `children`, `list` | the same for calls on other processes, and for a list of children |
//! | `family`, `kin` | those as one process reaches them, and sees them |
//! | `known` | what a process knows from its calls, and looks up no more |
//! | `person` | where a person is waited for |
//! | `examples` | tasks that were done right, before the task |
//! | `parts` | what of a task of several parts is done, and other means where one failed |
//! | `found` | what was looked up, and is worked on with nothing but the task beside it |
//! | `retry` | an answer that is poor, or leaves a question out, is tried again |
//! | `recorder`, `screen` | the CPU, with a tape of what it tells, with a mark for each secret |
//! | `written` | what is written into the journal, or is there already |
//! | `remind`, `reminder` | what the store holds on the task, before the first step; its words |
//! | `scan` | how much the texts beside the task read like attacks, before anything else |
//! | `shared` | the parts of the machine, and who hears of its events |
//! | `ending` | the one place where a process stops |

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
use crate::process::{Drawn, Ending, Exit, Pid, Program, Reply, State, Usage};
use crate::signal::Signal;
use crate::window::{Vm, VmError, Window};
use found::Found;
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
    /// The last row of it in the journal: several calls of one step have one each.
    n: u32,
    spent: Spent,
    usage: Usage,
    /// Whether it has, or had, to do with other processes.
    has_children: bool,
    /// What its children have taken out of its limits.
    drawn: Drawn,
    limits_hit: Vec<Limit>,
    history: Arc<Vec<String>>,
    started: Instant,
    /// Steps whose effects may or may not have happened before a crash.
    pending: VecDeque<StepRow>,
    /// The parts of its task, where it has several.
    parts: Option<Parts>,
    /// The function whose calls failed last, and how many did in a row.
    failing: Option<(String, u32)>,
    /// The last action, and whether it worked.
    last: Option<(Value, bool)>,
    /// What it has looked at since anything changed.
    reads: Reads,
    /// What its calls have looked up.
    found: Found,
    /// Whether it asked again for what it knew: then only an answer is left.
    stuck: bool,
    /// How likely it is that the user told something to be kept.
    keeps: f32,
    /// What was weighed of texts, by lesson.
    taught: Vec<(&'static Lesson, String, Weights)>,
    /// Programs that were written for all that the task asks.
    programs: u32,
    /// Whether it has kept a memory, and whether that was tried.
    kept: bool,
    tried_to_keep: bool,
    /// Whether some of what was to be kept was not.
    unkept: bool,
    /// Whether the last action was cut off by a limit: an answer then is not whole.
    cut_answer: bool,
    /// Whether the texts beside the task still have to be looked at.
    unscanned: bool,
    /// Whether the store still has to be asked what it holds on the task.
    unreminded: bool,
    /// What is left of its plan.
    progress: Progress,
    /// Whether it may still have to be planned.
    unplanned: bool,
    /// Whether the last decision was made before it read untrusted text.
    decided_before: bool,
    /// What was ruled on the step that is about to be written down.
    ruling: Option<Ruling>,
    /// What a person approved for as long as it runs.
    approved: Vec<Rule>,
    /// Whether it is to be suspended once its step is done.
    suspends: bool,
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
            let pending = match self.unscanned {
                true => None,
                false => self.pending.pop_front(),
            };
            let result = match pending {
                Some(step) => self.redo(step).await,
                None if self.unscanned => self.scan().await,
                None if self.is_confided() => Err(self.withheld()),
                None if self.unreminded => self.remind().await,
                None if self.unplanned => self.plan().await,
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

fn failed(error: VmError) -> Ending {
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
