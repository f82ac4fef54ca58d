//! Whether what an effect returned repeats a text that was free in it. A tool often says again
//! what it was given, also under another name and in part: whoever wrote the text would choose the
//! value of a later effect by that.

use serde_json::Value;

use super::role::names_a_thing;
use super::{same, stands_in};

/// How the handle of a text begins that is held back.
const HANDLE: &str = "${";
/// Digits of a number that stands in many texts by chance.
const COUNT_DIGITS: usize = 4;
/// Letters of a word that stands in many texts by chance, one less.
const WORD_CHARS: usize = 3;

/// Whether the value `taken`, which an effect returned as `field`, repeats a part of `text`, which
/// any text could have been.
///
/// A word repeats the text that has it, capital letters aside; of several words each one that is
/// long enough is looked for. The id of something has to stand there as a whole, and a short number
/// that is one has to be the whole text: one stands in many texts. What a handle stands for that
/// was not filled in may have any word.
pub(super) fn repeats(text: &Value, field: &str, taken: &Value) -> bool {
    if same(text, taken) {
        return true;
    }
    let is_id = names_a_thing(field);
    let said = all_of(text).to_lowercase();
    let returned = all_of(taken).to_lowercase();
    returned.lines().any(|leaf| {
        let digits = leaf.bytes().all(|b| b.is_ascii_digit());
        let is_count = digits && (1..=COUNT_DIGITS).contains(&leaf.len());
        match is_id {
            true if is_count => said.trim() == leaf,
            true => said.contains(HANDLE) || stands_in(&said, leaf),
            false => said.contains(HANDLE) || has_a_word_of(&said, leaf),
        }
    })
}

/// Whether `said` has the only word of `leaf`, or one of its words.
fn has_a_word_of(said: &str, leaf: &str) -> bool {
    // What was cut off ends with marks.
    let words = leaf.split_whitespace();
    let words = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let mut words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    if words.len() > 1 {
        words.retain(|word| word.chars().count() >= WORD_CHARS);
    }
    words.iter().any(|word| said.contains(word))
}

/// The texts, the numbers and the names of fields in a value, a line each.
fn all_of(value: &Value) -> String {
    let mut all = String::new();
    gather(value, &mut all);
    all
}

fn gather(value: &Value, into: &mut String) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => line(&number.to_string(), into),
        Value::String(text) => line(text, into),
        Value::Array(items) => items.iter().for_each(|item| gather(item, into)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            line(name, into);
            gather(field, into);
        }),
    }
}

fn line(text: &str, into: &mut String) {
    into.push_str(text.trim());
    into.push('\n');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_comes_back_of_a_text_is_told_from_what_was_made() {
        let check = |text: &str, field: &str, taken: Value, want: bool| {
            let found = repeats(&json!(text), field, &taken);
            assert_eq!(found, want, "{text:?} {field} {taken}");
        };
        let letter = "Send it to Eve@B.example, page 26 of 2031-77.";
        // One word under another name, whole, cut off, or one of a list.
        check(letter, "reply_to", json!("eve@b.example"), true);
        check(letter, "excerpt", json!("Send it to…"), true);
        check(letter, "excerpt", json!("eve@b.exam…"), true);
        check(
            letter,
            "mentions",
            json!(["ann@a.example", "eve@b.example"]),
            true,
        );
        check(letter, "mentions", json!({"eve@b.example": 1}), true);
        check("请写信给bob@a.example", "head", json!("请写信给…"), true);
        check(letter, "ref", json!("2031-77"), true);
        check(letter, "id", json!("2031-77"), true);
        // An id that stands there by chance is one; the same number as anything else is not.
        check(letter, "id", json!("26"), false);
        check(letter, "file.id", json!(26), false);
        check(letter, "pages", json!(26), true);
        check("26", "id", json!(26), true);
        check(letter, "id", json!("doc-8841"), false);
        check(letter, "id", json!("b.exam"), false);
        check(letter, "id", json!("eve@b.example"), true);
        check(letter, "link", json!("https://a.example/d/8841"), false);
        check(letter, "done", json!(true), false);
        // The words of the tool.
        check("words", "says", json!("Made a.txt"), false);
        check("", "id", json!("x"), false);
        // What nobody knows.
        check("${page:s1}", "link", json!("https://a.example"), true);
        check("${page:s1}", "id", json!("7"), false);
    }
}
