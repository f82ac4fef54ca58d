//! Tables of LaTeX, Org, AsciiDoc and reStructuredText as rows in Markdown, which are found, cut and
//! shown with their head. A table that is not understood stays as it is written.
//!
//! Every line keeps its number: a table has no more lines than before, and blank ones behind it.

mod ascii_doc;
mod latex;
mod rst;

use quipu_memory::Syntax;

/// Lines and columns of one table at most.
const LINES_MAX: usize = 2_000;
const COLUMNS_MAX: usize = 64;

/// A table that was read.
#[derive(Debug, Default)]
struct Table {
    /// A line that stands above it.
    title: String,
    /// The cells of each row.
    rows: Vec<Vec<String>>,
    /// Whether the first row says what the columns are.
    has_head: bool,
}

/// The table that begins with the first of some lines, and how many of them it has.
type Found = Option<(usize, Table)>;

/// `text` with its tables as rows.
pub fn plain(text: &str, syntax: Syntax) -> String {
    match syntax {
        Syntax::Org => org(text),
        Syntax::Latex => with_tables(&latex::measured(text), &latex::table),
        Syntax::AsciiDoc => with_tables(text, &ascii_doc::table),
        Syntax::Rst => with_tables(text, &rst::table),
        _ => text.to_owned(),
    }
}

/// Tables of Org are rows: only their rules are written otherwise, and formulas are none.
fn org(text: &str) -> String {
    let line = |line: &str| {
        let bare = line.trim();
        let is_formula = bare
            .get(..8)
            .is_some_and(|name| name.eq_ignore_ascii_case("#+tblfm:"));
        let is_rule = bare.starts_with("|-") && bare.chars().all(|c| "|-+".contains(c));
        match (is_formula, is_rule) {
            (true, _) => String::new(),
            (_, true) => line.replace('+', "|"),
            _ => line.to_owned(),
        }
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// `text` with the tables that `table` finds in it.
fn with_tables(text: &str, table: &dyn Fn(&[&str]) -> Found) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut whole: Vec<String> = Vec::with_capacity(lines.len());
    while whole.len() < lines.len() {
        let rest = &lines[whole.len()..];
        let rest = &rest[..rest.len().min(LINES_MAX)];
        let found = table(rest).and_then(|(count, table)| table.written(count));
        match found {
            Some(written) => whole.extend(written),
            None => whole.push(rest[0].to_owned()),
        }
    }
    whole.join("\n")
}

impl Table {
    /// It in `count` lines; `None` where it takes more, or is none.
    fn written(self, count: usize) -> Option<Vec<String>> {
        let width = self.rows.iter().map(Vec::len).max()?;
        if width > COLUMNS_MAX {
            return None;
        }
        let line = |row: &Vec<String>| {
            let cell = |n: usize| {
                let words = row.get(n).map_or("", String::as_str).split_whitespace();
                words.collect::<Vec<_>>().join(" ").replace('|', "\\|")
            };
            let cells: Vec<String> = (0..width).map(cell).collect();
            format!("| {} |", cells.join(" | "))
        };
        let mut lines: Vec<String> = self.rows.iter().map(line).collect();
        if self.has_head {
            lines.insert(1, format!("|{}", "---|".repeat(width)));
        }
        if !self.title.is_empty() {
            lines.insert(0, String::new());
            lines.insert(0, self.title);
        }
        let blank = count.checked_sub(lines.len())?;
        lines.extend(std::iter::repeat_n(String::new(), blank));
        Some(lines)
    }
}

/// The values of a line of a table of values.
fn values(line: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut quoted = false;
    for sign in line.chars() {
        match sign {
            '"' => quoted = !quoted,
            ',' if !quoted => values.push(String::new()),
            sign => {
                if let Some(value) = values.last_mut() {
                    value.push(sign);
                }
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_rows() {
        let check = |syntax: Syntax, text: &str, want: &str| {
            let found = plain(text, syntax);
            assert_eq!(found, want);
            assert_eq!(found.matches('\n').count(), text.matches('\n').count());
        };
        check(
            Syntax::Org,
            "| name | kilos |\n|------+-------|\n| red  | 12    |\n#+TBLFM: $2=$1*2\nEnd",
            "| name | kilos |\n|------|-------|\n| red  | 12    |\n\nEnd",
        );
        check(
            Syntax::Latex,
            "Before.\n\\begin{tabular}{lrS}\n\\toprule\nTree & \\multicolumn{2}{c}{Size} \\\\\n\\cmidrule{2-3}\nName & Height & Girth \\\\\n\\midrule\nOak \\& ash & \\SI{12}{\\metre} & \\num{1.85} \\\\ % old\n\\multicolumn{2}{l}{\\textbf{both}} & 7 \\\\[2pt]\n\\bottomrule\n\\end{tabular}\nAfter.",
            "Before.\n| Tree Name | Size Height | Size Girth |\n|---|---|---|\n| Oak & ash | 12 m | 1.85 |\n| both | both | 7 |\n\n\n\n\n\n\nAfter.",
        );
        check(
            Syntax::Latex,
            "\\begin{tabularx}{\\textwidth}{|l|X|}\n\\hline\na & b \\\\ \\hline\n1 & 2\\%\n\\end{tabularx}",
            "| a | b |\n|---|---|\n| 1 | 2% |\n\n",
        );
        // More rows than lines, and no end.
        for text in [
            "\\begin{tabular}{l} a \\\\ b \\\\ c \\end{tabular}",
            "\\begin{tabular}{l}\na \\\\",
        ] {
            check(Syntax::Latex, text, text);
        }
        check(
            Syntax::AsciiDoc,
            "[cols=\"1,2a,3\", options=\"header\"]\n|===\n|name |kilos |price\n\n|red\na|* twelve\n* or more\n|24\n\n2+|blue |6\n|===\nEnd",
            "| name | kilos | price |\n|---|---|---|\n| red | * twelve * or more | 24 |\n| blue | blue | 6 |\n\n\n\n\n\n\n\nEnd",
        );
        check(
            Syntax::AsciiDoc,
            "[%header,format=csv]\n|===\nFruit,Bowls\n\"Pear, red\",5\n|===",
            "| Fruit | Bowls |\n|---|---|\n| Pear, red | 5 |\n\n",
        );
        check(
            Syntax::AsciiDoc,
            "|===\n|a|b\n\n|c|\\|d\n|===",
            "| a | b |\n|---|---|\n| c | \\|d |\n\n",
        );
        check(
            Syntax::Rst,
            ".. list-table:: Fruit\n   :header-rows: 1\n\n   * - Name\n     - Bowls\n   * - Pear\n       and plum\n     - 5\n\nEnd",
            "Fruit\n\n| Name | Bowls |\n|---|---|\n| Pear and plum | 5 |\n\n\n\n\nEnd",
        );
        check(
            Syntax::Rst,
            ".. csv-table::\n   :header: \"Berry\", \"Bowls\"\n\n   \"Goose, red\", 3\nEnd",
            "| Berry | Bowls |\n|---|---|\n| Goose, red | 3 |\n\nEnd",
        );
        check(Syntax::Plain, "| a |", "| a |");
    }
}
