//! Agents from files: `agent.toml`, a SKILL.md, or plain instructions. Whether such a file
//! may be followed is decided in `config/trust`.

mod borrowed;
mod disk;
mod files;
pub mod front;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use quipu_kernel::deliberation::Think;
use quipu_kernel::process::Agent;
use quipu_tools::Bus;
use serde::Deserialize;

use crate::config::paths::Paths;
use crate::config::settings::{LimitsFile, MemoryFile};
use crate::config::trust;
use crate::terminal::error::UserError;
use crate::terminal::output::visible;
use crate::terminal::text::read_text;
use files::SkillFiles;

/// An agent with what its file says beyond the kernel's notion of one.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The agent.
    pub agent: Agent,
    /// Its limits, where its file sets any.
    pub limits: LimitsFile,
    /// Its part of the disk, where its file says anything of it.
    pub memory: MemoryFile,
    /// How much thought its tasks get, where its file says so.
    pub think: Option<Think>,
    /// Its file; `None` for the usual agent.
    pub file: Option<PathBuf>,
    /// The folder of a SKILL.md, whose other files it can read.
    skill: Option<PathBuf>,
    /// Tools that a SKILL.md wants called without a question: often another program's. They
    /// limit nothing.
    wanted: Vec<String>,
}

impl Loaded {
    /// Puts onto `bus` what comes with it: the files of a skill.
    ///
    /// # Errors
    /// Where they cannot be looked at, or a tool of that name is there.
    pub fn add_to(&self, bus: &mut Bus) -> Result<()> {
        if let Some(files) = self.files()? {
            bus.add(Arc::new(files))?;
        }
        Ok(())
    }

    /// Whether it brings files of its own, which only a machine that was started for it has.
    ///
    /// # Errors
    /// Where they cannot be looked at.
    pub fn has_files(&self) -> Result<bool> {
        Ok(self.files()?.is_some())
    }

    /// Whether it depends on which tools there are.
    pub fn names_tools(&self) -> bool {
        !self.wanted.is_empty() || self.agent.tools.is_some()
    }

    fn files(&self) -> Result<Option<SkillFiles>> {
        let found = self.skill.as_deref().map(SkillFiles::of).transpose();
        Ok(found?.flatten())
    }

    /// Checks that the tools it names are on `bus`.
    ///
    /// # Errors
    /// Where its own tools are not. Those that a SKILL.md wants are another program's, and
    /// only said to be missing.
    pub fn check(&self, bus: &Bus) -> Result<()> {
        let wanted = self.wanted.iter().map(String::as_str);
        let missing: Vec<&str> = wanted
            .filter(|name| borrowed::here(name).is_none() && !is_there(name, bus))
            .collect();
        if !missing.is_empty() {
            let said = format!(
                "the skill {} was written for tools that are not there: {}",
                self.agent.name,
                missing.join(", ")
            );
            say!("warning: {}", visible(&said));
        }
        let named = self.agent.tools.iter().flatten();
        let missing: Vec<&str> = named
            .map(String::as_str)
            .filter(|name| !is_there(name, bus))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(UserError::usage(
            format!(
                "the agent {} names tools that are not there: {}",
                self.agent.name,
                missing.join(", ")
            ),
            "`quipu tool ls` lists the tools there are",
        ))
    }
}

/// Whether an agent can have the tool `name`: it is on `bus`, or one of the kernel's own.
pub fn is_there(name: &str, bus: &Bus) -> bool {
    name == KERNEL_CALLS || bus.get(name).is_some()
}

/// What comes before the dot in the kernel's own calls on the store.
pub const KERNEL_CALLS: &str = "memory";

/// The file that makes a folder a skill.
const SKILL: &str = "SKILL.md";

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
    think: Option<Think>,
    /// Whether it may start processes of its own.
    #[serde(default)]
    children: bool,
}

/// Reads the agent at `path`: a file, or a folder with `agent.toml` or `SKILL.md`. One that
/// its user did not trust as it is is a stranger.
pub fn load(path: &Path, paths: &Paths) -> Result<Loaded> {
    let file = found(path, paths)?;
    let text = read_text(&file, "an agent")?;
    let mut loaded = parse(&file, &text)?;
    loaded.agent.stranger = !trust::vouches_for(&file, &text, paths)?;
    loaded.file = Some(file);
    Ok(loaded)
}

/// Reads the agent at `path` for a run that has nothing of the user's own.
pub fn load_apart(path: &Path) -> Result<Loaded> {
    let file = find(path)?;
    let text = read_text(&file, "an agent")?;
    let mut loaded = parse(&file, &text)?;
    loaded.file = Some(file);
    Ok(loaded)
}

