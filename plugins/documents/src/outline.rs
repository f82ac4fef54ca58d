//! What is drawn or written as a tree: outlines (OPML), mind maps (FreeMind, Freeplane, XMind)
//! and diagrams (draw.io).

use roxmltree::Node;
use serde_json::Value;

use crate::found::{Failed, Found, Paragraphs, Part, broken, failed, one_line};
use crate::page;
use crate::zipped::{Archive, decoded, local, xml};

/// Branches within branches that are indented.
const DEPTH_MAX: usize = 32;

/// The text of the outline, the mind map or the diagram in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Found, Failed> {
    let text = decoded(bytes);
    let document = xml(&text, "outline")?;
    let root = document.root_element();
    match local(&root) {
        "opml" => Ok(opml(&root)),
        "map" => Ok(mind_map(&root)),
        "mxfile" | "mxGraphModel" => diagrams(&root),
        _ => Err(failed(
            "a file that is no outline, mind map or diagram",
            "export it as text or HTML",
        )),
    }
}

fn opml(root: &Node<'_, '_>) -> Found {
    let head = root.descendants().find(|node| local(node) == "title");
    let title = head.and_then(|node| node.text()).unwrap_or_default();
    let mut whole = Paragraphs::default();
    for node in root.descendants().filter(|node| local(node) == "outline") {
        let said = |name: &str| node.attribute(name).map(one_line).unwrap_or_default();
        let text = match said("text") {
            text if text.is_empty() => said("title"),
            text => text,
        };
        let more = [said("_note"), said("xmlUrl"), said("url")];
        item(&mut whole, depth(&node), &text, &more);
    }
    Found::whole(title, whole.text())
}

fn mind_map(root: &Node<'_, '_>) -> Found {
    let mut whole = Paragraphs::default();
    let mut title = String::new();
    for node in root.descendants().filter(|node| local(node) == "node") {
        // What is formatted stands below the node, as HTML.
        let rich = |kind: &str| {
            let mut children = node.children();
            let found = children.find(|child| {
                local(child) == "richcontent" && child.attribute("TYPE") == Some(kind)
            });
            let texts = found.into_iter().flat_map(|node| node.descendants());
            let texts: Vec<&str> = texts
                .filter(Node::is_text)
                .filter_map(|node| node.text())
                .collect();
            one_line(&texts.join(" "))
        };
        let text = node
            .attribute("TEXT")
            .map_or_else(|| rich("NODE"), one_line);
        if title.is_empty() {
            title.clone_from(&text);
        }
        let link = node.attribute("LINK").map(one_line).unwrap_or_default();
        item(&mut whole, depth(&node), &text, &[rich("NOTE"), link]);
    }
    Found::whole(title, whole.text())
}

/// How many nodes of its kind a node lies in.
fn depth(node: &Node<'_, '_>) -> usize {
    let above = node.ancestors().skip(1);
    let same = above.filter(|above| local(above) == local(node));
    same.take(DEPTH_MAX).count()
}

/// Adds a branch, with what is said of it.
fn item(whole: &mut Paragraphs, depth: usize, text: &str, more: &[String]) {
    let more: Vec<&str> = more
        .iter()
        .map(String::as_str)
        .filter(|more| !more.is_empty())
        .collect();
    match more.is_empty() {
        true => whole.item(depth, text),
        false => whole.item(depth, &format!("{text} ({})", more.join("; "))),
    }
}

/// The words in the boxes and at the arrows of each sheet.
fn diagrams(root: &Node<'_, '_>) -> Result<Found, Failed> {
    let mut found = Found::default();
    let sheets: Vec<Node<'_, '_>> = match local(root) {
        "mxfile" => root
            .children()
            .filter(|node| local(node) == "diagram")
            .collect(),
        _ => vec![*root],
    };
    for (n, sheet) in sheets.iter().enumerate() {
        let name = sheet.attribute("name").map(one_line).unwrap_or_default();
        if !sheet.children().any(|node| node.is_element()) {
            let name = if name.is_empty() {
                (n + 1).to_string()
            } else {
                name
            };
            found.left_out.push(format!(
                "sheet {name}, which is compressed (save the diagram uncompressed)"
            ));
            continue;
        }
        let mut whole = Paragraphs::default();
        for node in sheet.descendants() {
            let says = node.attribute("value").or_else(|| node.attribute("label"));
            whole.push(&plain(says.unwrap_or_default()));
        }
        found.parts.push(Part {
            place: format!("sheet {}", n + 1),
            title: name,
            text: whole.text(),
        });
    }
    match (found.parts.is_empty(), found.left_out.is_empty()) {
        (true, false) => Err(failed(
            "a diagram that is compressed",
            "save it uncompressed, or export it as SVG",
        )),
        _ => Ok(found),
    }
}

