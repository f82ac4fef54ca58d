//! Our side: jobs given to the CPU as the kernel gives them.

use std::sync::Arc;
use std::time::Instant;

use futures_util::stream::{self, StreamExt};
use quipu_cpu::llama::{LocalCpu, LocalSettings};
use quipu_cpu::{Chunk, Completion, Cpu, Form, Job, Message, Prompt, Role, Sampling, Ticket};
use quipu_kernel::process::Pid;
use serde_json::{Value, json};

use crate::Bench;

/// A cold machine: nothing resident, nothing on disk.
pub fn cold(bench: &Bench) -> LocalCpu {
    with(bench, LocalSettings::default())
}

/// A machine with other settings; threads, window and cache as every suite has them.
pub fn with(bench: &Bench, settings: LocalSettings) -> LocalCpu {
    let settings = LocalSettings {
        threads: settings.threads.or(Some(bench.threads)),
        window: Some(4096),
        ..settings
    };
    LocalCpu::load(&bench.model, &settings).unwrap()
}

/// The tokens of a system and a user message in the model's own template.
pub fn tokens(cpu: &LocalCpu, system: &str, user: &str) -> Prompt {
    let message = |role, text: &str| Message::new(role, text);
    let messages = [message(Role::System, system), message(Role::User, user)];
    cpu.prepare(&messages).unwrap()
}

/// A JSON text that cannot end before the room for it is used up, so that each side
/// generates the same number of tokens.
pub fn endless() -> Value {
    json!({"type": "string", "minLength": 6000})
}

/// A job for `tokens_max` tokens.
pub fn job(pid: Pid, prompt: Prompt, schema: Option<Value>, tokens_max: u32) -> Job {
    Job {
        pid,
        priority: 0,
        prompt,
        form: schema.map_or(Form::Text, Form::Json),
        tokens_max,
        sampling: Sampling {
            temperature: 0.0,
            seed: 0,
        },
        history: Arc::default(),
    }
}

/// When a job had its first token and its last, in seconds from the start of all, and
/// what came of it.
pub struct Done {
    pub first: f64,
    pub last: f64,
    pub completion: Completion,
}

/// Gives all jobs to the CPU at once and waits for the last.
pub fn run(cpu: &LocalCpu, jobs: Vec<Job>) -> Vec<Done> {
    let start = Instant::now();
    let tickets: Vec<_> = jobs.into_iter().map(|job| cpu.submit(job)).collect();
    let all = tickets.into_iter().map(|ticket| wait(ticket, start));
    runtime().block_on(futures_util::future::join_all(all))
}

async fn wait(mut ticket: Ticket, start: Instant) -> Done {
    let mut first = None;
    loop {
        let chunk = ticket.next().await.unwrap();
        first.get_or_insert_with(|| start.elapsed().as_secs_f64());
        if let Chunk::Done(completion) = chunk {
            return Done {
                first: first.unwrap_or_default(),
                last: start.elapsed().as_secs_f64(),
                completion,
            };
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

/// Runs jobs of processes that end with them, so many `at_once` as long as there are more.
pub fn run_by_turns(cpu: &LocalCpu, jobs: Vec<Job>, at_once: usize) -> Vec<Done> {
    let start = Instant::now();
    let turns = stream::iter(jobs).map(|job| async move {
        let pid = job.pid;
        let done = wait(cpu.submit(job), start).await;
        cpu.retire(pid);
        (pid, done)
    });
    let mut done: Vec<(Pid, Done)> = runtime().block_on(turns.buffer_unordered(at_once).collect());
    done.sort_by_key(|(pid, _)| *pid);
    done.into_iter().map(|(_, done)| done).collect()
}

/// As [`run`], of processes that end with it: the kernel then retires them.
pub fn run_to_exit(cpu: &LocalCpu, jobs: Vec<Job>) -> Vec<Done> {
    let pids: Vec<Pid> = jobs.iter().map(|job| job.pid).collect();
    let done = run(cpu, jobs);
    pids.into_iter().for_each(|pid| cpu.retire(pid));
    done
}

/// The end of the last job, in seconds.
pub fn last(done: &[Done]) -> f64 {
    done.iter().map(|done| done.last).fold(0.0, f64::max)
}
