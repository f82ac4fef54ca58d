//! A machine under everything at once, for as long as asked (`--seconds N`): 64
//! processes of mixed priorities, killed, interrupted, forked and reniced at random,
//! in a cache too small for them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quipu_cpu::Sampling;
use quipu_cpu::llama::{LocalCpu, LocalSettings};
use quipu_kernel::event::Event;
use quipu_kernel::gate::Policy;
use quipu_kernel::journal::Journal;
use quipu_kernel::process::{Pid, Program};
use quipu_kernel::signal::Signal;
use quipu_kernel::{Kernel, Parts};
use quipu_memory::RamStore;
use quipu_tools::Bus;

use crate::{Bench, report};

const PROCESSES: usize = 64;
/// Longer without any event is a deadlock.
const SILENCE: Duration = Duration::from_secs(60);

/// Runs it; stops with a message at the first thing that is wrong.
pub fn run(bench: &Bench) {
    let folder = tempfile::tempdir().unwrap();
    let cpu = LocalCpu::load(
        &bench.model,
        &LocalSettings {
            window: Some(2048),
            // A quarter of what 64 processes of some 500 tokens would like.
            kv_cells: Some(8192),
            swap: Some(folder.path().join("kv")),
            ..LocalSettings::default()
        },
    )
    .unwrap();
    let kernel = Kernel::boot(Parts {
        cpu: Arc::new(cpu),
        store: Arc::new(RamStore::new()),
        bus: Arc::new(Bus::default()),
        journal: Journal::open(&folder.path().join("journal.db"), true).unwrap(),
        policy: Policy::default(),
        sampling: Sampling {
            temperature: 0.8,
            seed: 7,
        },
        judgement: quipu_kernel::judgement::Judgement::default(),
    })
    .unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        in_order(&kernel).await;
        mayhem(&kernel, bench.seconds).await;
        accounted(&kernel);
    });
    let counters = kernel.stats().counters;
    report::alone("batches", &counters.batches.to_string());
    report::alone("tokens prefilled", &counters.prefilled.to_string());
    report::alone("tokens decoded", &counters.decoded.to_string());
    report::alone("tokens shared", &counters.shared.to_string());
    report::alone("tokens swapped out", &counters.swapped_out.to_string());
    report::alone("tokens swapped in", &counters.swapped_in.to_string());
    report::alone("preemptions", &counters.preempted.to_string());
}

fn program(n: usize, priority: i8) -> Program {
    let notes: String = (0..12)
        .map(|i| format!("Note {i}: box {} holds {} apples. ", n + i, n * i % 17))
        .collect();
    let mut program = Program::new(format!(
        "{notes}How many apples are in box {n}? Look it up if you must."
    ));
    program.priority = priority;
    program.limits.steps = 3;
    program.limits.action_tokens = 96;
    program
}

/// Equal work at four priorities: the mean place at the finish goes with them.
async fn in_order(kernel: &Kernel) {
    let mut events = kernel.subscribe();
    let priorities = [-5, 0, 5, 10];
    let started: Vec<(Pid, i8)> = (0..32)
        .map(|n| {
            (
                kernel.spawn(program(n, priorities[n % 4])).unwrap(),
                priorities[n % 4],
            )
        })
        .collect();
    let mut finished = Vec::new();
    while finished.len() < started.len() {
        let event = tokio::time::timeout(SILENCE, events.recv())
            .await
            .unwrap()
            .unwrap();
        if let Event::Exited { pid, .. } = event {
            finished.push(pid);
        }
    }
    let place = |priority: i8| {
        let of = started.iter().filter(|(_, p)| *p == priority);
        let places: Vec<f64> = of
            .map(|(pid, _)| finished.iter().position(|done| done == pid).unwrap() as f64)
            .collect();
        places.iter().sum::<f64>() / places.len() as f64
    };
    let places: Vec<String> = priorities
        .iter()
        .map(|&p| format!("{p}: {:.1}", place(p)))
        .collect();
    report::alone("mean place at the finish, by priority", &places.join("  "));
    // What waited long counts as more urgent, so that neighbours may come in together.
    assert!(
        place(10) < place(0) && place(5) < place(-5) && place(0) < place(-5) + 1.0,
        "not in order: {places:?}"
    );
}

async fn mayhem(kernel: &Kernel, seconds: u64) {
    let mut events = kernel.subscribe();
    let mut random = Random(42);
    let mut alive: HashSet<Pid> = HashSet::new();
    let (begun, mut early) = (Instant::now(), None);
    let (mut started, mut ended, mut most) = (0usize, 0usize, 0.0f64);
    loop {
        let over = begun.elapsed().as_secs() >= seconds;
        while !over && alive.len() < PROCESSES {
            started += 1;
            let priority = random.below(21) as i8 - 10;
            alive.insert(kernel.spawn(program(started, priority)).unwrap());
        }
        if alive.is_empty() {
            break;
        }
        let event = tokio::time::timeout(SILENCE, events.recv()).await;
        let event = event
            .unwrap_or_else(|_| panic!("deadlock: {} alive, {:?}", alive.len(), kernel.stats()));
        match event.unwrap() {
            Event::Exited { pid, .. } => {
                alive.remove(&pid);
                ended += 1;
                // A fifth of the time to warm up: caches and pools have their size by then.
                if begun.elapsed().as_secs() * 5 >= seconds {
                    let now = beside_swap_mib(kernel);
                    early.get_or_insert(now);
                    most = most.max(now);
                }
            }
            Event::Token { pid, .. } if random.below(400) == 0 => {
                let victim = *alive.iter().nth(random.below(alive.len())).unwrap_or(&pid);
                // Whoever is chosen may have exited by now.
                match random.below(4) {
                    0 => drop(kernel.signal(victim, Signal::Kill)),
                    1 => drop(kernel.signal(victim, Signal::Interrupt)),
                    2 => drop(kernel.nice(victim, random.below(21) as i8 - 10)),
                    _ => {
                        if let (true, Ok(child)) = (
                            alive.len() < 2 * PROCESSES,
                            kernel.fork(victim, None, false),
                        ) {
                            alive.insert(child);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let (early, late) = (early.unwrap_or_default(), beside_swap_mib(kernel));
    report::alone(
        "processes started and ended",
        &format!("{started} and {ended}"),
    );
    report::alone(
        "resident beside the swap after warm-up, at most, at the end",
        &format!("{early:.0}, {most:.0}, {late:.0} MiB"),
    );
}

/// Every cell that is in use belongs to somebody, and the table is within its bounds.
fn accounted(kernel: &Kernel) {
    let stats = kernel.stats();
    assert_eq!(
        (stats.running, stats.waiting),
        (0, 0),
        "jobs without a process"
    );
    assert!(
        stats.cells_used <= stats.cells,
        "more cells used than there are"
    );
    report::alone(
        "cells in use at the end",
        &format!("{} of {}", stats.cells_used, stats.cells),
    );
}

/// Resident memory of this program without the states that are swapped out to it, of
/// which there are as many as there are processes.
fn beside_swap_mib(kernel: &Kernel) -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<f64>().ok());
    let resident = pages.unwrap_or_default() * 4096.0;
    (resident - kernel.stats().swap_bytes as f64) / f64::from(1 << 20)
}

/// A small generator (xorshift), so that a run can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}
