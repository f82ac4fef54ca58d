//! The days that a task names by how far off they are, with their dates: a small model counts
//! days on its fingers, and takes the Friday of a year it was trained on.
//!
//! "Next Friday" is the first Friday after today, as for GNU `date`; in Chinese a week begins
//! on Monday, and 下周五 is the Friday of the week after this one.

use std::ops::Range;
use std::sync::LazyLock;

use chrono::{Datelike, Days, Months, NaiveDate};
use regex::{Captures, Regex};

use crate::pattern::pattern;

/// Days that are told of one task.
const DAYS_MAX: usize = 4;

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const HAN_WEEKDAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const COUNTS: [&str; 12] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
];

/// A day that a task names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// Where its words stand in the task.
    pub(super) at: Range<usize>,
    /// Its words.
    words: String,
    /// Its date.
    date: NaiveDate,
}

impl Day {
    /// On one line: its words, its date, and how far off it is.
    pub(super) fn line(&self, today: NaiveDate, chinese: bool) -> String {
        let off = (self.date - today).num_days();
        let (words, date) = (&self.words, self.date.format("%Y-%m-%d"));
        if chinese {
            let off = match off {
                0 => "就是今天".to_owned(),
                1.. => format!("{off}天后"),
                _ => format!("{}天前", -off),
            };
            return format!(
                "“{words}”是{date}，{}，{off}。",
                weekday_in_chinese(self.date)
            );
        }
        let off = match off {
            0 => "today".to_owned(),
            1 => "in 1 day".to_owned(),
            -1 => "1 day ago".to_owned(),
            2.. => format!("in {off} days"),
            _ => format!("{} days ago", -off),
        };
        format!("\"{words}\" is {}, {date}, {off}.", self.date.format("%A"))
    }
}

/// 星期 and its day.
pub(super) fn weekday_in_chinese(date: NaiveDate) -> String {
    format!(
        "星期{}",
        HAN_WEEKDAYS[date.weekday().num_days_from_monday() as usize]
    )
}

