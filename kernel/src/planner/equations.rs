//! Sums that are written out in an answer, such as `12.40 + 7.25 = 19.65`: a small model writes
//! down the right numbers and adds them up wrongly.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::pattern::{laid_out, pattern};

/// A number as it stands in a text: perhaps with a currency before it, and thousands apart.
const NUMBER: &str = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?";
/// What may stand around a number of a sum.
const BEFORE: &str = r"[$€£¥]?\s?";
const AFTER: &str = r"\s?(?:[a-zA-Z€£$¥]{1,10}|[元米个块公里克斤人天分钟小时]{1,2})?";
/// Decimal places of a quotient.
const PLACES_MAX: usize = 6;

/// `answer` with the result of each written sum that `known` does not have put right, wherever that
/// result stands from there on. `None` where nothing is wrong.
pub(crate) fn put_right(answer: &str, known: &str) -> Option<String> {
    let mut text = answer.to_owned();
    let mut from = 0;
    let mut any = false;
    while let Some(found) = EQUATION.captures_at(&text, from) {
        let (whole, said) = (found.get(0)?, found.name("result")?);
        let right = right_result(&found).filter(|_| !known.contains(whole.as_str()));
        let Some(right) = right else {
            from = said.end();
            continue;
        };
        let (at, wrong) = (said.start(), said.as_str().to_owned());
        let rest = replaced(&text[at..], &wrong, &right);
        text.truncate(at);
        text.push_str(&rest);
        from = at + right.len();
        any = true;
    }
    any.then_some(text)
}

static EQUATION: LazyLock<Regex> = LazyLock::new(|| {
    let term = format!("{BEFORE}{NUMBER}{AFTER}");
    pattern(&format!(
        r"(?P<sum>{NUMBER}{AFTER}(?:\s[-+−–]\s{term}|\s?[+*×x÷]\s?{term}|\s/\s{term})+)\s?=\s?{BEFORE}(?P<result>{NUMBER})"
    ))
});

/// The result of the sum in `found`, where another one is written behind it.
fn right_result(found: &Captures<'_>) -> Option<String> {
    static PIECE: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(&format!(
            r"(?P<number>{NUMBER})
            |(?:^|\s|[\d元米个块公里克斤人天分钟小时a-zA-Z€£$¥])(?P<sign>[-+−–*×x÷/])(?:\s|[$€£¥\d])"
        ))
    });
    let sum = &found["sum"];
    // A share is of something that stands elsewhere.
    if sum.contains('%') {
        return None;
    }
    let mut numbers = Vec::new();
    let mut signs = Vec::new();
    let mut at = 0;
    while let Some(piece) = PIECE.captures_at(sum, at) {
        if let Some(number) = piece.name("number") {
            numbers.push(number.as_str());
            at = number.end();
        } else {
            let sign = piece.name("sign")?;
            signs.push(sign.as_str());
            at = sign.end();
        }
    }
    if numbers.len() != signs.len() + 1 {
        return None;
    }
    let value = computed(&numbers, &signs)?;
    let said = &found["result"];
    let places = places_of(said);
    // What was rounded is right.
    let off = (value - number(said)?).abs();
    if off <= 0.5 * 10f64.powi(-(places as i32)) + 1e-9 * value.abs() || value < 0.0 {
        return None;
    }
    let divides = signs.iter().any(|sign| matches!(*sign, "÷" | "/"));
    let multiplies = signs.iter().any(|sign| matches!(*sign, "*" | "×" | "x"));
    let widest = numbers.iter().map(|number| places_of(number)).max()?;
    let places = match (divides, multiplies) {
        (true, _) => PLACES_MAX,
        (_, true) => widest * 2,
        _ => widest,
    };
    let right = format!("{value:.places$}");
    let shortened = match right.contains('.') && (divides || multiplies) {
        true => right.trim_end_matches('0').trim_end_matches('.'),
        false => &right,
    };
    Some(shortened.to_owned())
}

/// The value of `numbers` with `signs` between them, products before sums.
fn computed(numbers: &[&str], signs: &[&str]) -> Option<f64> {
    let mut numbers = numbers.iter().map(|text| number(text));
    let mut terms = vec![numbers.next()??];
    for (sign, number) in signs.iter().zip(numbers) {
        let number = number?;
        match *sign {
            "+" => terms.push(number),
            "-" | "−" | "–" => terms.push(-number),
            "÷" | "/" => *terms.last_mut()? /= number,
            _ => *terms.last_mut()? *= number,
        }
    }
    let sum: f64 = terms.iter().sum();
    sum.is_finite().then_some(sum)
}

fn number(text: &str) -> Option<f64> {
    text.replace(',', "").parse().ok()
}

/// Digits behind the point.
fn places_of(number: &str) -> usize {
    number.split_once('.').map_or(0, |(_, places)| places.len())
}

/// `text` with `right` in place of the number `wrong`, where it is one by itself.
fn replaced(text: &str, wrong: &str, right: &str) -> String {
    let by_itself = |at: usize| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + wrong.len()..].chars();
        let next = after.next();
        let goes_on =
            matches!(next, Some('.' | ',')) && after.next().is_some_and(|c| c.is_ascii_digit());
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        !digit(before) && !digit(next) && !goes_on && before != Some('.')
    };
    let mut out = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices(wrong).filter(|(at, _)| by_itself(*at)) {
        out.push_str(&text[from..at]);
        out.push_str(right);
        from = at + wrong.len();
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_sum_is_put_right() {
        let check = |answer: &str, want: Option<&str>| {
            assert_eq!(put_right(answer, "").as_deref(), want, "{answer}");
        };
        check(
            "$12.50 + $7.25 + $0.25 = $21.00.",
            Some("$12.50 + $7.25 + $0.25 = $20.00."),
        );
        check("12.50 + 7.25 = 19.75", None);
        check(
            "It is 3 × 14 = 44 boxes, so 44 it is.",
            Some("It is 3 × 14 = 42 boxes, so 42 it is."),
        );
        // What follows from it is put right as well.
        check(
            "3 * 14 = 44, and 44 + 6 = 50.",
            Some("3 * 14 = 42, and 42 + 6 = 48."),
        );
        check("2 + 3 * 4 = 20", Some("2 + 3 * 4 = 14"));
        check("300元 + 150元 = 440元", Some("300元 + 150元 = 450元"));
        check("10 / 3 = 3.33", None);
        check("10 / 4 = 3.5", Some("10 / 4 = 2.5"));
        check("1,200 + 300 = 1,400", Some("1,200 + 300 = 1500"));
        check("90 - 45 = 45", None);
        check("2024-05-01 = 7", None);
        check("20% + 5 = 6", None);
        check("x = 5", None);
        check("5 - 8 = 3", None);
        check("", None);
    }

    #[test]
    fn what_was_given_stays_as_it_is() {
        let known = "The sign says 2 + 2 = 5.";
        assert_eq!(put_right("It says 2 + 2 = 5.", known), None);
    }
}
