//! Days of the calendar that are written out: 5 May, March 3rd 2026, 2026-02-03, 12月25日. Days
//! that are told by how far off they are stand in `planner/calendar`.
//!
//! "May" and "March" are verbs too, and a number beside them may count something: those are days
//! only where what stands around them says so.

use std::ops::Range;
use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate};
use regex::{Captures, Regex};

use super::numbers;
use crate::pattern::{HAN, pattern};

/// The days of a week, from Monday on.
const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
/// The same in Chinese, as they stand behind 星期.
const HAN_WEEKDAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
/// How the names of months begin.
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
/// The days of a month in Chinese numerals.
pub(crate) const HAN_DAY: &str = "[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九]";
/// Names of months.
const MONTH: &str = "jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|apr(?:il)?|may|june?|juni|july?|juli|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";
/// Those that are other words too.
const AMBIGUOUS: [&str; 3] = ["may", "march", "mar"];
/// Words before a day.
const BEFORE: [&str; 11] = [
    "on", "by", "until", "till", "before", "after", "since", "from", "between", "due", "dated",
];
/// Words after a day: behind a number that counts something there is what it counts.
const AFTER: [&str; 11] = [
    "at", "for", "in", "is", "was", "from", "until", "till", "please", "instead", "as",
];
/// Years ahead within which there is a 29 February.
const YEARS_AHEAD: i32 = 8;

/// A day that is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Where it stands in the text, in bytes.
    pub(crate) at: Range<usize>,
    /// Its year, where that is written too.
    pub(crate) year: Option<i32>,
    month: u32,
    day: u32,
}

impl Written {
    /// The date that it is in `year`.
    pub(crate) fn in_year(&self, year: i32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, self.month, self.day)
    }

    /// Its date; without a year the first of its kind from `today` on.
    pub(crate) fn from(&self, today: NaiveDate) -> Option<NaiveDate> {
        match self.year {
            Some(year) => self.in_year(year),
            None => next(today, self.month, self.day),
        }
    }
}

/// The month that is called `name`, in full or by its first letters. Capital letters do not count.
pub(crate) fn month_named(name: &str) -> Option<u32> {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("^(?:{MONTH})$")));
    let name = name.to_lowercase();
    let at = MONTHS.iter().position(|month| name.starts_with(*month))?;
    NAMED.is_match(&name).then_some(at as u32 + 1)
}

/// The first such day from `today` on; 29 February may be some years off.
pub(crate) fn next(today: NaiveDate, month: u32, day: u32) -> Option<NaiveDate> {
    let years = today.year()..=today.year() + YEARS_AHEAD;
    let mut days = years.filter_map(|year| NaiveDate::from_ymd_opt(year, month, day));
    days.find(|date| *date >= today)
}

/// A pattern of the English names that [`weekday`] reads. Capital letters are for its flags.
pub(crate) fn any_weekday() -> String {
    WEEKDAYS.join("|")
}

/// The place of `date` in its week: 0 of a Monday, 6 of a Sunday.
pub(crate) fn in_week(date: NaiveDate) -> i64 {
    i64::from(date.weekday().num_days_from_monday())
}

/// The first day after `today` that has this place in the week.
pub(crate) fn next_weekday(today: NaiveDate, weekday: u32) -> Option<NaiveDate> {
    let mut days = (1..=7).filter_map(|n| today.checked_add_days(Days::new(n)));
    days.find(|date| in_week(*date) == i64::from(weekday))
}

/// 星期 and its day.
pub(crate) fn weekday_in_chinese(date: NaiveDate) -> String {
    format!("星期{}", HAN_WEEKDAYS[in_week(date) as usize])
}

/// The place in the week of the day behind 星期 or 周, from Monday on: 0 of 一, 6 of 日 and 天.
pub(crate) fn weekday_of_han(day: &str) -> Option<u32> {
    let day = if day == "天" { "日" } else { day };
    let at = HAN_WEEKDAYS.iter().position(|han| *han == day);
    at.map(|at| at as u32)
}

/// The place of a weekday in the week, from Monday on. Capital letters do not count.
pub(crate) fn weekday(name: &str) -> Option<u32> {
    let mut days = WEEKDAYS.iter();
    let at = days.position(|day| day.eq_ignore_ascii_case(name));
    at.map(|at| at as u32)
}

