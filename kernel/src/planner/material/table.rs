//! Tables in a text: Markdown, also where its lines were joined to one, values that are parted by
//! tabs, semicolons, commas or wide gaps, and lists of names with their numbers.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::passage::{GAP, leaves_out, passage_id, title_above};
use crate::numbers::numbers;
use crate::pattern::pattern;
use crate::written::days::written;

/// The fewest columns.
const COLUMNS_MIN: usize = 2;
/// The fewest lines, where a gap among them shows that they are rows.
const LINES_MIN: usize = 2;
/// Rows of one table that are read.
const ROWS_MAX: usize = 500;
/// Tables of which it is known that rows in words restate them: each row is compared with all.
const HEADS_MAX: usize = 100;
/// Characters of a cell, where prose has the same signs between its words.
const CELL_CHARS_MAX: usize = 40;

/// A table. Its rows have as many cells as its head.
#[derive(Debug, PartialEq)]
pub(super) struct Table {
    /// The names of its columns; empty where it says none.
    pub(super) head: Vec<String>,
    /// Its rows, without the head.
    pub(super) rows: Vec<Vec<String>>,
    /// The id of the passage that it stands in; `None` where no passage is named.
    pub(super) passage: Option<String>,
    /// What the passage and the part of it with the table are called; empty where nothing says it.
    pub(super) title: String,
    /// Whether rows of it may be missing.
    pub(super) has_gaps: bool,
}

impl Table {
    /// A table, of which nobody has said where it stands.
    fn new(head: Vec<String>, rows: Vec<Vec<String>>) -> Self {
        Self {
            head,
            rows,
            passage: None,
            title: String::new(),
            has_gaps: false,
        }
    }

    /// A table of some of its `rows`.
    pub(super) fn with_rows(&self, rows: Vec<Vec<String>>) -> Self {
        Self {
            head: self.head.clone(),
            rows,
            passage: self.passage.clone(),
            title: self.title.clone(),
            has_gaps: self.has_gaps,
        }
    }

    /// The table, which stands in `passage` below `title`.
    fn standing_in(self, passage: &Option<String>, title: String, has_gaps: bool) -> Self {
        Self {
            passage: passage.clone(),
            title,
            has_gaps,
            ..self
        }
    }
}

/// How the cells of a line are parted, and how many such lines make a table.
struct Form {
    cells: fn(&str) -> Vec<String>,
    lines_min: usize,
}

const FORMS: [Form; 6] = [
    form(of_bars, 2),
    form(of_tabs, 2),
    form(of_semicolons, 3),
    form(of_commas, 3),
    form(of_gaps, 3),
    form(of_a_list, 2),
];

const fn form(cells: fn(&str) -> Vec<String>, lines_min: usize) -> Form {
    Form { cells, lines_min }
}

/// The tables of `text`. Rows that only say in words what stands in another table are none.
pub(super) fn tables(text: &str) -> Vec<Table> {
    let lines: Vec<&str> = text.lines().map(unquoted).collect();
    let passages = lines.chunk_by(|_, next| passage_id(next).is_none());
    let mut tables: Vec<Table> = passages.flat_map(of_passage).collect();
    let heads = tables.iter().map(|table| named(&table.head));
    let heads = heads.filter(|head| !head.is_empty()).take(HEADS_MAX);
    let heads: BTreeSet<Vec<String>> = heads.collect();
    let restates = |row: &[String]| heads.iter().any(|head| restates(row, head));
    for table in &mut tables {
        table.rows.retain(|row| !restates(row));
    }
    tables.retain(|table| !table.rows.is_empty() && !restates(&table.head));
    tables
}

/// `line` without the sign that ends a quotation, unless it begins there.
fn unquoted(line: &str) -> &str {
    match line.contains('«') {
        true => line,
        false => line.trim_end().trim_end_matches('»'),
    }
}

