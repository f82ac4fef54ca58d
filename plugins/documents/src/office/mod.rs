//! Office documents: which kind a file is, and who reads it.

mod apple;
mod beside;
mod charts;
mod compound;
mod elements;
mod hangul;
mod numerals;
mod old_slides;
mod old_word;
mod open;
mod open_cells;
mod open_lists;
mod outlook;
mod pages;
mod sheets;
mod slides;
mod tnef;
mod units;
mod word;
mod workbook;

use crate::found::{Failed, Found, failed, one_line};
use crate::zipped::{Archive, decoded, xml};
pub use apple::read as apple;
use compound::Container;
use elements::name;
pub use hangul::read as hangul;
use open_cells::Cells;
use sheets::Known;
pub use tnef::read as tnef;

/// How the container of older office documents names what it holds.
const ENCRYPTED: &str = "EncryptedPackage";
const WORD: &str = "WordDocument";
const SLIDES: &str = "PowerPoint Document";
const OUTLOOK: &str = "__properties_version1.0";
/// How titles begin that programs write where their user gave none.
const UNTITLED: &[&str] = &["PowerPoint Presentation", "Microsoft Word - ", "Untitled"];

/// The text of a file of Office Open XML.
pub fn open_xml(archive: &mut Archive<'_>, bytes: &[u8]) -> Result<Found, Failed> {
    let names = archive.names();
    let has = |start: &str| names.iter().any(|name| name.starts_with(start));
    let found = if has("word/") {
        word::read(archive)
    } else if has("ppt/") {
        slides::read(archive)
    } else if has("xl/workbook.bin") {
        sheets::read(bytes, sheets::Kind::Binary, &Known::default())
    } else if has("xl/") {
        sheets::read(bytes, sheets::Kind::Xml, &Known::default()).map(|mut found| {
            beside::add(archive, &mut found);
            found
        })
    } else if has("visio/") {
        pages::visio(archive)
    } else if names.iter().any(|name| name.ends_with(".fpage")) {
        pages::printed(archive)
    } else {
        Err(failed(
            "an office document of a kind that is not known",
            "export it as PDF",
        ))
    }?;
    Ok(titled(found, archive, "docProps/core.xml"))
}

/// `found` with the title that the file `path` says, if it says one.
fn titled(mut found: Found, archive: &mut Archive<'_>, path: &str) -> Found {
    // A document whose properties are broken can still be read.
    let text = archive.text(path).ok().flatten().unwrap_or_default();
    if found.title.is_empty()
        && let Ok(document) = xml(&text, "document")
    {
        found.title = title(&document);
    }
    found
}

/// What a document of properties calls itself; nothing for what its program put there.
fn title(document: &roxmltree::Document<'_>) -> String {
    let nodes = document.descendants();
    let said = nodes.filter(|node| {
        let namespace = node.tag_name().namespace();
        name(node) == "title" && namespace == Some("http://purl.org/dc/elements/1.1/")
    });
    let title = said.filter_map(|node| node.text()).map(one_line).next();
    title
        .filter(|title| !UNTITLED.iter().any(|start| title.starts_with(start)))
        .unwrap_or_default()
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
        let content = archive.text("content.xml")?.unwrap_or_default();
        let says_more = [
            "\"percentage\"",
            "\"currency\"",
            "rows-spanned",
            "annotation",
        ];
        let mut cells = Cells::default();
        let mut known = Known::default();
        // What cannot be read here is told of by who reads the cells.
        if says_more.iter().any(|word| content.contains(word))
            && let Ok(sheets) = xml(&content, "workbook")
        {
            known.units = units::in_open(&sheets);
            cells = Cells::read(&sheets);
            known.merged = std::mem::take(&mut cells.merged);
        }
        let mut found = sheets::read(bytes, sheets::Kind::Open, &known)?;
        cells.add(&mut found);
        return Ok(titled(found, archive, "meta.xml"));
    }
    let content = archive
        .text("content.xml")?
        .ok_or_else(|| failed("a broken document: it has no content", "save it again"))?;
    let styles = archive.text("styles.xml").ok().flatten();
    let styles = styles
        .as_deref()
        .and_then(|text| xml(text, "document").ok());
    let found = open::read(&xml(&content, "document")?, styles.as_ref())?;
    let own = found.title.clone();
    let mut found = titled(
        Found {
            title: String::new(),
            ..found
        },
        archive,
        "meta.xml",
    );
    // What somebody wrote into the properties counts before what looks like a title.
    if found.title.is_empty() {
        found.title = own;
    }
    add_edges(archive, &mut found);
    Ok(found)
}

