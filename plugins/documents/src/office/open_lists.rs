//! Numbers of the items of OpenDocument's lists and of its headings, which programs count and do not
//! write.

use std::collections::{HashMap, HashSet};

use roxmltree::{Document, Node, NodeId};

use super::elements::{attribute, child, name};
use super::numerals::{SIGN_CHARS_MAX, written};

/// Lists within lists that have numbers.
const LEVELS: usize = 10;
/// Boxes before items, ticked or not.
const BOXES: [char; 3] = ['☐', '☑', '☒'];

/// What the style of headings is kept as: no list has a style of this name.
const OUTLINE: &str = " outline";

/// What stands before the items of one level of a list.
struct Level<'a> {
    is_bullet: bool,
    /// The form of its numbers; empty for none.
    format: &'a str,
    before: &'a str,
    after: &'a str,
    start: usize,
    /// Of how many levels numbers are told.
    shown: usize,
}

/// Lists that are counted.
#[derive(Default)]
struct Lists<'a> {
    /// The levels of a style, by number.
    styles: HashMap<&'a str, HashMap<usize, Level<'a>>>,
    /// The next number of a level of a style.
    next: HashMap<(String, usize), usize>,
    signs: HashMap<NodeId, String>,
}

/// What stands before the items of the lists of `document`, by the paragraph that each begins with,
/// and before its headings. Styles of both are in it or in `styles`; mere bullets are left out.
pub fn signs(document: &Document<'_>, styles: Option<&Document<'_>>) -> HashMap<NodeId, String> {
    let mut lists = Lists::default();
    for nodes in styles.into_iter().chain([document]) {
        for style in nodes
            .descendants()
            .filter(|node| matches!(name(node), "list-style" | "outline-style"))
        {
            let called = match name(&style) {
                "outline-style" => OUTLINE,
                _ => attribute(&style, "name").unwrap_or_default(),
            };
            lists.styles.insert(called, levels(&style));
        }
    }
    for list in document.descendants().filter(|node| name(node) == "list") {
        if !is_item(&list) {
            lists.count(&list, "", &[], false);
        }
    }
    lists.count_headings(document);
    lists.signs
}

/// Whether `node` is in an item of a list.
fn is_item(node: &Node<'_, '_>) -> bool {
    let above = node.parent().map(|above| name(&above));
    matches!(above, Some("list-item" | "list-header"))
}

/// Whether `node` was removed, and is kept as that.
fn is_removed(node: &Node<'_, '_>) -> bool {
    node.ancestors()
        .any(|above| name(&above) == "tracked-changes")
}

/// The levels of a style, by number.
fn levels<'a>(style: &Node<'a, '_>) -> HashMap<usize, Level<'a>> {
    style.children().filter_map(level).collect()
}

/// One level, and its number.
fn level<'a>(node: Node<'a, '_>) -> Option<(usize, Level<'a>)> {
    let of = |local: &str| attribute(&node, local).unwrap_or_default();
    let number = of("level").parse().ok()?;
    let is_bullet = name(&node) == "list-level-style-bullet";
    let level = Level {
        is_bullet,
        format: of(if is_bullet {
            "bullet-char"
        } else {
            "num-format"
        }),
        before: of("num-prefix"),
        after: of("num-suffix"),
        start: of("start-value").parse().unwrap_or(1),
        shown: of("display-levels").parse().unwrap_or(1),
    };
    Some((number, level))
}

