//! The kernel's own work: what a step costs beside the model and the tool.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use quipu_cpu::scripted::ScriptedCpu;
use quipu_cpu::{Cpu, Message, Role, Sampling};
use quipu_kernel::event::Event;
use quipu_kernel::gate::Policy;
use quipu_kernel::gate::plan::Plan;
use quipu_kernel::journal::Journal;
use quipu_kernel::process::Program;
use quipu_kernel::{Kernel, Parts};
use quipu_memory::{NewPage, RamStore, Store};
use quipu_tools::Bus;

use crate::{Bench, ours, report};

pub const STEPS: usize = 200;

/// Steps of a process on a scripted CPU, whose own work is next to nothing; then what
/// the real tokenizer adds.
pub fn run(bench: &Bench) {
    let folder = tempfile::tempdir().unwrap();
    let on_disk = Journal::open(&folder.path().join("journal.db"), true).unwrap();
    let on_disk = steps(on_disk, Policy::default(), None);
    let in_memory = steps(Journal::in_memory().unwrap(), Policy::default(), None);
    let commit = commits(folder.path());
    report::alone("a step, journal in memory", &micros(in_memory));
    report::alone("a step, journal on this disk", &micros(on_disk));
    report::alone(
        "  of which: two writes the disk confirms",
        &micros(2.0 * commit),
    );
    report::alone("a window of 40 messages to tokens", &micros(tokens(bench)));
}

/// The median step of a process with this `plan`, in microseconds.
pub fn steps(journal: Journal, policy: Policy, plan: Option<Plan>) -> f64 {
    let mut script: Vec<String> = (0..STEPS)
        .map(|n| format!(r#"{{"tool":"memory.search","args":{{"query":"word {n}"}}}}"#))
        .collect();
    script.push(r#"{"answer":"done"}"#.into());
    let store = RamStore::new();
    // An empty one is not searched.
    let page = NewPage {
        text: "A word that is found.".into(),
        ..NewPage::default()
    };
    store.put(page).unwrap();
    let kernel = Kernel::boot(Parts {
        cpu: Arc::new(ScriptedCpu::parse("bench", &script.join("\n"), Some(8192)).unwrap()),
        store: Arc::new(store),
        bus: Arc::new(Bus::default()),
        journal,
        policy,
        sampling: Sampling {
            temperature: 0.0,
            seed: 0,
        },
        judgement: quipu_kernel::judgement::Judgement::default(),
    })
    .unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut events = kernel.subscribe();
        let mut program = Program::new("Look things up.");
        program.limits.steps = STEPS as u32 + 2;
        program.limits.tokens = u32::MAX;
        program.plan = plan;
        kernel.spawn(program).unwrap();
        let (mut times, mut begun) = (Vec::new(), Instant::now());
        loop {
            match events.recv().await.unwrap() {
                Event::Observation { ok, text, .. } => {
                    assert!(ok, "{text}");
                    times.push(begun.elapsed().as_secs_f64() * 1e6);
                    begun = Instant::now();
                }
                Event::Exited { .. } => break,
                _ => {}
            }
        }
        assert!(times.len() >= STEPS);
        report::median(&times)
    })
}

/// One small append that the disk confirms, in microseconds: what a commit cannot be
/// faster than.
fn commits(folder: &Path) -> f64 {
    use std::io::Write;
    let mut file = std::fs::File::create(folder.join("plain")).unwrap();
    let times: Vec<f64> = (0..200)
        .map(|_| {
            let begun = Instant::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    report::median(&times)
}

/// Laying a window of the real model out, grown by one step at a time, in microseconds.
fn tokens(bench: &Bench) -> f64 {
    let cpu = ours::cold(bench);
    let message = |n: usize| {
        let role = match n {
            0 => Role::System,
            n if n % 2 == 1 => Role::User,
            _ => Role::Assistant,
        };
        let words = "the quick brown fox jumps over the lazy dog. ".repeat(4);
        Message::new(role, format!("Page {n} says: {words}"))
    };
    let mut messages: Vec<Message> = (0..2).map(message).collect();
    let mut times = Vec::new();
    while messages.len() < 60 {
        let n = messages.len();
        messages.extend([message(n), message(n + 1)]);
        let begun = Instant::now();
        cpu.prepare(&messages).unwrap();
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    report::median(&times)
}

pub fn micros(value: f64) -> String {
    format!("{value:.0} us")
}