/// The tables of one passage, whose `lines` these are.
fn of_passage(lines: &[&str]) -> Vec<Table> {
    let id = lines.first().and_then(|line| passage_id(line));
    // What is left out before the head of a table is no row of it.
    let gap = lines.iter().rposition(|line| leaves_out(line));
    let has_gaps = |at: usize| gap.is_some_and(|gap| gap >= at);
    let mut found: Vec<Table> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let title = || title_above(lines, at);
        found.extend(joined(line).map(|table| table.standing_in(&id, title(), has_gaps(at))));
    }
    let mut at = 0;
    while at < lines.len() {
        let (rows, used) = block(&lines[at..]).unwrap_or_default();
        let has_gaps = used >= ROWS_MAX || has_gaps(at);
        let title = || title_above(lines, at);
        found.extend(of_rows(rows).map(|table| table.standing_in(&id, title(), has_gaps)));
        at += used.max(1);
    }
    found
}

/// The names of the columns of `head`, each with what parts it from a value.
fn named(head: &[String]) -> Vec<String> {
    let names = head.iter().filter(|name| !name.is_empty());
    names.map(|name| format!("{name}: ")).collect()
}

/// Whether each cell of `row` behind the first has one of the `names` of columns within it.
fn restates(row: &[String], names: &[String]) -> bool {
    let has_a_name = |cell: &String| names.iter().any(|name| cell.contains(name));
    row.len() >= COLUMNS_MIN && row[1..].iter().all(has_a_name)
}

/// The rows that `lines` begin with, and of how many lines they are. Between rows may be gaps.
fn block(lines: &[&str]) -> Option<(Vec<Vec<String>>, usize)> {
    FORMS.iter().find_map(|form| {
        let columns = (form.cells)(lines.first()?).len();
        if columns < COLUMNS_MIN {
            return None;
        }
        let (mut rows, mut used) = (Vec::new(), 0);
        for (at, line) in lines.iter().take(ROWS_MAX).enumerate() {
            if is_gap(line) {
                continue;
            }
            let cells = (form.cells)(line);
            if cells.len() != columns {
                break;
            }
            rows.push(cells);
            used = at + 1;
        }
        let lines_min = match used > rows.len() && columns > COLUMNS_MIN {
            true => LINES_MIN,
            false => form.lines_min,
        };
        (rows.len() >= lines_min).then_some((rows, used))
    })
}

/// Whether `line` only says that rows are left out.
fn is_gap(line: &str) -> bool {
    let line = line.trim();
    line == "..." || !line.is_empty() && line.chars().all(|c| c == GAP)
}

/// The table of `rows`. Its first one is the head, unless that has values like the others.
fn of_rows(mut rows: Vec<Vec<String>>) -> Option<Table> {
    let count = rows.len();
    rows.retain(|cells| !cells.iter().all(|cell| is_rule(cell)));
    let has_rule = rows.len() < count;
    let first = rows.first()?;
    let head = match is_head(first) && (has_rule || !are_days(&rows)) {
        true => rows.remove(0),
        false => vec![String::new(); first.len()],
    };
    (!rows.is_empty()).then(|| Table::new(head, rows))
}

/// Whether `rows` are a list of names with a day each.
fn are_days(rows: &[Vec<String>]) -> bool {
    let is_day = |row: &Vec<String>| row.len() == COLUMNS_MIN && !written(&row[1]).is_empty();
    rows.iter().all(is_day)
}

/// Whether `cells` name columns: a year may be such a name, other numbers are values.
fn is_head(cells: &[String]) -> bool {
    let is_value = |cell: &String| match numbers(cell)[..] {
        [year] => !(1_000.0..3_000.0).contains(&year),
        _ => false,
    };
    !cells.iter().skip(1).any(is_value)
}

/// The table of Markdown that stands in `line` as a whole: between two of its rows is an empty cell.
fn joined(line: &str) -> Option<Table> {
    let cells: Vec<String> = line.split('|').map(bare).collect();
    let at = cells.iter().position(|cell| is_rule(cell))?;
    let columns = cells[at..].iter().take_while(|cell| is_rule(cell)).count();
    let begin = at.checked_sub(columns + 1)?;
    if columns < COLUMNS_MIN || !cells[at - 1].is_empty() {
        return None;
    }
    let rows = cells[at + columns..].chunks(columns + 1);
    let whole = |row: &&[String]| row.len() > columns && row[0].is_empty();
    let rows = rows.take_while(whole).take(ROWS_MAX);
    let rows: Vec<Vec<String>> = rows.map(|row| row[1..].to_vec()).collect();
    let head = cells[begin..at - 1].to_vec();
    (!rows.is_empty()).then(|| Table::new(head, rows))
}

