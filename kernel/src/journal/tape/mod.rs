//! The tape of a process: what it was told by anything but its own code, in order, and marks
//! for what it did. The journal keeps it in the links of the chain.
//!
//! A process that is run again on its tape does the same, byte by byte, without a model and
//! without the world.
//!
//! | file | job |
//! | --- | --- |
//! | this one | what stands on a tape |
//! | `record` | writes a tape |
//! | `play` | reads one back, and finds the first difference |
//! | `keys` | by what windows and texts are told apart |

pub(crate) mod keys;
mod play;
mod record;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use quipu_cpu::{ClosedEarly, CpuError, Sampling, Usage};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Outcome, StepRow};
use crate::gate::Ruling;
use crate::gate::plan::Plan;
use crate::gate::rules::Rule;
use crate::label::Suspicion;
use crate::limits::Limits;
use crate::process::{Ending, Exit, Reply};
use crate::signal::Signal;
pub use play::Difference;
pub(crate) use play::{Played, Playing, Recorded};
pub(crate) use record::{Recording, Slot};

/// One entry of a tape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told {
    /// A run begins: the process starts or is resumed.
    Run(Box<Run>),
    /// Digest of its boot page.
    Boot(String),
    /// What the CPU wrote.
    Wrote(Wrote),
    /// What the CPU weighed.
    Weighed(Weighed),
    /// A fact that was looked up, with its name.
    Fact(String, Value),
    /// A page left the window: its id and its tokens.
    Evicted(String, u32),
    /// Rules that people have agreed to meanwhile, for good. They count from here on: the run had
    /// looked for such rules this many times before.
    Rules(u32, Vec<Rule>),
    /// The gate's verdict on a call of this step.
    Verdict(u32, String),
    /// A signal, or the end of the time.
    Signal(Signal),
    /// The reply of a person.
    Reply(Reply),
    /// The time limit was reached when a step was to begin.
    Late,
    /// The intent of this step was recorded.
    Intent(u32),
    /// Its outcome was recorded.
    Outcome(u32),
    /// The run ended, with the digest of all that it recorded.
    Exit(String),
}

/// The state that a run starts from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Whether a person was there.
    pub(crate) attended: bool,
    pub(crate) limits: Limits,
    pub(crate) cpu: Computes,
    /// How the machine chooses tokens.
    pub(crate) sampling: Sampling,
    /// Hashes of texts that the journal keeps once: the gate's rules, what the model's odds are
    /// worth, and each device.
    pub(crate) policy: String,
    pub(crate) judgement: String,
    pub(crate) tools: Vec<String>,
    /// Its last row, and the steps that it goes on from: done ones, and ones without an
    /// outcome.
    pub(crate) n: u32,
    pub(crate) done: Vec<u32>,
    pub(crate) pending: Vec<u32>,
    /// Whether it was reminded of something before.
    pub(crate) reminded: bool,
    /// What it may do unattended, if that was fixed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<Plan>,
    /// The findings on the texts beside the task at that time; `None` where there are no texts.
    /// Earlier releases did not keep them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) suspicions: Option<Vec<Option<Suspicion>>>,
}

/// The CPU of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Computes {
    pub(crate) model: String,
    pub(crate) kind: String,
    pub(crate) details: String,
    /// Tokens of the window.
    pub(crate) window: usize,
    pub(crate) constrains: bool,
    /// Whether it sees pictures.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) sees: bool,
    /// Digests of the model's file and of its chat template; empty where there is none.
    pub(crate) model_digest: String,
    pub(crate) template_digest: String,
}

/// A text of the CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wrote {
    /// Digest of the window.
    pub(crate) prompt: String,
    /// Digest of what was legal, and of how tokens were chosen.
    pub(crate) legal: String,
    /// The text, as far as it was read.
    pub(crate) text: String,
    /// The same in the pieces' own words, where they differ from the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pieces: Option<String>,
    pub(crate) end: End,
}

/// How a text of the CPU ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// It was dropped before its end.
    Dropped,
    Done {
        usage: Usage,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closed_early: Option<ClosedEarly>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        thought: bool,
    },
    Failed(CpuError),
}

/// An answer of the CPU to a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Weighed {
    /// Digest of the window with the question, and of the options.
    pub(crate) asked: String,
    pub(crate) odds: Odds,
}

/// The answer to a question to the CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Odds {
    /// Nobody waited for the answer.
    Dropped,
    /// The bits of each number (IEEE 754, 32 bits): minus infinity is no JSON number.
    Bits(Vec<u32>),
    Failed(CpuError),
}

/// What the CPU's tokenizer or grammar said about a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Count {
    /// Tokens; or 1 for a form that can be written.
    Is(usize),
    /// It cannot be done.
    None,
    Failed(CpuError),
}

/// The entries of a tape since it was last recorded, as a link of the chain keeps them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Piece {
    pub(crate) told: Vec<Told>,
    /// Counts by the key of what was counted, 16 hexadecimal digits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) counts: BTreeMap<String, Count>,
}

/// A text that the journal keeps once, under its hash.
pub(crate) type Content = (String, Arc<str>);

/// A piece of a tape, to be recorded with a row.
pub struct Said {
    pub(super) text: String,
    pub(super) content: Vec<Content>,
}

impl Said {
    /// A piece that was recorded before.
    pub(super) fn of(piece: &Piece) -> serde_json::Result<Self> {
        Ok(Self {
            text: serde_json::to_string(piece)?,
            content: Vec::new(),
        })
    }
}

/// The process has come to the end of its tape, or does something that differs from the tape.
#[derive(Debug)]
pub(crate) struct Stopped;

