//! What the user chose, and where things are.
//!
//! | file | job |
//! | --- | --- |
//! | `globals` | the options that every command takes |
//! | `env_vars` | every variable of the environment that is read |
//! | `settings` | flags before environment before file before defaults |
//! | `process` | what files say of a process: its limits, its part of the disk |
//! | `origin` | which of them a value comes from |
//! | `endpoints` | models behind endpoints, by name |
//! | `paths`, `private` | the folders of a root, and who may look into them |
//! | `policy` | the user's rules for single tools and calls |
//! | `trust` | folders whose files may take effect |
//! | `mcp` | the servers of the Model Context Protocol that are written down |
//! | `dumps` | whether a crash leaves what was in memory on the disk |
//! | `digest` | short names for texts |
//! | `jsonc` | JSON with comments, and YAML in its place |
//!
//! It reads files and the environment and starts nothing: no machine, no store, no tool.

pub mod digest;
pub mod dumps;
pub mod endpoints;
pub mod env_vars;
pub mod globals;
pub mod jsonc;
pub mod mcp;
pub mod origin;
pub mod paths;
pub mod policy;
pub mod private;
pub mod process;
pub mod settings;
pub mod trust;
