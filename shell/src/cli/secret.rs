//! `quipu secret`: values that tools and servers use and nobody reads.

use anyhow::Result;
use clap::{Args, Subcommand};
use quipu_tools::Capability;
use quipu_tools::secrets::handle;
use serde_json::json;

use crate::session::Session;
use crate::session::lock::told_later;
use crate::terminal::error::UserError;
use crate::terminal::hints;
use crate::terminal::output::{self, visible};
use crate::terminal::person;

/// Secrets: values that tools use, and that no model, log or journal sees
///
/// The handle ${secret:NAME} stands where the value is wanted: in the entry of a server (`env`,
/// `headers`, `args`), or as the whole of an argument that policy.toml says is a credential. The
/// value is filled in on the way to a server that was granted it (`quipu tool grant SERVER
/// secret:NAME`). A value that comes back, or that a model writes, in whichever form, is taken
/// out.
#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    Set(SetArgs),
    Ls(LsArgs),
    Rm(RmArgs),
}

/// Keep a value, read from standard input
///
/// At a terminal it is asked for, and not shown. It has at least 8 characters, on one line.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// Its name: letters, digits, - and _
    name: String,
}

/// List the names of secrets, and who was granted them
#[derive(Debug, Args)]
pub struct LsArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Forget a secret
#[derive(Debug, Args)]
pub struct RmArgs {
    /// Its name
    name: String,
}

/// Runs one of them.
pub fn run(session: &Session, command: &SecretCommand) -> Result<u8> {
    match command {
        SecretCommand::Set(args) => set(session, &args.name),
        SecretCommand::Ls(args) => list(session, args.json),
        SecretCommand::Rm(args) => remove(session, &args.name),
    }
}

fn set(session: &Session, name: &str) -> Result<u8> {
    if !handle::is_name(name) {
        return Err(UserError::usage(
            format!("`{}` cannot be the name of a secret", name.escape_debug()),
            "use up to 64 letters, digits, - and _",
        ));
    }
    let secret = person::secret(name, &format!("quipu secret set {name}"))?;
    let mut given = session.given()?;
    let word = match given.secrets.share(name, secret)? {
        true => "changed",
        false => "kept",
    };
    say!("{word}: {name}; its handle is {}", handle::of(name));
    told_later(&session.paths);
    Ok(0)
}

fn list(session: &Session, as_json: bool) -> Result<u8> {
    let given = session.given()?;
    let secrets: Vec<(&str, Option<&str>, Vec<&str>)> = given
        .secrets
        .iter()
        .map(|(name, device, _)| {
            let wanted = Capability::Secret { name: name.into() };
            let mut holders = given.grants.holders(&wanted);
            holders.retain(|holder| device.is_none_or(|device| device == *holder));
            (name, device, holders)
        })
        .collect();
    if as_json {
        let secrets = secrets.iter().map(
            |(name, device, holders)| json!({"name": name, "tool": device, "granted_to": holders}),
        );
        output::json(&secrets.collect::<Vec<_>>())?;
        return Ok(0);
    }
    if secrets.is_empty() {
        say!("no secret is kept: `quipu secret set NAME` keeps one");
        return Ok(0);
    }
    let rows = secrets.iter().map(|(name, device, holders)| {
        let holders = match holders.is_empty() {
            true => "nobody".to_owned(),
            false => holders.join(", "),
        };
        let device = device.unwrap_or("any that is granted it");
        [*name, device, holders.as_str()].map(visible).to_vec()
    });
    output::table(&["NAME", "FOR", "GRANTED TO"], rows.collect())?;
    Ok(0)
}

fn remove(session: &Session, name: &str) -> Result<u8> {
    let mut given = session.given()?;
    if !given.secrets.unshare(name)? {
        let shared = given.secrets.iter().filter(|(_, tool, _)| tool.is_none());
        let known = shared.map(|(name, _, _)| name);
        let lists =
            "`quipu secret ls` lists them; `quipu tool revoke` removes one that is a tool's own";
        return Err(UserError::usage(
            format!("there is no secret {}", visible(name)),
            hints::near(name, known, lists),
        ));
    }
    say!("forgotten: {name}");
    told_later(&session.paths);
    Ok(0)
}