impl From<Stopped> for Ending {
    fn from(_: Stopped) -> Self {
        Ending::Signal(Signal::Kill)
    }
}

/// The tape of a process.
pub(crate) enum Tape {
    /// Nothing is kept.
    Off,
    Records(Mutex<Recording>),
    Plays(Mutex<Playing>),
}

/// What the journal is to do with a row.
pub(crate) enum Row {
    /// Write it, with this piece of the tape.
    Write(Option<Said>),
    /// Nothing: it is there already, and the same.
    IsThere,
}

impl Tape {
    /// A tape that begins with `run`, and the texts that it names.
    pub(crate) fn records(run: Run, content: Vec<Content>) -> Self {
        Self::Records(Mutex::new(Recording::new(run, content)))
    }

    /// A tape that is read back.
    pub(crate) fn plays(playing: Playing) -> Self {
        Self::Plays(Mutex::new(playing))
    }

    /// Whether the run is a replay: what happens is on the tape already.
    pub(crate) fn is_played(&self) -> bool {
        matches!(self, Tape::Plays(_))
    }

    /// Notes `told`, unless this is a replay.
    pub(crate) fn note(&self, told: Told) {
        if let Tape::Records(recording) = self {
            recording.lock().push(told);
        }
    }

    /// Notes something that follows from earlier entries. In a replay it has to be the same.
    pub(crate) fn same(&self, told: Told) -> Result<(), Stopped> {
        match self {
            Tape::Off => Ok(()),
            Tape::Records(recording) => {
                recording.lock().push(told);
                Ok(())
            }
            Tape::Plays(playing) => playing.lock().expect(&told),
        }
    }

    /// The fact called `name`: what `find` finds or, in a replay, what the tape has.
    pub(crate) fn fact<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        find: impl FnOnce() -> T,
    ) -> Result<T, Stopped> {
        match self {
            Tape::Off => Ok(find()),
            Tape::Records(recording) => {
                let found = find();
                let told = Told::Fact(name.to_owned(), json!(found));
                recording.lock().push(told);
                Ok(found)
            }
            Tape::Plays(playing) => playing.lock().fact(name),
        }
    }

    /// The rules that count from now on and did not before: those that `heed` finds or, in a
    /// replay, those that the tape has here.
    pub(crate) fn rules(&self, heed: impl FnOnce() -> Vec<Rule>) -> Result<Vec<Rule>, Stopped> {
        match self {
            Tape::Off => Ok(heed()),
            Tape::Records(recording) => {
                let rules = heed();
                recording.lock().rules(&rules);
                Ok(rules)
            }
            Tape::Plays(playing) => playing.lock().rules(),
        }
    }

    /// Notes the intent of a step that is about to be recorded.
    pub(crate) fn intent(&self, step: &StepRow, ruling: Option<&Ruling>) -> Result<Row, Stopped> {
        self.row(
            |recording| recording.intent(step, ruling),
            |playing| playing.intent(step, ruling),
        )
    }

    /// Notes the outcome of step `n` that is about to be recorded.
    pub(crate) fn outcome(&self, n: u32, outcome: &Outcome) -> Result<Row, Stopped> {
        self.row(
            |recording| recording.outcome(n, outcome),
            |playing| playing.outcome(n, outcome),
        )
    }

    /// Notes the end of a run that is about to be recorded.
    pub(crate) fn exit(&self, exit: &Exit) -> Result<Row, Stopped> {
        self.row(
            |recording| recording.exit(exit),
            |playing| playing.exit(exit),
        )
    }

    fn row(
        &self,
        record: impl FnOnce(&mut Recording) -> Said,
        play: impl FnOnce(&mut Playing) -> Result<(), Stopped>,
    ) -> Result<Row, Stopped> {
        match self {
            Tape::Off => Ok(Row::Write(None)),
            Tape::Records(recording) => Ok(Row::Write(Some(record(&mut recording.lock())))),
            Tape::Plays(playing) => play(&mut playing.lock()).map(|()| Row::IsThere),
        }
    }

    /// The tape being written, if it is.
    pub(crate) fn recording(&self) -> Option<parking_lot::MutexGuard<'_, Recording>> {
        match self {
            Tape::Records(recording) => Some(recording.lock()),
            _ => None,
        }
    }

    /// The tape being read back, if it is.
    pub(crate) fn playing(&self) -> Option<parking_lot::MutexGuard<'_, Playing>> {
        match self {
            Tape::Plays(playing) => Some(playing.lock()),
            _ => None,
        }
    }
}

/// The hash that a text is kept under.
pub(crate) fn hash_of(text: &str) -> String {
    short(&blake3::hash(text.as_bytes()))
}

/// A hash in the form that tapes have: 128 bits, in hexadecimal digits.
pub(crate) fn short(hash: &blake3::Hash) -> String {
    hash.to_hex()[..32].to_owned()
}

/// The part of an intent that is compared, as bytes.
fn intent_bytes(step: &StepRow, ruling: Option<&Ruling>) -> String {
    encoded(&("intent", step.n, &step.action, step.usage, ruling))
}

/// The part of an outcome that is compared.
fn outcome_bytes(n: u32, outcome: &Outcome) -> String {
    encoded(&("outcome", n, &outcome.text, outcome.ok, &outcome.label))
}

fn encoded(what: &impl Serialize) -> String {
    // Keys are texts, and no number is infinite: it can be encoded.
    serde_json::to_string(what).unwrap_or_default()
}

/// The part of an exit that is compared: all but the time.
fn exit_bytes(exit: &Exit) -> String {
    let exit = Exit {
        ms: 0,
        ..exit.clone()
    };
    encoded(&("exit", exit))
}
