//! `quipu tool build`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::plugin::Project;
use crate::session::Session;
use crate::terminal::output;

/// Build the component of a project, and print its path
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// The project's folder
    #[arg(default_value = ".")]
    dir: PathBuf,
}

/// Runs the command.
pub fn run(session: &Session, args: &BuildArgs) -> Result<u8> {
    let component = Project::open(&args.dir)?.build(&session.paths)?;
    output::line(&component.display().to_string())?;
    Ok(0)
}
