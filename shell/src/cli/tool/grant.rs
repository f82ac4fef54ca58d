//! `quipu tool grant` and `quipu tool revoke`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use quipu_tools::caps::FORMS;
use quipu_tools::{Capability, DeviceSpec};

use crate::session::Session;
use crate::session::bus::{FIRST_LISTING_MAX, Servers, resolved};
use crate::session::lock::told_later;
use crate::terminal::error::UserError;
use crate::terminal::output::visible;
use crate::terminal::person;

/// How the origin of a server begins.
const MCP: &str = "mcp:";

/// Allow a tool something that it asks for
///
/// The grant is bound to the component as it is now: a changed component asks again.
#[derive(Debug, Args)]
pub struct GrantArgs {
    /// The tool
    name: String,
    /// Such as net:example.com or fs:read:/data; `tool show` lists what the tool asks for
    #[arg(value_name = "CAP")]
    capability: String,
    /// Wait this long for a server to say what it offers; with 0 it is shown later
    #[arg(long, value_name = "SECONDS", default_value_t = FIRST_LISTING_MAX.as_secs())]
    wait: u64,
}

/// Take a grant back
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The tool
    name: String,
    /// The grant, as `tool show` lists it
    #[arg(value_name = "CAP")]
    capability: String,
}

/// Runs `tool grant`.
pub fn grant(session: &Session, args: &GrantArgs) -> Result<u8> {
    let capability = parse(&args.capability)?;
    let spec = spec(session, &args.name)?;
    let hash = spec.hash.clone().unwrap_or_default();
    let mut given = session.given()?;
    let shared = match &capability {
        Capability::Secret { name } => given.secrets.shared(name).is_some(),
        _ => false,
    };
    // A secret may stand in an argument of a call to a server.
    let is_server = spec.origin.starts_with(MCP);
    let asked = is_server && shared
        || spec
            .requests
            .iter()
            .any(|request| request.covers(&capability) || capability.covers(request));
    if !asked {
        return Err(not_asked(&spec, &capability, is_server));
    }
    if let Capability::Secret { name } = &capability {
        match (is_server, shared) {
            (true, false) => return Err(no_secret(name)),
            (_, true) => say!(
                "{} is given the secret {name} that is kept already",
                spec.name
            ),
            (false, false) => {
                let command = format!("quipu tool grant {} secret:{name}", spec.name);
                let secret = person::secret(name, &command)?;
                given.secrets.set(&spec.name, name, secret)?;
            }
        }
    }
    let new = given.grants.grant(&spec.name, &hash, capability.clone())?;
    let word = if new { "granted" } else { "already granted" };
    say!(
        "{word}: {} may use {}",
        spec.name,
        visible(&capability.to_string())
    );
    // A model will read what a server says of itself, so the user sees it first. If that fails,
    // the grant stands and the listing is shown later.
    let wait = Duration::from_secs(args.wait);
    if !wait.is_zero()
        && let Err(error) = session.bus_within(&args.name, Servers::Shown, wait)
    {
        say!("warning: {}", visible(&error.to_string()));
    }
    told_later(&session.paths);
    Ok(0)
}

/// To somebody who grants what the tool does not ask for.
fn not_asked(spec: &DeviceSpec, capability: &Capability, is_server: bool) -> anyhow::Error {
    let requests: Vec<String> = spec.requests.iter().map(ToString::to_string).collect();
    let hint = match requests.is_empty() {
        _ if is_server && matches!(capability, Capability::Secret { .. }) => {
            "`quipu secret set NAME` keeps one, which a server can then be granted".to_owned()
        }
        true => "it asks for nothing".to_owned(),
        false => format!("it asks for {}", requests.join(", ")),
    };
    UserError::usage(format!("{} does not ask for {capability}", spec.name), hint)
}

/// Runs `tool revoke`.
pub fn revoke(session: &Session, args: &RevokeArgs) -> Result<u8> {
    let capability = parse(&args.capability)?;
    let mut given = session.given()?;
    if !given.grants.revoke(&args.name, &capability)? {
        return Err(UserError::usage(
            format!("{} was not granted {capability}", args.name),
            format!("`quipu tool show {}` lists its grants", args.name),
        ));
    }
    if let Capability::Secret { name } = &capability {
        given.secrets.remove(&args.name, Some(name))?;
    }
    say!("revoked: {} may no longer use {capability}", args.name);
    told_later(&session.paths);
    Ok(0)
}

/// What a tool asks for, has and had, in words.
pub fn rights(spec: &DeviceSpec) -> Vec<(&'static str, String)> {
    let list = |capabilities: Vec<String>| match capabilities.is_empty() {
        true => "nothing".to_owned(),
        false => capabilities.join(", "),
    };
    let mut lines = vec![(
        if spec.optional { "could use" } else { "needs" },
        list(spec.requests.iter().map(ToString::to_string).collect()),
    )];
    if !spec.requests.is_empty() {
        let granted = spec.granted.iter().map(ToString::to_string).collect();
        lines.push(("granted", list(granted)));
    }
    if !spec.lapsed.is_empty() {
        let lapsed = spec.lapsed.iter().map(ToString::to_string).collect();
        lines.push(("granted before it changed", list(lapsed)));
    }
    lines
}

/// The state of a tool in one or two words.
pub fn state(spec: &DeviceSpec) -> &'static str {
    let asks = !spec.optional
        && spec
            .requests
            .iter()
            .any(|request| !spec.granted.allows_some(request));
    match (asks, spec.lapsed.is_empty()) {
        (false, _) => "ready",
        (true, true) => "asks",
        (true, false) => "changed, asks again",
    }
}

fn parse(text: &str) -> Result<Capability> {
    let capability: Capability = text
        .parse()
        .map_err(|error| UserError::usage(format!("{error}"), format!("one of {FORMS}")))?;
    // The scope of a grant does not depend on the current folder.
    Ok(match capability {
        Capability::FsRead { path } => Capability::FsRead {
            path: std::path::absolute(path)?,
        },
        Capability::FsWrite { path } => Capability::FsWrite {
            path: std::path::absolute(path)?,
        },
        other => other,
    })
}

fn spec(session: &Session, name: &str) -> Result<DeviceSpec> {
    let bus = session.bus_for(name, Servers::Unasked)?;
    Ok(match bus.get(name) {
        Some(device) => device.spec().clone(),
        // The error says what there is.
        None => resolved(&bus, name)?.device().clone(),
    })
}

fn no_secret(name: &str) -> anyhow::Error {
    UserError::usage(
        format!("there is no secret {name}"),
        format!("`quipu secret set {name} < FILE` keeps its value"),
    )
}
