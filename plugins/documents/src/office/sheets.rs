//! Spreadsheets: Excel and OpenDocument, each sheet as a table.

use std::collections::HashMap;
use std::io::Cursor;

use calamine::{
    Cell, Data, ExcelDateTime, Ods, Range, Reader, SheetType, SheetVisible, Sheets, StyleRange,
    Xls, Xlsb, Xlsx,
};

use super::units::{self, Places, Unit};
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

/// Cells that stand in several rows: the first and the last.
pub type Span = ((u32, u32), (u32, u32));

/// What is known of the cells of a workbook beside what is found in it here.
#[derive(Default)]
pub struct Known {
    /// The units of some.
    pub units: Places,
    /// Those that stand in several rows, by sheet.
    pub merged: HashMap<String, Vec<Span>>,
}

/// The text of the workbook in `bytes`.
pub fn read(bytes: &[u8], kind: Kind, known: &Known) -> Result<Found, Failed> {
    let mut workbook = open(bytes, kind)?;
    let sheets = workbook.sheets_metadata().to_vec();
    let mut found = Found::default();
    let mut cells = 0_usize;
    for sheet_of in sheets {
        let name = sheet_of.name;
        let is_seen = sheet_of.visible == SheetVisible::Visible;
        let together = moved_together(&mut workbook, &name);
        let is_moved = together.is_some();
        let values = match together.map_or_else(|| workbook.worksheet_range(&name), Ok) {
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
        cells += values.width() * values.height();
        if cells > table::CELLS_MAX {
            found
                .left_out
                .push(format!("sheet {name} and what follows, for their size"));
            break;
        }
        let shown = match is_moved {
            // They are known by the places that the cells had.
            true => Shown::default(),
            false => Shown {
                formulas: workbook.worksheet_formula(&name).unwrap_or_default(),
                styles: styles(&mut workbook, &name),
                merged: match known.merged.get(&name) {
                    Some(merged) => merged.clone(),
                    None => merged(&mut workbook, &name),
                },
            },
        };
        let unit = |(row, column): (u32, u32)| {
            let unit = shown.styles.get((row, column)).and_then(units::of);
            match known.units.is_empty() {
                true => unit,
                false => unit.or_else(|| known.units.get(&(name.clone(), row, column)).cloned()),
            }
        };
        let text = sheet(&values, &shown, &unit);
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

fn open(bytes: &[u8], kind: Kind) -> Result<Sheets<Cursor<&[u8]>>, Failed> {
    let file = Cursor::new(bytes);
    Ok(match kind {
        Kind::Old => Sheets::Xls(Xls::new(file).map_err(|error| unread(&error))?),
        Kind::Xml => Sheets::Xlsx(Xlsx::new(file).map_err(|error| unread(&error))?),
        Kind::Binary => Sheets::Xlsb(Xlsb::new(file).map_err(|error| unread(&error))?),
        Kind::Open => Sheets::Ods(Ods::new(file).map_err(|error| unread(&error))?),
    })
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

/// The cells of a sheet of which some lie very far from the others, each row and column of them
/// next to the one before: a range has room for all that could be between them.
fn moved_together(workbook: &mut Sheets<Cursor<&[u8]>>, name: &str) -> Option<Range<Data>> {
    let Sheets::Xlsx(book) = workbook else {
        return None;
    };
    let mut reader = book.worksheet_cells_reader(name).ok()?;
    let said = reader.dimensions();
    if !is_wide(said.start, said.end) {
        return None;
    }
    let mut cells: Vec<((u32, u32), Data)> = Vec::new();
    while let Some(cell) = reader.next_cell().ok()? {
        let value = Data::from(cell.get_value().clone());
        if value != Data::Empty {
            cells.push((cell.get_position(), value));
        }
    }
    let ends = |of: fn(&((u32, u32), Data)) -> u32| {
        let mut lines: Vec<u32> = cells.iter().map(of).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    };
    let (rows, columns) = (ends(|cell| cell.0.0), ends(|cell| cell.0.1));
    let first = (*rows.first()?, *columns.first()?);
    let last = (*rows.last()?, *columns.last()?);
    if !is_wide(first, last) || rows.len() * columns.len() > table::CELLS_MAX {
        return None;
    }
    let at = |lines: &[u32], line: u32| lines.partition_point(|known| *known < line) as u32;
    let cells = cells
        .into_iter()
        .map(|((row, column), value)| Cell::new((at(&rows, row), at(&columns, column)), value));
    Some(Range::from_sparse(cells.collect()))
}

/// Whether there are more cells from `first` to `last` than are read of a workbook.
fn is_wide(first: (u32, u32), last: (u32, u32)) -> bool {
    let length = |first: u32, last: u32| u64::from(last.saturating_sub(first)) + 1;
    length(first.0, last.0) * length(first.1, last.1) > table::CELLS_MAX as u64
}

/// What a sheet has beside its values.
#[derive(Default)]
struct Shown {
    formulas: Range<String>,
    /// How cells are shown; empty where all are as they are.
    styles: StyleRange,
    /// Cells that stand in several rows.
    merged: Vec<Span>,
}

/// How the cells of a sheet are shown, where the style of one says more than its value.
fn styles(workbook: &mut Sheets<Cursor<&[u8]>>, name: &str) -> StyleRange {
    let Sheets::Xlsx(book) = workbook else {
        return StyleRange::empty();
    };
    let cells = book.worksheet_cells_reader(name);
    let says_more = cells.is_ok_and(|cells| {
        cells
            .styles()
            .iter()
            .any(|style| units::of(style).is_some())
    });
    match says_more {
        true => book
            .worksheet_style(name)
            .unwrap_or_else(|_| StyleRange::empty()),
        false => StyleRange::empty(),
    }
}

/// The cells of a sheet that stand in several rows.
fn merged(workbook: &mut Sheets<Cursor<&[u8]>>, name: &str) -> Vec<Span> {
    let merged = match workbook {
        Sheets::Xlsx(book) => book.merge_cells_by_sheet_name(name).unwrap_or_default(),
        Sheets::Xls(book) => book.merge_cells_by_sheet_name(name).unwrap_or_default(),
        _ => Vec::new(),
    };
    let places = merged.into_iter().map(|cells| (cells.start, cells.end));
    places.filter(|(start, end)| start.0 < end.0).collect()
}

/// A sheet as lines above a table, and the table.
fn sheet(values: &Range<Data>, shown: &Shown, unit: &dyn Fn((u32, u32)) -> Option<Unit>) -> String {
    let (top, left) = values.start().unwrap_or_default();
    let place = |row: usize, column: usize| {
        (
            top.saturating_add(row as u32),
            left.saturating_add(column as u32),
        )
    };
    let formula = |place: (u32, u32)| {
        let formula = shown.formulas.get_value(place);
        formula.filter(|formula| !formula.is_empty())
    };
    let mut rows: Vec<Vec<String>> = values
        .rows()
        .enumerate()
        .map(|(n, row)| {
            let cell = |(column, value): (usize, &Data)| {
                let place = place(n, column);
                match (value, formula(place)) {
                    // It was never computed: better than nothing.
                    (Data::Empty, Some(formula)) => format!("={formula}"),
                    (value, _) => words(value, unit(place)),
                }
            };
            row.iter().enumerate().map(cell).collect()
        })
        .collect();
    repeat(&mut rows, (top, left), &shown.merged);
    table::titled(&rows)
}

/// A cell that stands in several rows says the same in each of them: rows are read one by one.
fn repeat(rows: &mut [Vec<String>], (top, left): (u32, u32), merged: &[Span]) {
    for ((first, column), (last, _)) in merged {
        let (Some(first), Some(last), Some(column)) = (
            first.checked_sub(top),
            last.checked_sub(top),
            column.checked_sub(left),
        ) else {
            continue;
        };
        let (first, column) = (first as usize, column as usize);
        let last = (last as usize).min(rows.len().saturating_sub(1));
        let says = rows.get(first).and_then(|row| row.get(column)).cloned();
        let Some(says) = says.filter(|says| !says.trim().is_empty()) else {
            continue;
        };
        for row in rows.iter_mut().take(last + 1).skip(first + 1) {
            if let Some(cell) = row.get_mut(column).filter(|cell| cell.is_empty()) {
                cell.clone_from(&says);
            }
        }
    }
}

fn words(value: &Data, unit: Option<Unit>) -> String {
    match value {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Int(number) => units::said(*number as f64, number.to_string(), unit),
        Data::Float(number) => units::said(*number, units::number(*number), unit),
        Data::Bool(truth) => truth.to_string(),
        Data::DateTime(time) => date(time),
        // At midnight it is a day.
        Data::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(text).to_owned(),
        Data::DurationIso(text) => clock(text).unwrap_or_else(|| text.clone()),
        Data::Error(error) => error.to_string(),
    }
}

/// "PT08H30M00S" as 8:30:00; none for a duration of days or more.
fn clock(duration: &str) -> Option<String> {
    let (hours, rest) = duration.strip_prefix("PT")?.split_once('H')?;
    let (minutes, rest) = rest.split_once('M')?;
    let seconds = rest.strip_suffix('S')?.split(['.', ',']).next()?;
    let number = |text: &str| text.parse::<u32>().ok();
    let (hours, minutes, seconds) = (number(hours)?, number(minutes)?, number(seconds)?);
    Some(format!("{hours}:{minutes:02}:{seconds:02}"))
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

    /// A workbook of one sheet with this XML.
    fn workbook(sheet: &str, styles: &str) -> Vec<u8> {
        archive(&[
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
            ("xl/styles.xml", styles),
            ("xl/worksheets/sheet1.xml", sheet),
        ])
    }

    #[test]
    fn a_cell_at_the_end_of_the_sheet_costs_nothing() {
        let cell = |place: &str, text: &str| {
            format!("<c r='{place}' t='inlineStr'><is><t>{text}</t></is></c>")
        };
        let sheet = format!(
            "<worksheet><dimension ref='A1:XFD1048576'/><sheetData><row r='1'>{}</row><row r='1048576'>{}{}</row></sheetData></worksheet>",
            cell("A1", "near"),
            cell("A1048576", "below"),
            cell("XFD1048576", "far"),
        );
        let found = zipped::read(&workbook(&sheet, "<styleSheet/>")).expect("a workbook");
        assert_eq!(
            found.parts[0].text,
            "near\n\n| below | far |\n| --- | --- |\n"
        );
    }

    #[test]
    fn numbers_that_are_names_keep_their_digits() {
        let styles = "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='00000'/></numFmts><cellXfs><xf numFmtId='0'/><xf numFmtId='164'/></cellXfs></styleSheet>";
        let sheet = "<worksheet><sheetData><row r='1'><c r='A1' s='1'><v>1234</v></c><c r='B1'><v>1234567890123456</v></c></row></sheetData></worksheet>";
        let found = zipped::read(&workbook(sheet, styles)).expect("a workbook");
        assert_eq!(
            found.parts[0].text,
            "| 01234 | 1234567890123456 |\n| --- | --- |\n"
        );
    }

    #[test]
    fn a_duration_is_a_time() {
        let check = |iso: &str, expected: Option<&str>| {
            assert_eq!(clock(iso).as_deref(), expected, "{iso}");
        };
        check("PT08H30M00S", Some("8:30:00"));
        check("PT125H05M09.5S", Some("125:05:09"));
        check("P3D", None);
    }

    #[test]
    fn a_cell_in_several_rows_says_the_same_in_each() {
        let rows = |rows: &[&[&str]]| -> Vec<Vec<String>> {
            let row = |row: &&[&str]| row.iter().map(ToString::to_string).collect();
            rows.iter().map(row).collect()
        };
        let mut found = rows(&[&["Fin", "4"], &["", "5"], &["", "6"], &["Bo", "7"]]);
        // Beyond the sheet, and above what is read of it.
        let merged = [((2, 3), (4, 3)), ((5, 9), (9, 9)), ((0, 3), (1, 3))];
        repeat(&mut found, (2, 3), &merged);
        assert_eq!(
            found,
            rows(&[&["Fin", "4"], &["Fin", "5"], &["Fin", "6"], &["Bo", "7"]])
        );
    }

    #[test]
    fn a_sheet_becomes_a_table() {
        let sheet = "<worksheet><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>Herd of 2026</t></is></c></row><row r='3'><c r='A3' t='inlineStr'><is><t>Name</t></is></c><c r='B3' t='inlineStr'><is><t>Born</t></is></c></row><row r='4'><c r='A4' t='inlineStr'><is><t>Paloma</t></is></c><c r='B4' s='1'><v>45000</v></c><c r='C4' s='2'><v>0.175</v></c><c r='D4' s='3'><v>40</v></c></row></sheetData></worksheet>";
        let styles = "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='#,##0.00\\ &quot;€&quot;'/></numFmts><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='10'/><xf numFmtId='164'/></cellXfs></styleSheet>";
        let file = workbook(sheet, styles);
        let found = zipped::read(&file).expect("a workbook");
        assert_eq!(found.parts[0].place, "sheet Herd");
        assert_eq!(
            found.parts[0].text,
            "Herd of 2026\n\n| Name | Born | | |\n| --- | --- | --- | --- |\n| Paloma | 2023-03-15 | 17.5% | 40 € |\n"
        );
    }
}
