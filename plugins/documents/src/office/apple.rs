//! Pages, Numbers and Keynote since 2013: the words of a document. Its objects lie in files that
//! are packed by Snappy, each a message of Protocol Buffers. Apple has described neither; the
//! numbers here are those that documents show.

use crate::found::{Failed, Found, Paragraphs, failed};
use crate::zipped::Archive;

/// How the files of objects end.
const ENDING: &str = ".iwa";
/// Files of objects that every document of its kind has: how new slides look.
const NOT_OWN: &[&str] = &["TemplateSlide", "MasterSlide", "Stylesheet"];
/// What an encrypted document has beside them.
const ENCRYPTED: &str = ".iwph";
/// Kinds of objects: texts, and the texts in the cells of tables.
const TEXTS: &[u64] = &[2001, 2005];
const CELLS: u64 = 6005;
/// The field that holds the texts of either.
const TEXT: u64 = 3;
/// Bytes of one piece of a file, unpacked. (Documents have 64 KiB.)
const PIECE_BYTES_MAX: usize = 1 << 20;
/// Bytes of all objects of a document.
const ALL_BYTES_MAX: usize = 128 << 20;

/// The text of the document in `archive`.
pub fn read(archive: &mut Archive<'_>) -> Result<Found, Failed> {
    let names = archive.names();
    if names.iter().any(|name| name.ends_with(ENCRYPTED)) {
        return Err(failed(
            "an encrypted document",
            "save it without its password first",
        ));
    }
    let is_own =
        |name: &&String| name.ends_with(ENDING) && !NOT_OWN.iter().any(|part| name.contains(part));
    let mut files: Vec<&String> = names.iter().filter(is_own).collect();
    // The text of a document comes before what stands in it; 10 comes after 9.
    files.sort_by_key(|name| (!name.contains("Document"), name.len(), (*name).clone()));
    let mut whole = Paragraphs::default();
    let mut left = ALL_BYTES_MAX;
    let mut unread = 0;
    for file in files {
        let bytes = archive.bytes(file)?.unwrap_or_default();
        let Some(objects) = unpacked(&bytes, left) else {
            unread += 1;
            continue;
        };
        left -= objects.len();
        // What is broken at its end is read up to there.
        let _ = each_text(&objects, &mut |text: &str| whole.push(text.trim()));
    }
    let mut found = Found::whole("", whole.text());
    let has = |part: &str| names.iter().any(|name| name.contains(part));
    if unread > 0 {
        found
            .left_out
            .push(format!("{unread} files of it, which are broken"));
    }
    if has("/Slide") {
        found.left_out.push("the order of its slides".into());
    }
    if has("/Tables/") {
        found
            .left_out
            .push("the numbers in its tables (export it as Excel)".into());
    }
    match found.is_empty() {
        true => Err(failed(
            "a document of Pages, Numbers or Keynote",
            "export it as Word, Excel, PowerPoint or PDF",
        )),
        false => Ok(found),
    }
}

/// A file of objects: pieces, each with its length before it.
fn unpacked(file: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    let mut rest = file;
    while let [0, a, b, c, after @ ..] = rest {
        let length = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
        let piece = after.get(..length)?;
        snappy(piece, &mut whole)?;
        if whole.len() > most {
            return None;
        }
        rest = &after[length..];
    }
    rest.is_empty().then_some(whole)
}

/// Adds what is packed in `piece`, in the raw format of Snappy.
fn snappy(piece: &[u8], whole: &mut Vec<u8>) -> Option<()> {
    let mut rest = piece;
    let length = usize::try_from(number(&mut rest)?).ok()?;
    if length > PIECE_BYTES_MAX {
        return None;
    }
    let start = whole.len();
    while let Some((tag, after)) = rest.split_first() {
        rest = after;
        let long = usize::from(tag >> 2);
        if tag & 3 == 0 {
            // Up to 60 bytes follow; or first one to four bytes with their count.
            let count = match long {
                60..=63 => little_endian(&mut rest, long - 59)?,
                long => long,
            };
            let count = count.checked_add(1)?;
            whole.extend_from_slice(rest.get(..count)?);
            rest = &rest[count..];
        } else {
            let (count, back) = match tag & 3 {
                1 => {
                    let low = little_endian(&mut rest, 1)?;
                    ((long & 7) + 4, usize::from(tag >> 5) << 8 | low)
                }
                2 => (long + 1, little_endian(&mut rest, 2)?),
                _ => (long + 1, little_endian(&mut rest, 4)?),
            };
            let from = whole
                .len()
                .checked_sub(back)
                .filter(|from| *from >= start && back > 0)?;
            // What is copied may reach into what it makes.
            for n in 0..count {
                whole.push(whole[from + n]);
            }
        }
        if whole.len() - start > length {
            return None;
        }
    }
    (whole.len() - start == length).then_some(())
}

/// The next bytes, so many of them.
fn taken<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (bytes, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(bytes)
}

fn little_endian(rest: &mut &[u8], count: usize) -> Option<usize> {
    let bytes = taken(rest, count)?;
    let number = bytes
        .iter()
        .rev()
        .fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
    Some(number)
}

