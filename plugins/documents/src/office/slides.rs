//! PowerPoint: what the slides say, in order, and the notes for the speaker.

use roxmltree::Node;

use super::charts;
use super::elements::{attribute, below, child, description, name, relations};
use crate::found::{Failed, Found, Paragraphs, Part, failed, raise};
use crate::table;
use crate::zipped::{Archive, xml};

const MAIN: &str = "ppt/presentation.xml";
/// Slides of one presentation.
const SLIDES_MAX: usize = 5_000;

/// The text of the presentation in `archive`.
pub fn read(archive: &mut Archive<'_>) -> Result<Found, Failed> {
    let main = archive.text(MAIN)?.ok_or_else(|| {
        failed(
            "a broken presentation: it has no list of slides",
            "open it and save it again",
        )
    })?;
    let parts = relations(archive, MAIN)?;
    let document = xml(&main, "presentation")?;
    let slides = document
        .descendants()
        .filter(|node| name(node) == "sldId")
        .filter_map(|node| {
            node.attributes()
                .find(|found| found.name() == "id" && found.namespace().is_some())
        })
        .filter_map(|id| parts.get(id.value()).map(|(_, path)| path.clone()));
    let mut found = Found::default();
    let mut broken = None;
    for (n, path) in slides.take(SLIDES_MAX).enumerate() {
        // A slide that is damaged costs itself.
        match slide(archive, &path, n + 1) {
            Ok(part) => found.parts.push(part),
            Err(failed) => {
                let words = format!("slide {}: {}", n + 1, failed.message);
                found.left_out.push(words);
                broken = Some(failed);
            }
        }
    }
    match broken {
        Some(failed) if found.parts.is_empty() => Err(failed),
        _ => Ok(found),
    }
}

fn slide(archive: &mut Archive<'_>, path: &str, number: usize) -> Result<Part, Failed> {
    let text = archive.text(path)?;
    let text = text.ok_or_else(|| failed("it is not in the file", "save it again"))?;
    let around = relations(archive, path)?;
    let mut whole = Paragraphs::default();
    let mut title = String::new();
    let document = xml(&text, "presentation")?;
    let is_hidden = matches!(
        attribute(&document.root_element(), "show"),
        Some("0" | "false")
    );
    shapes(&document.root_element(), &mut whole, &mut title);
    let mut more: Vec<&(String, String)> = around.values().collect();
    more.sort();
    for (kind, path) in more {
        let label = match kind.as_str() {
            // The text of drawings of boxes and arrows lies beside the slide.
            "diagramData" => "",
            "notesSlide" => "Notes: ",
            "comments" => "Remarks: ",
            "chart" => {
                whole.push(&charts::read(archive, path)?);
                continue;
            }
            _ => continue,
        };
        let Some(text) = archive.text(path)? else {
            continue;
        };
        let document = xml(&text, "presentation")?;
        let mut words = Paragraphs::default();
        match kind.as_str() {
            "notesSlide" => shapes(&document.root_element(), &mut words, &mut String::new()),
            "comments" => {
                let said = document.descendants().filter(|node| name(node) == "text");
                said.for_each(|node| words.push(node.text().unwrap_or_default()));
                // Since 2021 they are written as other text is.
                texts(&document.root_element(), &mut words);
            }
            _ => texts(&document.root_element(), &mut words),
        }
        let words = words.text();
        if !words.is_empty() {
            whole.push(&format!("{label}{words}"));
        }
    }
    Ok(Part {
        place: format!("slide {number}{}", if is_hidden { " (hidden)" } else { "" }),
        title,
        text: whole.text(),
    })
}

/// Adds what the shapes below `node` say.
fn shapes(node: &Node<'_, '_>, whole: &mut Paragraphs, title: &mut String) {
    for shape in node.children() {
        match name(&shape) {
            "sp" => {
                let place =
                    below(&shape, "ph").map(|node| attribute(&node, "type").unwrap_or("body"));
                match place {
                    // The number and the date of a page.
                    Some("sldNum" | "dt" | "ftr" | "hdr" | "sldImg") => {}
                    Some("title" | "ctrTitle") => {
                        let mut words = Paragraphs::default();
                        texts(&shape, &mut words);
                        *title = crate::found::one_line(&words.text());
                        whole.heading(2, title);
                    }
                    _ => texts(&shape, whole),
                }
            }
            "graphicFrame" => match below(&shape, "tbl") {
                Some(found) => whole.push(&table::markdown(&rows(&found))),
                None => texts(&shape, whole),
            },
            "pic" => {
                let says = below(&shape, "cNvPr").and_then(|node| description(&node));
                whole.push(&says.unwrap_or_default());
            }
            "AlternateContent" => {
                if let Some(choice) = child(&shape, "Choice").or_else(|| child(&shape, "Fallback"))
                {
                    shapes(&choice, whole, title);
                }
            }
            _ => shapes(&shape, whole, title),
        }
    }
}

/// What the drawing of boxes and arrows in the file `path` says.
pub fn drawing(archive: &mut Archive<'_>, path: &str) -> Result<String, Failed> {
    let mut words = Paragraphs::default();
    if let Some(text) = archive.text(path)? {
        texts(&xml(&text, "document")?.root_element(), &mut words);
    }
    Ok(words.text())
}

/// Adds the paragraphs below `node`.
fn texts(node: &Node<'_, '_>, whole: &mut Paragraphs) {
    for paragraph in node.descendants().filter(|found| name(found) == "p") {
        let depth = child(&paragraph, "pPr").and_then(|how| attribute(&how, "lvl")?.parse().ok());
        let words = words(&paragraph);
        match depth {
            Some(depth) => whole.item(depth, &words),
            None => whole.push(&words),
        }
    }
}

