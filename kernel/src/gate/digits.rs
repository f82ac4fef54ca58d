//! Numbers to the last digit. Many accounts and messages have numbers that are longer than a floating
//! point number is exact: two of them would count as the same.

use serde_json::Number;

/// From here on a floating point number may stand for several whole ones.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Whether two numbers are the same, whole ones to the last digit.
pub(super) fn same_number(a: &Number, b: &Number) -> bool {
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a == b,
        // One that is no whole number, or so large that nobody knows which, is one to the letter.
        (None, None) => a.as_f64() == b.as_f64(),
        _ => false,
    }
}

/// The number that `text` is and nothing else, whole where it can be.
pub(super) fn number_of(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse::<u64>() {
        return Some(whole.into());
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    let number: f64 = text.parse().ok()?;
    match is_whole(number) {
        true => Some((number as i64).into()),
        false => Number::from_f64(number),
    }
}

/// The whole number that `number` is, where that is known for certain.
fn whole(number: &Number) -> Option<i128> {
    let short = || number.as_i64().map(i128::from);
    let long = || number.as_u64().map(i128::from);
    let written = || number.as_f64().filter(|number| is_whole(*number));
    short()
        .or_else(long)
        .or_else(|| written().map(|number| number as i128))
}

fn is_whole(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() < WHOLE_MAX
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn whole_numbers_are_the_same_to_the_last_digit() {
        let check = |a: Value, b: Value, want: bool| {
            let pair = a.as_number().zip(b.as_number());
            let found = pair.is_some_and(|(a, b)| same_number(a, b));
            assert_eq!(found, want, "{a} {b}");
        };
        check(json!(5), json!(5.0), true);
        check(json!(-5), json!(-5.0), true);
        check(json!(0), json!(-0.0), true);
        check(json!(12.5), json!(12.5), true);
        check(json!(12.5), json!(12), false);
        let account = 1_234_567_890_123_456_789_u64;
        check(json!(account), json!(account), true);
        check(json!(account), json!(account + 1), false);
        check(json!(account), json!(account as f64), false);
        check(json!(u64::MAX), json!(-1), false);
        check(json!(1e300), json!(1e300), true);
    }

    #[test]
    fn a_text_is_a_number_or_none() {
        let check = |text: &str, want: Option<Value>| {
            assert_eq!(number_of(text).map(Value::Number), want, "{text}");
        };
        check(
            "1234567890123456789",
            Some(json!(1_234_567_890_123_456_789_u64)),
        );
        check("007", Some(json!(7)));
        check("12.0", Some(json!(12)));
        check("-3", Some(json!(-3)));
        check("-0", Some(json!(0)));
        check(
            "-1234567890123456789",
            Some(json!(-1_234_567_890_123_456_789_i64)),
        );
        check("12.5", Some(json!(12.5)));
        check("12 kg", None);
        check("inf", None);
        check("", None);
    }
}
