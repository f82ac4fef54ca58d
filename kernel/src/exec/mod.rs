//! Runs one process until it exits: lay out the window, decide one action, carry
//! it out, write it down, again.
//!
//! What `choose` writes has no effect before `effects` carries it out, and neither calls the other.
//! What the rest of this module may call in them is `pub(in crate::exec)`. A part of `state` reaches
//! nothing but itself.
//!
//! | file | job |
//! | --- | --- |
//! | **the loop** | |
//! | `setup`, `past` | sets a process up; what it was before this machine took it up |
//! | `step` | one step: what is legal, what is chosen, which calls that makes |
//! | `choose/` | which move fits, and its text |
//! | `effects/` | the gate, the intent, the effect, the outcome; what then becomes of the process |
//! | `ending` | the one place where a process stops |
//! | **the process** | |
//! | `state/` | the parts of its state |
//! | `weigh`, `likelihood` | asks the CPU how likely words are; a question, or a text, and no step |
//! | **before the first step** | |
//! | `scan` | how much the texts beside the task read like attacks |
//! | `remind`, `reminder` | what the store holds on the task; its words |
//! | `plan` | what may be done unattended later, before anything is read |
//! | `keep` | keeps what a user wants kept; no answer claims it falsely |
//! | **the machine** | |
//! | `shared`, `family` | its parts, and who hears of its events; the other processes |
//! | `recorder`, `screen` | the CPU, with a tape of what it tells, with a mark for each secret |

mod choose;
mod effects;
mod ending;
mod family;
mod keep;
mod likelihood;
mod past;
mod plan;
mod recorder;
mod remind;
mod reminder;
mod scan;
mod screen;
mod setup;
mod shared;
mod state;
mod step;
mod weigh;

use std::sync::Arc;

use crate::event::Event;
use crate::gate::plan::Progress;
use crate::journal::Outcome;
use crate::label::Label;
use crate::limits::Limit;
use crate::planner::{LeftOut, Planner};
use crate::process::{Ending, Exit, Failure, Pid, Program};
use crate::signal::Signal;
use crate::window::{Vm, VmError, Window};
use state::{Agenda, Approvals, Costs, Found, Headway, Keeping, Known, Next, Rows, Taught, Track};

pub(crate) use ending::not_set_up;
pub(crate) use family::{Apart, Family, Waits};
pub use likelihood::Likelihood;
pub(crate) use past::Past;
pub(crate) use recorder::Facts;
pub(crate) use screen::screened;
pub(crate) use shared::Shared;
pub(crate) use state::Inbox;

/// A process in execution.
pub(crate) struct Execution {
    pid: Pid,
    program: Program,
    shared: Arc<Shared>,
    inbox: Inbox,
    planner: Planner,
    vm: Vm,

    // Its steps.
    /// What it writes into the journal.
    rows: Rows,
    /// What it has done.
    track: Track,
    /// What it does next.
    agenda: Agenda,
    /// How far it has come with its task.
    headway: Headway,

    // Its limits.
    /// What it has spent.
    costs: Costs,
    /// Whether it has, or had, to do with other processes.
    has_children: bool,
    /// Whether it is to be suspended once its step is done.
    suspends: bool,

    // What it knows.
    /// What it knows from its calls.
    known: Known,
    /// What its calls have looked up.
    found: Found,
    /// The memories that it was to keep.
    keeping: Keeping,
    /// What the CPU has said by lessons.
    taught: Taught,
    /// Programs that were written for the whole task.
    programs: u32,

    // What it may do.
    /// What is left of its plan.
    progress: Progress,
    /// Whether the last decision was made before it read untrusted text.
    decided_before: bool,
    /// How many values that each tell a little its calls have told others. Those of its family are in
    /// the journal.
    told_little: usize,
    /// What a person approved for as long as it runs.
    approvals: Approvals,
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
            steps: self.costs.own().steps,
        });
        self.tell_left_out();
        self.tell_examples(self.vm.examples());
        self.tell_parts();
        let ending = loop {
            let result = match self.agenda.take_next() {
                Next::Scan => self.scan().await,
                Next::Redo(step) => self.redo(*step).await,
                _ if self.is_confided() => Err(self.withheld()),
                Next::Remind => self.remind().await,
                Next::Plan => self.plan().await,
                Next::Step => self.step().await,
            };
            match result {
                Ok(()) if self.suspends => break Ending::Signal(Signal::Suspend),
                Ok(()) => {}
                Err(Ending::Signal(Signal::Interrupt)) if self.inbox.is_attended() => {
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

    /// Tells the world of the parts of the task and what has become of them.
    fn tell_parts(&self) {
        if let Some(parts) = self.headway.parts() {
            self.emit(Event::Parts {
                pid: self.pid,
                parts: parts.clone(),
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
        if self.costs.hit(limit) {
            let text = limit.describe(&self.program.limits);
            self.emit(Event::LimitHit {
                pid: self.pid,
                limit,
                text,
            });
        }
    }

    fn emit(&self, event: Event) {
        self.shared.events.emit(event);
    }
}

/// The end of a process that failed with `error`.
fn failed(error: impl Into<Failure>) -> Ending {
    Ending::Failed(error.into())
}
