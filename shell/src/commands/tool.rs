//! `quipu tool`.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::{Args, Subcommand};
use quipu_tools::{Bus, CallContext, Device, ErrorKind, ToolError};
use serde_json::{Value, json};

use super::grant;
use super::lines::lines;
use crate::error::{FAILED, UserError, tool_code};
use crate::init::Session;
use crate::output::visible;
use crate::{builtin, output, paths};

/// Tools: sandboxed components
#[derive(Debug, Subcommand)]
pub enum ToolCommand {
    /// List the tools
    Ls(LsArgs),
    /// Show a tool's functions with their schemas
    Show(ShowArgs),
    Call(CallArgs),
    /// Install a component; the file's name is the tool's
    Add(AddArgs),
    /// Remove an installed tool
    Rm(RmArgs),
    Grant(grant::GrantArgs),
    Revoke(grant::RevokeArgs),
}

/// Arguments of `tool ls`.
#[derive(Debug, Args)]
pub struct LsArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `tool show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The tool
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Call a function of a tool
#[derive(Debug, Args)]
pub struct CallArgs {
    /// TOOL.FUNCTION, or TOOL where it has just one
    name: String,
    /// The arguments, a JSON object; `-` reads it from standard input
    #[arg(value_name = "JSON", required_unless_present = "jsonl")]
    args: Option<String>,
    /// Call once for each line of FILE, and print a line for each result
    #[arg(long, value_name = "FILE", conflicts_with = "args")]
    jsonl: Option<PathBuf>,
}

/// Arguments of `tool add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The component, a .wasm file
    path: PathBuf,
}

/// Arguments of `tool rm`.
#[derive(Debug, Args)]
pub struct RmArgs {
    /// The tool
    name: String,
}

/// Runs the command.
pub fn run(session: &Session, command: ToolCommand) -> Result<u8> {
    match command {
        ToolCommand::Ls(args) => list(session, &args),
        ToolCommand::Show(args) => show(session, &args),
        ToolCommand::Call(args) => call(session, &args),
        ToolCommand::Add(args) => add(session, &args),
        ToolCommand::Rm(args) => remove(session, &args),
        ToolCommand::Grant(args) => grant::grant(session, &args),
        ToolCommand::Revoke(args) => grant::revoke(session, &args),
    }
}

fn list(session: &Session, args: &LsArgs) -> Result<u8> {
    let (bus, broken) = session.bus()?;
    if args.json {
        let mut tools: Vec<Value> = bus
            .list()
            .iter()
            .map(|device| json!(device.spec()))
            .collect();
        for (path, error) in broken {
            tools.push(json!({"name": path.file_stem().map(|name| name.to_string_lossy()), "origin": path, "error": error.to_string()}));
        }
        output::json(&tools)?;
        return Ok(0);
    }
    let mut rows = Vec::new();
    for device in bus.list() {
        let spec = device.spec();
        let functions: Vec<&str> = spec.functions.iter().map(|f| f.name.as_str()).collect();
        rows.push(vec![
            spec.name.clone(),
            grant::state(spec).into(),
            functions.join(", "),
            spec.origin.clone(),
            spec.description
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        ]);
    }
    for (path, error) in broken {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        rows.push(vec![
            name,
            "broken".into(),
            String::new(),
            path.display().to_string(),
            error.to_string(),
        ]);
    }
    output::table(
        &["NAME", "STATE", "FUNCTIONS", "ORIGIN", "WHAT IT DOES"],
        rows,
    )?;
    Ok(0)
}

fn show(session: &Session, args: &ShowArgs) -> Result<u8> {
    let (bus, _) = session.bus()?;
    let name = args.name.split('.').next().unwrap_or_default();
    // Resolving gives the error that lists what there is.
    let device = match bus.get(name) {
        Some(device) => device.clone(),
        None => bus.resolve(name).map(|(device, _)| device)?,
    };
    let spec = device.spec();
    if args.json {
        output::json(spec)?;
        return Ok(0);
    }
    output::line(&format!("{} ({})", spec.name, visible(&spec.origin)))?;
    if !spec.description.is_empty() {
        output::line(&visible(&spec.description))?;
    }
    for (what, capabilities) in grant::rights(spec) {
        output::line(&format!("{what}: {}", visible(&capabilities)))?;
    }
    for function in &spec.functions {
        output::line(&format!("\n{}.{}", spec.name, function.name))?;
        for line in function.description.lines() {
            output::line(&format!("    {}", visible(line)))?;
        }
        output::line(&format!("    takes   {}", function.parameters))?;
        output::line(&format!("    returns {}", function.returns))?;
    }
    Ok(0)
}

