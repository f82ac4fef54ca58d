//! `quipu agent`: agents as files. Those that run by themselves are in `schedule`.

mod schedule;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::{Value, json};

use super::think;
use crate::config::{paths, private};
use crate::session::Session;
use crate::session::agent::{self, Loaded};
use crate::session::bus::Servers;
use crate::session::learnt::{Shelf, Skill};
use crate::terminal::error::UserError;
use crate::terminal::output::{self, counted, one_line, shortened, visible};

/// What `agent new` writes.
const TEMPLATE: &str = r#"# An agent: `quipu run --agent NAME "…"` runs it. Only `instructions` is required.
name = "NAME"
instructions = """
What it is for, and how it goes about it.
"""

# The tools that it sees, by their names in `quipu tool ls`. Without this line it sees all.
# "memory" is the store.
# tools = ["calculator", "memory"]

# The model to use, unless `--model` names another.
# model = "qwen2.5-coder-1.5b"

# Files and folders with what it knows, relative to the folder of this file. They are read before
# it runs, and its answers name the pages that they rest on.
# knowledge = ["handbook"]

# The form of its answers: a JSON Schema, or a file with one.
# schema = { type = "number" }

# How many branches think about a task: a number, or "auto".
# think = "auto"

# Whether it may start processes for parts of a task, or one for each thing of a list. They share
# its limits.
# children = true

# Tasks with their answers, shown to it before its own task.
# [[examples]]
# task = "…"
# answer = "…"

# [limits]
# steps = 20          # of one task
# tokens = 8192       # that it may generate
# seconds = 600

# [memory]
# space = "NAME"      # its own part of the store
# recall = 256        # tokens of what the store holds on a task
# examples = 768      # tokens of what `quipu learn` taught it
"#;

/// Make, list, show and check agents
#[derive(Debug, Subcommand)]
pub enum AgentCommand {
    /// Write a new agent, to be edited; `quipu run --agent NAME` finds it
    New {
        /// Its name
        name: String,
    },
    /// List the agents that are found by their names
    Ls {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show an agent: what it is told, its tools, limits and part of the store, what it learnt
    Show {
        /// Its name, or a file or folder
        #[arg(value_name = "NAME|PATH")]
        agent: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    Schedule(schedule::ScheduleArgs),
    /// Say whether an agent can run here: its file can be read, its tools are there
    Check {
        /// A file or folder, or a name
        #[arg(value_name = "PATH|NAME")]
        agent: PathBuf,
    },
}

/// Runs the command.
pub async fn run(session: &Session, command: AgentCommand) -> Result<u8> {
    match command {
        AgentCommand::Schedule(args) => schedule::run(session, args).await,
        AgentCommand::New { name } => new(session, &name),
        AgentCommand::Ls { json } => list(session, json),
        AgentCommand::Show { agent, json } => show(session, &agent, json),
        AgentCommand::Check { agent } => check(session, &agent),
    }
}

fn new(session: &Session, name: &str) -> Result<u8> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(UserError::usage(
            format!("{name:?} cannot be the name of an agent"),
            "use letters, digits, - and _",
        ));
    }
    let folder = session.paths.agents();
    paths::create(&folder)?;
    let file = folder.join(format!("{name}.toml"));
    if agent::named(&folder, name).is_some() {
        return Err(UserError::usage(
            format!("there is an agent {name} already"),
            format!("`quipu agent show {name}` shows it"),
        ));
    }
    private::replace(&file, TEMPLATE.replace("NAME", name).as_bytes())
        .with_context(|| format!("{} cannot be written", file.display()))?;
    output::line(&visible(&file.display().to_string()))?;
    say!("hint: edit it, then `quipu run --agent {name} \"…\"`");
    Ok(0)
}

fn list(session: &Session, as_json: bool) -> Result<u8> {
    let folder = session.paths.agents();
    let mut rows = Vec::new();
    for (name, file) in agent::all(&folder) {
        let loaded = agent::load(&file, &session.paths);
        rows.push((name, file, loaded));
    }
    if as_json {
        let values = rows.iter().map(|(name, file, loaded)| match loaded {
            Ok(loaded) => described(name, file, loaded),
            Err(error) => json!({"name": name, "path": file, "error": format!("{error:#}")}),
        });
        output::json(&values.collect::<Vec<Value>>())?;
        return Ok(0);
    }
    if rows.is_empty() {
        say!("no agents yet: `quipu agent new NAME` writes one");
        return Ok(0);
    }
    let cells = |(name, _, loaded): (String, PathBuf, Result<Loaded>)| match loaded {
        Ok(loaded) => vec![
            name,
            tools(&loaded),
            shortened(&one_line(loaded.agent.instructions.trim()), 60),
        ],
        Err(error) => vec![name, String::new(), format!("error: {error:#}")],
    };
    output::table(
        &["NAME", "TOOLS", "INSTRUCTIONS"],
        rows.into_iter().map(cells).collect(),
    )?;
    Ok(0)
}

