//! Dates, times of day and lengths of time in words.

use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use regex::{Captures, Regex};

use crate::pattern::pattern;

const MONTHS: &str = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";

static NUMERIC: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b"));
static DOTTED: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b"));
static MONTH_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b({MONTHS})[a-z]*\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}})\b)?"
    ))
});
static DAY_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?({MONTHS})[a-z]*\b(?:,?\s+(\d{{4}})\b)?"
    ))
});
static DAY_WORD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(today|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b|今天|明天",
    )
});
static CLOCK: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(\d{1,2}):(\d{2})(?::\d{2})?(?:\s*([ap])\.?m\b)?"));
static HOUR: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(\d{1,2})()\s*([ap])\.?m\b"));
static NOON: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bnoon\b"));
static LENGTH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(half an|\d+(?:\.\d+)?|an?|one|two|three|four|five|six|eight)[\s-]*(hours?|hrs?|h|minutes?|mins?)\b",
    )
});

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
        let mut dates = Vec::new();
        for found in NUMERIC.captures_iter(words) {
            dates.extend(date(
                number(&found, 1),
                number(&found, 2),
                number(&found, 3),
            ));
        }
        for found in DOTTED.captures_iter(words) {
            dates.extend(date(
                number(&found, 3),
                number(&found, 2),
                number(&found, 1),
            ));
        }
        for (forms, month, day) in [(&MONTH_FIRST, 1, 2), (&DAY_FIRST, 2, 1)] {
            for found in forms.captures_iter(words) {
                let month = month_of(&found[month]);
                let years = match found.get(3) {
                    Some(_) => vec![number(&found, 3)],
                    None => vec![i64::from(today.year()), i64::from(today.year()) + 1],
                };
                let day = number(&found, day);
                dates.extend(years.into_iter().filter_map(|year| date(year, month, day)));
            }
        }
        let words_of_days = DAY_WORD.find_iter(words);
        dates.extend(words_of_days.filter_map(|found| day_of(found.as_str(), today)));
        let clock = [&CLOCK, &HOUR];
        let clock = clock.iter().flat_map(|form| form.captures_iter(words));
        let noon = NaiveTime::from_hms_opt(12, 0, 0).filter(|_| NOON.is_match(words));
        Self {
            dates,
            clock: clock.filter_map(|found| time(&found)).chain(noon).collect(),
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

fn number(found: &Captures<'_>, at: usize) -> i64 {
    let text = found.get(at).map_or("", |found| found.as_str());
    text.parse().unwrap_or(0)
}

fn date(year: i64, month: i64, day: i64) -> Option<NaiveDate> {
    let small = |n: i64| u32::try_from(n).ok();
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, small(month)?, small(day)?)
}

fn month_of(name: &str) -> i64 {
    let name = name.to_lowercase();
    let at = MONTHS.split('|').position(|month| name.starts_with(month));
    at.map_or(0, |at| at as i64 + 1)
}

fn day_of(word: &str, today: NaiveDate) -> Option<NaiveDate> {
    match word.to_lowercase().as_str() {
        "today" | "今天" => Some(today),
        "tomorrow" | "明天" => today.checked_add_days(Days::new(1)),
        name => {
            let day: Weekday = name.parse().ok()?;
            (1..=7)
                .filter_map(|n| today.checked_add_days(Days::new(n)))
                .find(|date| date.weekday() == day)
        }
    }
}

fn time(found: &Captures<'_>) -> Option<NaiveTime> {
    let half = found.get(3).map(|half| half.as_str().to_lowercase());
    let hour = match (number(found, 1), half.as_deref()) {
        (12, Some("a")) => 0,
        (hour @ 1..=11, Some("p")) => hour + 12,
        (hour, _) => hour,
    };
    let minute = u32::try_from(number(found, 2)).ok()?;
    NaiveTime::from_hms_opt(u32::try_from(hour).ok()?, minute, 0)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "it is what an iterator of captures gives"
)]
fn length(found: Captures<'_>) -> Option<TimeDelta> {
    let many = found[1].to_lowercase();
    let many: f64 = match many.as_str() {
        "half an" => 0.5,
        "a" | "an" | "one" => 1.0,
        "two" => 2.0,
        "three" => 3.0,
        "four" => 4.0,
        "five" => 5.0,
        "six" => 6.0,
        "eight" => 8.0,
        digits => digits.parse().ok()?,
    };
    let minutes = match found[2].to_lowercase().starts_with('h') {
        true => many * 60.0,
        false => many,
    };
    // A day at most: what lasts longer is given by its dates.
    (minutes <= 24.0 * 60.0).then(|| TimeDelta::minutes(minutes.round() as i64))
}
