//! Processes that read, keep and send, on a journal and a store in one folder. A machine that
//! starts there after a power cut lets each of them go on to its end.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use quipu_cpu::Sampling;
use quipu_cpu::scripted::ScriptedCpu;
use quipu_kernel::event::{Event, Subscription};
use quipu_kernel::gate::{Approve, Policy};
use quipu_kernel::journal::{Journal, StepRow};
use quipu_kernel::process::{Pid, Program, Reply, Status};
use quipu_kernel::{Kernel, Parts};
use quipu_memory::{Access, DiskStore, Store, private};
use quipu_tools::{Bus, CallContext, Capability, Device, DeviceSpec, ToolError};
use serde_json::{Value, json};

use super::Sound;
use super::common::random::Random;
use super::common::{Desk, transcript};
use super::disk::say;

/// Processes by their letters. The first machine runs two, the second one.
const FIRST: &[char] = &['A', 'B'];
const SECOND: &[char] = &['C'];
/// What a process is told of a step that was cut off.
const UNKNOWN: &str = "whether it took effect is not known";

/// Somebody who hears of an effect: its text, and the key of the call where it has one.
type Told = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// A desk whose effects are told at once: they are in the world from then on.
struct Watched {
    desk: Desk,
    told: Told,
}

impl Device for Watched {
    fn spec(&self) -> &DeviceSpec {
        self.desk.spec()
    }

    fn call(
        &self,
        function: &str,
        args: &Value,
        context: &CallContext,
    ) -> Result<Value, ToolError> {
        let text = |name: &str| args[name].as_str().unwrap_or_default();
        if matches!(function, "send" | "pay") {
            (self.told)(text("text"), text("idempotency_key"));
        }
        self.desk.call(function, args, context)
    }
}

/// What the processes of a seed do.
struct Plan {
    script: Vec<String>,
    approve: Approve,
    /// Whether process A is copied when it has ended, and B is removed.
    copies: bool,
    removes: bool,
}

impl Plan {
    fn of(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut script = Vec::new();
        for letter in FIRST.iter().chain(SECOND) {
            let steps = 3 + random.below(6);
            let mut actions: Vec<Value> = (0..steps)
                .map(|n| action(&mut random, &format!("{letter}{n}")))
                .collect();
            actions.push(json!({"answer": "done"}));
            let line = |action: Value| json!({"seen": prompt(*letter), "do": action}).to_string();
            script.extend(actions.into_iter().map(line));
        }
        Self {
            script,
            approve: *random.pick(&[Approve::Ask, Approve::All]),
            copies: random.chance(50),
            removes: random.chance(50),
        }
    }
}

impl Plan {
    /// Whether the removal of a process may be under way, after all this was said.
    fn is_removing(&self, said: &[&Value]) -> bool {
        let last = said.last().map(|last| match self.copies {
            true => last["nice"].is_i64(),
            false => last["pid"] == 3 && !last["ended"].is_null(),
        });
        self.removes && last == Some(true)
    }
}

fn prompt(letter: char) -> String {
    format!("This is task {letter}.")
}

/// Something that a process does once, with words that nothing else has.
fn action(random: &mut Random, word: &str) -> Value {
    let tool = |name: &str, text: &str| json!({"tool": name, "args": {"text": text}});
    match random.below(8) {
        0..3 => tool("desk.send", word),
        3..5 => tool("desk.pay", word),
        5 => tool("memory.put", &format!("{word} is kept.")),
        6 => json!({"calls": [tool("desk.echo", &format!("{word}x")), tool("desk.echo", word)]}),
        _ => tool("desk.fail", word),
    }
}

/// The journal and the store in `folder`, made where they are not there.
fn open(folder: &Path) -> (Journal, DiskStore) {
    let state = folder.join("state");
    private::folder(&state).expect("a folder");
    let journal = Journal::open(&state.join("journal.db"), true).expect("the journal opens");
    let store = DiskStore::open(folder.join("memory"), Access::ReadWrite);
    (journal, store.expect("the store opens"))
}

fn boot(plan: &Plan, journal: Journal, store: Arc<dyn Store>, told: Told) -> Kernel {
    let cpu = ScriptedCpu::parse("crash", &plan.script.join("\n"), Some(8192)).expect("a script");
    let desk = Desk::new("desk", Vec::new()).with_payments();
    let mut bus = Bus::default();
    bus.add(Arc::new(Watched { desk, told }))
        .expect("one device");
    Kernel::boot(Parts {
        cpu: Arc::new(cpu),
        store,
        bus: Arc::new(bus),
        journal,
        policy: Policy {
            grants: [Capability::MemWrite].into_iter().collect(),
            approve: plan.approve,
            ..Policy::default()
        },
        sampling: Sampling {
            temperature: 0.0,
            seed: 0,
        },
        judgement: quipu_kernel::judgement::Judgement::default(),
    })
    .expect("it boots")
}

