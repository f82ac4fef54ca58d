//! One file for each command: its arguments with their help, and one function.

pub mod batch;
pub mod completions;
pub mod config;
pub mod doctor;
pub mod eval;
pub mod fork;
pub mod kill;
mod lines;
pub mod log;
pub mod mem;
pub mod model;
pub mod nice;
mod options;
pub mod ps;
mod results;
pub mod run;
pub mod see;
pub mod serve;
pub mod tool;
pub mod top;
pub mod trust;

use anyhow::Result;

use crate::cli::{Cli, Command};
use crate::error::UserError;
use crate::init::Session;
use crate::repl;

/// Runs the command that was given.
pub async fn dispatch(cli: Cli) -> Result<u8> {
    takes_its_models(&cli)?;
    let Some(command) = cli.command else {
        return repl::run(Session::open(cli.globals)?, cli.go_on).await;
    };
    if cli.go_on {
        return Err(UserError::usage(
            "--continue is for the interactive shell",
            "leave the command out; `quipu run --resume PID` carries one process on",
        ));
    }
    // These two work whatever the configuration says.
    if let Command::Completions(args) = command {
        return completions::run(&args);
    }
    let session = Session::open(cli.globals)?;
    let code = session.command(command).await;
    session.end_servers();
    code
}

/// Only an eval compares models.
fn takes_its_models(cli: &Cli) -> Result<()> {
    match (&cli.command, cli.globals.models.len()) {
        (Some(Command::Eval(_)), _) | (_, 0 | 1) => Ok(()),
        (_, several) => Err(UserError::usage(
            format!("--model is there {several} times, and this command runs on one"),
            "name one model; only `quipu eval` takes several",
        )),
    }
}

impl Session {
    /// Runs one command; the interactive shell's slash commands come here too.
    pub async fn command(&self, command: Command) -> Result<u8> {
        match command {
            Command::Run(args) => run::run(self, args).await,
            Command::Batch(args) => batch::run(self, args).await,
            Command::Eval(args) => eval::run(self, args).await,
            Command::Ps(args) => ps::run(self, &args),
            Command::Top(args) => top::run(self, &args),
            Command::Log(args) => log::run(self, &args),
            Command::Kill(args) => kill::run(self, &args),
            Command::Nice(args) => nice::run(self, &args),
            Command::Fork(args) => fork::run(self, &args),
            Command::See(args) => see::run(self, &args),
            Command::Mem(command) => mem::run(self, command).await,
            Command::Tool(command) => tool::run(self, command).await,
            Command::Trust(args) => trust::run(self, &args),
            Command::Serve(args) => serve::run(self, &args).await,
            Command::Model(command) => model::run(self, command).await,
            Command::Doctor(args) => doctor::run(self, &args),
            Command::Config(command) => config::run(self, command),
            Command::Completions(args) => completions::run(&args),
        }
    }
}
