//! Letters that a format writes as escapes, as the letters that they are, so that their words are
//! found: `caf\u00e9` in JSON and in properties of Java, `{\'E}toile` in a bibliography.

use std::path::Path;

use super::latex;

/// Endings of files that write letters by their numbers.
const NUMBERED: &[&str] = &[
    "json",
    "jsonl",
    "ndjson",
    "json5",
    "jsonc",
    "webmanifest",
    "arb",
    "properties",
    "strings",
];
/// Endings of bibliographies.
const BIBLIOGRAPHIES: &[&str] = &["bib", "bibtex", "biblatex"];
/// The first letter that is written so without need.
const LETTER_MIN: char = '\u{a1}';

/// `text` of the file at `path` with its letters; every line keeps its number.
pub fn plain(path: &Path, text: String) -> String {
    let ending = path.extension().unwrap_or_default();
    let ending = ending.to_string_lossy().to_ascii_lowercase();
    match ending.as_str() {
        ending if NUMBERED.contains(&ending) && text.contains("\\u") => numbered(&text),
        ending if BIBLIOGRAPHIES.contains(&ending) && text.contains('\\') => {
            without_braces(&latex::plain(&text))
        }
        _ => text,
    }
}

/// `text` with letters in the place of their numbers. Signs that mean something stay.
fn numbered(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        whole.push_str(before);
        match letter(after) {
            Some((letter, len)) => {
                whole.push(letter);
                rest = &after[len..];
            }
            None => {
                // What is escaped is no escape itself: "\\u00e9".
                let next = after.chars().next().map_or(0, char::len_utf8);
                whole.push('\\');
                whole.push_str(&after[..next]);
                rest = &after[next..];
            }
        }
    }
    whole.push_str(rest);
    whole
}

/// The letter whose number stands behind a backslash, and how many bytes that has; one beyond the
/// first plane has two numbers.
fn letter(escape: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = escape.get(at..at + 5)?.strip_prefix('u')?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)
    };
    let first = unit(0)?;
    let second = match escape.get(5..6) {
        Some("\\") => unit(6),
        _ => None,
    };
    let units = [first, second.unwrap_or(0)];
    let letter = char::decode_utf16(units).next()?.ok()?;
    let is_letter = letter >= LETTER_MIN && !letter.is_control();
    let len = if letter.len_utf16() == 2 { 11 } else { 5 };
    is_letter.then_some((letter, len))
}

/// `text` without the braces around one letter.
fn without_braces(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        whole.push_str(before);
        rest = after;
        let mut letters = after.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), Some('}')) if !letter.is_ascii() => {
                whole.push(letter);
                rest = letters.as_str();
            }
            _ => whole.push('{'),
        }
    }
    whole.push_str(rest);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read_that_are_written_as_escapes() {
        let check = |name: &str, text: &str, expected: &str| {
            let found = plain(Path::new(name), text.to_owned());
            assert_eq!(found, expected, "{name}");
        };
        check(
            "a.JSON",
            r#"{"a": "caf\u00e9 \u78E8\u574a \ud83e\udd99", "b": "\u0022\u000a\\u00e9 \u00"}"#,
            r#"{"a": "café 磨坊 🦙", "b": "\u0022\u000a\\u00e9 \u00"}"#,
        );
        check(
            "a.json",
            r"\ud83e \udd99\u+0e9\u00a0",
            r"\ud83e \udd99\u+0e9\u00a0",
        );
        check(
            "a.properties",
            "name = Caf\\u00e9\nlong = a \\\n b",
            "name = Café\nlong = a \\\n b",
        );
        check(
            "a.bib",
            "author = {{\\'E}toile, Ada and M{\\\"u}ller}, title = {The {Llama} {L}}",
            "author = {Étoile, Ada and Müller}, title = {The {Llama} {L}}",
        );
        check("a.rs", r#""\u00e9""#, r#""\u00e9""#);
    }
}
