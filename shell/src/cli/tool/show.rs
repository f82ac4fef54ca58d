//! `quipu tool show`.

use anyhow::Result;
use clap::Args;

use super::grant::rights;
use crate::session::Session;
use crate::session::bus::{Servers, resolved};
use crate::terminal::output::{self, visible};

/// Show a tool's functions with their schemas
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The tool, or one of its functions as TOOL.FUNCTION
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(session: &Session, args: &ShowArgs) -> Result<u8> {
    let bus = session.bus_for(&args.name, Servers::Known)?;
    let (name, one) = match args.name.split_once('.') {
        Some((name, function)) => (name, Some(function)),
        None => (args.name.as_str(), None),
    };
    // Resolving gives the error that lists what there is.
    let mut spec = match bus.get(name) {
        Some(device) => device.spec().clone(),
        None => resolved(&bus, name)?.device().clone(),
    };
    if let Some(one) = one {
        // The error lists the functions there are.
        resolved(&bus, &args.name)?;
        spec.functions.retain(|function| function.name == one);
    }
    if args.json {
        output::json(&spec)?;
        return Ok(0);
    }
    output::line(&visible(&format!("{} ({})", spec.name, spec.origin)))?;
    if !spec.description.is_empty() {
        output::line(&visible(&spec.description))?;
    }
    for (what, capabilities) in rights(&spec) {
        output::line(&format!("{what}: {}", visible(&capabilities)))?;
    }
    for function in &spec.functions {
        output::line(&visible(&format!("\n{}.{}", spec.name, function.name)))?;
        for line in function.description.lines() {
            output::line(&format!("    {}", visible(line)))?;
        }
        output::json_after("    takes   ", &function.parameters)?;
        output::json_after("    returns ", &function.returns)?;
        if !function.roles.is_empty() {
            output::json_after("    roles   ", &function.roles)?;
        }
    }
    Ok(0)
}
