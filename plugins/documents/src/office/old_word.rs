//! Word before 2007 ([MS-DOC]): the words of a document, which lie in pieces all over it.
//!
//! What is bold or a heading lies elsewhere, in ways of its own, and is not read.

use encoding_rs::WINDOWS_1252;

use super::compound::{Container, u16_at, u32_at};
use crate::found::{Failed, Found, Paragraphs, failed};

/// How the main stream of a document begins.
const MARK: u16 = 0xa5ec;
/// The version since which documents are built so: Word 97.
const VERSION_MIN: u16 = 193;
/// Bits of the header: the text is encrypted; which stream has the tables.
const ENCRYPTED: u16 = 0x0100;
const TABLE_1: u16 = 0x0200;
/// Where the header says how long the text and its notes are, in signs.
const TEXT: usize = 76;
const FOOTNOTES: usize = 80;
const EDGES: usize = 84;
const REMARKS: usize = 92;
const ENDNOTES: usize = 96;
const BOXES: usize = 100;
/// Where it says where the list of pieces is.
const PIECES: usize = 418;
/// A piece that has a byte for each sign.
const NARROW: u32 = 0x4000_0000;

/// The text of the document in `file`; none where it is built in another way.
pub fn read(file: &Container<'_>) -> Result<Option<Found>, Failed> {
    let Some(main) = file.stream(None, "WordDocument") else {
        return Ok(None);
    };
    let at = |place: usize| u16_at(&main, place).unwrap_or(0);
    if at(0) != MARK || at(2) < VERSION_MIN {
        return Ok(None);
    }
    if at(10) & ENCRYPTED != 0 {
        return Err(failed(
            "an encrypted document",
            "save it without its password first",
        ));
    }
    let tables = if at(10) & TABLE_1 != 0 {
        "1Table"
    } else {
        "0Table"
    };
    let signs = file
        .stream(None, tables)
        .and_then(|tables| signs(&main, &tables));
    let Some(signs) = signs.filter(|signs| !signs.is_empty()) else {
        return Ok(None);
    };
    let len = |place: usize| u32_at(&main, place).unwrap_or(0) as usize;
    let mut whole = Paragraphs::default();
    let mut start = 0;
    // One after another: the text, its footnotes, what stands above and below each page,
    // remarks, endnotes, boxes.
    for place in [TEXT, FOOTNOTES, EDGES, REMARKS, ENDNOTES, BOXES] {
        let end = usize::saturating_add(start, len(place));
        let part = signs.get(start..end.min(signs.len())).unwrap_or_default();
        if place != EDGES {
            paragraphs(part, &mut whole);
        }
        start = end;
    }
    Ok(Some(Found::whole("", whole.text())))
}

