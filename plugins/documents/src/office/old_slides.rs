//! PowerPoint before 2007 ([MS-PPT]): the words of a presentation, slide by slide.
//!
//! A file is a row of records, of which some hold others. What is saved later lies behind what it
//! replaces, so that only records count to which the directories of the saves lead, the last
//! save first.

use std::collections::HashMap;

use super::compound::{Container, u16_at, u32_at};
use crate::found::{Failed, Found, Paragraphs, Part, failed, one_line};

/// Kinds of records: the lists of slides and of notes, an entry of one, whose notes they are.
const LIST: u16 = 0x0ff0;
const ENTRY: u16 = 0x03f3;
const NOTES: u16 = 0x03f1;
/// What kind of text follows, and a text in two bytes or one for each sign.
const KIND: u16 = 0x0f9f;
const WIDE: u16 = 0x0fa0;
const NARROW: u16 = 0x0fa8;
/// A save, and its directory.
const SAVE: u16 = 0x0ff5;
const DIRECTORY: u16 = 0x1772;
/// Kinds of texts: titles, notes, and others.
const TITLES: [u32; 2] = [0, 6];
const NOTE: u32 = 2;
const OTHER: u32 = 4;
/// Which lists there are.
const SLIDES_LIST: u16 = 0;
const NOTES_LIST: u16 = 2;
/// What an encrypted file says where it says who opened it last.
const ENCRYPTED: u32 = 0xf3d1_c4df;
/// Saves that are followed, records within records, and slides that are read.
const SAVES_MAX: usize = 1_000;
const DEPTH_MAX: usize = 24;
const SLIDES_MAX: usize = 5_000;
/// Records of one presentation that are looked at.
const RECORDS_MAX: usize = 1_000_000;

/// The text of the presentation in `file`; none where it is built in another way.
pub fn read(file: &Container<'_>) -> Result<Option<Found>, Failed> {
    let (Some(main), Some(user)) = (
        file.stream(None, "PowerPoint Document"),
        file.stream(None, "Current User"),
    ) else {
        return Ok(None);
    };
    if u32_at(&user, 12) == Some(ENCRYPTED) {
        return Err(failed(
            "an encrypted document",
            "save it without its password first",
        ));
    }
    let Some(last) = u32_at(&user, 16) else {
        return Ok(None);
    };
    Ok(slides(&main, last as usize))
}

/// A record.
#[derive(Clone, Copy)]
struct Record<'a> {
    kind: u16,
    instance: u16,
    /// Whether it holds others.
    holds: bool,
    body: &'a [u8],
}

/// The record at a place, and where the next one is.
fn record(bytes: &[u8], at: usize) -> Option<(Record<'_>, usize)> {
    let first = u16_at(bytes, at)?;
    let kind = u16_at(bytes, at.checked_add(2)?)?;
    let length = u32_at(bytes, at.checked_add(4)?)? as usize;
    let start = at.checked_add(8)?;
    let end = start.saturating_add(length).min(bytes.len());
    let record = Record {
        kind,
        instance: first >> 4,
        holds: first & 0xf == 0xf,
        body: bytes.get(start..end)?,
    };
    Some((record, end))
}

/// The records in `bytes`, one after another.
fn records(bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut at = 0;
    let records = std::iter::from_fn(move || {
        let (record, next) = record(bytes, at)?;
        at = next;
        Some(record)
    });
    records.take(RECORDS_MAX)
}

/// A text and its kind.
type Text = (u32, String);

/// The text that a record is, if it is one.
fn words(record: &Record<'_>) -> Option<String> {
    let text: String = match record.kind {
        WIDE => {
            let units = record.body.as_chunks::<2>().0.iter();
            let units = units.map(|pair| u16::from_le_bytes(*pair));
            char::decode_utf16(units)
                .map(|sign| sign.unwrap_or('\u{fffd}'))
                .collect()
        }
        NARROW => record.body.iter().map(|byte| char::from(*byte)).collect(),
        _ => return None,
    };
    let text = text.replace(['\r', '\u{b}'], "\n");
    // What the program puts in: a number of a page, a date.
    (!matches!(text.trim(), "" | "*")).then_some(text)
}

