//! A sample of DBpedia-Entity.

use anyhow::Result;

use super::retrieval::{self, Metric, Suite};
use crate::Args;
use crate::report::Report;

pub fn run(args: &Args) -> Result<Report> {
    let suite = Suite {
        folder: "dbpedia_sample",
        lexical: (0.436, "hybrid"),
        of: Metric::Ndcg,
    };
    retrieval::run(args, &suite)
}
