//! What an OpenDocument sheet says of its cells beside their values: which stand in several rows, and
//! what people remarked on.

use std::collections::HashMap;

use roxmltree::{Document, Node};

use super::elements::{attribute, child, name};
use super::open::remark;
use super::sheets::Span;
use crate::found::Found;

/// What was found, by sheet.
#[derive(Default)]
pub struct Cells {
    /// Cells that stand in several rows.
    pub merged: HashMap<String, Vec<Span>>,
    remarks: Vec<(String, String)>,
}

impl Cells {
    /// What the sheets of `document` say.
    pub fn read(document: &Document<'_>) -> Self {
        let mut found = Self::default();
        for table in document.descendants().filter(|node| name(node) == "table") {
            let sheet = attribute(&table, "name").unwrap_or_default();
            let mut row = 0_u32;
            for line in table.descendants().filter(|node| name(node) == "table-row") {
                let mut column = 0_u32;
                for cell in line.children().filter(Node::is_element) {
                    found.cell(sheet, (row, column), &cell);
                    column = column.saturating_add(times(&cell, "number-columns-repeated"));
                }
                row = row.saturating_add(times(&line, "number-rows-repeated"));
            }
        }
        found
    }

    fn cell(&mut self, sheet: &str, (row, column): (u32, u32), cell: &Node<'_, '_>) {
        let rows = times(cell, "number-rows-spanned");
        if rows > 1 {
            let columns = times(cell, "number-columns-spanned").max(1);
            let last = (
                row.saturating_add(rows - 1),
                column.saturating_add(columns - 1),
            );
            let spans = self.merged.entry(sheet.to_owned()).or_default();
            spans.push(((row, column), last));
        }
        if let Some(annotation) = child(cell, "annotation") {
            let at = format!("Remark at {}{}", letters(column), row.saturating_add(1));
            let words = remark(&annotation).replacen("Remark", &at, 1);
            self.remarks.push((sheet.to_owned(), words));
        }
    }

    /// Adds the remarks to their sheets.
    pub fn add(self, found: &mut Found) {
        for (sheet, words) in self.remarks {
            let place = format!("sheet {sheet}");
            let hidden = format!("{place} (hidden)");
            let mut parts = found.parts.iter_mut();
            if let Some(part) = parts.find(|part| part.place == place || part.place == hidden) {
                part.text.push_str(&format!("\n\n{words}"));
            }
        }
    }
}

fn times(node: &Node<'_, '_>, by: &str) -> u32 {
    attribute(node, by)
        .and_then(|times| times.parse().ok())
        .unwrap_or(1)
}

/// The name of a column: A, B, … Z, AA.
fn letters(column: u32) -> String {
    let mut signs = Vec::new();
    let mut rest = column;
    loop {
        signs.extend(char::from_digit(rest % 26 + 10, 36));
        match (rest / 26).checked_sub(1) {
            Some(next) => rest = next,
            None => break,
        }
    }
    signs.iter().rev().collect::<String>().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zipped::{self, tests::archive};

    #[test]
    fn merged_cells_and_remarks_are_read() {
        let cell = |text: &str, more: &str| {
            format!(
                "<table:table-cell office:value-type='string' {more}><text:p>{text}</text:p></table:table-cell>"
            )
        };
        let remarked = "<table:table-cell office:value-type='string'><office:annotation><dc:creator>Ada</dc:creator><text:p>weighed twice</text:p></office:annotation><text:p>5</text:p></table:table-cell>";
        let content = format!(
            "<office:document-content xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' xmlns:table='urn:oasis:names:tc:opendocument:xmlns:table:1.0' xmlns:text='urn:oasis:names:tc:opendocument:xmlns:text:1.0' xmlns:dc='d'><office:body><office:spreadsheet><table:table table:name='Herd'><table:table-row>{}{}</table:table-row><table:table-row><table:covered-table-cell/>{remarked}</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>",
            cell(
                "Fin",
                "table:number-rows-spanned='2' table:number-columns-spanned='1'"
            ),
            cell("4", ""),
        );
        let file = archive(&[
            ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
            ("META-INF/manifest.xml", "<manifest/>"),
            ("content.xml", &content),
        ]);
        let found = zipped::read(&file).expect("a workbook");
        assert_eq!(
            found.parts[0].text.trim_end(),
            "| Fin | 4 |\n| --- | --- |\n| Fin | 5 |\n\n\nRemark at B2 by Ada: weighed twice"
        );
    }

    #[test]
    fn columns_have_names() {
        let check = |column: u32, want: &str| assert_eq!(letters(column), want);
        check(0, "A");
        check(25, "Z");
        check(26, "AA");
        check(702, "AAA");
    }
}
