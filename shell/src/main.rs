//! `quipu`: the userland. The only crate that prints, prompts, or reads the
//! environment.
//!
//! | floor | question |
//! | --- | --- |
//! | `repl/` | How does a person talk to it? |
//! | `cli/` | Which commands are there? One file each |
//! | `service/` | How do other programs reach a machine? |
//! | `import/`, `plugin/` | How do documents come in? How is a tool made from source? |
//! | `session/` | How do settings become a running machine? |
//! | `config/` | What did the user choose, and where are things? |
//! | `terminal/` | What do people see, and what do they type? |
//!
//! A floor imports only from floors below it; `tests/tidy/floors.rs` checks that.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "userland talks to people; the libraries do not"
)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may stop there"))]

#[macro_use]
mod terminal;
mod cli;
mod config;
mod import;
mod plugin;
mod repl;
mod service;
mod session;

use anyhow::Result;

use cli::{Cli, unparsed};
use config::{dumps, env_vars};
use repl::Begin;
use session::Session;
use terminal::exit::leave;
use terminal::words::{self, Language};
use terminal::{error, logging, output};

fn main() {
    // Before anything secret is read: the environment has keys too.
    dumps::switch_off();
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => {
            let args = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned());
            leave(unparsed(&error, &args.collect::<Vec<_>>()))
        }
    };
    output::colour(cli.globals.color);
    output::plain(cli.globals.plain || env_vars::is_dumb());
    words::speak(Language::of(&env_vars::locale()));
    logging::init(cli.globals.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => leave(error::report(&error.into())),
    };
    let code = match runtime.block_on(start(cli)) {
        Ok(code) => code,
        Err(error) => error::report(&error),
    };
    #[cfg(feature = "otel")]
    runtime.block_on(session::telemetry::flush());
    // A thread may still wait for a line on standard input: nobody waits for it.
    runtime.shutdown_background();
    leave(code)
}

/// Runs the command that was given, or else the interactive shell.
async fn start(cli: Cli) -> Result<u8> {
    cli.check()?;
    match cli.command {
        None => {
            let begin = match (cli.resume, cli.go_on) {
                (Some(pid), _) => Begin::At(pid),
                (None, true) => Begin::Last,
                (None, false) => Begin::Anew,
            };
            repl::run(Session::open(cli.globals)?, begin).await
        }
        Some(command) => cli::dispatch(command, cli.globals).await,
    }
}
