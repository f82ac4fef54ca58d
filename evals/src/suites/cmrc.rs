//! Chinese: each question was asked of one passage.

use anyhow::Result;

use super::retrieval::{self, Metric, Suite};
use crate::Args;
use crate::report::Report;

pub fn run(args: &Args) -> Result<Report> {
    let suite = Suite {
        folder: "cmrc2018_zh",
        lexical: Some((0.97, "asked")),
        hybrid: Some((0.985, "asked")),
        of: Metric::ReciprocalRank,
    };
    retrieval::run(args, &suite)
}
