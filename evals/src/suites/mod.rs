//! The suites: one file each.

mod agentdojo;
mod cmrc;
mod cranfield;
pub mod crash;
mod dbpedia;
mod locomo;
mod msmarco;
mod nearness;
mod poisonedrag;
mod retrieval;
mod scale;
mod signals;
mod templates;

use anyhow::Result;
use clap::ValueEnum;

use crate::Args;
use crate::report::Report;

/// A suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// Aerodynamics abstracts: long queries, few answers
    Cranfield,
    /// Web passages: short questions, graded answers
    Msmarco,
    /// Encyclopaedia entries: names and keywords
    Dbpedia,
    /// Long conversations: which turns hold the answer
    Locomo,
    /// Chinese passages, raw questions
    Cmrc,
    /// What cosines of an embedding model are worth: its floor, the threshold of recall
    Nearness,
    /// Planted texts: how many of them a process sees
    Poisonedrag,
    /// Many pages: speed and size, next to other engines
    Scale,
    /// Kills a writer again and again
    Crash,
    /// Injected calls: which of them happen without plans, and with plans by values or by recall
    Agentdojo,
    /// Chat templates: what is written, next to another renderer
    Templates,
    /// Injections and harmless pages: which of them the detector marks
    Signals,
}

impl Suite {
    /// Those that are run when none is named: the store's, without the long ones.
    pub fn of_the_store() -> Vec<Self> {
        let all = Self::value_variants().iter().copied();
        let others = |suite: &Self| {
            matches!(
                suite,
                Self::Scale
                    | Self::Crash
                    | Self::Templates
                    | Self::Agentdojo
                    | Self::Nearness
                    | Self::Signals
            )
        };
        all.filter(|suite| !others(suite)).collect()
    }
}

/// Runs `suite`.
pub fn run(suite: Suite, args: &Args) -> Result<Report> {
    match suite {
        Suite::Cranfield => cranfield::run(args),
        Suite::Msmarco => msmarco::run(args),
        Suite::Dbpedia => dbpedia::run(args),
        Suite::Locomo => locomo::run(args),
        Suite::Cmrc => cmrc::run(args),
        Suite::Nearness => nearness::run(args),
        Suite::Poisonedrag => poisonedrag::run(args),
        Suite::Scale => scale::run(args),
        Suite::Crash => crash::run(args),
        Suite::Agentdojo => agentdojo::run(args),
        Suite::Templates => templates::run(args),
        Suite::Signals => signals::run(args),
    }
}
