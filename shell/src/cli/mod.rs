//! The command line: `args` parses it; then one file for each command, with its arguments,
//! their help, and one function. What several commands need is in the floors below, or in
//! `options`, `results` and `each_file`.

pub mod agent;
mod args;
pub mod batch;
pub mod completions;
pub mod config;
pub mod doctor;
mod each_file;
pub mod eval;
pub mod fork;
pub mod hear;
pub mod kill;
pub mod learn;
pub mod log;
pub mod man;
mod meant;
pub mod mem;
pub mod model;
pub mod nice;
mod options;
mod parse_error;
pub mod policy;
pub mod ps;
pub mod replay;
mod results;
pub mod run;
pub mod say;
pub mod secret;
pub mod see;
pub mod serve;
mod task;
pub mod think;
pub mod tool;
pub mod top;
pub mod trust;

use anyhow::Result;

pub use args::{Cli, Command};
pub use parse_error::{no_number, unparsed};

use crate::config::globals::Globals;
use crate::session::Session;
use crate::terminal::error::UserError;

/// Runs one command of the command line.
pub async fn dispatch(command: Command, globals: Globals) -> Result<u8> {
    // These commands work whatever the configuration says.
    match &command {
        Command::Completions(args) => return completions::run(args),
        Command::Man(args) => return man::run(args),
        _ => {}
    }
    let session = Session::open(globals)?;
    let code = session.command(command).await;
    session.end_servers();
    code
}

impl Cli {
    /// Checks what the parser cannot: that options and command go together.
    ///
    /// # Errors
    /// Names the option and what to do.
    pub fn check(&self) -> Result<()> {
        // Only an eval compares models.
        let several = self.globals.models.len();
        if several > 1 && !matches!(self.command, Some(Command::Eval(_))) {
            return Err(UserError::usage(
                format!("--model is given {several} times, and this command runs on one model"),
                "name one model; only `quipu eval` takes several",
            ));
        }
        let option = match (self.go_on, self.resume) {
            (true, _) => Some("--continue"),
            (false, Some(_)) => Some("--resume"),
            (false, None) => None,
        };
        if let Some(option) = option.filter(|_| self.command.is_some()) {
            return Err(UserError::usage(
                format!("{option} is for the interactive shell"),
                "leave the command out; `quipu run --resume PID` carries one process on",
            ));
        }
        Ok(())
    }
}

impl Session {
    /// Runs one command; the interactive shell's slash commands come here too.
    pub async fn command(&self, command: Command) -> Result<u8> {
        match command {
            Command::Run(args) => run::run(self, args).await,
            Command::Batch(args) => batch::run(self, args).await,
            Command::Eval(args) => eval::run(self, args).await,
            Command::Learn(args) => learn::run(self, args).await,
            Command::Ps(args) => ps::run(self, &args),
            Command::Top(args) => top::run(self, &args),
            Command::Log(args) => log::run(self, &args),
            Command::Kill(args) => kill::run(self, &args),
            Command::Nice(args) => nice::run(self, &args),
            Command::Fork(args) => fork::run(self, &args),
            Command::Replay(args) => replay::run(self, &args).await,
            Command::See(args) => see::run(self, &args),
            Command::Hear(args) => hear::run(self, args).await,
            Command::Say(args) => say::run(self, args).await,
            Command::Mem(command) => mem::run(self, command).await,
            Command::Tool(command) => tool::run(self, command).await,
            Command::Agent(command) => agent::run(self, command).await,
            Command::Policy(command) => policy::run(self, &command),
            Command::Secret(command) => secret::run(self, &command),
            Command::Trust(args) => trust::run(self, &args),
            Command::Serve(args) => serve::run(self, &args).await,
            Command::Model(command) => model::run(self, command).await,
            Command::Doctor(args) => doctor::run(self, &args),
            Command::Config(command) => config::run(self, command),
            Command::Completions(args) => completions::run(&args),
            Command::Man(args) => man::run(&args),
        }
    }
}