/// A number of variable length.
fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for n in 0..10 {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f).checked_shl(7 * n)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// The next field of a message: its number, and its bytes where it has some, or its value.
fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, &'a [u8], u64)> {
    let key = number(rest)?;
    let (bytes, value) = match key & 7 {
        0 => (&[][..], number(rest)?),
        1 => (taken(rest, 8)?, 0),
        2 => {
            let length = usize::try_from(number(rest)?).ok()?;
            (taken(rest, length)?, 0)
        }
        5 => (taken(rest, 4)?, 0),
        _ => return None,
    };
    Some((key >> 3, bytes, value))
}

/// The fields of a message.
fn fields(message: &[u8]) -> impl Iterator<Item = (u64, &[u8], u64)> {
    let mut rest = message;
    std::iter::from_fn(move || field(&mut rest))
}

/// Gives each text of the objects in a file to `take`; `None` where they are broken.
fn each_text(objects: &[u8], take: &mut dyn FnMut(&str)) -> Option<()> {
    let mut rest = objects;
    while !rest.is_empty() {
        let length = usize::try_from(number(&mut rest)?).ok()?;
        let about = taken(&mut rest, length)?;
        // It says of each message that follows its kind and its length.
        for (_, about, _) in fields(about).filter(|(number, ..)| *number == 2) {
            let said = |wanted: u64| {
                let found = fields(about).find(|(number, ..)| *number == wanted);
                found.map_or(0, |(_, _, value)| value)
            };
            let message = taken(&mut rest, usize::try_from(said(3)).ok()?)?;
            let kind = said(1);
            for (_, bytes, _) in fields(message).filter(|(number, ..)| *number == TEXT) {
                if TEXTS.contains(&kind) {
                    given(bytes, take);
                } else if kind == CELLS {
                    let cell = fields(bytes).find(|(number, ..)| *number == TEXT);
                    given(cell.map(|(_, bytes, _)| bytes).unwrap_or_default(), take);
                }
            }
        }
    }
    Some(())
}

/// Gives the text in `bytes`, without the signs that stand for pictures in it.
fn given(bytes: &[u8], take: &mut dyn FnMut(&str)) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        take(&text.replace('\u{fffc}', "").replace('\u{2028}', "\n"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    /// A field of bytes, or a number.
    fn bytes(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, bytes.len() as u8][..], bytes].concat()
    }

    fn value(number: u8, value: u16) -> Vec<u8> {
        vec![number << 3, value as u8 | 0x80, (value >> 7) as u8]
    }

    fn object(kind: u16, message: &[u8]) -> Vec<u8> {
        let about = [value(1, kind), value(3, message.len() as u16)].concat();
        let about = bytes(2, &about);
        [&[about.len() as u8][..], &about[..], message].concat()
    }

    /// A file of these objects: a piece that says all as it is.
    fn file(objects: &[u8]) -> Vec<u8> {
        let length = [objects.len() as u8 | 0x80, (objects.len() >> 7) as u8];
        let literal = [60 << 2, (objects.len() - 1) as u8];
        let piece = [&length[..], &literal[..], objects].concat();
        [&[0, piece.len() as u8, 0, 0][..], &piece[..]].concat()
    }

    fn document(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default())
                .expect("started");
            zip.write_all(bytes).expect("written");
        }
        zip.finish().expect("finished").into_inner()
    }

    #[test]
    fn a_document_has_its_texts() {
        let text = object(2001, &bytes(3, "The wool\u{fffc} is red.".as_bytes()));
        let other = object(4000, &bytes(3, b"no text"));
        let cell = object(
            6005,
            &bytes(3, &[value(1, 1), bytes(3, b"Paloma")].concat()),
        );
        let look = object(2001, &bytes(3, b"Slide Title"));
        let objects = [text, other].concat();
        let all = document(&[
            ("Index/Tables/DataList.iwa", &file(&cell)[..]),
            ("Index/Document.iwa", &file(&objects)[..]),
            ("Index/TemplateSlide-1.iwa", &file(&look)[..]),
        ]);
        let found = crate::zipped::read(&all).expect("a document");
        assert_eq!(found.parts[0].text, "The wool is red.\n\nPaloma");
        assert_eq!(
            found.left_out,
            ["the numbers in its tables (export it as Excel)"]
        );

        let locked = document(&[(".iwph", &b"x"[..]), ("Index/Document.iwa", &b"x"[..])]);
        let failed = crate::zipped::read(&locked).expect_err("locked");
        assert_eq!(failed.message, "an encrypted document");
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let check = |piece: &[u8], expected: Option<&str>| {
            let mut whole = b"before".to_vec();
            let found = snappy(piece, &mut whole).map(|()| &whole[6..]);
            assert_eq!(found, expected.map(str::as_bytes), "{piece:?}");
        };
        check(b"\x04\x0cwool", Some("wool"));
        // Copied from behind, and from what is being made.
        check(b"\x08\x0cwool\x01\x04", Some("woolwool"));
        check(b"\x06\x00a\x12\x01\x00", Some("aaaaaa"));
        check(b"\x06\x00a\x13\x01\x00\x00\x00", Some("aaaaaa"));
        // It says another length, or leads before its beginning.
        check(b"\x05\x0cwool", None);
        check(b"\x03\x0cwool", None);
        check(b"\x08\x0cwool\x01\x09", None);
        check(b"\x04\x0cwo", None);
        check(b"", None);
    }
}
