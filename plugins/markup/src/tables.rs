//! Tables in the one form that Markdown has: a row of heads, and below it a cell in each column.
//!
//! What makes Markdown of HTML takes heads out of the first row only, and cells of data out of
//! all others: names of rows, a second row of heads, and tables without heads would be lost.

use dom_query::{Document, NodeRef, Selection};

/// Columns or rows that one cell may cover: more is a mistake of its writer.
pub const SPAN_MAX: usize = 100;
/// Cells that are added to the tables of one page.
const ADDED_MAX: usize = 20_000;
/// Bytes that the added cells say, in all: one that covers many rows says the same in each.
const ADDED_BYTES_MAX: usize = 1 << 20;
/// Columns that are looked at; what is right of them stays as it was.
const COLUMNS_MAX: usize = 1_000;
/// Characters of a cell of data; what is longer lays out a page.
const CELL_CHARS_MAX: usize = 300;
/// What stands in the cells of a table that lays out a page.
const LAYOUT: &str = "table, h1, h2, h3, h4, h5, h6, ul, ol, form, pre, blockquote, hr";
/// What says something without words of its own.
const SAYING: &[&str] = &["img", "input", "select", "textarea", "svg", "math"];
/// The parts of a table that have rows.
const GROUPS: &[&str] = &["thead", "tbody", "tfoot"];

/// What may be added to the tables of one page yet.
pub struct Room {
    cells: usize,
    bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            cells: ADDED_MAX,
            bytes: ADDED_BYTES_MAX,
        }
    }
}

impl Room {
    /// Whether one more cell of so many `bytes` may be added; then it is counted.
    pub fn takes(&mut self, bytes: usize) -> bool {
        let has_room = self.cells > 0 && self.bytes >= bytes;
        if has_room {
            self.cells -= 1;
            self.bytes -= bytes;
        }
        has_room
    }
}

/// Puts the tables with heads into that form, and those of data without heads where `all`
/// says so.
pub fn mend(document: &Document, all: bool) {
    let mut room = Room::default();
    for table in document.select("table").iter() {
        let Some(node) = table.nodes().first() else {
            continue;
        };
        let mut rows = rows(node);
        let has_heads = rows.iter().flat_map(cells).any(|cell| is(&cell, &["th"]));
        if has_heads || all && is_data(&table, &rows) {
            fill(&rows, &mut room);
            rows.retain(|row| {
                let is_kept = !is_blank(row);
                if !is_kept {
                    row.remove_from_parent();
                }
                is_kept
            });
            set_heads(node, &rows);
        }
    }
}

/// Whether a table without heads has data in it, and does not only lay out a page.
fn is_data(table: &Selection<'_>, rows: &[NodeRef<'_>]) -> bool {
    let is_short = |cell: NodeRef<'_>| cell.text().chars().count() <= CELL_CHARS_MAX;
    let has_columns = rows.iter().any(|row| cells(row).len() > 1);
    rows.len() > 1
        && has_columns
        && table.attr("role").is_none()
        && !table.select(LAYOUT).exists()
        && rows.iter().flat_map(cells).all(is_short)
}

/// The rows of a table, not those of tables in it.
fn rows<'a>(table: &NodeRef<'a>) -> Vec<NodeRef<'a>> {
    let mut rows = Vec::new();
    for part in table.element_children() {
        match is(&part, GROUPS) {
            true => rows.extend(part.element_children()),
            false => rows.push(part),
        }
    }
    rows.retain(|row| is(row, &["tr"]));
    rows
}

/// Whether a row says nothing: sheets that became pages have hundreds of them. Heads may be blank:
/// without theirs the first row of data would be taken for heads.
fn is_blank(row: &NodeRef<'_>) -> bool {
    let has_head = cells(row).iter().any(|cell| is(cell, &["th"]));
    !has_head
        && row.text().trim().is_empty()
        && !row.descendants().iter().any(|node| is(node, SAYING))
}

fn cells<'a>(row: &NodeRef<'a>) -> Vec<NodeRef<'a>> {
    let mut cells = row.element_children();
    cells.retain(|cell| is(cell, &["th", "td"]));
    cells
}

fn is(node: &NodeRef<'_>, names: &[&str]) -> bool {
    let name = node.node_name().unwrap_or_default();
    names.contains(&&*name)
}

