//! Tables as Markdown.

use markup::{Room, SPAN_MAX};

use crate::found::one_line;

/// Cells of one table: more are data that nobody reads.
pub const CELLS_MAX: usize = 2_000_000;

/// A cell, and how many columns and rows it covers.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// Columns; 0 counts as 1.
    pub columns: usize,
    /// Rows, likewise.
    pub rows: usize,
}

/// `rows` with a cell in each column: one that covers several rows says the same in all of them,
/// and one that covers several columns stands in the first.
pub fn spread(rows: Vec<Vec<Cell>>) -> Vec<Vec<String>> {
    let mut room = Room::default();
    // What goes on from the rows above, by its column: in how many rows yet, and what it says.
    let mut open: Vec<(usize, String)> = Vec::new();
    let mut whole = Vec::with_capacity(rows.len());
    for row in rows {
        let mut cells: Vec<String> = Vec::with_capacity(row.len());
        for cell in row {
            go_on(&mut open, &mut cells, &mut room);
            let rows_below = cell.rows.clamp(1, SPAN_MAX) - 1;
            let mut said = cell.text;
            for n in 0..cell.columns.clamp(1, SPAN_MAX) {
                if n > 0 && !room.takes(0) {
                    break;
                }
                if rows_below > 0 {
                    let column = cells.len();
                    open.resize(open.len().max(column + 1), (0, String::new()));
                    open[column] = (rows_below, said.clone());
                }
                cells.push(std::mem::take(&mut said));
            }
        }
        go_on(&mut open, &mut cells, &mut room);
        whole.push(cells);
    }
    whole
}

/// Adds the cells that go on from the rows above, where the next cell would stand.
fn go_on(open: &mut [(usize, String)], cells: &mut Vec<String>, room: &mut Room) {
    while let Some((left, said)) = open.get_mut(cells.len()).filter(|(left, _)| *left > 0) {
        *left -= 1;
        if room.takes(said.len()) {
            cells.push(said.clone());
        } else if room.takes(0) {
            // The place at least is kept.
            cells.push(String::new());
        } else {
            *left = 0;
            return;
        }
    }
}

/// `rows` as lines above a table, and the table: what has one cell before the head is a title or a
/// remark, and would stand above each part of the table in its place.
pub fn titled(rows: &[Vec<String>]) -> String {
    let is_line =
        |row: &&Vec<String>| row.iter().filter(|cell| !cell.trim().is_empty()).count() < 2;
    let above = rows.iter().take_while(is_line).count();
    let (above, below) = rows.split_at(above);
    let (lines, table) = (markdown(above), markdown(below));
    match (lines.is_empty(), table.is_empty()) {
        (true, _) => table,
        (_, true) => lines,
        _ => format!("{lines}\n\n{table}"),
    }
}

/// `rows` as they stand in a cell of another table: "red, 4; blue, 5".
pub fn in_cell(rows: &[Vec<String>]) -> String {
    let row = |row: &Vec<String>| {
        let cells = row.iter().map(|cell| one_line(cell));
        let cells: Vec<String> = cells.filter(|cell| !cell.is_empty()).collect();
        cells.join(", ")
    };
    let rows: Vec<String> = rows.iter().map(row).filter(|row| !row.is_empty()).collect();
    rows.join("; ")
}

/// `rows` as a table whose first row is its head; rows and columns without words are left
/// out. What has one column is no table, but lines.
pub fn markdown(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| one_line(cell)).collect::<Vec<_>>())
        .filter(|row| row.iter().any(|cell| !cell.is_empty()))
        .collect();
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let used: Vec<usize> = (0..width)
        .filter(|column| {
            rows.iter()
                .any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty()))
        })
        .collect();
    if used.len() <= 1 {
        let lines: Vec<&str> = rows
            .iter()
            .flatten()
            .map(String::as_str)
            .filter(|cell| !cell.is_empty())
            .collect();
        return lines.join("\n");
    }
    let mut text = String::new();
    for (n, row) in rows.iter().enumerate() {
        text.push('|');
        for column in &used {
            let cell = row.get(*column).map_or("", String::as_str);
            text.push(' ');
            text.push_str(&cell.replace('|', "\\|"));
            text.push_str(if cell.is_empty() { "|" } else { " |" });
        }
        text.push('\n');
        if n == 0 {
            text.push('|');
            text.push_str(&" --- |".repeat(used.len()));
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_no_head() {
        let check = |rows: &[&[&str]], expected: &str| {
            let rows: Vec<Vec<String>> = rows
                .iter()
                .map(|row| row.iter().map(ToString::to_string).collect())
                .collect();
            assert_eq!(titled(&rows), expected);
        };
        check(
            &[
                &["Prices", ""],
                &["", ""],
                &["tea", "price"],
                &["green", "4"],
            ],
            "Prices\n\n| tea | price |\n| --- | --- |\n| green | 4 |\n",
        );
        check(
            &[&["tea", "price"], &["green", ""]],
            "| tea | price |\n| --- | --- |\n| green | |\n",
        );
        check(&[&["one"], &["two"]], "one\ntwo");
        check(&[], "");
    }

    #[test]
    fn rows_become_a_table() {
        let check = |rows: &[&[&str]], expected: &str| {
            let rows: Vec<Vec<String>> = rows
                .iter()
                .map(|row| row.iter().map(ToString::to_string).collect())
                .collect();
            assert_eq!(markdown(&rows), expected);
        };
        check(
            &[&["a", "", "b|c"], &["", "", ""], &["1", "", "2\n3"]],
            "| a | b\\|c |\n| --- | --- |\n| 1 | 2 3 |\n",
        );
        check(&[&["only"], &["lines"]], "only\nlines");
        check(
            &[&["a", "b"], &["1"]],
            "| a | b |\n| --- | --- |\n| 1 | |\n",
        );
        check(&[], "");
    }
}
