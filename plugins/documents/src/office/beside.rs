//! What stands beside the cells of a workbook: remarks, boxes with words, charts.

use std::collections::HashMap;

use roxmltree::Node;

use super::charts;
use super::elements::{attribute, child, name, relations};
use crate::found::{Failed, Found, Paragraphs, Part, one_line};
use crate::zipped::{Archive, xml};

const MAIN: &str = "xl/workbook.xml";
/// Links that are told of one sheet.
const LINKS_MAX: usize = 1_000;

/// Adds it to the sheets of `found`. What is damaged costs itself.
pub fn add(archive: &mut Archive<'_>, found: &mut Found) {
    let sheets = match sheets(archive) {
        Ok(sheets) => sheets,
        Err(failed) => return found.left_out.push(failed.message),
    };
    for (sheet, path) in sheets {
        let place = format!("sheet {sheet}");
        let hidden = format!("{place} (hidden)");
        let is_it = |part: &Part| part.place == place || part.place == hidden;
        let at = found.parts.iter().position(is_it);
        let shown = at.map_or("", |at| found.parts[at].text.as_str());
        match words(archive, &path, shown) {
            Ok(words) if words.is_empty() => {}
            Ok(words) => match at {
                Some(at) => found.parts[at].text.push_str(&format!("\n\n{words}")),
                // A sheet of its own for a chart.
                None => found.parts.push(Part {
                    place,
                    text: words,
                    ..Part::default()
                }),
            },
            Err(failed) => {
                let words = format!("what stands beside sheet {sheet}: {}", failed.message);
                found.left_out.push(words);
            }
        }
    }
}

/// The sheets by name, each with its file.
fn sheets(archive: &mut Archive<'_>) -> Result<Vec<(String, String)>, Failed> {
    let parts = relations(archive, MAIN)?;
    let text = archive.text(MAIN)?.unwrap_or_default();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let document = xml(&text, "workbook")?;
    let sheet = |node: Node<'_, '_>| {
        let id = attribute(&node, "id")?;
        let (_, path) = parts.get(id)?;
        Some((attribute(&node, "name")?.to_owned(), path.clone()))
    };
    let nodes = document.descendants().filter(|node| name(node) == "sheet");
    Ok(nodes.filter_map(sheet).collect())
}

/// What stands beside the cells of the sheet in the file `path`, of which `shown` is known.
fn words(archive: &mut Archive<'_>, path: &str, shown: &str) -> Result<String, Failed> {
    let related = relations(archive, path)?;
    let mut whole = Paragraphs::default();
    if related.values().any(|(kind, _)| kind == "hyperlink") {
        links(archive, path, &related, shown, &mut whole)?;
    }
    let mut around: Vec<(String, String)> = related.into_values().collect();
    around.sort();
    // Of remarks with answers there is a copy for older programs.
    let answered = around.iter().any(|(kind, _)| kind == "threadedComment");
    for (kind, path) in around {
        match kind.as_str() {
            "comments" if !answered => remarks(archive, &path, &mut whole)?,
            "threadedComment" => remarks(archive, &path, &mut whole)?,
            "drawing" => drawing(archive, &path, &mut whole)?,
            _ => {}
        }
    }
    Ok(whole.text())
}

/// Adds where cells lead, unless they say it themselves.
fn links(
    archive: &mut Archive<'_>,
    path: &str,
    related: &HashMap<String, (String, String)>,
    shown: &str,
    whole: &mut Paragraphs,
) -> Result<(), Failed> {
    let text = archive.text(path)?.unwrap_or_default();
    let document = xml(&text, "workbook")?;
    let links = document
        .descendants()
        .filter(|node| name(node) == "hyperlink");
    for link in links.take(LINKS_MAX) {
        let target = attribute(&link, "id").and_then(|id| related.get(id));
        if let Some((_, target)) = target
            && !shown.contains(target.as_str())
        {
            let at = attribute(&link, "ref").unwrap_or_default();
            whole.item(0, &format!("Link at {at}: {target}"));
        }
    }
    Ok(())
}

