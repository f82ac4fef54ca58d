//! EPUB: the chapters of a book in the order in which they are read.

use std::collections::HashMap;

use roxmltree::Node;

use crate::found::{Failed, Found, Part, failed, one_line};
use crate::page;
use crate::zipped::{Archive, resolved, xml};

/// Chapters of one book.
const CHAPTERS_MAX: usize = 5_000;

/// The text of the book in `archive`.
pub fn read(archive: &mut Archive<'_>) -> Result<Found, Failed> {
    let missing = |what: &str| {
        failed(
            format!("a book without {what}"),
            "convert it anew, for instance with Calibre",
        )
    };
    let container = archive
        .text("META-INF/container.xml")?
        .ok_or_else(|| missing("its container"))?;
    let path = xml(&container, "book")?
        .descendants()
        .find_map(|node| {
            node.has_tag_name_here("rootfile")
                .then(|| node.attribute("full-path"))
                .flatten()
                .map(str::to_owned)
        })
        .ok_or_else(|| missing("a list of its parts"))?;
    let package = archive
        .text(&path)?
        .ok_or_else(|| missing("its list of parts"))?;
    let (title, chapters) = chapters(&package, &path)?;
    let mut found = Found {
        title,
        ..Found::default()
    };
    let mut unread = 0;
    for (n, chapter) in chapters.into_iter().take(CHAPTERS_MAX).enumerate() {
        // A chapter that is damaged costs itself.
        let Ok(Some(bytes)) = archive.bytes(&chapter) else {
            unread += 1;
            continue;
        };
        let Ok((_, text)) = page::of_html(&markup::decode(&bytes, "")) else {
            unread += 1;
            continue;
        };
        if !text.trim().is_empty() {
            found.parts.push(Part {
                place: format!("part {}", n + 1),
                title: String::new(),
                text,
            });
        }
    }
    if unread > 0 {
        found.left_out.push(format!(
            "{unread} chapters that are broken or not in the file"
        ));
    }
    if found.is_empty() && archive.has("META-INF/encryption.xml") {
        return Err(failed(
            "a book that is protected against copying",
            "it can be read in its own program only",
        ));
    }
    Ok(found)
}

/// The title of a book and the files of its chapters.
fn chapters(package: &str, path: &str) -> Result<(String, Vec<String>), Failed> {
    let package = xml(package, "book")?;
    let named = |name: &'static str| {
        package
            .descendants()
            .filter(move |node| node.has_tag_name_here(name))
    };
    let title = named("title")
        .find_map(|node| node.text())
        .map(one_line)
        .unwrap_or_default();
    let files: HashMap<&str, &str> = named("item")
        .filter_map(|node| Some((node.attribute("id")?, node.attribute("href")?)))
        .collect();
    let chapters = named("itemref")
        .filter_map(|node| files.get(node.attribute("idref")?))
        .map(|href| resolved(path, &unescaped(href)))
        .collect();
    Ok((title, chapters))
}

/// `href` without its anchor, and its percent signs decoded.
fn unescaped(href: &str) -> String {
    let path = href.split('#').next().unwrap_or_default().as_bytes();
    let mut bytes = Vec::with_capacity(path.len());
    let mut at = 0;
    while at < path.len() {
        let hex = path
            .get(at + 1..at + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match hex
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .filter(|_| path[at] == b'%')
        {
            Some(byte) => {
                bytes.push(byte);
                at += 3;
            }
            None => {
                bytes.push(path[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Names of elements, whatever their name space.
trait Named {
    fn has_tag_name_here(&self, name: &str) -> bool;
}

impl Named for Node<'_, '_> {
    fn has_tag_name_here(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use crate::zipped::{self, tests::archive};

    #[test]
    fn a_book_is_read_in_order() {
        let book = archive(&[
            ("mimetype", "application/epub+zip"),
            (
                "META-INF/container.xml",
                "<container><rootfiles><rootfile full-path='OEBPS/b.opf'/></rootfiles></container>",
            ),
            (
                "OEBPS/b.opf",
                "<package xmlns:dc='x'><metadata><dc:title>The Cord</dc:title></metadata><manifest><item id='b' href='two%20b.xhtml'/><item id='a' href='one.xhtml'/></manifest><spine><itemref idref='a'/><itemref idref='b' linear='no'/></spine></package>",
            ),
            (
                "OEBPS/one.xhtml",
                "<html><head><title>x</title></head><body><h1>Knots</h1><p>first</p></body></html>",
            ),
            (
                "OEBPS/two b.xhtml",
                "<html><body><p>second</p></body></html>",
            ),
        ]);
        let found = zipped::read(&book).expect("a book");
        assert_eq!(found.title, "The Cord");
        let texts: Vec<&str> = found.parts.iter().map(|part| part.text.as_str()).collect();
        assert_eq!(texts, ["# Knots\n\nfirst", "second"]);
    }
}
