//! Chapter 3: several processes on one model.
//!
//! A machine is booted from its parts, three processes are spawned at once, and
//! their events come in one stream, interleaved: the engine decodes for all of
//! them in the same batches, and they share the boot page in the KV cache.
//!
//! Run it with a model file, or with a script:
//!
//! ```text
//! cargo run --release -p quipu-kernel --example 03_processes -- model.gguf
//! cargo run --release -p quipu-kernel --example 03_processes -- script:actions.jsonl
//! ```
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use quipu_kernel::cpu::llama::{LocalCpu, LocalSettings};
use quipu_kernel::cpu::scripted::ScriptedCpu;
use quipu_kernel::cpu::{Cpu, Sampling};
use quipu_kernel::event::Event;
use quipu_kernel::journal::Journal;
use quipu_kernel::policy::Policy;
use quipu_kernel::process::Program;
use quipu_kernel::{Kernel, Parts};
use quipu_memory::RamStore;
use quipu_tools::Bus;

const QUESTIONS: [&str; 3] = [
    "Name the capital of France.",
    "Name the largest planet.",
    "Name a colour of the rainbow.",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let model = std::env::args()
        .nth(1)
        .ok_or("usage: 03_processes MODEL.gguf | script:FILE")?;

    // The CPU: any of the three kinds behind one trait.
    let cpu: Arc<dyn Cpu> = match model.strip_prefix("script:") {
        Some(script) => Arc::new(ScriptedCpu::load(Path::new(script), None)?),
        None => Arc::new(LocalCpu::load(
            Path::new(&model),
            &LocalSettings::default(),
        )?),
    };

    // The other parts: a store and a journal in memory, no devices, no grants.
    let kernel = Kernel::boot(Parts {
        cpu,
        store: Arc::new(RamStore::new()),
        bus: Arc::new(Bus::default()),
        journal: Journal::in_memory()?,
        policy: Policy::default(),
        sampling: Sampling {
            temperature: 0.0,
            seed: 0,
        },
    })?;

    // Subscribe first: nothing that happens is lost.
    let mut events = kernel.subscribe();
    for question in QUESTIONS {
        kernel.spawn(Program::new(question))?;
    }

    // Events of all three, as they come.
    let mut running = QUESTIONS.len();
    while running > 0 {
        match events.recv().await {
            Some(Event::Action { pid, n, action, .. }) => println!("[{pid}] step {n}: {action}"),
            Some(Event::Exited { pid, exit }) => {
                let question = QUESTIONS[pid as usize - 1];
                let answer = exit.answer.unwrap_or_default();
                println!("[{pid}] {question} {answer}");
                running -= 1;
            }
            Some(_) => {}
            None => break,
        }
    }
    Ok(())
}
