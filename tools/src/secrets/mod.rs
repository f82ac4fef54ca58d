//! Secrets: values that a tool uses and nobody reads.
//!
//! A secret has a name. Where a value is needed stands its handle, `${secret:NAME}`; the value
//! takes its place at the boundary, on the way to whoever was granted it. What comes out of a
//! model, a tool or a store is searched for the values, in whichever form they stand there.
//!
//! | file | question |
//! | --- | --- |
//! | `store` | Where are values kept? |
//! | `handle` | What stands in their place? |
//! | `forms` | How may a value be written? |
//! | `view` | A text without what only keeps a value apart, or hides it |
//! | `scan` | Where does a text have one, and what stands there instead? |
//!
//! How a value comes into a request of a wasm tool is in [`crate::net::secrets`], how into what
//! a server is started with in `mcp`.

mod forms;
pub mod handle;
mod scan;
mod store;
mod view;

pub use scan::LeakScan;
pub use store::{Secret, SecretStore};
