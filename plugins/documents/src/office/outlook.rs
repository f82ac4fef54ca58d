//! Mails of Outlook ([MS-OXMSG]): each property is a stream that is named by its number.

use mail_parser::DateTime;

use super::compound::{Container, u16_at, u32_at};
use crate::found::{Failed, Found, Paragraphs, failed, one_line};
use crate::{page, rich_text};

/// Where the properties of fixed length lie, and what stands before them.
const FIXED: &str = "__properties_version1.0";
const FIXED_HEAD: usize = 32;
/// How the names of texts end: in UTF-16, and in a code page.
const WIDE: &str = "001F";
const NARROW: &str = "001E";
/// Seconds between 1601, from which times are counted, and 1970.
const SINCE_1601: i64 = 11_644_473_600;
/// Attachments of one mail.
const ATTACHED_MAX: usize = 1_000;
/// Bytes of a body that was packed, unpacked.
const UNPACKED_MAX: usize = 16 << 20;
/// What the window of packed rich text begins with ([MS-OXRTFCP], 2.1.2.1).
const WINDOW: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const WINDOW_BYTES: usize = 4096;

/// The text of the mail in `mail`.
pub fn read(mail: &Container<'_>) -> Result<Found, Failed> {
    let subject = one_line(&text(mail, None, "0037"));
    let mut whole = Paragraphs::default();
    whole.heading(1, &subject);
    let sender = match (text(mail, None, "0C1A"), address(mail)) {
        (name, address) if address.is_empty() || name == address => name,
        (name, address) if name.is_empty() => address,
        (name, address) => format!("{name} <{address}>"),
    };
    let mut head = Vec::new();
    for (word, value) in [
        ("From", sender),
        ("To", text(mail, None, "0E04")),
        ("Cc", text(mail, None, "0E03")),
        ("Date", sent(mail).unwrap_or_default()),
    ] {
        if !value.trim().is_empty() {
            head.push(format!("{word}: {}", one_line(&value)));
        }
    }
    whole.push(&head.join("\n"));
    whole.push(&body(mail)?);
    let attached = attached(mail);
    if !attached.is_empty() {
        whole.push(&format!("Attachments: {}", attached.join(", ")));
    }
    match head.is_empty() && whole.is_empty() {
        true => Err(failed("a broken mail of Outlook", "save it as .eml")),
        false => Ok(Found::whole(subject, whole.text())),
    }
}

/// The text that a property has, at the top or in a storage; empty where there is none.
fn text(mail: &Container<'_>, storage: Option<&str>, property: &str) -> String {
    let of = |kind: &str| mail.stream(storage, &format!("__substg1.0_{property}{kind}"));
    let text = match (of(WIDE), of(NARROW)) {
        (Some(bytes), _) => {
            let units = bytes.as_chunks::<2>().0;
            let units: Vec<u16> = units.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
            String::from_utf16_lossy(&units)
        }
        (None, Some(bytes)) => markup::decode(&bytes, ""),
        (None, None) => String::new(),
    };
    text.trim_matches('\0').replace("\r\n", "\n")
}

/// The address of the sender; within one company it is no address of the internet.
fn address(mail: &Container<'_>) -> String {
    let known = ["5D01", "0C1F"].map(|property| text(mail, None, property));
    let found = known.into_iter().find(|address| address.contains('@'));
    found.unwrap_or_default()
}

/// When it was sent, or else delivered.
fn sent(mail: &Container<'_>) -> Option<String> {
    let fixed = mail.stream(None, FIXED)?;
    let properties = fixed.get(FIXED_HEAD..)?.as_chunks::<16>().0;
    let of = |number: u16| {
        let found = properties
            .iter()
            .find(|property| u16_at(*property, 2) == Some(number))?;
        let ticks = u64::from_le_bytes(<[u8; 8]>::try_from(&found[8..]).ok()?);
        i64::try_from(ticks / 10_000_000).ok()
    };
    let seconds = of(0x0039).or_else(|| of(0x0e06))?.checked_sub(SINCE_1601)?;
    (seconds > 0).then(|| DateTime::from_timestamp(seconds).to_rfc3339())
}

/// The text itself: plain, or what is made of its HTML or its rich text.
fn body(mail: &Container<'_>) -> Result<String, Failed> {
    let plain = text(mail, None, "1000");
    if !plain.trim().is_empty() {
        return Ok(plain);
    }
    let html = match mail.stream(None, "__substg1.0_10130102") {
        Some(bytes) => markup::decode(&bytes, ""),
        None => text(mail, None, "1013"),
    };
    if !html.trim().is_empty() {
        return Ok(page::of_html(&html)?.1);
    }
    let packed = mail.stream(None, "__substg1.0_10090102");
    let Some(rtf) = packed.and_then(|packed| unpacked(&packed)) else {
        return Ok(String::new());
    };
    let parts = rich_text::read(&rtf)?.parts;
    Ok(parts.into_iter().map(|part| part.text).collect())
}

