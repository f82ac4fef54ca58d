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
/// The fewest letters of an address or a path.
const ADDRESS_CHARS: usize = 4;

/// Whether the value `taken`, which an effect returned as `field`, repeats a part of `text`, which
/// any text could have been.
///
/// A word repeats the text that has it, capital letters aside; of several words each one that is
/// long enough is looked for. So does what an address of the text stands in, which a tool may write
/// out whole. The id of something has to stand there as a whole, and a short number
/// that is one has to be the whole text: one stands in many texts. What a handle stands for that
/// was not filled in may have any word.
pub(super) fn repeats(text: &Value, field: &str, taken: &Value) -> bool {
    if same(text, taken) {
        return true;
    }
    let is_id = names_a_thing(field);
    let texts = all_of(text);
    let said = texts.join("\n");
    let returned = all_of(taken).join("\n");
    returned.lines().any(|leaf| {
        let digits = leaf.bytes().all(|b| b.is_ascii_digit());
        let is_count = digits && (1..=COUNT_DIGITS).contains(&leaf.len());
        if is_id && is_count {
            return texts.iter().any(|text| text == leaf);
        }
        let has_word = match is_id {
            true => stands_in(&said, leaf),
            false => has_a_word_of(&said, leaf),
        };
        said.contains(HANDLE)
            || has_word
            || has_an_address_of(leaf, &said)
            || has_the_number_of(&said, leaf)
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

/// Whether `said` has the long number `leaf`, however its digits are parted in the two: that of an
/// account, of a telephone.
fn has_the_number_of(said: &str, leaf: &str) -> bool {
    let bare = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
    let digits = leaf.chars().filter(char::is_ascii_digit).count();
    digits > COUNT_DIGITS && bare(said).contains(&bare(leaf))
}

/// Whether an address or a path that stands in `said` is a part of `leaf`.
fn has_an_address_of(leaf: &str, said: &str) -> bool {
    // Between ideographs there are no spaces.
    let words = said.split(|c: char| c.is_whitespace() || !c.is_ascii());
    let words = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let mut addresses = words.filter(|word| {
        word.len() >= ADDRESS_CHARS
            && word.contains(['@', '/', '.'])
            && word.contains(char::is_alphabetic)
    });
    addresses.any(|address| leaf.contains(address))
}

/// The texts, the numbers and the names of fields in a value, in small letters.
fn all_of(value: &Value) -> Vec<String> {
    let mut all = Vec::new();
    gather(value, &mut all);
    all
}

fn gather(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => into.push(number.to_string()),
        Value::String(text) => into.push(text.trim().to_lowercase()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, into)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            into.push(name.trim().to_lowercase());
            gather(field, into);
        }),
    }
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
        // Written out whole.
        check(letter, "link", json!("mailto:eve@b.example"), true);
        check(letter, "id", json!("user:eve@b.example"), true);
        check(
            "请写信给bob@a.example。",
            "to",
            json!("<bob@a.example>;"),
            true,
        );
        check("at e.g. 3.50", "price", json!("13.50"), false);
        // Parted in another way.
        check(letter, "number", json!("2031 77"), true);
        check(letter, "id", json!("2031/77"), true);
        check(letter, "id", json!("2031-78"), false);
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

    #[test]
    fn one_of_several_texts_comes_back() {
        let check = |texts: Value, id: &str, want: bool| {
            assert_eq!(repeats(&texts, "id", &json!(id)), want, "{texts} {id}");
        };
        check(json!(["26", "x"]), "26", true);
        check(json!({"number": 26}), "26", true);
        check(json!(["page 26", "x"]), "26", false);
        check(json!([]), "26", false);
    }
}
