//! `winmail.dat`: what Outlook packs a mail in for others of its kind ([MS-OXTNEF]): a list of
//! attributes, one of which is a list of properties, as [MS-OXCDATA] writes them.

use encoding_rs::WINDOWS_1252;

use super::compound::{u16_at, u32_at};
use super::outlook::unpacked;
use crate::found::{Failed, Found, Paragraphs, broken, one_line};
use crate::page;
use crate::rich_text::read as rich_text;

/// How such a file begins, and what stands before its first attribute with that.
const SIGNATURE: &[u8] = b"\x78\x9f\x3e\x22";
const HEAD_BYTES: usize = 6;
/// Attributes by the lower half of their number (2.1.3.3).
const SUBJECT: u16 = 0x8004;
const BODY: u16 = 0x800c;
const DATE_SENT: u16 = 0x8005;
const PROPERTIES: u16 = 0x9003;
const NEXT_ATTACHED: u16 = 0x9002;
const ATTACHED_TITLE: u16 = 0x8010;
const ATTACHED_DATA: u16 = 0x800f;
const ATTACHED_PROPERTIES: u16 = 0x9005;
/// Attachments of one mail, and properties of one list.
const ATTACHED_MAX: usize = 1_000;
const PROPERTIES_MAX: u32 = 10_000;

/// What is attached.
#[derive(Default)]
struct Attached {
    name: String,
    bytes: usize,
}

/// What a file says.
#[derive(Default)]
struct Said {
    subject: String,
    sender: String,
    to: String,
    date: String,
    plain: String,
    html: String,
    rich: Vec<u8>,
    attached: Vec<Attached>,
}

/// The mail in `bytes`: its text, and what is attached by its name.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let attributes = bytes
        .get(HEAD_BYTES..)
        .filter(|_| bytes.starts_with(SIGNATURE));
    let mut rest = attributes.ok_or_else(|| broken("winmail.dat", &"it begins otherwise"))?;
    let mut said = Said::default();
    while let Some((number, data)) = attribute(&mut rest) {
        said.take(number, data);
    }
    let text = said.text()?;
    let mut found = Found::whole(&*said.subject, text);
    if !rest.is_empty() {
        found.left_out.push("its end, which is damaged".to_owned());
    }
    Ok(found)
}

/// The next attribute and its data; none at the end, and where it is damaged.
fn attribute<'a>(rest: &mut &'a [u8]) -> Option<(u16, &'a [u8])> {
    // A level, a number, a length, the data, a sum.
    let number = u16_at(rest, 1)?;
    let length = usize::try_from(u32_at(rest, 5)?).ok()?;
    let end = length.checked_add(9)?;
    let data = rest.get(9..end)?;
    *rest = rest.get(end.checked_add(2)?..)?;
    Some((number, data))
}

impl Said {
    fn take(&mut self, number: u16, data: &[u8]) {
        if number == NEXT_ATTACHED && self.attached.len() < ATTACHED_MAX {
            self.attached.push(Attached::default());
        }
        let last = self.attached.last_mut();
        match number {
            SUBJECT => fill(&mut self.subject, || narrow(data)),
            BODY => fill(&mut self.plain, || narrow(data)),
            DATE_SENT => self.date = date(data).unwrap_or_default(),
            PROPERTIES => properties(data, &mut |id, value| match id {
                0x0037 => self.subject = value.text(),
                0x0c1a => self.sender = value.text(),
                0x0e04 => self.to = value.text(),
                0x1000 => self.plain = value.text(),
                0x1009 => self.rich = value.bytes.to_vec(),
                0x1013 => self.html = value.text(),
                _ => {}
            }),
            ATTACHED_TITLE => {
                if let Some(last) = last {
                    fill(&mut last.name, || narrow(data));
                }
            }
            ATTACHED_DATA => {
                if let Some(last) = last {
                    last.bytes = data.len();
                }
            }
            ATTACHED_PROPERTIES => {
                if let Some(last) = last {
                    // The long name is the one that its sender gave.
                    properties(data, &mut |id, value| match id {
                        0x3707 => last.name = value.text(),
                        0x3704 | 0x3001 => fill(&mut last.name, || value.text()),
                        _ => {}
                    });
                }
            }
            _ => {}
        }
    }

