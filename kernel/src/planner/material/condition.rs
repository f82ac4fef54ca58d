//! The condition that a task sets for numbers of a table: "above 8 degrees", "不低于5元".

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::measure::{Measure, of_text, of_word};
use crate::pattern::{laid_out, pattern};

/// A number in digits, with its sign.
const NUMBER: &str = r"(?P<number>[-−]?\d+(?:,\d{3})*(?:\.\d+)?)";

/// The condition of a task.
#[derive(Debug, PartialEq)]
pub(super) struct Condition {
    /// The words of the task: "above 8".
    pub(super) said: String,
    /// The number that values are compared with.
    pub(super) number: f64,
    /// What that number measures.
    pub(super) measure: Option<Measure>,
    /// The word behind the number, in small letters; empty where none stands there.
    pub(super) thing: String,
    bound: Bound,
}

/// On which side of the number values are to be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    Over,
    Least,
    Under,
    Most,
}

impl Condition {
    /// The condition of `task`. `None` where it sets none or several, turns one round, or sets one
    /// for the length of the answer.
    pub(super) fn of(task: &str) -> Option<Self> {
        let mut met = Vec::new();
        for before in [true, false] {
            let form = if before { &*BEFORE } else { &*BEHIND };
            for found in form.captures_iter(task) {
                let at = found.name("number")?.start();
                if met.iter().all(|(known, _)| *known != at) {
                    met.push((at, read(task, &found)));
                }
            }
        }
        match met.len() {
            1 => met.pop()?.1,
            _ => None,
        }
    }

    /// Whether `value` fits.
    pub(super) fn holds(&self, value: f64) -> bool {
        match self.bound {
            Bound::Over => value > self.number,
            Bound::Least => value >= self.number,
            Bound::Under => value < self.number,
            Bound::Most => value <= self.number,
        }
    }
}

/// A bound that stands before its number.
static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(&format!(
        r"(?i)(?:(?P<least>\bat\s+least\b|不低于|不少于|不小于|至少)
        |(?P<most>\bat\s+most\b|不超过|不高于|不大于|不多于|最多|至多)
        |(?P<over>\b(?:above|over|exceed(?:s|ed|ing)?|(?:more|higher|greater|larger)\s+than)\b|超过|高于|大于|多于)
        |(?P<under>\b(?:below|under|(?:less|lower|fewer|smaller)\s+than)\b|低于|少于|小于|不足))
        \s*(?P<sign>[€$£¥￥])?\s?{NUMBER}"
    ))
});

/// A bound that stands behind its number, with at most a unit between.
static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"{NUMBER}\s?[\p{{Han}}°℃%A-Za-z]{{0,4}}?(?:(?P<least>以上)|(?P<most>以下))"
    ))
});

/// The condition that was `found` in `task`.
fn read(task: &str, found: &Captures) -> Option<Condition> {
    static NEGATED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)(?:\b(?:no|not|never|without|cannot)|n['’]t)\s+(?:\w+\s+){0,2}$|[没未不非别]有?$",
        )
    });
    static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?:[.,:/\-–]?\d|[-–]\w|\s?(?:-|–|to|or|and)\s?\d|(?:st|nd|rd|th)\b
            |[\s-]?(?:hundred|thousand|million|billion|dozen)|k\b|\s?(?:am|pm|o['’]clock)\b|\s?[百千万亿点号日月到至或])",
        )
    });
    // The length of an answer.
    static LENGTH: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^\s?(?:(?:\w+\s)?(?:words?|sentences?|lines?|characters?|paragraphs?|bullets?|examples?)\b|个?字|句|行|段)",
        )
    });
    let (whole, number) = (found.get(0)?, found.name("number")?);
    let rest = &task[number.end()..];
    let before = &task[..whole.start()];
    // From 8 to 10, and no number below nought.
    let has_sign = number.as_str().starts_with(['-', '−']);
    let is_span = has_sign && task[..number.start()].ends_with(|c: char| c.is_ascii_alphanumeric());
    let is_other = NEGATED.is_match(before) || OTHERS.is_match(rest) || LENGTH.is_match(rest);
    if is_span || is_other {
        return None;
    }
    let bounds = [
        ("over", Bound::Over),
        ("least", Bound::Least),
        ("under", Bound::Under),
        ("most", Bound::Most),
    ];
    let mut bounds = bounds.into_iter();
    let (_, bound) = bounds.find(|(name, _)| found.name(name).is_some())?;
    let thing = thing_behind(rest);
    let sign = found.name("sign");
    let measure = sign.and_then(|sign| of_word(sign.as_str()));
    let value = number.as_str().replace(',', "").replace('−', "-");
    Some(Condition {
        said: whole.as_str().to_owned(),
        number: value.parse().ok()?,
        measure: measure.or_else(|| of_text(&thing)),
        thing,
        bound,
    })
}

