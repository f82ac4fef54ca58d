//! Cranfield: 1,400 abstracts on aerodynamics, 225 questions, two grades.

use anyhow::Result;

use super::retrieval::{self, Metric, Suite};
use crate::Args;
use crate::report::Report;

pub fn run(args: &Args) -> Result<Report> {
    let suite = Suite {
        folder: "cranfield",
        lexical: (0.376, "bm25s"),
        of: Metric::Ndcg,
    };
    retrieval::run(args, &suite)
}
