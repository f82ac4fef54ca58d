//! Archives of XML files: which document it is, and its files within limits.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use roxmltree::{Document, Node, ParsingOptions};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::found::{Failed, Found, broken, failed};
use crate::{book, office, outline, places};

/// Bytes of one file of an archive, unpacked.
const FILE_BYTES_MAX: u64 = 128 << 20;
/// Bytes of all files of an archive that are read.
const ALL_BYTES_MAX: u64 = 256 << 20;

/// What documents of Office Open XML have: a list of what is in them, or, where that was lost,
/// the document.
const OFFICE: &[&str] = &[
    "[Content_Types].xml",
    "word/document.xml",
    "ppt/presentation.xml",
    "xl/workbook.xml",
];

/// An open archive.
pub struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// The names of its files by what they are compared by.
    names: HashMap<String, String>,
    left: u64,
}

/// The archive in `bytes`.
pub fn opened(bytes: &[u8]) -> Result<Archive<'_>, Failed> {
    let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken("archive", &error))?;
    // Some programs of Windows write "word\\document.xml", and names mean the same in any case.
    let names = zip.file_names().map(|name| (usual(name), name.to_owned()));
    let names = names.collect();
    Ok(Archive {
        zip,
        names,
        left: ALL_BYTES_MAX,
    })
}

/// The text of the document in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let mut archive = opened(bytes)?;
    let mimetype = archive.text("mimetype")?.unwrap_or_default();
    if mimetype.trim() == "application/epub+zip" || archive.has("META-INF/container.xml") {
        return book::read(&mut archive);
    }
    if mimetype
        .trim()
        .starts_with("application/vnd.oasis.opendocument.")
    {
        return office::open_document(&mut archive, bytes, mimetype.trim());
    }
    if OFFICE.iter().any(|name| archive.has(name)) {
        return office::open_xml(&mut archive, bytes);
    }
    if mimetype.trim() == "application/hwp+zip" {
        return office::hangul(&mut archive);
    }
    if outline::is_xmind(&archive) {
        return outline::xmind(&mut archive);
    }
    // A map of Google Earth.
    let map = archive
        .names()
        .into_iter()
        .find(|name| name.ends_with(".kml"));
    if let Some(map) = map {
        let map = archive.bytes(&map)?.unwrap_or_default();
        return places::read(&map);
    }
    // A document that was packed again without what it is.
    if archive.has("content.xml") && archive.has("META-INF/manifest.xml") {
        let content = archive.text("content.xml")?.unwrap_or_default();
        let kind = match content.contains("<office:spreadsheet") {
            true => "spreadsheet",
            false => "text",
        };
        return office::open_document(&mut archive, bytes, kind);
    }
    let is_apple = archive.zip.file_names().any(|name| name.ends_with(".iwa"));
    match is_apple {
        true => office::apple(&mut archive),
        false => Err(failed("an archive", "unpack it and add what is in it")),
    }
}

impl Archive<'_> {
    /// Whether there is such a file.
    pub fn has(&self, name: &str) -> bool {
        self.zip.index_for_name(name).is_some() || self.names.contains_key(&usual(name))
    }

    /// The names of its files, in order.
    pub fn names(&self) -> Vec<String> {
        let names = self.zip.file_names();
        let mut names: Vec<String> = names.map(|name| name.replace('\\', "/")).collect();
        names.sort();
        names
    }

    /// The bytes of a file; `None` if there is none.
    pub fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, Failed> {
        let name = match self.zip.index_for_name(name) {
            Some(_) => name,
            None => self.names.get(&usual(name)).map_or(name, String::as_str),
        };
        let file = match self.zip.by_name(name) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                return Err(failed(
                    "an encrypted archive",
                    "save it without its password first",
                ));
            }
            Err(error) => return Err(broken("archive", &error)),
        };
        let most = FILE_BYTES_MAX.min(self.left);
        let mut bytes = Vec::new();
        // What it says of its size need not be true.
        file.take(most + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| broken("archive", &error))?;
        let read = bytes.len() as u64;
        if read > most {
            return Err(failed(
                format!("{name} in it is larger than {most} bytes when it is unpacked"),
                "split the document",
            ));
        }
        self.left -= read;
        Ok(Some(bytes))
    }

    /// The text of a file, UTF-8 or with a mark; `None` if there is none.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Failed> {
        Ok(self.bytes(name)?.map(|bytes| decoded(&bytes)))
    }
}

