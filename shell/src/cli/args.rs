//! The command line, as `quipu --help` shows it.

use clap::{Parser, Subcommand};
use quipu_kernel::process::Pid;

use crate::cli::options::pid;
use crate::cli::{
    agent, batch, completions, config, doctor, eval, fork, hear, kill, learn, log, man, mem, model,
    nice, policy, ps, replay, run, say, secret, see, serve, tool, top, trust,
};
use crate::config::env_vars;
use crate::config::globals::Globals;

/// An operating system whose CPU is a language model.
///
/// Without a command: the interactive shell, or, without a terminal, a task for each line of
/// standard input.
#[derive(Debug, Parser)]
#[command(name = "quipu", version, max_term_width = 100, after_long_help = env_vars::help())]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub globals: Globals,
    /// Go on with the last conversation of the interactive shell
    #[arg(short = 'c', long = "continue", conflicts_with = "resume")]
    pub go_on: bool,
    /// Go on with the conversation of the interactive shell up to this process; what came after
    /// it stays in the journal
    #[arg(long, value_name = "PID", value_parser = pid)]
    pub resume: Option<Pid>,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    Run(run::RunArgs),
    Batch(batch::BatchArgs),
    Eval(eval::EvalArgs),
    Learn(learn::LearnArgs),
    Ps(ps::PsArgs),
    Top(top::TopArgs),
    Log(log::LogArgs),
    Kill(kill::KillArgs),
    Nice(nice::NiceArgs),
    Fork(fork::ForkArgs),
    Replay(replay::ReplayArgs),
    See(see::SeeArgs),
    Hear(hear::HearArgs),
    Say(say::SayArgs),
    #[command(subcommand)]
    Mem(mem::MemCommand),
    #[command(subcommand)]
    Tool(tool::ToolCommand),
    #[command(subcommand)]
    Model(model::ModelCommand),
    #[command(subcommand)]
    Agent(agent::AgentCommand),
    Trust(trust::TrustArgs),
    #[command(subcommand)]
    Secret(secret::SecretCommand),
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    Serve(serve::ServeArgs),
    Doctor(doctor::DoctorArgs),
    #[command(subcommand)]
    Config(config::ConfigCommand),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}
