//! Patterns in other dialects than that which JSON Schema names, and the meaning of `\w` for the
//! server that wrote it.

use std::borrow::Cow;

use serde_json::json;

use super::validator;

/// A letter, mark or number of any script, and the underscore: `\w` of Unicode (UTS #18, Annex C).
const WORD: &str = r"_\p{L}\p{M}\p{N}";

/// `pattern` with `\w` as letters of any script.
///
/// In ECMA-262, which JSON Schema names, `\w` is ASCII. Servers in Python, Rust or Go mean any
/// letter, and take a name like Zürich or 苏黎世.
pub fn of_any_script(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('w') if in_class => {
                    out.push_str(WORD);
                    // No range begins there, as none did before.
                    if chars.next_if_eq(&'-').is_some() {
                        out.push_str(r"\-");
                    }
                }
                Some('w') => out.extend(["[", WORD, "]"]),
                escaped => {
                    out.push('\\');
                    out.extend(escaped);
                }
            },
            '[' | ']' => {
                in_class = c == '[';
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// Classes that POSIX names within a class, as Go and Rust do.
const POSIX: [(&str, &str); 8] = [
    ("[:alnum:]", "a-zA-Z0-9"),
    ("[:alpha:]", "a-zA-Z"),
    ("[:digit:]", "0-9"),
    ("[:lower:]", "a-z"),
    ("[:upper:]", "A-Z"),
    ("[:space:]", r"\s"),
    ("[:word:]", r"\w"),
    ("[:xdigit:]", "0-9a-fA-F"),
];

/// `pattern` in the dialect that JSON Schema names, where it can be read in another: that of
/// JavaScript without the flag `u`, of Python, Go or Rust. One that cannot be read stays.
pub(super) fn read(pattern: &str) -> Cow<'_, str> {
    let is_posix = POSIX.iter().any(|(name, _)| pattern.contains(name));
    if !is_posix && is_known(pattern) {
        return Cow::Borrowed(pattern);
    }
    let spelled = spelled(pattern);
    match is_known(&spelled) {
        true => Cow::Owned(spelled),
        false => Cow::Borrowed(pattern),
    }
}

/// Whether `pattern` can be read as it is.
pub(super) fn is_known(pattern: &str) -> bool {
    validator(&json!({ "pattern": pattern })).is_ok()
}

fn spelled(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let posix = POSIX
            .iter()
            .find(|(name, _)| in_class && rest.starts_with(name));
        let escaped = rest[c.len_utf8()..].chars().next().filter(|_| c == '\\');
        let token = match (posix, escaped) {
            (Some((name, _)), _) => *name,
            (None, Some(letter)) => &rest[..c.len_utf8() + letter.len_utf8()],
            (None, None) if !in_class && rest.starts_with("[^]") => "[^]",
            (None, None) => &rest[..c.len_utf8()],
        };
        rest = &rest[token.len()..];
        match token {
            // Anything at all.
            "[^]" => out.push_str(r"[\s\S]"),
            "[" | "]" if in_class == (token == "]") => {
                in_class = !in_class;
                out.push_str(token);
            }
            "[" | "]" => out.extend(["\\", token]),
            // The beginning and the end in Python.
            r"\A" if !in_class => out.push('^'),
            r"\Z" | r"\z" if !in_class => out.push('$'),
            "{" if !in_class => rest = counted(&mut out, rest),
            "}" if !in_class => out.push_str(r"\}"),
            token => {
                out.push_str(posix.map_or(token, |(_, members)| *members));
                let is_several = posix.is_some() || r"\w\d\s\W\D\S".contains(token);
                // No range begins at a class.
                if in_class && is_several && token.len() > 1 && rest.starts_with('-') {
                    out.push_str(r"\-");
                    rest = &rest[1..];
                }
                // The name of a letter or of a kind of letters.
                let is_named = matches!(token, r"\p" | r"\P" | r"\u" | r"\x");
                let end = match is_named && rest.starts_with('{') {
                    true => rest.find(|c: char| c != '{' && !is_of_name(c)),
                    false => None,
                };
                let end = end.filter(|end| rest[*end..].starts_with('}'));
                let (name, behind) = rest.split_at(end.map_or(0, |end| end + 1));
                out.push_str(name);
                rest = behind;
            }
        }
    }
    out
}

