//! Documents of Hangul (.hwpx): zipped XML with paragraphs in sections.

use roxmltree::Node;

use crate::found::{Failed, Found, Paragraphs, one_line};
use crate::zipped::{Archive, local, xml};

/// How the files of sections begin.
const SECTION: &str = "Contents/section";

/// The text of the document in `archive`.
pub fn read(archive: &mut Archive<'_>) -> Result<Found, Failed> {
    let is_section = |name: &String| name.starts_with(SECTION) && name.ends_with(".xml");
    let mut sections: Vec<String> = archive.names().into_iter().filter(is_section).collect();
    // So that 10 comes after 9.
    sections.sort_by_key(|name| (name.len(), name.clone()));
    let mut whole = Paragraphs::default();
    for section in sections {
        let text = archive.text(&section)?.unwrap_or_default();
        let document = xml(&text, "document")?;
        for paragraph in document.descendants().filter(|node| local(node) == "p") {
            whole.push(&own(&paragraph));
        }
    }
    Ok(Found::whole("", whole.text()))
}

/// What a paragraph says beside those in its tables, which are paragraphs as well.
fn own(paragraph: &Node<'_, '_>) -> String {
    let is_own = |text: &Node<'_, '_>| {
        let mut above = text.ancestors().skip(1);
        above.find(|node| local(node) == "p").as_ref() == Some(paragraph)
    };
    let words = paragraph.descendants().filter(|node| local(node) == "t");
    let words = words.filter(is_own).flat_map(|node| node.descendants());
    let words: String = words
        .filter(Node::is_text)
        .filter_map(|node| node.text())
        .collect();
    one_line(&words)
}

#[cfg(test)]
mod tests {
    use crate::zipped::{self, tests::archive};

    #[test]
    fn paragraphs_in_tables_are_said_once() {
        let section = "<s xmlns:hp='p'><hp:p><hp:run><hp:t>양털 </hp:t></hp:run><hp:run><hp:t>장부</hp:t><hp:tbl><hp:p><hp:run><hp:t>빨강</hp:t></hp:run></hp:p></hp:tbl></hp:run></hp:p></s>";
        let file = archive(&[
            ("mimetype", "application/hwp+zip"),
            ("Contents/section0.xml", section),
        ]);
        let found = zipped::read(&file).expect("a document");
        assert_eq!(found.parts[0].text, "양털 장부\n\n빨강");
    }
}
