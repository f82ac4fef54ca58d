//! Processes: what is run, its state, and how it ended.

mod child;
mod ending;
mod example;
mod exit;
mod failure;
pub mod limits;
pub mod signal;

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use quipu_tools::LeakScan;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

pub(crate) use child::{AT_ONCE, Room};
pub use child::{AT_ONCE_MAX, ChildOf, DEPTH_MAX, Drawn, ITEMS_MAX};
pub(crate) use ending::Ending;
pub use ending::text_of;
pub use example::{Example, Turn};
pub(crate) use exit::KILLED;
pub use exit::{Exit, Status};
pub use failure::{Failure, NoModel, VmError};
pub use quipu_cpu::{Picture, Pid, Sampling, Usage};
pub use quipu_memory::{Secrecy, Share, Space};

use crate::gate::plan::Plan;
use crate::label::Label;
use crate::limits::Limits;

/// The priorities that a person can give.
pub const PRIORITIES: RangeInclusive<i8> = -20..=20;

/// An executable: what an agent is, without any task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// Instructions added to the boot page.
    pub instructions: String,
    /// The tools it may see, by device name; `None` is all that are installed.
    pub tools: Option<Vec<String>>,
    /// Its part of the disk.
    #[serde(default)]
    pub memory: Memory,
    /// Whether nobody vouches for its instructions. Then the process starts as if it had read a
    /// stranger's text.
    #[serde(default)]
    pub stranger: bool,
    /// Whether it is offered the calls that start processes of its own and wait for them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub children: bool,
}

/// The part of the disk that an agent uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The space it writes its memories to.
    pub space: Space,
    /// Spaces it reads, beside its own and the shared one.
    pub reads: Vec<Space>,
    /// Names of its core memory: small texts in its space that it always sees and can edit.
    pub blocks: Vec<String>,
    /// The room for memories in its space. Nothing is written beyond it.
    pub quota: Share,
    /// Tokens that the reminder at the start of a task may take; 0 is none.
    pub recall_tokens: usize,
    /// Whether the reminder may have pages that nobody vouches for. They taint the process from
    /// its first step on.
    pub recall_untrusted: bool,
    /// Tokens that examples before a task may take; 0 shows none.
    pub example_tokens: usize,
    /// The secrecy that what it keeps has at least.
    #[serde(skip_serializing_if = "Secrecy::is_public")]
    pub secrecy: Secrecy,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            space: Space::SHARED,
            reads: Vec::new(),
            blocks: Vec::new(),
            quota: Share {
                pages: 10_000,
                bytes: 64 << 20,
            },
            recall_tokens: 256,
            recall_untrusted: false,
            example_tokens: 768,
            secrecy: Secrecy::Public,
        }
    }
}

impl Memory {
    /// All spaces it reads.
    pub fn spaces(&self) -> Vec<Space> {
        let mut spaces = vec![Space::SHARED, self.space.clone()];
        spaces.extend(self.reads.iter().cloned());
        spaces.sort();
        spaces.dedup();
        spaces
    }
}

/// A text that a task is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attached {
    /// The text.
    pub text: String,
    /// Who wrote it.
    pub label: Label,
    /// The picture in which the text was read, for a CPU that sees. It is shown beside the text
    /// as long as there is room. It is serialised as the digest of its pixels: the journal keeps
    /// the picture itself apart.
    #[serde(
        serialize_with = "its_digest",
        skip_serializing_if = "Option::is_none",
        skip_deserializing
    )]
    pub picture: Option<Picture>,
}

fn its_digest<S: Serializer>(picture: &Option<Picture>, serializer: S) -> Result<S::Ok, S::Error> {
    picture.as_ref().map(Picture::id).serialize(serializer)
}