/// Gives each row a cell in each column: a cell that covers several rows says the same in all
/// of them, and one that covers several columns stands in the first.
fn fill(rows: &[NodeRef<'_>], room: &mut Room) {
    // What goes on from the rows above: in how many rows yet, and what it says.
    let mut open: Vec<(usize, String)> = Vec::new();
    for row in rows {
        let mut column = 0;
        for cell in cells(row) {
            column = go_on(row, Some(&cell), &mut open, column, room);
            if column >= COLUMNS_MAX {
                break;
            }
            let span = |name: &str| {
                let count = cell.attr(name);
                let count = count.and_then(|count| count.trim().parse::<usize>().ok());
                count.unwrap_or(1).clamp(1, SPAN_MAX)
            };
            let (wide, tall) = (span("colspan"), span("rowspan"));
            let mut last = cell;
            for n in 0..wide {
                if n > 0 {
                    if !room.takes(0) {
                        break;
                    }
                    let blank = row.tree.new_element("td");
                    last.insert_after(&blank);
                    last = blank;
                }
                if open.len() <= column {
                    open.resize(column + 1, (0, String::new()));
                }
                let says = match n == 0 && tall > 1 {
                    true => cell.text().to_string(),
                    false => String::new(),
                };
                open[column] = (tall - 1, says);
                column += 1;
            }
        }
        go_on(row, None, &mut open, column, room);
    }
}

/// Adds the cells that go on from above at `column` and right of it, before `cell` or at the
/// end of the row; gives the column after them.
fn go_on(
    row: &NodeRef<'_>,
    cell: Option<&NodeRef<'_>>,
    open: &mut [(usize, String)],
    mut column: usize,
    room: &mut Room,
) -> usize {
    while let Some((rows, says)) = open.get_mut(column)
        && *rows > 0
        && room.takes(says.len())
    {
        *rows -= 1;
        let added = row.tree.new_element("td");
        added.set_text(says.as_str());
        match cell {
            Some(cell) => cell.insert_before(&added),
            None => row.append_child(&added),
        }
        column += 1;
    }
    column
}

/// Makes heads of the first row that has cells, and data of all others.
fn set_heads(table: &NodeRef<'_>, rows: &[NodeRef<'_>]) {
    for group in table.element_children() {
        if is(&group, GROUPS) {
            group.rename("tbody");
        }
    }
    let filled = rows.iter().map(cells).filter(|cells| !cells.is_empty());
    for (n, cells) in filled.enumerate() {
        let name = if n == 0 { "th" } else { "td" };
        cells.iter().for_each(|cell| cell.rename(name));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_of_a_table_is_lost() {
        let check = |html: &str, expected: &str| {
            let tidied = crate::tidied(html);
            let markdown = crate::markdown(&tidied.html, crate::SKIPPED.to_vec());
            assert_eq!(markdown.expect("Markdown"), expected, "{html}");
        };
        // Names of rows, as boxes of facts have them.
        check(
            "<table><tr><th>Name</th><td>Paloma</td></tr><tr><th>Born</th><td>1979</td></tr></table>",
            "| Name | Paloma |\n| ---- | ------ |\n| Born | 1979   |",
        );
        check(
            "<table><thead><tr><th></th><th>Wool</th></tr></thead><tbody><tr><th scope='row'>Fin</th><td>4</td></tr></tbody></table>",
            "|     | Wool |\n| --- | ---- |\n| Fin | 4    |",
        );
        // Two rows of heads, and cells that cover several.
        check(
            "<table><thead><tr><th rowspan=2>Farm</th><th colspan=2>Wool</th></tr><tr><th>red</th><th>blue</th></tr></thead><tr><td>Fin</td><td>4</td><td>5</td></tr></table>",
            "| Farm | Wool |      |\n| ---- | ---- | ---- |\n| Farm | red  | blue |\n| Fin  | 4    | 5    |",
        );
        // Data without heads; what lays out a page stays as it was.
        check(
            "<table><tr><td>Fin</td><td><p>4</p></td></tr><tr><td>Bo</td><td>5</td></tr></table>",
            "| Fin | 4 |\n| --- | - |\n| Bo  | 5 |",
        );
        // Heads that say nothing are heads, and the row below them is none.
        let blank = "<table><tr><th></th><th></th></tr><tr><td>a</td><td>1</td></tr></table>";
        let html = crate::tidied(blank).html;
        assert!(html.contains("<td>a</td>"), "{html}");
        let layout = "<table><tr><td><h2>Wool</h2></td><td>red</td></tr><tr><td>a</td><td>b</td></tr></table>";
        let tidied = crate::tidied(layout);
        let markdown = crate::markdown(&tidied.html, crate::SKIPPED.to_vec());
        let markdown = markdown.expect("Markdown");
        assert!(
            markdown.contains("## Wool") && !markdown.contains('|'),
            "{markdown}"
        );
    }

    /// A page is bounded in what it is made of, and so is what is made of it.
    #[test]
    fn spans_add_no_more_than_they_may() {
        let check = |html: &str, most: usize| {
            let bytes = crate::tidied(html).html.len();
            assert!(bytes < html.len() + most, "{bytes} of {}", html.len());
        };
        let of_cell = "<td></td>".len();
        // A long text in many rows.
        let long = "wool ".repeat(40_000);
        let rows = "<tr><td>4</td></tr>".repeat(99);
        let tall = format!("<table><tr><th rowspan=100>{long}</th><th>n</th></tr>{rows}</table>");
        check(&tall, super::ADDED_BYTES_MAX + 10_000 * of_cell);
        // Many cells in many columns, and in many rows.
        let wide = "<th colspan=100 rowspan=100>a</th>".repeat(500);
        let wide = format!("<table><tr>{wide}</tr><tr><td>b</td></tr></table>").repeat(30);
        check(
            &wide,
            super::ADDED_BYTES_MAX + (super::ADDED_MAX + 1_000) * 2 * of_cell,
        );
    }
}
