//! Office documents: which kind a file is, and who reads it.

mod elements;
mod open;
mod sheets;
mod slides;
mod word;

use crate::found::{Failed, Found, failed};
use crate::zipped::{Archive, xml};

/// How the container of older office documents names what it holds, in UTF-16.
const ENCRYPTED: &str = "EncryptedPackage";
const WORD: &str = "WordDocument";
const SLIDES: &str = "PowerPoint Document";
const OUTLOOK: &str = "__properties_version1.0";

/// The text of a file of Office Open XML.
pub fn open_xml(archive: &mut Archive<'_>, bytes: &[u8]) -> Result<Found, Failed> {
    let names = archive.names();
    let has = |start: &str| names.iter().any(|name| name.starts_with(start));
    if has("word/") {
        word::read(archive)
    } else if has("ppt/") {
        slides::read(archive)
    } else if has("xl/workbook.bin") {
        sheets::read(bytes, sheets::Kind::Binary)
    } else if has("xl/") {
        sheets::read(bytes, sheets::Kind::Xml)
    } else {
        Err(failed(
            "an office document of a kind that is not known",
            "export it as PDF",
        ))
    }
}

/// The text of a zipped OpenDocument file of the type `mimetype`.
pub fn open_document(
    archive: &mut Archive<'_>,
    bytes: &[u8],
    mimetype: &str,
) -> Result<Found, Failed> {
    let manifest = archive.text("META-INF/manifest.xml")?.unwrap_or_default();
    if manifest.contains("encryption-data") {
        return Err(failed(
            "an encrypted document",
            "save it without its password first",
        ));
    }
    if mimetype.contains("spreadsheet") {
        return sheets::read(bytes, sheets::Kind::Open);
    }
    let content = archive
        .text("content.xml")?
        .ok_or_else(|| failed("a broken document: it has no content", "save it again"))?;
    open::read(&xml(&content, "document")?)
}

/// The text of an OpenDocument file that is not zipped.
pub fn flat(bytes: &[u8]) -> Result<Found, Failed> {
    let text = markup::decode(bytes, "");
    open::read(&xml(&text, "document")?)
}

/// The text of an older office document, if there is a way to read it.
pub fn compound(bytes: &[u8]) -> Result<Found, Failed> {
    let has = |name: &str| {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(wide.len()).any(|window| window == wide)
    };
    if has(ENCRYPTED) {
        Err(failed(
            "an encrypted document",
            "save it without its password first",
        ))
    } else if has("Workbook") || has("Book") {
        sheets::read(bytes, sheets::Kind::Old)
    } else if has(WORD) {
        Err(failed(
            "a document of Word before 2007",
            "save it as .docx or PDF",
        ))
    } else if has(SLIDES) {
        Err(failed(
            "a presentation of PowerPoint before 2007",
            "save it as .pptx or PDF",
        ))
    } else if has(OUTLOOK) {
        Err(failed("a mail of Outlook", "save it as .eml or PDF"))
    } else {
        Err(failed(
            "a document of an older program",
            "save it as .docx, .xlsx, .pptx or PDF",
        ))
    }
}
