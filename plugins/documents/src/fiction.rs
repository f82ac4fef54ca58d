//! FictionBook (.fb2): a book in one file of XML.

use roxmltree::Node;

use crate::found::{Failed, Found, Paragraphs, Part, one_line};
use crate::table;
use crate::zipped::{decoded, local, xml};

/// Sections within sections.
const DEPTH_MAX: usize = 16;

/// The text of the book in `bytes`: a part for each section at the top.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = decoded(bytes);
    let document = xml(&text, "book")?;
    let root = document.root_element();
    let info = root.descendants().find(|node| local(node) == "title-info");
    let said = |name: &str| {
        let nodes = info.into_iter().flat_map(|info| info.descendants());
        let texts = nodes
            .filter(|node| local(node) == name)
            .map(|node| inline(&node));
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>()
    };
    let mut found = Found {
        title: said("book-title").into_iter().next().unwrap_or_default(),
        ..Found::default()
    };
    let mut front = Paragraphs::default();
    front.heading(1, &found.title);
    front.push(&said("author").join(", "));
    for text in said("annotation") {
        front.push(&text);
    }
    let mut parts = vec![(String::new(), front.text())];
    for body in root.children().filter(|node| local(node) == "body") {
        let mut before = Paragraphs::default();
        for node in body.children() {
            if local(&node) == "section" {
                let title = node.children().find(|node| local(node) == "title");
                let title = title.map_or_else(String::new, |node| inline(&node));
                let mut whole = Paragraphs::default();
                blocks(&node, &mut whole, 1);
                parts.push((title, whole.text()));
            } else {
                block(&node, &mut before, 1);
            }
        }
        if let Some((_, text)) = parts.first_mut().filter(|_| !before.is_empty()) {
            text.push_str("\n\n");
            text.push_str(&before.text());
        }
    }
    parts.retain(|(_, text)| !text.trim().is_empty());
    let part = |(n, (title, text)): (usize, (String, String))| Part {
        place: format!("part {}", n + 1),
        title,
        text,
    };
    found.parts = parts.into_iter().enumerate().map(part).collect();
    Ok(found)
}

fn blocks(node: &Node<'_, '_>, whole: &mut Paragraphs, depth: usize) {
    if depth <= DEPTH_MAX {
        node.children()
            .for_each(|child| block(&child, whole, depth));
    }
}

fn block(node: &Node<'_, '_>, whole: &mut Paragraphs, depth: usize) {
    match local(node) {
        "title" => whole.heading(depth, &inline(node)),
        "subtitle" => whole.heading(depth + 1, &inline(node)),
        "p" | "v" | "text-author" | "date" => whole.push(&inline(node)),
        "table" => {
            let rows = node.descendants().filter(|node| local(node) == "tr");
            let cells = |row: Node<'_, '_>| -> Vec<String> {
                let cells = row.children().filter(|cell| cell.is_element());
                cells.map(|cell| inline(&cell)).collect()
            };
            let rows: Vec<Vec<String>> = rows.map(cells).collect();
            whole.push(&table::markdown(&rows));
        }
        "section" => blocks(node, whole, depth + 1),
        "epigraph" | "annotation" | "cite" | "poem" | "stanza" => blocks(node, whole, depth),
        _ => {}
    }
}

fn inline(node: &Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text);
    // Paragraphs within it, as those of a title, are words apart.
    let mut whole = String::new();
    for text in texts {
        let begins = text.parent().is_some_and(|parent| {
            matches!(
                local(&parent),
                "p" | "first-name" | "middle-name" | "last-name" | "nickname"
            ) && parent.first_child() == Some(text)
        });
        if begins && !whole.is_empty() {
            whole.push(' ');
        }
        whole.push_str(text.text().unwrap_or_default());
    }
    one_line(&whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_of_one_file_has_its_chapters() {
        let book = "<?xml version='1.0' encoding='UTF-8'?><FictionBook xmlns='http://www.gribuser.ru/xml/fictionbook/2.0'><description><title-info><author><first-name>Ada</first-name><last-name>Quill</last-name></author><book-title>The loom</book-title></title-info></description><body><epigraph><p>For all</p></epigraph><section><title><p>One</p><p>Wool</p></title><p>Of the <emphasis>llama</emphasis>s.</p><section><title><p>Dye</p></title><poem><stanza><v>Red</v></stanza></poem></section></section></body><binary id='a.png'>AAAA</binary></FictionBook>";
        let found = read(book.as_bytes()).expect("a book");
        assert_eq!(found.title, "The loom");
        let parts: Vec<(&str, &str)> = found
            .parts
            .iter()
            .map(|part| (part.title.as_str(), part.text.as_str()))
            .collect();
        assert_eq!(
            parts,
            [
                ("", "# The loom\n\nAda Quill\n\nFor all"),
                ("One Wool", "# One Wool\n\nOf the llamas.\n\n## Dye\n\nRed"),
            ]
        );
        assert!(read(b"<FictionBook").is_err());
    }
}
