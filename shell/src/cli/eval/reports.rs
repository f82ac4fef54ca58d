//! The files that a run writes beside its results: checked before it takes its time, written at
//! its end.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use super::EvalArgs;
use super::case_run::Bench;
use super::cases::Case;
use super::rows::Row;
use super::{conditions, grade};
use crate::cli::results;
use crate::terminal::error::UserError;
use crate::terminal::files::check_writable;

/// Checks that the reports of a run of these `cases` on so many `models` can be written, and that
/// what it is to be compared with can be read and stays.
///
/// # Errors
/// Names the file and the option.
pub(super) fn check(args: &EvalArgs, cases: &[Case], models: usize) -> Result<()> {
    if args.against.is_some() && args.grade.is_none() && !args.calibrate {
        let agents: BTreeSet<_> = args.agent.iter().collect();
        conditions::one_column("these results", models * agents.len().max(1))?;
    }
    let reports = [
        (&args.junit, "--junit"),
        (&args.page, "--page"),
        (&args.pairs, "--pairs"),
    ];
    for (file, option) in reports {
        if let Some(file) = file {
            check_writable(file, other(option))?;
        }
    }
    if let Some(before) = &args.against {
        if let Some(out) = &args.out {
            results::refuse(out, before, "results to compare with")?;
        }
        // A pipe can be read once.
        let is_missing = !before.exists() && before.as_os_str() != "-";
        if before.is_file() || is_missing {
            grade::rows(cases, before)?;
        }
    }
    Ok(())
}

/// Checks that what is going to be run on `bench` is like what it is to be compared with.
///
/// # Errors
/// What differs.
pub(super) fn check_alike(args: &EvalArgs, bench: &Bench<'_>, cases: &[Case]) -> Result<()> {
    let before = args.against.as_deref();
    let Some(before) = before.filter(|before| before.is_file()) else {
        return Ok(());
    };
    let rows: Vec<Row> = cases.iter().map(|case| bench.planned(case)).collect();
    let before = grade::rows(cases, before)?;
    conditions::comparable(&rows, &before, &args.across).map(drop)
}

/// Writes a report, which the option `option` names.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn write(file: &Path, text: String, option: &str) -> Result<()> {
    std::fs::write(file, text).map_err(|error| {
        let failed = format!("{} cannot be written: {error}", file.display());
        UserError::failed(failed, other(option))
    })
}

fn other(option: &str) -> String {
    format!("name another file with {option}")
}
