//! The command line, as `quipu --help` shows it.

use std::ffi::OsString;

use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};
use quipu_kernel::process::Pid;

use crate::cli::options::pid;
use crate::cli::{
    agent, batch, completions, config, doctor, eval, fork, hear, kill, learn, log, man, mem, model,
    nice, policy, ps, replay, run, say, secret, see, serve, tool, top, trust,
};
use crate::config::env_vars;
use crate::config::globals::Globals;

/// What whoever is new here tries first.
const EXAMPLES: &str = "\
Examples:
  quipu                                   the shell; /help lists its commands
  quipu run \"What is 23% of 4,150?\"       one task
  cat notes.md | quipu run \"Sum it up\"    a task on a text of others
  quipu mem add --vouch ~/notes           your own notes, to be searched from now on
  quipu ps, quipu log PID                 what ran, and what it did
  quipu doctor                            whether all is in order";

/// What the help of a command ends with.
const EVERY_COMMAND: &str = "`quipu --help` lists the options that every command takes.";

/// What stands below the options.
fn after_help() -> String {
    format!("{EXAMPLES}\n\n{}", env_vars::help())
}

/// An operating system whose CPU is a language model.
///
/// Without a command: the interactive shell, or, without a terminal, a task for each line of
/// standard input.
#[derive(Debug, Parser)]
#[command(name = "quipu", version, max_term_width = 100, after_long_help = after_help())]
pub struct Cli {
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
    /// Options that every command takes. They come last: what follows them would stand under
    /// their heading.
    #[command(flatten)]
    pub globals: Globals,
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

impl Cli {
    /// The command line of this program.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read() -> Result<Self, clap::Error> {
        let args: Vec<OsString> = std::env::args_os().collect();
        Self::parsed(&args).or_else(|error| {
            let again = with_task_last(args).map(Self::parsed);
            again.and_then(Result::ok).ok_or(error)
        })
    }

    /// The command line `words`, which begin with the name of the program.
    ///
    /// # Errors
    /// What is wrong with them, or the help that they ask for.
    pub fn parsed<I, T>(words: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let mut matches = parser().try_get_matches_from(words)?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut parser()))
    }
}

/// The parser of the command line. The options that every command takes are taken behind each, and
/// stand in the help of `quipu` alone.
fn parser() -> clap::Command {
    let root = Cli::command();
    let every = root.get_arguments().filter(|arg| arg.is_global_set());
    let hidden: Vec<Arg> = every.map(|arg| arg.clone().hide(true)).collect();
    root.mut_subcommands(|command| {
        // Global options that a command defines itself are not inherited.
        let is_its_own = |arg: &Arg| {
            let mut own = command.get_arguments();
            own.any(|own| own.get_id() == arg.get_id())
        };
        let given = hidden.iter().filter(|arg| !is_its_own(arg));
        let given: Vec<Arg> = given.cloned().collect();
        pointed(command.args(given))
    })
}

/// `command` and those below it, whose help says where the other options are.
fn pointed(command: clap::Command) -> clap::Command {
    let long = command
        .get_after_long_help()
        .map(|text| format!("{text}\n\n{EVERY_COMMAND}"));
    let command = match long {
        Some(long) => command.after_long_help(long),
        None => command,
    };
    command.after_help(EVERY_COMMAND).mut_subcommands(pointed)
}

/// `args` with the task that begins with a dash moved behind all options, if there is one: a list, a
/// negative number. In its place it would be read as an unknown option.
fn with_task_last(mut args: Vec<OsString>) -> Option<Vec<OsString>> {
    if args.iter().any(|arg| arg == "--") {
        return None;
    }
    let is_task = |arg: &OsString| arg.to_str().is_some_and(is_no_option);
    let at = args.iter().skip(1).position(is_task)? + 1;
    let task = args.remove(at);
    args.extend([OsString::from("--"), task]);
    Some(args)
}

/// Whether a word that begins with a dash cannot be an option, even a mistyped one.
fn is_no_option(word: &str) -> bool {
    let Some(rest) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
        return false;
    };
    let name = rest.trim_start_matches('-');
    let name = name.split('=').next().unwrap_or_default();
    !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_every_command_stand_in_the_first_help_alone() {
        let check = |args: &[&str], has_all: bool| {
            let help = Cli::parsed(args).expect_err("help").to_string();
            assert_eq!(help.contains("--trusted-input"), has_all, "{help}");
            assert_eq!(
                help.ends_with(&format!("{EVERY_COMMAND}\n")),
                !has_all,
                "{help}"
            );
        };
        check(&["quipu", "-h"], true);
        check(&["quipu", "--help"], true);
        check(&["quipu", "kill", "-h"], false);
        check(&["quipu", "eval", "--help"], false);
        check(&["quipu", "mem", "add", "--help"], false);
        let cli = Cli::parsed(["quipu", "mem", "ls", "--temperature", "0.5"]);
        assert_eq!(cli.unwrap().globals.temperature, Some(0.5));
    }

    #[test]
    fn a_task_may_begin_with_a_dash() {
        let check = |args: &[&str], want: Option<&[&str]>| {
            let list = |args: &[&str]| args.iter().map(OsString::from).collect::<Vec<_>>();
            let found = with_task_last(list(&[&["quipu"][..], args].concat()));
            let want = want.map(|want| list(&[&["quipu"][..], want].concat()));
            assert_eq!(found, want, "{args:?}");
        };
        check(
            &["run", "- milk\n- bread", "--json"],
            Some(&["run", "--json", "--", "- milk\n- bread"]),
        );
        check(&["run", "-5 + 3"], Some(&["run", "--", "-5 + 3"]));
        check(
            &["run", "--json", "--- a"],
            Some(&["run", "--json", "--", "--- a"]),
        );
        check(
            &["run", "-v is a flag?"],
            Some(&["run", "--", "-v is a flag?"]),
        );
        check(&["run", "--schema=a b.json"], None);
        check(&["run", "--no-such-option"], None);
        check(&["run", "-x"], None);
        check(&["run", "-"], None);
        check(&["run", "--", "- milk"], None);
    }
}