/// What a label says, which may be HTML.
fn plain(label: &str) -> String {
    match label.contains('<') || label.contains('&') {
        true => page::of_html(label).map_or_else(|_| one_line(label), |(_, text)| text),
        false => one_line(label),
    }
}

/// Whether an archive is a map of XMind.
pub fn is_xmind(archive: &Archive<'_>) -> bool {
    archive.has("content.json") && archive.has("metadata.json")
}

/// The text of the map of XMind in `archive`: a part for each sheet.
pub fn xmind(archive: &mut Archive<'_>) -> Result<Found, Failed> {
    let text = archive.text("content.json")?.unwrap_or_default();
    let sheets: Value = serde_json::from_str(&text).map_err(|error| broken("mind map", &error))?;
    let mut found = Found::default();
    for (n, sheet) in sheets.as_array().into_iter().flatten().enumerate() {
        let mut whole = Paragraphs::default();
        topics(&sheet["rootTopic"], &mut whole, 0);
        found.parts.push(Part {
            place: format!("sheet {}", n + 1),
            title: one_line(sheet["title"].as_str().unwrap_or_default()),
            text: whole.text(),
        });
    }
    Ok(found)
}

fn topics(topic: &Value, whole: &mut Paragraphs, depth: usize) {
    let said = |value: &Value| one_line(value.as_str().unwrap_or_default());
    let note = said(&topic["notes"]["plain"]["content"]);
    item(whole, depth, &said(&topic["title"]), &[note]);
    // By its kind: those that hang on the topic, those that float beside it.
    let kinds = topic["children"].as_object().into_iter().flatten();
    for below in kinds.flat_map(|(_, topics)| topics.as_array().into_iter().flatten()) {
        topics(below, whole, depth + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zipped::{self, tests::archive};

    #[test]
    fn trees_are_lists() {
        let check = |file: &str, title: &str, expected: &str| {
            let found = read(file.as_bytes()).expect("a tree");
            let text: Vec<&str> = found.parts.iter().map(|part| part.text.as_str()).collect();
            assert_eq!(
                (found.title.as_str(), text.join("\n\n").as_str()),
                (title, expected)
            );
        };
        check(
            "<opml version='2.0'><head><title>Herd</title></head><body><outline text='Wool'><outline text='Dye' _note='red'/></outline></body></opml>",
            "Herd",
            "- Wool\n  - Dye (red)",
        );
        check(
            "<map version='1.0.1'><node TEXT='Wool'><node><richcontent TYPE='NODE'><html><body><p>Dye</p></body></html></richcontent></node></node></map>",
            "Wool",
            "- Wool\n  - Dye",
        );
        check(
            "<mxfile><diagram name='Yard'><mxGraphModel><root><mxCell id='0'/><mxCell value='North &lt;b&gt;gate&lt;/b&gt;'/><object label='Shed'/></root></mxGraphModel></diagram></mxfile>",
            "",
            "North **gate**\n\nShed",
        );
        let failed = read(b"<mxfile><diagram>7Vpbc</diagram></mxfile>").expect_err("compressed");
        assert_eq!(failed.message, "a diagram that is compressed");
        assert!(read(b"<other/>").is_err());
    }

    #[test]
    fn a_map_in_an_archive_is_a_list() {
        let content = r#"[{"title":"Map 1","rootTopic":{"title":"Wool","children":{"attached":[{"title":"Dye","notes":{"plain":{"content":"red"}}}]}}}]"#;
        let file = archive(&[("content.json", content), ("metadata.json", "{}")]);
        let found = zipped::read(&file).expect("a map");
        assert_eq!(found.parts[0].title, "Map 1");
        assert_eq!(found.parts[0].text, "- Wool\n  - Dye (red)");
    }
}
