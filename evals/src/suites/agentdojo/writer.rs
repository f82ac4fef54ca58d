//! Plans that a model writes, in the place of those by hand: as the kernel asks for them.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use quipu_cpu::llama::{LocalCpu, LocalSettings};
use quipu_cpu::scripted::ScriptedCpu;
use quipu_cpu::{Cpu, CpuError, CpuInfo, Form, Job, Message, Prompt, Ticket};
use quipu_kernel::event::Event;
use quipu_kernel::gate::plan::Plan;

use super::desk::Desk;
use super::set::{Set, Task};
use super::{kernel, program};

/// Tokens of the window: room for the lesson and the cards.
const WINDOW: usize = 8192;

/// A model that writes plans, and answers at once otherwise.
pub struct Writer {
    model: Arc<LocalCpu>,
}

impl Writer {
    /// Loads the model at `path`.
    pub fn load(path: &Path) -> Result<Self> {
        let settings = LocalSettings {
            window: Some(WINDOW),
            ..LocalSettings::default()
        };
        let model = LocalCpu::load(path, &settings)?;
        Ok(Self {
            model: Arc::new(model),
        })
    }

    /// The plan for `task`, and why other effects that were written may not stand; `None`
    /// where none was written.
    pub async fn plan(&self, set: &Set, task: &Task) -> Result<Option<(Plan, Vec<String>)>> {
        let desk = Desk::new(task, &set.tools, "", true).map_err(|e| anyhow!(e.message))?;
        let cpu = Planning {
            info: CpuInfo {
                constrains: true,
                ..self.model.info().clone()
            },
            model: self.model.clone(),
            script: ScriptedCpu::parse("answer", "{\"answer\": \"done\"}", Some(WINDOW))?,
        };
        let kernel = kernel(Arc::new(cpu), Arc::new(desk))?;
        let mut events = kernel.subscribe();
        kernel.spawn(program(task, None, false))?;
        let mut written = None;
        loop {
            match events.recv().await.context("the machine stopped")? {
                Event::Planned { plan, dropped, .. } => written = Some((plan, dropped)),
                Event::Exited { .. } => return Ok(written),
                _ => {}
            }
        }
    }
}

/// Asks the model for plans, and the script for all else.
struct Planning {
    info: CpuInfo,
    model: Arc<LocalCpu>,
    script: ScriptedCpu,
}

impl Cpu for Planning {
    fn info(&self) -> &CpuInfo {
        &self.info
    }

    fn prepare(&self, messages: &[Message]) -> Result<Prompt, CpuError> {
        self.model.prepare(messages)
    }

    fn count(&self, text: &str) -> usize {
        self.model.count(text)
    }

    fn accepts(&self, form: &Form) -> Result<(), CpuError> {
        self.model.accepts(form)
    }

    fn submit(&self, job: Job) -> Ticket {
        match &job.form {
            Form::Json(form) if form["properties"]["effects"].is_object() => self.model.submit(job),
            _ => self.script.submit(job),
        }
    }
}