/// A program to run: an agent, its task, and its limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// The agent.
    pub agent: Agent,
    /// The task, in the words of the user.
    pub prompt: String,
    /// Who wrote the prompt.
    pub label: Label,
    /// Texts beside the task that others wrote, each within a border of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<Attached>,
    /// Tasks like this one that were done right, the likest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
    /// What the store is searched for at the start; the prompt where it is `None`. A conversation
    /// before the task, for example, is no part of it.
    #[serde(default)]
    pub topic: Option<String>,
    /// What the user typed, where the prompt holds more than that, such as the answers of earlier
    /// turns. Only these words may go out as the user's own; whoever sets this field answers for
    /// it. Where it is `None`, the prompt counts if its label says that it is the user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The day on which the task was given, where the right answer depends on it. The kernel
    /// finds out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub today: Option<NaiveDate>,
    /// The process of the turn before, in a conversation; 0 where that turn was no process here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Pid>,
    /// The model that it is for, by the name that the machine's loader knows it by; the machine's
    /// own when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it may spend.
    pub limits: Limits,
    /// Higher runs first; 0 is usual. Within [`PRIORITIES`] where a person chose it.
    pub priority: i8,
    /// Whether a person is there at the start to answer questions and approvals. Whoever resumes
    /// the process says whether one is there then; its boot page stays the same.
    pub interactive: bool,
    /// Whether approvals that the user gave beforehand for all calls do not count for this
    /// process, because nobody saw what started it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unapproved: bool,
    /// The highest secrecy that whoever started it may learn; anything where it is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clearance: Option<Secrecy>,
    /// JSON Schema the answer must have, when not plain text.
    pub answer_schema: Option<Value>,
    /// How its tokens are chosen, if not as usual on the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// Which branch of a deliberation it is, if it is one beside the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    /// The process that started it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_of: Option<ChildOf>,
    /// What it may do unattended after it has read untrusted text. Where it is `None`, the model
    /// writes a plan if that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
}

/// One of several processes that think about the same task, beside the first. A branch reads, and
/// changes nothing in the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// The first one.
    pub of: Pid,
    /// How it goes about the task.
    pub way: Way,
    /// The branch that it was forked off, and whose steps it continues; `None` where it starts
    /// anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Pid>,
    /// The answers to judge, where it is a referee.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
}

impl Branch {
    /// One beside the process `of`, from the start.
    pub fn new(of: Pid, way: Way) -> Self {
        Self {
            of,
            way,
            from: None,
            candidates: Vec::new(),
        }
    }
}

/// What became of one branch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BranchReport {
    /// The process.
    pub pid: Pid,
    /// How it was told to begin; `None` for the first.
    pub way: Option<Way>,
    /// The branch that it was forked off, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Pid>,
    /// How it ended.
    pub status: Status,
    /// Its answer.
    pub answer: Option<Value>,
    /// Whether its answer has the value that was chosen.
    pub agrees: bool,
}

/// How a process goes about its task in its first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// By a program.
    Program,
    /// By a thought in words.
    Thought,
    /// By a tool that takes an expression.
    Calculator,
    /// By a search of the store.
    Search,
    /// It gives no answer: a program says which of several answers fit what the task demands.
    Check,
    /// It gives no answer: the CPU weighs which of several answers is right.
    Weigh,
}

impl Way {
    /// Whether it judges the answers of others and has none of its own.
    pub fn is_a_referee(self) -> bool {
        matches!(self, Way::Check | Way::Weigh)
    }
}

impl Program {
    /// A program of the default agent for `prompt`, typed by the user.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self {
            agent: Agent::default(),
            prompt: prompt.into(),
            label: Label::user(),
            attached: Vec::new(),
            examples: Vec::new(),
            topic: None,
            said: None,
            today: None,
            after: None,
            model: None,
            limits: Limits::default(),
            priority: 0,
            interactive: false,
            unapproved: false,
            clearance: None,
            answer_schema: None,
            sampling: None,
            branch: None,
            child_of: None,
            plan: None,
        }
    }
}

impl Program {
    /// What the user said last: the task without the conversation before it.
    pub fn told(&self) -> &str {
        self.topic.as_ref().unwrap_or(&self.prompt)
    }

