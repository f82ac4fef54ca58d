//! OpenDocument: texts and presentations.

use std::collections::HashMap;

use roxmltree::{Document, Node, NodeId};

use super::elements::{attribute, child, name};
use super::open_lists;
use crate::found::{Failed, Found, Paragraphs, Part, one_line};
use crate::table;

/// Lists within lists, and tables within tables.
const DEPTH_MAX: usize = 32;
/// How often a cell or a row may be said to be repeated.
const REPEATED_MAX: usize = 100;

/// The style of a title, and the paragraphs among which one is looked for.
const TITLE: &str = "Title";
const TITLE_WITHIN: usize = 10;

/// A text that is read.
#[derive(Default)]
struct Text {
    /// What stands before the items of lists.
    signs: HashMap<NodeId, String>,
}

/// The text of a document, which may have styles in a file of their own.
pub fn read(document: &Document<'_>, styles: Option<&Document<'_>>) -> Result<Found, Failed> {
    let Some(body) = document.descendants().find(|node| name(node) == "body") else {
        return Ok(Found::default());
    };
    let slides: Vec<Node<'_, '_>> = body
        .descendants()
        .filter(|node| {
            name(node) == "page"
                && node
                    .parent()
                    .is_some_and(|above| matches!(name(&above), "presentation" | "drawing"))
        })
        .collect();
    let text = Text {
        signs: open_lists::signs(document, styles),
    };
    if slides.is_empty() {
        let mut whole = Paragraphs::default();
        text.blocks(&body, &mut whole, 0, 0);
        return Ok(Found::whole(title(document, &body), whole.text()));
    }
    let mut found = Found::default();
    for (n, slide) in slides.iter().enumerate() {
        found.parts.push(text.part(slide, n + 1));
    }
    Ok(found)
}

/// What stands in the style of a title at the beginning of a text; may be empty.
fn title(document: &Document<'_>, body: &Node<'_, '_>) -> String {
    let is_based = |style: Node<'_, '_>, called: &str| {
        name(&style) == "style"
            && attribute(&style, "name") == Some(called)
            && attribute(&style, "parent-style-name") == Some(TITLE)
    };
    let is_title = |paragraph: &Node<'_, '_>| {
        let called = attribute(paragraph, "style-name").unwrap_or_default();
        called == TITLE || document.descendants().any(|style| is_based(style, called))
    };
    let paragraphs = body.descendants().filter(|node| name(node) == "p");
    let found = paragraphs.take(TITLE_WITHIN).find(is_title);
    found.map_or_else(String::new, |node| inner(&node))
}

/// What stands above and below each page by the file of styles, said once.
pub fn edges(styles: &Document<'_>) -> String {
    let is_edge = |node: &Node<'_, '_>| matches!(name(node), "header" | "footer");
    let mut edges = Paragraphs::default();
    let mut said: Vec<String> = Vec::new();
    for edge in styles.descendants().filter(is_edge) {
        let mut words = Paragraphs::default();
        Text::default().blocks(&edge, &mut words, 0, 0);
        let words = words.text();
        if words.chars().any(char::is_alphabetic) && !said.contains(&words) {
            edges.push(&words);
            said.push(words);
        }
    }
    edges.text()
}

impl Text {
    fn part(&self, slide: &Node<'_, '_>, number: usize) -> Part {
        let mut whole = Paragraphs::default();
        let mut title = String::new();
        for shape in slide.children() {
            match name(&shape) {
                "frame" if attribute(&shape, "class") == Some("title") => {
                    let mut words = Paragraphs::default();
                    self.blocks(&shape, &mut words, 0, 0);
                    title = one_line(&words.text());
                    whole.heading(2, &title);
                }
                "notes" => {
                    let mut words = Paragraphs::default();
                    self.blocks(&shape, &mut words, 0, 0);
                    let words = words.text();
                    if !words.is_empty() {
                        whole.push(&format!("Notes: {words}"));
                    }
                }
                _ => {
                    let mut words = Paragraphs::default();
                    if name(&shape) == "frame" || !matches!(name(&shape), "forms" | "par" | "seq") {
                        self.block(&shape, &mut words, 0, 0);
                    }
                    whole.push(&words.text());
                }
            }
        }
        Part {
            place: format!("slide {number}"),
            title,
            text: whole.text(),
        }
    }

    fn blocks(&self, node: &Node<'_, '_>, whole: &mut Paragraphs, list: usize, depth: usize) {
        if depth <= DEPTH_MAX {
            node.children()
                .for_each(|found| self.block(&found, whole, list, depth));
        }
    }