/// Finds the date of what a pattern found.
type Rule = fn(&Captures<'_>, NaiveDate) -> Option<NaiveDate>;

/// Patterns, the ones that take in more words first.
static RULES: LazyLock<Vec<(Regex, Rule)>> = LazyLock::new(|| {
    let weekdays = WEEKDAYS.join("|");
    let months = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?";
    let number = format!(r"\d{{1,4}}|an?|{}", COUNTS.join("|"));
    let unit = "(?P<unit>day|week|month|year)s?";
    let year = r"(?:,?\s+(?P<year>\d{4}))?";
    let rule = |text: String, rule: Rule| (pattern(&text), rule);
    vec![
        rule(format!(r"(?i)\b(?P<n>{number})\s+{unit}\s+(?P<way>ago|from\s+(?:now|today))\b"), counted),
        rule(format!(r"(?i)\bin\s+(?P<n>{number})\s+{unit}\b"), counted),
        rule(
            r"(?P<n>\d{1,4}|[一二两三四五六七八九十]{1,3})\s*个?(?P<unit>天|日|周|星期|礼拜|月|年)(?:之|以)?(?P<way>后|前)".to_owned(),
            counted,
        ),
        rule(
            r"(?i)\b(?:the\s+)?day\s+(?:after\s+tomorrow|before\s+yesterday)\b|\btomorrow\b|\byesterday\b|大后天|大前天|后天|前天|明[天日]|昨[天日]".to_owned(),
            near,
        ),
        rule(
            format!(r"(?i)\b(?:on|by|until|till|before)\s+(?P<words>(?P<day>{weekdays}))\b|\b(?P<way>next|this|coming|upcoming|last|past)\s+(?P<day2>{weekdays})\b"),
            weekday,
        ),
        rule(
            r"(?P<way>下下|下|这|本|上上|上)?个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天])".to_owned(),
            weekday_of_week,
        ),
        rule(format!(r"(?i)\b(?P<month>{months})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?{year}\b"), date),
        rule(format!(r"(?i)\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{months}){year}\b"), date),
        rule(r"(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]?".to_owned(), date),
        rule(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b".to_owned(), date),
        rule(
            r"(?i)\bchristmas(?:\s+(?:day|eve))?\b|\bnew\s+year(?:['’]?s)?(?:\s+(?:day|eve))?\b|圣诞节?|元旦".to_owned(),
            feast,
        ),
    ]
});

/// The days that `task`, told on `today`, names by how far off they are, or that stand in it.
pub(super) fn days_in(task: &str, today: NaiveDate) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for (pattern, rule) in RULES.iter() {
        for found in pattern.captures_iter(task) {
            let words = found.name("words").or(found.get(0));
            let Some((words, date)) = words.zip(rule(&found, today)) else {
                continue;
            };
            let at = words.range();
            // That one is past, and nobody says of which year it is.
            if is_after(&task[..at.start], "since") {
                continue;
            }
            let apart = |day: &Day| day.at.end <= at.start || at.end <= day.at.start;
            if days.iter().all(apart) {
                days.push(Day {
                    words: words.as_str().to_owned(),
                    at,
                    date,
                });
            }
        }
    }
    days.sort_by_key(|day| day.at.start);
    days.truncate(DAYS_MAX);
    days
}

/// Whether `before` ends with `word`, in small letters or not.
fn is_after(before: &str, word: &str) -> bool {
    let before = before.trim_end();
    let end = before.len().checked_sub(word.len());
    let end = end.and_then(|at| before.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(word))
}

fn moved(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    let by = Days::new(days.unsigned_abs());
    match days < 0 {
        true => date.checked_sub_days(by),
        false => date.checked_add_days(by),
    }
}

fn near(found: &Captures<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let words = found[0].to_lowercase();
    let days = match words.as_str() {
        "大后天" => 3,
        "后天" => 2,
        "前天" => -2,
        "大前天" => -3,
        words if words.contains("after") => 2,
        words if words.contains("before") => -2,
        words if words == "tomorrow" || words.starts_with('明') => 1,
        _ => -1,
    };
    moved(today, days)
}

fn counted(found: &Captures<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let count = number(&found["n"])?;
    let way = found.name("way").map_or("", |way| way.as_str());
    let past = way == "前" || way.eq_ignore_ascii_case("ago");
    let months = |count: u32| {
        let by = Months::new(count);
        match past {
            true => today.checked_sub_months(by),
            false => today.checked_add_months(by),
        }
    };
    let days = |count: u32| moved(today, i64::from(count) * if past { -1 } else { 1 });
    match found["unit"].to_lowercase().as_str() {
        "day" | "天" | "日" => days(count),
        "week" | "周" | "星期" | "礼拜" => days(count * 7),
        "month" | "月" => months(count),
        _ => months(count * 12),
    }
}

/// A count in digits, or in words up to ninety-nine in Chinese and twelve in English.
fn number(text: &str) -> Option<u32> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let text = text.to_lowercase();
    if let Some(at) = COUNTS.iter().position(|count| *count == text) {
        return Some(at as u32 + 1);
    }
    if matches!(text.as_str(), "a" | "an") {
        return Some(1);
    }
    let digit = |part: &str, none: u32| match part {
        "" => Some(none),
        "两" => Some(2),
        part => "一二三四五六七八九"
            .chars()
            .position(|c| part.starts_with(c) && part.chars().count() == 1)
            .map(|at| at as u32 + 1),
    };
    match text.split_once('十') {
        Some((tens, ones)) => Some(digit(tens, 1)? * 10 + digit(ones, 0)?),
        None => digit(&text, 0).filter(|number| *number > 0),
    }
}

/// The place of a weekday in the week, from Monday on.
fn place(words: &str) -> Option<i64> {
    let at = WEEKDAYS
        .iter()
        .position(|day| day.eq_ignore_ascii_case(words));
    at.map(|at| at as i64)
}

fn weekday(found: &Captures<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let day = found.name("day").or(found.name("day2"))?;
    let wanted = place(day.as_str())?;
    let is = i64::from(today.weekday().num_days_from_monday());
    let ahead = (wanted - is).rem_euclid(7);
    let way = found.name("way").map_or("", |way| way.as_str());
    let days = match way.to_lowercase().as_str() {
        "this" | "" => ahead,
        "last" | "past" => -(is - wanted - 1).rem_euclid(7) - 1,
        _ if ahead == 0 => 7,
        _ => ahead,
    };
    moved(today, days)
}

fn weekday_of_week(found: &Captures<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let day = match &found["day"] {
        "天" => "日",
        day => day,
    };
    let wanted = HAN_WEEKDAYS.iter().position(|han| *han == day)? as i64;
    let is = i64::from(today.weekday().num_days_from_monday());
    let weeks = match found.name("way").map(|way| way.as_str()) {
        Some("下下") => 2,
        Some("下") => 1,
        Some("上") => -1,
        Some("上上") => -2,
        Some(_) => 0,
        // The one that comes.
        None => i64::from(wanted < is),
    };
    moved(today, wanted - is + 7 * weeks)
}

