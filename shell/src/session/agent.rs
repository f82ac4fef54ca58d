//! Agents from files: `agent.toml`, a SKILL.md, or plain instructions. Whether such a file
//! may be followed is decided in `config/trust`.

pub mod beside;
mod collection;
mod disk;
mod files;
mod foreign;
mod foreign_tools;
pub mod front_matter;
pub mod project;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use quipu_kernel::calls::MEMORY;
use quipu_kernel::deliberation::Think;
use quipu_kernel::label::Trust;
use quipu_kernel::process::{Agent, Example};
use quipu_tools::Bus;
use quipu_tools::trust::{Files, Standing, file_hash};
use serde::Deserialize;
use serde_json::Value;

use crate::config::paths::Paths;
use crate::config::process::{LimitsFile, MemoryFile, SpaceName};
use crate::config::trust;
use crate::terminal::error::UserError;
use crate::terminal::hints;
use crate::terminal::output::visible;
use crate::terminal::text::read_text;
use crate::terminal::toml_words;
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
    /// The model that it is for, where its file names one.
    pub model: Option<String>,
    /// The form of its answers, where its file says so.
    pub schema: Option<Value>,
    /// Tasks with their answers, which it is shown before its own.
    pub examples: Vec<Example>,
    /// Folders whose documents it knows.
    pub knowledge: Vec<PathBuf>,
    /// Its file; `None` for the usual agent.
    pub file: Option<PathBuf>,
    /// The folder of a SKILL.md, whose other files it can read.
    skill: Option<PathBuf>,
    /// What its file pulls in, by paths from its folder on: trust is bound to that too.
    parts: Files,
    /// What its user trusted, itself and its parts: of its folder nothing else is read. `None` where
    /// trust is not asked for, or not given.
    trusted: Option<Files>,
    /// What changed of it since its user trusted it, and made a stranger of it.
    changed: Vec<String>,
    /// Tools that a SKILL.md wants called without a question: often another program's. They
    /// limit nothing.
    wanted: Vec<String>,
    /// Keys of its file that count for nothing here.
    not_taken: Vec<&'static str>,
}

impl Loaded {
    /// Puts the agent's own devices onto `bus`: the files of a skill.
    ///
    /// # Errors
    /// Where they cannot be read, or a tool of that name is there.
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
        let found = found?.flatten();
        Ok(match &self.trusted {
            None => found,
            Some(trusted) => found.map(|files| files.trusting(trusted)),
        })
    }

    /// Checks that the tools it names are on `bus`.
    ///
    /// # Errors
    /// Where its own tools are not. Those that a SKILL.md wants are another program's, and
    /// only said to be missing.
    pub fn check(&self, bus: &Bus) -> Result<()> {
        self.say_what_changed();
        let whom = match &self.skill {
            Some(_) => format!("the skill {}", self.agent.name),
            None => format!("the agent {}", self.agent.name),
        };
        let has_files = self.skill.is_some();
        let is_here =
            |name: &str| is_there(name, bus) || foreign_tools::function(name, has_files).is_some();
        let wanted = self.wanted.iter().map(String::as_str);
        let missing: Vec<&str> = wanted.filter(|name| !is_here(name)).collect();
        let missing = (!missing.is_empty()).then(|| {
            let names = missing.join(", ");
            format!("{whom} was written for tools that are not there: {names}")
        });
        let not_taken = foreign::told(&whom, &self.not_taken);
        for said in missing.into_iter().chain(not_taken) {
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
            near_tool(missing[0], bus),
        ))
    }
}

impl Loaded {
    /// Says why it is a stranger's again, where its user had trusted it.
    pub fn say_what_changed(&self) {
        if let (Some(file), false) = (&self.file, self.changed.is_empty()) {
            let file = file.display().to_string();
            let said = format!(
                "the agent {} counts as a stranger's, because it changed since it was trusted: {}; \
                 `quipu trust {}` trusts it as it is now",
                self.agent.name,
                self.changed.join(", "),
                shell_words::quote(&file)
            );
            say!("warning: {}", visible(&said));
        }
    }