fn words(paragraph: &Node<'_, '_>) -> String {
    let mut text = String::new();
    for part in paragraph.descendants() {
        match name(&part) {
            "t" if is_raised(&part) => raise(&mut text, part.text().unwrap_or_default()),
            "t" => text.push_str(part.text().unwrap_or_default()),
            "br" => text.push('\n'),
            "tab" => text.push('\t'),
            _ => {}
        }
    }
    text
}

/// Whether the words of a run stand above the line.
fn is_raised(words: &Node<'_, '_>) -> bool {
    let how = words.parent().and_then(|run| child(&run, "rPr"));
    let shift = how.and_then(|how| attribute(&how, "baseline")?.parse::<i32>().ok());
    shift.is_some_and(|shift| shift > 0)
}

fn rows(table: &Node<'_, '_>) -> Vec<Vec<String>> {
    let is = |local: &'static str| move |node: &Node<'_, '_>| name(node) == local;
    let mut found: Vec<Vec<String>> = Vec::new();
    for row in table.children().filter(is("tr")) {
        let mut texts = Vec::new();
        for cell in row.children().filter(is("tc")) {
            // A cell that goes on from above says the same: rows are read one by one.
            let goes_on = matches!(attribute(&cell, "vMerge"), Some("1" | "true"));
            let above = found.last().filter(|_| goes_on);
            let above = above.and_then(|above| above.get(texts.len()).cloned());
            texts.push(above.unwrap_or_else(|| {
                let mut words = Paragraphs::default();
                self::texts(&cell, &mut words);
                words.text()
            }));
        }
        found.push(texts);
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::zipped::{self, tests::archive};

    #[test]
    fn a_slide_that_is_damaged_costs_itself() {
        let file = archive(&[
            ("[Content_Types].xml", "<Types/>"),
            (
                "ppt/presentation.xml",
                "<p xmlns:r='r'><sldId r:id='r1'/><sldId r:id='r2'/><sldId r:id='r3'/></p>",
            ),
            (
                "ppt/_rels/presentation.xml.rels",
                "<Relationships><Relationship Id='r1' Type='t/slide' Target='a.xml'/><Relationship Id='r2' Type='t/slide' Target='b.xml'/><Relationship Id='r3' Type='t/slide' Target='c.xml'/></Relationships>",
            ),
            ("ppt/a.xml", "<sld><sp"),
            (
                "ppt/b.xml",
                "<sld><sp><txBody><p><r><t>wool</t></r></p></txBody></sp></sld>",
            ),
        ]);
        let found = zipped::read(&file).expect("a presentation");
        assert_eq!(found.parts.len(), 1);
        assert_eq!(found.parts[0].place, "slide 2");
        assert!(found.left_out[0].starts_with("slide 1: a broken presentation"));
        assert_eq!(found.left_out[1], "slide 3: it is not in the file");
    }

    #[test]
    fn slides_come_in_order_with_their_notes() {
        let shape = |place: &str, text: &str| {
            format!(
                "<p:sp><p:nvPr>{place}</p:nvPr><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
            )
        };
        let slide = |shapes: &str| {
            format!(
                "<p:sld xmlns:p='p' xmlns:a='a'><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
            )
        };
        let first = slide(&format!(
            "{}{}<p:graphicFrame><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>a</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>b</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></p:graphicFrame>",
            shape("<p:ph type='title'/>", "Wool"),
            shape("<p:ph type='sldNum'/>", "7"),
        ));
        let file = archive(&[
            ("[Content_Types].xml", "<Types/>"),
            (
                "ppt/presentation.xml",
                "<p:presentation xmlns:p='p' xmlns:r='r'><p:sldIdLst><p:sldId id='256' r:id='r2'/><p:sldId id='257' r:id='r1'/></p:sldIdLst></p:presentation>",
            ),
            (
                "ppt/_rels/presentation.xml.rels",
                "<Relationships><Relationship Id='r1' Type='t/slide' Target='slides/slide1.xml'/><Relationship Id='r2' Type='t/slide' Target='slides/slide2.xml'/></Relationships>",
            ),
            (
                "ppt/slides/slide1.xml",
                &slide(&format!(
                    "{}<p:pic><p:cNvPr descr='a llama in the rain'/></p:pic><p:pic><p:cNvPr descr='logo'/></p:pic>",
                    shape("", "last")
                ))
                .replace("<p:sld ", "<p:sld show='0' "),
            ),
            ("ppt/slides/slide2.xml", &first),
            (
                "ppt/slides/_rels/slide2.xml.rels",
                "<Relationships><Relationship Id='r1' Type='t/notesSlide' Target='../notesSlides/n.xml'/></Relationships>",
            ),
            (
                "ppt/notesSlides/n.xml",
                &slide(&shape("<p:ph type='body'/>", "speak up")),
            ),
        ]);
        let found = zipped::read(&file).expect("a presentation");
        let parts: Vec<(&str, &str, &str)> = found
            .parts
            .iter()
            .map(|part| (part.place.as_str(), part.title.as_str(), part.text.as_str()))
            .collect();
        assert_eq!(
            parts,
            [
                (
                    "slide 1",
                    "Wool",
                    "## Wool\n\n| a | b |\n| --- | --- |\n\nNotes: speak up"
                ),
                ("slide 2 (hidden)", "", "last\n\n(a llama in the rain)"),
            ]
        );
    }
}
