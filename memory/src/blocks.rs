//! Core memory: small memories with a name, which an agent always sees and edits in place.
//!
//! A block is a memory like any other, with its history, its trust and its place in the
//! quota of its space; only its id says that it is one.

use crate::page::PageId;
use crate::space::Space;

/// The longest text of one block, in characters.
pub const BLOCK_CHARS_MAX: usize = 1_000;
/// The most blocks of one agent.
pub const BLOCKS_MAX: usize = 8;

const PREFIX: &str = "core/";

impl PageId {
    /// The id of the block called `name` of a space.
    pub fn of_block(space: &Space, name: &str) -> Self {
        match space.name() {
            None => Self::from(format!("{PREFIX}{name}")),
            Some(space) => Self::from(format!("{PREFIX}{space}/{name}")),
        }
    }

    /// Whether it is the id of a block.
    pub fn is_block(&self) -> bool {
        self.as_str().starts_with(PREFIX)
    }
}
