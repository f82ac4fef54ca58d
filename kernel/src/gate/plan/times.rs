//! Dates, times of day and lengths of time in words.

use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use regex::{Captures, Regex};

use crate::pattern::pattern;
use crate::written::clock::time_of_day;
use crate::written::{days, numbers};

static DAY_WORD: LazyLock<Regex> = LazyLock::new(|| {
    let weekdays = days::any_weekday();
    pattern(&format!(r"(?i)\b(?:today|tomorrow|{weekdays})\b|今天|明天"))
});
// An ideograph is a letter, and a time may stand right behind one.
static CLOCK: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)(?-u:\b)(\d{1,2})[:：](\d{2})(?::\d{2})?(?:\s*([ap])\.?m\b)?"));
static HOUR: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)(?-u:\b)(\d{1,2})()\s*([ap])\.?m\b"));
/// "下午3点20", "早上八点半".
static HAN_CLOCK: LazyLock<Regex> = LazyLock::new(|| {
    han_clock(
        r"(?P<half>凌晨|早上|早晨|清晨|上午|中午|下午|傍晚|晚上|今晚|明晚)\s*(?P<hour>\d{1,2}|[一二两三四五六七八九十]{1,3})",
        "",
    )
});
/// "15点到". Without a half of the day a number may count points.
static HAN_HOUR: LazyLock<Regex> = LazyLock::new(|| {
    han_clock(
        r"(?:^|[^午上晨晚\d\s])\s*(?P<hour>\d{1,2})",
        r"$|[\s，。,、到开见起前后之整钟至]",
    )
});
static NOON: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bnoon\b"));
static LENGTH: LazyLock<Regex> = LazyLock::new(|| {
    let words = numbers::any_word();
    pattern(&format!(
        r"(?i)\b(half an|\d+(?:\.\d+)?|an?|{words})[\s-]*(hours?|hrs?|h|minutes?|mins?)\b"
    ))
});

/// An hour as `hour` has it, with minutes, or with one of the words in `ends` behind it.
fn han_clock(hour: &str, ends: &str) -> Regex {
    let minutes = r"(?P<thirty>半)|(?P<quarters>[一三])刻|(?P<minutes>\d{1,2}|[一二两三四五六七八九十]{1,3})分?";
    pattern(&format!(r"{hour}\s*[点點时時](?:{minutes}|{ends})"))
}

/// What a text says of when.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Times {
    pub(super) dates: Vec<NaiveDate>,
    /// Times of day.
    pub(super) clock: Vec<NaiveTime>,
    /// How long something lasts.
    pub(super) lengths: Vec<TimeDelta>,
}

/// A date, a time of day, or both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    pub(super) date: Option<NaiveDate>,
    pub(super) time: Option<NaiveTime>,
}

