//! Tools as source: projects, their compilers, and what is worth saying of a result.
//!
//! | file | job |
//! | --- | --- |
//! | `template` | the projects that `quipu tool new` writes |
//! | `project` | a folder as a project: its language, its name, its component |
//! | `rust`, `python`, `c` | from source to a component |
//! | `toolchain` | finding and installing compilers |
//! | `lint` | what a component needs and lacks |
//! | `registry` | components from OCI registries |
//! | `cases` | the calls a project is tested with |

mod c;
pub mod cases;
pub mod lint;
pub mod project;
mod python;
pub mod registry;
mod rust;
pub mod template;
mod toolchain;

pub use project::{Lang, Project};
