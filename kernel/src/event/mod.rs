//! Events: everything the world may see of a running machine.
//!
//! Shells, servers and tests learn what happens from these alone; nothing reaches
//! into a process. Serialised, one event is one line of `--format stream-json`.

mod subscribers;

use quipu_memory::PageId;
use quipu_tools::Missing;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::gate::plan::Plan;
use crate::gate::rules::Rule;
use crate::judgement::Question;
use crate::label::Label;
use crate::limits::Limit;
use crate::planner::parts::Parts;
use crate::process::{BranchReport, Exit, Pid, Status, Usage};
use crate::window::reminder::Reminder;
use quipu_cpu::Movement;

pub(crate) use subscribers::Events;
pub use subscribers::{EVENTS_WAITING_MAX, Subscription};

/// What a person is asked after an interrupt: the one question that no model words, so that a
/// program can ask it in another language.
pub const WHAT_NOW: &str = "Interrupted. What should be done instead?";

/// Something that happened to a process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A process was started or resumed, after `steps` finished steps.
    Started {
        /// The process.
        pid: Pid,
        /// Steps it had already completed.
        steps: u32,
    },
    /// The model that a process is for is not there, and another is taken for it.
    Instead {
        /// The process.
        pid: Pid,
        /// The model that its program named.
        model: String,
        /// The one that is taken.
        instead: String,
        /// Why the named one is not there.
        reason: String,
    },
    /// A function is left out because this model cannot use it; the others are there.
    LeftOut {
        /// The process.
        pid: Pid,
        /// The function.
        tool: String,
        /// Why.
        reason: String,
    },
    /// Tasks that were done right are shown as examples: in the window before the task, or where
    /// a program is asked for.
    Examples {
        /// The process.
        pid: Pid,
        /// The ids of the examples, the likest first.
        ids: Vec<String>,
    },
    /// A text beside the task, which others wrote, was scanned for attacks.
    Suspected {
        /// The process.
        pid: Pid,
        /// Where the text came from, and how much it reads like an attack.
        label: Label,
    },
    /// The store holds something on the task, which was put into the window.
    Reminded {
        /// The process.
        pid: Pid,
        /// The reminder, with the label that it gives the process.
        #[serde(flatten)]
        reminder: Reminder,
    },
    /// The plan is fixed: what the process may do unattended once it has read untrusted text.
    Planned {
        /// The process.
        pid: Pid,
        /// The plan.
        plan: Plan,
        /// Effects that were written but may not be planned, each with the reason.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        dropped: Vec<String>,
    },
    /// The task has several parts; this says which, and what has become of each so far.
    Parts {
        /// The process.
        pid: Pid,
        /// The parts.
        parts: Parts,
    },
    /// A step begins: the window has been laid out.
    Step {
        /// The process.
        pid: Pid,
        /// The step, from 1.
        n: u32,
        /// Tokens of the prompt, counted by the model's tokenizer.
        prompt_tokens: u32,
    },
    /// The CPU is reading a long prompt, and this is its progress. There is no event at the end:
    /// what was asked for follows.
    Read {
        /// The process.
        pid: Pid,
        /// Tokens of the prompt that are read, or were read before.
        tokens: usize,
        /// Tokens of the prompt in all.
        of: usize,
        /// Whether the prompt asks for a decision, and not for the next action.
        asks: bool,
    },
    /// The CPU was asked a question about the step, and answered with a likelihood.
    Judged {
        /// The process.
        pid: Pid,
        /// The step.
        n: u32,
        /// What it was asked.
        question: Question,
        /// The model's log-odds for each way to put the question.
        odds: Vec<f32>,
        /// The likelihood of yes, 0 to 1, by what these odds are worth.
        likely: f32,
    },
    /// Text of an action as it is generated.
    Token {
        /// The process.
        pid: Pid,
        /// The step.
        n: u32,
        /// The piece of text.
        text: String,
    },
    /// The action of a step is complete.
    Action {
        /// The process.
        pid: Pid,
        /// The step.
        n: u32,
        /// The action, as the model wrote it.
        action: Value,
        /// What the step cost.
        usage: Usage,
        /// Time to decide, in milliseconds.
        ms: u64,
    },
    /// What came back from the world.
    Observation {
        /// The process.
        pid: Pid,
        /// The step.
        n: u32,
        /// The whole observation. A process with a plan may have it by its handle only.
        text: String,
        /// What the process has in place of the text, where the text is held back: the kernel's
        /// words with a handle, or values that were taken out of another page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shown: Option<String>,
        /// False when it tells of a failure.
        ok: bool,
        /// Where it came from.
        label: Label,
        /// Time the world took, in milliseconds.
        ms: u64,
    },
    /// The process waits for a person: answer with [`crate::Kernel::reply`].
    Question {
        /// The process.
        pid: Pid,
        /// The step.
        n: u32,
        /// The question.
        text: String,
        /// The key that the reply has to name.
        key: String,
    },
    /// The process waits for an approval: answer with [`crate::Kernel::reply`]
    /// (`Reply::Deny`, `Reply::Approve`, or one that approves more).
    Approval {
        /// The process.
        pid: Pid,
        /// The step.
        n: u32,
        /// The exact call.
        call: Value,
        /// Why it has to be approved.
        reason: String,
        /// The key that the reply has to name. It stands for exactly this call.
        key: String,
        /// The rule that an approval of more than this call agrees to; `None` where only this
        /// call can be approved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<Box<Rule>>,
        /// Whether the rule can be agreed to for good, not only for this process.
        #[serde(default)]
        lasts: bool,
    },
    /// A page left the window; `recall` brings it back.
    Evicted {
        /// The process.
        pid: Pid,
        /// The page's id.
        page: String,
        /// Tokens it held.
        tokens: u32,
    },
    /// A page came back, verbatim.
    Recalled {
        /// The process.
        pid: Pid,
        /// The page's id.
        page: String,
    },
    /// Pages moved out of the KV cache, to make room.
    SwappedOut {
        /// The process.
        pid: Pid,
        /// Tokens they hold.
        tokens: usize,
    },
    /// Pages moved back into the KV cache, instead of being computed again.
    SwappedIn {
        /// The process.
        pid: Pid,
        /// Tokens they hold.
        tokens: usize,
    },
    /// Memories that belong together were merged into a new page; the originals stay.
    Consolidated {
        /// Zero: the machine does it itself.
        pid: Pid,
        /// The page that was made.
        page: PageId,
        /// The pages it was made from.
        from: Vec<PageId>,
    },
    /// A call was not carried out because a capability was not granted.
    Denied {
        /// The process.
        pid: Pid,
        /// The step.
        n: u32,
        /// What was not granted.
        missing: Missing,
    },
    /// A limit was reached.
    LimitHit {
        /// The process.
        pid: Pid,
        /// Which one.
        limit: Limit,
        /// The limit in words.
        text: String,
    },
    /// A task was thought about along several branches, and an answer was chosen.
    Deliberated {
        /// The first branch.
        pid: Pid,
        /// The branch whose answer was chosen.
        chosen: Pid,
        /// All branches, the first one first.
        branches: Vec<BranchReport>,
        /// How likely the answer is right, 0 to 1.
        confidence: Option<f32>,
    },
    /// The process started another one for a part of its task.
    Spawned {
        /// The process.
        pid: Pid,
        /// The one that it started.
        child: Pid,
        /// The beginning of the child's task.
        task: String,
    },
    /// A process that this one waited for has exited.
    Joined {
        /// The process.
        pid: Pid,
        /// The one that has exited.
        child: Pid,
        /// How it ended.
        status: Status,
        /// The beginning of its answer.
        answer: Option<String>,
    },
    /// This subscriber was too slow. The oldest events that it had not read were lost.
    Lost {
        /// Zero: they may be about any process.
        pid: Pid,
        /// How many.
        events: u64,
    },
    /// The process has exited.
    Exited {
        /// The process.
        pid: Pid,
        /// How it ended.
        exit: Exit,
    },
}