    fn text(&self) -> Result<String, Failed> {
        let mut whole = Paragraphs::default();
        whole.heading(1, &self.subject);
        let head = [
            ("From", &self.sender),
            ("To", &self.to),
            ("Date", &self.date),
        ];
        let head = head.iter().filter(|(_, value)| !value.trim().is_empty());
        let head: Vec<String> = head
            .map(|(word, value)| format!("{word}: {}", one_line(value)))
            .collect();
        whole.push(&head.join("\n"));
        whole.push(&self.body()?);
        let attached = self.attached.iter().map(|attached| {
            let name = one_line(&attached.name);
            match name.is_empty() {
                true => format!("without a name ({} bytes)", attached.bytes),
                false => format!("{name} ({} bytes)", attached.bytes),
            }
        });
        let attached: Vec<String> = attached.collect();
        if !attached.is_empty() {
            whole.push(&format!("Attachments: {}", attached.join(", ")));
        }
        Ok(whole.text())
    }

    /// The text itself: plain, or what is made of its HTML or its rich text.
    fn body(&self) -> Result<String, Failed> {
        if !self.plain.trim().is_empty() {
            return Ok(self.plain.replace("\r\n", "\n"));
        }
        if !self.html.trim().is_empty() {
            return Ok(page::of_html(&self.html)?.1);
        }
        let Some(rich) = unpacked(&self.rich) else {
            return Ok(String::new());
        };
        let parts = rich_text(&rich)?.parts;
        Ok(parts.into_iter().map(|part| part.text).collect())
    }
}

/// Sets a text that is blank.
fn fill(text: &mut String, value: impl FnOnce() -> String) {
    if text.trim().is_empty() {
        *text = value();
    }
}

/// A text in bytes, which ends with a zero.
fn narrow(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    let bytes = &bytes[..end.unwrap_or(bytes.len())];
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode(bytes).0.into_owned(),
    }
}

/// A day and an hour, as seven numbers from the year on.
fn date(data: &[u8]) -> Option<String> {
    let at = |n: usize| u16_at(data, 2 * n);
    let (year, month, day) = (at(0)?, at(1)?, at(2)?);
    let is_day = year > 0 && (1..=12).contains(&month) && (1..=31).contains(&day);
    is_day.then(|| {
        let (hour, minute) = (at(3).unwrap_or(0), at(4).unwrap_or(0));
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
    })
}

/// The value of a property.
struct Value<'a> {
    kind: u16,
    bytes: &'a [u8],
}

/// Kinds of values ([MS-OXCDATA], 2.11.1).
const NARROW: u16 = 0x001e;
const WIDE: u16 = 0x001f;
const BINARY: u16 = 0x0102;
const OBJECT: u16 = 0x000d;
/// Of a list of values.
const MANY: u16 = 0x1000;

impl Value<'_> {
    fn text(&self) -> String {
        match self.kind {
            WIDE => {
                let units = self.bytes.as_chunks::<2>().0;
                let units: Vec<u16> = units.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
                let text = String::from_utf16_lossy(&units);
                text.trim_end_matches('\0').to_owned()
            }
            NARROW => narrow(self.bytes),
            BINARY => markup::decode(self.bytes, ""),
            _ => String::new(),
        }
    }
}

/// Shows each property in `data` that has one value, by its number.
fn properties(data: &[u8], show: &mut dyn FnMut(u16, &Value<'_>)) {
    let Some(count) = u32_at(data, 0) else {
        return;
    };
    let mut rest = &data[4..];
    for _ in 0..count.min(PROPERTIES_MAX) {
        let Some((id, value)) = property(&mut rest) else {
            return;
        };
        if let Some(value) = value {
            show(id, &value);
        }
    }
}

/// The next property; its value where it is one. None where it is damaged.
fn property<'a>(rest: &mut &'a [u8]) -> Option<(u16, Option<Value<'a>>)> {
    let kind = u16_at(rest, 0)?;
    let id = u16_at(rest, 2)?;
    take(rest, 4)?;
    if id >= 0x8000 {
        // It is named, by a number or by a text, in a set of such names.
        take(rest, 16)?;
        let is_text = u32_at(rest, 0)? == 1;
        let length = u32_at(rest, 4)?;
        take(rest, 8)?;
        if is_text {
            padded(rest, length)?;
        }
    }
    let single = kind & !MANY;
    let is_sized = matches!(single, NARROW | WIDE | BINARY | OBJECT);
    let count = match is_sized || kind & MANY != 0 {
        true => {
            let count = u32_at(rest, 0)?;
            take(rest, 4)?;
            count.min(PROPERTIES_MAX)
        }
        false => 1,
    };
    let mut first = None;
    for _ in 0..count {
        let bytes = match is_sized {
            true => {
                let length = u32_at(rest, 0)?;
                take(rest, 4)?;
                padded(rest, length)?
            }
            false => take(rest, width(single)?)?,
        };
        first.get_or_insert(Value {
            kind: single,
            bytes,
        });
    }
    Some((id, first.filter(|_| kind & MANY == 0)))
}

