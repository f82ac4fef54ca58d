//! What is around the content of a page, and headings as programs write them.

use dom_query::{Document, NodeRef};

use crate::{shown, tables, xhtml};

const HEADINGS: &str = "h1, h2, h3, h4, h5, h6";
/// What leads around in a page, and what nobody is shown.
const NOT_CONTENT: &str = "nav, dialog, [hidden], [role=navigation], [role=search], [role=menu], \
     [role=menubar], [role=dialog], .mw-editsection, .mw-jump-link, #toc, .toc, annotation, annotation-xml";
/// Boxes that a heading may have to itself.
const BOXES: &[&str] = &["div", "header", "hgroup", "section", "span", "a"];
/// Boxes around one heading.
const BOXES_MAX: usize = 4;

/// A whole page without what is around its content.
pub struct Tidied {
    /// What it calls itself; may be empty.
    pub title: String,
    /// Its content, as HTML.
    pub html: String,
}

/// `html` as one who opens the file reads it.
pub fn tidied(html: &str) -> Tidied {
    let document = Document::from(&*xhtml::opened(html));
    let title = title(&document);
    formulas(&document);
    signs(&document);
    document.select(NOT_CONTENT).remove();
    // An address that holds its own content is a picture, or a program.
    for link in document
        .select("a[href^='data:'], a[href^='javascript:']")
        .iter()
    {
        link.remove_attr("href");
    }
    // Within the page there is nowhere to go from Markdown.
    for link in document.select("a[href^='#']").iter() {
        match link.text().chars().any(char::is_alphanumeric) {
            true => link.remove_attr("href"),
            false => link.remove(),
        }
    }
    mend(&document);
    tables::mend(&document, true);
    readings(&document);
    powers(&document);
    struck(&document);
    numbers(&document);
    shown::fields(&document);
    shown::drawings(&document);
    pictures(&document);
    let body = document.select_single("body");
    let html = match body.exists() {
        true => body.inner_html().to_string(),
        false => document.html().to_string(),
    };
    Tidied { title, html }
}

/// `html` with plain headings, for readers that take a box with a heading and links in it
/// for furniture.
pub fn headings_mended(html: &str) -> String {
    let document = Document::from(html);
    document.select(".mw-editsection").remove();
    mend(&document);
    tables::mend(&document, false);
    document.html().to_string()
}

/// How signs are read, which stands above each of them, stands behind the word.
fn readings(document: &Document) {
    document.select("ruby rp").remove();
    for ruby in document.select("ruby").iter() {
        let above = ruby.select("rt");
        let reading = above.text().trim().to_owned();
        above.remove();
        if let Some(node) = ruby.nodes().first().filter(|_| !reading.is_empty()) {
            node.append_child(&node.tree.new_text(format!("({reading})")));
        }
    }
}

/// Powers are told from the digits before them.
fn powers(document: &Document) {
    let is_sign = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '−');
    for raised in document.select("sup").iter() {
        let says = raised.text().trim().to_owned();
        let is_power = says.chars().all(is_sign) && says.contains(|c: char| c.is_ascii_digit());
        let Some(node) = raised.nodes().first() else {
            continue;
        };
        let before = node.prev_sibling().map(|before| before.text().to_string());
        let follows = before
            .is_some_and(|before| before.ends_with(|c: char| c.is_alphanumeric() || c == ')'));
        let over = node.next_sibling().is_some_and(|next| {
            let line = next.text();
            matches!(line.trim(), "/" | "⁄" | "∕")
                && next
                    .next_sibling()
                    .and_then(|below| below.node_name())
                    .is_some_and(|name| &*name == "sub")
        });
        if is_power && over {
            // "1½" is no 11 over 2.
            node.set_text(format!("{}{says}", if follows { " " } else { "" }));
        } else if is_power && follows && !raised.select("a[href]").exists() {
            // A number of a note leads nowhere by now; it is no part of the word before it either.
            node.set_text(format!("^{says}"));
        }
    }
}

