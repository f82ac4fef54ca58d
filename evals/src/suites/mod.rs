//! The suites: one file each.

mod cmrc;
mod cranfield;
mod dbpedia;
mod locomo;
mod msmarco;
mod retrieval;

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
}

impl Suite {
    /// Those that are about the store.
    pub fn of_the_store() -> Vec<Self> {
        Self::value_variants().to_vec()
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
    }
}