pub(crate) fn parse(file: &Path, text: &str) -> Result<Loaded> {
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
            children: manifest.children,
            ..Agent::default()
        };
        return Ok(Loaded {
            agent,
            limits: manifest.limits,
            memory: manifest.memory,
            think: manifest.think,
            ..Loaded::default()
        });
    }
    let (front, body) = front::read(text).map_err(|reason| broken(file, &reason))?;
    let wanted = front.allowed_tools();
    let fallback = match (is_skill(file), file.parent().and_then(Path::file_name)) {
        // In the format the folder has the name of the skill.
        (true, Some(folder)) => folder.to_string_lossy().into_owned(),
        _ => fallback,
    };
    let mut loaded = Loaded {
        skill: is_skill(file).then(|| folder_of(file)),
        wanted,
        ..Loaded::default()
    };
    let mut parts: Vec<String> = front.description.into_iter().collect();
    parts.push(body.trim().to_owned());
    let files = loaded.files()?;
    parts.extend(files.as_ref().map(SkillFiles::told));
    parts.extend(instead(&loaded.wanted, files.is_some()));
    loaded.agent = Agent {
        name: front.name.unwrap_or(fallback),
        instructions: parts.join("\n\n"),
        children: loaded
            .wanted
            .iter()
            .any(|tool| borrowed::starts_agents(tool)),
        ..Agent::default()
    };
    Ok(loaded)
}

/// Whether `file` is the one that makes its folder a skill.
fn is_skill(file: &Path) -> bool {
    let name = file.file_name();
    name.is_some_and(|name| name.eq_ignore_ascii_case(SKILL))
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A paragraph that says which functions are to be called for the tools of another program
/// that a skill names; `None` where it names none that has one.
fn instead(wanted: &[String], has_files: bool) -> Option<String> {
    let mut ours: BTreeMap<&str, &str> = BTreeMap::new();
    for tool in wanted {
        let function = borrowed::here(tool);
        let is_there = |function: &&str| has_files || !function.starts_with(files::NAME);
        if let Some(function) = function.filter(is_there) {
            ours.entry(tool).or_insert(function);
        }
    }
    if ours.is_empty() {
        return None;
    }
    let pairs = ours
        .iter()
        .map(|(tool, function)| format!("{function} for {tool}"));
    let pairs: Vec<String> = pairs.collect();
    Some(format!(
        "This was written for another program. Here there is {}.",
        pairs.join(", ")
    ))
}

/// The file of the agent at `path`, which may also be the name of one in the folder of agents.
///
/// # Errors
/// A folder that is no agent, or a name that none has.
pub fn found(path: &Path, paths: &Paths) -> Result<PathBuf> {
    let is_name = path.components().count() == 1 && path.extension().is_none();
    let name = path.to_str().filter(|_| is_name && !path.exists());
    let Some(name) = name else {
        return find(path);
    };
    let folder = paths.agents();
    named(&folder, name).ok_or_else(|| {
        UserError::usage(
            format!("there is no agent {}", visible(name)),
            "name a file or a folder; `quipu agent ls` lists those that have a name",
        )
    })
}

/// The file of the agent `name` in `folder`.
pub fn named(folder: &Path, name: &str) -> Option<PathBuf> {
    all(folder).remove(name)
}

/// The agents in `folder` by their names: a .toml or .md file, or a folder of one.
pub fn all(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut agents = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let end = path.extension().and_then(|end| end.to_str());
        let is_file = path.is_file() && matches!(end, Some("toml" | "md"));
        let file = match path.is_dir() {
            true => find(&path).ok(),
            false => Some(path.clone()).filter(|_| is_file),
        };
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if let (Some(name), Some(file)) = (name, file) {
            agents.insert(name.to_owned(), file);
        }
    }
    agents
}

fn find(path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    // Not all write it in capitals.
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let skill = entries
        .map(|entry| entry.path())
        .find(|file| is_skill(file));
    ["agent.toml", SKILL]
        .iter()
        .map(|name| path.join(name))
        .chain(skill)
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

#[cfg(test)]
mod tests {
    use quipu_memory::{PageId, Space, Store};

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
            "sums | Adds.\n\nBe exact. | None",
        );
        check(
            "SKILL.md",
            "\u{feff}---\nname: sums\nallowed-tools: WebFetch Edit\n---\nBe exact.\n",
            "Be exact.\n\nThis was written for another program. Here there is browser.fetch for WebFetch. | None",
        );
        check("SKILL.md", "---\nname: sums\nBe exact.\n", "has no end");
        check(
            "Skill.md",
            "---\nname: sums\n---\nBe exact.\n",
            "sums | Be exact. | None",
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
        store
            .put(page(PageId::of_block(&Space::SHARED, "person"), ""))
            .unwrap();
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

    #[test]
    fn a_name_is_no_path() {
        let folder = tempfile::tempdir().unwrap();
        let agents = folder.path().join("agents");
        std::fs::create_dir_all(agents.join("clerk")).unwrap();
        std::fs::write(agents.join("clerk/agent.toml"), "").unwrap();
        std::fs::write(agents.join("poet.md"), "Rhyme.").unwrap();
        std::fs::write(folder.path().join("outside.md"), "").unwrap();
        assert_eq!(
            all(&agents).into_keys().collect::<Vec<_>>(),
            ["clerk", "poet"]
        );
        let check = |name: &str, there: bool| {
            assert_eq!(named(&agents, name).is_some(), there, "{name}");
        };
        check("clerk", true);
        check("poet", true);
        check("nobody", false);
        for path in ["", ".", "..", "../outside", "clerk/../poet", "/etc/passwd"] {
            check(path, false);
        }
    }
}