/// The texts in `bytes` and in what its records hold.
fn texts(bytes: &[u8], depth: usize, found: &mut Vec<Text>) {
    let mut kind = OTHER;
    for record in records(bytes) {
        match record.kind {
            KIND => kind = u32_at(record.body, 0).unwrap_or(OTHER),
            _ if record.holds && depth < DEPTH_MAX => texts(record.body, depth + 1, found),
            _ => found.extend(words(&record).map(|text| (kind, text))),
        }
    }
}

/// Where the records of the last save are, by their numbers; and which one is the document.
fn directory(main: &[u8], last: usize) -> Option<(HashMap<u32, usize>, u32)> {
    let of_kind = |at: usize, kind: u16| {
        let (record, _) = record(main, at)?;
        (record.kind == kind).then_some(record.body)
    };
    let mut places = HashMap::new();
    let mut document = None;
    let mut at = last;
    for _ in 0..SAVES_MAX {
        let save = of_kind(at, SAVE)?;
        document = document.or(u32_at(save, 16));
        let list = of_kind(u32_at(save, 12)? as usize, DIRECTORY)?;
        let mut next = 0;
        while let Some(head) = u32_at(list, next) {
            next += 4;
            for n in 0..head >> 20 {
                let Some(place) = u32_at(list, next) else {
                    break;
                };
                places
                    .entry((head & 0xf_ffff) + n)
                    .or_insert(place as usize);
                next += 4;
            }
        }
        at = u32_at(save, 8)? as usize;
        if at == 0 {
            break;
        }
    }
    Some((places, document?))
}

/// An entry of a list: the number of its record, the slide's own, and its texts.
struct Listed {
    record: u32,
    slide: u32,
    texts: Vec<Text>,
}

fn listed(list: &[u8]) -> Vec<Listed> {
    let mut all: Vec<Listed> = Vec::new();
    let mut kind = OTHER;
    for record in records(list) {
        let number = |at: usize| u32_at(record.body, at).unwrap_or(0);
        match record.kind {
            ENTRY => all.push(Listed {
                record: number(0),
                slide: number(12),
                texts: Vec::new(),
            }),
            KIND => kind = number(0),
            _ => {
                if let (Some(text), Some(last)) = (words(&record), all.last_mut()) {
                    last.texts.push((kind, text));
                }
            }
        }
    }
    all
}

