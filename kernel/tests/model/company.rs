//! What an answer owes to those who share the machine: nothing, where the cache is of the
//! type that promises so.

use futures_util::stream::{self, StreamExt};
use quipu_kernel::cpu::llama::{CacheType, LocalCpu, LocalSettings};
use quipu_kernel::cpu::{Chunk, Cpu, Job, Message, Role, Sampling};
use quipu_kernel::label::Label;

use crate::model;

const SUBJECTS: [&str; 6] = ["rain", "bread", "a clock", "winter", "the moon", "salt"];

fn job(cpu: &LocalCpu, n: usize) -> Job {
    let message = Message {
        role: Role::User,
        text: format!("Tell me about {}.", SUBJECTS[n % SUBJECTS.len()]),
        label: Label::user(),
    };
    Job {
        pid: n as i64,
        priority: 0,
        prompt: cpu.prepare(&[message]).expect("a prompt"),
        schema: None,
        tokens_max: 16 + 16 * (n % 3) as u32,
        sampling: Sampling {
            temperature: 0.0,
            seed: 0,
        },
        history: std::sync::Arc::default(),
    }
}

async fn answer(cpu: &LocalCpu, n: usize) -> String {
    let mut ticket = cpu.submit(job(cpu, n));
    loop {
        if let Chunk::Done(done) = ticket.next().await.expect("a chunk") {
            cpu.retire(n as i64);
            return done.text;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn model_answers_the_same_whoever_shares_it() {
    let Some((_, _turn)) = model().await else {
        return;
    };
    let path = std::env::var_os("QUIPU_TEST_MODEL").expect("there is a model");
    let settings = LocalSettings {
        window: Some(512),
        threads: Some(1),
        // No room for all of them, so that they come, go and are moved.
        kv_cells: Some(512),
        keys: CacheType::Q8_0,
        ..LocalSettings::default()
    };
    let cpu = LocalCpu::load(path.as_ref(), &settings).expect("a model");
    let mut alone = Vec::new();
    for n in 0..SUBJECTS.len() {
        alone.push(answer(&cpu, n).await);
    }
    assert_eq!(cpu.stats().counters.collected, 0, "nobody was in the way");
    let together: Vec<String> = stream::iter(0..4 * SUBJECTS.len())
        .map(|n| answer(&cpu, n))
        .buffered(12)
        .collect()
        .await;
    for (n, text) in together.iter().enumerate() {
        assert_eq!(*text, alone[n % SUBJECTS.len()], "{n}");
    }
    let counters = cpu.stats().counters;
    assert!(counters.collected > 0, "{counters:?}");
}