/// A name as it is compared.
fn usual(name: &str) -> String {
    name.replace('\\', "/").to_ascii_lowercase()
}

/// The local name of an element; empty for anything else.
pub fn local<'a>(node: &Node<'a, '_>) -> &'a str {
    match node.is_element() {
        true => node.tag_name().name(),
        false => "",
    }
}

/// The text of a file of XML, without what stands in some and no XML has: control characters,
/// as they are and as numbers.
pub fn decoded(bytes: &[u8]) -> String {
    let text = markup::decode(bytes, "");
    let is_none = |c: char| {
        (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    let text = match text.contains(is_none) {
        true => text.replace(is_none, ""),
        false => text,
    };
    if !text.contains("&#") {
        return text;
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("&#") {
        whole.push_str(before);
        let digits = after.find(|c: char| !c.is_ascii_alphanumeric());
        let digits = &after[..digits.unwrap_or(after.len())];
        let number = match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => digits.parse(),
        };
        let is_legal = number.is_ok_and(|n| char::from_u32(n).is_some_and(|c| !is_none(c)));
        if is_legal {
            whole.push_str("&#");
            rest = after;
        } else {
            rest = after.strip_prefix(digits).unwrap_or(after);
            rest = rest.strip_prefix(';').unwrap_or(rest);
        }
    }
    whole.push_str(rest);
    whole
}

/// The XML document in `text`.
pub fn xml<'a>(text: &'a str, what: &str) -> Result<Document<'a>, Failed> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| broken(what, &error))
}

/// The path that `target` means in the file `base` of an archive.
pub fn resolved(base: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
pub mod tests {
    use std::io::Write;

    use super::*;

    /// An archive with these files.
    pub fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default())
                .expect("started");
            zip.write_all(text.as_bytes()).expect("written");
        }
        zip.finish().expect("finished").into_inner()
    }

    #[test]
    fn what_is_no_document_is_told() {
        let check = |files: &[(&str, &str)], expected: &str| {
            let failed = read(&archive(files)).expect_err("no document");
            assert_eq!(failed.message, expected);
        };
        check(&[("a.txt", "a")], "an archive");
        check(
            &[("Index/Document.iwa", "")],
            "a document of Pages, Numbers or Keynote",
        );
        assert!(read(b"PK\x03\x04cut").is_err());
    }

    #[test]
    fn names_mean_the_same_however_they_are_written() {
        let body = "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>wool</w:t></w:r></w:p></w:body></w:document>";
        for files in [
            [
                ("[Content_Types].xml", "<Types/>"),
                ("word\\document.xml", body),
            ],
            [
                ("[content_types].xml", "<Types/>"),
                ("word/Document.xml", body),
            ],
            [
                ("docProps/app.xml", "<Properties/>"),
                ("word/document.xml", body),
            ],
        ] {
            let found = read(&archive(&files)).expect("a document");
            assert_eq!(found.parts[0].text, "wool");
        }
    }

    #[test]
    fn what_no_xml_has_is_left_out() {
        let check = |text: &str, expected: &str| assert_eq!(decoded(text.as_bytes()), expected);
        check(
            "<a>\x0bwool\0 &#11;and&#x1F; &#13;dye &#xe9;&#233;</a>",
            "<a>wool and &#13;dye &#xe9;&#233;</a>",
        );
        check("a &# b &#; c", "a  b  c");
        check("plain\n", "plain\n");
    }

    #[test]
    fn paths_are_resolved() {
        let check = |base, target, expected: &str| assert_eq!(resolved(base, target), expected);
        check("ppt/slides/slide1.xml", "../notes/n.xml", "ppt/notes/n.xml");
        check("a.opf", "b.html", "b.html");
        check("OEBPS/a.opf", "/x/y", "x/y");
        check("a/b", "../../../c", "c");
    }
}
