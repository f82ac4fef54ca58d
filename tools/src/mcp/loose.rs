//! JSON as some libraries write it, and no other reads: numbers that are none, and halves of signs.

/// What libraries write for a number that is none.
const NO_NUMBERS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];
/// Characters of one sign in its number: `\\ud83d`.
const ESCAPED: usize = 6;

/// `text` as others read it, where that is something else: null in the place of a number that is
/// none, and the sign for what cannot be read in that of half a sign.
pub(super) fn strict(text: &str) -> Option<String> {
    let mut strict = String::with_capacity(text.len());
    let (mut rest, mut in_text, mut differs) = (text, false, false);
    while let Some(c) = rest.chars().next() {
        let none = NO_NUMBERS.iter().find(|none| rest.starts_with(**none));
        let (taken, said) = match (c, none) {
            ('\\', _) if in_text => escaped(rest),
            (_, Some(none)) if !in_text => (none.len(), Some("null")),
            _ => (c.len_utf8(), None),
        };
        in_text ^= c == '"';
        differs |= said.is_some();
        strict.push_str(said.unwrap_or(&rest[..taken]));
        rest = &rest[taken..];
    }
    differs.then_some(strict)
}

/// How many bytes the escape at the beginning of `text` has, and what stands for it where it is
/// half a sign.
fn escaped(text: &str) -> (usize, Option<&'static str>) {
    let Some(code) = code_of(text) else {
        let next = text.chars().nth(1).map_or(0, char::len_utf8);
        return (1 + next, None);
    };
    let follows = || code_of(&text[ESCAPED..]);
    match code {
        0xd800..=0xdbff if matches!(follows(), Some(0xdc00..=0xdfff)) => (2 * ESCAPED, None),
        0xd800..=0xdfff => (ESCAPED, Some("\u{fffd}")),
        _ => (ESCAPED, None),
    }
}

/// The number of the sign that `text` begins with.
fn code_of(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..ESCAPED - 2)?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_other_library_reads_is_written_otherwise() {
        let check = |text: &str, want: Option<&str>| {
            assert_eq!(strict(text).as_deref(), want, "{text}");
        };
        check(
            r#"{"a":NaN,"b":[Infinity,-Infinity]}"#,
            Some(r#"{"a":null,"b":[null,null]}"#),
        );
        check(r#"{"a":"NaN \" NaN"}"#, None);
        check(r#"{"NaN":1,"a":NaN}"#, Some(r#"{"NaN":1,"a":null}"#));
        check(r#""a \ud83d""#, Some("\"a \u{fffd}\""));
        check(r#""\udd99\ud83e""#, Some("\"\u{fffd}\u{fffd}\""));
        check(r#""\ud83e\udd99 \\ud83e é""#, None);
        check(r#""\ud83""#, None);
        check("\\", None);
        check("", None);
    }
}
