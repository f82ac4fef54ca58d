//! `quipu`: the userland. The only crate that prints, prompts, or reads the
//! environment.
//!
//! | file | job |
//! | --- | --- |
//! | `cli` | the command line |
//! | `commands/` | one file for each command |
//! | `repl` | the interactive shell |
//! | `init` | from settings to a running machine |
//! | `paths`, `env_vars`, `settings` | where things are, and what the user chose |
//! | `render` | steps as they happen |
//! | `person` | questions and approvals at the terminal |
//! | `interrupts` | Ctrl-C |
//! | `lock` | one machine on one root |
//! | `control` | how other programs reach the machine that runs |
//! | `models/` | finding and fetching model files |
//! | `bus` | the tools of this machine |
//! | `private` | files that only their owner can read |
//! | `trust` | folders whose files may take effect |
//! | `mcp/` | servers of the Model Context Protocol, and this machine as one |
//! | `service/` | the machine as a service: the APIs over HTTP |
//! | `plugin/` | tools as source: projects and their compilers |
//! | `error` | what went wrong, a hint, an exit code |
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "userland talks to people; the libraries do not"
)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may stop there"))]

/// Writes a line to standard error, made visible: words of a model, a tool or a file may
/// be part of it. Whoever reads it may have gone, which is no reason to stop the work.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let words = $crate::output::visible(&format!($($words)*));
        let _ = writeln!(std::io::stderr(), "{words}");
    }};
}

mod agent;
mod builtin;
mod bus;
mod cli;
mod commands;
mod control;
mod embedder;
mod env_vars;
mod error;
mod init;
mod interrupts;
mod judgement;
mod listings;
mod lock;
mod mcp;
mod models;
mod output;
mod paths;
mod person;
mod plugin;
mod private;
mod render;
mod repl;
mod service;
mod settings;
mod trust;

use std::io::Write;

use clap::Parser;

fn main() {
    let cli = cli::Cli::parse();
    output::colour(cli.globals.color);
    init::logging(cli.globals.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => leave(error::report(&error.into())),
    };
    let code = match runtime.block_on(commands::dispatch(cli)) {
        Ok(code) => code,
        Err(error) => error::report(&error),
    };
    // A thread may still wait for a line on standard input: nobody waits for it.
    runtime.shutdown_background();
    leave(code)
}

/// Ends the program with an exit code, and at once: a process that nobody waited for may
/// still be computed, and llama.cpp aborts when what it keeps for the whole program is
/// torn down meanwhile, as it is at the usual end.
fn leave(code: u8) -> ! {
    let _ = std::io::stdout().flush();
    // SAFETY: takes a number, and does not come back.
    unsafe { libc::_exit(code.into()) }
}
