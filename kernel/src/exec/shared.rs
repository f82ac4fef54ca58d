//! What all processes of a machine share.

use std::sync::Arc;

use quipu_cpu::{Cpu, Sampling};
use quipu_memory::Store;
use quipu_tools::Bus;

use crate::event::Events;
use crate::gate::Gate;
use crate::journal::Journal;
use crate::journal::tape::Tape;
use crate::judgement::Judgement;
use crate::label::Secrecy;

/// What all processes of a machine share, and the tape of the one that it is for.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) cpu: Arc<dyn Cpu>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<Bus>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) gate: Gate,
    pub(crate) sampling: Sampling,
    pub(crate) judgement: Judgement,
    pub(crate) events: Arc<Events>,
    pub(crate) tape: Arc<Tape>,
}

impl Shared {
    /// The most secret text that the CPU may be shown.
    pub(crate) fn clearance(&self) -> Secrecy {
        self.gate.policy().clearance.unwrap_or(Secrecy::Secret)
    }
}