/// What is crossed out counts no more: a price before the one that holds now.
fn struck(document: &Document) {
    for gone in document.select("del, s, strike").iter() {
        let says = gone.text().split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(node) = gone.nodes().first().filter(|_| !says.is_empty()) {
            node.set_text(format!("(crossed out: {says})"));
        }
    }
}

/// Items that a list does not count one by one are each a list with that number.
fn numbers(document: &Document) {
    let whole = |text: &str| text.trim().parse::<usize>().ok();
    let lists = document.select("ol");
    // Those within others come first.
    for list in lists.nodes().iter().rev() {
        let items: Vec<NodeRef<'_>> = list
            .element_children()
            .into_iter()
            .filter(|item| item.node_name().is_some_and(|name| &*name == "li"))
            .collect();
        let value = |item: &NodeRef<'_>| item.attr("value").and_then(|value| whole(&value));
        let is_reversed = list.has_attr("reversed");
        if !is_reversed && items.iter().all(|item| value(item).is_none()) {
            continue;
        }
        let first = if is_reversed { items.len() } else { 1 };
        let start = list.attr("start").and_then(|start| whole(&start));
        let mut number = start.unwrap_or(first);
        let mut lists = String::new();
        for item in &items {
            number = value(item).unwrap_or(number);
            lists.push_str(&format!("<ol start='{number}'>{}</ol>", item.html()));
            number = match is_reversed {
                true => number.saturating_sub(1),
                false => number.saturating_add(1),
            };
        }
        list.replace_with_html(lists);
    }
}

/// Formulas stand in a page several times, for eyes and for ears: once, as TeX, where it is said.
fn formulas(document: &Document) {
    for formula in document.select(".katex, .mwe-math-element").iter() {
        let tex = formula.select("annotation[encoding='application/x-tex']");
        let tex = tex.text().split_whitespace().collect::<Vec<_>>().join(" ");
        if !tex.is_empty() {
            let tex = tex.replace('&', "&amp;").replace('<', "&lt;");
            formula.replace_with_html(format!("<code>{tex}</code>"));
        }
    }
}

/// Fractions, powers and roots of MathML, of which only the places of their parts say what they mean.
fn signs(document: &Document) {
    let formulas = document.select("mfrac, msup, msub, msubsup, msqrt, mroot");
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    let whole = |part: String| match part.chars().all(char::is_alphanumeric) {
        true => part,
        false => format!("({part})"),
    };
    // The inner ones first, which are the text of the outer ones.
    for node in formulas.nodes().iter().rev() {
        let parts: Vec<String> = node
            .element_children()
            .iter()
            .map(|part| whole(bare(&part.text())))
            .collect();
        let name = node.node_name().unwrap_or_default();
        let said = match (&*name, parts.as_slice()) {
            ("mfrac", [over, under]) => format!("{over}/{under}"),
            ("msup", [base, power]) => format!("{base}^{power}"),
            ("msub", [base, below]) => format!("{base}_{below}"),
            ("msubsup", [base, below, power]) => format!("{base}_{below}^{power}"),
            ("mroot", [base, index]) => format!("{index}√{base}"),
            ("msqrt", [_, ..]) => format!("√{}", whole(bare(&node.text()))),
            _ => continue,
        };
        node.set_text(said);
    }
}

/// Words by which what stands in the place of a picture is a sentence, and no label.
const SAID_WORDS_MIN: usize = 3;

/// What has a name, be it the label of a picture.
const NAMED: &[&str] = &["a", "h1", "h2", "h3", "h4", "h5", "h6"];

