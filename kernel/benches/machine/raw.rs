//! One sequence, and eight: how much of the bare engine's speed is left.

use quipu_kernel::cpu::Prompt;
use quipu_kernel::cpu::llama::LocalSettings;

use crate::ours::{self, Done};
use crate::{Bench, peer, report};

const PROMPT: usize = 512;
const GENERATE: u32 = 128;
const SEQUENCES: usize = 8;

/// Prefill and decoding of one sequence, decoding of eight.
pub fn run(bench: &Bench) {
    let (mut prefill, mut decode, mut batched) = (vec![], vec![], vec![]);
    let (mut prefill_peer, mut decode_peer, mut batched_peer) = (vec![], vec![], vec![]);
    // Guesses from the context would make it faster than the figures compared with.
    let cpu = ours::with(
        bench,
        LocalSettings {
            no_drafts: true,
            ..LocalSettings::default()
        },
    );
    for round in 0..bench.rounds as i32 {
        let one = |n: i32, len: usize| {
            ours::job(
                i64::from(round * 100 + n),
                prompt(round * 100 + n, len),
                Some(ours::endless()),
                GENERATE,
            )
        };
        let done = ours::run(&cpu, vec![one(1, PROMPT)]);
        prefill.push(PROMPT as f64 / done[0].first);
        decode.push(decoding(&done));
        prefill_peer.push(peer::llama_bench(bench, PROMPT, 0));
        decode_peer.push(peer::llama_bench(bench, 0, GENERATE as usize));

        let jobs = (0..SEQUENCES as i32)
            .map(|n| one(10 + n, GENERATE as usize))
            .collect();
        batched.push(decoding(&ours::run(&cpu, jobs)));
        let generate = GENERATE as usize;
        batched_peer.push(peer::batched_bench(bench, SEQUENCES, generate, generate));
    }
    report::line(
        "prefill, one sequence (ratio: of speed)",
        "t/s",
        &prefill,
        &prefill_peer,
    );
    report::line(
        "decode, one sequence (ratio: of speed)",
        "t/s",
        &decode,
        &decode_peer,
    );
    report::line(
        "decode, 8 sequences (ratio: of speed)",
        "t/s",
        &batched,
        &batched_peer,
    );
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
            .map(|i| 1000 + (n * 7919 + i * 31) % 20_000)
            .collect(),
        len,
        boot: 0,
    }
}
