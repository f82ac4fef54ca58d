//! `quipu config`.

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use crate::session::Session;
use crate::terminal::output;

/// Show the configuration
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show the settings in force and where things are
    Show,
}

/// Prints the settings as JSON.
pub fn run(session: &Session, command: ConfigCommand) -> Result<u8> {
    let ConfigCommand::Show = command;
    let paths = &session.paths;
    let shown = json!({
        "settings": session.settings,
        "paths": {
            "config": paths.config,
            "policy": paths.policy(),
            "state": paths.state,
            "store": paths.store,
            "tools": paths.tools,
            "cache": paths.cache,
            "models": paths.models,
        }
    });
    output::pretty_json(&shown)?;
    Ok(0)
}
