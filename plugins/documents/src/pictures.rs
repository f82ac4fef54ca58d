//! The pictures in a document, as they lie in its file. What stands in them is read elsewhere.

use crate::Format;
use crate::found::Failed;
use crate::zipped;

/// Bytes of the smallest picture that may have text; smaller ones are icons and rules.
const BYTES_MIN: usize = 2 << 10;
/// Bytes of all pictures of a document that are given, and how many they are.
const BYTES_MAX: usize = 20 << 20;
const COUNT_MAX: usize = 64;
/// How the names of pictures end.
const ENDINGS: &[&str] = &[".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"];
/// Pictures of the document itself, as it looks in a folder.
const LOOKS: &str = "thumbnail";
/// What begins a picture that is written into a page of HTML, and what it says of itself.
const DATA: &str = "data:image/";
const KIND_MAX: usize = 64;
/// What stands before a picture in an OpenDocument file that is not zipped.
const BINARY: &str = "<office:binary-data>";

/// The pictures of a document.
#[derive(Debug, Default)]
pub struct Pictures {
    /// Their names and bytes, in order, each picture once.
    pub found: Vec<(String, Vec<u8>)>,
    /// How many more there are.
    pub more: u32,
    bytes: usize,
}

/// The pictures in a document of this format; none where it can have none.
///
/// # Errors
/// An archive that cannot be opened.
pub fn of(bytes: &[u8], format: Format) -> Result<Pictures, Failed> {
    let mut pictures = Pictures::default();
    match format {
        Format::Zipped => zipped_in(bytes, &mut pictures)?,
        Format::Html => written_in(&markup::decode(bytes, ""), &mut pictures),
        Format::Flat => flat_in(&markup::decode(bytes, ""), &mut pictures),
        _ => {}
    }
    Ok(pictures)
}

fn zipped_in(bytes: &[u8], pictures: &mut Pictures) -> Result<(), Failed> {
    let mut archive = zipped::opened(bytes)?;
    let is_picture = |name: &String| {
        let name = name.to_ascii_lowercase();
        ENDINGS.iter().any(|end| name.ends_with(end)) && !name.contains(LOOKS)
    };
    let mut names: Vec<String> = archive.names().into_iter().filter(is_picture).collect();
    // So that 10 comes after 9.
    names.sort_by_key(|name| (name.len(), name.clone()));
    for name in names {
        match archive.bytes(&name) {
            Ok(Some(bytes)) => pictures.add(&name, bytes),
            Ok(None) => {}
            // One that is damaged costs itself.
            Err(_) => pictures.more += 1,
        }
    }
    Ok(())
}

/// Pictures that are written into a page as addresses of data (RFC 2397).
fn written_in(page: &str, pictures: &mut Pictures) {
    let mut rest = page;
    while let Some(at) = rest.find(DATA) {
        rest = &rest[at + DATA.len()..];
        let mut begin = rest.bytes().take(KIND_MAX + 1);
        let Some(comma) = begin.position(|byte| byte == b',') else {
            continue;
        };
        let (kind, data) = (&rest[..comma], &rest[comma + 1..]);
        if !kind.ends_with(";base64") {
            continue;
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || "+/=\r\n\t".contains(c);
        let end = data.find(|c| !is_part(c)).unwrap_or(data.len());
        pictures.add_base64(&data[..end]);
        rest = &data[end..];
    }
}

fn flat_in(document: &str, pictures: &mut Pictures) {
    for piece in document.split(BINARY).skip(1) {
        pictures.add_base64(piece.split('<').next().unwrap_or_default());
    }
}

impl Pictures {
    fn add_base64(&mut self, base64: &str) {
        let base64: String = base64.split_whitespace().collect();
        match markup::bytes(&base64) {
            Ok(bytes) => self.add("", bytes),
            Err(_) => self.more += 1,
        }
    }

    fn add(&mut self, name: &str, bytes: Vec<u8>) {
        let is_known = self.found.iter().any(|(_, other)| *other == bytes);
        if bytes.len() < BYTES_MIN || is_known || !is_picture(&bytes) {
            return;
        }
        if self.found.len() >= COUNT_MAX || self.bytes + bytes.len() > BYTES_MAX {
            self.more += 1;
            return;
        }
        self.bytes += bytes.len();
        let name = name.rsplit('/').next().unwrap_or(name);
        self.found.push((name.to_owned(), bytes));
    }
}

/// Whether a file begins as a picture that can be read.
fn is_picture(bytes: &[u8]) -> bool {
    const STARTS: &[&[u8]] = &[b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*"];
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    let is_bitmap = bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]);
    is_webp || is_bitmap || STARTS.iter().any(|start| bytes.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zipped::tests::archive;

    /// What begins as a bitmap does, with `last` as its last byte.
    fn bitmap(last: char) -> String {
        format!("BMaaaa\0\0\0\0{}{last}", "x".repeat(BYTES_MIN))
    }

    #[test]
    fn pictures_are_found_once_and_in_order() {
        let check = |bytes: &[u8], format: Format, expected: &[&str], more: u32| {
            let pictures = of(bytes, format).expect("an archive");
            let names: Vec<&str> = pictures
                .found
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            assert_eq!((names.as_slice(), pictures.more), (expected, more));
        };
        let [one, two, three] = ['1', '2', '3'].map(bitmap);
        let file = archive(&[
            ("docProps/thumbnail.bmp", &one),
            ("word/media/image10.BMP", &two),
            ("word/media/image2.bmp", &one),
            ("word/media/image3.bmp", &one),
            ("word/media/icon.bmp", "BMaaaa\0\0\0\0"),
            ("word/media/poem.png", &"a rose is a rose ".repeat(500)),
            ("word/document.xml", &three),
        ]);
        check(&file, Format::Zipped, &["image2.bmp", "image10.BMP"], 0);
        let data = markup::base64(one.as_bytes());
        let page = format!(
            "<p>data:image/, <img src='data:image/bmp;base64,{data}'>\
             <img src=\"data:image/svg+xml,%3Csvg%3E\"><img src='data:image/png;base64,!'>"
        );
        check(page.as_bytes(), Format::Html, &[""], 0);
        let flat = format!("<a>{BINARY}\n {data}\n</office:binary-data></a>");
        check(flat.as_bytes(), Format::Flat, &[""], 0);
        check(b"BEGIN:VCARD", Format::Calendar, &[], 0);
        assert!(of(b"PK\x03\x04cut", Format::Zipped).is_err());
    }

    #[test]
    fn pictures_beyond_the_limits_are_counted() {
        let names: Vec<String> = (0..COUNT_MAX + 3).map(|n| format!("{n}.bmp")).collect();
        let pictures: Vec<String> = (0..names.len())
            .map(|n| format!("{}{n}", bitmap('x')))
            .collect();
        let files: Vec<(&str, &str)> = names
            .iter()
            .zip(&pictures)
            .map(|(name, picture)| (name.as_str(), picture.as_str()))
            .collect();
        let found = of(&archive(&files), Format::Zipped).expect("an archive");
        assert_eq!((found.found.len(), found.more), (COUNT_MAX, 3));
    }
}