/// Adds what stands above and below each page of a text. What is damaged costs itself.
fn add_edges(archive: &mut Archive<'_>, found: &mut Found) {
    let [part] = found.parts.as_mut_slice() else {
        return;
    };
    // Slides have what stands on their master.
    if !part.place.is_empty() {
        return;
    }
    let text = archive
        .text("styles.xml")
        .ok()
        .flatten()
        .unwrap_or_default();
    let edges =
        xml(&text, "document").map_or_else(|_| String::new(), |styles| open::edges(&styles));
    if !edges.is_empty() {
        part.text.push_str("\n\n");
        part.text.push_str(&edges);
    }
}

/// The text of an office document in one file of XML.
pub fn flat(bytes: &[u8]) -> Result<Found, Failed> {
    let text = decoded(bytes);
    let document = xml(&text, "document")?;
    let mut found = match name(&document.root_element()) {
        "package" | "wordDocument" => word::flat(&text)?,
        "Workbook" => workbook::read(&document),
        _ => open::read(&document, None)?,
    };
    if found.title.is_empty() {
        found.title = title(&document);
    }
    Ok(found)
}

/// The text of an older office document, if there is a way to read it.
pub fn compound(bytes: &[u8]) -> Result<Found, Failed> {
    let container = Container::open(bytes);
    let names = container.as_ref().and_then(Container::names);
    let names = names.unwrap_or_default();
    // One that is damaged may still say its names, in UTF-16.
    let has = |name: &str| match names.is_empty() {
        false => names.iter().any(|found| found.eq_ignore_ascii_case(name)),
        true => {
            let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            bytes.windows(wide.len()).any(|window| window == wide)
        }
    };
    if has(ENCRYPTED) {
        return Err(failed(
            "an encrypted document",
            "save it without its password first",
        ));
    }
    if has("Workbook") || has("Book") {
        return sheets::read(bytes, sheets::Kind::Old, &Known::default());
    }
    if has(WORD) {
        let found = container.as_ref().map(old_word::read).transpose()?;
        return found
            .flatten()
            .ok_or_else(|| failed("a document of Word before 2007", "save it as .docx or PDF"));
    }
    if has(SLIDES) {
        let found = container.as_ref().map(old_slides::read).transpose()?;
        return found.flatten().ok_or_else(|| {
            failed(
                "a presentation of PowerPoint before 2007",
                "save it as .pptx or PDF",
            )
        });
    }
    match container.filter(|_| has(OUTLOOK)) {
        Some(mail) => outlook::read(&mail),
        None => Err(failed(
            "a document of an older program",
            "save it as .docx, .xlsx, .pptx or PDF",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_document_is_what_lies_at_its_top() {
        let check = |names: &[&str], expected: &str| {
            let empty: &[u8] = &[];
            let streams: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, empty)).collect();
            let file = self::compound::tests::container(&streams);
            let failed = super::compound(&file).expect_err("it is not read");
            assert!(
                failed.message.starts_with(expected),
                "{names:?}: {}",
                failed.message
            );
        };
        check(&["WordDocument", "Bookshelf"], "a document of Word");
        check(&["PowerPoint Document"], "a presentation of PowerPoint");
        check(
            &["EncryptedPackage", "EncryptionInfo"],
            "an encrypted document",
        );
        check(&["__properties_version1.0"], "a broken mail of Outlook");
        check(&["Workbook"], "a broken workbook");
        check(&["Other"], "a document of an older program");
    }

    #[test]
    fn a_document_says_its_title() {
        let check = |inner: &str, expected: &str| {
            let text = format!("<p xmlns:dc='http://purl.org/dc/elements/1.1/'>{inner}</p>");
            let document = xml(&text, "document").expect("parsed");
            assert_eq!(title(&document), expected, "{inner}");
        };
        check("<dc:title>The wool\n ledger</dc:title>", "The wool ledger");
        check("<dc:title/>", "");
        check("<title>no property</title>", "");
        check("<dc:title>Untitled 1</dc:title>", "");
        check("<dc:title>PowerPoint Presentation</dc:title>", "");
    }
}