/// The bytes of a value of fixed length.
fn width(kind: u16) -> Option<usize> {
    match kind {
        // Whole numbers of two bytes and truths are padded to four.
        0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => Some(4),
        0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => Some(8),
        0x0048 => Some(16),
        _ => None,
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

/// Bytes that are followed by zeros up to a multiple of four.
fn padded<'a>(rest: &mut &'a [u8], length: u32) -> Option<&'a [u8]> {
    let length = usize::try_from(length).ok()?;
    let taken = take(rest, length)?;
    let padding = length.next_multiple_of(4) - length;
    take(rest, padding.min(rest.len()))?;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute_of(level: u8, number: u16, data: &[u8]) -> Vec<u8> {
        let length = data.len() as u32;
        let number = u32::from(number) | 0x0006_0000;
        [
            &[level][..],
            &number.to_le_bytes(),
            &length.to_le_bytes(),
            data,
            &[0, 0],
        ]
        .concat()
    }

    fn sized(kind: u16, id: u16, name: &[u8], data: &[u8]) -> Vec<u8> {
        let mut bytes = [kind.to_le_bytes(), id.to_le_bytes()].concat();
        bytes.extend(name);
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn listed(properties: &[Vec<u8>]) -> Vec<u8> {
        let count = properties.len() as u32;
        [count.to_le_bytes().to_vec(), properties.concat()].concat()
    }

    fn file(attributes: &[Vec<u8>]) -> Vec<u8> {
        [SIGNATURE, &[1, 0], attributes.concat().as_slice()].concat()
    }

    fn wide(text: &str) -> Vec<u8> {
        let units = text.encode_utf16().chain([0]);
        units.flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_packed_mail_has_its_text_and_names_what_is_attached() {
        let number = [3_u16.to_le_bytes(), 0x0017_u16.to_le_bytes()].concat();
        let number = [number, 1_u32.to_le_bytes().to_vec()].concat();
        // A property that is named by a text, and a list of texts.
        let name = [
            vec![7; 16],
            1_u32.to_le_bytes().to_vec(),
            4_u32.to_le_bytes().to_vec(),
            wide("a"),
        ];
        let many = [
            (WIDE | MANY).to_le_bytes().to_vec(),
            0x1234_u16.to_le_bytes().to_vec(),
            2_u32.to_le_bytes().to_vec(),
            [4_u32.to_le_bytes().to_vec(), wide("b")].concat(),
            [4_u32.to_le_bytes().to_vec(), wide("c")].concat(),
        ];
        let mail = file(&[
            attribute_of(1, SUBJECT, b"The wool\0"),
            attribute_of(1, DATE_SENT, &[0xea, 7, 3, 0, 2, 0, 9, 0, 5, 0, 0, 0, 1, 0]),
            attribute_of(
                1,
                PROPERTIES,
                &listed(&[
                    number,
                    sized(WIDE, 0x8001, &name.concat(), &wide("x")),
                    many.concat(),
                    sized(WIDE, 0x0c1a, b"", &wide("Ada \u{c9}toile")),
                    sized(BINARY, 0x1013, b"", b"<p>Five <b>bales</b>."),
                ]),
            ),
            attribute_of(2, NEXT_ATTACHED, &[0; 14]),
            attribute_of(2, ATTACHED_TITLE, b"N~1.PDF\0"),
            attribute_of(2, ATTACHED_DATA, b"%PDF"),
            attribute_of(
                2,
                ATTACHED_PROPERTIES,
                &listed(&[sized(WIDE, 0x3707, b"", &wide("n\u{f3}ta.pdf"))]),
            ),
        ]);
        let found = read(&mail).expect("a mail");
        assert_eq!(found.title, "The wool");
        assert_eq!(
            found.parts[0].text,
            "# The wool\n\nFrom: Ada Étoile\nDate: 2026-03-02 09:05\n\nFive **bales**.\n\nAttachments: nóta.pdf (4 bytes)"
        );
        assert_eq!(found.left_out, Vec::<String>::new());
        // Wherever it is cut, it is read as far as it goes.
        for end in HEAD_BYTES..mail.len() {
            let cut = read(&mail[..end]).expect("a part of a mail");
            assert!(["", "The wool"].contains(&cut.title.as_str()));
        }
        assert!(read(b"\x78\x9f").is_err());
        assert!(read(b"another file").is_err());
    }
}
