//! Styles of Word: which paragraphs are headings, items of a list, lines of a table of contents.

use std::collections::HashMap;

use roxmltree::Node;

use super::super::elements::{attribute, below, child, name};
use crate::found::Failed;
use crate::zipped::xml;

/// Styles that are based on each other.
const STYLES_MAX: usize = 20;

/// What styles make of paragraphs.
#[derive(Default)]
pub struct Styles {
    /// The level of headings, from one, by style.
    levels: HashMap<String, usize>,
    /// How deep items of lists stand, from zero, by style.
    items: HashMap<String, usize>,
    /// The list whose numbers paragraphs have, by style.
    lists: HashMap<String, String>,
    /// Styles of tables of contents.
    contents: Vec<String>,
}

/// What one style says itself.
struct Style<'a> {
    level: Option<usize>,
    /// Within, whether it is an item: a style can take that back.
    item: Option<Option<usize>>,
    list: Option<&'a str>,
    base: Option<&'a str>,
}

impl Styles {
    /// The styles in `text`, which may be empty.
    pub fn read(text: &str) -> Result<Self, Failed> {
        let mut found = Self::default();
        if text.is_empty() {
            return Ok(found);
        }
        let document = xml(text, "document")?;
        let mut styles: HashMap<&str, Style<'_>> = HashMap::new();
        for style in document.descendants().filter(|node| name(node) == "style") {
            let Some(id) = attribute(&style, "styleId") else {
                continue;
            };
            let called = child(&style, "name").and_then(|node| attribute(&node, "val"));
            let called = called.unwrap_or_default().to_lowercase();
            if called.starts_with("toc ") {
                found.contents.push(id.to_owned());
            }
            let level = match called.as_str() {
                "title" => Some(1),
                called => called
                    .strip_prefix("heading ")
                    .and_then(|level| level.parse().ok())
                    .or_else(|| outline_level(below(&style, "outlineLvl"))),
            };
            let numbers = below(&style, "numPr");
            let item = numbers.map(|numbers| item(&numbers, depth_in_name(&called)));
            let list = numbers.and_then(|numbers| list(&numbers));
            let base = child(&style, "basedOn").and_then(|node| attribute(&node, "val"));
            let style = Style {
                level,
                item,
                list,
                base,
            };
            styles.insert(id, style);
        }
        for id in styles.keys() {
            let bases = bases(&styles, id);
            if let Some(level) = bases.iter().find_map(|style| style.level) {
                found.levels.insert((*id).to_owned(), level);
            }
            if let Some(Some(depth)) = bases.iter().find_map(|style| style.item) {
                found.items.insert((*id).to_owned(), depth);
            }
            if let Some(list) = bases.iter().find_map(|style| style.list) {
                found.lists.insert((*id).to_owned(), list.to_owned());
            }
        }
        Ok(found)
    }

    /// The level of the heading that a paragraph of this style is.
    pub fn level(&self, style: &str) -> Option<usize> {
        self.levels.get(style).copied()
    }

    /// How deep the item of a list stands that a paragraph of this style is.
    pub fn item(&self, style: &str) -> Option<usize> {
        self.items.get(style).copied()
    }

    /// The list whose numbers a paragraph of this style has.
    pub fn list(&self, style: &str) -> Option<&str> {
        self.lists.get(style).map(String::as_str)
    }

    /// Whether paragraphs of this style are lines of a table of contents.
    pub fn is_contents(&self, style: &str) -> bool {
        self.contents.iter().any(|contents| contents == style)
    }
}

/// The style `id`, and those that it is based on, one after another.
fn bases<'s, 'd>(styles: &'s HashMap<&'d str, Style<'d>>, id: &str) -> Vec<&'s Style<'d>> {
    let mut found = Vec::new();
    let mut at = styles.get(id);
    while let Some(style) = at
        && found.len() < STYLES_MAX
    {
        found.push(style);
        at = style.base.and_then(|base| styles.get(base));
    }
    found
}

/// The level, from one, that an element for it says.
pub fn outline_level(node: Option<Node<'_, '_>>) -> Option<usize> {
    let level: usize = attribute(&node?, "val")?.parse().ok()?;
    (level < 9).then_some(level + 1)
}

/// How deep the item stands whose numbers these are; none where they are switched off.
pub fn item(numbers: &Node<'_, '_>, depth: usize) -> Option<usize> {
    let of = |local: &str| child(numbers, local).and_then(|node| attribute(&node, "val"));
    let is_off = of("numId") == Some("0");
    let said = of("ilvl").and_then(|depth| depth.parse().ok());
    (!is_off).then(|| said.unwrap_or(depth))
}

/// The list that has these numbers.
pub fn list<'a>(numbers: &Node<'a, '_>) -> Option<&'a str> {
    child(numbers, "numId").and_then(|node| attribute(&node, "val"))
}

/// "list bullet 2" stands one deeper than "list bullet".
fn depth_in_name(called: &str) -> usize {
    let number = called
        .rsplit(' ')
        .next()
        .and_then(|number| number.parse::<usize>().ok());
    number.unwrap_or(1).saturating_sub(1).min(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_say_what_paragraphs_are() {
        let style = |id: &str, name: &str, inside: &str| {
            format!("<style styleId='{id}'><name val='{name}'/>{inside}</style>")
        };
        let numbers = |inside: &str| format!("<pPr><numPr>{inside}</numPr></pPr>");
        let text = format!(
            "<styles>{}{}{}{}{}{}</styles>",
            style("H", "heading 2", ""),
            style("Mine", "Mine", "<basedOn val='H'/>"),
            style("B", "List Bullet", &numbers("<numId val='3'/>")),
            style("B3", "List Bullet 3", &numbers("<numId val='4'/>")),
            style(
                "Off",
                "Plain",
                &format!("<basedOn val='B'/>{}", numbers("<numId val='0'/>"))
            ),
            style("Round", "toc 1", "<basedOn val='Round'/>"),
        );
        let styles = Styles::read(&text).expect("read");
        let check = |id: &str, level: Option<usize>, item: Option<usize>, is_contents: bool| {
            let found = (styles.level(id), styles.item(id), styles.is_contents(id));
            assert_eq!(found, (level, item, is_contents), "{id}");
        };
        check("H", Some(2), None, false);
        check("Mine", Some(2), None, false);
        check("B", None, Some(0), false);
        check("B3", None, Some(2), false);
        check("Off", None, None, false);
        check("Round", None, None, true);
        check("gone", None, None, false);
        assert_eq!((styles.list("B"), styles.list("H")), (Some("3"), None));
        assert!(Styles::read("").is_ok());
    }
}
