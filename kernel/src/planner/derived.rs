//! Numbers that stand nowhere and follow from what does: the same in another unit, digits that are
//! parted in another way, and two numbers put together where the task asks for that.

use std::sync::LazyLock;

use regex::Regex;

use super::numbers::{CONVERTS, COUNTS_MAX, LARGE, alike, in_any_form, numbers};
use super::wording::puts_numbers_together;
use crate::pattern::pattern;

/// Factors between units beside the larger ones: of days, months, hours, minutes, and of tens.
const UNITS: [f64; 8] = [7.0, 10.0, 12.0, 24.0, 60.0, 100.0, 1_000.0, 1_000_000.0];
/// The fewest digits of a number that names something, such as a telephone.
const NAME_DIGITS: usize = 5;
/// Numbers up to which any two of those that were read may have been put together.
const PAIRS_MAX: usize = 40;

fn factors() -> impl Iterator<Item = f64> {
    UNITS.into_iter().chain(CONVERTS)
}

/// Whether `expression` has a number that stands nowhere in what was `read`. Factors between units
/// need not.
pub(crate) fn computes_with_another(expression: &str, read: &str) -> bool {
    let known = in_any_form(read);
    let new = |said: &f64| {
        let is_factor = factors().any(|factor| factor == *said);
        !is_factor && !known.iter().any(|known| alike(*known, *said))
    };
    !LARGE.is_match(read) && numbers(expression).iter().any(new)
}

/// Whether `code` has a number that stands in `one` and not in `other`, and one of which the opposite is
/// true.
pub(crate) fn takes_of_both(code: &str, one: &str, other: &str) -> bool {
    let (code, one, other) = (numbers(code), in_any_form(one), in_any_form(other));
    let has = |known: &[f64], said: f64| known.contains(&said);
    let takes = |of: &[f64], without: &[f64]| {
        let mut said = code.iter();
        said.any(|said| has(of, *said) && !has(without, *said))
    };
    takes(&one, &other) && takes(&other, &one)
}

/// Whether `code` has a number that stands in `one` and another number that stands in `other`. Both may
/// stand in both: a page has many small numbers.
pub(crate) fn takes_one_of_each(code: &str, one: &str, other: &str) -> bool {
    let code = numbers(code);
    let taken = |text: &str| -> Vec<f64> {
        let known = in_any_form(text);
        let is_known = |said: &&f64| known.iter().any(|known| alike(*known, **said));
        code.iter().filter(is_known).copied().collect()
    };
    let (one, other) = (taken(one), taken(other));
    let is_another = |said: &f64| other.iter().any(|other| other != said);
    one.iter().any(is_another)
}

/// Whether `answer` to the task `told` has a number that neither stands in what was `read` nor
/// follows from that. Small ones count things.
pub(super) fn has_a_number_from_nowhere(answer: &str, read: &str, told: &str) -> bool {
    if LARGE.is_match(read) {
        return false;
    }
    let known = in_any_form(read);
    let mut others = Vec::new();
    if puts_numbers_together(told) {
        others = in_any_form(told);
        if known.len() <= PAIRS_MAX {
            others.extend(&known);
        }
    }
    let said = numbers(&without_names(answer, read)).into_iter();
    let mut large = said.filter(|said| *said > COUNTS_MAX);
    large.any(|said| !follows(said, &known, &others))
}

/// Whether `said` is one of `known`, in any unit, or comes of one of these and one of `others`.
fn follows(said: f64, known: &[f64], others: &[f64]) -> bool {
    let is = |number: f64| number.is_finite() && alike(number, said);
    let of_both = |one: f64, other: f64| {
        let share = one * other / 100.0;
        [
            one * other,
            one / other,
            other / one,
            one + other,
            (one - other).abs(),
            one + share,
            one - share,
        ]
        .into_iter()
        .any(is)
    };
    known.iter().any(|one| {
        is(*one)
            || factors().any(|factor| is(one * factor) || is(one / factor))
            || others.iter().any(|other| of_both(*one, *other))
    })
}

