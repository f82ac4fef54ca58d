//! What the looks of a run of Word mean for its words.

use roxmltree::Node;

use super::super::elements::{attribute, child};

/// Whether a run stands above the line.
pub fn is_raised(run: &Node<'_, '_>) -> bool {
    let place = child(run, "rPr").and_then(|how| child(&how, "vertAlign"));
    place.is_some_and(|node| attribute(&node, "val") == Some("superscript"))
}

/// Whether a run is not shown.
pub fn is_hidden(run: &Node<'_, '_>) -> bool {
    let vanish = child(run, "rPr").and_then(|how| child(&how, "vanish"));
    vanish.is_some_and(|node| !matches!(attribute(&node, "val"), Some("0" | "false")))
}

/// The sign of a font of symbols, where other fonts have it too.
pub fn symbol(node: &Node<'_, '_>) -> Option<char> {
    let code = u32::from_str_radix(attribute(node, "char")?, 16).ok()?;
    // Fonts of symbols use numbers that mean nothing elsewhere.
    char::from_u32(code).filter(|c| !matches!(c, '\u{e000}'..='\u{f8ff}'))
}
