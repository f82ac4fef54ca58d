//! The `quipu` command from outside: the real program, in a folder of its own.
//!
//! What can be told as a session at a terminal is in the book (`book/src/*.md`), run by
//! `tests/book.rs`. The rest is here, one module for each thing a person or an accident may
//! do to it.
#![allow(clippy::unwrap_used, reason = "a test may stop there")]

mod archives;
mod articles;
mod attachments;
mod batch;
mod beside;
mod canaries;
mod children;
mod contrib;
mod conversation;
mod crash;
#[cfg(target_os = "linux")]
mod dist;
mod documents;
#[cfg(target_os = "linux")]
mod dumps;
mod endpoint;
mod eval;
mod examples;
mod guests;
mod interrupts;
mod killed;
mod knowledge;
mod learn;
mod mcp;
mod mistakes;
mod model_files;
mod pages;
mod plugins;
mod policy;
mod privacy;
mod python;
mod reading;
mod reference;
mod registry;
mod replay;
mod roots;
mod sandbox;
mod service;
mod sharing;
mod signals;
mod standard_input;
mod suspension;
#[cfg(feature = "otel")]
mod telemetry;
mod terminal;
mod thought;
mod two_machines;
mod vouching;
