//! Word: paragraphs, headings, lists, tables, notes and remarks.

mod equation;
mod fields;
mod looks;
mod numbering;
mod styles;

use std::collections::HashMap;

use roxmltree::Node;

use super::charts;
use super::elements::{attribute, below, child, description, name, relations};
use super::slides;
use crate::found::{self, Failed, Found, Paragraphs, failed, one_line};
use crate::zipped::{Archive, xml};
use crate::{mail, page, rich_text, table};
use fields::Fields;
use looks::{initial_before, is_hidden, is_initial, is_raised, symbol};
use numbering::Numbering;
use styles::Styles;

/// Columns that one cell may cover: more is a mistake.
const SPAN_MAX: usize = 100;
/// Tables within tables, and boxes within boxes.
const DEPTH_MAX: usize = 16;

/// What the text of a document refers to.
#[derive(Default)]
struct Around {
    styles: Styles,
    numbering: Numbering,
    footnotes: HashMap<String, String>,
    endnotes: HashMap<String, String>,
    comments: HashMap<String, String>,
    /// Where links lead.
    links: HashMap<String, (String, String)>,
    /// The text of files in another format that stand in the document, by their relation.
    imported: HashMap<String, String>,
}

/// The text of a paragraph, and what follows it.
#[derive(Default)]
struct Run {
    text: String,
    fields: Fields,
    after: Vec<String>,
}

/// The text of the document in `archive`.
pub fn read(archive: &mut Archive<'_>) -> Result<Found, Failed> {
    let main = main_part(archive)?;
    let text = archive.text(&main)?.ok_or_else(|| {
        failed(
            "a broken document: it has no text",
            "open it in Word and save it again",
        )
    })?;
    let links = relations(archive, &main)?;
    let mut around = Around {
        links: links.clone(),
        ..Around::default()
    };
    // What stands beside the text and is damaged costs itself.
    let mut left_out = Vec::new();
    let mut kept = |what: &str, read: Result<(), Failed>| {
        left_out.extend(
            read.err()
                .map(|failed| format!("{what}: {}", failed.message)),
        );
    };
    let beside = |archive: &mut Archive<'_>, path: &str| {
        let text = archive.text(&format!("word/{path}.xml"))?;
        Ok::<String, Failed>(text.unwrap_or_default())
    };
    let styles = beside(archive, "styles").and_then(|text| Styles::read(&text));
    kept("styles", styles.map(|styles| around.styles = styles));
    let numbering = beside(archive, "numbering").and_then(|text| Numbering::read(&text));
    kept(
        "numbering",
        numbering.map(|numbering| around.numbering = numbering),
    );
    for (path, kind, into) in [
        ("footnotes", "footnote", &mut around.footnotes),
        ("endnotes", "endnote", &mut around.endnotes),
        ("comments", "comment", &mut around.comments),
    ] {
        let read = beside(archive, path).and_then(|text| notes(&text, kind));
        kept(path, read.map(|notes| *into = notes));
    }
    for (id, (kind, path)) in &links {
        if kind == "aFChunk" {
            let read = imported(archive, path);
            kept(
                path,
                read.map(|text| drop(around.imported.insert(id.clone(), text))),
            );
        }
    }
    let document = xml(&text, "document")?;
    let mut whole = Paragraphs::default();
    if let Some(body) = below(&document.root_element(), "body") {
        around.blocks(&body, &mut whole, 0);
    }
    let mut drawn: Vec<&(String, String)> = around.links.values().collect();
    drawn.retain(|(kind, _)| matches!(kind.as_str(), "chart" | "diagramData"));
    drawn.sort();
    for (kind, path) in drawn {
        let drawing = match kind.as_str() {
            "chart" => charts::read(archive, path),
            _ => slides::drawing(archive, path),
        };
        kept(path, drawing.map(|drawing| whole.push(&drawing)));
    }
    for (path, edge) in around.edges(archive) {
        kept(&path, edge.map(|edge| whole.push(&edge)));
    }
    Ok(Found {
        left_out,
        ..Found::whole("", whole.text())
    })
}