fn slides(main: &[u8], last: usize) -> Option<Found> {
    let (places, document) = directory(main, last)?;
    let body = |number: u32| {
        let (record, _) = record(main, *places.get(&number)?)?;
        Some(record.body)
    };
    let lists = |instance: u16| {
        let lists = records(body(document).unwrap_or_default());
        let lists = lists.filter(move |record| record.kind == LIST && record.instance == instance);
        lists.flat_map(|list| listed(list.body)).take(SLIDES_MAX)
    };
    let mut notes: HashMap<u32, String> = HashMap::new();
    for entry in lists(NOTES_LIST) {
        let Some(body) = body(entry.record) else {
            continue;
        };
        let of = records(body).find(|record| record.kind == NOTES);
        let Some(slide) = of.and_then(|of| u32_at(of.body, 0)) else {
            continue;
        };
        let mut said = entry.texts;
        texts(body, 0, &mut said);
        let said = said.into_iter().filter(|(kind, _)| *kind == NOTE);
        let said: Vec<String> = said.map(|(_, text)| text.trim().to_owned()).collect();
        notes.insert(slide, said.join("\n"));
    }
    let mut found = Found::default();
    for (n, entry) in lists(SLIDES_LIST).enumerate() {
        let mut said = entry.texts;
        let mut beside = Vec::new();
        texts(body(entry.record).unwrap_or_default(), 0, &mut beside);
        // A text that stands in the list as well is one.
        beside.retain(|text| !said.contains(text));
        said.extend(beside);
        let is_title = |text: &&Text| TITLES.contains(&text.0);
        let title = said
            .iter()
            .find(is_title)
            .map_or_else(String::new, |text| one_line(&text.1));
        let mut whole = Paragraphs::default();
        whole.heading(2, &title);
        for (_, text) in said.iter().filter(|text| !is_title(text)) {
            whole.push(text.trim());
        }
        if let Some(notes) = notes.get(&entry.slide).filter(|notes| !notes.is_empty()) {
            whole.push(&format!("Notes: {notes}"));
        }
        found.parts.push(Part {
            place: format!("slide {}", n + 1),
            title,
            text: whole.text(),
        });
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::compound::tests::container;
    use super::*;

    fn put(kind: u16, first: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = first.to_le_bytes().to_vec();
        bytes.extend(kind.to_le_bytes());
        bytes.extend((body.len() as u32).to_le_bytes());
        bytes.extend(body);
        bytes
    }

    fn numbers(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
    }

    fn text(kind: u32, words: &str) -> Vec<u8> {
        let wide: Vec<u8> = words.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [put(KIND, 0, &numbers(&[kind])), put(WIDE, 0, &wide)].concat()
    }

    #[test]
    fn slides_say_what_the_last_save_says() {
        const HOLDS: u16 = 0xf;
        // A box in a drawing in a slide.
        let boxed = |words: &[u8]| {
            let shape = [put(KIND, 0, &numbers(&[OTHER])), put(NARROW, 0, words)].concat();
            put(0x040c, HOLDS, &put(0xf00d, HOLDS, &shape))
        };
        let old = put(0x03ee, HOLDS, &boxed(b"an old box"));
        let new = put(0x03ee, HOLDS, &boxed(b"a b\xf6x\x0bbelow"));
        let note = text(NOTE, "Speak slowly.");
        let notes = [
            put(NOTES, 0, &numbers(&[256, 0])),
            put(0x040c, HOLDS, &note),
        ]
        .concat();
        let notes = put(0x03f0, HOLDS, &notes);
        let entry = |record: u32, slide: u32| put(ENTRY, 0, &numbers(&[record, 0, 0, slide, 0]));
        let list = [entry(2, 256), text(0, "Wool"), text(1, "red\rblue")].concat();
        let lists = [
            put(LIST, HOLDS, &list),
            put(LIST, HOLDS | NOTES_LIST << 4, &entry(3, 0)),
        ];
        let document = put(0x03e8, HOLDS, &lists.concat());

        let mut main = old;
        let mut places = Vec::new();
        for part in [&document, &new, &notes] {
            places.push(main.len() as u32);
            main.extend(part);
        }
        // The first save had another slide; the last one says where all are but the notes.
        let first = main.len() as u32;
        main.extend(put(DIRECTORY, 0, &numbers(&[2 << 20 | 2, 0, places[2]])));
        let save = main.len() as u32;
        main.extend(put(SAVE, 0, &numbers(&[0, 0, 0, first, 1])));
        let second = main.len() as u32;
        main.extend(put(
            DIRECTORY,
            0,
            &numbers(&[2 << 20 | 1, places[0], places[1]]),
        ));
        let last = main.len() as u32;
        main.extend(put(SAVE, 0, &numbers(&[0, 0, save, second, 1])));
        let user = put(0x0ff6, 0, &numbers(&[20, 0xe391_c05f, last]));

        let file = container(&[
            ("PowerPoint Document", &main[..]),
            ("Current User", &user[..]),
        ]);
        let found = read(&Container::open(&file).expect("opened")).expect("read");
        let found = found.expect("a presentation");
        assert_eq!(found.parts.len(), 1);
        assert_eq!(found.parts[0].title, "Wool");
        assert_eq!(
            found.parts[0].text,
            "## Wool\n\nred\nblue\n\na böx\nbelow\n\nNotes: Speak slowly."
        );
        // Cut anywhere, it is read as far as that goes, or not at all.
        for end in 0..main.len() {
            let cut = container(&[
                ("PowerPoint Document", &main[..end]),
                ("Current User", &user[..]),
            ]);
            let found = read(&Container::open(&cut).expect("opened")).expect("read");
            assert!(found.is_none_or(|found| found.parts.len() <= 1), "{end}");
        }
    }
}
