//! LaTeX: commands for accented letters, which older files have, become those letters.

use unicode_normalization::UnicodeNormalization;

/// Commands of one sign that put a mark on the next letter, and the mark.
const SIGNS: &[(char, char)] = &[
    ('`', '\u{300}'),
    ('\'', '\u{301}'),
    ('^', '\u{302}'),
    ('~', '\u{303}'),
    ('=', '\u{304}'),
    ('.', '\u{307}'),
    ('"', '\u{308}'),
];
/// The same as words.
const MARKS: &[(&str, char)] = &[
    ("u", '\u{306}'),
    ("r", '\u{30a}'),
    ("H", '\u{30b}'),
    ("v", '\u{30c}'),
    ("c", '\u{327}'),
    ("k", '\u{328}'),
];
/// Letters that are commands.
const LETTERS: &[(&str, &str)] = &[
    ("ss", "ß"),
    ("ae", "æ"),
    ("AE", "Æ"),
    ("oe", "œ"),
    ("OE", "Œ"),
    ("aa", "å"),
    ("AA", "Å"),
    ("o", "ø"),
    ("O", "Ø"),
    ("l", "ł"),
    ("L", "Ł"),
];

/// `text` with such letters as letters; all else stays, and every line keeps its number.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let command = &rest[at + 1..];
        match letter(command) {
            Some((letter, len)) => {
                plain.push_str(&letter);
                rest = &command[len..];
            }
            None => {
                // The sign after it is not a command of its own: "\\".
                let next = command.chars().next().map_or(0, char::len_utf8);
                plain.push('\\');
                plain.push_str(&command[..next]);
                rest = &command[next..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// The letter that a command stands for, and how many bytes it has.
fn letter(command: &str) -> Option<(String, usize)> {
    let first = command.chars().next()?;
    if let Some((_, mark)) = SIGNS.iter().find(|(sign, _)| *sign == first) {
        let (letter, len) = argument(&command[1..])?;
        return Some((marked(letter, *mark), 1 + len));
    }
    let name_len = command.find(|c: char| !c.is_ascii_alphabetic())?;
    let (name, after) = command.split_at(name_len);
    if let Some((_, mark)) = MARKS.iter().find(|(word, _)| *word == name) {
        let (letter, len) = argument(after)?;
        return Some((marked(letter, *mark), name_len + len));
    }
    let (_, letter) = LETTERS.iter().find(|(word, _)| *word == name)?;
    let skipped = match after.strip_prefix("{}") {
        Some(_) => 2,
        None => usize::from(after.starts_with(' ')),
    };
    Some(((*letter).to_owned(), name_len + skipped))
}

/// The letter that follows, in braces or not, and how many bytes it takes.
fn argument(text: &str) -> Option<(char, usize)> {
    let bare = text.trim_start_matches([' ', '{', '\\']);
    let letter = bare.chars().next().filter(|c| c.is_alphabetic())?;
    let before = text.len() - bare.len();
    let braces = text[..before].matches('{').count();
    let after = &bare[letter.len_utf8()..];
    let closed = braces > 0 && after.starts_with('}');
    // "\'\i" is a dotless i; a word would be another command.
    let is_one = closed || braces == 0 && before <= 1;
    is_one.then_some((letter, before + letter.len_utf8() + usize::from(closed)))
}

fn marked(letter: char, mark: char) -> String {
    [letter, mark].into_iter().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_become_letters() {
        let check = |text: &str, expected: &str| assert_eq!(plain(text), expected);
        check(
            r#"Caf\'e and Caf\'{e}, G\"odel, \v{S}koda"#,
            "Café and Café, Gödel, Škoda",
        );
        check(
            r#"Stra\ss e, Stra\ss{}e, \c{c}a, na\"{\i}ve"#,
            "Straße, Straße, ça, naïve",
        );
        check(
            r"\section{A} \\ \cite{x} \o re 5\% \, \today",
            r"\section{A} \\ \cite{x} øre 5\% \, \today",
        );
        check("ends with \\", "ends with \\");
    }
}
