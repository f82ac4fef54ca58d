//! `quipu tool ls`.

use anyhow::Result;
use clap::Args;
use quipu_tools::{Capability, DeviceSpec};
use serde_json::{Value, json};

use super::grant::state;
use crate::session::Session;
use crate::session::bus::Servers;
use crate::terminal::output::{self, visible};

/// List the tools, also those that cannot be used, with the reason
#[derive(Debug, Args)]
pub struct LsArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(session: &Session, args: &LsArgs) -> Result<u8> {
    let (bus, unusable) = session.bus(Servers::Asked)?;
    let devices = bus.list();
    if args.json {
        let mut tools: Vec<Value> = devices.iter().map(|device| json!(device.spec())).collect();
        tools.extend(unusable.iter().map(|tool| json!(tool)));
        output::json(&tools)?;
        return Ok(0);
    }
    let mut rows: Vec<Vec<String>> = devices.iter().map(|device| ready(device.spec())).collect();
    rows.extend(unusable.iter().map(|tool| {
        let empty = String::new();
        vec![
            tool.name.clone(),
            "broken".into(),
            empty.clone(),
            empty,
            tool.origin.clone(),
            tool.error.clone(),
        ]
    }));
    output::table(
        &[
            "NAME",
            "STATE",
            "FUNCTIONS",
            "GRANTED",
            "ORIGIN",
            "WHAT IT DOES",
        ],
        rows,
    )?;
    for device in &devices {
        let spec = device.spec();
        let missing = |request: &&Capability| !spec.granted.allows_some(request);
        for request in spec.requests.iter().filter(missing) {
            let (name, request) = (visible(&spec.name), visible(&example(request)));
            say!("to allow what {name} asks for: quipu tool grant {name} {request}");
        }
    }
    Ok(0)
}

fn ready(spec: &DeviceSpec) -> Vec<String> {
    let functions: Vec<&str> = spec.functions.iter().map(|f| f.name.as_str()).collect();
    let granted: Vec<String> = spec.granted.iter().map(ToString::to_string).collect();
    let what = spec.description.lines().next().unwrap_or_default();
    vec![
        spec.name.clone(),
        state(spec).into(),
        functions.join(", "),
        granted.join(", "),
        spec.origin.clone(),
        what.to_owned(),
    ]
}

/// An example of what can be granted of a request: for all hosts or folders, one of them.
fn example(request: &Capability) -> String {
    match request {
        Capability::Net { host, port: None } if host == "*" => "net:HOST".into(),
        Capability::FsRead { path } if path.as_os_str() == "*" => "fs:read:FOLDER".into(),
        other => other.to_string(),
    }
}