    /// A stranger does not read what its user's agent of that name knew.
    fn forget_knowledge(&mut self) {
        if let (Some(reads), false) = (&mut self.memory.reads, self.knowledge.is_empty()) {
            // The last one is that of its folders; what the file names itself stays to be checked.
            reads.pop();
        }
    }

    /// Reads which files its own pulls in, beside those that it was made of.
    fn find_parts(&mut self) -> Result<()> {
        if let Some(files) = self.files()? {
            self.parts.extend(files.hashes());
        }
        Ok(())
    }

    /// The hashes of its `file`, which says `text`, and of its parts.
    fn with_itself(&self, file: &Path, text: &str) -> Files {
        let mut files = self.parts.clone();
        if let Some(name) = file.file_name() {
            let name = name.to_string_lossy().into_owned();
            files.insert(name, file_hash(text.as_bytes()));
        }
        files
    }
}

/// Whether an agent can have the tool `name`: it is on `bus`, or one of the kernel's own.
pub fn is_there(name: &str, bus: &Bus) -> bool {
    name == MEMORY || bus.get(name).is_some()
}

/// The hint of a tool that is not on `bus`: what is called nearly so, and what lists them all.
pub fn near_tool(name: &str, bus: &Bus) -> String {
    let tools = bus.list().into_iter();
    let names = tools.map(|tool| tool.spec().name.clone());
    let lists = "`quipu tool ls` lists the tools there are";
    hints::near(name, names.chain([MEMORY.to_owned()]), lists)
}

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
    model: Option<String>,
    /// A JSON Schema, or the name of a file with one.
    schema: Option<Value>,
    #[serde(default)]
    examples: Vec<beside::ExampleFile>,
    #[serde(default)]
    knowledge: Vec<String>,
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
    if !trust::is_own(&file, paths) {
        // Which can be long files, and many.
        if trust::is_known(&file, paths)? {
            loaded.find_parts()?;
        }
        match trust::standing(&file, &text, &loaded.parts, paths)? {
            Standing::Trusted => loaded.trusted = Some(loaded.with_itself(&file, &text)),
            Standing::Unknown => loaded.agent.stranger = true,
            Standing::Changed(files) => {
                loaded.agent.stranger = true;
                loaded.changed = files;
            }
        }
    }
    if loaded.agent.stranger {
        for example in &mut loaded.examples {
            example.label.trust = Trust::Untrusted;
        }
        loaded.forget_knowledge();
    }
    loaded.file = Some(file);
    Ok(loaded)
}

/// The files that the agent in `file` pulls in, with their hashes, by their paths from its folder
/// on; none where it is no agent that can be read.
pub fn parts(file: &Path) -> Files {
    let read = || {
        let mut loaded = parse(file, &read_text(file, "an agent")?)?;
        loaded.find_parts()?;
        Ok::<_, anyhow::Error>(loaded.parts)
    };
    read().unwrap_or_default()
}

/// Reads `folder` with what the agents in it pull in.
///
/// # Errors
/// As [`trust::Folder::read`].
pub fn folder_to_trust(folder: &Path) -> Result<trust::Folder> {
    let mut found = trust::Folder::read(folder)?;
    let files = found.agents.keys().map(|name| found.path.join(name));
    let parts = files.flat_map(|file| parts(&file)).collect();
    found.parts = parts;
    Ok(found)
}

/// Reads the agent at `path` as if its user had written it.
#[cfg(test)]
pub fn load_apart(path: &Path) -> Result<Loaded> {
    let file = find(path)?;
    let text = read_text(&file, "an agent")?;
    let mut loaded = parse(&file, &text)?;
    loaded.file = Some(file);
    Ok(loaded)
}

/// The agent that the file `file` with this `text` describes. Where it gives no name, that of the
/// file is its name.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Loaded> {
    let name = file.file_stem().unwrap_or_default();
    let name = foreign::name(&name.to_string_lossy()).to_owned();
    let loaded = match file.extension().is_some_and(|end| end == "toml") {
        true => of_manifest(file, text, name),
        false => of_instructions(file, text, name),
    }?;
    // They stand in lines that this program says: none may begin a line of its own.
    let is_line = |name: &String| !name.contains(char::is_control);
    match is_line(&loaded.agent.name) && loaded.model.as_ref().is_none_or(is_line) {
        true => Ok(loaded),
        false => Err(broken(
            file,
            &"a name has a line end or a control character in it",
        )),
    }
}

