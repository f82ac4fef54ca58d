//! Sums that are written out in an answer, such as `12.40 + 7.25 = 19.65`: a small model writes
//! down the right numbers and adds them up wrongly.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::numbers::numbers;
use crate::pattern::{laid_out, pattern};

/// A number as it stands in a text: perhaps with its thousands apart.
const NUMBER: &str = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?";
/// A space: a sum stands in one line.
const GAP: &str = r"[^\S\n]";
const MONEY: &str = "[$€£¥]";
/// What is counted.
const UNIT: &str = "[a-zA-Z€£$¥]{1,10}|[元米个块公里克斤人天分钟小时]{1,2}";
/// Decimal places of a product or a quotient.
const PLACES_MAX: usize = 6;
/// Beyond this factor a result in another unit is no slip: 45 + 75 = 2 hours.
const SLIP_MAX: f64 = 1.5;

/// `answer` with the result of each written sum that `known` does not have put right; further on in
/// it too, where that number stands nowhere else. `None` where nothing is wrong.
pub(crate) fn put_right(answer: &str, known: &str) -> Option<String> {
    let given = without_spaces(known);
    let mut text = answer.to_owned();
    let mut from = 0;
    let mut any = false;
    while let Some(found) = EQUATION.captures_at(&text, from) {
        let (whole, said) = (found.get(0)?, found.name("result")?);
        let is_given = || given.contains(&without_spaces(whole.as_str()));
        let stands_alone = !goes_on_before(&text[..whole.start()])
            && !goes_on_behind(&text[said.end()..])
            && !is_disputed(line_of(&text, whole.range()));
        let right = match stands_alone && !is_given() {
            true => right_result(&found, &text[said.end()..]),
            false => None,
        };
        let Some(right) = right else {
            from = said.end();
            continue;
        };
        let (at, wrong) = (said.start(), said.as_str().to_owned());
        let rest = match has_number(known, &wrong) || has_number(&text[..at], &wrong) {
            true => format!("{right}{}", &text[at + wrong.len()..]),
            false => format!(
                "{right}{}",
                replaced(&text[at + wrong.len()..], &wrong, &right)
            ),
        };
        text.truncate(at);
        text.push_str(&rest);
        from = at + right.len();
        any = true;
    }
    any.then_some(text)
}

static EQUATION: LazyLock<Regex> = LazyLock::new(|| {
    let term = format!("(?:{MONEY}{GAP}?)?{NUMBER}(?:{GAP}?(?:{UNIT}))?");
    let sum = format!(
        "{NUMBER}(?:{GAP}?(?:{UNIT}))?(?:{GAP}[-+−–]{GAP}{term}|{GAP}?[+*×x÷]{GAP}?{term}|{GAP}/{GAP}{term})+"
    );
    pattern(&format!(
        "(?P<sum>{sum}){GAP}?={GAP}?(?:(?P<money>{MONEY}){GAP}?)?(?P<result>{NUMBER})"
    ))
});

/// Whether what stands in the text `before` a sum belongs to it: the sum is the end of a longer one,
/// or of a number that is written in another way.
fn goes_on_before(before: &str) -> bool {
    static TAKEN_UP: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)(?:[a-z0-9_.,:^√)\]}%#\\乘以加减除负倍]|[-+−–×÷/*<>][^\S\n]?
            |\b(?:of|times|plus|minus|by|twice|double|half|over|than|root|negative|d?frac|cdot|div)[^\S\n])$",
        )
    });
    let before = before.trim_end_matches(['$', '€', '£', '¥']);
    // Bold, and items of a list.
    let before = before.strip_suffix("**").unwrap_or(before);
    let line = before.rsplit('\n').next().unwrap_or_default();
    let is_item = line.ends_with(' ') && matches!(line.trim(), "-" | "*" | "+" | "–");
    !is_item && TAKEN_UP.is_match(before)
}

