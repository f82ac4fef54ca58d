//! A sample of MS MARCO passages with the judgements of TREC DL.

use anyhow::Result;

use super::retrieval::{self, Metric, Suite};
use crate::Args;
use crate::report::Report;

pub fn run(args: &Args) -> Result<Report> {
    let suite = Suite {
        folder: "msmarco_sample",
        lexical: (0.739, "hybrid"),
        of: Metric::Ndcg,
    };
    retrieval::run(args, &suite)
}
