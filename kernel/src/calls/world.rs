//! The world behind the gate: devices and the disk. Only calls that passed the gate get here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quipu_memory::{Store, StoreError};
use quipu_tools::{Bus, CallContext, CancelToken, Grants, LeakScan, ToolError};

use super::{Body, Facts, Resolved, Said, Syscall};
use crate::gate::rules::Rules;
use crate::gate::{Detection, Passed};
use crate::journal::Outcome;
use crate::journal::tape::Tape;
use crate::label::{Label, Level, Secrecy, Suspicion, Trust, told_source};
use crate::process::{Memory, Pid};

/// Bytes a device may return; more is an error of the call.
const OUTPUT_BYTES_MAX: usize = 1 << 20;
/// The longest a single call may take.
const CALL_MAX: Duration = Duration::from_secs(60);

/// The world as one step of one process reaches it.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<Bus>,
    /// What the user granted to all processes.
    pub(crate) grants: Grants,
    pub(crate) pid: Pid,
    pub(crate) n: u32,
    /// Its part of the disk.
    pub(crate) memory: Memory,
    /// What the user said to the process, and what was planned.
    pub(crate) said: String,
    /// Pages of the open network that the process has read.
    pub(crate) pages: Vec<Arc<str>>,
    /// How many values that each tell a little it and its family have told with earlier calls.
    pub(crate) told: usize,
    /// The secrets that are known on this machine.
    pub(crate) leaks: LeakScan,
    /// The detector of attacks in strangers' texts.
    pub(crate) detection: Detection,
    /// The most secret text that the process may read.
    pub(crate) clearance: Secrecy,
    /// How much the texts that the process has read are like an attack.
    pub(crate) suspicion: Option<Suspicion>,
    /// The user's rules.
    pub(crate) rules: Arc<Rules>,
    /// The mark of its journal, which no other journal has.
    pub(crate) mark: [u8; 32],
    /// The tape, which has the results of its calls already in a replay.
    pub(crate) tape: Arc<Tape>,
}

impl World {
    /// What the gate has to know of `call`.
    pub(crate) fn facts(&self, call: &Syscall) -> Facts {
        call.facts(&self.bus, &|| self.said.clone())
    }

    /// Starts a call that touches a device or the disk, on a thread where it may block. If the
    /// observation is made from the process's own words, it is trusted no further than `floor`,
    /// the level of all that the process has read, and kept as secret.
    pub(crate) fn run(
        self,
        passed: Passed<Resolved>,
        floor: Level,
        left: Duration,
    ) -> (CancelToken, impl Future<Output = Outcome>) {
        let cancel = CancelToken::default();
        let context = CallContext {
            deadline: left.min(CALL_MAX),
            output_bytes_max: OUTPUT_BYTES_MAX,
            cancel: cancel.clone(),
            grants: self.grants.iter().chain(passed.once()).cloned().collect(),
        };
        let stopped = cancel.clone();
        let recorded = self.recorded(floor);
        let work = async move {
            if let Some(outcome) = recorded {
                return outcome;
            }
            let begun = Instant::now();
            let (leaks, clearance) = (self.leaks.clone(), self.clearance);
            let detection = self.detection.clone();
            let work = move || {
                let said = screened(self.carry_out(passed, floor, context), &leaks, clearance);
                // The result of a call that was stopped is thrown away.
                let is_wanted = || !stopped.is_cancelled();
                // A result that was only transformed is as suspicious as the text it was made of,
                // which the process has already.
                let label = match said.is_news {
                    true => seen(&detection, said.label, &said.text, &is_wanted),
                    false => said.label,
                };
                Said { label, ..said }
            };
            let said = tokio::task::spawn_blocking(work).await;
            // What a crash says of itself may quote what was worked on, whoever wrote that.
            let said = said.unwrap_or_else(|_| {
                let label = Label::kernel().held_to(floor);
                Said::new(false, "the tool crashed", label)
            });
            Outcome {
                text: said.text,
                ok: said.ok,
                label: said.label,
                ms: begun.elapsed().as_millis() as u64,
            }
        };
        (cancel, work)
    }

