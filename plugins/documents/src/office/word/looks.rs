//! What the looks of a run of Word mean for its words.

use roxmltree::Node;

use super::super::elements::{attribute, child, name};

/// Where the signs of a font of symbols stand, above what they are in the font itself.
const SYMBOLS: std::ops::RangeInclusive<u32> = 0xf020..=0xf0ff;
/// The letters of the font Symbol, from A to Z and from a to z.
const GREEK: [&str; 2] = ["ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", "αβχδεφγηιϕκλμνοπθρστυϖωξψζ"];
/// Other signs of that font.
const SIGNS: &[(u32, char)] = &[
    (0xa3, '≤'),
    (0xa5, '∞'),
    (0xab, '↔'),
    (0xac, '←'),
    (0xae, '→'),
    (0xb0, '°'),
    (0xb1, '±'),
    (0xb3, '≥'),
    (0xb4, '×'),
    (0xb6, '∂'),
    (0xb8, '÷'),
    (0xb9, '≠'),
    (0xba, '≡'),
    (0xbb, '≈'),
    (0xc7, '∩'),
    (0xc8, '∪'),
    (0xce, '∈'),
    (0xd1, '∇'),
    (0xd5, '∏'),
    (0xd6, '√'),
    (0xd7, '⋅'),
    (0xd8, '¬'),
    (0xdb, '⇔'),
    (0xde, '⇒'),
    (0xe5, '∑'),
    (0xf2, '∫'),
];
/// Signs of the font Wingdings that say something: boxes, and whether they are ticked.
const TICKS: &[(u32, char)] = &[
    (0x6f, '☐'),
    (0x78, '☒'),
    (0xa8, '☐'),
    (0xe0, '→'),
    (0xfb, '✗'),
    (0xfc, '✓'),
    (0xfd, '☒'),
    (0xfe, '☑'),
];

/// Whether a paragraph is a large letter in a frame, with which the next one begins.
pub fn is_initial(paragraph: &Node<'_, '_>) -> bool {
    let frame = child(paragraph, "pPr").and_then(|how| child(&how, "framePr"));
    let drops = frame.and_then(|frame| attribute(&frame, "dropCap"));
    let next = paragraph.next_sibling_element();
    drops.is_some_and(|how| how != "none") && next.is_some_and(|next| name(&next) == "p")
}

/// The paragraph of the large letter with which `paragraph` begins.
pub fn initial_before<'a, 'i>(paragraph: &Node<'a, 'i>) -> Option<Node<'a, 'i>> {
    paragraph.prev_sibling_element().filter(is_initial)
}

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
    if SYMBOLS.contains(&code) {
        return in_font(attribute(node, "font").unwrap_or_default(), code - 0xf000);
    }
    // Fonts of symbols use numbers that mean nothing elsewhere.
    char::from_u32(code).filter(|c| !matches!(c, '\u{e000}'..='\u{f8ff}'))
}

/// The sign with this number in a font of symbols.
fn in_font(font: &str, code: u32) -> Option<char> {
    let of = |signs: &[(u32, char)]| {
        let found = signs.iter().find(|(number, _)| *number == code);
        found.map(|(_, sign)| *sign)
    };
    match (font, code) {
        ("Symbol", 0x41..=0x5a) => GREEK[0].chars().nth(code as usize - 0x41),
        ("Symbol", 0x61..=0x7a) => GREEK[1].chars().nth(code as usize - 0x61),
        ("Symbol", 0x20..=0x7e) => char::from_u32(code),
        ("Symbol", _) => of(SIGNS),
        ("Wingdings", _) => of(TICKS),
        _ => None,
    }
}
