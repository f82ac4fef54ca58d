//! Workbooks in one file of XML, as Excel 2003 and many programs since write them.

use roxmltree::{Document, Node};

use super::elements::{attribute, below, child, name};
use crate::found::{Found, Part, one_line};
use crate::table;

/// Empty cells before one that says where it stands.
const GAP_MAX: usize = 200;

/// The text of the workbook `document`, a table for each sheet.
pub fn read(document: &Document<'_>) -> Found {
    let sheets = document
        .descendants()
        .filter(|node| name(node) == "Worksheet");
    let part = |sheet: Node<'_, '_>| {
        let rows: Vec<Vec<String>> = sheet
            .descendants()
            .filter(|node| name(node) == "Row")
            .map(|row| cells(&row))
            .collect();
        let text = table::titled(&rows);
        (!text.trim().is_empty()).then(|| Part {
            place: format!("sheet {}", attribute(&sheet, "Name").unwrap_or_default()),
            title: String::new(),
            text,
        })
    };
    Found {
        parts: sheets.filter_map(part).collect(),
        ..Found::default()
    }
}

/// What the cells of a row say. One may say at which place it stands.
fn cells(row: &Node<'_, '_>) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    for cell in row.children().filter(|node| name(node) == "Cell") {
        let number =
            |of: &str| attribute(&cell, of).and_then(|number| number.parse::<usize>().ok());
        let place = number("Index").map_or(cells.len(), |place| place.saturating_sub(1));
        let gap = place.saturating_sub(cells.len()).min(GAP_MAX);
        cells.extend(std::iter::repeat_n(String::new(), gap));
        cells.push(child(&cell, "Data").map_or_else(String::new, |data| words(&data)));
        if let Some(comment) = child(&cell, "Comment").and_then(|node| below(&node, "Data"))
            && let Some(last) = cells.last_mut()
        {
            last.push_str(&format!(" [note: {}]", words(&comment)));
        }
        // A wide cell takes the places of those beside it.
        let covered = number("MergeAcross").unwrap_or(0).min(GAP_MAX);
        cells.extend(std::iter::repeat_n(String::new(), covered));
    }
    cells
}

/// The words of a value: a day stands there with an hour that nobody gave.
fn words(data: &Node<'_, '_>) -> String {
    let texts = data.descendants().filter(Node::is_text);
    let words = one_line(&texts.filter_map(|node| node.text()).collect::<String>());
    match attribute(data, "Type") {
        Some("DateTime") => words.trim_end_matches("T00:00:00.000").to_owned(),
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::super::flat;

    #[test]
    fn cells_stand_where_they_say() {
        let file = "<?xml version='1.0'?><?mso-application progid='Excel.Sheet'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet' xmlns:ss='urn:schemas-microsoft-com:office:spreadsheet'><Worksheet ss:Name='Herd'><Table><Row><Cell><Data ss:Type='String'>Name</Data></Cell><Cell><Data ss:Type='String'>Born</Data></Cell><Cell><Data ss:Type='String'>Kilos</Data></Cell></Row><Row><Cell><Data ss:Type='String'>Suri</Data><Comment><ss:Data>ill</ss:Data></Comment></Cell><Cell ss:Index='3'><Data ss:Type='Number'>55</Data></Cell></Row><Row><Cell/><Cell><Data ss:Type='DateTime'>2026-03-05T00:00:00.000</Data></Cell></Row></Table></Worksheet></Workbook>";
        let found = flat(file.as_bytes()).expect("a workbook");
        assert_eq!(found.parts[0].place, "sheet Herd");
        assert_eq!(
            found.parts[0].text,
            "| Name | Born | Kilos |\n| --- | --- | --- |\n| Suri [note: ill] | | 55 |\n| | 2026-03-05 | |\n"
        );
    }
}
