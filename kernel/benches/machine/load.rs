//! A machine that is not alone: others' work beside it, others' jobs within it.

use quipu_cpu::Job;
use quipu_cpu::llama::{LocalCpu, LocalSettings};

use crate::{Bench, ours, report};

/// Decoding with two busy loops beside it, the number of threads left to the machine.
pub fn hogs(bench: &Bench) {
    let cpu = LocalCpu::load(
        &bench.model,
        &LocalSettings {
            no_drafts: true,
            ..LocalSettings::default()
        },
    )
    .unwrap();
    let mut pid = 0;
    let mut speed = || {
        pid += 1;
        let prompt = ours::tokens(
            &cpu,
            "You tell stories.",
            &format!("Tell story number {pid}."),
        );
        let done = ours::run_to_exit(
            &cpu,
            vec![ours::job(pid, prompt, Some(ours::endless()), 256)],
        );
        255.0 / (done[0].last - done[0].first)
    };
    let (mut quiet, mut busy) = (vec![], vec![]);
    for _ in 0..bench.rounds {
        quiet.push(speed());
        let loops: Vec<std::process::Child> = (0..2)
            .map(|_| {
                // In a session of its own, as somebody else's work is.
                std::process::Command::new("setsid")
                    .args(["sh", "-c", "while :; do :; done"])
                    .spawn()
                    .unwrap()
            })
            .collect();
        busy.push(speed());
        for mut child in loops {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
    report::line(
        "decode beside two busy loops (peer: quiet)",
        "t/s",
        &busy,
        &quiet,
    );
}

/// Whether an answer depends on who shares the machine.
pub fn alike(bench: &Bench) {
    let cpu = ours::cold(bench);
    let same = (0..PROMPTS).zip(together(&cpu)).filter(|(n, together)| {
        let alone = ours::run_to_exit(&cpu, vec![answer(&cpu, 1000 + *n, *n)]);
        alone[0].completion.text == *together
    });
    report::alone(
        "alike alone and among 16",
        &format!("{} of {PROMPTS}", same.count()),
    );
}

/// Prompts that are answered alone and among others.
const PROMPTS: usize = 50;

/// The answers with 16 others at any time, who come and go.
fn together(cpu: &LocalCpu) -> Vec<String> {
    const OTHERS: usize = 16;
    let jobs = (0..PROMPTS + OTHERS).map(|n| answer(cpu, n, n % PROMPTS));
    let done = ours::run_by_turns(cpu, jobs.collect(), OTHERS + 1);
    let texts = done.into_iter().map(|done| done.completion.text);
    texts.take(PROMPTS).collect()
}

/// A job for the `n`-th prompt.
fn answer(cpu: &LocalCpu, pid: usize, n: usize) -> Job {
    let subjects = [
        "rain", "bread", "the sea", "a clock", "winter", "glass", "a river", "salt", "paper",
        "the moon",
    ];
    let asks = [
        "What is",
        "Describe",
        "Say one thing about",
        "Why is there",
        "Who likes",
    ];
    let (ask, subject) = (asks[n / subjects.len()], subjects[n % subjects.len()]);
    let system = "You answer in one short sentence.";
    let prompt = ours::tokens(cpu, system, &format!("{ask} {subject}?"));
    // Of different lengths, so that they do not end together.
    ours::job(pid as i64, prompt, None, 24 + n as u32 % 7 * 8)
}
