//! `quipu config`.

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use crate::config::origin;
use crate::session::Session;
use crate::terminal::output;

/// Show the configuration
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show the settings in force and where things are, as JSON
    Show {
        /// Say where each value comes from: an option, a variable, the file, or the default
        #[arg(long)]
        origin: bool,
        /// Print JSON, which it does in any case
        #[arg(long = "json")]
        _json: bool,
    },
}

/// Prints the settings as JSON.
pub fn run(session: &Session, command: ConfigCommand) -> Result<u8> {
    let ConfigCommand::Show { origin, .. } = command;
    let paths = &session.paths;
    let mut shown = json!({
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
    if origin {
        shown["origins"] = json!(origin::of(&paths.config, &session.globals)?);
    }
    output::pretty_json(&shown)?;
    Ok(0)
}
