//! What an answer owes to those who share the machine: nothing.

use futures_util::stream::{self, StreamExt};
use quipu_cpu::llama::{LocalCpu, LocalSettings};
use quipu_cpu::{Chunk, Cpu, Form, Job, Message, Role, Sampling};

use super::model;

const SUBJECTS: [&str; 6] = ["rain", "bread", "a clock", "winter", "the moon", "salt"];

fn job(cpu: &LocalCpu, n: usize) -> Job {
    let message = |role, text| Message::new(role, text);
    let subject = SUBJECTS[n % SUBJECTS.len()];
    // Two have a long boot page, one a long text of its own.
    let messages = match n % SUBJECTS.len() {
        0 | 1 => vec![
            message(
                Role::System,
                "Be brief, and kind to whoever asks. ".repeat(36),
            ),
            message(Role::User, format!("Tell me about {subject}.")),
        ],
        2 => vec![message(
            Role::User,
            format!("Much is said about {subject}. ").repeat(60),
        )],
        _ => vec![message(Role::User, format!("Tell me about {subject}."))],
    };
    Job {
        pid: n as i64,
        priority: 0,
        prompt: cpu.prepare(&messages).expect("a prompt"),
        form: Form::Text,
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
    let load = |kv_cells| {
        let settings = LocalSettings {
            window: Some(1024),
            threads: Some(1),
            kv_cells: Some(kv_cells),
            ..LocalSettings::default()
        };
        LocalCpu::load(path.as_ref(), &settings).expect("a model")
    };
    let cpu = load(8192);
    let mut alone = Vec::new();
    for n in 0..SUBJECTS.len() {
        alone.push(answer(&cpu, n).await);
    }
    assert_eq!(cpu.stats().counters.collected, 0, "nobody was in the way");
    drop(cpu);
    // No room for all of them, so that they come, go and are moved.
    let cpu = load(1024);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn model_takes_over_what_another_computed() {
    let Some((_, _turn)) = model().await else {
        return;
    };
    let path = std::env::var_os("QUIPU_TEST_MODEL").expect("there is a model");
    let load = || {
        let settings = LocalSettings {
            threads: Some(1),
            ..LocalSettings::default()
        };
        LocalCpu::load(path.as_ref(), &settings).expect("a model")
    };
    let text = |parts: [&str; 2]| {
        let [first, then] = parts;
        first.repeat(40) + &then.repeat(40)
    };
    let first = text(["Much is said about rain. ", "Some of it is true. "]);
    let second = text(["Much is said about rain. ", "Nobody wrote it down. "]);
    let ask = async |cpu: &LocalCpu, pid, text: &String| {
        let message = Message::new(Role::User, text.clone());
        let mut job = job(cpu, 3);
        job.pid = pid;
        job.prompt = cpu.prepare(&[message]).expect("a prompt");
        let mut ticket = cpu.submit(job);
        loop {
            if let Chunk::Done(done) = ticket.next().await.expect("a chunk") {
                return done;
            }
        }
    };
    let cpu = load();
    let alone = ask(&cpu, 1, &second).await;
    assert_eq!(alone.usage.cached_tokens, 0);
    drop(cpu);

    let cpu = load();
    ask(&cpu, 2, &first).await;
    // It goes on otherwise in the middle of what is resident.
    let beside = ask(&cpu, 1, &second).await;
    assert_eq!(beside.text, alone.text);
    assert!(beside.usage.cached_tokens > 200, "{:?}", beside.usage);
    let again = ask(&cpu, 3, &second).await;
    assert_eq!(again.text, alone.text);
    assert_eq!(again.usage.cached_tokens, again.usage.prompt_tokens - 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn model_computes_long_prompts_once_beside_each_other() {
    let Some((_, _turn)) = model().await else {
        return;
    };
    let path = std::env::var_os("QUIPU_TEST_MODEL").expect("there is a model");
    let settings = LocalSettings {
        threads: Some(1),
        ..LocalSettings::default()
    };
    let cpu = LocalCpu::load(path.as_ref(), &settings).expect("a model");
    let mut tokens = 0;
    let mut tickets = Vec::new();
    for n in 0..4 {
        let mut job = job(&cpu, 4);
        job.pid = n;
        // The first generates, so that the others get little room in a batch, and by turns.
        if n > 0 {
            let text = format!("Number {n} of those. ").repeat(70);
            let message = Message::new(Role::User, text);
            job.prompt = cpu.prepare(&[message]).expect("a prompt");
            job.tokens_max = 4;
        }
        tokens += job.prompt.len as u64;
        tickets.push(cpu.submit(job));
    }
    for mut ticket in tickets {
        while !matches!(ticket.next().await.expect("a chunk"), Chunk::Done(_)) {}
    }
    let counters = cpu.stats().counters;
    assert!(counters.prefilled <= tokens, "{tokens}: {counters:?}");
}