/// The text of a document in one file of XML: a package that is not zipped, or as Word 2003
/// writes it. All parts of it stand in `text`.
pub fn flat(text: &str) -> Result<Found, Failed> {
    let document = xml(text, "document")?;
    let Some(body) = below(&document.root_element(), "body") else {
        return Err(failed(
            "an office document of a kind that is not known",
            "export it as PDF",
        ));
    };
    let around = Around {
        styles: Styles::read(text)?,
        numbering: Numbering::read(text)?,
        footnotes: notes(text, "footnote")?,
        endnotes: notes(text, "endnote")?,
        comments: notes(text, "comment")?,
        ..Around::default()
    };
    let mut whole = Paragraphs::default();
    around.blocks(&body, &mut whole, 0);
    Ok(Found::whole("", whole.text()))
}

/// The text of the file `path` of another format in a document, as programs write it that turn
/// pages of HTML into documents.
fn imported(archive: &mut Archive<'_>, path: &str) -> Result<String, Failed> {
    let bytes = archive.bytes(path)?.unwrap_or_default();
    let ending = path.rsplit('.').next().unwrap_or_default();
    let found = match ending.to_ascii_lowercase().as_str() {
        "mht" | "mhtml" | "eml" => mail::read(&bytes)?,
        "htm" | "html" | "xhtml" => page::read(&bytes)?,
        "rtf" => rich_text::read(&bytes)?,
        "txt" => Found::whole("", markup::decode(&bytes, "")),
        _ => {
            return Err(failed(
                "a file of another format",
                "save the document again",
            ));
        }
    };
    let texts: Vec<String> = found.parts.into_iter().map(|part| part.text).collect();
    Ok(texts.join("\n\n"))
}

/// The path of the document itself.
fn main_part(archive: &mut Archive<'_>) -> Result<String, Failed> {
    let relations = relations(archive, "")?;
    let main = relations
        .into_values()
        .find(|(kind, _)| kind == "officeDocument");
    Ok(main.map_or_else(|| "word/document.xml".to_owned(), |(_, path)| path))
}

/// The notes of a file, by their number.
fn notes(text: &str, kind: &str) -> Result<HashMap<String, String>, Failed> {
    if text.is_empty() {
        return Ok(HashMap::new());
    }
    let document = xml(text, "document")?;
    let around = Around::default();
    let note = |node: Node<'_, '_>| {
        let id = attribute(&node, "id")?.to_owned();
        let mut words = Paragraphs::default();
        around.blocks(&node, &mut words, 0);
        let by = attribute(&node, "author").map(|by| format!(" by {}", one_line(by)));
        let words = one_line(&words.text());
        let line = match kind {
            "comment" => format!("Remark{}: {words}", by.unwrap_or_default()),
            _ => words,
        };
        Some((id, line))
    };
    Ok(document
        .descendants()
        .filter(|node| name(node) == kind)
        .filter_map(note)
        .collect())
}

impl Around {
    /// What stands above and below each page, said once.
    fn edges(&self, archive: &mut Archive<'_>) -> Vec<(String, Result<String, Failed>)> {
        let is_edge = |kind: &str| matches!(kind, "header" | "footer");
        let links = self.links.values().filter(|(kind, _)| is_edge(kind));
        let mut paths: Vec<String> = links.map(|(_, path)| path.clone()).collect();
        paths.sort();
        let mut edge = |path: &str| {
            let text = archive.text(path)?.unwrap_or_default();
            let mut edge = Paragraphs::default();
            if !text.is_empty() {
                self.blocks(&xml(&text, "document")?.root_element(), &mut edge, 0);
            }
            Ok::<String, Failed>(edge.text())
        };
        let mut edges: Vec<(String, Result<String, Failed>)> = Vec::new();
        for path in paths {
            let edge = edge(&path);
            let is_said = |text: &String| {
                let before = |(_, edge): &(String, Result<String, Failed>)| {
                    edge.as_ref().is_ok_and(|edge| edge == text)
                };
                edges.iter().any(before) || !text.chars().any(char::is_alphabetic)
            };
            if !edge.as_ref().is_ok_and(is_said) {
                edges.push((path, edge));
            }
        }
        edges
    }

