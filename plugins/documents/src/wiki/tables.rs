//! Tables of wiki markup to Markdown.

use super::pieces::split;
use crate::found::one_line;
use crate::table::{self, Cell};

/// What makes words of the markup in a cell.
type Inline<'a> = &'a dyn Fn(&str) -> String;

/// The table that stands between `{|` and `|}`, whose first line says how it looks.
pub fn markdown(inside: &str, inline: Inline<'_>) -> String {
    let mut rows: Vec<Vec<Cell>> = vec![Vec::new()];
    let mut caption = String::new();
    for line in inside.lines().skip(1) {
        let bare = line.trim_start();
        let (is_head, cells) = match (bare.strip_prefix('!'), bare.strip_prefix('|')) {
            (Some(cells), _) => (true, cells),
            (None, Some(cells)) if cells.starts_with('-') => {
                rows.push(Vec::new());
                continue;
            }
            (None, Some(cells)) => match cells.strip_prefix('+') {
                Some(said) => {
                    caption = cell(said, inline).text;
                    continue;
                }
                None => (false, cells),
            },
            // A cell goes on.
            (None, None) => {
                if let Some(cell) = rows.last_mut().and_then(|row| row.last_mut()) {
                    cell.text.push(' ');
                    cell.text.push_str(&one_line(&inline(bare)));
                }
                continue;
            }
        };
        let mark = match is_head && cells.contains("!!") {
            true => "!!",
            false => "||",
        };
        if let Some(row) = rows.last_mut() {
            row.extend(
                split(cells, mark)
                    .into_iter()
                    .map(|said| cell(said, inline)),
            );
        }
    }
    // A line that begins a row may stand there twice.
    rows.retain(|row| !row.is_empty());
    let rows = table::spread(rows);
    format!("\n{caption}\n\n{}\n", table::markdown(&rows))
}

/// A cell, without how it looks: `rowspan="2" style="…" | words`.
fn cell(cell: &str, inline: Inline<'_>) -> Cell {
    let parts = split(cell, "|");
    let (looks, said) = match parts.as_slice() {
        [looks, ..] if parts.len() > 1 && looks.contains('=') => (*looks, &cell[looks.len() + 1..]),
        _ => ("", cell),
    };
    Cell {
        text: one_line(&inline(said)),
        columns: span(looks, "colspan"),
        rows: span(looks, "rowspan"),
    }
}

/// The number that a cell's `looks` have by this name.
fn span(looks: &str, name: &str) -> usize {
    let after = looks.split_once(name).map_or("", |(_, after)| after);
    let digits = after.trim_start_matches([' ', '=', '"', '\'']);
    let end = digits.find(|c: char| !c.is_ascii_digit());
    digits[..end.unwrap_or(digits.len())].parse().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_covers_several_rows_stands_in_each() {
        let check = |text: &str, expected: &str| {
            let found = markdown(text, &str::to_owned);
            assert_eq!(found.trim(), expected, "{text}");
        };
        check(
            " class=\"wikitable\"\n|-\n|-\n! Plan !! Size !! Price\n|-\n| rowspan=\"2\" | Basic || S || 5\n|-\n| M || 9\n|-\n| colspan=2 | Any || 90\n",
            "| Plan | Size | Price |\n| --- | --- | --- |\n| Basic | S | 5 |\n| Basic | M | 9 |\n| Any | | 90 |",
        );
        check(
            "\n! rowspan='2' | City !! colspan='2' | 2025\n|-\n! Q1 !! Q2\n|-\n| Bonn\n| 1\n| 2",
            "| City | 2025 | |\n| --- | --- | --- |\n| City | Q1 | Q2 |\n| Bonn | 1 | 2 |",
        );
        check("\n| rowspan=x | a || b\n", "| a | b |\n| --- | --- |");
    }
}