/// `answer` without the long numbers whose digits stand in `read`, however they are parted.
fn without_names(answer: &str, read: &str) -> String {
    static PARTED: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d(?:[\s().,/+-]{0,2}\d)+"));
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let known: Vec<String> = PARTED
        .find_iter(read)
        .map(|found| digits(found.as_str()))
        .collect();
    let kept = PARTED.replace_all(answer, |found: &regex::Captures<'_>| {
        let said = digits(&found[0]);
        let is_known = known.iter().any(|known| known.contains(&said));
        match said.len() >= NAME_DIGITS && is_known {
            true => " ".to_owned(),
            false => found[0].to_owned(),
        }
    });
    kept.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_follows_is_not_from_nowhere() {
        let check = |told: &str, read: &str, answer: &str, want: bool| {
            let found = has_a_number_from_nowhere(answer, read, told);
            assert_eq!(found, want, "{told} {read} {answer}");
        };
        let far = "How many metres is the mill away?";
        check(far, "The mill is 2.5 km away.", "It is 2500 m.", false);
        check(far, "The mill is 2.5 km away.", "It is 2600 m.", true);
        let long = "How many minutes does the tour take?";
        check(long, "The tour takes two hours.", "120 minutes.", false);
        check(long, "The tour takes a while.", "120 minutes.", true);
        let nine = "What do nine sacks cost?";
        check(nine, "A sack costs 35 euros.", "315 euros.", false);
        check(nine, "A sack costs 35 euros.", "320 euros.", true);
        check("九袋多少钱？", "一袋35元", "315元", false);
        check(
            "How much dearer is rye than oats?",
            "Rye: 350. Oats: 130.",
            "By 220 euros.",
            false,
        );
        check(
            "What does the lamp cost at 20 % off?",
            "The lamp costs 250 euros.",
            "200 euros.",
            false,
        );
        let call = "What is the number of the mill?";
        check(call, "Call (030) 1234 567.", "0301234567", false);
        check(call, "Call 0301234567.", "030-1234-567", false);
        check(call, "Call 0301234567.", "0309999999", true);
        // Nothing is to be put together.
        check(
            "What does a sack cost?",
            "Rye: 350. Oats: 130.",
            "480",
            true,
        );
        check("", "It has 0 wheels.", "500", true);
        check("", "", "", false);
    }

    #[test]
    fn a_program_takes_numbers_of_two_texts() {
        let check = |code: &str, want: bool| {
            let (memory, page) = (
                "We are four, and 2 come late.",
                "A seat costs 35, a box 2 more.",
            );
            assert_eq!(takes_of_both(code, memory, page), want, "{code}");
        };
        check("return 4 * 35", true);
        check("return 35 * 12", false);
        check("return 4 + 2", false);
        // Both have it.
        check("return 2 * 2", false);
        check("return 2 * 35", false);
        check("", false);
    }

    #[test]
    fn a_program_takes_a_number_of_each_text() {
        let check = |code: &str, want: bool| {
            let notes = "We are four, and 2 come late.";
            let page = "A seat costs 35, a box for 4 costs 2 more.";
            assert_eq!(takes_one_of_each(code, notes, page), want, "{code}");
        };
        check("return 4 * 35", true);
        check("people = 4\nprice = 35\nreturn people * price", true);
        check("return 2 * 4", true);
        check("return 35 * 12", false);
        check("return 35 * 35", false);
        check("return 4", false);
        check("", false);
    }

    #[test]
    fn a_factor_between_units_need_not_stand_anywhere() {
        let check = |expression: &str, want: bool| {
            let read = "The tour takes two hours, 14 km in all.";
            assert_eq!(
                computes_with_another(expression, read),
                want,
                "{expression}"
            );
        };
        check("2 * 60", false);
        check("14 * 1000", false);
        check("14 + 3", true);
        check("14 - 1", true);
        check("", false);
    }
}