    /// The recorded outcome of the call, in a replay: the call is not carried out a second time.
    fn recorded(&self, floor: Level) -> Option<Outcome> {
        let outcome = self.tape.playing()?.outcome_of(self.n);
        Some(outcome.unwrap_or_else(|| Outcome {
            text: "this call has no outcome".to_owned(),
            ok: false,
            label: Label::kernel().held_to(floor),
            ms: 0,
        }))
    }

    fn carry_out(self, passed: Passed<Resolved>, floor: Level, context: CallContext) -> Said {
        let told = passed.what().told(floor.secrecy);
        // The same when a step that was cut off is repeated, and different for every other call.
        let key = blake3::keyed_hash(&self.mark, passed.what().key().as_bytes());
        let (body, function) = passed.into_inner().into_parts();
        let hands = Hands {
            world: &self,
            key: key.to_hex()[..32].to_owned(),
            floor,
            told,
            context: &context,
            function: function.as_ref(),
        };
        match body {
            Body::World(call) => call.run(&hands),
            Body::Process(_) => {
                Said::new(false, "this call does not reach the world", Label::kernel())
            }
        }
    }
}

/// What a call that has passed the gate touches the world with. Only [`World::run`] makes one.
pub(crate) struct Hands<'a> {
    world: &'a World,
    key: String,
    floor: Level,
    /// The secrecy of what the call tells.
    told: Secrecy,
    context: &'a CallContext,
    function: Option<&'a Result<quipu_tools::Resolved, ToolError>>,
}

impl Hands<'_> {
    /// The disk.
    pub(crate) fn store(&self) -> &dyn Store {
        self.world.store.as_ref()
    }

    /// The process's part of the disk.
    pub(crate) fn memory(&self) -> &Memory {
        &self.world.memory
    }

    /// The process.
    pub(crate) fn pid(&self) -> Pid {
        self.world.pid
    }

    /// The step.
    pub(crate) fn n(&self) -> u32 {
        self.world.n
    }

    /// The trust of the least trusted thing that the process has read.
    pub(crate) fn floor(&self) -> Trust {
        self.floor.trust
    }

    /// The level of all that the process has read.
    pub(crate) fn level(&self) -> Level {
        self.floor
    }

    /// How much the texts that the process has read are like an attack.
    pub(crate) fn suspicion(&self) -> Option<Suspicion> {
        self.world.suspicion
    }

    /// The secrecy of what the call tells.
    pub(crate) fn told(&self) -> Secrecy {
        self.told
    }

    /// The most secret text that the process may read.
    pub(crate) fn clearance(&self) -> Secrecy {
        self.world.clearance
    }

    /// The user's rules.
    pub(crate) fn rules(&self) -> &Rules {
        &self.world.rules
    }

    /// The idempotency key of the call.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The limits and the grants of the call.
    pub(crate) fn context(&self) -> &CallContext {
        self.context
    }

    /// The function of a device that the call names, or why there is none.
    pub(crate) fn function(&self) -> Option<&Result<quipu_tools::Resolved, ToolError>> {
        self.function
    }

    /// The result of a write that the store refused.
    pub(crate) fn failed(&self, what: &str, error: &StoreError) -> Said {
        Said::new(
            false,
            format!("{what}: {error} ({})", error.hint()),
            Label::kernel().held_to(self.floor),
        )
    }
}

/// `label` of `text`, which came in, with the finding of the detector. A page that the store
/// quotes is scanned too, even if the store kept a finding, because the page may quote others.
fn seen(detection: &Detection, label: Label, text: &str, is_wanted: &dyn Fn() -> bool) -> Label {
    let kept = label.suspicion;
    let bare = Label {
        suspicion: None,
        ..label
    };
    detection.seen_if(bare, text, is_wanted).suspected(kept)
}

/// The result of a call without secrets, and without anything that its process is not cleared
/// for.
fn screened(said: Said, leaks: &LeakScan, clearance: Secrecy) -> Said {
    if said.label.secrecy > clearance {
        let (secrecy, by) = (said.label.secrecy, told_source(said.label.confided_by()));
        let text = format!(
            "what {by} says is {secrecy} and was not read: the model of this process, or who \
             started it, may not learn it"
        );
        return Said::new(false, text, Label::kernel());
    }
    Said {
        text: leaks.redacted_json(&said.text).into_owned(),
        ..said
    }
}
