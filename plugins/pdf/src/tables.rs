//! Tables with empty cells: only where the columns stand says which cells these are.
//!
//! A table whose rows are full stays as it is printed, row by row.

use std::ops::Range;

use crate::rows::Row;

/// Rows and columns that a table has at least: with fewer of them nothing is sure.
const ROWS_MIN: usize = 3;
const COLUMNS_MIN: usize = 3;
/// Columns that it has at most.
const COLUMNS_MAX: usize = 64;

/// The tables among `rows` that have empty cells: which rows they are, and the table in Markdown.
pub fn with_gaps(rows: &[Row]) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < rows.len() {
        let with_cells = rows[start..].iter().take_while(|row| row.pieces.len() > 1);
        let end = start + with_cells.count();
        found.extend(table(&rows[start..end]).map(|text| (start..end, text)));
        start = end + 1;
    }
    found
}

/// `rows` as a table; `None` where they are none, or have no empty cell.
fn table(rows: &[Row]) -> Option<String> {
    let columns = columns(rows);
    if rows.len() < ROWS_MIN || !(COLUMNS_MIN..=COLUMNS_MAX).contains(&columns.len()) {
        return None;
    }
    let rows = rows.iter().map(|row| cells(row, &columns));
    let rows: Vec<Vec<String>> = rows.collect::<Option<_>>()?;
    let is_full = |row: &&Vec<String>| row.iter().all(|cell| !cell.is_empty());
    let full = rows.iter().filter(is_full).count();
    // Where most rows have gaps, these are no columns.
    if full == rows.len() || full * 2 < rows.len() {
        return None;
    }
    let mut lines: Vec<String> = rows.iter().map(|cells| line(cells)).collect();
    lines.insert(1, line(&vec!["---".to_owned(); columns.len()]));
    Some(lines.join("\n"))
}

/// Where the columns of `rows` begin and end: no piece reaches from one into the next.
fn columns(rows: &[Row]) -> Vec<(f64, f64)> {
    let pieces = rows.iter().flat_map(|row| &row.pieces);
    let mut places: Vec<(f64, f64)> = pieces
        .map(|piece| (piece.left, piece.right.max(piece.left)))
        .collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut columns: Vec<(f64, f64)> = Vec::new();
    for (left, right) in places {
        match columns.last_mut() {
            Some(last) if left <= last.1 => last.1 = last.1.max(right),
            _ => columns.push((left, right)),
        }
    }
    columns
}

/// What `row` says in each of `columns`; `None` where it has two pieces in one.
fn cells(row: &Row, columns: &[(f64, f64)]) -> Option<Vec<String>> {
    let mut cells = vec![String::new(); columns.len()];
    for piece in &row.pieces {
        let is_in = |(left, right): &(f64, f64)| (*left..=*right).contains(&piece.left);
        let cell = &mut cells[columns.iter().position(is_in)?];
        if !cell.is_empty() {
            return None;
        }
        *cell = piece.text.trim().replace('|', "\\|");
    }
    Some(cells)
}

fn line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Piece;

    /// A row of pieces, each with where it begins. A letter is five wide.
    fn row(pieces: &[(&str, f64)]) -> Row {
        let piece = |(text, left): &(&str, f64)| Piece {
            text: (*text).to_owned(),
            left: *left,
            right: left + 5.0 * text.len() as f64,
            top: 0.0,
            bottom: 10.0,
            size: 10.0,
        };
        Row {
            pieces: pieces.iter().map(piece).collect(),
        }
    }

    #[test]
    fn an_empty_cell_stands_in_its_column() {
        let check = |rows: &[Row], want: &[(Range<usize>, &str)]| {
            let found = with_gaps(rows);
            let found: Vec<(Range<usize>, &str)> = found
                .iter()
                .map(|(range, text)| (range.clone(), text.as_str()))
                .collect();
            assert_eq!(found, want);
        };
        let title = row(&[("Wool of this year", 0.0)]);
        let head = row(&[("name", 0.0), ("kilos", 100.0), ("price", 200.0)]);
        let full = row(&[("red", 0.0), ("12", 115.0), ("a|b", 205.0)]);
        let no_kilos = row(&[("blue", 0.0), ("9", 215.0)]);
        let no_price = row(&[("green", 0.0), ("7", 120.0)]);
        let rows = [
            title.clone(),
            head.clone(),
            full.clone(),
            no_kilos.clone(),
            no_price.clone(),
            title.clone(),
        ];
        let table = "| name | kilos | price |\n| --- | --- | --- |\n| red | 12 | a\\|b |\n\
                     | blue |  | 9 |\n| green | 7 |  |";
        check(&rows, &[(1..5, table)]);
        // Full rows stay as they are, and so do few, and those with gaps for the most part.
        check(&[head.clone(), full.clone(), full.clone()], &[]);
        check(&[head.clone(), no_price.clone()], &[]);
        check(&[head.clone(), no_kilos.clone(), no_price.clone()], &[]);
        // A heading over two columns, and letters.
        let over_two = row(&[("name", 0.0), ("how much and for what", 100.0)]);
        check(&[over_two, full.clone(), full.clone(), no_kilos], &[]);
        check(&[], &[]);
    }
}