impl Event {
    /// The process the event is about.
    pub fn pid(&self) -> Pid {
        match self {
            Event::Started { pid, .. }
            | Event::Instead { pid, .. }
            | Event::LeftOut { pid, .. }
            | Event::Examples { pid, .. }
            | Event::Suspected { pid, .. }
            | Event::Reminded { pid, .. }
            | Event::Planned { pid, .. }
            | Event::Parts { pid, .. }
            | Event::Step { pid, .. }
            | Event::Read { pid, .. }
            | Event::Judged { pid, .. }
            | Event::Token { pid, .. }
            | Event::Action { pid, .. }
            | Event::Observation { pid, .. }
            | Event::Question { pid, .. }
            | Event::Approval { pid, .. }
            | Event::Evicted { pid, .. }
            | Event::Recalled { pid, .. }
            | Event::SwappedOut { pid, .. }
            | Event::SwappedIn { pid, .. }
            | Event::Consolidated { pid, .. }
            | Event::Denied { pid, .. }
            | Event::LimitHit { pid, .. }
            | Event::Deliberated { pid, .. }
            | Event::Spawned { pid, .. }
            | Event::Joined { pid, .. }
            | Event::Lost { pid, .. }
            | Event::Exited { pid, .. } => *pid,
        }
    }
}

impl From<Movement> for Event {
    fn from(movement: Movement) -> Self {
        match movement {
            Movement::SwappedOut { pid, tokens } => Event::SwappedOut { pid, tokens },
            Movement::SwappedIn { pid, tokens } => Event::SwappedIn { pid, tokens },
            Movement::Read {
                pid,
                tokens,
                of,
                asks,
            } => Event::Read {
                pid,
                tokens,
                of,
                asks,
            },
        }
    }
}