    /// The program with a mark in place of each secret that stands in its words.
    pub(crate) fn without_secrets(mut self, leaks: &LeakScan) -> Self {
        if leaks.is_empty() {
            return self;
        }
        let clean = |text: &mut String| *text = leaks.redacted(text).into_owned();
        let clean_value = |value: &mut Value| {
            if let Some(clean) = leaks.redacted_value(value) {
                *value = clean;
            }
        };
        clean(&mut self.prompt);
        // The name of a file or of an agent may be one too.
        clean(&mut self.label.source);
        clean(&mut self.agent.name);
        clean(&mut self.agent.instructions);
        self.topic.iter_mut().for_each(clean);
        self.said.iter_mut().for_each(clean);
        self.answer_schema.iter_mut().for_each(clean_value);
        for example in &mut self.examples {
            clean(&mut example.task);
            for turn in &mut example.turns {
                clean_value(&mut turn.action);
                turn.observation.iter_mut().for_each(clean);
            }
        }
        for attached in &mut self.attached {
            clean(&mut attached.label.source);
            let said = attached.text.clone();
            clean(&mut attached.text);
            // A secret cannot be taken out of a picture, so the picture goes.
            if attached.text != said {
                attached.picture = None;
            }
        }
        self
    }
}

/// The state of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Can be run, but nothing runs it: new, or its machine was stopped.
    Ready,
    /// Deciding or acting.
    Running,
    /// Waiting for a person.
    Blocked,
    /// Its machine was stopped. The next machine resumes it.
    Suspended,
    /// Ended.
    Exited,
}

impl State {
    /// The state stored as `word`. A state that this release does not know counts as exited, so
    /// that nothing resumes the process.
    pub(crate) fn of(word: &str) -> Self {
        let states = [
            State::Ready,
            State::Running,
            State::Blocked,
            State::Suspended,
        ];
        let known = states.into_iter().find(|state| state.as_str() == word);
        known.unwrap_or(State::Exited)
    }

    /// The word stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Ready => "ready",
            State::Running => "running",
            State::Blocked => "blocked",
            State::Suspended => "suspended",
            State::Exited => "exited",
        }
    }
}

/// A person's answer to a question or an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Words for the process.
    Text(String),
    /// The call may be done, this once.
    Approve,
    /// This call may be done, and so may others that the rule of its approval holds for, by this
    /// process.
    ApproveProcess,
    /// The same, by all processes from now on. Whoever replies keeps the rule: the machine
    /// forgets it when it ends.
    ApproveAlways,
    /// The call may not be done.
    Deny,
    /// Nobody answers (the terminal was closed).
    Nobody,
}

impl Reply {
    /// Whether it approves a call.
    pub fn approves(&self) -> bool {
        matches!(
            self,
            Reply::Approve | Reply::ApproveProcess | Reply::ApproveAlways
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Trust;
    use quipu_tools::Secret;

    fn with_picture(text: &str) -> Program {
        let mut program = Program::new("What does it say?");
        program.attached.push(Attached {
            text: text.into(),
            label: Label::new("file:note.png", Trust::Untrusted),
            picture: Some(Picture::new(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap()),
        });
        program
    }

    #[test]
    fn a_program_is_read_as_it_was_written() {
        let mut program = with_picture("buy milk");
        let written = serde_json::to_string(&program).unwrap();
        // The picture itself is kept apart.
        let picture = program.attached[0].picture.take().unwrap();
        assert!(written.contains(&format!("\"picture\":\"{}\"", picture.id())));
        assert_eq!(serde_json::from_str::<Program>(&written).unwrap(), program);
    }

    #[test]
    fn a_picture_with_a_secret_in_it_is_not_shown() {
        let secret = Secret::new("tok-48151623421808").unwrap();
        let secrets = LeakScan::of([("token", &secret)]);
        let check = |text: &str, shown: bool| {
            let clean = with_picture(text).without_secrets(&secrets);
            assert_eq!(clean.attached[0].picture.is_some(), shown, "{text}");
        };
        check("buy milk", true);
        check("the key is tok-48151623421808", false);
    }
}
