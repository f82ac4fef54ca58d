//! What programs of Apple save as a property list, binary or in XML: web archives of Safari, links,
//! settings.

use roxmltree::Node;

use crate::found::{Failed, Found, Paragraphs, Part, broken, failed, one_line};
use crate::page;
use crate::zipped::{decoded, local, xml};

/// Values within values, and all values that are read.
const DEPTH_MAX: usize = 16;
const VALUES_MAX: usize = 200_000;
/// How a binary list begins, and the bytes of its end that say where its values lie.
const BINARY: &[u8] = b"bplist00";
const TRAILER: usize = 32;

/// A value; what is neither text nor data nor made of these is left out.
#[derive(Debug, PartialEq)]
enum Value {
    Text(String),
    Data(Vec<u8>),
    List(Vec<Value>),
    Named(Vec<(String, Value)>),
}

impl Value {
    /// The value that is called so.
    fn get(&self, name: &str) -> Option<&Value> {
        let Self::Named(values) = self else {
            return None;
        };
        let found = values.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// The text that is called so; empty where there is none.
    fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Self::Text(text)) => text,
            _ => "",
        }
    }
}

/// The text of the list in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let list = match bytes.starts_with(BINARY) {
        true => Binary::of(bytes).and_then(|list| list.value(list.top, 0)),
        false => of_xml(bytes)?,
    };
    let list = list.ok_or_else(|| broken("property list", &"its values cannot be found"))?;
    if let Some(main) = list.get("WebMainResource") {
        return web_archive(&list, main);
    }
    if let Some(Value::Text(address)) = list.get("URL") {
        return Ok(Found::whole("", format!("<{}>", one_line(address))));
    }
    let mut whole = Paragraphs::default();
    tell(&list, "", 0, &mut whole);
    Ok(Found::whole("", whole.text()))
}

/// The page of a web archive, and the pages that are shown in frames of it.
fn web_archive(list: &Value, main: &Value) -> Result<Found, Failed> {
    let (title, text) = resource(main)?;
    let mut found = Found::whole(title, text);
    let frames = match list.get("WebSubframeArchives") {
        Some(Value::List(frames)) => frames.as_slice(),
        _ => &[],
    };
    let frames = frames
        .iter()
        .filter_map(|frame| frame.get("WebMainResource"));
    for (n, frame) in frames.enumerate() {
        match resource(frame) {
            Ok((title, text)) => found.parts.push(Part {
                place: format!("frame {}", n + 1),
                title,
                text,
            }),
            Err(failed) => found
                .left_out
                .push(format!("frame {}: {}", n + 1, failed.message)),
        }
    }
    Ok(found)
}

/// The title and the text of a page that is kept with what it is.
fn resource(of: &Value) -> Result<(String, String), Failed> {
    let Some(Value::Data(bytes)) = of.get("WebResourceData") else {
        return Err(broken("web archive", &"it has no page"));
    };
    let encoding = format!("charset={}", of.text("WebResourceTextEncodingName"));
    let text = markup::decode(bytes, &encoding);
    match of.text("WebResourceMIMEType") {
        "text/html" | "application/xhtml+xml" | "" => page::of_html(&text),
        kind if kind.starts_with("text/") => Ok((String::new(), text)),
        kind => Err(failed(
            format!("a web archive of {kind}, which is not a page"),
            "save what it shows under its own name",
        )),
    }
}

/// Adds what `value` says, which is called `name`, as a list.
fn tell(value: &Value, name: &str, depth: usize, whole: &mut Paragraphs) {
    let said = match name.is_empty() {
        true => String::new(),
        false => format!("{name}: "),
    };
    match value {
        Value::Text(text) => whole.item(depth, &format!("{said}{}", one_line(text))),
        Value::Data(_) => {}
        Value::List(values) => {
            whole.item(depth, said.trim_end());
            values
                .iter()
                .for_each(|value| tell(value, "", depth + 1, whole));
        }
        Value::Named(values) => {
            whole.item(depth, said.trim_end());
            let depth = if name.is_empty() { depth } else { depth + 1 };
            values
                .iter()
                .for_each(|(name, value)| tell(value, name, depth, whole));
        }
    }
}

