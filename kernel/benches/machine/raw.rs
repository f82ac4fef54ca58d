//! One sequence, and eight: how much of the bare engine's speed is left.

use quipu_cpu::llama::{LocalCpu, LocalSettings};
use quipu_cpu::{Job, Prompt};

use crate::ours::{self, Done};
use crate::{Bench, peer, report};

const PROMPT: usize = 512;
const GENERATE: u32 = 128;
const SEQUENCES: i32 = 8;

/// Prefill and decoding of one sequence, beside llama-bench.
pub fn run(bench: &Bench) {
    let (mut prefill, mut decode) = (vec![], vec![]);
    let (mut prefill_peer, mut decode_peer) = (vec![], vec![]);
    let cpu = warm(bench);
    for round in 0..bench.rounds as i32 {
        let done = ours::run_to_exit(&cpu, vec![one(round, PROMPT)]);
        prefill.push(PROMPT as f64 / done[0].first);
        decode.push(decoding(&done));
        let (prefilled, decoded) = peer::llama_bench(bench, PROMPT, GENERATE as usize);
        prefill_peer.push(prefilled);
        decode_peer.push(decoded);
    }
    let line = |what: &str, ours: &[f64], peers: &[f64]| {
        report::line(&format!("{what} (ratio: of speed)"), "t/s", ours, peers);
    };
    line("prefill, one sequence", &prefill, &prefill_peer);
    line("decode, one sequence", &decode, &decode_peer);
}

/// Decoding of eight sequences, beside llama-batched-bench.
pub fn batched(bench: &Bench) {
    let (mut decode, mut apart, mut unified) = (vec![], vec![], vec![]);
    let cpu = warm(bench);
    let len = GENERATE as usize;
    for round in 0..bench.rounds as i32 {
        let jobs = (0..SEQUENCES).map(|n| one(round * SEQUENCES + n, len));
        decode.push(decoding(&ours::run_to_exit(&cpu, jobs.collect())));
        apart.push(peer::batched_bench(bench, SEQUENCES as usize, len, false));
        unified.push(peer::batched_bench(bench, SEQUENCES as usize, len, true));
    }
    let what = format!("decode, {SEQUENCES} sequences (ratio: of speed)");
    report::line(&what, "t/s", &decode, &apart);
    report::line("  beside one cache for all", "t/s", &decode, &unified);
}

/// A machine that has compiled the grammar and touched the model's weights, as the
/// peers' own warming up does.
fn warm(bench: &Bench) -> LocalCpu {
    // Guesses from the context would make it faster than the figures compared with.
    let settings = LocalSettings {
        no_drafts: true,
        ..LocalSettings::default()
    };
    let cpu = ours::with(bench, settings);
    let job = ours::job(-1, prompt(-1, 16), Some(ours::endless()), 16);
    ours::run_to_exit(&cpu, vec![job]);
    cpu
}

fn one(n: i32, len: usize) -> Job {
    ours::job(
        i64::from(n) + 1,
        prompt(n, len),
        Some(ours::endless()),
        GENERATE,
    )
}

/// Tokens a second from when all have begun until the first is through.
fn decoding(done: &[Done]) -> f64 {
    let begun = done.iter().map(|done| done.first).fold(0.0, f64::max);
    let over = done.iter().map(|done| done.last).fold(f64::MAX, f64::min);
    let tokens = done.len() as f64 * f64::from(done[0].completion.usage.generated_tokens - 1);
    tokens / (over - begun)
}

/// A prompt that shares nothing with another `n`.
fn prompt(n: i32, len: usize) -> Prompt {
    Prompt {
        messages: Vec::new(),
        tokens: (0..len as i32)
            .map(|i| 1000 + (n * 7919 + i * 31).rem_euclid(20_000))
            .collect(),
        len,
        boot: 0,
    }
}