/// A date that is told; without a year it is the next one of its kind.
fn date(found: &Captures<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let month = found["month"].to_lowercase();
    let named = || MONTHS.iter().position(|name| month.starts_with(*name));
    let month = month
        .parse()
        .ok()
        .or_else(|| named().map(|at| at as u32 + 1))?;
    let day = found["day"].parse().ok()?;
    match found.name("year") {
        Some(year) => NaiveDate::from_ymd_opt(year.as_str().parse().ok()?, month, day),
        None => next(today, month, day),
    }
}

fn feast(found: &Captures<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let words = found[0].to_lowercase();
    let eve = words.ends_with("eve");
    match (words.starts_with("new") || words == "元旦", eve) {
        (true, true) => next(today, 12, 31),
        (true, false) => next(today, 1, 1),
        (false, true) => next(today, 12, 24),
        (false, false) => next(today, 12, 25),
    }
}

/// The first such day from `today` on; 29 February may be some years off.
fn next(today: NaiveDate, month: u32, day: u32) -> Option<NaiveDate> {
    let years = today.year()..=today.year() + 8;
    let mut days = years.filter_map(|year| NaiveDate::from_ymd_opt(year, month, day));
    days.find(|date| *date >= today)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Tuesday.
    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 2, 3).unwrap()
    }

    #[test]
    fn days_are_worked_out() {
        let check = |task: &str, want: &[(&str, &str)]| {
            let days = days_in(task, today());
            let days: Vec<(String, String)> = days
                .into_iter()
                .map(|day| (day.words, day.date.to_string()))
                .collect();
            let want: Vec<(String, String)> = want
                .iter()
                .map(|(words, date)| ((*words).to_owned(), (*date).to_owned()))
                .collect();
            assert_eq!(days, want, "{task}");
        };
        check(
            "Which date is next Friday?",
            &[("next Friday", "2026-02-06")],
        );
        check(
            "Which date is next Tuesday?",
            &[("next Tuesday", "2026-02-10")],
        );
        check("What was last Monday?", &[("last Monday", "2026-02-02")]);
        check("What was last Tuesday?", &[("last Tuesday", "2026-01-27")]);
        check(
            "What was last Wednesday?",
            &[("last Wednesday", "2026-01-28")],
        );
        check("Is it open on Sunday?", &[("Sunday", "2026-02-08")]);
        check(
            "The day after tomorrow, or tomorrow?",
            &[
                ("The day after tomorrow", "2026-02-05"),
                ("tomorrow", "2026-02-04"),
            ],
        );
        check(
            "What day is it in two weeks?",
            &[("in two weeks", "2026-02-17")],
        );
        check("And 40 days ago?", &[("40 days ago", "2025-12-25")]);
        check("In a month?", &[("In a month", "2026-03-03")]);
        check("How far is Christmas?", &[("Christmas", "2026-12-25")]);
        check("Until New Year's Eve?", &[("New Year's Eve", "2026-12-31")]);
        check("Until 1st of March?", &[("1st of March", "2026-03-01")]);
        check("Until January 2?", &[("January 2", "2027-01-02")]);
        check("Since January 2?", &[]);
        check("Until Feb 29?", &[("Feb 29", "2028-02-29")]);
        check("Until 2027-01-15?", &[("2027-01-15", "2027-01-15")]);
        check("下周五是几号？", &[("下周五", "2026-02-13")]);
        check("本周一是几号？", &[("本周一", "2026-02-02")]);
        check("周一开会", &[("周一", "2026-02-09")]);
        check("大后天星期几？", &[("大后天", "2026-02-06")]);
        check("三天前是几号？", &[("三天前", "2026-01-31")]);
        check("二十一天后？", &[("二十一天后", "2026-02-24")]);
        check("离12月25日还有几天？", &[("12月25日", "2026-12-25")]);
        check("Mondays are long. 31 February?", &[]);
        check("", &[]);
    }

    #[test]
    fn a_day_is_told_on_a_line() {
        let check = |task: &str, chinese: bool, want: &str| {
            let days = days_in(task, today());
            assert_eq!(days[0].line(today(), chinese), want);
        };
        check(
            "next Friday",
            false,
            "\"next Friday\" is Friday, 2026-02-06, in 3 days.",
        );
        check(
            "yesterday",
            false,
            "\"yesterday\" is Monday, 2026-02-02, 1 day ago.",
        );
        check("明天", true, "“明天”是2026-02-04，星期三，1天后。");
    }
}