fn attached(mail: &Container<'_>) -> Vec<String> {
    let mut storages = mail.names().unwrap_or_default();
    storages.retain(|name| name.starts_with("__attach_version1.0_"));
    storages.sort();
    storages.truncate(ATTACHED_MAX);
    let name = |storage: &String| {
        let names = ["3707", "3704", "3001"].map(|property| text(mail, Some(storage), property));
        let name = names.into_iter().find(|name| !name.trim().is_empty());
        name.map_or_else(|| "without a name".to_owned(), |name| one_line(&name))
    };
    storages.iter().map(name).collect()
}

/// Rich text as it was before it was packed ([MS-OXRTFCP]); none where it is damaged.
pub fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let length = u32_at(packed, 4)? as usize;
    let rest = packed.get(16..)?;
    match packed.get(8..12)? {
        b"MELA" => return Some(rest[..rest.len().min(length)].to_vec()),
        b"LZFu" => {}
        _ => return None,
    }
    let mut window = [0_u8; WINDOW_BYTES];
    window[..WINDOW.len()].copy_from_slice(WINDOW);
    let mut at = WINDOW.len();
    let mut text = Vec::new();
    let mut rest = rest.iter().copied();
    let mut put = |byte: u8, window: &mut [u8; WINDOW_BYTES], at: &mut usize| {
        text.push(byte);
        window[*at] = byte;
        *at = (*at + 1) % WINDOW_BYTES;
        text.len()
    };
    let mut len = 0;
    'all: while let Some(flags) = rest.next() {
        for bit in 0..8 {
            if len >= length.min(UNPACKED_MAX) {
                break 'all;
            }
            let Some(first) = rest.next() else {
                break 'all;
            };
            if (flags >> bit) & 1 == 0 {
                len = put(first, &mut window, &mut at);
                continue;
            }
            let Some(second) = rest.next() else {
                break 'all;
            };
            let from = (usize::from(first) << 4) | usize::from(second >> 4);
            // It ends with a reference to where the next byte would go.
            if from == at {
                break 'all;
            }
            for n in 0..usize::from(second & 15) + 2 {
                let byte = window[(from + n) % WINDOW_BYTES];
                len = put(byte, &mut window, &mut at);
            }
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::compound::tests::container;
    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_mail_of_outlook_is_read() {
        let check = |streams: &[(&str, Vec<u8>)], title: &str, text: &str| {
            let streams: Vec<(&str, &[u8])> = streams
                .iter()
                .map(|(name, bytes)| (*name, bytes.as_slice()))
                .collect();
            let file = container(&streams);
            let found = read(&Container::open(&file).expect("a container")).expect("a mail");
            assert_eq!(found.title, title);
            assert_eq!(found.parts[0].text, text);
        };
        // 2026-03-05 10:00:00 UTC.
        let ticks = (1_772_704_800 + SINCE_1601 as u64) * 10_000_000;
        let mut fixed = vec![0; FIXED_HEAD];
        fixed.extend([0x40, 0, 0x39, 0, 0, 0, 0, 0]);
        fixed.extend(ticks.to_le_bytes());
        check(
            &[
                ("__substg1.0_0037001F", wide("The wool – again")),
                ("__substg1.0_0C1A001F", wide("Ada Étoile")),
                ("__substg1.0_0C1F001F", wide("/O=FARM/CN=ADA")),
                ("__substg1.0_5D01001F", wide("ada@example.org")),
                ("__substg1.0_0E04001F", wide("Bo Reed; Fin")),
                (
                    "__substg1.0_1000001F",
                    wide("Five bales\r\nfor the café.\r\n"),
                ),
                (FIXED, fixed),
            ],
            "The wool – again",
            "# The wool – again\n\nFrom: Ada Étoile <ada@example.org>\nTo: Bo Reed; Fin\nDate: 2026-03-05T10:00:00Z\n\nFive bales\nfor the café.",
        );
        check(
            &[
                ("__substg1.0_0037001E", b"wool".to_vec()),
                ("__substg1.0_10130102", b"<p>red <b>wool</b>".to_vec()),
            ],
            "wool",
            "# wool\n\nred **wool**",
        );
    }

    #[test]
    fn packed_rich_text_is_unpacked() {
        // The first example of the format's description.
        let packed = b"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\x0a\0rcpg125B2\x0a\xf3 hel\x09\0 bw\x05\xb0ld}\x0a\x80\x0f\xa0";
        let text = unpacked(packed).expect("unpacked");
        assert_eq!(text, b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
        assert_eq!(
            unpacked(b"\0\0\0\0\x04\0\0\0MELA\0\0\0\0wool and more"),
            Some(b"wool".to_vec())
        );
        assert_eq!(unpacked(b"\0\0\0\0\x04\0\0\0nope\0\0\0\0wool"), None);
        assert_eq!(unpacked(b"LZFu"), None);
    }
}