/// One thread, so that the same seed does the same in the same order.
fn block<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(work)
}

/// Two machines, one after the other, and what they say to their users.
pub fn work(folder: &Path, seed: u64) {
    let plan = Plan::of(seed);
    for (letters, second) in [(FIRST, false), (SECOND, true)] {
        block(async {
            let (journal, store) = open(folder);
            let told: Told = Arc::new(|text, key| say(json!({"effect": text, "key": key})));
            let kernel = boot(&plan, journal, Arc::new(store), told);
            for letter in letters {
                let mut events = kernel.subscribe();
                let program = Program {
                    interactive: true,
                    ..Program::new(prompt(*letter))
                };
                let pid = kernel.spawn(program).expect("it starts");
                say(json!({"spawned": pid, "task": prompt(*letter)}));
                live(&kernel, pid, &mut events).await;
            }
            if second && plan.copies {
                let mut events = kernel.subscribe();
                let copy = kernel.fork(1, None, true).expect("a copy");
                say(json!({"spawned": copy, "task": prompt('A')}));
                live(&kernel, copy, &mut events).await;
                kernel.nice(copy, 3).expect("another priority");
                say(json!({"nice": copy}));
            }
            if second && plan.removes {
                kernel.journal().forget(2).expect("removed");
                say(json!({"removed": 2}));
            }
        });
    }
}

/// Runs a process to its end, and says what its user is told.
async fn live(kernel: &Kernel, pid: Pid, events: &mut Subscription) {
    while let Some(event) = kernel.next_event(events, pid).await {
        match event {
            Event::Observation { n, text, .. } => {
                say(json!({"outcome": text, "pid": pid, "n": n}));
            }
            Event::Approval { key, .. } => {
                kernel.reply(pid, &key, Reply::Approve).expect("it waits");
            }
            Event::Exited { exit, .. } => {
                say(json!({"ended": exit.status, "pid": pid}));
                return;
            }
            _ => {}
        }
    }
}

/// Whether what was said holds, and the processes go on to their ends.
pub fn check(folder: &Path, seed: u64, said: &[&Value]) -> Sound {
    let plan = Plan::of(seed);
    block(async {
        let (journal, store) = open(folder);
        let store: Arc<dyn Store> = Arc::new(store);
        let mut removed: Vec<Pid> = said
            .iter()
            .filter_map(|what| what["removed"].as_i64())
            .collect();
        if plan.is_removing(said) && journal.process(2).is_err() {
            removed.push(2);
        }
        for what in said.iter().filter(|what| !removed.contains(&of(what))) {
            holds(&journal, &*store, what).map_err(|error| format!("{what}: {error}"))?;
        }
        for pid in removed {
            want(journal.process(pid).is_err(), || {
                format!("process {pid} is there again")
            })?;
        }
        let before = effects(said);
        for text in before.keys() {
            let intent = has_intent(&journal, text)?;
            let may_be_gone = plan.removes && text.starts_with('B');
            want(intent || may_be_gone, || {
                format!("{text} was done, and is not in the journal")
            })?;
        }
        let after = Arc::new(Mutex::new(Vec::new()));
        let heard = after.clone();
        let told: Told = Arc::new(move |text, key| {
            heard.lock().push(json!({"effect": text, "key": key}));
        });
        let kernel = boot(&plan, journal, store.clone(), told);
        go_on(&kernel).await?;
        let after = after.lock();
        let all: Vec<&Value> = said.iter().copied().chain(after.iter()).collect();
        sound(&kernel, &*store, &effects(&all))
    })
}

/// The process that something was said of; 0 where it is of none.
fn of(said: &Value) -> Pid {
    let pid = said["pid"]
        .as_i64()
        .or(said["spawned"].as_i64())
        .or(said["nice"].as_i64());
    pid.unwrap_or_default()
}

