//! The agents by which the cases are run.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Result;
use quipu_tools::Bus;

use super::cases::Case;
use crate::config::paths::Paths;
use crate::session::agent::{self, Loaded};
use crate::session::learnt::{Shelf, Skill};
use crate::terminal::error::UserError;
use crate::terminal::lines::file_words;
use crate::terminal::output::visible;

/// An agent, and how results name it.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// Its path as it was given; `None` for the usual one.
    pub name: Option<String>,
    /// The agent.
    pub loaded: Loaded,
    /// What it has learnt, if that is shown.
    pub skills: Vec<Skill>,
}

/// The agents of an eval.
pub struct Agents {
    /// The agents of cases that name none.
    given: Vec<Named>,
    /// The agents that cases name, by the line of the case.
    own: HashMap<usize, Named>,
}

impl Agents {
    /// Reads the `given` agents, and those that the `cases` in `file` name. Each counts as a
    /// stranger's until its user trusts it, as with `run`.
    ///
    /// # Errors
    /// An agent that cannot be read; with the line, where a case names it.
    pub fn load(given: &[PathBuf], file: &Path, cases: &[Case], paths: &Paths) -> Result<Self> {
        let named = |name: &Path, loaded: Loaded| Named {
            name: Some(name.display().to_string()),
            loaded,
            skills: Vec::new(),
        };
        let (mut usual, mut strange) = (Vec::new(), BTreeSet::new());
        for path in given {
            let loaded = agent::load(path, paths)?;
            if loaded.agent.stranger {
                strange.insert(path);
            }
            usual.push(named(path, loaded));
        }
        if usual.is_empty() {
            usual.push(Named::default());
        }
        let folder = file.parent().unwrap_or(Path::new("."));
        let mut own = HashMap::new();
        for case in cases {
            if let Some(path) = &case.agent {
                let place = || format!("{}, line {}", file_words(file), case.line);
                let loaded = agent::load(&folder.join(path), paths);
                let loaded = loaded.map_err(|error| error.context(place()))?;
                if loaded.agent.stranger {
                    strange.insert(path);
                }
                own.insert(case.line, named(path, loaded));
            }
        }
        for path in strange {
            let path = visible(&path.display().to_string());
            say!(
                "warning: the agent {path} is not trusted: each change that it makes needs an \
                 approval; `quipu trust FILE` vouches for it as it is now"
            );
        }
        Ok(Self { given: usual, own })
    }

    /// One agent, which runs all cases.
    pub fn only(named: Named) -> Self {
        Self {
            given: vec![named],
            own: HashMap::new(),
        }
    }

    /// Lets each have what it has learnt.
    ///
    /// # Errors
    /// A file that is no skill.
    pub fn learnt(mut self, paths: &Paths) -> Result<Self> {
        for named in self.given.iter_mut().chain(self.own.values_mut()) {
            named.skills = Shelf::of(paths, &named.loaded).on()?;
        }
        Ok(self)
    }

    /// The agents that run `case`: its own, else each that was given.
    pub fn of(&self, case: &Case) -> &[Named] {
        match self.own.get(&case.line) {
            Some(own) => std::slice::from_ref(own),
            None => &self.given,
        }
    }

    /// Checks that the tools which agents and `cases` name are on `bus`.
    pub fn check(&self, bus: &Bus, file: &Path, cases: &[Case]) -> Result<()> {
        for named in self.given.iter().chain(self.own.values()) {
            named.loaded.check(bus)?;
        }
        for case in cases {
            let mut tools = case.tools.iter().flatten();
            if let Some(missing) = tools.find(|name| !agent::is_there(name, bus)) {
                return Err(UserError::usage(
                    format!(
                        "{}, line {}: there is no tool {missing}",
                        file_words(file),
                        case.line
                    ),
                    agent::near_tool(missing, bus),
                ));
            }
        }
        Ok(())
    }
}
