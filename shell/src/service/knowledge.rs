//! The knowledge of an agent: the folders that its `agent.toml` names, in a space of its own.
//! They are checked before it runs, and changed files are read again.

use std::fmt::Display;

use anyhow::Result;
use quipu_memory::{Access, Secrecy, Trust};

use super::lent::library;
use crate::import::job::{Import, Shelf, Wanted};
use crate::session::Session;
use crate::session::agent::{self, Loaded, beside};
use crate::terminal::error::UserError;
use crate::terminal::output::{one_line, visible};
use crate::terminal::words::{fill, words};

/// Brings in what changed of the folders that `agent` knows. They are documents like any others:
/// nobody vouches for what they say. The agent of a stranger looks at no folder of this machine.
///
/// # Errors
/// A folder that is not there, and a store that fails.
pub fn refresh(session: &Session, agent: &Loaded) -> Result<()> {
    if agent.knowledge.is_empty() {
        return Ok(());
    }
    let name = visible(&agent.agent.name);
    if agent.agent.stranger {
        say!(
            "{}",
            fill(words().no_knowledge_of_strangers, &[("agent", &name)])
        );
        return Ok(());
    }
    if let Some(missing) = agent.knowledge.iter().find(|path| !path.exists()) {
        return Err(UserError::usage(
            format!(
                "the agent {name} knows {}, which is not there",
                missing.display()
            ),
            "`knowledge` in its file names files and folders, relative to the folder of that file",
        ));
    }
    let store = library(session, Access::ReadWrite)?;
    store.defer_vectors()?;
    let shelf = Shelf {
        space: beside::space(&agent.agent.name),
        trust: Trust::Untrusted,
        secrecy: Secrecy::Public,
    };
    let import = Import::new(session, store.as_ref(), shelf, Wanted::default())?;
    let tally = import.bring(&[], &agent.knowledge)?;
    if tally.pages + tally.removed > 0 {
        for line in &tally.partly {
            say!("{}", one_line(line));
        }
        for line in &tally.skipped {
            say!(
                "{}",
                fill(words().skipped_one, &[("what", &one_line(line))])
            );
        }
        let counts: [(&str, &dyn Display); 2] = [("agent", &name), ("pages", &tally.pages)];
        say!("{}", fill(words().knows, &counts));
        session.give_vectors(store.as_ref())?;
    }
    Ok(())
}

/// The same for each agent that has a name. One whose folders cannot be looked at is named, and
/// answers from what it knew.
pub fn refresh_all(session: &Session) {
    for (name, file) in agent::all(&session.paths.agents()) {
        let loaded = agent::load(&file, &session.paths);
        if let Err(error) = loaded.and_then(|loaded| refresh(session, &loaded)) {
            say!("warning: the agent {name}: {error:#}");
        }
    }
}