/// The list in a file of XML.
fn of_xml(bytes: &[u8]) -> Result<Option<Value>, Failed> {
    let text = decoded(bytes);
    let document = xml(&text, "property list")?;
    let root = document.root_element();
    let first = root.children().find(Node::is_element);
    Ok(first.and_then(|node| of_node(&node, 0)))
}

fn of_node(node: &Node<'_, '_>, depth: usize) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    let text = || node.text().unwrap_or_default().to_owned();
    let children = || node.children().filter(Node::is_element);
    Some(match local(node) {
        "string" | "integer" | "real" | "date" => Value::Text(text()),
        "true" | "false" => Value::Text(local(node).to_owned()),
        "data" => {
            let base64: String = text().split_whitespace().collect();
            Value::Data(markup::bytes(&base64).ok()?)
        }
        "array" => Value::List(
            children()
                .filter_map(|node| of_node(&node, depth + 1))
                .collect(),
        ),
        "dict" => {
            let mut values = Vec::new();
            let mut name = String::new();
            for node in children() {
                match local(&node) {
                    "key" => name = node.text().unwrap_or_default().to_owned(),
                    _ => {
                        let value = of_node(&node, depth + 1);
                        values.extend(value.map(|value| (std::mem::take(&mut name), value)));
                    }
                }
            }
            Value::Named(values)
        }
        _ => return None,
    })
}

/// A binary list: where each of its values lies, and which of them is the whole.
struct Binary<'a> {
    bytes: &'a [u8],
    places: Vec<usize>,
    /// Bytes of the number of a value.
    reference: usize,
    top: usize,
    read: std::cell::Cell<usize>,
}

impl<'a> Binary<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let trailer = bytes.get(bytes.len().checked_sub(TRAILER)?..)?;
        let (width, reference) = (usize::from(trailer[6]), usize::from(trailer[7]));
        let (count, top, table) = (
            number(&trailer[8..16])?,
            number(&trailer[16..24])?,
            number(&trailer[24..32])?,
        );
        if !(1..=8).contains(&width) || !(1..=8).contains(&reference) || count > VALUES_MAX {
            return None;
        }
        let table = bytes.get(table..table.checked_add(count.checked_mul(width)?)?)?;
        let places: Option<Vec<usize>> = table.chunks_exact(width).map(number).collect();
        Some(Self {
            bytes,
            places: places?,
            reference,
            top,
            read: std::cell::Cell::new(0),
        })
    }

    /// The value of this number, within `depth` others.
    fn value(&self, of: usize, depth: usize) -> Option<Value> {
        self.read.set(self.read.get() + 1);
        if depth > DEPTH_MAX || self.read.get() > VALUES_MAX {
            return None;
        }
        let at = *self.places.get(of)?;
        let kind = *self.bytes.get(at)?;
        let (count, start) = match (kind >> 4, kind & 0xf) {
            (4..=6 | 0xa | 0xc | 0xd, 0xf) => self.count(at + 1)?,
            (_, count) => (usize::from(count), at + 1),
        };
        let taken = |size: usize| {
            self.bytes
                .get(start..start.checked_add(count.checked_mul(size)?)?)
        };
        let values = |part: &[u8]| -> Vec<Option<Value>> {
            let numbers = part.chunks_exact(self.reference).map(number);
            numbers.map(|of| self.value(of?, depth + 1)).collect()
        };
        Some(match kind >> 4 {
            1 => {
                let size = 1_usize.checked_shl(u32::from(kind & 0xf))?;
                Value::Text(number(self.bytes.get(start..start.checked_add(size)?)?)?.to_string())
            }
            4 => Value::Data(taken(1)?.to_vec()),
            5 => Value::Text(String::from_utf8_lossy(taken(1)?).into_owned()),
            6 => {
                let units = taken(2)?.as_chunks::<2>().0.iter();
                let units: Vec<u16> = units.map(|two| u16::from_be_bytes(*two)).collect();
                Value::Text(String::from_utf16_lossy(&units))
            }
            0xa | 0xc => Value::List(
                values(taken(self.reference)?)
                    .into_iter()
                    .flatten()
                    .collect(),
            ),
            0xd => {
                let (names, values_of) =
                    taken(self.reference * 2)?.split_at(count * self.reference);
                let named = values(names).into_iter().zip(values(values_of));
                let named = named.filter_map(|pair| match pair {
                    (Some(Value::Text(name)), Some(value)) => Some((name, value)),
                    _ => None,
                });
                Value::Named(named.collect())
            }
            _ => return None,
        })
    }

    /// The count that is written as a number of its own at this byte, and where what it counts begins.
    fn count(&self, at: usize) -> Option<(usize, usize)> {
        let kind = *self.bytes.get(at)?;
        let size = 1_usize.checked_shl(u32::from(kind & 0xf))?;
        let end = (at + 1).checked_add(size)?;
        (kind >> 4 == 1).then_some(())?;
        Some((number(self.bytes.get(at + 1..end)?)?, end))
    }
}