fn tools(loaded: &Loaded) -> String {
    match &loaded.agent.tools {
        None => "all".into(),
        Some(tools) if tools.is_empty() => "none".into(),
        Some(tools) => tools.join(", "),
    }
}

fn described(name: &str, file: &Path, loaded: &Loaded) -> Value {
    json!({
        "name": name,
        "path": file,
        "instructions": loaded.agent.instructions,
        "tools": loaded.agent.tools,
        "children": loaded.agent.children,
        "limits": loaded.limits,
        "think": loaded.think,
        "memory": loaded.memory,
        "model": loaded.model,
        "knowledge": loaded.knowledge,
        "schema": loaded.schema,
        "examples": loaded.examples,
        "trusted": !loaded.agent.stranger,
    })
}

fn show(session: &Session, agent: &Path, as_json: bool) -> Result<u8> {
    let file = agent::found(agent, &session.paths)?;
    let loaded = agent::load(&file, &session.paths)?;
    let name = loaded.agent.name.clone();
    let learnt = Shelf::of(&session.paths, &loaded).all()?;
    if as_json {
        let mut described = described(&name, &file, &loaded);
        described["learnt"] = json!(learnt);
        output::json(&described)?;
        return Ok(0);
    }
    output::line(&format!(
        "{}  {}",
        visible(&name),
        visible(&file.display().to_string())
    ))?;
    output::line(&format!("tools: {}", visible(&tools(&loaded))))?;
    if loaded.agent.children {
        output::line("children: it may start processes of its own")?;
    }
    let program = session.program(&loaded, String::new());
    let (limits, memory) = (&program.limits, &program.agent.memory);
    output::line(&format!(
        "limits: {}, {}, {} s",
        counted(limits.steps, "step"),
        counted(limits.tokens, "token"),
        limits.seconds
    ))?;
    if let Some(think) = loaded.think {
        output::line(&format!("thought: {}", think::words(think)))?;
    }
    output::line(&format!(
        "memory: {}; at most {} recalled",
        visible(crate::config::process::space_words(&memory.space)),
        counted(memory.recall_tokens, "token")
    ))?;
    show_sources(&loaded, &learnt, agent)?;
    if loaded.agent.stranger {
        output::line("not trusted: what it says counts as a stranger's")?;
    }
    output::line("")?;
    output::line(&visible(loaded.agent.instructions.trim()))?;
    Ok(0)
}

/// Prints what the answers of `agent` rest on: its model, documents and schema, and the examples
/// that it is shown, including those that it has `learnt`.
fn show_sources(loaded: &Loaded, learnt: &[Skill], agent: &Path) -> Result<()> {
    if let Some(model) = &loaded.model {
        output::line(&format!("model: {}", visible(model)))?;
    }
    for path in &loaded.knowledge {
        output::line(&format!("knows: {}", visible(&path.display().to_string())))?;
    }
    if let Some(schema) = &loaded.schema {
        output::json_after("answers: ", schema)?;
    }
    if !loaded.examples.is_empty() {
        output::line(&format!(
            "shown: {}",
            counted(loaded.examples.len(), "example")
        ))?;
    }
    if !learnt.is_empty() {
        let on = learnt.iter().filter(|skill| skill.on).count();
        output::line(&format!(
            "learnt: {}, {on} of them shown (`quipu learn ls --agent {}`)",
            counted(learnt.len(), "example"),
            visible(&agent.display().to_string())
        ))?;
    }
    Ok(())
}

fn check(session: &Session, agent: &Path) -> Result<u8> {
    let file = agent::found(agent, &session.paths)?;
    let loaded = agent::load(&file, &session.paths)?;
    let (mut bus, _) = session.bus(Servers::Unasked)?;
    loaded.add_to(&mut bus)?;
    loaded.check(&bus)?;
    if let Some(missing) = loaded.knowledge.iter().find(|path| !path.exists()) {
        let path = visible(&missing.display().to_string());
        return Err(UserError::usage(
            format!(
                "the agent {} knows {path}, which is not there",
                visible(&loaded.agent.name)
            ),
            "`knowledge` names files and folders, relative to the folder of the agent's file",
        ));
    }
    if let Some(model) = &loaded.model
        && session.globals.models.is_empty()
    {
        session.check_model(model)?;
    }
    if loaded.agent.instructions.trim().is_empty() {
        say!("warning: it has no instructions");
    }
    output::line(&format!(
        "{} can run: {}",
        visible(&loaded.agent.name),
        match &loaded.agent.tools {
            None => "it sees all tools".to_owned(),
            Some(tools) => counted(tools.len(), "tool"),
        }
    ))?;
    if loaded.agent.stranger {
        let path = visible(&file.display().to_string());
        say!("hint: it is not trusted; `quipu trust {path}` vouches for it as it is now");
    }
    Ok(0)
}
