//! Where a prompt can come from instead of being computed: an image on disk, the swap,
//! a running process.

use quipu_cpu::Cpu;
use quipu_cpu::llama::LocalSettings;

use crate::{Bench, ours, report};

/// A boot page of about a thousand tokens, and 2,000 private tokens.
pub fn run(bench: &Bench) {
    boot(bench);
    swap(bench);
}

/// The first token of an agent's first action: cold, and from its boot image.
fn boot(bench: &Bench) {
    let (mut cold, mut image) = (vec![], vec![]);
    let system: Vec<String> = (0..80)
        .map(|n| format!("Rule {n}: be kind to customer {}.", 7 * n))
        .collect();
    for _ in 0..bench.rounds {
        let folder = tempfile::tempdir().unwrap();
        for into in [&mut cold, &mut image] {
            let cpu = ours::with(
                bench,
                LocalSettings {
                    swap: Some(folder.path().to_owned()),
                    ..LocalSettings::default()
                },
            );
            let prompt = ours::tokens(&cpu, &system.join("\n"), "Hello");
            let done = ours::run(&cpu, vec![ours::job(1, prompt, Some(ours::endless()), 8)]);
            into.push(done[0].first);
        }
    }
    report::line(
        "first token from a boot image (peer: cold)",
        "s",
        &image,
        &cold,
    );
}

/// Bringing 2,000 tokens back, beside computing them.
fn swap(bench: &Bench) {
    let (mut moved, mut computed, mut resumed) = (vec![], vec![], vec![]);
    for _ in 0..bench.rounds {
        // Room for one of the two prompts at a time.
        let cpu = ours::with(
            bench,
            LocalSettings {
                kv_cells: Some(4096),
                ..LocalSettings::default()
            },
        );
        let text = |n: usize| {
            (0..2000 / 9)
                .map(|i| format!("line {i} of {n}: {}\n", i * n))
                .collect::<String>()
        };
        let prompt = |n: usize| {
            let mut prompt = ours::tokens(&cpu, &text(n), "Hello");
            prompt.boot = 0;
            prompt
        };
        let (first, second) = (prompt(3), prompt(7));
        let run = |pid, prompt: &quipu_cpu::Prompt| {
            ours::run(
                &cpu,
                vec![ours::job(pid, prompt.clone(), Some(ours::endless()), 8)],
            )[0]
            .first
        };
        let cold = run(1, &first);
        run(2, &second);
        let before = cpu.stats().counters;
        let warm = run(1, &first);
        let after = cpu.stats().counters;
        let tokens = (after.swapped_in - before.swapped_in) as f64;
        assert!(tokens > 1500.0, "nothing was swapped in");
        let micros = (after.swapped_in_us - before.swapped_in_us) as f64;
        moved.push(micros / tokens * 2000.0 / 1e6);
        computed.push(cold / first.len as f64 * 2000.0);
        resumed.push(warm);
    }
    report::line(
        "swap-in of 2,000 tokens (peer: prefill)",
        "s",
        &moved,
        &computed,
    );
    report::line(
        "first token after swap-in (peer: prefill)",
        "s",
        &resumed,
        &computed,
    );
}
