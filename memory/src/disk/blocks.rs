//! Core memory on the disk.

use super::DiskStore;
use super::db::Changes;
use crate::blocks::{BLOCK_BYTES_MAX, BLOCKS_MAX, Block};
use crate::error::StoreError;
use crate::page::ID_BYTES_MAX;

impl DiskStore {
    /// The blocks of `space`, in the order of their names.
    pub fn blocks(&self, space: &str) -> Result<Vec<Block>, StoreError> {
        self.read(|db| db.blocks(space))
    }

    /// Puts a block in place of the one of its name; an empty text removes it.
    ///
    /// Errors: `TooLarge` where the text, the name or the number of blocks is; those of
    /// writing.
    pub fn put_block(&self, space: &str, name: &str, text: &str) -> Result<(), StoreError> {
        let open = self.writable()?;
        let others = self.blocks(space)?;
        let others = others.iter().filter(|block| block.name != name).count();
        let limits = [
            ("text", text.len(), BLOCK_BYTES_MAX),
            ("name", name.len(), ID_BYTES_MAX),
            ("space", space.len(), ID_BYTES_MAX),
            ("number of blocks", others + 1, BLOCKS_MAX),
        ];
        for (part, bytes, bytes_max) in limits {
            if bytes > bytes_max {
                return Err(StoreError::TooLarge {
                    page: name.chars().take(40).collect(),
                    part,
                    bytes,
                    bytes_max,
                });
            }
        }
        let put = |changes: &mut Changes| match text.is_empty() {
            true => changes.remove_block(space, name).map(drop),
            false => changes.put_block(space, name, text),
        };
        open.change(put, |()| (0, 0))
    }
}
