//! Why a process failed, as data. Whoever shows it finds the words for what to do.

use quipu_cpu::CpuError;
use quipu_memory::Secrecy;
use serde::{Deserialize, Serialize};

use super::limits::Limit;

/// Why a process failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The CPU.
    #[error(transparent)]
    Cpu(#[from] CpuError),
    /// The window.
    #[error(transparent)]
    Window(#[from] VmError),
    /// The journal could not be written, so nothing more was done.
    #[error("{reason}")]
    Journal {
        /// Whether its disk is full.
        full: bool,
        /// What happened.
        reason: String,
    },
    /// A limit was reached before an answer was given.
    #[error("stopped by a limit")]
    Stopped(Limit),
    /// The process holds a text that may not be learnt by its CPU on another machine, or by
    /// whoever started it.
    #[error(
        "{secrecy} text from {from} is not for its model, on another machine, or for who started it"
    )]
    Withheld {
        /// How secret the text is.
        secrecy: Secrecy,
        /// Where it came from.
        from: String,
    },
    /// The kernel made an action that it cannot read.
    #[error("{0}")]
    Action(String),
    /// The model that it is for is not there.
    #[error(transparent)]
    Model(#[from] NoModel),
}

/// Why a model is not loaded beside the machine's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NoModel {
    /// The machine has no other model than its own.
    #[error("the machine runs no other model, and {name} is asked for")]
    Alone {
        /// The model, as it was named.
        name: String,
    },
    /// Nothing that can be loaded has this name.
    #[error("{reason}")]
    NotHere {
        /// What is known of the name.
        reason: String,
    },
    /// It does not fit beside the machine's own model and those that are in use.
    #[error(
        "there is no room for {name}: it needs {} MB of memory, and {} MB are left for models",
        needs.div_ceil(MEGABYTE), room / MEGABYTE
    )]
    NoRoom {
        /// The model, as it was named.
        name: String,
        /// Bytes that it needs.
        needs: u64,
        /// Bytes that can be had, with those of idle models.
        room: u64,
    },
    /// It cannot be run.
    #[error(transparent)]
    Cpu(#[from] CpuError),
}

/// Bytes of a megabyte. What is needed is rounded up and what there is down, so that a message never
/// says that as much is left as is needed.
const MEGABYTE: u64 = 1_000_000;

/// Why a window cannot be laid out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum VmError {
    /// Boot page, task and answer do not fit together.
    #[error(
        "the prompt does not fit: it needs {prompt} tokens and {reserve} for the answer, and the window has {window}"
    )]
    TaskTooLong {
        /// Tokens of boot page and task.
        prompt: usize,
        /// Tokens reserved for the answer and one observation.
        reserve: usize,
        /// The window.
        window: usize,
    },
    /// The CPU could not render or count.
    #[error(transparent)]
    Cpu(#[from] CpuError),
}
