//! Numbers of lists and headings, which Word counts and does not write: "1.", "§ 3", "(a)", "2.1.4",
//! and the boxes that are ticked before items.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use super::super::elements::{attribute, below, child, name};
use super::super::numerals::{SIGN_CHARS_MAX, written};
use crate::found::{Failed, one_line};
use crate::zipped::xml;

/// Levels of a list.
const LEVELS: usize = 9;
/// Boxes before items, ticked or not.
const BOXES: [char; 3] = ['☐', '☑', '☒'];

/// The lists of a document, and how far each is counted.
#[derive(Default)]
pub struct Numbering {
    /// The levels of a definition, by its id.
    levels: HashMap<String, Vec<Level>>,
    /// The definition of a list and where its levels begin anew, by its id.
    lists: HashMap<String, (String, Vec<(usize, usize)>)>,
    counts: RefCell<Counts>,
}

/// How the items of one level are numbered.
#[derive(Default)]
struct Level {
    format: String,
    /// With `%1` for the number of the first level.
    text: String,
    start: usize,
    /// The style whose paragraphs are of this level; empty for none.
    style: String,
    /// Whether numbers of other levels are in digits.
    is_legal: bool,
}

#[derive(Default)]
struct Counts {
    /// The next number of each level, by definition: lists of one definition go on.
    next: HashMap<String, [Option<usize>; LEVELS]>,
    /// Lists that have begun.
    begun: HashSet<String>,
}

impl Numbering {
    /// The lists in `text`, which may be empty.
    pub fn read(text: &str) -> Result<Self, Failed> {
        let mut found = Self::default();
        if text.is_empty() {
            return Ok(found);
        }
        let document = xml(text, "document")?;
        for node in document.descendants() {
            match name(&node) {
                "abstractNum" => {
                    let id = attribute(&node, "abstractNumId").unwrap_or_default();
                    found.levels.insert(id.to_owned(), levels(&node));
                }
                "num" => {
                    let id = attribute(&node, "numId").unwrap_or_default();
                    let of = value(&node, "abstractNumId").unwrap_or_default();
                    let list = (of.to_owned(), starts(&node));
                    found.lists.insert(id.to_owned(), list);
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// What stands before the next paragraph of `list`, which stands `depth` deep unless its `style`
    /// says otherwise; none where that is a mere bullet.
    pub fn next(&self, list: &str, depth: usize, style: &str) -> Option<String> {
        let (id, starts) = self.lists.get(list)?;
        let levels = self.levels.get(id)?;
        let of_style = |level: &Level| !style.is_empty() && level.style == style;
        let depth = levels.iter().position(of_style).unwrap_or(depth);
        let level = levels.get(depth)?;
        let mut counts = self.counts.borrow_mut();
        let is_new = counts.begun.insert(list.to_owned());
        let next = counts.next.entry(id.clone()).or_default();
        for (at, start) in starts.iter().filter(|_| is_new) {
            next[*at] = Some(*start);
        }
        next[depth] = Some(next[depth].unwrap_or(level.start).saturating_add(1));
        next[depth + 1..].fill(None);
        if level.format == "bullet" {
            let sign = level.text.chars().find(|sign| BOXES.contains(sign))?;
            return Some(format!("- {sign}"));
        }
        let mut text = level.text.clone();
        for (at, other) in levels.iter().enumerate().take(depth + 1) {
            let number = next[at].map_or(other.start, |next| next.saturating_sub(1));
            let format = match level.is_legal {
                true => "decimal",
                false => other.format.as_str(),
            };
            text = text.replace(&format!("%{}", at + 1), &written(number, format));
        }
        let text = one_line(&text);
        (!text.is_empty()).then_some(text)
    }
}

/// The value of a child of this name.
fn value<'a>(node: &Node<'a, '_>, local: &str) -> Option<&'a str> {
    attribute(&child(node, local)?, "val")
}

/// The levels of a definition.
fn levels(definition: &Node<'_, '_>) -> Vec<Level> {
    let levels = definition.children().filter(|node| name(node) == "lvl");
    let level = |node: Node<'_, '_>| {
        let of = |local: &str| value(&node, local).unwrap_or_default().to_owned();
        let format = below(&node, "numFmt").and_then(|format| attribute(&format, "val"));
        Level {
            format: format.unwrap_or("decimal").to_owned(),
            text: of("lvlText").chars().take(SIGN_CHARS_MAX).collect(),
            start: of("start").parse().unwrap_or(1),
            style: of("pStyle"),
            is_legal: child(&node, "isLgl").is_some(),
        }
    };
    levels.map(level).take(LEVELS).collect()
}

/// Where the levels of a list begin that goes not on with the one before it.
fn starts(list: &Node<'_, '_>) -> Vec<(usize, usize)> {
    let overrides = list.children().filter(|node| name(node) == "lvlOverride");
    let start = |node: Node<'_, '_>| {
        let level: usize = attribute(&node, "ilvl")?.parse().ok()?;
        let start = value(&node, "startOverride")?.parse().ok()?;
        (level < LEVELS).then_some((level, start))
    };
    overrides.filter_map(start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_counted() {
        let level = |at: usize, format: &str, text: &str, more: &str| {
            format!(
                "<lvl ilvl='{at}'><start val='1'/><numFmt val='{format}'/><lvlText val='{text}'/>{more}</lvl>"
            )
        };
        let text = format!(
            "<numbering><abstractNum abstractNumId='0'>{}{}{}</abstractNum><abstractNum abstractNumId='1'>{}</abstractNum><abstractNum abstractNumId='2'>{}</abstractNum><num numId='1'><abstractNumId val='0'/></num><num numId='2'><abstractNumId val='0'/><lvlOverride ilvl='0'><startOverride val='5'/></lvlOverride></num><num numId='3'><abstractNumId val='1'/></num><num numId='4'><abstractNumId val='2'/></num></numbering>",
            level(0, "upperRoman", "§ %1", "<pStyle val='H1'/>"),
            level(1, "decimal", "%1.%2", "<isLgl/><pStyle val='H2'/>"),
            level(2, "lowerLetter", "(%3)", ""),
            level(0, "bullet", "☒", ""),
            level(0, "bullet", "•", ""),
        );
        let numbering = Numbering::read(&text).expect("read");
        let check = |list: &str, depth: usize, style: &str, want: &str| {
            let found = numbering.next(list, depth, style).unwrap_or_default();
            assert_eq!(found, want, "{list} {depth} {style}");
        };
        check("1", 0, "", "§ I");
        check("1", 0, "H2", "1.1");
        check("1", 2, "", "(a)");
        check("1", 2, "", "(b)");
        check("1", 1, "", "1.2");
        check("1", 2, "", "(a)");
        check("1", 0, "H1", "§ II");
        check("1", 1, "", "2.1");
        check("2", 0, "", "§ V");
        check("2", 0, "", "§ VI");
        check("3", 0, "", "- ☒");
        check("4", 0, "", "");
        check("1", 8, "", "");
        check("gone", 0, "", "");
        assert!(Numbering::read("").is_ok());
    }
}
