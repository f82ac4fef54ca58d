//! What roff writes with escapes: signs, and what only says how a text looks (groff(7)).

use std::collections::HashMap;

/// Signs by their names.
const SIGNS: &[(&str, &str)] = &[
    ("aq", "'"),
    ("dq", "\""),
    ("lq", "“"),
    ("rq", "”"),
    ("oq", "‘"),
    ("cq", "’"),
    ("em", "—"),
    ("en", "–"),
    ("hy", "-"),
    ("mi", "−"),
    ("bu", "•"),
    ("co", "©"),
    ("rg", "®"),
    ("tm", "™"),
    ("mu", "×"),
    ("di", "÷"),
    ("+-", "±"),
    ("<=", "≤"),
    (">=", "≥"),
    ("!=", "≠"),
    ("->", "→"),
    ("<-", "←"),
    ("ha", "^"),
    ("ti", "~"),
    ("ga", "`"),
    ("aa", "´"),
    ("rs", "\\"),
    ("sl", "/"),
    ("ba", "|"),
    ("bv", "|"),
    ("or", "|"),
    ("at", "@"),
    ("sh", "#"),
    ("Do", "$"),
    ("de", "°"),
    ("sc", "§"),
    ("12", "½"),
    ("14", "¼"),
    ("34", "¾"),
    ("Eu", "€"),
    ("ss", "ß"),
    ("mc", "µ"),
    ("lB", "["),
    ("rB", "]"),
    ("lC", "{"),
    ("rC", "}"),
    ("Fo", "«"),
    ("Fc", "»"),
];
/// Accents by the sign before their letter, as signs that follow it in Unicode.
const ACCENTS: &[(char, char)] = &[
    ('\'', '\u{301}'),
    ('`', '\u{300}'),
    ('^', '\u{302}'),
    (':', '\u{308}'),
    ('~', '\u{303}'),
    (',', '\u{327}'),
];
/// Strings that programs for manuals define themselves.
const STRINGS: &[(&str, &str)] = &[
    ("lq", "“"),
    ("rq", "”"),
    ("R", "®"),
    ("Tm", "™"),
    ("S", ""),
    ("C+", "C++"),
    ("--", "–"),
    ("L\"", "\""),
    ("R\"", "\""),
    ("C`", "\""),
    ("C'", "\""),
    ("Aq", "'"),
    ("Gt", ">"),
    ("Lt", "<"),
    ("Am", "&"),
    ("q", "\""),
    ("``", "“"),
    ("''", "”"),
    ("-", "-"),
];
/// Strings within strings.
const DEPTH_MAX: usize = 8;

/// `line` as it is read, with the strings that are `defined` in its file.
pub fn plain(line: &str, defined: &HashMap<String, String>) -> String {
    let mut whole = String::with_capacity(line.len());
    add(line, defined, &mut whole, 0);
    whole
}

fn add(line: &str, defined: &HashMap<String, String>, whole: &mut String, depth: usize) {
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\\') {
        whole.push_str(before);
        let mut letters = after.chars();
        let letter = letters.next();
        let behind = letters.as_str();
        rest = behind;
        match letter {
            None => {}
            // What follows is a remark.
            Some('"' | '#') => return,
            Some('e' | '\\' | 'E') => whole.push('\\'),
            Some('-') => whole.push('-'),
            Some('.') => whole.push('.'),
            Some('\'') => whole.push('´'),
            Some('`') => whole.push('`'),
            Some(' ' | '~' | '0' | 't') => whole.push(' '),
            Some('(' | '[' | 'C') => {
                let (name, after) = named(letter, behind);
                push_sign(name, whole);
                rest = after;
            }
            Some('*') => {
                let (name, after) = argument(behind);
                let known = STRINGS.iter().find(|(known, _)| *known == name);
                match defined.get(name) {
                    Some(text) if depth < DEPTH_MAX => add(text, defined, whole, depth + 1),
                    _ => whole.push_str(known.map_or("", |(_, sign)| sign)),
                }
                rest = after;
            }
            Some('f' | 'F' | 'n' | 'm' | 'M' | 'g' | 'k' | 'Y') => rest = argument(behind).1,
            Some('s') => rest = size(behind),
            // What stands between two of the same signs moves, draws, or is wide.
            Some(
                'h' | 'v' | 'w' | 'l' | 'L' | 'D' | 'o' | 'b' | 'H' | 'S' | 'R' | 'x' | 'X' | 'Z'
                | 'A' | 'B' | 'N',
            ) => {
                let mark = behind.chars().next().unwrap_or(' ');
                let inside = &behind[mark.len_utf8().min(behind.len())..];
                rest = inside.split_once(mark).map_or("", |(_, after)| after);
            }
            Some('z') => {
                let letter = behind.chars().next().map_or(0, char::len_utf8);
                rest = &behind[letter..];
            }
            // Nothing, half a space, a place where a word may be cut, the rest of its look.
            Some(_) => {}
        }
    }
    whole.push_str(rest);
}

