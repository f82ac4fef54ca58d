//! Models on this machine: names, files, and how they get here.
//!
//! - `catalogue`: the models known by name, and their sources
//! - `hubname`: `org/repo:QUANT`
//! - `names`: what `--model` means: a spec to a path
//! - `gguf`: what a model file says about itself, and whether it is whole
//! - `shelf`: which models are here; removing one
//! - `pull`: fetching a model, resumably, from the hub or out of packages
//! - `progress`: showing a pull to a person or a log
//!
//! Nothing here reads the environment: folders, addresses and tokens are handed in.

pub mod catalogue;
mod error;
pub mod gguf;
mod hubname;
pub mod names;
pub mod progress;
pub mod pull;
mod shelf;

pub use error::ModelError;
pub use names::{Places, resolve};
pub use pull::{Settings, pull};
pub use shelf::{ls, remove};

#[cfg(test)]
mod tests;
