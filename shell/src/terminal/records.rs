//! The rows of a table on a terminal that is too narrow for it: each cell on a line of its own,
//! behind its head. Tables are in `output`.

use console::measure_text_width;

/// Columns that a cell of a table has at least, where it has so much to show.
const CELL_COLUMNS: usize = 8;
/// The same of the last, which mostly is a sentence.
const LAST_COLUMNS: usize = 16;
/// Columns between two cells.
const BETWEEN: usize = 2;

/// Whether a table of `rows` under `heads` can be read on a terminal with so many `columns`.
pub fn has_room(heads: &[&str], rows: &[Vec<String>], columns: usize) -> bool {
    let last = heads.len().saturating_sub(1);
    let needed = heads.iter().enumerate().map(|(n, head)| {
        let cells = rows.iter().filter_map(|row| row.get(n));
        let widths = cells.map(|cell| measure_text_width(cell));
        let widest = widths.chain([measure_text_width(head)]).max();
        let most = if n == last {
            LAST_COLUMNS
        } else {
            CELL_COLUMNS
        };
        BETWEEN + widest.unwrap_or_default().min(most)
    });
    needed.sum::<usize>() <= columns
}

/// The rows below each other, with a blank line between two. A cell without a text is left out.
pub fn below_each_other(heads: &[&str], rows: &[Vec<String>]) -> String {
    let width = heads.iter().map(|head| measure_text_width(head)).max();
    let width = width.unwrap_or_default();
    let record = |row: &Vec<String>| {
        let cells = heads.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        let lines = cells.map(|(head, cell)| format!("{head:<width$}  {cell}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    rows.iter().map(record).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        vec![
            row([
                "calculator",
                "ready",
                "Exact arithmetic, percentages and units.",
            ]),
            row(["eyes", "", "读取图片中的文字"]),
        ]
    }

    #[test]
    fn a_narrow_terminal_has_a_cell_a_line() {
        let heads = ["NAME", "STATE", "WHAT IT DOES"];
        let check = |columns: usize, want: bool| {
            assert_eq!(has_room(&heads, &rows(), columns), want, "{columns}");
        };
        // 8, 5 and 16 columns, with two between each and the next.
        check(80, true);
        check(35, true);
        check(34, false);
        let want = [
            "NAME          calculator",
            "STATE         ready",
            "WHAT IT DOES  Exact arithmetic, percentages and units.",
            "",
            "NAME          eyes",
            "WHAT IT DOES  读取图片中的文字",
        ];
        assert_eq!(below_each_other(&heads, &rows()), want.join("\n"));
    }
}
