//! A row of a table in words, and of which passage it is where several have one: a small model reads
//! the value of one row under the name of another.

use super::table::{Table, passage_id};

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

/// The lines of all that was `found`, copies once, and none that looks like a passage. Rows of
/// several tables are said with their passages, and left out where these do not tell them apart.
pub(super) fn told_apart(found: impl Iterator<Item = Found>) -> Vec<String> {
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
    let lines = distinct.iter().flat_map(|one| {
        if one.is_cell || distinct.len() == 1 {
            return one.lines.clone();
        }
        let is_of_it = |other: &&Found| other.passage == one.passage;
        let is_alone = distinct.iter().filter(is_of_it).count() == 1;
        match &one.passage {
            Some(id) if is_alone => {
                let with_id = |line: &String| format!("From [{id}]: {line}");
                one.lines.iter().map(with_id).collect()
            }
            _ => Vec::new(),
        }
    });
    lines.collect()
}
