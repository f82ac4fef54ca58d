//! Why a process failed, as data: whoever shows it finds the words for what to do.

use quipu_cpu::CpuError;
use serde::{Deserialize, Serialize};

use super::limits::Limit;
use crate::journal::JournalError;
use crate::window::VmError;

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
    /// The kernel made an action that it could not read.
    #[error("{0}")]
    Action(String),
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Failure::Journal {
            full: matches!(error, JournalError::Full { .. }),
            reason: error.to_string(),
        }
    }
}