    fn block(&self, node: &Node<'_, '_>, whole: &mut Paragraphs, list: usize, depth: usize) {
        match name(node) {
            "h" => {
                let level = attribute(node, "outline-level").and_then(|level| level.parse().ok());
                let number = self
                    .signs
                    .get(&node.id())
                    .filter(|sign| !sign.starts_with("- "));
                self.paragraph(node, whole, |text, whole| {
                    let text = match number.filter(|_| !text.trim().is_empty()) {
                        Some(number) => format!("{number} {text}"),
                        None => text.to_owned(),
                    };
                    whole.heading(level.unwrap_or(1), &text);
                });
            }
            "p" if list > 0 => {
                let sign = self.signs.get(&node.id()).map_or("-", String::as_str);
                self.paragraph(node, whole, |text, whole| {
                    whole.listed(list - 1, sign, text)
                });
            }
            "p" => self.paragraph(node, whole, |text, whole| whole.push(text.trim())),
            "list" => self.blocks(node, whole, list + 1, depth + 1),
            "table" => whole.push(&table::titled(&self.rows(node, depth))),
            // What was removed, what an index repeats, and what a page number is.
            "tracked-changes" | "table-of-content" | "sequence-decls" | "forms" | "page-number"
            | "header-footer" => {}
            _ => self.blocks(node, whole, list, depth + 1),
        }
    }

    /// Adds a paragraph, and after it the notes and remarks in it.
    fn paragraph(
        &self,
        node: &Node<'_, '_>,
        whole: &mut Paragraphs,
        add: impl FnOnce(&str, &mut Paragraphs),
    ) {
        let mut text = String::new();
        let mut after = Vec::new();
        self.words(node, &mut text, &mut after, 0);
        add(&text, whole);
        for note in after {
            whole.push(&note);
        }
    }

    fn words(&self, node: &Node<'_, '_>, text: &mut String, after: &mut Vec<String>, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        for part in node.children() {
            if part.is_text() {
                spaced(part.text().unwrap_or_default(), text);
                continue;
            }
            match name(&part) {
                "s" => {
                    let count = attribute(&part, "c")
                        .and_then(|count| count.parse().ok())
                        .unwrap_or(1);
                    text.push_str(&" ".repeat(count.min(REPEATED_MAX)));
                }
                "tab" => text.push('\t'),
                "line-break" => text.push('\n'),
                "note" => {
                    let sign = child(&part, "note-citation")
                        .map(|node| inner(&node))
                        .unwrap_or_default();
                    let says = child(&part, "note-body")
                        .map(|node| inner(&node))
                        .unwrap_or_default();
                    text.push_str(&format!("[^{sign}]"));
                    after.push(format!("[^{sign}]: {says}"));
                }
                "annotation" => after.push(remark(&part)),
                "a" => {
                    let start = text.len();
                    self.words(&part, text, after, depth + 1);
                    let target = attribute(&part, "href").filter(|target| target.contains(':'));
                    let says = text.split_off(start);
                    match target {
                        Some(target) if says.trim() != target => {
                            text.push_str(&format!("[{says}]({target})"))
                        }
                        _ => text.push_str(&says),
                    }
                }
                // A text box stands beside the paragraph.
                "text-box" => {
                    let mut boxed = Paragraphs::default();
                    self.blocks(&part, &mut boxed, 0, depth + 1);
                    after.push(boxed.text());
                }
                // How signs are read stands behind them.
                "ruby-text" => {
                    text.push('(');
                    self.words(&part, text, after, depth + 1);
                    text.push(')');
                }
                "title" | "desc" | "page-number" => {}
                _ => self.words(&part, text, after, depth + 1),
            }
        }
    }

    fn rows(&self, table: &Node<'_, '_>, depth: usize) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for row in table.children() {
            match name(&row) {
                "table-row" => {
                    let mut cells = Vec::new();
                    for cell in row.children() {
                        if !matches!(name(&cell), "table-cell" | "covered-table-cell") {
                            continue;
                        }
                        let mut words = Paragraphs::default();
                        self.blocks(&cell, &mut words, 0, depth + 1);
                        let words = words.text();
                        let times = attribute(&cell, "number-columns-repeated");
                        let times: usize = times.and_then(|times| times.parse().ok()).unwrap_or(1);

                        cells.extend(std::iter::repeat_n(words, times.min(REPEATED_MAX)));
                    }
                    rows.push(cells);
                }
                "table-header-rows" | "table-rows" | "table-row-group" if depth <= DEPTH_MAX => {
                    rows.extend(self.rows(&row, depth + 1));
                }
                _ => {}
            }
        }
        rows
    }
}

