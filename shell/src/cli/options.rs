//! What commands have in common: options of the processes they start, and how a number is read.

use anyhow::Result;
use clap::Args;
use quipu_kernel::deliberation::Think;
use quipu_kernel::gate::Policy;
use quipu_kernel::limits::Limits;
use quipu_kernel::process::{Pid, Program};
use quipu_tools::Capability;

use crate::config::settings::ApproveWord;
use crate::session::Session;
use crate::session::agent::Loaded;

/// The number of a process, as it is given to a command.
///
/// # Errors
/// Says by what a process is named.
pub fn pid(word: &str) -> Result<Pid, String> {
    word.parse()
        .map_err(|_| "processes are named by their numbers; `quipu ps` lists them".to_owned())
}

/// A share or a likelihood, as it is given to a command.
///
/// # Errors
/// What is not a number from 0 to 1.
pub fn share(word: &str) -> Result<f64, String> {
    let share: Option<f64> = word.parse().ok();
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "not a number from 0 to 1".to_owned())
}

/// Options of a process.
#[derive(Clone, Debug, Args)]
pub struct ProcessOptions {
    /// Grant a capability, such as net:example.com or fs:read:/data; can be repeated
    #[arg(long, value_name = "CAP")]
    allow: Vec<Capability>,
    /// How calls that change something are approved [default: ask]
    #[arg(long, value_enum)]
    approve: Option<ApproveWord>,
    /// Steps a process may take [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_steps: Option<u32>,
    /// Tokens a process may generate [default: 8192]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_tokens: Option<u32>,
    /// Seconds a process may take, from its start [default: 600]
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Think about each task along K branches, compare their answers, and take the one that the
    /// evidence supports. K is 1 to 9, or `auto`: more than one only where two ways of computing
    /// something disagree
    #[arg(long, value_name = "K|auto")]
    think: Option<Think>,
    /// Tokens of the store's pages on the task, put before it; 0 puts none [default: 256]
    #[arg(long, value_name = "N")]
    recall: Option<usize>,
}

impl ProcessOptions {
    /// The gate's rules, with what is granted here.
    pub fn policy(&self, session: &Session) -> Policy {
        session.policy(&self.allow, self.approve)
    }

    /// How much thought a task of `agent` gets, where it is more than one process: this
    /// option before the agent's file.
    pub fn think(&self, agent: &Loaded) -> Option<Think> {
        self.think.or(agent.think).and_then(Think::more_than_one)
    }

    /// Whether each task is thought about along several branches by this option.
    pub fn thinks(&self) -> bool {
        self.think.and_then(Think::more_than_one).is_some()
    }

    /// The program of `agent` for `prompt`: these options before the agent's file, that
    /// before the settings.
    pub fn program(&self, session: &Session, agent: &Loaded, prompt: String) -> Program {
        let mut program = session.program(agent, prompt);
        program.limits = self.limits(program.limits);
        let memory = &mut program.agent.memory;
        memory.recall_tokens = self.recall.unwrap_or(memory.recall_tokens);
        program
    }

    /// The limits that are given here over the `usual` ones.
    pub fn limits(&self, usual: Limits) -> Limits {
        Limits {
            steps: self.max_steps.unwrap_or(usual.steps),
            tokens: self.max_tokens.unwrap_or(usual.tokens),
            seconds: self.timeout.unwrap_or(usual.seconds),
            ..usual
        }
    }

    /// The limits of a process that goes on, where any are given: the others are its `own`.
    pub fn new_limits(&self, own: impl FnOnce() -> Result<Limits>) -> Result<Option<Limits>> {
        let given = self.max_steps.is_some() || self.max_tokens.is_some() || self.timeout.is_some();
        match given {
            true => Ok(Some(self.limits(own()?))),
            false => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use quipu_kernel::process::Memory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn the_defaults_that_are_told_are_in_force() {
        let usual = Limits::default();
        let command = Cli::command();
        let run = command.find_subcommand("run").unwrap();
        let check = |option: &str, default: &dyn std::fmt::Display| {
            let mut options = run.get_arguments();
            let found = options.find(|one| one.get_long() == Some(option));
            let help = found.and_then(|one| one.get_help()).unwrap().to_string();
            assert!(help.ends_with(&format!("[default: {default}]")), "{help}");
        };
        check("max-steps", &usual.steps);
        check("max-tokens", &usual.tokens);
        check("timeout", &usual.seconds);
        check("recall", &Memory::default().recall_tokens);
        check("approve", &"ask");
    }
}
