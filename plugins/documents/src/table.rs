//! Tables as Markdown.

use crate::found::one_line;

/// Cells of one table: more are data that nobody reads.
pub const CELLS_MAX: usize = 2_000_000;

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