/// Adds `words` of the file, in which any white space is one space.
fn spaced(words: &str, text: &mut String) {
    let starts = words.starts_with(char::is_whitespace);
    let ends = words.ends_with(char::is_whitespace);
    let line = one_line(words);
    if starts && !text.is_empty() && !text.ends_with(char::is_whitespace) {
        text.push(' ');
    }
    text.push_str(&line);
    if ends && !line.is_empty() {
        text.push(' ');
    }
}

/// What somebody remarked, and who.
pub fn remark(annotation: &Node<'_, '_>) -> String {
    let by = child(annotation, "creator").map(|node| format!(" by {}", inner(&node)));
    let says: Vec<String> = annotation
        .children()
        .filter(|node| matches!(name(node), "p" | "list"))
        .map(|node| inner(&node))
        .collect();
    format!("Remark{}: {}", by.unwrap_or_default(), says.join(" "))
}

fn inner(node: &Node<'_, '_>) -> String {
    let parts: Vec<&str> = node
        .descendants()
        .filter_map(|node| node.is_text().then(|| node.text()).flatten())
        .collect();
    one_line(&parts.join(" "))
}

#[cfg(test)]
mod tests {
    use crate::zipped::{self, tests::archive};

    fn check(kind: &str, body: &str, expected: &[(&str, &str, &str)]) {
        let content = format!(
            "<office:document-content xmlns:office='o' xmlns:text='t' xmlns:table='ta' xmlns:draw='d' xmlns:presentation='p' xmlns:xlink='x' xmlns:dc='dc'><office:body>{body}</office:body></office:document-content>"
        );
        let file = archive(&[
            (
                "mimetype",
                &format!("application/vnd.oasis.opendocument.{kind}"),
            ),
            ("content.xml", &content),
        ]);
        let found = zipped::read(&file).expect("a document");
        let parts: Vec<(&str, &str, &str)> = found
            .parts
            .iter()
            .map(|part| (part.place.as_str(), part.title.as_str(), part.text.as_str()))
            .collect();
        assert_eq!(parts, expected);
    }

    #[test]
    fn a_text_keeps_its_structure() {
        check(
            "text",
            "<office:text><text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:h text:outline-level='2'>Wool</text:h><text:p>of <text:span>the</text:span><text:s/><text:a xlink:href='https://example.org/'>llama</text:a><text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>spun</text:p></text:note-body></text:note></text:p><text:list><text:list-item><text:p>red</text:p><text:list><text:list-item><text:p>dark</text:p></text:list-item></text:list></text:list-item></text:list><table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table-header-rows></table:table></office:text>",
            &[(
                "",
                "",
                "## Wool\n\nof the [llama](https://example.org/)[^1]\n\n[^1]: spun\n\n- red\n  - dark\n\n| a | b |\n| --- | --- |",
            )],
        );
    }

    #[test]
    fn items_have_their_numbers() {
        let style = |called: &str, levels: &str| {
            format!("<text:list-style text:name='{called}'>{levels}</text:list-style>")
        };
        let styles = [
            style("L1", "<text:list-level-style-number text:level='1' text:num-format='1' text:num-suffix='.'/><text:list-level-style-number text:level='2' text:num-format='a' text:num-prefix='(' text:num-suffix=')'/>"),
            style("L2", "<text:list-level-style-bullet text:level='1' text:bullet-char='☒'/>"),
        ]
        .concat();
        let item = |text: &str, more: &str| {
            format!("<text:list-item><text:p>{text}</text:p>{more}</text:list-item>")
        };
        let list = |how: &str, items: &str| format!("<text:list {how}>{items}</text:list>");
        let inner = list("", &[item("dark", ""), item("light", "")].concat());
        let first = list(
            "text:style-name='L1'",
            &[item("red", &inner), item("blue", "")].concat(),
        );
        let more = list(
            "text:style-name='L1' text:continue-numbering='true'",
            &item("green", ""),
        );
        let ticked = list("text:style-name='L2'", &item("spun", ""));
        check(
            "text",
            &format!("{styles}<office:text>{first}{more}{ticked}</office:text>"),
            &[(
                "",
                "",
                "1. red\n  (a) dark\n  (b) light\n2. blue\n3. green\n- ☒ spun",
            )],
        );
        // Headings, and what goes on below one after a paragraph.
        let goes_on = "text:style-name='L1' text:continue-numbering='true'";
        let heading = |how: &str, text: &str| {
            let said = format!(
                "<text:number>0.</text:number><text:h text:outline-level='1'>{text}</text:h>"
            );
            list(how, &format!("<text:list-item>{said}</text:list-item>"))
        };
        let below = |text: &str| {
            let inner = list("", &item(text, ""));
            list(
                goes_on,
                &format!("<text:list-item>{inner}</text:list-item>"),
            )
        };
        let parts = [
            heading("text:style-name='L1'", "Wool"),
            below("red"),
            "<text:p>spun</text:p>".to_owned(),
            below("blue"),
            heading(goes_on, "Sale"),
            below("green"),
        ];
        check(
            "text",
            &format!("{styles}<office:text>{}</office:text>", parts.concat()),
            &[(
                "",
                "",
                "# 1. Wool\n\n  (a) red\n\nspun\n\n  (b) blue\n\n# 2. Sale\n\n  (a) green",
            )],
        );
    }

