//! A machine that is not alone: others' work beside it, others' jobs within it.

use quipu_kernel::cpu::llama::{LocalCpu, LocalSettings};

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
    const PROMPTS: usize = 50;
    const TOGETHER: usize = 17;
    let cpu = ours::cold(bench);
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
    let prompt = |n: usize| {
        let text = format!(
            "{} {}?",
            asks[n / subjects.len()],
            subjects[n % subjects.len()]
        );
        ours::tokens(&cpu, "You answer in one short sentence.", &text)
    };
    let answer = |pid: usize, n: usize| ours::job(pid as i64, prompt(n), None, 24);
    let alone: Vec<String> = (0..PROMPTS)
        .map(|n| {
            ours::run_to_exit(&cpu, vec![answer(1 + n, n)])
                .remove(0)
                .completion
                .text
        })
        .collect();
    let mut together = Vec::new();
    let mut pid = 1000;
    while together.len() < PROMPTS {
        let first = together.len();
        let jobs = (0..TOGETHER).map(|i| {
            pid += 1;
            answer(pid, (first + i) % PROMPTS)
        });
        let done = ours::run_to_exit(&cpu, jobs.collect());
        together.extend(done.into_iter().map(|done| done.completion.text));
    }
    let same = alone
        .iter()
        .zip(&together)
        .filter(|(alone, together)| alone == together);
    report::alone(
        "answers alike, alone and among 16 others",
        &format!("{} of {PROMPTS}", same.count()),
    );
}