fn remarks(archive: &mut Archive<'_>, path: &str, whole: &mut Paragraphs) -> Result<(), Failed> {
    let text = archive.text(path)?.unwrap_or_default();
    let document = xml(&text, "workbook")?;
    let of = |local: &'static str| {
        document
            .descendants()
            .filter(move |node| name(node) == local)
    };
    let authors: Vec<&str> = of("author")
        .map(|node| node.text().unwrap_or_default())
        .collect();
    for remark in of("comment").chain(of("threadedComment")) {
        let at = attribute(&remark, "ref").unwrap_or_default();
        let author = attribute(&remark, "authorId").and_then(|id| id.parse::<usize>().ok());
        let by = author
            .and_then(|author| authors.get(author))
            .filter(|author| !author.trim().is_empty())
            .map(|author| format!(" by {}", one_line(author)));
        let says = child(&remark, "text")
            .map(|node| said(&node))
            .unwrap_or_default();
        if !says.is_empty() {
            whole.push(&format!("Remark at {at}{}: {says}", by.unwrap_or_default()));
        }
    }
    Ok(())
}

fn drawing(archive: &mut Archive<'_>, path: &str, whole: &mut Paragraphs) -> Result<(), Failed> {
    let text = archive.text(path)?.unwrap_or_default();
    let document = xml(&text, "workbook")?;
    for paragraph in document.descendants().filter(|node| name(node) == "p") {
        whole.push(&said(&paragraph));
    }
    let mut drawn: Vec<(String, String)> = relations(archive, path)?.into_values().collect();
    drawn.sort();
    for (_, path) in drawn.iter().filter(|(kind, _)| kind == "chart") {
        whole.push(&charts::read(archive, path)?);
    }
    Ok(())
}

/// The words below a node, in one line.
fn said(node: &Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text);
    one_line(&texts.filter_map(|text| text.text()).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zipped::{opened, tests::archive};

    #[test]
    fn remarks_boxes_and_charts_are_read() {
        let relation = |id: &str, kind: &str, to: &str| {
            format!("<Relationship Id='{id}' Type='t/{kind}' Target='{to}'/>")
        };
        let of_sheet = format!(
            "<r>{}{}{}</r>",
            relation("a", "comments", "../comments1.xml"),
            relation("b", "drawing", "../drawings/d.xml"),
            relation("c", "printerSettings", "../p.bin")
                + "<Relationship Id='l' Type='t/hyperlink' Target='https://example.org/a' TargetMode='External'/>"
                + "<Relationship Id='m' Type='t/hyperlink' Target='https://example.org/b' TargetMode='External'/>",
        );
        let file = archive(&[
            (
                MAIN,
                "<w xmlns:r='r'><sheet name='Herd' r:id='r1'/><sheet name='Hurt' r:id='r2'/></w>",
            ),
            (
                "xl/_rels/workbook.xml.rels",
                &format!(
                    "<r>{}{}</r>",
                    relation("r1", "worksheet", "worksheets/s.xml"),
                    relation("r2", "worksheet", "worksheets/t.xml"),
                ),
            ),
            (
                "xl/worksheets/s.xml",
                "<w xmlns:r='r'><hyperlink ref='A1' r:id='l'/><hyperlink ref='B1' r:id='m'/><hyperlink ref='C1' location='Hurt!A1'/></w>",
            ),
            ("xl/worksheets/_rels/s.xml.rels", &of_sheet),
            (
                "xl/worksheets/_rels/t.xml.rels",
                &format!(
                    "<r>{}</r>",
                    relation("a", "drawing", "../drawings/gone.xml")
                ),
            ),
            (
                "xl/comments1.xml",
                "<c><authors><author>Ada</author></authors><comment ref='B2' authorId='0'><text><r><t>weighed </t></r><r><t>twice</t></r></text></comment></c>",
            ),
            (
                "xl/drawings/d.xml",
                "<d><sp><p><r><t>a box</t></r></p></sp></d>",
            ),
            (
                "xl/drawings/_rels/d.xml.rels",
                &format!("<r>{}</r>", relation("a", "chart", "../charts/c.xml")),
            ),
            ("xl/charts/c.xml", "<c><title><t>Births</t></title></c>"),
        ]);
        let mut found = Found::default();
        found.parts.push(Part {
            place: "sheet Herd".into(),
            text: "| a | https://example.org/b |".into(),
            ..Part::default()
        });
        add(&mut opened(&file).expect("an archive"), &mut found);
        assert_eq!(
            found.parts[0].text,
            "| a | https://example.org/b |\n\n- Link at A1: https://example.org/a\n\nRemark at B2 by Ada: weighed twice\n\na box\n\nBirths"
        );
        assert!(found.left_out[0].starts_with("what stands beside sheet Hurt: "));
    }
}