/// The moment that `text` is, and nothing else.
pub(super) fn moment(text: &str) -> Option<Moment> {
    let both = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    let both = both.iter().find_map(|form| {
        let seconds = format!("{form}:%S");
        let zone = format!("{form}:%SZ");
        let read = |form: &str| NaiveDateTime::parse_from_str(text, form).ok();
        read(form)
            .or_else(|| read(&seconds))
            .or_else(|| read(&zone))
    });
    if let Some(both) = both {
        return Some(Moment {
            date: Some(both.date()),
            time: Some(both.time()),
        });
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let time = NaiveTime::parse_from_str(text, "%H:%M").ok();
    let time = time.or_else(|| NaiveTime::parse_from_str(text, "%H:%M:%S").ok());
    (date.is_some() || time.is_some()).then_some(Moment { date, time })
}

impl Times {
    /// What `words` say, written on the day `today`. A date without a year may be of this year
    /// and of the next.
    pub(super) fn of(words: &str, today: NaiveDate) -> Self {
        let this_year = today.year();
        let mut dates = Vec::new();
        for day in days::written(words) {
            let years = day
                .year
                .map_or(this_year..=this_year + 1, |year| year..=year);
            dates.extend(years.filter_map(|year| day.in_year(year)));
        }
        let words_of_days = DAY_WORD.find_iter(words);
        dates.extend(words_of_days.filter_map(|found| day_of(found.as_str(), today)));
        let clock = [&CLOCK, &HOUR];
        let clock = clock.iter().flat_map(|form| form.captures_iter(words));
        let noon = NaiveTime::from_hms_opt(12, 0, 0).filter(|_| NOON.is_match(words));
        Self {
            dates,
            clock: clock
                .filter_map(|found| time(&found))
                .chain(HAN_CLOCK.captures_iter(words).filter_map(han_time))
                .chain(HAN_HOUR.captures_iter(words).filter_map(han_time))
                .chain(noon)
                .collect(),
            lengths: LENGTH.captures_iter(words).filter_map(length).collect(),
        }
    }

    /// Whether `moment` was said: its date, its time of day, or the end of what begins then
    /// and lasts as long as was said.
    pub(super) fn have(&self, moment: Moment) -> bool {
        match moment {
            Moment {
                date: Some(date),
                time: None,
            } => self.dates.contains(&date),
            Moment {
                date: None,
                time: Some(time),
            } => {
                let from_then = |begin: &NaiveTime| {
                    let ends = |length: &TimeDelta| *begin + *length == time;
                    *begin == time || self.lengths.iter().any(ends)
                };
                self.clock.iter().any(from_then)
            }
            Moment {
                date: Some(date),
                time: Some(time),
            } => self.moments().any(|said| said == date.and_time(time)),
            Moment {
                date: None,
                time: None,
            } => false,
        }
    }

    /// The moments with a date and a time that were said, with the ends of what lasts.
    pub(super) fn moments(&self) -> impl Iterator<Item = NaiveDateTime> {
        let begins = self.dates.iter().flat_map(|date| {
            let at = self.clock.iter();
            at.map(move |time| date.and_time(*time))
        });
        begins.flat_map(|begin| {
            let ends = self.lengths.iter().map(move |length| begin + *length);
            std::iter::once(begin).chain(ends)
        })
    }
}

fn day_of(word: &str, today: NaiveDate) -> Option<NaiveDate> {
    match word.to_lowercase().as_str() {
        "today" | "今天" => Some(today),
        "tomorrow" | "明天" => today.checked_add_days(Days::new(1)),
        name => days::next_weekday(today, days::weekday(name)?),
    }
}

fn time(found: &Captures<'_>) -> Option<NaiveTime> {
    // "9 pm" has no minutes.
    let number = |at: usize| found[at].parse::<u32>().unwrap_or(0);
    let half = found.get(3).map(|half| half.as_str());
    time_of_day(number(1), number(2), half)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "it is what an iterator of captures gives"
)]
fn han_time(found: Captures<'_>) -> Option<NaiveTime> {
    let number = |name: &str| {
        let text = found.name(name)?.as_str();
        text.parse().ok().or_else(|| numbers::han_count(text))
    };
    let hour = number("hour")?;
    let quarter = |text: &str| if text == "一" { 15 } else { 45 };
    let minute = match (found.name("thirty"), found.name("quarters")) {
        (Some(_), _) => 30,
        (_, Some(quarters)) => quarter(quarters.as_str()),
        _ => number("minutes").unwrap_or(0),
    };
    let half = match found.name("half").map(|half| half.as_str()) {
        // "晚上12点" is midnight.
        Some("晚上" | "今晚" | "明晚") if hour == 12 => Some("am"),
        Some("下午" | "傍晚" | "晚上" | "今晚" | "明晚") => Some("pm"),
        // "中午12点" is noon, "中午1点" an hour later.
        Some("中午") if hour < 11 => Some("pm"),
        Some("凌晨") => Some("am"),
        _ => None,
    };
    time_of_day(hour, minute, half)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "it is what an iterator of captures gives"
)]
fn length(found: Captures<'_>) -> Option<TimeDelta> {
    let many = found[1].to_lowercase();
    let many: f64 = match many.as_str() {
        "half an" => 0.5,
        "a" | "an" => 1.0,
        many => match numbers::word(many) {
            Some(word) => f64::from(word),
            None => many.parse().ok()?,
        },
    };
    let minutes = match found[2].to_lowercase().starts_with('h') {
        true => many * 60.0,
        false => many,
    };
    // A day at most: what lasts longer is given by its dates.
    (minutes <= 24.0 * 60.0).then(|| TimeDelta::minutes(minutes.round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_stand_behind_ideographs_too() {
        let check = |words: &str, want: &[&str]| {
            let today = NaiveDate::from_ymd_opt(2026, 2, 3).unwrap_or_default();
            let times = Times::of(words, today);
            let said = times
                .clock
                .iter()
                .map(|time| time.format("%H:%M").to_string());
            assert_eq!(said.collect::<Vec<_>>(), want, "{words}");
        };
        check("Meet me at 9:05 or 4 p.m.", &["09:05", "16:00"]);
        check("明天10:30开会", &["10:30"]);
        check("下午3点20分见", &["15:20"]);
        check("早上八点半，晚上十点一刻", &["08:30", "22:15"]);
        check("中午12点吃饭，凌晨12点睡", &["12:00", "00:00"]);
        check("15点到", &["15:00"]);
        check("下午 3点20见，明天9点半", &["15:20", "09:30"]);
        check("今晚12点见", &["00:00"]);
        check("我有三点建议", &[]);
        check("我有5点建议", &[]);
        check("Room 12-15 is free.", &[]);
    }
}
