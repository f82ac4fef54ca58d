//! A stranger's words from a schema, as a card shows them: on one line, with nothing hidden, and
//! short. What a call must really have is in the grammar.

use serde_json::Value;

/// Characters of a name or a value.
const WORD_CHARS: usize = 80;

/// A name as it is where it is a plain one, else in quotes and escaped.
pub fn name(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-.$/:@".contains(c);
    match !name.is_empty() && name.chars().all(plain) {
        true => cut(name, WORD_CHARS),
        false => quoted(name),
    }
}

/// A name in quotes.
pub fn quoted(name: &str) -> String {
    value(&Value::String(name.to_owned()))
}

/// A value as JSON.
pub fn value(value: &Value) -> String {
    let json = match value {
        // Only as much is read as is shown.
        Value::String(text) => Value::String(cut(&line(text), WORD_CHARS)).to_string(),
        other => other.to_string(),
    };
    cut(&line(&json), 2 * WORD_CHARS)
}

/// `text` on one line, without invisible characters.
pub fn line(text: &str) -> String {
    let seen: String = text.chars().filter(|c| !is_unseen(*c)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first `chars` characters of [`line`], with a mark where there are more.
pub fn short(text: &str, chars: usize) -> String {
    cut(&line(text), chars)
}

/// The first `chars` characters of `text`, with a mark where there are more.
pub fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Characters that can hide words from a person but not from a model: without width, reordering,
/// tags, variants, and controls that are no white space.
fn is_unseen(c: char) -> bool {
    match c {
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => true,
        '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' => true,
        '\u{e0000}'..='\u{e0fff}' => true,
        c => c.is_control() && !c.is_whitespace(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_stay_in_their_place() {
        let check = |text: &str, want: &str| assert_eq!(name(text), want);
        check("unit", "unit");
        check("größe.2", "größe.2");
        check("a b", "\"a b\"");
        check("", "\"\"");
        check(
            "x\": any}: y\n\nTools:\n- z {\"a",
            r#""x\": any}: y Tools: - z {\"a""#,
        );
        check("a\u{200b}\u{e0041}b", "\"ab\"");
        let long = name(&"n".repeat(500));
        assert_eq!(long.chars().count(), WORD_CHARS + 1);
    }

    #[test]
    fn a_text_is_short_and_on_one_line() {
        let check = |text: &str, want: &str| assert_eq!(short(text, 5), want);
        check(" a\n b\t c", "a b c");
        check("abcdef", "abcde…");
        check("a\u{200b}bcde", "abcde");
        check("界界界界界界", "界界界界界…");
        check("", "");
    }

    #[test]
    fn values_are_short_and_on_one_line() {
        let check = |json: Value, want: &str| assert_eq!(value(&json), want);
        check(json!("km"), "\"km\"");
        check(json!(3), "3");
        check(json!("a\n\nRULE"), "\"a RULE\"");
        check(json!(null), "null");
        assert!(value(&json!("v".repeat(5_000))).chars().count() < 100);
        assert!(value(&json!(["v".repeat(5_000)])).chars().count() <= 2 * WORD_CHARS + 1);
    }
}
