//! `quipu completions SHELL`.

use std::io::Write;

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;

/// Print completions for a shell
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &CompletionsArgs) -> Result<u8> {
    // Into memory first: the generator knows no closed pipes.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "quipu", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(0)
}
