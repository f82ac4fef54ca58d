//! A row of a table in words, and of which passage it is where several have one: a small model reads
//! the value of one row under the name of another.

use std::collections::BTreeSet;

use super::names::{best_named, telling};
use super::passage::passage_id;
use super::table::Table;
use crate::planner::wording::without_addresses;

/// Columns of a row that is said in words.
const COLUMNS_MAX: usize = 12;
/// Characters of such a row.
const CHARS_MAX: usize = 300;
/// Tables of one text: where more say something, none does.
const TABLES_MAX: usize = 16;

/// What a task asks for in one table.
pub(super) struct Found {
    /// The lines that say it.
    pub(super) lines: Vec<String>,
    /// Whether it is one cell, whose row and column were named.
    pub(super) is_cell: bool,
    /// The id of the passage that the table stands in.
    pub(super) passage: Option<String>,
    /// What the passage and the part of it with the table are called.
    pub(super) title: String,
}

/// The row `at` of `table`, each value behind the name of its column. `None` where that is long.
pub(super) fn in_words(table: &Table, at: usize) -> Option<String> {
    let row = table.rows.get(at)?;
    if row.len() > COLUMNS_MAX {
        return None;
    }
    let cells = table.head.iter().zip(row);
    let cells = cells.filter(|(_, cell)| !cell.is_empty());
    let cells = cells.map(|(head, cell)| match head.is_empty() {
        true => cell.clone(),
        false => format!("{head}: {cell}"),
    });
    let line = cells.collect::<Vec<_>>().join(" | ");
    (line.chars().count() <= CHARS_MAX).then_some(line)
}

/// Those of `rows` of `table` that are not long, in words.
pub(super) fn rows_in_words(table: &Table, rows: &[usize]) -> Vec<String> {
    rows.iter().filter_map(|at| in_words(table, *at)).collect()
}

/// The lines of all that was `found` for `task`, copies once, and none that looks like a passage. Of
/// several tables the one counts whose title the task says best. Where none is, rows are said with their
/// passages and titles, and left out where these do not tell them apart.
pub(super) fn told_apart(task: &str, found: impl Iterator<Item = Found>) -> Vec<String> {
    let mut distinct: Vec<Found> = Vec::new();
    for one in found {
        let is_forged = one.lines.iter().any(|line| passage_id(line).is_some());
        if !is_forged && distinct.iter().all(|known| known.lines != one.lines) {
            distinct.push(one);
        }
        if distinct.len() > TABLES_MAX {
            return Vec::new();
        }
    }
    if let [only] = &distinct[..] {
        return only.lines.clone();
    }
    if let Some(at) = best_titled(task, &distinct) {
        return with_place(&distinct[at], &distinct);
    }
    let lines = distinct.iter().flat_map(|one| with_place(one, &distinct));
    lines.collect()
}

/// The only one of `found` whose title has words of `task` that those of the others lack.
fn best_titled(task: &str, found: &[Found]) -> Option<usize> {
    let asked = telling(&without_addresses(task));
    let said = |one: &Found| -> BTreeSet<String> {
        let title = telling(&one.title);
        title.intersection(&asked).cloned().collect()
    };
    let said: Vec<BTreeSet<String>> = found.iter().map(said).collect();
    best_named(&said)
}

/// The lines of `one`, each behind where it stands: its passage, and its title where not all of `found`
/// have the same. A cell stands for itself where nothing tells that; rows are left out then.
fn with_place(one: &Found, found: &[Found]) -> Vec<String> {
    let titles_differ = found.iter().any(|other| other.title != one.title);
    let title = Some(one.title.as_str()).filter(|title| titles_differ && !title.is_empty());
    let has_its_place = |other: &&Found| {
        other.passage == one.passage && (title.is_none() || other.title == one.title)
    };
    let is_alone = found.iter().filter(has_its_place).count() == 1;
    let place = match (&one.passage, title) {
        _ if !is_alone => None,
        (Some(id), Some(title)) => Some(format!("[{id}] ({title})")),
        (Some(id), None) => Some(format!("[{id}]")),
        (None, Some(title)) => Some(title.to_owned()),
        (None, None) => None,
    };
    match place {
        Some(place) => {
            let behind = |line: &String| format!("From {place}: {line}");
            one.lines.iter().map(behind).collect()
        }
        None if one.is_cell => one.lines.clone(),
        None => Vec::new(),
    }
}