/// Whether what a user was told is so.
fn holds(journal: &Journal, store: &dyn Store, said: &Value) -> Sound {
    let pid = of(said);
    if pid == 0 {
        return Ok(());
    }
    let row = journal.process(pid).map_err(|error| error.to_string())?;
    if let Some(task) = said["task"].as_str() {
        want(row.prompt == task, || {
            format!("its task is {:?}", row.prompt)
        })?;
    }
    if said["nice"].is_i64() {
        want(row.priority == 3, || {
            format!("its priority is {}", row.priority)
        })?;
    }
    if !said["ended"].is_null() {
        let status = row.exit.map(|exit| json!(exit.status));
        want(status.as_ref() == Some(&said["ended"]), || {
            format!("it ended with {status:?}")
        })?;
    }
    if let Some(text) = said["outcome"].as_str() {
        let step = steps(journal, pid)?.remove(&said["n"].as_u64().unwrap_or_default());
        let there = step
            .and_then(|step| step.outcome)
            .map(|outcome| outcome.text);
        want(there.as_deref() == Some(text), || {
            format!("the outcome is {there:?}")
        })?;
        if let Some(id) = text
            .strip_prefix("kept as ")
            .and_then(|rest| rest.split('.').next())
        {
            let page = store.get(&id.into()).map_err(|error| error.to_string())?;
            want(page.is_some(), || format!("page {id} is lost"))?;
        }
    }
    Ok(())
}

fn steps(journal: &Journal, pid: Pid) -> Result<HashMap<u64, StepRow>, String> {
    let steps = journal.steps(pid).map_err(|error| error.to_string())?;
    Ok(steps
        .into_iter()
        .map(|step| (u64::from(step.n), step))
        .collect())
}

fn has_intent(journal: &Journal, text: &str) -> Result<bool, String> {
    for row in journal.processes().map_err(|error| error.to_string())? {
        let mut steps = steps(journal, row.pid)?.into_values();
        if steps.any(|step| step.action["args"]["text"] == text) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The keys of the calls that had an effect, by their texts.
fn effects(said: &[&Value]) -> BTreeMap<String, Vec<String>> {
    let mut effects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for what in said {
        if let (Some(text), Some(key)) = (what["effect"].as_str(), what["key"].as_str()) {
            effects
                .entry(text.to_owned())
                .or_default()
                .push(key.to_owned());
        }
    }
    effects
}

/// Takes up every process that has not ended.
async fn go_on(kernel: &Kernel) -> Sound {
    let rows = kernel
        .journal()
        .processes()
        .map_err(|error| error.to_string())?;
    for row in rows {
        let verified = kernel.journal().verify(row.pid);
        verified.map_err(|error| error.to_string())?;
        let ended = row.exit.is_some_and(|exit| exit.status == Status::Exited);
        if !ended {
            let mut events = kernel.subscribe();
            let resumed = kernel.resume(row.pid, None, true);
            resumed.map_err(|error| error.to_string())?;
            // It is replayed at its end.
            transcript(kernel, row.pid, &vec![Reply::Approve; 32], &mut events).await;
        }
    }
    Ok(())
}

/// Whether each effect is in the world as often as the journal says: once, or perhaps.
fn sound(kernel: &Kernel, store: &dyn Store, effects: &BTreeMap<String, Vec<String>>) -> Sound {
    for (text, keys) in effects {
        // A call with a key can be made again: whoever gets it knows the key.
        let again = keys.iter().all(|key| *key == keys[0]) && !keys[0].is_empty();
        want(keys.len() == 1 || again, || {
            format!("{text} was done {} times", keys.len())
        })?;
    }
    let journal = kernel.journal();
    for row in journal.processes().map_err(|error| error.to_string())? {
        let pid = row.pid;
        journal.verify(pid).map_err(|error| error.to_string())?;
        let status = row.exit.map(|exit| exit.status);
        want(status == Some(Status::Exited), || {
            format!("process {pid} ended with {status:?}")
        })?;
        for step in steps(journal, pid)?.into_values() {
            let text = step.action["args"]["text"].as_str().unwrap_or_default();
            let outcome = step
                .outcome
                .ok_or_else(|| format!("{text} has no outcome"))?;
            let tool = step.action["tool"].as_str().unwrap_or_default();
            match (tool, outcome.ok) {
                ("desk.send" | "desk.pay", true) => {
                    want(effects.contains_key(text), || {
                        format!("{text} was never done")
                    })?;
                }
                ("desk.send" | "desk.pay", false) => {
                    let unknown = outcome.text.contains(UNKNOWN);
                    want(unknown, || format!("{text}: {}", outcome.text))?;
                }
                ("memory.put", true) => {
                    let words = quipu_memory::Query::new(text, 1_000);
                    let hits = store.search(&words).map_err(|error| error.to_string())?;
                    let mut pages = hits
                        .iter()
                        .filter_map(|hit| store.get(&hit.id).ok().flatten());
                    want(pages.any(|page| page.text == text), || {
                        format!("{text} is not found")
                    })?;
                }
                ("memory.put", false) => return Err(format!("{text}: {}", outcome.text)),
                _ => {}
            }
        }
    }
    Ok(())
}

fn want(holds: bool, what: impl FnOnce() -> String) -> Sound {
    match holds {
        true => Ok(()),
        false => Err(what()),
    }
}