/// Whether what a pattern found in a text is a day.
type Check = fn(&str, &Captures<'_>) -> bool;

/// How days are written, and what has to hold around them.
static FORMS: LazyLock<Vec<(Regex, Check)>> = LazyLock::new(|| {
    let form = |text: String, check: Check| (pattern(&text), check);
    vec![
        form(
            r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})".to_owned(),
            stands_alone,
        ),
        form(
            r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})".to_owned(),
            stands_alone,
        ),
        form(
            r"(?:(?P<year>\d{4})\s?年\s?)?(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?(?P<nth>[日号])?".to_owned(),
            is_chinese,
        ),
        form(
            format!(r"(?:(?P<year>[〇零一二三四五六七八九]{{4}}|\d{{4}})\s?年\s?)?(?P<month>十[一二]?|[一二三四五六七八九])月(?P<day>{HAN_DAY}|\d{{1,2}})(?P<nth>[日号])"),
            is_in_numerals,
        ),
        form(
            format!(r"(?i)\b(?P<month>{MONTH})\.?\s+(?P<day>\d{{1,2}})(?P<nth>st|nd|rd|th)?\b(?:,?\s+(?P<year>[12]\d{{3}})\b)?"),
            month_first,
        ),
        form(
            format!(r"(?i)\b(?P<day>\d{{1,2}})(?P<nth>st|nd|rd|th|\.)?\s+(?P<of>of\s+)?(?P<month>{MONTH})\b(?:\.?,?\s+(?P<year>[12]\d{{3}})\b)?"),
            day_first,
        ),
    ]
});

/// The days that are written out in `text`, in their order.
pub(crate) fn written(text: &str) -> Vec<Written> {
    let mut days: Vec<Written> = Vec::new();
    for (form, check) in FORMS.iter() {
        for found in form.captures_iter(text) {
            let Some(day) = read(&found).filter(|_| check(text, &found)) else {
                continue;
            };
            let is_apart =
                |known: &Written| known.at.end <= day.at.start || day.at.end <= known.at.start;
            if days.iter().all(is_apart) {
                days.push(day);
            }
        }
    }
    days.sort_by_key(|day| day.at.start);
    days
}

fn read(found: &Captures<'_>) -> Option<Written> {
    let month = found["month"].to_lowercase();
    let named = || MONTHS.iter().position(|name| month.starts_with(*name));
    let number = |text: &str| text.parse().ok().or_else(|| numbers::han_count(text));
    let month = number(&month).or_else(|| named().map(|at| at as u32 + 1))?;
    let year = found.name("year").map(|year| numbers::year(year.as_str()));
    let day = Written {
        at: found.get(0)?.range(),
        year: match year {
            Some(year) => Some(year?),
            None => None,
        },
        month,
        day: number(&found["day"])?,
    };
    // A leap year has every day.
    day.in_year(day.year.unwrap_or(2024)).map(|_| day)
}

/// What stands before and after all that was found.
fn around<'a>(text: &'a str, found: &Captures<'_>) -> (&'a str, &'a str) {
    let at = found.get(0).map_or(0..0, |whole| whole.range());
    (&text[..at.start], &text[at.end..])
}

/// Whether digits are no part of a longer number, a version or an id.
fn stands_alone(text: &str, found: &Captures<'_>) -> bool {
    let (before, after) = around(text, found);
    let joins = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '.' | '_');
    let mut next = after.chars();
    let goes_on = match next.next() {
        Some('.') => next.next().is_some_and(|c| c.is_ascii_digit()),
        // A time of day follows.
        Some('T') => !next.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '_'),
        None => false,
    };
    !before.ends_with(joins) && !goes_on
}

/// Whether 月 and what follows are a day: with 日 or 号, or with nothing that is counted.
fn is_chinese(text: &str, found: &Captures<'_>) -> bool {
    let (before, after) = around(text, found);
    let counts = |c: char| c.is_alphanumeric() || matches!(c, '%' | '.' | '％');
    let is_part = before.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    !is_part && (found.name("nth").is_some() || !after.starts_with(counts))
}

/// Whether a day in Chinese numerals is no part of a longer one.
fn is_in_numerals(text: &str, found: &Captures<'_>) -> bool {
    let (before, _) = around(text, found);
    let joins =
        |c: char| c.is_ascii_digit() || numbers::HAN_SIGNS.contains(c) || "第每几".contains(c);
    !before.ends_with(joins)
}

fn month_first(text: &str, found: &Captures<'_>) -> bool {
    let (before, after) = around(text, found);
    let mut next = after.chars();
    let is_longer = match next.next() {
        Some('%' | '°') => true,
        Some('.' | ',' | ':') => next.next().is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    };
    // A verb may stand at the head of a sentence; within one a capital letter makes a name.
    let is_name = is_capital(found) && !begins_sentence(before);
    !is_longer && (is_plain(found) || is_name || is_said_around(before, after))
}

fn day_first(text: &str, found: &Captures<'_>) -> bool {
    let (before, after) = around(text, found);
    let mut last = before.chars().rev();
    let is_longer = match last.next() {
        Some('$' | '€' | '£' | '¥') => true,
        Some('.' | ',' | ':' | '/') => last.next().is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    };
    !is_longer && (is_plain(found) || is_capital(found) || is_said_around(before, after))
}

/// Whether the month can be nothing else.
fn is_plain(found: &Captures<'_>) -> bool {
    let is_other = AMBIGUOUS
        .iter()
        .any(|word| found["month"].eq_ignore_ascii_case(word));
    let more = ["nth", "of", "year"];
    !is_other || more.iter().any(|name| found.name(name).is_some())
}

