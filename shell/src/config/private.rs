//! What of this root is closed to others: what an earlier release left open is closed at
//! the next start. Files and folders are made as the store makes its own.

pub use quipu_memory::private::{close, close_all, file, folder};
