//! What an answer comes to, so that answers are compared by value and not by wording.

use serde_json::Value;

/// Words of an answer that count where it holds no number.
const WORDS_MAX: usize = 40;

/// The value of an answer, in a form that is the same for answers that say the same: the
/// number in it, where it has one (the last of several: a sentence ends in its result), else
/// its words without case and marks. An answer by a schema is its JSON, with numbers alike.
pub fn value_of(answer: &Value) -> String {
    match answer {
        Value::String(text) => match last_number(text) {
            Some(number) => spelled(number),
            None => words(text),
        },
        Value::Number(number) => spelled(number.as_f64().unwrap_or(f64::NAN)),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(value_of).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => {
            let mut fields: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{key}:{}", value_of(value)))
                .collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        Value::Bool(_) | Value::Null => answer.to_string(),
    }
}

/// A number, rounded to what two ways of computing it agree in.
fn spelled(number: f64) -> String {
    // Minus zero is zero.
    let number = if number == 0.0 { 0.0 } else { number };
    format!("{number:.6e}")
}

/// The last number in `text`; thousands may be parted by commas.
fn last_number(text: &str) -> Option<f64> {
    let chars: Vec<char> = text.chars().collect();
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let mut end = chars.iter().rposition(char::is_ascii_digit)? + 1;
    let mut start = end;
    while start > 0 && (digit(start - 1) || parts(&chars, start - 1)) {
        start -= 1;
    }
    // A sentence may end in a full stop, a number does not.
    while end > start && !digit(end - 1) {
        end -= 1;
    }
    let digits: String = chars[start..end].iter().filter(|c| **c != ',').collect();
    let negative = start > 0
        && matches!(chars[start - 1], '-' | '\u{2212}')
        && !(start > 1 && chars[start - 2].is_alphanumeric());
    let number: f64 = digits.parse().ok()?;
    Some(if negative { -number } else { number })
}

/// Whether the character at `at` is a point or a comma within a number.
fn parts(chars: &[char], at: usize) -> bool {
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let within = at > 0 && digit(at - 1) && digit(at + 1);
    match chars[at] {
        '.' => within,
        // Three digits follow, and no fourth.
        ',' => within && digit(at + 2) && digit(at + 3) && !digit(at + 4),
        _ => false,
    }
}

fn words(text: &str) -> String {
    let text = text.to_lowercase();
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.take(WORDS_MAX).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_that_say_the_same_are_the_same() {
        let check = |a: Value, b: Value, same: bool| {
            let (left, right) = (value_of(&a), value_of(&b));
            assert_eq!(left == right, same, "{a} is {left}, {b} is {right}");
        };
        check(json!("18"), json!("There are 18 of them."), true);
        check(json!("18"), json!(18.0), true);
        check(json!("$1,250.50"), json!("1250.5 dollars"), true);
        check(json!("12, 13"), json!("13"), true);
        check(json!("1,2"), json!("2"), true);
        check(json!("-4"), json!("4"), false);
        check(json!("in the years 3-4"), json!("4"), true);
        check(json!("0.333333333"), json!("0.33333333333"), true);
        check(json!("0.3333"), json!("0.3334"), false);
        check(json!("Yes."), json!("yes"), true);
        check(json!("yes"), json!("no"), false);
        check(json!("利马"), json!("利马。"), true);
        check(json!({"a": 1, "b": "x"}), json!({"b": "X", "a": 1.0}), true);
        check(json!([1, 2]), json!([2, 1]), false);
        check(json!(""), json!("."), true);
    }
}