/// Whether `cell` is of the line between a head and its rows.
fn is_rule(cell: &str) -> bool {
    cell.contains('-') && cell.chars().all(|c| "-:".contains(c))
}

/// `cell` without the signs of Markdown around it.
fn bare(cell: &str) -> String {
    let around = |c: char| c.is_whitespace() || "*`_\"".contains(c);
    cell.trim_matches(around).to_owned()
}

/// The cells between upright bars; those at both ends may be missing.
fn of_bars(line: &str) -> Vec<String> {
    let line = line.trim();
    let inner = line.strip_prefix('|').unwrap_or(line);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    inner.split('|').map(bare).collect()
}

fn of_tabs(line: &str) -> Vec<String> {
    line.split('\t').map(bare).collect()
}

fn of_semicolons(line: &str) -> Vec<String> {
    unless_it_is_prose(line, line.split([';', '；']).map(bare).collect())
}

/// The cells between commas. A cell in quotes may have commas of its own.
fn of_commas(line: &str) -> Vec<String> {
    let mut quoted = false;
    let parts = line.split(|c: char| {
        quoted ^= c == '"';
        !quoted && (c == ',' || c == '，')
    });
    unless_it_is_prose(line, parts.map(bare).collect())
}

/// The cells of aligned columns.
fn of_gaps(line: &str) -> Vec<String> {
    static GAPS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[ \u{3000}]{2,}"));
    unless_it_is_prose(line, GAPS.split(line.trim()).map(bare).collect())
}

/// The name and the number of an item in a list: "- Rye: 35 kg".
fn of_a_list(line: &str) -> Vec<String> {
    static ITEM: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^\s*(?:[-*•·]\s*)?(?P<name>[^\d:：|]{1,40}?)\s*(?:[:：]|\s[–—-]\s)\s*(?P<value>[^\s\d]{0,4}\d.{0,40})$",
        )
    });
    match ITEM.captures(line) {
        Some(item) => vec![bare(&item["name"]), bare(&item["value"])],
        None => Vec::new(),
    }
}

