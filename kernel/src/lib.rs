//! The kernel of Quipu: how does a process run?
//!
//! It brings together the CPU (`quipu-cpu`), the disk (`quipu-memory`) and the devices
//! (`quipu-tools`), which know nothing of each other. It never prints and never reads the environment: it is
//! handed its [`Parts`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use quipu_cpu::{Sampling, scripted::ScriptedCpu};
//! use quipu_kernel::gate::Policy;
//! use quipu_kernel::journal::Journal;
//! use quipu_kernel::judgement::Judgement;
//! use quipu_kernel::process::Program;
//! use quipu_kernel::{Kernel, Parts};
//! use quipu_memory::RamStore;
//! use quipu_tools::Bus;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! // A script in the place of a model: one action a line.
//! let script = r#"{"answer": "seven knots"}"#;
//! let kernel = Kernel::boot(Parts {
//!     cpu: Arc::new(ScriptedCpu::parse("cord", script, None)?),
//!     store: Arc::new(RamStore::new()),
//!     bus: Arc::new(Bus::default()),
//!     journal: Journal::open(&folder.path().join("journal.db"), true)?,
//!     policy: Policy::default(),
//!     sampling: Sampling { temperature: 0.0, seed: 0 },
//!     judgement: Judgement::default(),
//! })?;
//!
//! let pid = kernel.spawn(Program::new("How many knots has the cord?"))?;
//! let exit = kernel.wait(pid).await?;
//! assert_eq!(exit.answer, Some("seven knots".into()));
//!
//! // The journal has every step.
//! let steps = kernel.journal().steps(pid)?;
//! assert_eq!(steps[0].action["answer"], "seven knots");
//! # Ok(())
//! # }
//! ```
//!
//! The modules, from the top down. Each imports only from those below it:
//!
//! | module | job |
//! | --- | --- |
//! | [`deliberation`] | a task along several branches, whose answers are compared |
//! | `consolidation` | many memories into few, while nothing else is to be done |
//! | [`kernel`](Kernel) | boots the machine, keeps the table of processes |
//! | [`replay`] | runs a process again on what its journal recorded |
//! | `exec` | the loop: window, decision, gate, intent, effect, outcome |
//! | [`event`] | all that the world may see |
//! | [`planner`] | what is legal now, the boot page, the questions before an action; no I/O |
//! | [`calls`] | the system calls: the closed enum of what a process may ask, and the world that they reach |
//! | [`journal`] | intent before effect, outcome after |
//! | [`window`] | the pages of one process; eviction, recall, and what is pinned at the start |
//! | [`process`] | what is run, its state, how it ended; its limits and its signals |
//! | [`gate`] | the one gate in front of the calls, what was planned before, what was ruled there |
//! | [`label`] | who wrote a text, and how far it is trusted |
//! | `embedding` | the CPU's embedders, for the disk |
//! | `written` | numbers and days as people write them |
//! | `pattern` | regular expressions that are part of the program |
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
pub mod label;
mod pattern;
pub mod planner;
pub mod process;
pub mod replay;
pub mod window;
mod written;

pub use consolidation::{Consolidated, Idle};
pub use embedding::Vectors;
pub use exec::Likelihood;
pub use kernel::{
    Found, Kernel, KernelError, Loaded, Loader, Model, ModelNow, Parts, Resident, Resumed,
    UnloadError, check_resumable,
};
pub use planner::{decision, grammar, judgement, lessons, numbers, program};
pub use process::{limits, signal};
