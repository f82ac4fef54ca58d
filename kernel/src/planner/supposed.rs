//! Values that a program gives to quantities though nobody told them.

use std::sync::LazyLock;

use regex::Regex;

use super::numbers::{CONVERTS, LARGE, alike, in_any_form};
use crate::pattern::pattern;

/// Whether the program `code` gives a quantity a value that does not stand in `read`, or says that it
/// assumes one. Lengths of time, thousands and parts of a hundred go without saying. Where a word may
/// stand for a share or for a large number, no value counts as given by nobody.
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
    let goes_without_saying = |number: f64| {
        let thousands = number >= 1_000.0 && number.log10().fract() == 0.0;
        thousands || GOES_WITHOUT_SAYING.contains(&number) || CONVERTS.contains(&number)
    };
    let by_words = LARGE.is_match(read) || SHARES.is_match(read);
    let supposed = GIVES.captures_iter(code).any(|found| {
        let number: f64 = found[2].parse().unwrap_or_default();
        // No price is a length of time.
        let is_usual = match MONEY.is_match(&found[1]) {
            true => number == 0.0,
            false => goes_without_saying(number),
        };
        !is_usual && !known.iter().any(|known| alike(*known, number))
    });
    SAYS.is_match(code) || !by_words && supposed
}

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
        assert!(!supposes("    share = 0.5", "Half of the 40 seats."));
        assert!(!supposes("    seats = 200", "It has two hundred seats."));
    }
}
