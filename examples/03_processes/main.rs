//! Chapter 3: several processes on one model.
//!
//! A machine is booted from its parts, three processes are spawned at once, and
//! their events come in one stream, interleaved: the engine decodes for all of
//! them in the same batches, and they share the boot page in the KV cache.
//!
//! `run.sh` builds this and finds the model. By hand, with a model file or a script:
//!
//! ```text
//! cargo build --release --workspace --examples
//! target/release/examples/03_processes model.gguf
//! target/release/examples/03_processes script:examples/03_processes/actions.jsonl
//! ```
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use quipu_cpu::llama::{LocalCpu, LocalSettings};
use quipu_cpu::scripted::ScriptedCpu;
use quipu_cpu::{Cpu, Sampling};
use quipu_kernel::event::Event;
use quipu_kernel::gate::Policy;
use quipu_kernel::journal::Journal;
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

    // 1. The CPU: any of the three kinds behind one trait.
    let cpu: Arc<dyn Cpu> = match model.strip_prefix("script:") {
        Some(script) => Arc::new(ScriptedCpu::load(Path::new(script), None)?),
        None => Arc::new(LocalCpu::load(
            Path::new(&model),
            &LocalSettings::default(),
        )?),
    };

    // 2. The other parts: a store and a journal in memory, no devices, no grants.
    //    What is not handed over does not exist for the processes.
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
        judgement: quipu_kernel::judgement::Judgement::default(),
    })?;

    // 3. Subscribe first: nothing that happens is lost. Then start all three.
    let mut events = kernel.subscribe();
    for question in QUESTIONS {
        kernel.spawn(Program::new(question))?;
    }

    // 4. Events of all three, as they come. They are all a program ever sees of a
    //    process; nothing reaches into it.
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

    // 5. What it cost. A script computes nothing, so it has nothing to tell.
    let done = kernel.stats().counters;
    if done.batches > 0 {
        println!(
            "{} batches; {} prompt tokens computed, {} shared instead",
            done.batches, done.prefilled, done.shared
        );
    }
    Ok(())
}
