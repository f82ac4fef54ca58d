//! `quipu-evals SUITE --data DIR`: runs a public test set against the system and prints
//! what it measured, next to a figure that was measured with public tools.
//!
//! The sets are not part of this repository and never shipped: `--data` names a folder
//! that has one folder for each.

#![allow(clippy::print_stdout, reason = "a program whose output is its result")]

mod data;
mod metrics;
mod report;
mod store;
mod suites;
mod vector_cache;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

use suites::Suite;

/// Runs public test sets and prints what was measured, a public baseline in brackets
#[derive(Debug, Parser)]
#[command(name = "quipu-evals", version)]
struct Args {
    /// What to run; those of the store when none is named, without the long ones
    suite: Vec<Suite>,
    /// The folder that has the test sets, one folder each
    #[arg(long, value_name = "DIR", default_value = "../shared/data")]
    data: PathBuf,
    /// An embedding model, to search by meaning too: a .gguf file, or a static one's folder
    #[arg(long, value_name = "PATH")]
    embedder: Option<PathBuf>,
    /// Threads of the embedding model [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Keep the vectors that it gives in FILE, and take those that are there: to try weights
    /// without computing again. Times are then no model's
    #[arg(long, value_name = "FILE")]
    vectors: Option<PathBuf>,
    /// Pages of the scale suite
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pages: usize,
    /// A Python that has bm25s and PyStemmer for the scale suite, jinja2 for that of templates,
    /// PyYAML for that of injected calls
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
    /// A model that writes the plans of the agentdojo suite, in the place of those by hand: a
    /// .gguf file
    #[arg(long, value_name = "PATH")]
    planner: Option<PathBuf>,
    /// What looks at the texts of the signals suite: mini_semantic.onnx of cloneguard, as `quipu
    /// model pull cloneguard` brings it
    #[arg(long, value_name = "FILE")]
    detector: Option<PathBuf>,
    /// Tasks of each suite of agentdojo that a model plans
    #[arg(long, value_name = "N", default_value_t = 5)]
    tasks: usize,
    /// Kills of the crash suite
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    rounds: usize,
}

fn main() -> Result<()> {
    if let Some(dir) = std::env::var_os(suites::crash::CHILD) {
        return suites::crash::child(dir.as_ref());
    }
    let args = Args::parse();
    let named = match args.suite.is_empty() {
        true => Suite::of_the_store(),
        false => args.suite.clone(),
    };
    for suite in named {
        let begun = std::time::Instant::now();
        let report = suites::run(suite, &args)?;
        println!(
            "{suite:>12?}  {} figures, {:.1} s in all\n",
            report.figures,
            begun.elapsed().as_secs_f64()
        );
    }
    Ok(())
}
