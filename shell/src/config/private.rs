//! Files and folders that only their owner can read, made in the same way as the store makes
//! its own. `paths::mend` closes what an earlier release left open.

pub use quipu_memory::private::{close, close_all, file, folder, replace, sync_name};
