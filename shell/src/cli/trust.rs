//! `quipu trust`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use quipu_tools::mcp::{McpServer, McpTransport};
use quipu_tools::trust::Standing;
use serde_json::{Value, json};

use crate::config::mcp;
use crate::config::trust::{self, Folder, SERVERS};
use crate::session::{Session, agent};
use crate::terminal::error::UserError;
use crate::terminal::hints;
use crate::terminal::output::{self, counted, seen, visible};

/// Let the files of a folder take effect, as they are now
///
/// Shows what it would put into effect: the servers of its .mcp.json, and the files in .quipu.
/// A file that changes asks again, and so does one that an agent pulls in: its schema, or what
/// stands beside a SKILL.md. Each server still needs grants of its own. An agent that is in the
/// folder, or named itself, counts as yours: what it says is no stranger's.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct TrustArgs {
    /// The folder, or the file of an agent; without one, what is trusted is listed
    #[arg(value_name = "DIR|FILE")]
    folder: Option<PathBuf>,
    /// Stop trusting this folder; the same as `trust rm DIR`
    #[arg(long, value_name = "DIR", conflicts_with = "folder")]
    remove: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<TrustCommand>,
}

#[derive(Debug, Subcommand)]
enum TrustCommand {
    /// List the trusted folders, and what changed in them since
    Ls {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Stop trusting a folder
    Rm {
        /// The folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// Runs the command.
pub fn run(session: &Session, args: &TrustArgs) -> Result<u8> {
    match (&args.command, &args.folder, &args.remove) {
        (Some(TrustCommand::Ls { json }), ..) => list(session, *json),
        (Some(TrustCommand::Rm { folder }), ..) | (None, _, Some(folder)) => {
            remove(session, folder)
        }
        (None, Some(folder), None) => add(session, folder),
        (None, None, None) => list(session, false),
    }
}

fn add(session: &Session, folder: &Path) -> Result<u8> {
    // A person agrees to what stands here, and strangers may have chosen the names.
    if folder.is_file() {
        let parts = agent::parts(folder);
        let bytes = trust::vouch(folder, &parts, &session.paths)?;
        let shown = seen(&folder.display().to_string());
        say!("{shown} ({})", counted(bytes.len(), "byte"));
        for part in parts.keys() {
            say!("{} (a part of it)", seen(part));
        }
        say!("trusted: {shown}");
        return Ok(0);
    }
    let folder = agent::folder_to_trust(folder)?;
    let mut book = trust::book(&session.paths)?;
    let shown = seen(&folder.path.display().to_string());
    let changed = match folder.standing(&book)? {
        Standing::Changed(files) => files,
        _ => Vec::new(),
    };
    if folder.files.is_empty() && folder.agents.is_empty() {
        say!("{shown} has nothing that would take effect now");
    }
    for (file, bytes) in folder.files.iter().chain(&folder.agents) {
        let mark = match changed.contains(file) {
            true => ", changed since it was trusted",
            false => "",
        };
        let size = counted(bytes.len(), "byte");
        say!("{} ({size}{mark})", seen(file));
        if file == SERVERS {
            for line in servers(&folder)? {
                say!("  {}", seen(&line));
            }
        }
    }
    let is_told =
        |part: &String| folder.files.contains_key(part) || folder.agents.contains_key(part);
    for part in folder.parts.keys().filter(|part| !is_told(part)) {
        let mark = match changed.contains(part) {
            true => ", changed since it was trusted",
            false => "",
        };
        say!("{} (a part of the agent{mark})", seen(part));
    }
    for file in changed
        .iter()
        .filter(|file| !folder.hashes().contains_key(*file))
    {
        say!("{} (removed since it was trusted)", seen(file));
    }
    book.trust(folder.key()?, folder.hashes())?;
    say!("trusted: {shown}");
    Ok(0)
}

/// The servers of the folder, a line for each.
fn servers(folder: &Folder) -> Result<Vec<String>> {
    let servers = mcp::of_folder(folder)?;
    Ok(servers
        .into_iter()
        .map(|(name, server)| match server {
            Ok(server) => told(&server),
            Err((_, reason)) => format!("{name}: cannot be used: {reason}"),
        })
        .collect())
}

/// A server as far as its user has to know it before trusting it: what is run or
/// reached, and what of the environment it wants. Values stay in the file.
fn told(server: &McpServer) -> String {
    let mut line = match &server.transport {
        McpTransport::Stdio { command, args, .. } => {
            let count = match args.len() {
                0 => String::new(),
                1 => " with 1 argument".to_owned(),
                n => format!(" with {n} arguments"),
            };
            format!("{}: runs {command}{count}", server.name)
        }
        McpTransport::Http { .. } => format!("{}: connects to {}", server.name, server.origin()),
    };
    let requests: Vec<String> = server.requests().iter().map(ToString::to_string).collect();
    line.push_str(&format!("; asks for {}", requests.join(", ")));
    line
}

fn remove(session: &Session, folder: &Path) -> Result<u8> {
    let mut book = trust::book(&session.paths)?;
    // A folder that is gone can still be forgotten, by the name it had.
    let path = folder
        .canonicalize()
        .or_else(|_| Ok::<_, anyhow::Error>(std::path::absolute(folder)?))?;
    let shown = visible(&path.display().to_string());
    if !book.forget(trust::key(&path)?)? {
        return Err(UserError::usage(
            format!("{shown} is not trusted"),
            hints::near(
                &shown,
                book.folders(),
                "`quipu trust ls` lists the trusted folders",
            ),
        ));
    }
    say!("no longer trusted: {shown}");
    Ok(0)
}

fn list(session: &Session, json: bool) -> Result<u8> {
    let book = trust::book(&session.paths)?;
    let mut rows: Vec<(String, &str, Vec<String>)> = Vec::new();
    for name in book.folders() {
        let parts = agent::parts(Path::new(name));
        let standing = match trust::file_standing(name, &parts, &book) {
            Some(standing) => Some(standing),
            None => match agent::folder_to_trust(Path::new(name)) {
                Ok(folder) => Some(folder.standing(&book)?),
                Err(_) => None,
            },
        };
        let (state, changed) = match standing {
            Some(Standing::Trusted) => ("trusted", Vec::new()),
            Some(Standing::Changed(files)) => ("changed", files),
            // Where it was known, it is a link to another folder now.
            Some(Standing::Unknown) | None => ("missing", Vec::new()),
        };
        rows.push((name.to_owned(), state, changed));
    }
    if json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(folder, state, changed)| {
                json!({"folder": folder, "state": state, "changed": changed})
            })
            .collect();
        output::json(&rows)?;
    } else if rows.is_empty() {
        say!("nothing is trusted: `quipu trust DIR|FILE` trusts a folder or an agent");
    } else {
        let rows = rows.into_iter().map(|(path, state, changed)| {
            let changed: Vec<&str> = changed
                .iter()
                .map(|part| match part.as_str() {
                    trust::ITSELF => "the file itself",
                    part => part,
                })
                .collect();
            vec![path, state.to_owned(), changed.join(", ")]
        });
        output::table(&["PATH", "STATE", "CHANGED"], rows.collect())?;
    }
    Ok(0)
}