/// A picture says what its writer put in its place, where that is a sentence or a formula.
fn pictures(document: &Document) {
    for picture in document.select("img[alt]").iter() {
        let says = picture.attr("alt").unwrap_or_default();
        let words: Vec<&str> = says.split_whitespace().collect();
        let says = words.join(" ");
        let is_said = words.len() >= SAID_WORDS_MIN || says.contains('\\');
        let Some(node) = picture.nodes().first() else {
            continue;
        };
        if !says.is_empty() && names(node) {
            node.insert_before(&node.tree.new_text(says));
            continue;
        }
        if !is_said {
            continue;
        }
        // What stands below it may say the same.
        let around = node.parent().map(|parent| parent.text().to_string());
        if !around.is_some_and(|around| around.contains(&says)) {
            node.insert_before(&node.tree.new_text(format!("({says})")));
        }
    }
}

/// Whether a picture is all that there is of a link or a heading, so that its label is the name of that.
fn names(picture: &NodeRef<'_>) -> bool {
    picture.parent().is_some_and(|parent| {
        let name = parent.node_name().unwrap_or_default();
        NAMED.contains(&&*name) && parent.text().trim().is_empty()
    })
}

fn title(document: &Document) -> String {
    let of = |selector: &str| {
        let found = document.select_single(selector);
        let text = found.attr("content").unwrap_or_else(|| found.text());
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    ["head title", "meta[property='og:title']", "h1"]
        .into_iter()
        .map(of)
        .find(|title| !title.is_empty())
        .unwrap_or_default()
}

/// Makes headings of what only says that it is one, takes links to themselves out of headings, and
/// headings out of boxes of their own.
fn mend(document: &Document) {
    for heading in document
        .select("div[role=heading], p[role=heading], span[role=heading]")
        .iter()
    {
        let level = heading.attr("aria-level");
        let level = level.and_then(|level| level.trim().parse::<usize>().ok());
        heading.rename(&format!("h{}", level.unwrap_or(2).clamp(1, 6)));
    }
    for heading in document.select(HEADINGS).iter() {
        for link in heading.select("a").iter() {
            let says = link.text();
            if !says.chars().any(char::is_alphanumeric) {
                link.remove();
            }
        }
        let Some(node) = heading.nodes().first() else {
            continue;
        };
        if let Some(outermost) = outermost_box(node) {
            outermost.insert_before(node);
            outermost.remove_from_parent();
        }
    }
}

/// The outermost of the boxes that have this heading and no other words.
fn outermost_box<'a>(heading: &NodeRef<'a>) -> Option<NodeRef<'a>> {
    let words = |node: &NodeRef<'_>| node.text().split_whitespace().collect::<Vec<_>>().join(" ");
    let says = words(heading);
    let mut outermost = None;
    let mut at = heading.parent();
    for _ in 0..BOXES_MAX {
        let Some(found) = at else { break };
        let name = found.node_name().unwrap_or_default();
        if says.is_empty() || !BOXES.contains(&&*name) || words(&found) != says {
            break;
        }
        at = found.parent();
        outermost = Some(found);
    }
    outermost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_survive_however_they_are_boxed() {
        let check = |html: &str, expected: &str| {
            let tidied = tidied(html);
            let markdown = crate::markdown(&tidied.html, crate::SKIPPED.to_vec());
            assert_eq!(markdown.expect("Markdown"), expected, "{html}");
        };
        let text = "<p>Wool of the llama.</p>";
        check(
            &format!("<h2>Wool</h2>{text}"),
            "## Wool\n\nWool of the llama.",
        );
        check(
            &format!(
                "<div class='mw-heading'><h2>Wool</h2><span class='mw-editsection'><a href='/e'>edit</a></span></div>{text}"
            ),
            "## Wool\n\nWool of the llama.",
        );
        check(
            &format!(
                "<section><header><h3>Wool<a class='headerlink' href='#w'>¶</a></h3></header>{text}</section>"
            ),
            "### Wool\n\nWool of the llama.",
        );
        check(
            &format!("<nav><h2>Contents</h2></nav><a href='#w'><h2>Wool</h2></a>{text}"),
            "## Wool\n\nWool of the llama.",
        );
        check(
            "<p>Spun<a href='#n1'>1</a>.<a id='b' href='#c'></a> <math><mi>x</mi><annotation>x</annotation></math></p>",
            "Spun1. x",
        );
        check(
            "<p>10<sup>6</sup> m<sup>2</sup>, the 1<sup>st</sup>",
            "10^6 m^2, the 1st",
        );
        check("<p>Spun<sup><a href='#n1'>1</a></sup> wool", "Spun^1 wool");
        check("<p>1<sup>1</sup>/<sub>2</sub> cups", "1 1/2 cups");
        check("<p><sup>3</sup>⁄<sub>4</sub> cup", "3⁄4 cup");
        check(
            "<p>It costs <del>500</del> <b>700</b> euros",
            "It costs (crossed out: 500) **700** euros",
        );
        check(
            "<ol start=5><li>red<li value=9>blue<li>white</ol>",
            "5. red\n\n9. blue\n\n10. white",
        );
        check("<ol reversed><li>b<li>a</ol>", "2. b\n\n1. a");
        check("<ol start=5><li>red<li>blue</ol>", "5. red\n6. blue");
        check(
            "<p>It is <math><mfrac><mrow><msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><mn>1</mn></mrow><mn>2</mn></mfrac></math>.",
            "It is (x^2+1)/2.",
        );
        check(
            "<p>It is <math><msqrt><mi>x</mi><mo>+</mo><msub><mi>a</mi><mn>1</mn></msub></msqrt></math>, <math><mroot><mn>8</mn><mn>3</mn></mroot></math>.",
            "It is √(x+a\\_1), 3√8.",
        );
        check(
            "<ul><li><input type='checkbox' checked>Wool</li><li><input type='checkbox'>Rope</li></ul>",
            "- ☑ Wool\n- ☐ Rope",
        );
        check(
            "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><head><title/><script src='a.js'/></head><body><a id='p1'/><p>Wool.</p></body></html>",
            "Wool.",
        );
        check(
            "<p><ruby>漢<rp>(</rp><rt>かん</rt>字<rt>じ</rt></ruby>を書く",
            "漢字(かんじ)を書く",
        );
        check(
            "<p>See <img src='a.png' alt='a loom of the Andes'> here, <img src='b.png' alt='icon'>!</p>",
            "See (a loom of the Andes) here, !",
        );
        check(
            "<h2><img src='a.png' alt='Wool Ltd'></h2><p><a href='/x'><img src='b.png' alt='shop'></a>",
            "## Wool Ltd\n\n[shop](/x)",
        );
        check(
            &format!("<div role='heading' aria-level='3'>Wool</div>{text}"),
            "### Wool\n\nWool of the llama.",
        );
        check(
            "<table><tr><td>a<td>b<tr><td><br><td><tr><td>1<td>2</table>",
            "| a | b |\n| - | - |\n| 1 | 2 |",
        );
        check(
            "<p>So <span class='katex'><span class='katex-mathml'><math><mi>x</mi><annotation encoding='application/x-tex'>x^2 &lt; y</annotation></math></span><span class='katex-html' aria-hidden='true'>x2</span></span>.</p>",
            "So `x^2 < y`.",
        );
        check(
            "<figure><img src='a.png' alt='The loom in use'><figcaption>The loom in use</figcaption></figure>",
            "The loom in use",
        );
        check(
            "<form><p>In a form.</p></form><a href='data:image/png;base64,AAAA'>knot</a>",
            "In a form.\n\nknot",
        );
    }

    #[test]
    fn a_page_says_what_it_is_called() {
        let check = |html: &str, expected: &str| assert_eq!(tidied(html).title, expected);
        check(
            "<head><title> The\n wool </title></head><h1>x</h1>",
            "The wool",
        );
        check(
            "<svg><title>icon</title></svg><h1>The cord</h1>",
            "The cord",
        );
        check("<meta property='og:title' content='Knots'><p>a", "Knots");
        check("<h1>The <i>cord</i></h1>", "The cord");
        check("<p>a", "");
    }
}
