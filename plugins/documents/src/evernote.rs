//! Exports of Evernote (.enex): notes of HTML in one file of XML.

use roxmltree::Node;

use crate::found::{Failed, Found, Paragraphs, Part, failed, one_line};
use crate::page;
use crate::zipped::{decoded, xml};

/// The notes in the export in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = decoded(bytes);
    let document = xml(&text, "export of Evernote")?;
    let notes = document
        .descendants()
        .filter(|node| node.has_tag_name("note"));
    let parts: Vec<Part> = (1..).zip(notes).map(|(n, note)| part(n, &note)).collect();
    match parts.is_empty() {
        true => Err(failed(
            "an export of Evernote without notes",
            "export it again",
        )),
        false => Ok(Found {
            parts,
            ..Found::default()
        }),
    }
}

fn part(number: usize, note: &Node<'_, '_>) -> Part {
    let all = |name: &str| -> Vec<String> {
        let named = note.descendants().filter(|node| node.has_tag_name(name));
        let texts = named.filter_map(|node| node.text()).map(one_line);
        texts.filter(|text| !text.is_empty()).collect()
    };
    let title = all("title").into_iter().next().unwrap_or_default();
    let content = note.children().find(|node| node.has_tag_name("content"));
    let content = content.and_then(|node| node.text()).unwrap_or_default();
    let body = page::of_html(content).map_or_else(|_| String::new(), |(_, text)| text);
    let mut whole = Paragraphs::default();
    whole.heading(1, &title);
    for (word, values) in [("Tags", all("tag")), ("Attachments", all("file-name"))] {
        if !values.is_empty() {
            whole.push(&format!("{word}: {}", values.join(", ")));
        }
    }
    whole.push(&body);
    Part {
        place: format!("note {number}"),
        title,
        text: whole.text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_have_their_words() {
        let export = "<?xml version='1.0'?><!DOCTYPE en-export SYSTEM 'x'><en-export><note><title>Wool</title><content><![CDATA[<?xml version='1.0'?><!DOCTYPE en-note SYSTEM 'y'><en-note><div>of the <b>llama</b></div><p><en-todo checked=\"true\"/>shorn</p></en-note>]]></content><tag>farm</tag><resource><data encoding='base64'>iVBORw0KGgo=</data><resource-attributes><file-name>knot.png</file-name></resource-attributes></resource></note><note><title>Dyes</title><content><![CDATA[<en-note>red</en-note>]]></content></note></en-export>";
        let found = read(export.as_bytes()).expect("notes");
        let parts: Vec<(&str, &str, &str)> = found
            .parts
            .iter()
            .map(|part| (part.place.as_str(), part.title.as_str(), part.text.as_str()))
            .collect();
        assert_eq!(
            parts,
            [
                (
                    "note 1",
                    "Wool",
                    "# Wool\n\nTags: farm\n\nAttachments: knot.png\n\nof the **llama**\n\n☑ shorn"
                ),
                ("note 2", "Dyes", "# Dyes\n\nred"),
            ]
        );
        assert!(read(b"<en-export/>").is_err());
        assert!(read(b"<en-export").is_err());
    }
}
