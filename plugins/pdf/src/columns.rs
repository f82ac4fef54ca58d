//! In which order the rows of a page are read: down one column, then down the next.
//!
//! A page is cut along white strips that no row crosses for a while. Only what reads like
//! prose is a column; the cells of a table are read row by row.

use crate::rows::{Piece, Row};

/// Rows that a strip has to run along.
const ROWS_MIN: usize = 4;
/// The part of its column that a row of prose fills, on average.
const FILL_MIN: f64 = 0.55;
/// The letters that a row of prose has, on average, and fewer where one sign is a word.
const SIGNS_MIN: usize = 12;
/// Strips that are looked at on one page, and columns within columns.
const STRIPS_MAX: usize = 64;
const DEPTH_MAX: usize = 4;
/// Pieces that begin within this many points begin in one place.
const NEAR: f64 = 2.0;
/// The least width of a strip, in parts of the letters' size.
const STRIP: f64 = 0.8;

/// Parts of a page in the order in which they are read; each is read row by row.
pub fn parts(rows: Vec<Row>) -> Vec<Vec<Row>> {
    cut(rows, 0)
}

fn cut(rows: Vec<Row>, depth: usize) -> Vec<Vec<Row>> {
    let strip = match depth < DEPTH_MAX && rows.len() >= ROWS_MIN {
        true => strip(&rows),
        false => None,
    };
    let Some((x, band)) = strip else {
        return match rows.is_empty() {
            true => Vec::new(),
            false => vec![rows],
        };
    };
    let (mut above, mut left, mut right, mut below) = (vec![], vec![], vec![], vec![]);
    for (n, row) in rows.into_iter().enumerate() {
        if n < band.start {
            above.push(row);
        } else if n >= band.end {
            below.push(row);
        } else {
            let (a, b): (Vec<Piece>, Vec<Piece>) = row
                .pieces
                .into_iter()
                .partition(|piece| piece.right <= x + 0.5);
            for (side, pieces) in [(&mut left, a), (&mut right, b)] {
                if !pieces.is_empty() {
                    side.push(Row { pieces });
                }
            }
        }
    }
    [above, left, right, below]
        .into_iter()
        .flat_map(|rows| cut(rows, depth + 1))
        .collect()
}

/// The white strip that most rows leave between two columns, and the rows along it.
fn strip(rows: &[Row]) -> Option<(f64, std::ops::Range<usize>)> {
    let mut edges = edges(rows);
    edges.truncate(STRIPS_MAX);
    let mut best: Option<(f64, std::ops::Range<usize>)> = None;
    for x in edges {
        for band in bands(rows, x - 1.0) {
            let longer = best
                .as_ref()
                .is_none_or(|(_, best)| band.len() > best.len());
            if longer && is_prose(&rows[band.clone()], x - 1.0) {
                best = Some((x - 1.0, band));
            }
        }
    }
    best
}

/// Where several pieces begin, the most common places first. Columns need not have their
/// rows at the same heights.
fn edges(rows: &[Row]) -> Vec<f64> {
    let pieces = rows.iter().flat_map(|row| &row.pieces);
    let mut lefts: Vec<f64> = pieces.map(|piece| piece.left).collect();
    lefts.sort_by(f64::total_cmp);
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for left in lefts {
        match groups.last_mut() {
            Some((first, count)) if left - *first < NEAR => *count += 1,
            _ => groups.push((left, 1)),
        }
    }
    groups.retain(|(_, count)| *count >= ROWS_MIN);
    groups.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    groups.into_iter().map(|(left, _)| left).collect()
}

/// The longest runs of rows that leave a strip at `x`.
fn bands(rows: &[Row], x: f64) -> Vec<std::ops::Range<usize>> {
    let mut bands = Vec::new();
    let mut start = None;
    for (n, row) in rows.iter().enumerate() {
        match (leaves(row, x), start) {
            (true, None) => start = Some(n),
            (false, Some(from)) => {
                bands.push(from..n);
                start = None;
            }
            _ => {}
        }
    }
    bands.extend(start.map(|from| from..rows.len()));
    bands.retain(|band| band.len() >= ROWS_MIN);
    bands
}

/// Whether nothing of `row` stands at `x` or close before it.
fn leaves(row: &Row, x: f64) -> bool {
    row.pieces
        .iter()
        .all(|piece| piece.left > x || piece.right < x - STRIP * piece.size)
}

/// Whether both sides of `x` have rows of prose.
fn is_prose(rows: &[Row], x: f64) -> bool {
    let sides: [Vec<(f64, f64, usize)>; 2] = [true, false].map(|is_left| {
        let of_side = |row: &Row| {
            let pieces: Vec<&Piece> = row
                .pieces
                .iter()
                .filter(|piece| (piece.left < x) == is_left)
                .collect();
            let (first, last) = (pieces.first()?, pieces.last()?);
            let signs = pieces.iter().map(|piece| weight(&piece.text)).sum();
            // A row with gaps in it is of a table.
            let wide: f64 = pieces.iter().map(|piece| piece.right - piece.left).sum();
            Some((first.left, last.right.min(first.left + wide), signs))
        };
        rows.iter().filter_map(of_side).collect()
    });
    sides.iter().all(|side| {
        let n = side.len();
        if n < ROWS_MIN {
            return false;
        }
        let left = side.iter().map(|row| row.0).fold(f64::MAX, f64::min);
        let right = side.iter().map(|row| row.1).fold(f64::MIN, f64::max);
        let fill =
            side.iter().map(|row| row.1 - row.0).sum::<f64>() / n as f64 / (right - left).max(1.0);
        let signs = side.iter().map(|row| row.2).sum::<usize>() / n;
        fill >= FILL_MIN && signs >= SIGNS_MIN
    })
}

/// How much `text` says: an ideograph says as much as two letters.
fn weight(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            ' ' => 0,
            '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => 2,
            _ => 1,
        })
        .sum()
}
