//! Tables as Markdown.

use crate::found::one_line;

/// Cells of one table: more are data that nobody reads.
pub const CELLS_MAX: usize = 2_000_000;

/// Columns or rows that one cell may cover: more is a mistake of its writer.
const SPAN_MAX: usize = 100;
/// Cells that are added to one table, and bytes that they say in all: one that covers many rows says
/// the same in each.
const ADDED_MAX: usize = 20_000;
const ADDED_BYTES_MAX: usize = 1 << 20;

/// A cell, and how many columns and rows it covers.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// Columns, of which 0 are 1.
    pub columns: usize,
    /// Rows, likewise.
    pub rows: usize,
}

/// What may still be added to a table.
struct Room {
    cells: usize,
    bytes: usize,
}

impl Room {
    /// Whether one more cell of so many `bytes` may be added; then it is counted.
    fn takes(&mut self, bytes: usize) -> bool {
        let has_room = self.cells > 0 && self.bytes >= bytes;
        if has_room {
            self.cells -= 1;
            self.bytes -= bytes;
        }
        has_room
    }
}

/// `rows` with a cell in each column: one that covers several rows says the same in all of them, and
/// one that covers several columns stands in the first.
pub fn spread(rows: Vec<Vec<Cell>>) -> Vec<Vec<String>> {
    let mut room = Room {
        cells: ADDED_MAX,
        bytes: ADDED_BYTES_MAX,
    };
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
        // Where there is no room the place is kept.
        cells.push(match room.takes(said.len()) {
            true => said.clone(),
            false => String::new(),
        });
    }
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
