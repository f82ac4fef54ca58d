//! Core memory: small texts that an agent always sees, edited in place.

use serde::{Deserialize, Serialize};

/// The longest text of one block, in bytes.
pub const BLOCK_BYTES_MAX: usize = 8 << 10;
/// The most blocks of one space.
pub const BLOCKS_MAX: usize = 32;

/// A small text of a space, with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// What it is about: `person`, `task`. At most [`crate::ID_BYTES_MAX`].
    pub name: String,
    /// At most [`BLOCK_BYTES_MAX`].
    pub text: String,
    /// When it was last changed: milliseconds since 1970, UTC.
    pub updated_ms: i64,
}
