//! Signals: everything that can interrupt a process from outside or at a limit.

use serde::{Deserialize, Serialize};

/// What may interrupt a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Stop the step under way. With a person at the machine the process then
    /// waits to be told what to do instead; without one it exits, resumable.
    Interrupt,
    /// Stop the process now.
    Kill,
    /// The wall-clock limit was reached.
    Timeout,
    /// The step or token limit was reached.
    Budget,
    /// The same call gave the same result too often.
    Loop,
}