/// The word that `rest` begins with: a sign, a word of letters or some ideographs.
fn thing_behind(rest: &str) -> String {
    static THING: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"^\s?(?P<thing>°\s?[CFcf]\b|[°℃℉%％€$£¥]|\p{Han}+|[\p{Latin}²³/]+)")
    });
    let found = THING.captures(rest);
    let thing = found.map(|found| found["thing"].replace(' ', ""));
    let thing = thing.unwrap_or_default().to_lowercase();
    // A bound, or a word that only leads on.
    let parts = ["以上", "以下", "的", "了"];
    let end = parts.iter().filter_map(|part| thing.find(*part)).min();
    thing[..end.unwrap_or(thing.len())].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_has_a_bound_and_a_number() {
        use Bound::{Least, Most, Over, Under};
        let check = |task: &str, bound: Bound, said: &str, thing: &str| {
            let found = Condition::of(task).expect(task);
            let (words, of) = (found.said.as_str(), found.thing.as_str());
            assert_eq!((found.bound, words, of), (bound, said, thing), "{task}");
        };
        check("Which day was above 8 degrees?", Over, "above 8", "degrees");
        check("Which cost more than €1,200?", Over, "more than €1,200", "");
        check("Who exceeded 12.5?", Over, "exceeded 12.5", "");
        check(
            "Which have at least 30 seats?",
            Least,
            "at least 30",
            "seats",
        );
        check("Which was below -3 °C?", Under, "below -3", "°c");
        check("Fewer than 5 in May?", Under, "Fewer than 5", "in");
        check("Which has at most 40?", Most, "at most 40", "");
        check("哪天超过8度？", Over, "超过8", "度");
        check("哪些不低于30元？", Least, "不低于30", "元");
        check("哪些不超过30元的茶？", Most, "不超过30", "元");
        check("哪些不足5公斤", Under, "不足5", "公斤");
        check("哪天8度以上？", Least, "8度以上", "度");
        check("哪些在30公斤以下", Most, "30公斤以下", "公斤");
    }

    #[test]
    fn other_numbers_set_none() {
        let check = |task: &str| assert_eq!(Condition::of(task), None, "{task}");
        check("How many seats has room 8?");
        check("What is over there, 8?");
        // Turned round, or two.
        check("Which day was not above 8?");
        check("Which must not be more than 8?");
        check("Which doesn't exceed 8?");
        check("哪天没有超过8度？");
        check("Which is above 8 and below 12?");
        check("Which is over 8 to 12?");
        check("超过8度低于12度");
        // Other numbers, times and days.
        check("Which is over 8 thousand?");
        check("Which is over 8k?");
        check("哪个超过8万？");
        check("Is it open over 8:30?");
        check("Is it under 8 pm?");
        check("The list over 8-10?");
        check("哪天8-10度以上？");
        // Of the answer.
        check("Say it in at most 50 words.");
        check("Name the rooms in under 3 short sentences.");
        check("不超过50字");
        check("");
    }
}
