//! `quipu policy`: one file for each of its commands.

mod show;
mod test;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;
use quipu_kernel::gate::rules::Rules;
use quipu_tools::Bus;

use crate::config::policy;
use crate::session::{Session, strange};
use crate::terminal::error::UserError;

/// Rules for tools and calls: what is allowed, asked or denied
///
/// They stand in policy.toml beside config.toml, each as a table of the list `rule`, with tool =
/// "NAME" and do = "allow", "ask" or "deny". What may be asked of a call: args.NAME = "PATTERN",
/// role.ROLE = "PATTERN", effect = "pure", "read", "egress" or "write", label = "untrusted"; and,
/// of a rule that asks or denies, suspicious = 0.9: what was read is at least that likely an
/// attack, by the detector that `quipu model pull cloneguard` fetches. Of all rules that hold, the
/// strictest counts. A rule that allows gives no capability, and holds after untrusted text was
/// read only with label = "untrusted".
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    Show(show::ShowArgs),
    Test(test::TestArgs),
}

/// Runs one of them.
pub fn run(session: &Session, command: &PolicyCommand) -> Result<u8> {
    match command {
        PolicyCommand::Show(args) => show::run(session, args),
        PolicyCommand::Test(args) => test::run(session, args),
    }
}

/// The rules in the file that was named, or those in force.
fn rules(session: &Session, named: Option<&PathBuf>) -> Result<Arc<Rules>> {
    let Some(path) = named else {
        return Ok(session.rules.clone());
    };
    if !Path::new(path).is_file() {
        return Err(UserError::usage(
            format!("there is no file {}", path.display()),
            "--policy takes a file of rules",
        ));
    }
    policy::load(path).map(Arc::new)
}

/// Says which of `rules` name what is not there, and what is called nearly so.
fn tell_strange_names(rules: &Rules, bus: &Bus) {
    for note in strange::notes(rules, bus) {
        say!("{note}");
    }
}
