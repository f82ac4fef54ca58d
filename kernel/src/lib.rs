//! The kernel of Quipu: how does a process run?
//!
//! It is the only crate that knows the CPU (`quipu-cpu`), the disk (`quipu-memory`) and
//! the devices (`quipu-tools`). It never prints and never reads the environment: it is
//! handed its [`Parts`].
//!
//! The way of a request, file by file:
//!
//! | file | job |
//! | --- | --- |
//! | [`kernel`](Kernel) | boots the machine, keeps the table of processes |
//! | [`process`] | what is run, its state, how it ended |
//! | `exec` | the loop: window, decision, gate, intent, effect, outcome |
//! | [`vm`] | the pages of one process; eviction and recall |
//! | [`planner`] | what is legal now, the boot page; no I/O |
//! | [`grammar`] | from what is legal to the form that constrains the CPU, and back |
//! | [`decision`] | typed questions about a state, answered with probabilities |
//! | [`deliberation`] | a task along several branches, whose answers are compared |
//! | [`judgement`] | which questions are asked of a model before it acts, and how sure it must be |
//! | `embedding` | the CPU's embedders, for the disk |
//! | `facts` | the facts in a text that a user wants kept |
//! | [`recall`] | what the store holds on a task, before the first step |
//! | `consolidation` | many memories into few, while nothing else is to be done |
//! | [`syscall`] | the closed enum of what a process may ask |
//! | [`policy`] | the one gate in front of it |
//! | `world` | the bodies of the calls that touch devices and the disk |
//! | [`label`] | source and trust of every text |
//! | [`journal`] | intent before effect, outcome after |
//! | [`limits`], [`signal`] | what stops a process |
//! | [`event`] | all the world may see |
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod consolidation;
pub mod decision;
pub mod deliberation;
mod embedding;
pub mod event;
mod exec;
mod facts;
mod fence;
pub mod grammar;
pub mod journal;
pub mod judgement;
mod kernel;
pub mod label;
pub mod lessons;
pub mod limits;
pub mod planner;
pub mod policy;
pub mod process;
pub mod recall;
pub mod signal;
pub mod syscall;
pub mod vm;
mod world;

pub use consolidation::{Consolidated, Idle};
pub use embedding::Vectors;
pub use kernel::{Kernel, KernelError, Parts};