/// The number in these bytes, the highest first.
fn number(bytes: &[u8]) -> Option<usize> {
    let add = |sum: usize, byte: &u8| sum.checked_mul(256)?.checked_add(usize::from(*byte));
    bytes.iter().try_fold(0, add)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A binary list of these values, the first of which is the whole.
    fn binary(values: &[&[u8]]) -> Vec<u8> {
        let mut bytes = BINARY.to_vec();
        let mut places = Vec::new();
        for value in values {
            places.push(bytes.len() as u8);
            bytes.extend_from_slice(value);
        }
        let table = bytes.len() as u64;
        bytes.extend(places);
        bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
        bytes.extend((values.len() as u64).to_be_bytes());
        bytes.extend(0_u64.to_be_bytes());
        bytes.extend(table.to_be_bytes());
        bytes
    }

    fn check(bytes: &[u8], title: &str, text: &str) {
        let found = read(bytes).expect("a list");
        assert_eq!(
            (found.title.as_str(), found.parts[0].text.trim()),
            (title, text)
        );
    }

    #[test]
    fn lists_are_read() {
        check(
            b"<?xml version='1.0'?><plist><dict><key>URL</key><string>https://example.org/a</string></dict></plist>",
            "",
            "<https://example.org/a>",
        );
        check(
            b"<plist><dict><key>Name</key><string>Suri</string><key>Colours</key><array><string>red</string><integer>4</integer></array></dict></plist>",
            "",
            "- Name: Suri\n- Colours:\n  - red\n  - 4",
        );
        // {"URL": "a"}
        let link = binary(&[b"\xd1\x01\x02", b"\x53URL", b"\x51a"]);
        check(&link, "", "<a>");
        // {"Name": "é", "n": 300}
        let settings = binary(&[
            b"\xd2\x01\x02\x03\x04",
            b"\x54Name",
            b"\x51n",
            b"\x61\x00\xe9",
            b"\x11\x01\x2c",
        ]);
        check(&settings, "", "- Name: é\n- n: 300");
    }

    #[test]
    fn the_page_of_a_web_archive_is_read() {
        let page = "<title>Mill</title><p>It turns.</p>";
        let data = markup::base64(page.as_bytes());
        let resource = format!(
            "<dict><key>WebResourceData</key><data>{data}</data><key>WebResourceMIMEType</key><string>text/html</string></dict>"
        );
        let archive = format!(
            "<plist><dict><key>WebMainResource</key>{resource}<key>WebSubframeArchives</key><array><dict><key>WebMainResource</key>{resource}</dict></array></dict></plist>"
        );
        check(archive.as_bytes(), "Mill", "It turns.");
        let found = read(archive.as_bytes()).expect("an archive");
        assert_eq!(found.parts.len(), 2);
        assert_eq!(found.parts[1].place, "frame 1");
    }

    #[test]
    fn a_broken_list_is_told() {
        let link = binary(&[b"\xd1\x01\x02", b"\x53URL", b"\x51a"]);
        for length in [8, 20, link.len() - 1] {
            assert!(read(&link[..length]).is_err(), "{length}");
        }
        // One that lies in itself comes to an end.
        let endless = binary(&[b"\xa1\x00"]);
        assert!(read(&endless).is_ok());
        assert!(read(b"<plist/>").is_err());
    }
}
