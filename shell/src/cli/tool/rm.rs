//! `quipu tool rm`.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use quipu_kernel::process::{Pid, Program, State};
use quipu_tools::provenance::ProvenanceBook;

use crate::session::Session;
use crate::session::lock::{MachineLock, told_later};
use crate::terminal::error::UserError;
use crate::terminal::hints;
use crate::terminal::output::processes;

/// Remove an installed tool, unless a process that runs may call it
#[derive(Debug, Args)]
pub struct RmArgs {
    /// The tool
    name: String,
}

/// Runs the command.
pub fn run(session: &Session, args: &RmArgs) -> Result<u8> {
    let known = session.paths.tools.join(format!("{}.wasm", args.name));
    if args.name.contains(['/', '\\']) || !known.is_file() {
        return Err(UserError::usage(
            format!("{} is not an installed tool", args.name),
            hints::near(
                &args.name,
                installed(&session.paths.tools),
                "`quipu tool ls` lists the tools; those that come with quipu stay",
            ),
        ));
    }
    let users = users(session, &args.name)?;
    if let Some(pid) = users.first() {
        return Err(UserError::usage(
            format!("{} may call {} while it runs", processes(&users), args.name),
            format!("wait until it has ended, or `quipu kill {pid}`; then run the command again"),
        ));
    }
    // Its grants first: what cannot be taken back would be there for the same bytes again.
    let mut given = session.given()?;
    given.grants.forget(&args.name)?;
    given.secrets.remove(&args.name, None)?;
    ProvenanceBook::open(&session.paths.provenance())?.forget(&args.name)?;
    std::fs::remove_file(&known)?;
    say!("removed {}", args.name);
    told_later(&session.paths);
    Ok(0)
}

/// The names of the components in `folder`.
fn installed(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = files.filter_map(|file| file.file_name().into_string().ok());
    let tools = names.filter_map(|name| Some(name.strip_suffix(".wasm")?.to_owned()));
    tools.collect()
}

/// The processes under way that may call the tool `name`.
fn users(session: &Session, name: &str) -> Result<Vec<Pid>> {
    if MachineLock::holder(&session.paths.lock()).is_none() {
        return Ok(Vec::new());
    }
    let journal = session.journal()?;
    let mut users = Vec::new();
    for row in journal.processes()? {
        let runs = match row.state {
            State::Running | State::Blocked => true,
            // One that has yet to begin: it waits for its model.
            State::Ready => row.exit.is_none(),
            State::Suspended | State::Exited => false,
        };
        if runs && may_call(&journal.program_in_words(row.pid)?, name) {
            users.push(row.pid);
        }
    }
    users.sort_unstable();
    Ok(users)
}

/// Whether the agent of `program` has the tool `name`.
fn may_call(program: &Program, name: &str) -> bool {
    let tools = program.agent.tools.as_ref();
    tools.is_none_or(|tools| {
        tools
            .iter()
            .any(|tool| tool.split('.').next() == Some(name))
    })
}
