//! The firmware of Quipu: which model files are there, and how do they come here?
//!
//! | module | question |
//! | --- | --- |
//! | [`catalogue`] | Which models are known by name, and where are their bytes? |
//! | `hubname` | What does `org/repo:QUANT` mean? |
//! | `names` | Which file does a name mean? |
//! | `files` | Which files lie in a models folder? |
//! | [`gguf`] | What does a model file say of itself, and is it whole? |
//! | `shelf` | Which models are here? How is one removed? |
//! | [`damage`] | Which files are not as they were published? |
//! | `checksum` | What is the SHA-256 of a file? |
//! | [`mod@pull`] | How is a model fetched, resumably, from the hub or out of packages? |
//! | `make` | How does a model come about that no package has whole? |
//! | `partial` | Where is a pull kept that is not finished? |
//! | `projector` | Which file lets a model see? |
//! | [`progress`] | What does a pull report while it works? |
//!
//! This crate knows no process, no tool and no store. It never prints, never reads the
//! environment or the home folder, and names no flag: folders, addresses and tokens are
//! arguments, progress goes to a [`progress::Progress`], and a [`ModelError`] carries what
//! a program needs to word a hint. It does not run a model either: llama.cpp reads the
//! files elsewhere.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may stop there"))]

pub mod catalogue;
mod checksum;
pub mod damage;
mod error;
mod files;
pub mod gguf;
mod hubname;
mod make;
mod names;
mod partial;
pub mod progress;
mod projector;
pub mod pull;
mod shelf;

pub use error::ModelError;
pub use files::names;
pub use names::{Places, near, resolve};
pub use progress::{Event, Progress};
pub use projector::projector_of;
pub use pull::{Settings, pull};
pub use shelf::{Installed, Removed, ls, remove};

#[cfg(test)]
mod tests;
