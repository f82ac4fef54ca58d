//! Quipu's engine beside llama.cpp's own tools: the same model, the same tokens, the
//! same threads, both sides taking turns in one run; the median of the rounds.
//!
//! ```text
//! cargo bench --workspace --bench machine -- MODEL.gguf LLAMA_CPP_BIN [--rounds N] [--seconds N] [SUITE...]
//! ```
//!
//! `make bench` fetches a model, builds llama.cpp's tools and calls this.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops at the first surprise"
)]

mod agents;
mod load;
mod ours;
mod overhead;
mod peer;
mod places;
mod proof;
mod raw;
mod report;
mod soak;

use std::path::PathBuf;

/// What every suite needs to know.
pub struct Bench {
    model: PathBuf,
    /// The folder of llama-server, llama-bench and llama-batched-bench.
    peers: PathBuf,
    rounds: usize,
    threads: usize,
    /// How long the soak lasts.
    seconds: u64,
}

/// A suite: its name on the command line, and what it measures.
type Suite = (&'static str, fn(&Bench));

const SUITES: &[Suite] = &[
    ("raw", raw::run),
    ("batched", raw::batched),
    ("agents", agents::few),
    ("agents32", agents::many),
    ("schema", agents::schema),
    ("places", places::run),
    ("hogs", load::hogs),
    ("alike", load::alike),
    ("overhead", overhead::run),
    ("proof", proof::run),
    ("soak", soak::run),
];

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    // cargo bench adds it.
    args.retain(|arg| arg != "--bench");
    let mut option = |name: &str, usual: u64| {
        args.iter().position(|arg| arg == name).map_or(usual, |at| {
            args.remove(at);
            args.remove(at).parse().unwrap()
        })
    };
    let (rounds, seconds) = (option("--rounds", 3), option("--seconds", 600));
    if args.len() < 2 {
        println!("usage: machine MODEL.gguf LLAMA_CPP_BIN [--rounds N] [--seconds N] [SUITE...]");
        let names: Vec<_> = SUITES.iter().map(|(name, _)| *name).collect();
        println!("suites: {}", names.join(" "));
        return;
    }
    let bench = Bench {
        model: args.remove(0).into(),
        peers: args.remove(0).into(),
        rounds: rounds as usize,
        seconds,
        threads: std::thread::available_parallelism().map_or(1, Into::into),
    };
    report::head(&bench);
    for (name, suite) in SUITES {
        let named = args.iter().any(|arg| arg == name);
        // Ten minutes, so only when asked for.
        if named || (args.is_empty() && *name != "soak") {
            suite(&bench);
        }
    }
}
