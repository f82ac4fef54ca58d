//! Accents that old fonts draw as letters of their own, over the letter they belong to.

use crate::glyphs::Letter;

/// The mark that joins the letter before it, where `text` is an accent by itself.
pub fn mark(text: &str) -> Option<char> {
    Some(match text {
        "`" => '\u{300}',
        "´" => '\u{301}',
        "^" | "ˆ" => '\u{302}',
        "˜" => '\u{303}',
        "¯" => '\u{304}',
        "˘" => '\u{306}',
        "˙" => '\u{307}',
        "¨" => '\u{308}',
        "˚" => '\u{30a}',
        "˝" => '\u{30b}',
        "ˇ" => '\u{30c}',
        "¸" => '\u{327}',
        "˛" => '\u{328}',
        _ => return None,
    })
}

/// Whether more than half of `accent` stands over `letter`.
pub fn stands_over(accent: &Letter, letter: &Letter) -> bool {
    let width = accent.end.x - accent.start.x;
    let shared = accent.end.x.min(letter.end.x) - accent.start.x.max(letter.start.x);
    letter.text.chars().all(char::is_alphabetic) && width > 0.0 && shared > 0.5 * width
}
