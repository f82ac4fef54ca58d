//! Signals: everything that can interrupt a process from outside or at a limit.

use serde::{Deserialize, Serialize};

/// What may interrupt a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Stop the step under way. With a person at the machine the process then
    /// waits to be told what to do instead, and a second one ends it; without a person
    /// the first does. Either way it can be resumed.
    Interrupt,
    /// Stop the process for good.
    Kill,
    /// The machine stops: the process ends at the next boundary between two steps, and goes on
    /// when a machine starts again. A call under way comes to its end first; a second one
    /// leaves it without an outcome, as a crash does.
    Suspend,
    /// The wall-clock limit was reached.
    Timeout,
}
