//! Agents from files: `agent.toml`, a SKILL.md, or plain instructions.

use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_kernel::process::Agent;
use quipu_memory::{LIST_MAX, PageId, Store};
use quipu_tools::Bus;
use serde::Deserialize;

use crate::error::UserError;
use crate::init::read_text;
use crate::output::visible;
use crate::paths::Paths;
use crate::settings::{LimitsFile, MemoryFile, space_words};
use crate::trust;

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

impl Loaded {
    /// Checks that an agent nobody vouches for names no part of the disk that is another's:
    /// no space with pages in it, and no notes that are there.
    ///
    /// # Errors
    /// Where it does: says which, and what to do.
    pub fn check_memory(&self, store: &dyn Store) -> Result<()> {
        if !self.agent.stranger {
            return Ok(());
        }
        let memory = &self.memory;
        let own = memory.space.as_ref().map_or("", |space| space.0.as_str());
        let reads = memory.reads.iter().flatten().map(|space| space.0.as_str());
        let mut named: Vec<&str> = reads.chain([own]).filter(|name| !name.is_empty()).collect();
        named.dedup();
        for space in named {
            if holds_pages(store, space)? {
                return Err(self.refused(&format!("the space {}, which", space_words(space))));
            }
        }
        for block in memory.blocks.iter().flatten() {
            if store.get(&PageId::of_block(own, &block.0))?.is_some() {
                return Err(self.refused(&format!("the note {}, which", block.0)));
            }
        }
        Ok(())
    }

    fn refused(&self, what: &str) -> anyhow::Error {
        let name = visible(&self.agent.name);
        UserError::usage(
            format!("the agent {name} is not trusted, and names {what} is there already"),
            "`quipu trust DIR|FILE` vouches for an agent as its file is now",
        )
    }
}

/// Whether anything is in `space`.
fn holds_pages(store: &dyn Store, space: &str) -> Result<bool> {
    if store.spaces()?.contains_key(space) {
        return Ok(true);
    }
    let mut seen = 0;
    loop {
        let pages = store.list(seen, LIST_MAX)?;
        if pages.is_empty() {
            return Ok(false);
        }
        if pages.iter().any(|page| page.space == space) {
            return Ok(true);
        }
        seen += pages.len();
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

/// Reads the agent at `path`: a file, or a folder with `agent.toml` or `SKILL.md`. One that
/// its user did not trust as it is is a stranger.
pub fn load(path: &Path, paths: &Paths) -> Result<Loaded> {
    let file = find(path)?;
    let text = read_text(&file, "an agent")?;
    let mut loaded = parse(&file, &text)?;
    loaded.agent.stranger = !trust::vouches_for(&file, &text, paths)?;
    Ok(loaded)
}

/// Reads the agent at `path` for a run that has nothing of the user's own.
pub fn load_apart(path: &Path) -> Result<Loaded> {
    let file = find(path)?;
    let text = read_text(&file, "an agent")?;
    parse(&file, &text)
}

fn parse(file: &Path, text: &str) -> Result<Loaded> {
    let fallback = file
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    if file
        .extension()
        .is_some_and(|extension| extension == "toml")
    {
        let manifest: Manifest = toml::from_str(text).map_err(|error| broken(file, &error))?;
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
    let (front, body) = split_front_matter(text);
    let front: FrontMatter = match front {
        Some(yaml) => serde_saphyr::from_str(yaml).map_err(|error| broken(file, &error))?,
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
        let said = match load_apart(&file) {
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

    #[test]
    fn an_agent_is_a_strangers_until_it_is_trusted() {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::find(Some(root.path().join("root").as_path())).unwrap();
        let folder = root.path().join("ag");
        let file = folder.join("agent.toml");
        std::fs::create_dir_all(folder.join(".quipu/agents")).unwrap();
        let below = folder.join(".quipu/agents/b.toml");
        let write = |text: &str| {
            std::fs::write(&file, text).unwrap();
            std::fs::write(&below, text).unwrap();
        };
        let check = |path: &Path, stranger: bool| {
            let loaded = load(path, &paths).unwrap();
            assert_eq!(loaded.agent.stranger, stranger, "{}", path.display());
        };
        let trust = || {
            let folder = trust::Folder::read(&folder).unwrap();
            let mut book = trust::book(&paths).unwrap();
            book.trust(folder.key().unwrap(), folder.hashes()).unwrap();
        };
        write("name = 'a'");
        check(&folder, true);
        trust();
        check(&folder, false);
        check(&below, false);
        write("name = 'b'");
        check(&folder, true);
        check(&below, true);
        trust::vouch(&below, &paths).unwrap();
        check(&folder, true);
        check(&below, false);
    }

    #[test]
    fn a_stranger_gets_no_part_of_the_disk_that_is_anothers() {
        use quipu_memory::{Kind, NewPage, RamStore};
        let store = RamStore::new();
        let page = |id: PageId, space: &str| NewPage {
            id: Some(id),
            kind: Kind::Memory,
            text: "text".into(),
            space: space.into(),
            ..NewPage::default()
        };
        store.put(page(PageId::of_block("", "person"), "")).unwrap();
        store.put(page("m1".into(), "notes")).unwrap();
        let documents = NewPage {
            kind: Kind::Document,
            ..page("d1".into(), "library")
        };
        store.put(documents).unwrap();
        let check = |memory: &str, want: &str| {
            let text = format!("[memory]\n{memory}");
            let mut loaded = parse("a.toml".as_ref(), &text).unwrap();
            assert!(loaded.check_memory(&store).is_ok());
            loaded.agent.stranger = true;
            let said = loaded
                .check_memory(&store)
                .map_err(|error| error.to_string());
            assert!(said.err().unwrap_or_default().contains(want), "{memory}");
        };
        check("space = 'notes'", "the space notes");
        check("reads = ['library']", "the space library");
        check("blocks = ['person']", "the note person");
        let fresh = parse(
            "a.toml".as_ref(),
            "[memory]\nspace = 'new'\nblocks = ['person']",
        );
        let mut fresh = fresh.unwrap();
        fresh.agent.stranger = true;
        assert!(fresh.check_memory(&store).is_ok());
    }
}