/// All signs of a document, in order.
fn signs(main: &[u8], tables: &[u8]) -> Option<Vec<char>> {
    let (at, len) = (
        u32_at(main, PIECES)? as usize,
        u32_at(main, PIECES + 4)? as usize,
    );
    let mut rest = tables.get(at..at.checked_add(len)?)?;
    // Before the list may stand changes of style.
    while rest.first() == Some(&1) {
        let skipped = 3 + usize::from(u16_at(rest, 1)?);
        rest = rest.get(skipped..)?;
    }
    if rest.first() != Some(&2) {
        return None;
    }
    let list = rest.get(5..(u32_at(rest, 1)? as usize).checked_add(5)?)?;
    // Places of signs, one more than pieces, and then for each piece where it lies.
    let count = list.len().checked_sub(4)? / 12;
    let mut signs = Vec::new();
    for n in 0..count {
        let (from, to) = (u32_at(list, 4 * n)?, u32_at(list, 4 * n + 4)?);
        let place = u32_at(list, 4 * (count + 1) + 8 * n + 2)?;
        let many = to.checked_sub(from)? as usize;
        if place & NARROW != 0 {
            let at = (place & !NARROW) as usize / 2;
            let bytes = main.get(at..at.checked_add(many)?)?;
            let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
            signs.extend(text.chars());
        } else {
            let at = place as usize;
            let bytes = main.get(at..at.checked_add(many.checked_mul(2)?)?)?;
            let units = bytes.as_chunks::<2>().0;
            // Each half of a sign of two counts, so that the places below are right.
            for pair in units {
                let unit = u16::from_le_bytes(*pair);
                signs.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        // Each sign has a place of its own: pieces that lie over each other have no end.
        if signs.len() > main.len() {
            return None;
        }
    }
    Some(signs)
}

/// Adds a part of the text, paragraph by paragraph.
fn paragraphs(signs: &[char], whole: &mut Paragraphs) {
    let mut line = String::new();
    // Of a field only what it shows is text: \x13 how it is made \x14 what it shows \x15.
    let mut made: Vec<bool> = Vec::new();
    let mut cells = false;
    for sign in signs {
        match sign {
            '\u{13}' => made.push(true),
            '\u{14}' => {
                if let Some(last) = made.last_mut() {
                    *last = false;
                }
            }
            '\u{15}' => {
                made.pop();
            }
            _ if made.contains(&true) => {}
            // A second mark in a row ends the row of a table.
            '\u{7}' if line.is_empty() || line.ends_with(" | ") => {
                whole.push(line.trim_end_matches(" | ").trim());
                line.clear();
                cells = false;
            }
            '\u{7}' => {
                line.push_str(" | ");
                cells = true;
            }
            '\r' | '\u{c}' | '\u{e}' if !cells => {
                whole.push(line.trim());
                line.clear();
            }
            '\r' | '\u{b}' => line.push(if cells { ' ' } else { '\n' }),
            '\u{1e}' => line.push('-'),
            '\t' => line.push('\t'),
            // Pictures, marks of notes, hyphens that are not shown.
            sign if sign.is_control() => {}
            sign => line.push(*sign),
        }
    }
    whole.push(line.trim());
}

#[cfg(test)]
mod tests {
    use super::super::compound::tests::container;
    use super::*;

    /// A document in two pieces, of which the second is in UTF-16.
    fn document(text: &str, more: &str, flags: u16) -> Vec<u8> {
        let mut main = vec![0; 512];
        let mut put = |at: usize, bytes: &[u8]| main[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &MARK.to_le_bytes());
        put(2, &VERSION_MIN.to_le_bytes());
        put(10, &flags.to_le_bytes());
        let (first, second) = (
            text.chars().count() as u32,
            more.encode_utf16().count() as u32,
        );
        put(TEXT, &first.to_le_bytes());
        put(FOOTNOTES, &second.to_le_bytes());
        let narrow: Vec<u8> = text.chars().map(|sign| sign as u8).collect();
        let wide: Vec<u8> = more.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut table = vec![1, 2, 0, 9, 9, 2];
        let mut list = Vec::new();
        for place in [0, first, first + second] {
            list.extend(place.to_le_bytes());
        }
        for place in [512 * 2 | NARROW, 512 + first] {
            list.extend([0, 0]);
            list.extend(place.to_le_bytes());
            list.extend([0, 0]);
        }
        table.extend((list.len() as u32).to_le_bytes());
        table.extend(list);
        put(PIECES + 4, &(table.len() as u32).to_le_bytes());
        main.extend(narrow);
        main.extend(wide);
        container(&[("WordDocument", &main[..]), ("0Table", &table[..])])
    }

    #[test]
    fn the_words_are_read_piece_by_piece() {
        let check = |text: &str, more: &str, expected: &str| {
            let file = document(text, more, 0);
            let found = read(&Container::open(&file).expect("a container")).expect("read");
            assert_eq!(
                found.expect("a document").parts[0].text,
                expected,
                "{text:?}"
            );
        };
        check(
            "Wool of the caf\u{e9}\rspun\u{2}\r",
            "\u{2} by hand – 磨\r",
            "Wool of the café\n\nspun\n\nby hand – 磨",
        );
        check(
            "See \u{13} HYPERLINK \"x\" \u{14}the mill\u{15}.\rDye\u{7}Kilos\u{7}\u{7}red\u{7}4\u{7}\u{7}",
            "",
            "See the mill.\n\nDye | Kilos\n\nred | 4",
        );
    }

    #[test]
    fn what_is_built_otherwise_is_told() {
        let file = document("Wool\r", "", ENCRYPTED);
        let failed = read(&Container::open(&file).expect("a container")).expect_err("encrypted");
        assert_eq!(failed.message, "an encrypted document");
        let file = container(&[("WordDocument", &b"\xec\xa5\x65\x00"[..])]);
        let found = read(&Container::open(&file).expect("a container"));
        assert_eq!(found, Ok(None));
    }
}