/// Whether the result before the text `behind` goes on there: as a longer number, as a sum, or as a
/// share or a number of thousands.
fn goes_on_behind(behind: &str) -> bool {
    static GOES_ON: LazyLock<Regex> = LazyLock::new(|| {
        let unit = format!("(?:{GAP}?(?:{UNIT}))?");
        laid_out(&format!(
            r"(?i)^(?:[.,:'’]\d|{GAP}\d|{GAP}?[%‰²³^百千万亿成折]
            |{unit}{GAP}?[+*×÷/]{GAP}?[\d(a-z$€£¥√\\]|{unit}{GAP}?[-−–]{GAP}?[\d($€£¥√]|{GAP}?x{GAP}?\d
            |{GAP}?(?:percent|per{GAP}cent|pct|hundred|thousand|million|billion|trillion|dozens?|k|m|bn)\b)"
        ))
    });
    GOES_ON.is_match(behind)
}

/// Whether `text`, a line or a task, speaks of sums that are wrong, or counts in another way than by
/// tens.
pub(crate) fn is_disputed(text: &str) -> bool {
    static DISPUTED: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:wrong|false|incorrect|untrue|mistakes?|mistaken|errors?|not\s+(?:equal|true|right|correct)|isn['’]t
            |mod|modulo|binary|hexadecimal|octal|base[\s-]+(?:\d+|two|eight|sixteen)|o['’]clock)\b|≠|错|不对|误|不等|进制",
        )
    });
    DISPUTED.is_match(text)
}

/// The line of `text` in which `range` stands.
fn line_of(text: &str, range: Range<usize>) -> &str {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..].find('\n');
    &text[start..end.map_or(text.len(), |at| range.end + at)]
}

/// What a text that follows a number says to be counted.
static COUNTED: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("^{GAP}?(?P<unit>{UNIT})")));

/// One number of a sum, with the sign before it, which the first has not.
struct Term<'t> {
    sign: &'t str,
    number: &'t str,
    unit: &'t str,
}

/// The terms of `sum`, in their order.
fn terms(sum: &str) -> Option<Vec<Term<'_>>> {
    static TERM: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            "^(?:{GAP}?(?P<sign>[-+−–*×x÷/]){GAP}?(?:{MONEY}{GAP}?)?)?(?P<number>{NUMBER})"
        ))
    });
    let mut terms = Vec::new();
    let mut rest = sum;
    while !rest.is_empty() {
        let found = TERM.captures(rest)?;
        let sign = found.name("sign").map_or("", |sign| sign.as_str());
        let number = found.name("number")?;
        if sign.is_empty() != terms.is_empty() {
            return None;
        }
        rest = &rest[number.end()..];
        let mut unit = "";
        // An `x` before a number is a sign.
        if !rest.is_empty() && !TERM.is_match(rest) {
            let counted = COUNTED.captures(rest)?.name("unit")?;
            unit = counted.as_str();
            rest = &rest[counted.end()..];
        }
        terms.push(Term {
            sign,
            number: number.as_str(),
            unit,
        });
    }
    Some(terms)
}

/// The result of the sum in `found`, before the text `behind`, where another one is written there.
fn right_result(found: &Captures<'_>, behind: &str) -> Option<String> {
    let terms = terms(&found["sum"])?;
    let said = &found["result"];
    let is = |signs: &[&str]| terms.iter().any(|term| signs.contains(&term.sign));
    let (divides, multiplies) = (is(&["÷", "/"]), is(&["*", "×", "x"]));
    let value = computed(&terms, number)?;
    let result = number(said)?;
    let unit = COUNTED
        .captures(behind)
        .and_then(|found| found.name("unit"));
    let unit = unit.or_else(|| found.name("money"));
    let unit = unit.map_or("", |unit| unit.as_str());
    if value < 0.0
        || is_close(value, result, places_of(said), divides)
        || is_right_with_points(&terms, said)
        || has_several_currencies(&found[0])
        || !is_a_slip(&terms, unit, value, result)
    {
        return None;
    }
    let places = terms.iter().map(|term| places_of(term.number));
    let places = match (divides, multiplies) {
        (true, _) => PLACES_MAX,
        (_, true) => places.sum::<usize>().min(PLACES_MAX),
        _ => places.max()?.max(places_of(said)),
    };
    let mut right = format!("{value:.places$}");
    if (divides || multiplies) && right.contains('.') {
        let short = right.trim_end_matches('0').trim_end_matches('.').to_owned();
        let places = places_of(said);
        right = match places_of(&short) < places {
            true => format!("{value:.places$}"),
            false => short,
        };
    }
    let has_comma = said.contains(',') || terms.iter().any(|term| term.number.contains(','));
    Some(if has_comma { grouped(&right) } else { right })
}

