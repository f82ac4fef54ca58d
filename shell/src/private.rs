//! What of this root is closed to others: what an earlier release left open is closed at
//! the next start. Files and folders are made as the store makes its own.

pub use quipu_memory::private::{close, close_all, file, folder};

use crate::paths::Paths;

/// Closes to others what lies at `paths`, except models and compiled code, which
/// tell nothing of their user. Best effort: a file may be somebody else's.
pub fn mend(paths: &Paths) {
    for folder in [&paths.state, &paths.store, &paths.tools] {
        close_all(folder);
    }
    close(&paths.cache);
    for part in ["kv", "mcp"] {
        close_all(&paths.cache.join(part));
    }
    for file in [&paths.config, &paths.servers()] {
        close(file);
    }
}