    #[test]
    fn headings_have_the_numbers_of_the_outline() {
        let outline = "<text:outline-style><text:outline-level-style text:level='1' text:num-format='1'/><text:outline-level-style text:level='2' text:num-format='1' text:display-levels='2'/><text:outline-level-style text:level='3' text:num-format='a' text:num-suffix=')'/><text:outline-level-style text:level='4' text:num-format=''/></text:outline-style><text:style text:name='P1' text:list-style-name=''/>";
        let text = |headings: &[(usize, &str, &str)]| {
            let heading = |(level, how, text): &(usize, &str, &str)| {
                format!("<text:h text:outline-level='{level}' {how}>{text}</text:h>")
            };
            let headings: String = headings.iter().map(heading).collect();
            format!("{outline}<office:text>{headings}</office:text>")
        };
        check(
            "text",
            &text(&[
                (1, "", "Wool"),
                (2, "", "Red"),
                (2, "", "Blue"),
                (3, "", "Dark"),
                (4, "", "Very"),
                (1, "text:is-list-header='true'", "Remarks"),
                (1, "text:style-name='P1'", "Thanks"),
                (1, "", "Sale"),
                (2, "", "Prices"),
                (
                    2,
                    "text:restart-numbering='true' text:start-value='7'",
                    "Cords",
                ),
                (2, "", "Knots"),
            ]),
            &[(
                "",
                "",
                "# 1 Wool\n\n## 1.1 Red\n\n## 1.2 Blue\n\n### a) Dark\n\n#### Very\n\n# Remarks\n\n# Thanks\n\n# 2 Sale\n\n## 2.1 Prices\n\n## 2.7 Cords\n\n## 2.8 Knots",
            )],
        );
        // A level was left out.
        check(
            "text",
            &text(&[(2, "", "Red"), (3, "", "Dark")]),
            &[("", "", "## Red\n\n### a) Dark")],
        );
    }

    #[test]
    fn a_text_has_a_title_and_edges() {
        let file = archive(&[
            ("mimetype", "application/vnd.oasis.opendocument.text"),
            (
                "content.xml",
                "<d xmlns:text='t' xmlns:style='s'><style:style style:name='P1' style:parent-style-name='Title'/><body><text:p>Farm</text:p><text:p text:style-name='P1'>The <text:span>wool</text:span></text:p><text:p>red</text:p></body></d>",
            ),
            (
                "styles.xml",
                "<d xmlns:text='t' xmlns:style='s'><style:header><text:p>Ledger of Fin</text:p></style:header><style:footer><text:p><text:page-number>1</text:page-number></text:p></style:footer><style:header-left><text:p>x</text:p></style:header-left><style:header><text:p>Ledger of Fin</text:p></style:header></d>",
            ),
        ]);
        let found = zipped::read(&file).expect("a document");
        assert_eq!(found.title, "The wool");
        assert_eq!(
            found.parts[0].text,
            "Farm\n\nThe wool\n\nred\n\nLedger of Fin"
        );
    }

    #[test]
    fn slides_have_titles_and_notes() {
        check(
            "presentation",
            "<office:presentation><draw:page><draw:frame presentation:class='title'><draw:text-box><text:p>Wool</text:p></draw:text-box></draw:frame><draw:frame><draw:text-box><text:list><text:list-item><text:p>red</text:p></text:list-item></text:list></draw:text-box></draw:frame><presentation:notes><draw:frame><draw:text-box><text:p>slowly</text:p></draw:text-box></draw:frame></presentation:notes></draw:page></office:presentation>",
            &[("slide 1", "Wool", "## Wool\n\n- red\n\nNotes: slowly")],
        );
        check(
            "presentation",
            "<office:presentation><draw:page><draw:frame><draw:text-box><text:p>毛<text:ruby><text:ruby-base>糸</text:ruby-base><text:ruby-text>いと</text:ruby-text></text:ruby></text:p></draw:text-box></draw:frame><draw:frame><draw:text-box><text:p><text:page-number>&lt;number&gt;</text:page-number></text:p></draw:text-box></draw:frame></draw:page></office:presentation>",
            &[("slide 1", "", "毛糸(いと)")],
        );
    }
}
