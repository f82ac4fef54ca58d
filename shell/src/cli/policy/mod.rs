//! `quipu policy`: one file for each of its commands.

mod show;
mod test;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;
use quipu_kernel::calls::NAMESPACES;
use quipu_kernel::gate::rules::Rules;
use quipu_tools::{Bus, DeviceSpec};

use crate::config::policy;
use crate::session::Session;
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

/// Says of each rule that names a function which no tool on `bus` has what is called nearly so, if
/// anything is: a rule with a slip in it forbids nothing, one for a server of another day may.
fn tell_strange_names(rules: &Rules, bus: &Bus) {
    let devices = bus.list();
    let of = |device: &DeviceSpec| -> Vec<String> {
        let functions = device.functions.iter();
        functions
            .map(|function| format!("{}.{}", device.name, function.name))
            .collect()
    };
    let known: Vec<String> = devices
        .iter()
        .flat_map(|device| of(device.spec()))
        .collect();
    for rule in &rules.rules {
        let word = rule.tool.written();
        let own = |(device, _): (&str, &str)| NAMESPACES.contains(&device);
        let is_other = word.split_once('.').is_some_and(|parts| !own(parts));
        if word.contains('*') || !is_other || known.iter().any(|name| rule.tool.names(name)) {
            continue;
        }
        let near = quipu_models::near(word, known.iter().cloned());
        if !near.is_empty() {
            let near = near.join(" or ");
            say!(
                "note: {}: no tool here is called {word}; did you mean {near}?",
                rule.origin
            );
        }
    }
}
