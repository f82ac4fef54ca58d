//! Machines from outside: what a process does, on a CPU that writes what the test says.
//!
//! One program, because compiling and linking the kernel into it costs more than all of these
//! tests together: a module for each thing that can be promised of a process. Only `model` needs
//! a model. `crash`, which takes over functions of the C library, is a program of its own.
#![allow(clippy::unwrap_used, reason = "a test may stop there")]

#[path = "../common/mod.rs"]
mod common;

mod children;
mod deliberation;
mod detection;
mod gate;
mod journal;
mod judgement;
mod lists;
mod memory;
#[cfg(feature = "llama")]
mod model;
mod plan;
mod processes;
mod programs;
mod quarantine;
mod replay;
mod rules;
mod secrecy;
mod sight;
mod small;
mod suspension;
mod window;
