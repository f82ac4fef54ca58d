//! Which part of the disk an agent may name. An agent that nobody vouches for may not name
//! another's.

use anyhow::Result;
use quipu_memory::{LIST_MAX, PageId, Space, Store};

use super::Loaded;
use crate::config::process::space_words;
use crate::terminal::error::UserError;
use crate::terminal::output::visible;

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
        let own = memory
            .space
            .as_ref()
            .map_or(&Space::SHARED, |space| &space.0);
        let reads = memory.reads.iter().flatten().map(|space| &space.0);
        let named = reads.chain([own]).filter(|space| !space.is_shared());
        let mut named: Vec<&Space> = named.collect();
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
fn holds_pages(store: &dyn Store, space: &Space) -> Result<bool> {
    if store.spaces()?.contains_key(space) {
        return Ok(true);
    }
    let mut seen = 0;
    loop {
        let pages = store.list(seen, LIST_MAX)?;
        if pages.is_empty() {
            return Ok(false);
        }
        if pages.iter().any(|page| page.space == *space) {
            return Ok(true);
        }
        seen += pages.len();
    }
}
