//! LaTeX: letters with accents, which older files write as commands, as letters; and the
//! title of a document.

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

/// What a document calls itself.
pub fn title(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("\\title")?;
    // A short form for the tops of pages may come first.
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(short) => short.split_once(']')?.1.trim_start(),
        None => rest,
    };
    let inside = rest.strip_prefix('{')?;
    let mut depth = 1_usize;
    let end = inside.find(|c| {
        depth = match c {
            '{' => depth + 1,
            '}' => depth - 1,
            _ => depth,
        };
        depth == 0
    })?;
    let title = without_commands(&inside[..end]);
    (!title.is_empty()).then_some(title)
}

/// `text` on one line, without commands and braces.
pub(super) fn without_commands(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '{', '}', '~']) {
        words.push_str(&rest[..at]);
        let sign = rest[at..].chars().next();
        rest = &rest[at + 1..];
        match sign {
            Some('\\') => {
                let name = rest.find(|c: char| !c.is_ascii_alphabetic());
                match name {
                    // "\%" is a sign, and "\\" ends a line.
                    Some(0) if rest.starts_with('\\') => {
                        words.push(' ');
                        rest = &rest[1..];
                    }
                    Some(len) => rest = &rest[len..],
                    None => rest = "",
                }
            }
            Some('~') => words.push(' '),
            _ => {}
        }
    }
    words.push_str(rest);
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_a_title() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(title(text).as_deref(), expected, "{text}");
        };
        check(r"\title{On Knots}", Some("On Knots"));
        check(
            r"\title[Knots]{On \emph{Knots} \\ and~5\% Cords}",
            Some("On Knots and 5% Cords"),
        );
        check(r"\title{open", None);
        check(r"\title{}", None);
        check("no title", None);
    }

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
