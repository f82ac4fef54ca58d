//! Agents from files: `agent.toml`, a SKILL.md, or plain instructions.

use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_kernel::process::Agent;
use quipu_tools::Bus;
use serde::Deserialize;

use crate::error::UserError;
use crate::init::read_text;
use crate::output::visible;
use crate::settings::{LimitsFile, MemoryFile};

/// An agent with what its file says beyond the kernel's notion of one.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The agent.
    pub agent: Agent,
    /// Its limits, where its file sets any.
    pub limits: LimitsFile,
    /// Its part of the disk, where its file says anything of it.
    pub memory: MemoryFile,
    /// Whether a tool that is not there is an error. A SKILL.md may have been
    /// written for another program and name tools of that one.
    strict: bool,
}

impl Loaded {
    /// Checks that the tools it names are on `bus`.
    pub fn check(&self, bus: &Bus) -> Result<()> {
        let named = self.agent.tools.iter().flatten();
        let missing: Vec<&str> = named
            .map(String::as_str)
            .filter(|name| !is_there(name, bus))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let said = format!(
            "the agent {} names tools that are not there: {}",
            self.agent.name,
            missing.join(", ")
        );
        if self.strict {
            return Err(UserError::usage(
                said,
                "`quipu tool ls` lists the tools there are",
            ));
        }
        say!("warning: {}", visible(&said));
        Ok(())
    }
}

/// Whether an agent can have the tool `name`: it is on `bus`, or one of the kernel's own.
pub fn is_there(name: &str, bus: &Bus) -> bool {
    name == KERNEL_CALLS || bus.get(name).is_some()
}

/// What comes before the dot in the kernel's own calls on the store.
pub const KERNEL_CALLS: &str = "memory";

/// `agent.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: Option<String>,
    #[serde(default)]
    instructions: String,
    tools: Option<Vec<String>>,
    #[serde(default)]
    limits: LimitsFile,
    #[serde(default)]
    memory: MemoryFile,
}

/// The front matter of a SKILL.md; keys that are not known are left alone.
#[derive(Debug, Default, Deserialize)]
struct FrontMatter {
    name: Option<String>,
    description: Option<String>,
    #[serde(rename = "allowed-tools")]
    allowed_tools: Option<Tools>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Tools {
    List(Vec<String>),
    Words(String),
}

/// Reads the agent at `path`: a file, or a folder with `agent.toml` or `SKILL.md`.
pub fn load(path: &Path) -> Result<Loaded> {
    let file = find(path)?;
    let text = read_text(&file, "an agent")?;
    let fallback = file
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    if file
        .extension()
        .is_some_and(|extension| extension == "toml")
    {
        let manifest: Manifest = toml::from_str(&text).map_err(|error| broken(&file, &error))?;
        let agent = Agent {
            name: manifest.name.unwrap_or(fallback),
            instructions: manifest.instructions,
            tools: manifest.tools,
            ..Agent::default()
        };
        return Ok(Loaded {
            agent,
            limits: manifest.limits,
            memory: manifest.memory,
            strict: true,
        });
    }
    let (front, body) = split_front_matter(&text);
    let front: FrontMatter = match front {
        Some(yaml) => serde_saphyr::from_str(yaml).map_err(|error| broken(&file, &error))?,
        None => FrontMatter::default(),
    };
    let instructions = match front.description {
        Some(description) => format!("{description}\n\n{}", body.trim()),
        None => body.trim().to_owned(),
    };
    let agent = Agent {
        name: front.name.unwrap_or(fallback),
        instructions,
        tools: front.allowed_tools.map(|tools| match tools {
            Tools::List(names) => names,
            Tools::Words(words) => words
                .split([',', ' '])
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        }),
        ..Agent::default()
    };
    Ok(Loaded {
        agent,
        ..Loaded::default()
    })
}

fn find(path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    ["agent.toml", "SKILL.md"]
        .iter()
        .map(|name| path.join(name))
        .find(|file| file.is_file())
        .ok_or_else(|| {
            UserError::usage(
                format!("{} is not an agent", path.display()),
                "an agent's folder holds an agent.toml or a SKILL.md",
            )
        })
}

fn broken(file: &Path, error: &dyn std::fmt::Display) -> anyhow::Error {
    UserError::usage(
        format!("{}: {}", file.display(), error.to_string().trim_end()),
        "an agent has a name, instructions, and a list of tools",
    )
}

fn split_front_matter(text: &str) -> (Option<&str>, &str) {
    let rest = text
        .strip_prefix("---\n")
        .or_else(|| text.strip_prefix("---\r\n"));
    match rest.and_then(|rest| rest.split_once("\n---")) {
        Some((front, body)) => (Some(front), body.trim_start_matches('-').trim_start()),
        None => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, text: &str, want: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let said = match load(&file) {
            Ok(Loaded { agent, limits, .. }) => format!(
                "{} | {} | {:?} | {:?}",
                agent.name, agent.instructions, agent.tools, limits.steps
            ),
            Err(error) => error.to_string(),
        };
        assert!(said.contains(want), "{said}");
    }

    #[test]
    fn every_form_of_agent() {
        check(
            "a.toml",
            "name = 'n'\ninstructions = 'i'\ntools = ['t']",
            "n | i | Some([\"t\"])",
        );
        check("a.toml", "[limits]\nsteps = 3", "a |  | None | Some(3)");
        check("a.toml", "nam = 'n'", "unknown field");
        check(
            "a.toml",
            "[memory]\nspace = 'a b'",
            "cannot be the name of a space",
        );
        check(
            "S.md",
            "---\r\nname: crlf\r\n---\r\nBody.\r\n",
            "crlf | Body. | None",
        );
        check(
            "SKILL.md",
            "---\nname: sums\ndescription: Adds.\nallowed-tools: calculator, browser\n---\nBe exact.\n",
            "sums | Adds.\n\nBe exact. | Some([\"calculator\", \"browser\"])",
        );
        check("plain.md", "Just do it.", "plain | Just do it. | None");
    }
}
