//! What the numbers of a task and of a column measure: a unit, degrees of some kind, money, a share.

use std::sync::LazyLock;

use regex::Regex;

use super::units::known;
use crate::pattern::{HAN, laid_out, pattern};

/// Ideographs of a unit.
const HAN_UNIT_MAX: usize = 4;

/// What numbers measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Measure {
    /// A unit, by its name for the calculator.
    Unit(&'static str),
    /// Degrees; of which kind is not said.
    Degrees,
    /// Money, in the currency of this code if one is said.
    Money(Option<&'static str>),
    /// A share in percent.
    Share,
}

/// Words that no unit of [`known`] has: each with what it measures.
static MORE: LazyLock<[(Regex, Measure); 11]> = LazyLock::new(|| {
    let word = |words: &str, measure| (pattern(&format!("^(?i:{words})$")), measure);
    [
        word("degrees?|°|度", Measure::Degrees),
        word("℃|°C", Measure::Unit("°C")),
        word("℉|°F", Measure::Unit("°F")),
        word("%|％|percent|percentage", Measure::Share),
        word("€|eur|euros?|欧元", Measure::Money(Some("EUR"))),
        word(r"\$|usd|dollars?|美元", Measure::Money(Some("USD"))),
        word("£|gbp|英镑", Measure::Money(Some("GBP"))),
        word(
            "¥|￥|cny|rmb|yuan|元|块钱?|人民币",
            Measure::Money(Some("CNY")),
        ),
        word("chf|francs?|法郎", Measure::Money(Some("CHF"))),
        word("months?|个?月", Measure::Unit("month")),
        word("years?|年|岁", Measure::Unit("year")),
    ]
});

/// What numbers beside `word` measure.
pub(super) fn of_word(word: &str) -> Option<Measure> {
    let more = MORE.iter().find(|(name, _)| name.is_match(word));
    if let Some((_, measure)) = more {
        return Some(*measure);
    }
    // It is a unit behind feet only.
    let unit = known(word).filter(|_| word != "in")?;
    Some(Measure::Unit(unit.is))
}

/// What numbers before `text` measure, which is a word, or ideographs that begin with a unit.
pub(super) fn of_text(text: &str) -> Option<Measure> {
    match text.starts_with(|c: char| HAN.contains(&c)) {
        true => of_han(text),
        false => of_word(text),
    }
}

/// What numbers before `text` measure, which begins with ideographs: the longest unit counts.
fn of_han(text: &str) -> Option<Measure> {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let ends: Vec<usize> = ends.take(HAN_UNIT_MAX).collect();
    let mut ends = ends.into_iter().rev();
    ends.find_map(|end| of_word(&text[..end]))
}

/// What the numbers below a `head` measure, as far as it says: the price for a kilogram is money.
pub(super) fn of_head(head: &str) -> Option<Measure> {
    static PRICE: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\b(?:prices?|costs?|fees?|fares?|rents?|amounts?|salary|salaries|wages?)\b
            |价|费用|收费|金额|工资|租金",
        )
    });
    let head = without_per(head);
    let parts = head.split(|c: char| c.is_whitespace() || "()（）[],，:：".contains(c));
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let of_part = |part: &&str| of_word(part).or_else(|| of_word(part.split('/').next()?));
    let said = parts.iter().rev().find_map(of_part);
    let degrees = || head.contains(['°', '℃', '℉']).then_some(Measure::Degrees);
    let money = || PRICE.is_match(&head).then_some(Measure::Money(None));
    said.or_else(degrees).or_else(money)
}

/// The name `head` as words, without that for one of which a value is: "price per case".
pub(super) fn without_per(head: &str) -> String {
    static PER: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\s+per\s.*|每.*"));
    let words = head.replace('_', " ");
    let short = PER.replace(&words, "");
    match short.trim().is_empty() {
        true => words,
        false => short.into_owned(),
    }
}

/// Whether both may measure the same.
pub(super) fn fit(one: Measure, other: Measure) -> bool {
    use Measure::{Degrees, Money, Unit};
    match (one, other) {
        (Degrees, Unit(unit)) | (Unit(unit), Degrees) => ["°C", "°F"].contains(&unit),
        (Money(None), Money(_)) | (Money(_), Money(None)) => true,
        _ => one == other,
    }
}

/// Whether `measure` is one of time: "over 3 days" may say how long something took.
pub(super) fn is_time(measure: Measure) -> bool {
    let times = ["s", "minute", "hour", "day", "week", "month", "year"];
    matches!(measure, Measure::Unit(unit) if times.contains(&unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_what_its_numbers_measure() {
        let check = |head: &str, want: Option<Measure>| assert_eq!(of_head(head), want, "{head}");
        check("Morning °C", Some(Measure::Unit("°C")));
        check("早晨℃", Some(Measure::Degrees));
        check("Weight (kg)", Some(Measure::Unit("kg")));
        check("Speed km/h", Some(Measure::Unit("km/hour")));
        check("Price (EUR)", Some(Measure::Money(Some("EUR"))));
        check("EUR/kg", Some(Measure::Money(Some("EUR"))));
        check("price_per_kg", Some(Measure::Money(None)));
        check("价格（元）", Some(Measure::Money(Some("CNY"))));
        check("Share in %", Some(Measure::Share));
        check("Seats", None);
        check("Born in", None);
        check("高度", None);
        check("", None);
    }

    #[test]
    fn measures_fit_where_they_may_be_the_same() {
        let check = |one: &str, other: &str, want: bool| {
            let [one, other] = [one, other].map(|word| of_word(word).expect("a measure"));
            assert_eq!(fit(one, other), want, "{one:?} {other:?}");
            assert_eq!(fit(other, one), want, "{other:?} {one:?}");
        };
        check("degrees", "°C", true);
        check("kg", "kilograms", true);
        check("kg", "g", false);
        check("degrees", "kg", false);
        check("euros", "€", true);
        check("euros", "dollars", false);
        check("%", "percent", true);
        check("%", "euros", false);
    }

    #[test]
    fn the_longest_unit_counts_before_other_ideographs() {
        let check = |text: &str, want: Option<Measure>| assert_eq!(of_text(text), want, "{text}");
        check("公斤的货", Some(Measure::Unit("kg")));
        check("元的茶", Some(Measure::Money(Some("CNY"))));
        check("度", Some(Measure::Degrees));
        check("家店", None);
        check("元/斤", Some(Measure::Money(Some("CNY"))));
        // A word that only begins with a unit.
        check("men", None);
        check("seats", None);
        check("", None);
    }
}