/// The name of a sign, written with two letters or between marks, and what follows it.
fn named(mark: Option<char>, behind: &str) -> (&str, &str) {
    match mark {
        Some('[') => behind.split_once(']').unwrap_or((behind, "")),
        Some('C') => {
            let inside = behind.strip_prefix('\'').unwrap_or(behind);
            inside.split_once('\'').unwrap_or((inside, ""))
        }
        _ => two(behind),
    }
}

fn two(text: &str) -> (&str, &str) {
    let end = text.char_indices().nth(2).map_or(text.len(), |(at, _)| at);
    text.split_at(end)
}

/// The argument of an escape: one letter, two behind `(`, or any between brackets.
fn argument(text: &str) -> (&str, &str) {
    if let Some(inside) = text.strip_prefix('[') {
        return inside.split_once(']').unwrap_or((inside, ""));
    }
    if let Some(behind) = text.strip_prefix('(') {
        return two(behind);
    }
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = text.chars().next().map_or(0, char::len_utf8);
    text.split_at(end)
}

/// What follows a size: `\s-1`, `\s(12`, `\s[12]`, `\s'12'`.
fn size(text: &str) -> &str {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(inside) = text.strip_prefix('\'') {
        return inside.split_once('\'').map_or("", |(_, after)| after);
    }
    match text.starts_with(|c: char| c.is_ascii_digit() || "([".contains(c)) {
        true => argument(text).1,
        false => text,
    }
}

fn push_sign(name: &str, whole: &mut String) {
    if let Some((_, sign)) = SIGNS.iter().find(|(known, _)| *known == name) {
        whole.push_str(sign);
        return;
    }
    // "u00E9", "u0065_0301".
    if let Some(numbers) = name.strip_prefix('u') {
        let signs: Option<String> = numbers
            .split('_')
            .map(|number| {
                u32::from_str_radix(number, 16)
                    .ok()
                    .and_then(char::from_u32)
            })
            .collect();
        if let Some(signs) = signs {
            whole.push_str(&signs);
            return;
        }
    }
    let mut letters = name.chars();
    if let (Some(mark), Some(letter), None) = (letters.next(), letters.next(), letters.next())
        && let Some((_, accent)) = ACCENTS.iter().find(|(known, _)| *known == mark)
    {
        whole.push(letter);
        whole.push(*accent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_signs_or_nothing() {
        let defined = HashMap::from([("V".to_owned(), "1\\-2".to_owned())]);
        let check =
            |line: &str, expected: &str| assert_eq!(plain(line, &defined), expected, "{line}");
        check("\\fBspin\\fR [\\fI\\,FILE\\/\\fP]", "spin [FILE]");
        check("\\f[B]a\\f(CWb\\fR \\s-1NAME\\s0 \\s+2x\\s'0'", "ab NAME x");
        check(
            "a\\-b \\(lqfast\\(rq\\&. \\e \\[bu]\\~x\\|y",
            "a-b “fast”. \\ • xy",
        );
        check("version \\*V\\*(lq\\*[R]\\*(xx", "version 1-2“®");
        check(
            "\\[u00E9] caf\\(e' \\('e \\h'2n'x\\w'abc'y \\nxz \\\" not this",
            "é caf e\u{301} xy z ",
        );
        check("end\\", "end");
        check("\\(", "");
        check("磨\\z坊\\C'bu'", "磨•");
    }
}
