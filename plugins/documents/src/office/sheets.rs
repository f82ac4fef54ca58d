//! Spreadsheets: Excel and OpenDocument, each sheet as a table.

use std::io::Cursor;

use calamine::{
    Data, ExcelDateTime, Ods, Range, Reader, SheetType, SheetVisible, Sheets, Xls, Xlsb, Xlsx,
};

use crate::found::{Failed, Found, Part, broken, failed};
use crate::table;

/// How a workbook is written.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Excel before 2007.
    Old,
    /// Office Open XML.
    Xml,
    /// The binary form of that.
    Binary,
    /// OpenDocument.
    Open,
}

/// The text of the workbook in `bytes`.
pub fn read(bytes: &[u8], kind: Kind) -> Result<Found, Failed> {
    let file = Cursor::new(bytes);
    let mut workbook = match kind {
        Kind::Old => Sheets::Xls(Xls::new(file).map_err(|error| unread(&error))?),
        Kind::Xml => Sheets::Xlsx(Xlsx::new(file).map_err(|error| unread(&error))?),
        Kind::Binary => Sheets::Xlsb(Xlsb::new(file).map_err(|error| unread(&error))?),
        Kind::Open => Sheets::Ods(Ods::new(file).map_err(|error| unread(&error))?),
    };
    let sheets = workbook.sheets_metadata().to_vec();
    let mut found = Found::default();
    let mut cells = 0_usize;
    for sheet_of in sheets {
        let name = sheet_of.name;
        let is_seen = sheet_of.visible == SheetVisible::Visible;
        let values = match workbook.worksheet_range(&name) {
            Ok(values) => values,
            Err(error) if sheet_of.typ == SheetType::WorkSheet => {
                found
                    .left_out
                    .push(format!("sheet {name}, which is broken: {error}"));
                continue;
            }
            // A sheet of a chart has no cells.
            Err(_) => continue,
        };
        let formulas = workbook.worksheet_formula(&name).unwrap_or_default();
        cells += values.width() * values.height();
        if cells > table::CELLS_MAX {
            found
                .left_out
                .push(format!("sheet {name} and what follows, for their size"));
            break;
        }
        let text = sheet(&values, &formulas);
        if !text.trim().is_empty() {
            let hidden = if is_seen { "" } else { " (hidden)" };
            found.parts.push(Part {
                place: format!("sheet {name}{hidden}"),
                title: String::new(),
                text,
            });
        }
    }
    Ok(found)
}

fn unread(error: &dyn std::fmt::Display) -> Failed {
    match error.to_string().to_lowercase().contains("password") {
        true => failed(
            "an encrypted workbook",
            "save it without its password first",
        ),
        false => broken("workbook", error),
    }
}

/// A sheet as lines above a table, and the table.
fn sheet(values: &Range<Data>, formulas: &Range<String>) -> String {
    let (top, left) = values.start().unwrap_or_default();
    let at = |row: usize, column: usize| {
        let place = (
            top.saturating_add(row as u32),
            left.saturating_add(column as u32),
        );
        formulas
            .get_value(place)
            .filter(|formula| !formula.is_empty())
    };
    let rows: Vec<Vec<String>> = values
        .rows()
        .enumerate()
        .map(|(n, row)| {
            let cell = |(column, value): (usize, &Data)| match (value, at(n, column)) {
                // It was never computed: better than nothing.
                (Data::Empty, Some(formula)) => format!("={formula}"),
                (value, _) => words(value),
            };
            row.iter().enumerate().map(cell).collect()
        })
        .collect();
    // What has one cell above the table is a title or a remark.
    let filled = |row: &&Vec<String>| row.iter().filter(|cell| !cell.trim().is_empty()).count() < 2;
    let above = rows.iter().take_while(filled).count();
    match above == rows.len() {
        true => table::markdown(&rows),
        false => {
            let (above, table_rows) = rows.split_at(above);
            let lines = table::markdown(above);
            let table = table::markdown(table_rows);
            if lines.is_empty() {
                table
            } else {
                format!("{lines}\n\n{table}")
            }
        }
    }
}

fn words(value: &Data) -> String {
    match value {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => self::number(*number),
        Data::Bool(truth) => truth.to_string(),
        Data::DateTime(time) => date(time),
        Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Error(error) => error.to_string(),
    }
}

/// A number as a person writes it: what a computer adds in the last digit is no part of
/// it.
fn number(number: f64) -> String {
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    rounded.to_string()
}

fn date(time: &ExcelDateTime) -> String {
    if time.is_duration() {
        let seconds = (time.as_f64() * 86_400.0).round() as i64;
        return format!(
            "{}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        );
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    let day_words = format!("{year:04}-{month:02}-{day:02}");
    let clock = match second {
        0 => format!("{hour:02}:{minute:02}"),
        second => format!("{hour:02}:{minute:02}:{second:02}"),
    };
    match (time.as_f64() < 1.0, clock.as_str()) {
        (true, clock) => clock.to_owned(),
        (false, "00:00") => day_words,
        (false, clock) => format!("{day_words} {clock}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zipped::{self, tests::archive};

    #[test]
    fn numbers_are_written_as_people_do() {
        let check = |value: f64, expected: &str| assert_eq!(number(value), expected);
        check(0.1 + 0.2, "0.3");
        check(4.0, "4");
        check(-1234.5, "-1234.5");
        check(1e21, "1000000000000000000000");
    }

    #[test]
    fn a_sheet_becomes_a_table() {
        let sheet = "<worksheet><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>Herd of 2026</t></is></c></row><row r='3'><c r='A3' t='inlineStr'><is><t>Name</t></is></c><c r='B3' t='inlineStr'><is><t>Born</t></is></c></row><row r='4'><c r='A4' t='inlineStr'><is><t>Paloma</t></is></c><c r='B4' s='1'><v>45000</v></c></row></sheetData></worksheet>";
        let file = archive(&[
            ("[Content_Types].xml", "<Types/>"),
            (
                "_rels/.rels",
                "<Relationships><Relationship Id='r1' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument' Target='xl/workbook.xml'/></Relationships>",
            ),
            (
                "xl/workbook.xml",
                "<workbook xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'><sheets><sheet name='Herd' sheetId='1' r:id='r1'/></sheets></workbook>",
            ),
            (
                "xl/_rels/workbook.xml.rels",
                "<Relationships><Relationship Id='r1' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet' Target='worksheets/sheet1.xml'/></Relationships>",
            ),
            (
                "xl/styles.xml",
                "<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs></styleSheet>",
            ),
            ("xl/worksheets/sheet1.xml", sheet),
        ]);
        let found = zipped::read(&file).expect("a workbook");
        assert_eq!(found.parts[0].place, "sheet Herd");
        assert_eq!(
            found.parts[0].text,
            "Herd of 2026\n\n| Name | Born |\n| --- | --- |\n| Paloma | 2023-03-15 |\n"
        );
    }
}
