//! One case: its documents, the processes before it, the process itself, its result.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use quipu_kernel::Kernel;
use quipu_kernel::event::Event;
use quipu_kernel::process::{Program, Status};
use quipu_kernel::signal::Signal;
use quipu_memory::{Kind, NewPage, Trust};
use quipu_tools::Capability;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::cases::{Case, Stop};
use super::check::Run;
use super::functions::Functions;
use super::pages::Pages;
use super::rows::Judged;
use crate::agent::{self, Loaded};
use crate::commands::options::ProcessOptions;
use crate::init::Session;

/// Memories of a case that are looked at.
const MEMORIES: usize = 1_000;

/// A machine for cases, with nothing of the user's own.
pub struct Bench<'a> {
    session: &'a Session,
    kernel: Arc<Kernel>,
    pages: Pages,
    agents: Vec<Loaded>,
    options: &'a ProcessOptions,
}

/// What a case took.
pub struct Cost {
    /// Wall-clock time of the process itself.
    pub ms: u64,
    /// Tokens it generated.
    pub tokens: u32,
    /// What it was asked.
    pub judged: Vec<Judged>,
}

impl<'a> Bench<'a> {
    /// A machine on the session's model that has the functions and pages of `cases`, which
    /// are in the file `file`.
    pub async fn open(
        session: &'a Session,
        agent: Option<&Path>,
        options: &'a ProcessOptions,
        file: &Path,
        cases: &[Case],
    ) -> Result<Self> {
        let usual = agent.map(agent::load).transpose()?.unwrap_or_default();
        let folder = file.parent().unwrap_or(Path::new("."));
        let mut agents = Vec::with_capacity(cases.len());
        for case in cases {
            agents.push(match &case.agent {
                Some(path) => agent::load(&folder.join(path))?,
                None => usual.clone(),
            });
        }
        let pages = Pages::serve(cases).await?;
        let mut policy = options.policy(session);
        let reads = pages.capability().parse::<Capability>()?;
        policy.grants = policy
            .grants
            .iter()
            .cloned()
            .chain([reads, Capability::MemWrite])
            .collect();
        let devices = cases.iter().enumerate();
        let devices = devices
            .filter(|(_, case)| !case.functions.is_empty())
            .map(|(n, case)| Functions::new(&name(n), &case.functions));
        let kernel = session.bench(policy, devices.collect()).await?;
        Ok(Self {
            session,
            kernel: Arc::new(kernel),
            pages,
            agents,
            options,
        })
    }

    /// The kernel, to watch what happens.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The program of case `n` for `prompt`.
    pub fn program(&self, n: usize, case: &Case, prompt: &str) -> Program {
        let prompt = self.pages.fill(n, prompt);
        let mut program = self.options.program(self.session, &self.agents[n], prompt);
        let agent = &mut program.agent;
        agent.memory.reads.clear();
        // Where only some tools are to be seen, the store is one of them or is not there.
        let all = case.tools.is_none() && case.functions.is_empty();
        if all || case.tools.iter().flatten().any(|tool| tool == "memory") {
            agent.memory.space = format!("case-{n}");
        }
        if !all {
            let mut tools = case.tools.clone().unwrap_or_default();
            if !case.functions.is_empty() {
                tools.push(name(n));
            }
            agent.tools = Some(tools);
        }
        program
    }

    /// Runs case `n`.
    pub async fn run(&self, n: usize, case: &Case) -> Result<(Run, Cost)> {
        for document in &case.documents {
            self.kernel.store().put(NewPage {
                kind: Kind::Document,
                title: document.title.clone(),
                text: document.text.clone(),
                source: "case".into(),
                trust: Trust::User,
                space: format!("case-{n}"),
                ..NewPage::default()
            })?;
        }
        for prompt in &case.before {
            let pid = self.kernel.spawn(self.program(n, case, prompt))?;
            self.kernel.wait(pid).await?;
        }
        let mut program = self.program(n, case, &case.prompt);
        program.answer_schema.clone_from(&case.schema);
        if let Some(steps) = case.max_steps {
            program.limits.steps = steps;
        }
        let mut events = self.kernel.subscribe();
        let begun = Instant::now();
        let pid = self.kernel.spawn(program)?;
        let judged = watch(&mut events, pid, case.stop).await;
        if case.stop.is_some() {
            // It may have ended by itself.
            let _ = self.kernel.signal(pid, Signal::Kill);
        }
        let ms = begun.elapsed();
        drop(events);
        let exit = self.kernel.wait(pid).await?;
        let ms = match case.stop {
            Some(_) => ms.as_millis() as u64,
            None => exit.ms,
        };
        let steps = self.kernel.journal().steps(pid)?;
        let calls = steps.iter().map(|step| step.action.clone());
        let run = Run {
            error: exit.error.filter(|_| exit.status == Status::Failed),
            answer: exit.answer,
            calls: calls
                .filter(|action| action.get("tool").is_some())
                .map(bare)
                .collect(),
            steps: steps.len(),
            status: serde_json::to_value(exit.status)?
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            memories: self
                .kernel
                .store()
                .memories(&format!("case-{n}"), MEMORIES)?
                .into_iter()
                .map(|page| page.text)
                .collect(),
        };
        let tokens = exit.usage.generated_tokens;
        let cost = Cost { ms, tokens, judged };
        Ok((run, cost))
    }
}

/// Waits until process `pid` is over, or, where it is to be stopped at its call, until its
/// calls are in the journal or it answers in words. Returns what it was asked meanwhile.
async fn watch(events: &mut UnboundedReceiver<Event>, pid: i64, stop: Option<Stop>) -> Vec<Judged> {
    let (mut calls, mut calling, mut judged) = (usize::MAX, false, Vec::new());
    while let Some(event) = events.recv().await {
        if event.pid() != pid {
            continue;
        }
        match event {
            Event::Judged {
                question,
                odds,
                likely,
                ..
            } => judged.push(Judged {
                question,
                odds,
                likely,
            }),
            Event::Exited { .. } => break,
            Event::Action { action, .. } => {
                calls = match (action.get("tool"), action["calls"].as_array()) {
                    (Some(_), _) => 1,
                    (None, Some(calls)) => calls.len(),
                    (None, None) => usize::MAX,
                };
            }
            Event::Observation { .. } => calls = calls.saturating_sub(1),
            Event::Token { text, .. } => {
                calling |= text.starts_with('{');
                // Words, so there will be no call.
                if stop.is_some() && !calling {
                    break;
                }
            }
            _ => {}
        }
        if stop.is_some() && calls == 0 {
            break;
        }
    }
    judged
}

/// A call as it is checked: tool and arguments.
fn bare(mut action: Value) -> Value {
    if let Some(map) = action.as_object_mut() {
        map.retain(|key, _| key == "tool" || key == "args");
    }
    action
}

fn name(n: usize) -> String {
    format!("t{n}")
}
