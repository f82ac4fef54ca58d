//! Results checked again, without running anything: those of an eval, or of another program
//! on the same cases.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::Result;

use super::cases::Case;
use super::rows::Row;
use crate::terminal::error::UserError;
use crate::terminal::lines::{file_words, json_lines};

/// The rows in `file`, checked by `cases`. A row that names no model gets the name of the
/// file in its place.
///
/// # Errors
/// A line that is no result, or one of a case that is not there.
pub fn rows(cases: &[Case], file: &Path) -> Result<Vec<Row>> {
    let by_id: HashMap<String, &Case> = cases
        .iter()
        .map(|case| (case.id.to_string(), case))
        .collect();
    let name = file_words(file);
    let mut rows = Vec::new();
    for line in json_lines(file)? {
        let (number, value) = line?;
        let wrong = |reason: String| {
            UserError::usage(
                format!("{name}, line {number}: {reason}"),
                "results are what --out has written, or lines {\"id\": …, \"answer\": …, \
                 \"calls\": [{\"tool\": …, \"args\": …}]}",
            )
        };
        let mut row: Row =
            serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
        let case = by_id.get(&row.id.to_string());
        let case = case.ok_or_else(|| wrong(format!("no case has the id {}", row.id)))?;
        if row.model.is_empty() {
            row.model = file
                .file_stem()
                .map_or_else(|| name.clone(), |stem| stem.to_string_lossy().into_owned());
        }
        row.judge(case);
        rows.push(row);
    }
    Ok(rows)
}

/// How many of `cases` have no row.
pub fn missing(cases: &[Case], rows: &[Row]) -> usize {
    let there: HashSet<String> = rows.iter().map(|row| row.id.to_string()).collect();
    cases
        .iter()
        .filter(|case| !there.contains(&case.id.to_string()))
        .count()
}
