//! Why the loop of a process stops.

use serde_json::Value;

use super::Failure;
use super::limits::Limit;
use super::signal::Signal;

/// Why a process stops. Travels as an error through the loop, so that every way
/// out ends in the same place.
#[derive(Debug)]
pub(crate) enum Ending {
    Answer(Value),
    Limit(Limit),
    Denied(String),
    Signal(Signal),
    Failed(Failure),
}