/// `cells`, the parts of `line`; none where that is a sentence, or says where a passage is from.
fn unless_it_is_prose(line: &str, cells: Vec<String>) -> Vec<String> {
    let line = line.trim();
    let is_aside = line.starts_with('(') && line.ends_with(')');
    let ends = is_aside || line.ends_with(['.', '?', '!', ':', '。', '？', '！', '：']);
    let is_long = |cell: &String| cell.chars().count() > CELL_CHARS_MAX;
    match ends || cells.iter().any(is_long) {
        true => Vec::new(),
        false => cells,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables of `text`: a line for each head and row, with bars between its cells.
    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let lines = |table: Table| std::iter::once(table.head).chain(table.rows);
        let lines = tables(text).into_iter().flat_map(lines);
        let lines: Vec<String> = lines.map(|cells| cells.join("|")).collect();
        assert_eq!(lines, want, "{text}");
    }

    #[test]
    fn tables_of_all_forms_are_read() {
        check(
            "Sacks:\n\n| Sack | kg |\n|---|--:|\n| **Rye** | 35 |\n| Oats | |\nEnd.",
            &["Sack|kg", "Rye|35", "Oats|"],
        );
        check("Sack | kg\n--- | ---\nRye | 35", &["Sack|kg", "Rye|35"]);
        check(
            "[d1] a.md: «Sacks | Sack | kg | | --- | --- | | Rye | 35 | | Oats | 40 |»",
            &["Sack|kg", "Rye|35", "Oats|40"],
        );
        check("Sack\t2023\nRye\t35", &["Sack|2023", "Rye|35"]);
        check(
            "Sack;kg;price\nRye;35;1,20\nOats;40;0,90",
            &["Sack|kg|price", "Rye|35|1,20", "Oats|40|0,90"],
        );
        check(
            "sack,kg\n\"Rye, new\",35\nOats,40",
            &["sack|kg", "Rye, new|35", "Oats|40"],
        );
        check(
            "Sack        kg\nRye, new    35\nOats        40",
            &["Sack|kg", "Rye, new|35", "Oats|40"],
        );
        check(
            "- Rye: 35 kg\n- Oats: 40 kg",
            &["|", "Rye|35 kg", "Oats|40 kg"],
        );
        check(
            "黑麦：35公斤\n燕麦：40公斤",
            &["|", "黑麦|35公斤", "燕麦|40公斤"],
        );
        check("Rye | 35\nOats | 40", &["|", "Rye|35", "Oats|40"]);
        // Days are values of a list, and may be the names of columns.
        check(
            "- Fair: 14 March 2026\n- Ball: 2 May 2026",
            &["|", "Fair|14 March 2026", "Ball|2 May 2026"],
        );
        check(
            "Sack | 14 March 2026\n--- | ---\nRye | 2 May 2026",
            &["Sack|14 March 2026", "Rye|2 May 2026"],
        );
    }

    #[test]
    fn rows_of_a_passage_are_read_beyond_gaps() {
        check(
            "[w2] from test: «\n  sack,grain,kg\n  …\n  new,Rye,35\n  …\n  old,Oats,40»",
            &["sack|grain|kg", "new|Rye|35", "old|Oats|40"],
        );
        check(
            "[w2: Mill]\n  sack;grain;kg\n  …\n  new;Rye;35\n  …\n  (a.csv; newer than w1; old)",
            &["sack|grain|kg", "new|Rye|35"],
        );
        check(
            "«\n  | Sack | kg |\n  |---|---|\n  …\n  | Rye | 35 |\n  | Oats | 40 |»",
            &["Sack|kg", "Rye|35", "Oats|40"],
        );
        check("Rye, oats\n…\nWheat, barley", &[]);
        check("a | b | c\n…", &[]);
        check("…\n…", &[]);
    }

    #[test]
    fn a_row_in_words_is_no_row() {
        let sacks = "Sack | kg\n--- | ---\nRye | 35\nOats | 40";
        let want = ["Sack|kg", "Rye|35", "Oats|40"];
        check(&format!("{sacks}\nSack: Rye | kg: 35"), &want);
        check(&format!("{sacks}\nRye | kg: 35"), &want);
        let two = "above 30: Sack: Rye | kg: 35\nabove 30: Sack: Oats | kg: 40";
        check(&format!("{sacks}\n\n{two}"), &want);
        check(
            "Rye | at: 9\nOats | at: 7",
            &["|", "Rye|at: 9", "Oats|at: 7"],
        );
    }

    #[test]
    fn a_table_knows_its_passage_and_whether_it_is_whole() {
        let check = |text: &str, want: &[(&str, bool)]| {
            let tables = tables(text);
            let known = tables.iter().map(|table| {
                let passage = table.passage.as_deref().unwrap_or_default();
                (passage, table.has_gaps)
            });
            assert_eq!(known.collect::<Vec<_>>(), want, "{text}");
        };
        let rows = "  | Sack | kg |\n  |---|---|\n  | Rye | 35 |";
        check(rows, &[("", false)]);
        check(&format!("[d1: Mill: sacks]\n{rows}"), &[("d1", false)]);
        check(
            &format!("Found:\n[d1-2] from a.md: «\n{rows}»\n[d3: b]\n{rows}\n  …\n  (b)"),
            &[("d1-2", false), ("d3", true)],
        );
        check(&format!("[a](b)\n{rows}\n  …"), &[("", true)]);
        check(&format!("[d1]\n  …\n{rows}"), &[("d1", false)]);
        check("[d1] «| a | b | | --- | --- | | c | 1 |…»", &[("d1", true)]);
        check(&format!("{rows}\n(12 more rows)"), &[("", true)]);
        check(&format!("{rows}\n  ...\n  | Oats | 40 |"), &[("", true)]);
    }

    #[test]
    fn prose_is_no_table() {
        check(
            "Ann, Bo, and Cy came.\nDi, Ed, and Flo left.\nGus, Hal, and Ida ate.",
            &[],
        );
        check("Rye, oats\nWheat", &[]);
        check("Open: Monday\nClosed: Sunday", &[]);
        check("It weighs 35 kg.\n\nIt costs 40.", &[]);
        check("| --- | --- |", &[]);
        check("a | b", &[]);
        check("", &[]);
    }
}
