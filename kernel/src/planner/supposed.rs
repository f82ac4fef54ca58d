//! Values that a program gives to quantities though nobody told them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::numbers::{CONVERTS, LARGE, alike, in_any_form};
use super::poor_answer::stem;
use crate::pattern::{laid_out, pattern};

/// Whether the program `code` gives a quantity a value that does not stand in `read`, or says that it
/// assumes one. Lengths of time, thousands and parts of a hundred go without saying, unless they are
/// given to something that `read` names: "rooms = 2". Where a word may stand for a share or for a large
/// number, no value counts as given by nobody.
pub(crate) fn supposes(code: &str, read: &str) -> bool {
    static SAYS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)#.*(?:\bassum|\bsuppos|\bplaceholder|假设|假定)"));
    static GIVES: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?m)^\s*([a-z]\w*)\s*=\s*(\d+(?:\.\d+)?)\s*(?:#.*)?$"));
    static MONEY: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?:^|_)(?:price|cost|fee|fare|wage|salary|rent|deposit)s?(?:_|$)")
    });
    static SHARES: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)\b(?:half|halves|quarters?|thirds?|triple|thrice)\b|半"));
    let known = in_any_form(read);
    let words = words(read);
    let goes_without_saying = |number: f64| {
        let thousands = number >= 1_000.0 && number.log10().fract() == 0.0;
        thousands || GOES_WITHOUT_SAYING.contains(&number) || CONVERTS.contains(&number)
    };
    let by_words = LARGE.is_match(read) || SHARES.is_match(read);
    let supposed = GIVES.captures_iter(code).any(|found| {
        let number: f64 = found[2].parse().unwrap_or_default();
        // No price is a length of time, and nobody says of rooms that there are twelve.
        let is_usual = match MONEY.is_match(&found[1]) {
            true => number == 0.0,
            false if number > 1.0 && goes_without_saying(number) => {
                !names_a_thing(&found[1], &words) || is_two_by_words(number, read)
            }
            false => goes_without_saying(number),
        };
        !is_usual && !known.iter().any(|known| alike(*known, number))
    });
    SAYS.is_match(code) || !by_words && supposed
}

/// Whether the quantity `name` of a program is a thing among `words`, and no length of time, share or
/// factor between units.
fn names_a_thing(name: &str, words: &BTreeSet<String>) -> bool {
    static MEASURES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?:^|_)(?:per|to|in|each|seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|times?|dozens?
            |percent\w*|rates?|shares?|discounts?|ratios?|factors?|pairs?|halves|half|grams?|kg|kilo\w*|met(?:er|re)s?|cm|mm|km
            |lit(?:er|re)s?|ml|cents?|index|start|end|step|result|answer|total|sum)(?:_|$)",
        )
    });
    let mut parts = name.split('_').filter(|part| part.len() >= THING_CHARS_MIN);
    !MEASURES.is_match(name) && parts.any(|part| words.contains(stem(part)))
}

/// Whether `number` is the two that a word of `read` stands for: both, twice, there and back.
fn is_two_by_words(number: f64, read: &str) -> bool {
    static TWO: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:both|doubles?|twice|pairs?|couple|return|round|back|ways?|sides?|twins?|second|another|other)\b
            |[双两倍]|来回|往返",
        )
    });
    number == 2.0 && TWO.is_match(read)
}

/// The words of `text` in small letters, each in the singular.
fn words(text: &str) -> BTreeSet<String> {
    let text = text.to_lowercase();
    let words = text.unicode_words().map(|word| stem(word).to_owned());
    words.collect()
}

/// Letters of a part of a name from which on it is a word.
const THING_CHARS_MIN: usize = 3;

/// Numbers of any program: where it begins to count, months, hours, minutes, parts of a hundred.
const GOES_WITHOUT_SAYING: [f64; 10] = [0.0, 1.0, 2.0, 7.0, 12.0, 24.0, 30.0, 52.0, 60.0, 100.0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_assumes_a_price_supposes_it() {
        let check = |code: &str, want: bool| {
            let read = "两张成人票，三张儿童票。 A ticket is 65, five for 300.";
            assert_eq!(supposes(code, read), want, "{code}");
        };
        check("    price = 65\n    adults = 2\n    children = 3", false);
        check("    group = 5\n    price = 300  # for five", false);
        check("    price = 40", true);
        check("    price_per_child = 30", true);
        check("    total_cost = 0\n    days = 30", false);
        check("    price = 65  # Assuming it is for adults", true);
        check("    total = 0\n    share = 12 / 100", false);
        check("    return 40 * 2", false);
        check("    grams = 1000", false);
        check("", false);
    }

    #[test]
    fn how_many_there_are_of_a_thing_does_not_go_without_saying() {
        let check = |code: &str, read: &str, want: bool| {
            assert_eq!(supposes(code, read), want, "{code} {read}");
        };
        let rooms = "A room costs 89 a night. How much do all rooms of our list cost for 3 nights?";
        check("    rooms = 2", rooms, true);
        check("    number_of_rooms = 12  # rooms", rooms, true);
        check("    nights = 7", rooms, true);
        // It is said, or nothing is counted yet.
        check("    nights = 3", rooms, false);
        check("    rooms = 0", rooms, false);
        check("    room = 1", rooms, false);
        // It is no thing that is told of, or a measure.
        check("    factor = 2", rooms, false);
        check("    beds = 2", rooms, false);
        check("    nights_per_week = 7", rooms, false);
        check("    days_of_rooms = 30", rooms, false);
        // A word stands for it.
        let ways = "A trip costs 35. What do both trips cost?";
        check("    trips = 2", ways, false);
        check("    trips = 12", ways, true);
        check("    trips = 2", "一趟35元，往返 trips 多少钱？", false);
    }

    #[test]
    fn a_word_may_stand_for_a_value() {
        assert!(!supposes("    share = 0.5", "Half of the 40 seats."));
        assert!(!supposes("    seats = 200", "It has two hundred seats."));
    }
}