fn call(session: &Session, args: &CallArgs) -> Result<u8> {
    let (bus, _) = session.bus()?;
    bus.resolve(&args.name)?;
    let context = CallContext {
        grants: session.settings.allow.iter().cloned().collect(),
        ..CallContext::default()
    };
    if let Some(path) = &args.jsonl {
        let mut failed = false;
        for (_, value) in lines(path)? {
            let line = match value {
                Ok(value) => timed(&bus, &args.name, &value, &context),
                // In its place, so that results stay in line with the input.
                Err(reason) => json!({"ok": false, "error": ToolError::new(
                    ErrorKind::InvalidArgs,
                    format!("not JSON: {reason}"),
                    "one object of arguments a line",
                )}),
            };
            failed |= line["ok"] == false;
            output::json(&line)?;
        }
        return Ok(if failed { FAILED } else { 0 });
    }
    let text = match args.args.as_deref() {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().lock().read_to_string(&mut text)?;
            text
        }
        other => other.unwrap_or_default().to_owned(),
    };
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        UserError::usage(
            format!("the arguments are not JSON: {error}"),
            format!("`quipu tool show {}` shows what it takes", args.name),
        )
    })?;
    match bus.call(&args.name, &value, &context) {
        Ok(result) if std::io::stdout().is_terminal() => {
            output::line(&visible(&serde_json::to_string_pretty(&result)?))?;
            Ok(0)
        }
        Ok(result) => output::json(&result).map(|()| 0),
        Err(error) => {
            eprintln!("error: {}", visible(&error.message));
            if !error.hint.is_empty() {
                eprintln!("hint: {}", error.hint);
            }
            Ok(tool_code(error.kind))
        }
    }
}

fn timed(bus: &Bus, name: &str, args: &Value, context: &CallContext) -> Value {
    let begun = Instant::now();
    let result: Result<Value, ToolError> = bus.call(name, args, context);
    let us = begun.elapsed().as_micros() as u64;
    match result {
        Ok(result) => json!({"ok": true, "result": result, "us": us}),
        Err(error) => json!({"ok": false, "error": error}),
    }
}

fn add(session: &Session, args: &AddArgs) -> Result<u8> {
    let name = args
        .path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let valid = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !valid {
        return Err(UserError::usage(
            format!("{name:?} cannot be the name of a tool"),
            "rename the file: letters, digits, - and _",
        ));
    }
    if builtin::TOOLS.iter().any(|(builtin, _)| *builtin == name) {
        return Err(UserError::usage(
            format!("{name} comes with quipu"),
            "rename the file",
        ));
    }
    let bytes = std::fs::read(&args.path).map_err(|error| {
        UserError::usage(
            format!("{}: {error}", args.path.display()),
            "name a .wasm component",
        )
    })?;
    let host = session.wasm_host()?;
    let device = host
        .load(&name, &args.path.display().to_string(), &bytes)
        .map_err(|error| {
            UserError::usage(
                format!("{}: {error}", args.path.display()),
                "build it for wasm32-wasip2",
            )
        })?;
    paths::create(&session.paths.tools)?;
    let target = session.paths.tools.join(format!("{name}.wasm"));
    let mut file = tempfile::NamedTempFile::new_in(&session.paths.tools)?;
    std::io::Write::write_all(&mut file, &bytes)?;
    file.persist(&target)?;
    let functions: Vec<String> = device
        .spec()
        .functions
        .iter()
        .map(|function| format!("{name}.{}", function.name))
        .collect();
    eprintln!("installed {}", functions.join(", "));
    Ok(0)
}

fn remove(session: &Session, args: &RmArgs) -> Result<u8> {
    let known = session.paths.tools.join(format!("{}.wasm", args.name));
    if args.name.contains(['/', '\\']) || !known.is_file() {
        return Err(UserError::usage(
            format!("{} is not an installed tool", args.name),
            "`quipu tool ls` lists the tools; those that come with quipu stay",
        ));
    }
    std::fs::remove_file(&known)?;
    let mut given = session.given()?;
    given.grants.forget(&args.name)?;
    given.secrets.remove(&args.name, None)?;
    eprintln!("removed {}", args.name);
    Ok(0)
}
