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
/// The part of the room up to its strip that a row of prose fills, on average: where the rows on the
/// left end long before it, they may be names of what stands on the right.
const REACH_MIN: f64 = 0.75;
/// Of so many rows of names one at most begins in small letters.
const SMALL_OF: usize = 4;
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
            let rows = &rows[band.clone()];
            if longer && is_prose(rows, x - 1.0) && !are_names(rows, x - 1.0) {
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

/// Whether what stands on the left of `x` names what stands beside it: a form, or a table of two
/// columns. Each name has its value on its own row, begins a new thing and leaves room behind it.
fn are_names(rows: &[Row], x: f64) -> bool {
    let is_left = |piece: &&Piece| piece.left < x;
    let named = rows
        .iter()
        .filter(|row| row.pieces.iter().any(|piece| piece.left < x));
    let named: Vec<&Row> = named.collect();
    let has_value = |row: &&Row| row.pieces.iter().any(|piece| piece.left >= x);
    let begins_first = rows.first().is_some_and(|row| has_value(&row));
    if !begins_first || !named.iter().all(has_value) {
        return false;
    }
    let lefts = || {
        named
            .iter()
            .filter_map(|row| row.pieces.iter().find(is_left))
    };
    let left = lefts().map(|piece| piece.left).fold(f64::MAX, f64::min);
    let ends = named
        .iter()
        .flat_map(|row| row.pieces.iter().rfind(is_left));
    let ends: f64 = ends.map(|piece| piece.right - left).sum();
    let small = lefts()
        .filter(|piece| piece.text.starts_with(char::is_lowercase))
        .count();
    let reach = ends / named.len() as f64 / (x - left).max(1.0);
    reach < REACH_MIN && small * SMALL_OF <= named.len()
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn columns_of_prose_are_read_one_by_one_and_tables_by_rows() {
        let check = |rows: &[&[(&str, f64)]], want: &[&str]| {
            let found = parts(rows.iter().map(|pieces| row(pieces)).collect());
            let texts = found.iter().map(|rows| {
                let texts: Vec<String> = rows.iter().map(Row::text).collect();
                texts.join("|")
            });
            assert_eq!(texts.collect::<Vec<_>>(), want);
        };
        // The left column reaches to the strip, and a sentence goes on in the next row.
        check(
            &[
                &[
                    ("The wool of the herd is", 0.0),
                    ("Blue comes of indigo in", 130.0),
                ],
                &[
                    ("dyed red in the morning", 0.0),
                    ("a pot that stands a day", 130.0),
                ],
                &[
                    ("and hung up in the yard", 0.0),
                    ("in the sun, and then is", 130.0),
                ],
                &[
                    ("until the sun goes down", 0.0),
                    ("washed in the cold well", 130.0),
                ],
            ],
            &[
                "The wool of the herd is|dyed red in the morning|and hung up in the yard|until the sun goes down",
                "Blue comes of indigo in|a pot that stands a day|in the sun, and then is|washed in the cold well",
            ],
        );
        // Names and values with room between; one value goes on below.
        let names: [&[(&str, f64)]; 5] = [
            &[
                ("Name of the tenant", 0.0),
                ("Ada Brookfield of the mill", 250.0),
            ],
            &[
                ("Begin of the lease", 0.0),
                ("the first day of this April", 250.0),
            ],
            &[("or the first of the next", 250.0)],
            &[
                ("Monthly rent in euros", 0.0),
                ("nine hundred and ten euros", 250.0),
            ],
            &[
                ("Notice to be given", 0.0),
                ("three months before the end", 250.0),
            ],
        ];
        check(
            &names,
            &[
                "Name of the tenant  Ada Brookfield of the mill|Begin of the lease  the first day of this April|or the first of the next|Monthly rent in euros  nine hundred and ten euros|Notice to be given  three months before the end",
            ],
        );
        // A name without a value: these are two lists.
        let mut lists = names.to_vec();
        lists.push(&[("And nothing beside", 0.0)]);
        check(
            &lists,
            &[
                "Name of the tenant|Begin of the lease|Monthly rent in euros|Notice to be given|And nothing beside",
                "Ada Brookfield of the mill|the first day of this April|or the first of the next|nine hundred and ten euros|three months before the end",
            ],
        );
    }
}
