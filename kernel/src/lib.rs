//! The kernel of Quipu: how does a process run?
//!
//! It is the only crate that knows the CPU (`quipu-cpu`), the disk (`quipu-memory`) and
//! the devices (`quipu-tools`). It never prints and never reads the environment: it is
//! handed its [`Parts`].
//!
//! The way of a request, file by file:
//!
//! | module | job |
//! | --- | --- |
//! | [`kernel`](Kernel) | boots the machine, keeps the table of processes |
//! | [`process`] | what is run, its state, how it ended; its limits and its signals |
//! | `exec` | the loop: window, decision, gate, intent, effect, outcome |
//! | [`window`] | the pages of one process; eviction, recall, and what is pinned at the start |
//! | [`planner`] | what is legal now, the boot page, the questions before an action; no I/O |
//! | [`deliberation`] | a task along several branches, whose answers are compared |
//! | [`calls`] | the system calls: the closed enum of what a process may ask |
//! | [`gate`] | the one gate in front of them, the labels it judges by, the world behind it |
//! | [`journal`] | intent before effect, outcome after |
//! | [`event`] | all that the world may see |
//! | `consolidation` | many memories into few, while nothing else is to be done |
//! | `embedding` | the CPU's embedders, for the disk |
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod calls;
mod consolidation;
pub mod deliberation;
mod embedding;
pub mod event;
mod exec;
pub mod gate;
pub mod journal;
mod kernel;
pub mod planner;
pub mod process;
pub mod window;

pub use consolidation::{Consolidated, Idle};
pub use embedding::Vectors;
pub use gate::label;
pub use kernel::{Kernel, KernelError, Parts};
pub use planner::{decision, grammar, judgement, lessons};
pub use process::{limits, signal};
