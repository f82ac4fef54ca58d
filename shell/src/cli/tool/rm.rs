//! `quipu tool rm`.

use anyhow::Result;
use clap::Args;
use quipu_tools::provenance::ProvenanceBook;

use crate::session::Session;
use crate::terminal::error::UserError;

/// Remove an installed tool
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
            "`quipu tool ls` lists the tools; those that come with quipu stay",
        ));
    }
    // Its grants first: what cannot be taken back would be there for the same bytes again.
    let mut given = session.given()?;
    given.grants.forget(&args.name)?;
    given.secrets.remove(&args.name, None)?;
    ProvenanceBook::open(&session.paths.provenance())?.forget(&args.name)?;
    std::fs::remove_file(&known)?;
    say!("removed {}", args.name);
    Ok(0)
}
