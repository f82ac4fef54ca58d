//! Signals: everything that can interrupt a process from outside or at a limit.

use serde::{Deserialize, Serialize};

/// What may interrupt a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Stop the step under way. With a person at the machine, the process then asks what to do
    /// instead, and a second interrupt ends it. Without a person, the first one ends it. Either
    /// way the process can be resumed.
    Interrupt,
    /// Stop the process for good.
    Kill,
    /// The machine stops: the process ends between two steps, and is resumed when a machine
    /// starts again. A call under way may finish first; a second signal leaves it without an
    /// outcome, as a crash does.
    Suspend,
    /// The wall-clock limit was reached.
    Timeout,
}