fn is_capital(found: &Captures<'_>) -> bool {
    found["month"].starts_with(char::is_uppercase)
}

fn begins_sentence(before: &str) -> bool {
    let before = before.trim_end();
    let is_mark = |c: char| {
        matches!(
            c,
            '.' | '!' | '?' | ':' | ';' | '"' | '“' | '(' | '-' | '。'
        )
    };
    before.is_empty() || before.ends_with(is_mark)
}

/// Whether the words before or after say that a day stands between them.
fn is_said_around(before: &str, after: &str) -> bool {
    let is_one_of = |words: &[&str], word: &str| {
        let mut words = words.iter();
        words.any(|known| known.eq_ignore_ascii_case(word))
    };
    let last = before.split_whitespace().next_back().unwrap_or_default();
    let follows = after.trim_start();
    let ends = match follows.chars().next() {
        None => true,
        Some(c) => HAN.contains(&c) || !(c.is_alphanumeric() || matches!(c, '$' | '€' | '£' | '%')),
    };
    let mut next = follows.split(|c: char| !c.is_alphanumeric());
    let next = next.next().unwrap_or_default();
    is_one_of(&BEFORE, last) || ends || is_one_of(&AFTER, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_they_are_written() {
        let today = NaiveDate::from_ymd_opt(2026, 2, 3).unwrap();
        let check = |text: &str, want: &[&str]| {
            let days = written(text);
            let days = days.iter().filter_map(|day| day.from(today));
            let days: Vec<String> = days.map(|date| date.to_string()).collect();
            assert_eq!(days, want, "{text}");
        };
        check(
            "On 5 May and on March 3rd, 2027",
            &["2026-05-05", "2027-03-03"],
        );
        check("May 20th at 19:00", &["2026-05-20"]);
        check("Book may 5 at noon", &["2026-05-05"]);
        check("Is May 5 free?", &["2026-05-05"]);
        check("the 1st of march", &["2026-03-01"]);
        check("am 3. Februar 2027", &["2027-02-03"]);
        check(
            "2026/2/3, 3.2.2026 and 2026-02-03T10:00",
            &["2026-02-03"; 3],
        );
        check("3-5 May", &["2026-05-05"]);
        check("Sept 9 or Feb 29", &["2026-09-09", "2028-02-29"]);
        check("2026年5月5日，或者 6月1号", &["2026-05-05", "2026-06-01"]);
        check("3月15，怎么样", &["2026-03-15"]);
        check(
            "三月五日和十二月三十一号，二〇二七年一月1日",
            &["2026-03-05", "2026-12-31", "2027-01-01"],
        );
        check("2027年十月十日", &["2027-10-10"]);
        // What is none.
        for text in [
            "Who may 5 people ask?",
            "May 5 people come along?",
            "may 5 or 6 of them come",
            "Only 12 may come in",
            "March 3 miles north",
            "We march 20 km a day",
            "They march 3 abreast",
            "The mayor 5 days later, a marble 3 cm wide, octopus 8",
            "Decide 4 things, separate 5 from 6",
            "May 1,250 guests",
            "version 2026.1.15.4 and order 7-2026-01-15-3",
            "2026-13-01, 31 February, 30.2.2026",
            "12月30人，3月15%",
            "三月五人，每三月五日，二月三十日",
            "$5 May be enough",
            "",
        ] {
            let days = written(text);
            assert!(days.is_empty(), "{text}: {days:?}");
        }
    }

    #[test]
    fn a_weekday_has_its_place() {
        let check = |name: &str, want: Option<u32>| assert_eq!(weekday(name), want, "{name}");
        check("Monday", Some(0));
        check("sunday", Some(6));
        check("Mondays", None);
        let all: Vec<Option<u32>> = any_weekday().split('|').map(weekday).collect();
        assert_eq!(all, (0..7).map(Some).collect::<Vec<_>>());
        for (at, han) in HAN_WEEKDAYS.iter().enumerate() {
            assert_eq!(weekday_of_han(han), Some(at as u32), "{han}");
        }
        assert_eq!(weekday_of_han("天"), Some(6));
        assert_eq!(weekday_of_han("八"), None);
    }

    #[test]
    fn the_next_weekday_is_at_most_a_week_off() {
        let monday = NaiveDate::from_ymd_opt(2026, 2, 2).unwrap();
        for (from, to) in (0..7).flat_map(|from| (0..7).map(move |to| (from, to))) {
            let today = monday + Days::new(from);
            let next = next_weekday(today, to).unwrap();
            // As days are counted on: none off is a week off.
            let off = match (i64::from(to) - in_week(today)).rem_euclid(7) {
                0 => 7,
                off => off,
            };
            assert_eq!((next - today).num_days(), off, "{today} {to}");
        }
    }
}