    /// Adds the paragraphs and tables below `node`.
    fn blocks(&self, node: &Node<'_, '_>, whole: &mut Paragraphs, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        for block in node.children() {
            match name(&block) {
                "p" => self.paragraph(&block, whole, depth),
                "tbl" => {
                    let rows = self.rows(&block, depth);
                    let text = match whole.in_cell {
                        true => table::in_cell(&rows),
                        false => table::titled(&rows),
                    };
                    whole.push(&text);
                }
                "altChunk" => {
                    let text = attribute(&block, "id").and_then(|id| self.imported.get(id));
                    whole.push(text.map_or("", String::as_str));
                }
                // Around them: content controls, changes, custom XML, parts of Word 2003.
                "sdt" | "sdtContent" | "ins" | "moveTo" | "customXml" | "smartTag"
                | "txbxContent" | "sect" | "sub-section" => {
                    self.blocks(&block, whole, depth + 1);
                }
                "AlternateContent" => {
                    if let Some(choice) =
                        child(&block, "Choice").or_else(|| child(&block, "Fallback"))
                    {
                        self.blocks(&choice, whole, depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    fn paragraph(&self, paragraph: &Node<'_, '_>, whole: &mut Paragraphs, depth: usize) {
        let how = child(paragraph, "pPr");
        let of = |local: &str| how.and_then(|how| child(&how, local));
        let style = of("pStyle")
            .and_then(|node| attribute(&node, "val"))
            .unwrap_or_default();
        if self.styles.is_contents(style) || is_initial(paragraph) {
            return;
        }
        let mut run = Run::default();
        if let Some(initial) = initial_before(paragraph) {
            self.words(&initial, &mut run, depth);
        }
        self.words(paragraph, &mut run, depth);
        let level = styles::outline_level(of("outlineLvl")).or_else(|| self.styles.level(style));
        let item = match of("numPr") {
            Some(numbers) => styles::item(&numbers, self.styles.item(style).unwrap_or(0)),
            None => self.styles.item(style),
        };
        let list = of("numPr").and_then(|numbers| styles::list(&numbers));
        let list = list.or_else(|| self.styles.list(style));
        let number = item.and_then(|depth| self.numbering.next(list?, depth, style));
        match (level, item) {
            (Some(level), _) if run.text.trim().is_empty() => whole.heading(level, ""),
            (Some(level), _) => {
                let number = number.map_or_else(String::new, |number| number + " ");
                whole.heading(level, &(number + &run.text));
            }
            (None, Some(depth)) => whole.listed(depth, number.as_deref().unwrap_or("-"), &run.text),
            (None, None) => whole.push(run.text.trim()),
        }
        for after in run.after {
            whole.push(&after);
        }
    }

    /// Adds the words below `node`, in one line.
    fn words(&self, node: &Node<'_, '_>, run: &mut Run, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        for part in node.children() {
            match name(&part) {
                "t" => run.text.push_str(part.text().unwrap_or_default()),
                "tab" | "ptab" => run.text.push('\t'),
                "br" | "cr" => run.text.push('\n'),
                "noBreakHyphen" => run.text.push('-'),
                "sym" => run.text.extend(symbol(&part)),
                // What was removed, what is hidden, and how it looks.
                "del" | "moveFrom" | "pPr" | "rPr" | "delText" | "sdtPr" | "Fallback" => {}
                "docPr" => run.after.extend(description(&part)),
                "fldChar" => run.fields.mark(&part, &mut run.text),
                "instrText" => run.fields.told(part.text().unwrap_or_default()),
                "fldSimple" => {
                    let start = run.text.len();
                    self.words(&part, run, depth + 1);
                    let told = attribute(&part, "instr").unwrap_or_default();
                    fields::lead(told, start, &mut run.text);
                }
                "r" if is_hidden(&part) => {}
                "r" if is_raised(&part) => {
                    let start = run.text.len();
                    self.words(&part, run, depth + 1);
                    let raised = run.text.split_off(start);
                    found::raise(&mut run.text, &raised);
                }
                "oMath" => run.text.push_str(&equation::words(&part)),
                // How signs are read stands behind them.
                "ruby" => {
                    for (inner, open, close) in [("rubyBase", "", ""), ("rt", "(", ")")] {
                        run.text.push_str(open);
                        if let Some(inner) = child(&part, inner) {
                            self.words(&inner, run, depth + 1);
                        }
                        run.text.push_str(close);
                    }
                }
                "hyperlink" => self.link(&part, run, depth),
                "footnoteReference" => self.note(&part, "", &self.footnotes, run),
                // Both are counted from one.
                "endnoteReference" => self.note(&part, "e", &self.endnotes, run),
                "commentReference" => {
                    let remark = attribute(&part, "id").and_then(|id| self.comments.get(id));
                    run.after.extend(remark.cloned());
                }
                "txbxContent" => {
                    let mut boxed = Paragraphs::default();
                    self.blocks(&part, &mut boxed, depth + 1);
                    run.after.push(boxed.text());
                }
                _ => self.words(&part, run, depth + 1),
            }
        }
    }

    fn link(&self, link: &Node<'_, '_>, run: &mut Run, depth: usize) {
        let start = run.text.len();
        self.words(link, run, depth + 1);
        let target = attribute(link, "id").and_then(|id| self.links.get(id));
        let Some((_, target)) = target.filter(|(_, target)| target.contains(':')) else {
            return;
        };
        let says = run.text.split_off(start);
        run.text.push_str(&fields::link(&says, target));
    }

    /// Adds the mark of a note, and the note behind the paragraph. `kind` stands before its number.
    fn note(
        &self,
        reference: &Node<'_, '_>,
        kind: &str,
        notes: &HashMap<String, String>,
        run: &mut Run,
    ) {
        let Some(id) = attribute(reference, "id") else {
            return;
        };
        if let Some(words) = notes.get(id).filter(|words| !words.is_empty()) {
            run.text.push_str(&format!("[^{kind}{id}]"));
            run.after.push(format!("[^{kind}{id}]: {words}"));
        }
    }

    fn rows(&self, table: &Node<'_, '_>, depth: usize) -> Vec<Vec<String>> {
        let mut cells = 0;
        let mut rows: Vec<Vec<String>> = Vec::new();
        let is = |local: &'static str| move |node: &Node<'_, '_>| name(node) == local;
        for row in inside(table).filter(is("tr")) {
            let mut texts = Vec::new();
            for cell in inside(&row).filter(is("tc")) {
                let mut words = Paragraphs::of_cell();
                self.blocks(&cell, &mut words, depth + 1);
                let how = child(&cell, "tcPr");
                let of = |local: &str| how.and_then(|how| child(&how, local));
                // A cell that goes on from above says the same: rows are read one by one.
                let goes_on = of("vMerge").filter(|it| attribute(it, "val") != Some("restart"));
                let above = goes_on.and_then(|_| rows.last()?.get(texts.len()).cloned());
                texts.push(above.unwrap_or_else(|| words.text()));
                let span = of("gridSpan").and_then(|span| attribute(&span, "val")?.parse().ok());
                let span: usize = span.unwrap_or(1);
                texts.resize(texts.len() + span.clamp(1, SPAN_MAX) - 1, String::new());
                cells += 1;
            }
            rows.push(texts);
            if cells > table::CELLS_MAX {
                break;
            }
        }
        rows
    }
}

/// The children of `node`, those of content controls and changes among them.
fn inside<'a, 'i>(node: &Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().flat_map(|child_node| {
        let within = match name(&child_node) {
            "sdt" => child(&child_node, "sdtContent"),
            "ins" => Some(child_node),
            _ => None,
        };
        let direct = within.is_none().then_some(child_node);
        direct
            .into_iter()
            .chain(within.into_iter().flat_map(|within| within.children()))
    })
}

#[cfg(test)]
mod tests;