/// The agent of an `agent.toml`.
fn of_manifest(file: &Path, text: &str, fallback: String) -> Result<Loaded> {
    let manifest: Manifest =
        toml::from_str(text).map_err(|error| broken(file, &toml_words::wrong(&error)))?;
    let folder = folder_of(file);
    let name = manifest.name.unwrap_or(fallback);
    let schema = manifest.schema.map(|given| beside::schema(given, &folder));
    let in_file = |error: anyhow::Error| error.context(file.display().to_string());
    let (schema, parts) = schema.transpose().map_err(in_file)?.unzip();
    let mut memory = manifest.memory;
    if !manifest.knowledge.is_empty() {
        let known = SpaceName(beside::space(&name));
        memory.reads.get_or_insert_default().push(known);
    }
    let examples = beside::examples(&manifest.examples, &name);
    let agent = Agent {
        name,
        instructions: manifest.instructions,
        tools: manifest.tools,
        children: manifest.children,
        ..Agent::default()
    };
    Ok(Loaded {
        agent,
        limits: manifest.limits,
        memory,
        think: manifest.think,
        model: manifest.model,
        schema,
        parts: parts.unwrap_or_default(),
        examples,
        knowledge: beside::folders(&manifest.knowledge, &folder),
        ..Loaded::default()
    })
}

/// The agent of a SKILL.md, or of plain instructions, perhaps with front matter, or in JSON.
fn of_instructions(file: &Path, text: &str, fallback: String) -> Result<Loaded> {
    let text = without_interpreter(text);
    let read = match file.extension().is_some_and(|end| end == "json") {
        true => foreign::of_json(text),
        false => front_matter::read(text).map(|(front, body)| (front, body.to_owned())),
    };
    let (front, body) = read.map_err(|reason| broken(file, &reason))?;
    let wanted = front.allowed_tools();
    let not_taken = front.not_taken();
    let fallback = match (is_skill(file), file.parent().and_then(Path::file_name)) {
        // In the format the folder has the name of the skill.
        (true, Some(folder)) => folder.to_string_lossy().into_owned(),
        _ => fallback,
    };
    let mut loaded = Loaded {
        skill: is_skill(file).then(|| folder_of(file)),
        wanted,
        not_taken,
        ..Loaded::default()
    };
    let mut parts: Vec<String> = front.description.into_iter().collect();
    parts.push(body.trim().to_owned());
    let files = loaded.files()?;
    parts.extend(files.as_ref().map(SkillFiles::told));
    parts.extend(foreign_tools::instead(&loaded.wanted, files.is_some()));
    loaded.agent = Agent {
        name: front.name.map_or(fallback, |name| name.trim().to_owned()),
        instructions: parts.join("\n\n"),
        children: loaded
            .wanted
            .iter()
            .any(|tool| foreign_tools::starts_agents(tool)),
        ..Agent::default()
    };
    Ok(loaded)
}

/// `text` without the line that names the program which runs it.
fn without_interpreter(text: &str) -> &str {
    match text.starts_with("#!") {
        true => text.split_once('\n').map_or("", |(_, rest)| rest),
        false => text,
    }
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
    let mut agents = all(&folder);
    agents.remove(name).ok_or_else(|| {
        let lists = "name a file or a folder; `quipu agent ls` lists those that have a name";
        UserError::usage(
            format!("there is no agent {}", visible(name)),
            hints::near(name, agents.into_keys(), lists),
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
                collection::hint(path),
            )
        })
}

fn broken(file: &Path, error: &dyn std::fmt::Display) -> anyhow::Error {
    UserError::usage(
        format!("{}: {}", file.display(), error.to_string().trim_end()),
        "fix that line, or remove it; `quipu agent new NAME` writes an agent with all that it may have",
    )
}

#[cfg(test)]
mod tests;