impl Lists<'_> {
    /// Counts the items of `list`, which stands in lists with the numbers `above` and has the style
    /// `inherited` unless it names its own. It may continue the last one of its style and level.
    fn count(&mut self, list: &Node<'_, '_>, inherited: &str, above: &[usize], continues: bool) {
        let level = above.len() + 1;
        if level > LEVELS {
            return;
        }
        let style = attribute(list, "style-name").unwrap_or(inherited);
        let of = |local: &str| attribute(list, local);
        let is_said = of("continue-numbering") == Some("true") || of("continue-list").is_some();
        let goes_on = continues || is_said;
        let start = self.level(style, level).map_or(1, |level| level.start);
        let key = (style.to_owned(), level);
        let known = self.next.get(&key).copied().filter(|_| goes_on);
        let mut next = known.unwrap_or(start);
        for item in list.children().filter(|item| name(item) == "list-item") {
            // A number that is written stands before all.
            let mut parts = item.children().filter(Node::is_element);
            let first = parts.find(|part| name(part) != "number");
            let first = first.filter(|first| matches!(name(first), "p" | "h"));
            if first.is_some() {
                // What stands below it begins anew.
                self.next.remove(&(style.to_owned(), level + 1));
                let said = attribute(&item, "start-value").and_then(|said| said.parse().ok());
                next = said.unwrap_or(next).saturating_add(1);
            }
            let numbers = [above, &[next.saturating_sub(1)]].concat();
            let sign = self.sign(style, &numbers);
            // One that a paragraph says itself is not told twice.
            let unsaid = first.filter(|first| child(first, "number").is_none());
            if let (Some(first), Some(sign)) = (unsaid, sign) {
                self.signs.insert(first.id(), sign);
            }
            for inner in item.children().filter(|node| name(node) == "list") {
                self.count(&inner, style, &numbers, goes_on && first.is_none());
            }
        }
        self.next.insert(key, next);
    }

    /// Counts the headings of `document` that are no items of lists.
    fn count_headings(&mut self, document: &Document<'_>) {
        if !self.styles.contains_key(OUTLINE) {
            return;
        }
        // Styles by which somebody took the number of a paragraph away.
        let takes = |node: &Node<'_, '_>| {
            name(node) == "style" && attribute(node, "list-style-name") == Some("")
        };
        let styles = document.descendants().filter(takes);
        let plain: HashSet<&str> = styles.filter_map(|node| attribute(&node, "name")).collect();
        // Of the levels down to the last heading; `None` where a level was left out.
        let mut numbers: Vec<Option<usize>> = Vec::new();
        for heading in document.descendants().filter(|node| name(node) == "h") {
            let of = |local: &str| attribute(&heading, local);
            let level = of("outline-level").map_or(Some(1), |level| level.parse().ok());
            let is_plain = of("is-list-header") == Some("true")
                || of("style-name").is_some_and(|style| plain.contains(style));
            let Some(level) = level.filter(|level| (1..=LEVELS).contains(level)) else {
                continue;
            };
            if is_plain || is_item(&heading) || is_removed(&heading) {
                continue;
            }
            let (start, shown) = self
                .level(OUTLINE, level)
                .map_or((1, 1), |style| (style.start, style.shown));
            let begins_anew = of("restart-numbering") == Some("true");
            let said = of("start-value").and_then(|said| said.parse().ok());
            numbers.resize(level, None);
            numbers[level - 1] = Some(match numbers[level - 1] {
                Some(last) if !begins_anew => last.saturating_add(1),
                _ => said.filter(|_| begins_anew).unwrap_or(start),
            });
            // Nobody knows the number of a level that was left out.
            let first = level - shown.clamp(1, level);
            if numbers[first..].contains(&None) || child(&heading, "number").is_some() {
                continue;
            }
            let numbers: Vec<usize> = numbers.iter().map(|n| n.unwrap_or(0)).collect();
            if let Some(sign) = self.sign(OUTLINE, &numbers) {
                self.signs.insert(heading.id(), sign);
            }
        }
    }

    fn level(&self, style: &str, level: usize) -> Option<&Level<'_>> {
        self.styles.get(style)?.get(&level)
    }

    /// What stands before an item with these numbers, from the first level to its own.
    fn sign(&self, style: &str, numbers: &[usize]) -> Option<String> {
        let level = self.level(style, numbers.len())?;
        if level.is_bullet {
            let sign = level.format.chars().find(|sign| BOXES.contains(sign))?;
            return Some(format!("- {sign}"));
        }
        let first = numbers.len() - level.shown.clamp(1, numbers.len());
        let number = |at: usize| {
            let format = self.level(style, at + 1).map_or("", |level| level.format);
            (!format.is_empty()).then(|| written(numbers[at], in_word(format)))
        };
        let parts: Vec<String> = (first..numbers.len()).filter_map(number).collect();
        let sign = format!("{}{}{}", level.before, parts.join("."), level.after);
        (!parts.is_empty()).then(|| sign.trim().chars().take(SIGN_CHARS_MAX).collect())
    }
}

/// The form of numbers as Word calls it.
fn in_word(format: &str) -> &str {
    match format {
        "a" => "lowerLetter",
        "A" => "upperLetter",
        "i" => "lowerRoman",
        "I" => "upperRoman",
        format if format.starts_with('一') => "chineseCounting",
        _ => "decimal",
    }
}
