//! A machine on a scripted CPU, and a transcript of what it does.
#![allow(dead_code, reason = "each program of tests uses its own part")]

pub mod cpus;
pub mod family;
pub mod post;
pub mod random;

use std::path::Path;
use std::sync::Arc;

use quipu_cpu::scripted::ScriptedCpu;
use quipu_cpu::{Cpu, Sampling};
use quipu_kernel::event::Event;
use quipu_kernel::gate::{Approve, Policy};
use quipu_kernel::journal::Journal;
use quipu_kernel::judgement::Judgement;
use quipu_kernel::process::{Pid, Program, Reply};
use quipu_kernel::replay::{Replayed, replay};
use quipu_kernel::{Kernel, Parts};
use quipu_memory::RamStore;
use quipu_tools::{
    Bus, CallContext, Capability, Device, DeviceSpec, Effect, ErrorKind, FunctionSpec, ToolError,
    Topics,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The action that reads `hello` back.
pub const ECHO: &str = r#"{"tool":"desk.echo","args":{"text":"hello"}}"#;
/// The action that sends `hello`.
pub const SEND: &str = r#"{"tool":"desk.send","args":{"text":"hello"}}"#;
/// The action that ends a process.
pub const DONE: &str = r#"{"answer":"done"}"#;

/// A device for tests: `echo` reads, `send` writes, `fail` fails.
#[derive(Clone)]
pub struct Desk {
    spec: DeviceSpec,
}

impl Desk {
    pub fn new(name: &str, requests: Vec<Capability>) -> Self {
        Self {
            spec: DeviceSpec {
                name: name.into(),
                description: "A desk.".into(),
                origin: "test".into(),
                vouched: true,
                functions: vec![
                    function("echo", Effect::Read, &requests),
                    function("send", Effect::Write, &requests),
                    function("fail", Effect::Read, &requests),
                ],
                requests,
                ..DeviceSpec::default()
            },
        }
    }

    /// Gives it another name.
    pub fn rename(&mut self, name: &str) {
        self.spec.name = name.into();
    }

    /// One by somebody else.
    pub fn by_a_stranger(mut self) -> Self {
        self.spec.vouched = false;
        self
    }

    /// One that is shown where something speaks of `topics`.
    pub fn about(mut self, topics: Topics) -> Self {
        self.spec.topics = topics;
        self
    }

    /// One that has nothing but `function`.
    pub fn alone(mut self, function: &str) -> Self {
        self.spec.functions.retain(|other| other.name == function);
        self
    }

    /// One that can also `pay`, and takes an idempotency key for it: it says how long the key is.
    pub fn with_payments(mut self) -> Self {
        let mut pay = function("pay", Effect::Write, &self.spec.requests);
        pay.parameters["properties"]["idempotency_key"] = json!({"type": "string"});
        pay.parameters["required"] = json!(["text", "idempotency_key"]);
        self.spec.functions.push(pay);
        self
    }

    /// One that can also `open` an address: the page leads on.
    pub fn with_pages(mut self) -> Self {
        let mut open = function("open", Effect::Read, &self.spec.requests);
        open.url_argument = Some("text".into());
        self.spec.functions.push(open);
        self
    }

    /// One that can also `run` a program: it writes the `code` backwards.
    pub fn with_programs(mut self) -> Self {
        let mut run = function("run", Effect::Read, &self.spec.requests);
        run.parameters["properties"] = json!({"code": {"type": "string"}});
        run.parameters["required"] = json!(["code"]);
        run.program = Some("python".into());
        self.spec.functions.push(run);
        self
    }

    /// One that can also `crash`, and says its text then.
    pub fn with_crashes(mut self) -> Self {
        let crash = function("crash", Effect::Read, &self.spec.requests);
        self.spec.functions.push(crash);
        self
    }

    /// One that can also `list`: a short action with a long observation.
    pub fn with_lists(mut self) -> Self {
        let list = function("list", Effect::Read, &self.spec.requests);
        self.spec.functions.push(list);
        self
    }
}

fn function(name: &str, effect: Effect, needs: &[Capability]) -> FunctionSpec {
    FunctionSpec {
        needs: needs.to_vec(),
        ..FunctionSpec::new(
            name,
            format!("The {name} function."),
            json!({
                "type": "object",
                "properties": {"text": {"type": "string"}},
                "required": ["text"],
                "additionalProperties": false
            }),
            json!({"type": "string"}),
            effect,
        )
    }
}

impl Device for Desk {
    fn spec(&self) -> &DeviceSpec {
        &self.spec
    }

    fn call(&self, function: &str, args: &Value, _: &CallContext) -> Result<Value, ToolError> {
        match function {
            "fail" => Err(ToolError {
                kind: ErrorKind::Failed,
                message: "out of ink".into(),
                hint: "try echo".into(),
                missing: None,
            }),
            "crash" => panic!("no form for {}", args["text"]),
            "open" => Ok("Read on at https://example.com/more.".into()),
            "list" => Ok(list(args["text"].as_str().unwrap_or_default()).into()),
            "run" => {
                let code = args["code"].as_str().unwrap_or_default();
                Ok(code.chars().rev().collect::<String>().into())
            }
            "pay" => {
                let key = args["idempotency_key"].as_str().unwrap_or_default();
                Ok(format!("paid once, {} digits", key.len()).into())
            }
            _ => Ok(args["text"].clone()),
        }
    }
}

/// What `list` answers: twenty items under `title`, more than a hundred tokens.
pub fn list(title: &str) -> String {
    let items: Vec<String> = (0..20).map(|i| format!("{title}.{i}")).collect();
    items.join(", ")
}

#[derive(Clone)]
pub struct Setup {
    pub script: String,
    pub policy: Policy,
    pub devices: Vec<Desk>,
    /// Devices of another kind.
    pub others: Vec<Arc<dyn Device>>,
    pub replies: Vec<Reply>,
    pub window: usize,
    pub judgement: Judgement,
}

impl Setup {
    pub fn new(script: &str) -> Self {
        Self {
            script: script.into(),
            policy: Policy {
                grants: [Capability::MemWrite].into_iter().collect(),
                approve: Approve::Ask,
                ..Policy::default()
            },
            devices: vec![Desk::new("desk", Vec::new())],
            others: Vec::new(),
            replies: Vec::new(),
            window: 8192,
            judgement: Judgement::default(),
        }
    }

    /// One that has `device` and no desk, and whose user granted `grants`.
    pub fn with(device: Arc<dyn Device>, grants: &[Capability]) -> Self {
        let mut setup = Self::new("");
        setup.devices.clear();
        setup.others.push(device);
        setup.policy.grants = grants.iter().cloned().collect();
        setup
    }

    pub fn kernel(&self, journal: &Path) -> Kernel {
        let cpu = ScriptedCpu::parse("test", &self.script, Some(self.window)).expect("a script");
        self.kernel_on(Arc::new(cpu), journal)
    }

    pub fn kernel_on(&self, cpu: Arc<dyn Cpu>, journal: &Path) -> Kernel {
        let mut bus = Bus::default();
        for desk in &self.devices {
            bus.add(Arc::new(desk.clone())).expect("names differ");
        }
        for other in &self.others {
            bus.add(other.clone()).expect("names differ");
        }
        Kernel::boot(Parts {
            cpu,
            store: Arc::new(RamStore::new()),
            bus: Arc::new(bus),
            journal: Journal::open(journal, true).expect("a journal"),
            policy: self.policy.clone(),
            sampling: Sampling {
                temperature: 0.0,
                seed: 0,
            },
            judgement: self.judgement.clone(),
        })
        .expect("it boots")
    }
}

/// A new folder; `make test` says where.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// How many cases a test tries: as many as `make torture` says, and `most` of them; `usual`
/// where nobody says.
pub fn cases(usual: u64, most: u64) -> u64 {
    let said = std::env::var("PROPTEST_CASES").ok();
    let said = said.and_then(|said| said.parse().ok());
    said.unwrap_or(usual).min(most)
}

/// A task whose person is there.
pub fn attended(prompt: &str) -> Program {
    Program {
        interactive: true,
        ..Program::new(prompt)
    }
}

/// Runs `program` from its start to its end; what happened, as [`transcript`] tells it.
pub async fn live(kernel: &Kernel, program: Program, replies: &[Reply]) -> (Pid, String) {
    let mut events = kernel.subscribe();
    let pid = kernel.spawn(program).expect("it starts");
    (pid, transcript(kernel, pid, replies, &mut events).await)
}

/// What the process of `program` does until its end, without the events of others.
pub async fn followed(kernel: &Kernel, program: Program) -> (String, Pid) {
    let mut all = kernel.subscribe();
    let pid = kernel.spawn(program).expect("it starts");
    let mut own = Vec::new();
    while let Some(event) = kernel.next_event(&mut all, pid).await {
        own.extend(line(&event));
        if matches!(event, Event::Exited { .. }) {
            break;
        }
    }
    kernel.wait(pid).await.expect("an end");
    (own.join("\n"), pid)
}

/// Replays `pid`, and wants the same.
pub async fn replayed(kernel: &Kernel, pid: Pid) -> Replayed {
    let replayed = replay(kernel.journal(), pid).await.expect("it is replayed");
    assert_eq!(replayed.difference, None, "process {pid}");
    replayed
}

/// Runs `program` to its end; one line for each thing that happens. Then replays it.
pub async fn transcript(
    kernel: &Kernel,
    pid: Pid,
    replies: &[Reply],
    events: &mut Events,
) -> String {
    let mut lines = Vec::new();
    let mut replies = replies.iter();
    loop {
        let event = events.recv().await.expect("the machine runs");
        let asked = match &event {
            Event::Question { key, .. } | Event::Approval { key, .. } => Some(key.clone()),
            _ => None,
        };
        let last = matches!(event, Event::Exited { .. });
        lines.extend(line(&event));
        if let Some(key) = asked {
            let reply = replies.next().cloned().unwrap_or(Reply::Nobody);
            // One that is late, or for something else, answers nothing.
            kernel
                .reply(pid, "another", Reply::Approve)
                .expect("it waits");
            kernel.reply(pid, &key, reply).expect("it waits");
        }
        if last {
            replayed(kernel, pid).await;
            return lines.join("\n");
        }
    }
}

pub type Events = quipu_kernel::event::Subscription;

pub fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Started { steps: 0, .. }
        | Event::Token { .. }
        | Event::Step { .. }
        | Event::Read { .. } => return None,
        Event::Started { steps, .. } => format!("resumed after {steps}"),
        Event::Instead { model, instead, .. } => format!("{instead} in place of {model}"),
        Event::LeftOut { tool, reason, .. } => format!("{tool} left out: {reason}"),
        Event::Examples { ids, .. } => format!("shown {}", ids.join(", ")),
        Event::Suspected { label, .. } => {
            let said = label.suspicion.map(|said| said.to_string());
            format!("looked at {}: {}", label.source, said.unwrap_or_default())
        }
        Event::Reminded { reminder, .. } => format!(
            "reminded ({}, {}): {}",
            reminder.label.source, reminder.label.trust, reminder.text
        ),
        Event::Planned { plan, dropped, .. } => {
            let told = plan.told().join("; ");
            format!("planned {told}, dropped {}", dropped.join("; "))
        }
        Event::Parts { parts, .. } => {
            let lines: Vec<String> = parts.lines().collect();
            format!("  {}", lines.join("; "))
        }
        Event::Action { n, action, .. } => format!("{n} {action}"),
        Event::Deliberated {
            chosen, branches, ..
        } => {
            let agree = branches.iter().filter(|branch| branch.agrees).count();
            format!("chose {chosen}: {agree} of {} agree", branches.len())
        }
        Event::Judged {
            question, likely, ..
        } => format!("  {question:?}? {likely:.2}"),
        Event::Observation {
            text, ok, label, ..
        } => {
            let mark = if *ok { "=" } else { "!" };
            format!("  {mark} {text} ({}, {})", label.source, label.level())
        }
        Event::Question { text, .. } => format!("  ? {text}"),
        Event::Approval { reason, .. } => format!("  approve? {reason}"),
        Event::Evicted { page, .. } => format!("  evicted {page}"),
        Event::Recalled { page, .. } => format!("  recalled {page}"),
        Event::SwappedOut { tokens, .. } => format!("  swapped out {tokens}"),
        Event::SwappedIn { tokens, .. } => format!("  swapped in {tokens}"),
        Event::Consolidated { page, from, .. } => format!("{page} made from {from:?}"),
        Event::Spawned { child, task, .. } => format!("  started {child}: {task}"),
        Event::Joined { child, status, .. } => format!("  {child} {status:?}"),
        Event::Lost { events, .. } => format!("{events} events lost"),
        Event::Denied { missing, .. } => format!("  {} lacks {}", missing.device, missing.need),
        Event::LimitHit { text, .. } => format!("  limit: {text}"),
        Event::Exited { exit, .. } => {
            let answer = exit.answer.as_ref().map(Value::to_string);
            let said = answer.or_else(|| exit.error.clone()).unwrap_or_default();
            format!(
                "{} {said}",
                serde_json::to_value(exit.status).expect("a word")
            )
        }
    })
}

/// One program on one script, from spawn to exit.
pub async fn run(setup: Setup, program: Program) -> String {
    let folder = folder();
    let kernel = setup.kernel(&folder.path().join("journal.db"));
    live(&kernel, program, &setup.replies).await.1
}