/// Whether `c` may stand in the name of a letter or of a kind of letters: `Script=Greek`.
fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_=^-: ".contains(c)
}

/// Writes what begins with a brace: how often something stands, or the brace itself. Gives what
/// follows.
fn counted<'r>(out: &mut String, rest: &'r str) -> &'r str {
    // Up to the first sign that is in no count: a search for the end would go through all of a
    // pattern at each of its braces.
    let is_of_count = |c: char| c.is_ascii_digit() || c == ',' || c.is_whitespace();
    let end = rest.find(|c| !is_of_count(c)).unwrap_or(rest.len());
    let (count, behind) = rest.split_at(end);
    let (count, Some(behind)) = (count.trim(), behind.strip_prefix('}')) else {
        out.push_str(r"\{");
        return rest;
    };
    let (least, most) = count.split_once(',').unwrap_or((count, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(least) || !digits(most) || count.is_empty() || count == "," {
        out.push_str(r"\{");
        return rest;
    }
    out.push('{');
    // Python leaves the least out where it is none.
    if least.is_empty() {
        out.push('0');
    }
    out.extend([count, "}"]);
    behind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_read_in_the_dialect_of_its_writer() {
        let check = |pattern: &str, good: &str, bad: &str| {
            let schema = json!({ "pattern": read(pattern) });
            let validator = validator(&schema).unwrap();
            assert!(validator.is_valid(&json!(good)), "{pattern} {good}");
            assert!(!validator.is_valid(&json!(bad)), "{pattern} {bad}");
        };
        check(r"^[a-z\d-_]+$", "a-b_1", "a.b");
        check(r"^[\w-.]+$", "a-b.c", "a b");
        check(r"^a[^]b$", "a\nb", "ab");
        check(r"\A[a-z]+\Z", "abc", "a1");
        check(r"^{[a-z]+}$", "{abc}", "abc");
        check(r"^\p{L}[\d-_]$", "é_", "1_");
        check(r"^\w{2}{$", "ab{", "ab");
        check(r"^a{,3}$", "aaa", "aaaa");
        check(r"^a{2,}-{1}$", "aaa-", "a-");
        check(r"^{2,b}{é}{$", "{2,b}{é}{", "{2}");
        check(r"^[[:alnum:]_-]+$", "aZ9_-", "a b");
        check(r"^\[[{}]\]$", "[{]", "[a]");
        // What is known stays.
        for known in [r"^\d{3}$", r"[a-z]{1,2}", r"\p{L}+", "a]"] {
            if is_known(known) {
                assert_eq!(read(known), known);
            }
        }
        assert_eq!(read("[a-"), "[a-");
    }

    #[test]
    fn a_brace_is_looked_at_once() {
        let check = |pattern: &str, want: &str| assert_eq!(spelled(pattern), want);
        check("a{ 2 }{,3}{}", r"a{2}{0,3}\{\}");
        let many = 200_000;
        check(r"a\p{Script=Greek}\p{\d", r"a\p{Script=Greek}\p\{\d");
        check(&"a".repeat(many), &"a".repeat(many));
        check(&"{".repeat(many), &r"\{".repeat(many));
        check(
            &format!("{}}}", "{a".repeat(many)),
            &format!(r"{}\}}", r"\{a".repeat(many)),
        );
    }

    #[test]
    fn letters_of_any_script_are_letters() {
        let check = |pattern: &str, value: &str, want: bool| {
            let schema = json!({"pattern": of_any_script(pattern)});
            let validator = crate::json_schema::validator(&schema).unwrap();
            assert_eq!(validator.is_valid(&json!(value)), want, "{pattern} {value}");
        };
        for name in ["Zurich", "Zürich", "苏黎世", "a_1", "नमस्ते"] {
            check(r"^\w+$", name, true);
            check(r"^[\w-.]+$", name, true);
            check(r"^[^\w]+$", name, false);
        }
        check(r"^\w+$", "a b", false);
        check(r"^[\w.-]+@[\w-]+\.\w+$", "jürgen.o@münchen.de", true);
        check(r"^\\w+$", r"\www", true);
        check(r"^\[\w\]$", "[ü]", true);
        check(r"^\d+$", "२०", false);
    }
}