/// Whether `said`, with so many `places`, is `value` rounded; of a quotient also what is whole in it,
/// or enough for it: 50 / 8 = 7 buses.
fn is_close(value: f64, said: f64, places: usize, divides: bool) -> bool {
    let last = 10f64.powi(-(places as i32));
    let most = if divides { last } else { 0.5 * last };
    (value - said).abs() <= most + 1e-9 * value.abs()
}

/// Whether a sum is right where a point parts thousands: `1.200 + 300 = 1.500`.
fn is_right_with_points(terms: &[Term<'_>], said: &str) -> bool {
    let whole = |text: &str| text.replace(['.', ','], "").parse::<f64>().ok();
    let mut all = terms.iter().map(|term| term.number).chain([said]);
    let parted = all.all(|text| matches!(places_of(text), 0 | 3));
    let (value, said) = (computed(terms, whole), whole(said));
    parted
        && value
            .zip(said)
            .is_some_and(|(value, said)| is_close(value, said, 0, false))
}

fn has_several_currencies(text: &str) -> bool {
    let mut signs = text.chars().filter(|c| "$€£¥".contains(*c));
    let first = signs.next();
    signs.any(|sign| Some(sign) != first)
}

/// Whether a result of `said` in `unit`, where `value` is right, is a slip: not the same in another
/// unit, nor an equation with something unknown in it.
fn is_a_slip(terms: &[Term<'_>], unit: &str, value: f64, said: f64) -> bool {
    // As in "2x", but "m" and "g" are letters as well.
    let is_letter = |unit: &str| unit.len() == 1 && unit.bytes().all(|b| b.is_ascii_alphabetic());
    let plain = |unit: &str| unit.to_lowercase().trim_end_matches('s').to_owned();
    let near = value <= SLIP_MAX * said && said <= SLIP_MAX * value;
    let named: BTreeSet<String> = terms
        .iter()
        .filter(|term| !term.unit.is_empty())
        .map(|term| plain(term.unit))
        .collect();
    let adds = |term: &Term<'_>| matches!(term.sign, "" | "+" | "-" | "−" | "–");
    if named.is_empty() {
        return unit.is_empty() || near && !is_letter(unit);
    }
    if terms.iter().all(adds) {
        let all = terms.iter().all(|term| !term.unit.is_empty());
        return all && named.len() == 1 && named.contains(&plain(unit));
    }
    let unknown = terms.iter().any(|term| is_letter(term.unit));
    near && !unknown && (unit.is_empty() || named.contains(&plain(unit)))
}

/// The value of `terms`, products before sums, where `read` reads a number.
fn computed(terms: &[Term<'_>], read: impl Fn(&str) -> Option<f64>) -> Option<f64> {
    let mut values: Vec<f64> = Vec::new();
    for term in terms {
        let number = read(term.number)?;
        match term.sign {
            "" | "+" => values.push(number),
            "-" | "−" | "–" => values.push(-number),
            "÷" | "/" => *values.last_mut()? /= number,
            _ => *values.last_mut()? *= number,
        }
    }
    let sum: f64 = values.iter().sum();
    sum.is_finite().then_some(sum)
}

fn number(text: &str) -> Option<f64> {
    text.replace(',', "").parse().ok()
}

/// Digits behind the point.
fn places_of(number: &str) -> usize {
    number.split_once('.').map_or(0, |(_, places)| places.len())
}

/// `number` with its thousands apart.
fn grouped(number: &str) -> String {
    let (whole, places) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + places
}

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Whether `text` has the number `said`.
fn has_number(text: &str, said: &str) -> bool {
    let Some(said) = number(said) else {
        return false;
    };
    let mut known = numbers(text).into_iter();
    known.any(|known| (known - said).abs() <= 1e-9 * said)
}

/// `text` with `right` in place of the number `wrong`, where it is one by itself.
fn replaced(text: &str, wrong: &str, right: &str) -> String {
    let by_itself = |at: usize| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + wrong.len()..].chars();
        let next = after.next();
        let goes_on = matches!(next, Some('.' | ',' | ':' | '-'))
            && after.next().is_some_and(|c| c.is_ascii_digit());
        let in_front = |c: char| c.is_ascii_alphanumeric() || ".,:#-/".contains(c);
        let behind = |c: char| c.is_ascii_alphanumeric() || "/%".contains(c);
        !before.is_some_and(in_front) && !next.is_some_and(behind) && !goes_on
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
        check("1,200 + 300 = 1,400", Some("1,200 + 300 = 1,500"));
        check(
            "- 0.5 * 0.5 * 0.5 = 0.15",
            Some("- 0.5 * 0.5 * 0.5 = 0.125"),
        );
        check("Total: **12 + 7 = 18**", Some("Total: **12 + 7 = 19**"));
        check("3 kg + 4 kg = 8 kg", Some("3 kg + 4 kg = 7 kg"));
        check("共12 + 7 = 18个", Some("共12 + 7 = 19个"));
        check("90 - 45 = 45", None);
        check("2024-05-01 = 7", None);
        check("20% + 5 = 6", None);
        check("x = 5", None);
        check("5 - 8 = 3", None);
        check("", None);
    }

    #[test]
    fn a_right_sum_stays_as_it_is() {
        let check = |answer: &str| assert_eq!(put_right(answer, ""), None, "{answer}");
        // Worked out step by step, or only a part of a longer sum.
        check("3 * 4 + 2 = 12 + 2 = 14");
        check("2 + 3 = 4 + 1");
        check("-3 + 5 = 2");
        check("4 * (2 + 3) - 5 + 1 = 16");
        check("(1 + 2) * 3 + 4 = 13");
        check("2^3 + 1 = 9");
        check("20% of 50 + 5 = 15");
        check("5 times 2 + 1 = 11");
        check("3乘以4 + 2 = 14");
        // In other units.
        check("2 hours + 30 minutes = 150 minutes");
        check("1 kg + 500 g = 1.5 kg");
        check("2小时 + 30分钟 = 150分钟");
        check("45 + 75 = 2 hours");
        check("3 hours / 2 = 90 minutes");
        check("2 dozen + 6 = 30");
        check("50p + 60p = £1.10");
        check("600,000 + 600,000 = 1.2 million");
        check("7000 + 5000 = 1.2万");
        check("15 / 60 = 25%");
        check("15 / 60 = 25 percent");
        // Rounded, or with a remainder.
        check("50 / 8 = 7 buses");
        check("17 / 5 = 3 remainder 2");
        check("17 ÷ 5 = 3余2");
        check("2 / 3 = 0.66");
        check("5 / 2 = 2 1/2");
        // Equations, and other ways to write a number.
        check("2x + 3 = 11, so x = 4.");
        check("x + 3 + 4 = 10");
        check("2x + 3x = 20");
        check("1 / 2 + 1 / 4 = 3 / 4");
        check("12,50 * 2 = 25,00");
        check("1.200 + 300 = 1.500");
        check("1:30 + 45 = 2:15");
        check("101 + 11 = 1000 in binary");
        check("Weights: 5\n- 3 + 4 = 7");
        // What somebody else says.
        check("That 2 + 2 = 5 is wrong.");
        check("说 2 + 2 = 5 是错的");
    }

    #[test]
    fn a_number_that_stands_elsewhere_stays() {
        let check = |answer: &str, known: &str, want: &str| {
            assert_eq!(put_right(answer, known).as_deref(), Some(want), "{answer}");
        };
        check(
            "3 × 14 = 44, and bus 44 goes there.",
            "Which bus, the 44?",
            "3 × 14 = 42, and bus 44 goes there.",
        );
        check(
            "Of 50 seats, 20 + 20 = 50, or 50 of 50.",
            "",
            "Of 50 seats, 20 + 20 = 40, or 50 of 50.",
        );
    }

    #[test]
    fn what_was_given_stays_as_it_is() {
        let known = "The sign says 2 + 2 = 5.";
        assert_eq!(put_right("It says 2 + 2 = 5.", known), None);
        assert_eq!(put_right("It says 2+2 = 5.", known), None);
    }
}
