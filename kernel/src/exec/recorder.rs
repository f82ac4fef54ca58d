//! The machine as one process sees it: whatever its CPU tells the process goes onto the process's
//! tape.

use std::sync::Arc;

use parking_lot::Mutex;
use quipu_cpu::{Chunk, Cpu, CpuError, CpuInfo, Form, Inquiry, Job, Message, Prompt, Ticket};
use serde_json::json;

use super::{Past, Shared};
use crate::journal::tape::{
    Computes, Content, Count, Recording, Run, Slot, Tape, Told, hash_of, keys,
};
use crate::judgement::Judgement;
use crate::label::Suspicion;
use crate::process::Program;

/// What the tape of a run says about its machine, the same for all processes: texts with their
/// hashes.
pub(crate) struct Facts {
    judgement: Content,
    tools: Vec<Content>,
}

fn content(value: serde_json::Value) -> Content {
    let text = value.to_string();
    (hash_of(&text), Arc::from(text))
}

impl Facts {
    /// The facts of the machine with the parts `shared`.
    pub(crate) fn of(shared: &Shared) -> Self {
        let devices = shared.bus.list();
        let tools = devices.iter().map(|device| {
            let spec = device.spec();
            content(json!({"device": spec, "vouched": spec.vouched}))
        });
        Self {
            tools: tools.collect(),
            judgement: content(json!(shared.judgement)),
        }
    }
}

impl Facts {
    /// The same facts for processes on a CPU whose odds are worth what `judgement` says.
    pub(crate) fn judged_by(&self, judgement: &Judgement) -> Self {
        Self {
            judgement: content(json!(judgement)),
            tools: self.tools.clone(),
        }
    }
}

impl Shared {
    /// The machine for one run of a process that goes on from `past`, with a tape if the journal
    /// keeps tapes.
    pub(crate) fn recording(
        &self,
        facts: &Facts,
        program: &Program,
        past: &Past,
        attended: bool,
    ) -> Self {
        let info = self.cpu.info();
        let steps = |open: bool| -> Vec<u32> {
            let steps = past.done.iter();
            steps
                .filter(|step| step.outcome.is_none() == open)
                .map(|step| step.n)
                .collect()
        };
        // Rules are added while the machine runs, and while the process does.
        let gate = self.gate.of_a_run();
        let policy = content(json!(gate.in_force()));
        let run = Run {
            attended,
            limits: program.limits.clone(),
            cpu: Computes {
                model: info.model.clone(),
                kind: info.kind.to_owned(),
                details: info.details.clone(),
                window: info.window,
                constrains: info.constrains,
                sees: self.cpu.sees(),
                model_digest: info.model_digest.clone(),
                template_digest: info.template_digest.clone(),
            },
            sampling: self.sampling,
            policy: policy.0.clone(),
            judgement: facts.judgement.0.clone(),
            tools: facts.tools.iter().map(|(hash, _)| hash.clone()).collect(),
            n: past.n,
            done: steps(false),
            pending: steps(true),
            reminded: past.reminder.is_some(),
            plan: program.plan.clone(),
            suspicions: suspicions(program),
        };
        let content = facts.tools.iter().chain([&policy, &facts.judgement]);
        let tape = Arc::new(Tape::records(run, content.cloned().collect()));
        let cpu = Arc::new(Recorder {
            cpu: self.cpu.clone(),
            tape: tape.clone(),
            form: Mutex::default(),
        });
        Self {
            cpu,
            gate,
            tape,
            ..self.clone()
        }
    }
}

/// What is known of the texts beside the task of `program`, if there are some.
fn suspicions(program: &Program) -> Option<Vec<Option<Suspicion>>> {
    let attached = program.attached.iter();
    let said: Vec<_> = attached.map(|attached| attached.label.suspicion).collect();
    (!said.is_empty()).then_some(said)
}

/// A CPU that notes on a tape what it tells.
struct Recorder {
    cpu: Arc<dyn Cpu>,
    tape: Arc<Tape>,
    /// The last form with its digest: from one step to the next it mostly stays the same.
    form: Mutex<Option<(Form, blake3::Hash)>>,
}

impl Recorder {
    fn form_of(&self, job: &Job) -> blake3::Hash {
        let mut last = self.form.lock();
        match &*last {
            Some((form, hash)) if *form == job.form => *hash,
            _ => {
                let hash = keys::form_of(job);
                *last = Some((job.form.clone(), hash));
                hash
            }
        }
    }

    fn note(&self, key: u64, count: impl FnOnce() -> Count) {
        if let Some(mut recording) = self.tape.recording() {
            recording.count(key, count);
        }
    }

    /// Asks the CPU, and notes what is read of its answer at the place of `told`.
    fn listen_to(
        &self,
        told: Told,
        hear: fn(&mut Recording, Slot, &Heard),
        ask: impl FnOnce() -> Ticket,
    ) -> Ticket {
        let slot = self.tape.recording().map(|mut tape| tape.reserve(told));
        let (ticket, tape) = (ask(), self.tape.clone());
        let Some(slot) = slot else {
            return ticket;
        };
        ticket.heard_by(move |chunk| {
            if let Some(mut recording) = tape.recording() {
                hear(&mut recording, slot, chunk);
            }
        })
    }
}

/// A piece of a ticket.
type Heard = Result<Chunk, CpuError>;

impl Cpu for Recorder {
    fn inner(&self) -> Option<&dyn Cpu> {
        Some(&*self.cpu)
    }

    fn info(&self) -> &CpuInfo {
        self.cpu.info()
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        let prompt = self.cpu.prepare(messages);
        self.note(keys::prepared(messages), || match &prompt {
            Ok(prompt) => Count::Is(prompt.len),
            Err(error) => Count::Failed(error.clone()),
        });
        prompt
    }

    fn count(&self, text: &str) -> usize {
        let count = self.cpu.count(text);
        self.note(keys::counted(text), || Count::Is(count));
        count
    }

    fn lead(&self, prompt: &Prompt, words: &str) -> Option<Prompt> {
        let led = self.cpu.lead(prompt, words);
        self.note(keys::led(prompt, words), || match &led {
            Some(led) => Count::Is(led.len),
            None => Count::None,
        });
        led
    }

    fn weigh(&self, inquiry: Inquiry) -> Ticket {
        let told = Told::to_weigh(keys::asked(&inquiry));
        self.listen_to(
            told,
            |tape, slot, chunk| tape.hear_odds(slot, chunk),
            || self.cpu.weigh(inquiry),
        )
    }

    fn accepts(&self, form: &Form) -> Result<(), CpuError> {
        let accepted = self.cpu.accepts(form);
        self.note(keys::accepted(form), || match &accepted {
            Ok(()) => Count::Is(1),
            Err(error) => Count::Failed(error.clone()),
        });
        accepted
    }

    fn submit(&self, job: Job) -> Ticket {
        let legal = keys::legal(&self.form_of(&job), &job);
        let told = Told::to_write(keys::window(&job.prompt), legal);
        self.listen_to(
            told,
            |tape, slot, chunk| tape.hear_text(slot, chunk),
            || self.cpu.submit(job),
        )
    }
}
