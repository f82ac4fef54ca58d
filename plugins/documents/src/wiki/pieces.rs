//! Where the parts of wiki markup end that may lie in each other: templates, links and tables.

use std::collections::HashMap;

/// Marks that are looked through for the one that a mark ends: more are mistakes.
const OPEN_MAX: usize = 32;

/// Where each `{{`, `[[` and `{|` of `text` ends: the place of its end by its own.
pub fn pairs(text: &str) -> HashMap<usize, usize> {
    let bytes = text.as_bytes();
    let mut pairs = HashMap::new();
    let mut open: Vec<(usize, [u8; 2])> = Vec::new();
    let mut at = 0;
    while let Some(&[first, second]) = bytes.get(at..at + 2).and_then(|two| two.first_chunk::<2>())
    {
        let begins = match &[first, second] {
            b"{{" | b"[[" | b"{|" => {
                open.push((at, [first, second]));
                at += 2;
                continue;
            }
            b"}}" => *b"{{",
            b"]]" => *b"[[",
            b"|}" => *b"{|",
            _ => {
                at += 1;
                continue;
            }
        };
        let near = open.len().saturating_sub(OPEN_MAX);
        let found = open[near..].iter().rposition(|(_, mark)| *mark == begins);
        match found {
            Some(n) => {
                pairs.insert(open[near + n].0, at);
                open.truncate(near + n);
                at += 2;
            }
            None => at += 1,
        }
    }
    pairs
}

/// `text` at each `mark` that lies in no template and no link.
pub fn split<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    let pairs = pairs(text);
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        if let Some(end) = pairs.get(&at) {
            at = end + 2;
        } else if text[at..].starts_with(mark) {
            parts.push(&text[start..at]);
            at += mark.len();
            start = at;
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_end_where_they_were_begun() {
        let check = |text: &str, expected: &[(usize, usize)]| {
            let mut found: Vec<(usize, usize)> = pairs(text).into_iter().collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{text}");
        };
        check("{{a|[[b]]}}", &[(0, 9), (4, 7)]);
        check("{{a|}} {{b", &[(0, 4)]);
        check("{|\n|a\n|}", &[(0, 6)]);
        check("]] }} [[é]]", &[(6, 10)]);
        check("[[a {{b]]", &[(0, 7)]);
        check(&"{{".repeat(100_000), &[]);
        assert_eq!(split("a|[[b|c]]|{{d|e}}", "|"), ["a", "[[b|c]]", "{{d|e}}"]);
        assert_eq!(split("é||ü", "||"), ["é", "ü"]);
    }
}
