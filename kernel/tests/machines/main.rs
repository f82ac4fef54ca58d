//! What a process does, on a CPU that is told what to write; only `model` needs a model.
//!
//! One program, because linking costs more than all of these tests together: a module for each
//! thing that can be promised of a process. What takes over functions of the C library
//! (`crash`) is a program of its own.
#![allow(clippy::unwrap_used, reason = "a test may stop there")]

#[path = "../common/mod.rs"]
mod common;

mod children;
mod corrections;
mod deliberation;
mod detection;
mod gate;
mod journal;
mod judgement;
mod lists;
mod memory;
#[cfg(feature = "llama")]
mod model;
mod models;
mod onward;
mod plan;
mod poor;
mod processes;
mod programs;
mod quarantine;
mod replay;
mod rules;
mod secrecy;
mod sight;
mod small;
mod sources;
mod suspension;
mod unfit;
mod window;
