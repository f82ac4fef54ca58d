//! The days that a task names by how far off they are, with their dates: a small model counts
//! days on its fingers, and takes the Friday of a year it was trained on.
//!
//! "Next Friday" is the first Friday after today, as for GNU `date`; in Chinese a week begins
//! on Monday, and 下周五 is the Friday of the week after this one.
//!
//! The same words mean other things too: "in 3 days" after "how many hours are" is a length, and
//! 2000年前 a year. What is doubtful is not told: a wrong date is worse than none.

use std::ops::Range;
use std::sync::LazyLock;

use chrono::{Datelike, Days, Months, NaiveDate};
use regex::{Captures, Regex};

use crate::pattern::pattern;
use crate::written::days::{self, next, written};
use crate::written::numbers;

/// The most days that are told for one task.
const DAYS_MAX: usize = 4;

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
                days::weekday_in_chinese(self.date)
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

/// Turns what a pattern matched into a date.
type Rule = fn(&Captures<'_>, NaiveDate) -> Option<NaiveDate>;
/// Whether a match means a day, by the words before and after it.
type Fits = fn(&Captures<'_>, &str, &str) -> bool;

/// The patterns, those that match more words first.
static RULES: LazyLock<Vec<(Regex, Fits, Rule)>> = LazyLock::new(|| {
    let weekdays = days::any_weekday();
    let number = format!(r"\d{{1,4}}|an?|{}", numbers::any_word());
    let unit = "(?P<unit>day|week|month|year)(?P<several>s)?";
    let rule = |text: String, fits: Fits, rule: Rule| (pattern(&text), fits, rule);
    vec![
        rule(
            format!(r"(?i)\b(?P<n>{number})\s+{unit}\s+(?P<way>ago|from\s+(?:now|today))\b"),
            is_counted,
            counted,
        ),
        rule(format!(r"(?i)\b(?P<in>in)\s+(?P<n>{number})\s+{unit}\b"), is_counted, counted),
        rule(
            r"(?P<n>\d{1,4}|[一二两三四五六七八九十]{1,3})\s*(?P<piece>个)?(?P<unit>天|日|周|星期|礼拜|月|年)(?:之|以)?(?P<way>后|前)".to_owned(),
            is_counted_in_chinese,
            counted,
        ),
        rule(
            r"(?i)\b(?:the\s+)?day\s+(?:after\s+tomorrow|before\s+yesterday)\b|\btomorrow\b|\byesterday\b|大后天|大前天|后天|前天|明[天日]|昨[天日]".to_owned(),
            is_near,
            near,
        ),
        rule(
            format!(r"(?i)\b(?:on|by|until|till|before)\s+(?P<words>(?P<day>{weekdays}))\b|\b(?P<way>next|this|coming|upcoming|last|past)\s+(?P<day2>{weekdays})\b"),
            is_weekday,
            weekday,
        ),
        rule(
            r"(?P<way>下下|下|这|本|上上|上)?个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天])".to_owned(),
            is_weekday_of_week,
            weekday_of_week,
        ),
        rule(
            format!(r"(?P<way>下下|下|这|本|上上|上)个?月的?(?P<day>{}|\d{{1,2}})[日号]", days::HAN_DAY),
            is_said_of_month,
            day_of_month,
        ),
        rule(r"半年(?:之|以)?(?P<way>后|前)".to_owned(), is_half, half_a_year),
        rule(
            r"(?i)\bchristmas(?:\s+(?:day|eve))?\b|\bnew\s+year(?:['’]?s)?(?:\s+(?:day|eve))?\b|圣诞节?|元旦".to_owned(),
            is_feast,
            feast,
        ),
    ]
});

/// The days that `task`, told on `today`, names by how far off they are or by their date.
pub(super) fn days_in(task: &str, today: NaiveDate) -> Vec<Day> {
    let mut found: Vec<(Range<usize>, NaiveDate)> = Vec::new();
    let mut add = |at: Range<usize>, date: Option<NaiveDate>| {
        let (before, after) = (&task[..at.start], &task[at.end..]);
        // "Since" speaks of a past day, and nobody says in which year.
        let is_past = is_after(before, "since");
        let is_apart =
            |(known, _): &(Range<usize>, NaiveDate)| known.end <= at.start || at.end <= known.start;
        let is_told = !is_past && !is_a_name(before, after) && found.iter().all(is_apart);
        if let Some(date) = date.filter(|_| is_told) {
            found.push((at, date));
        }
    };
    for day in written(task) {
        match year_beside(task, &day.at).filter(|_| day.year.is_none()) {
            Some((at, years)) => add(at, day.in_year(today.year() + years)),
            None => {
                let date = day.from(today);
                add(day.at, date);
            }
        }
    }
    for (pattern, fits, rule) in RULES.iter() {
        for found in pattern.captures_iter(task) {
            let whole = found.get(0).map_or(0..0, |whole| whole.range());
            if !fits(&found, &task[..whole.start], &task[whole.end..]) {
                continue;
            }
            let words = found.name("words").map_or(whole, |words| words.range());
            add(words, rule(&found, today));
        }
    }
    found.sort_by_key(|(at, _)| at.start);
    found.truncate(DAYS_MAX);
    let day = |(at, date): (Range<usize>, NaiveDate)| Day {
        words: task[at.clone()].to_owned(),
        at,
        date,
    };
    found.into_iter().map(day).collect()
}

/// Where a day at `at` stands with the words for its year before or after it, and how many years
/// off that is: 明年3月5日, 3 May last year.
fn year_beside(task: &str, at: &Range<usize>) -> Option<(Range<usize>, i32)> {
    const BEFORE: [(&str, i32); 5] = [
        ("前年", -2),
        ("去年", -1),
        ("今年", 0),
        ("明年", 1),
        ("后年", 2),
    ];
    const AFTER: [(&str, i32); 3] = [(" last year", -1), (" this year", 0), (" next year", 1)];
    let before = &task[..at.start];
    let before = before.strip_suffix('的').unwrap_or(before);
    if let Some((word, years)) = BEFORE.iter().find(|(word, _)| before.ends_with(word)) {
        return Some((before.len() - word.len()..at.end, *years));
    }
    let after = &task[at.end..];
    let begins = |word: &str| {
        let start = after.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let (word, years) = AFTER.iter().find(|(word, _)| begins(word))?;
    Some((at.start..at.end + word.len(), *years))
}

/// Whether the words between `before` and `after` stand in quotation marks: a title, or something
/// to be translated.
fn is_a_name(before: &str, after: &str) -> bool {
    before.ends_with(['"', '“', '\'', '‘', '「', '『', '《'])
        && after.starts_with(['"', '”', '\'', '’', '」', '』', '》'])
}

/// Whether an English count of days says how far off a day is, rather than how long something
/// lasts or what the best of a time is.
fn is_counted(found: &Captures<'_>, before: &str, after: &str) -> bool {
    static LASTS: LazyLock<Regex> = LazyLock::new(|| {
        let units = "seconds|minutes|hours|days|weeks|weekdays|weekends|workdays|months|years";
        let beside = "are|is|there|do|does|we|you|have|has|whole|working|business";
        pattern(&format!(
            r"(?i)\bhow\s+many(?:\s+(?:{units}|{beside}))*\s*$|\b(?:times?|once|twice|first|only|best|worst|\w+est)\s*$"
        ))
    });
    let is_one = matches!(found["n"].to_lowercase().as_str(), "1" | "a" | "an" | "one");
    // "In 30 year bonds" names no years.
    let is_a_number_of = is_one != found.name("several").is_some();
    let lasts = found.name("in").is_some() && (LASTS.is_match(before) || begins_with(after, "of"));
    is_a_number_of && !lasts
}

/// The same in Chinese: 3月前 is before March, 5日前 by the fifth, 2000年前 before that year.
fn is_counted_in_chinese(found: &Captures<'_>, before: &str, _: &str) -> bool {
    let is_piece = found.name("piece").is_some();
    let in_digits = found["n"].starts_with(|c: char| c.is_ascii_digit());
    let (unit, past) = (&found["unit"], &found["way"] == "前");
    let is_part = before.ends_with(|c: char| c.is_ascii_digit() || c == '第' || c == '月');
    let is_of_the_calendar = match unit {
        "月" => !is_piece,
        "日" => past,
        "年" => in_digits && (found["n"].len() > 3 || found["n"].starts_with('0')),
        _ => false,
    };
    !is_part && !is_of_the_calendar
}

/// Whether 前天 and the like are words of their own, and not a part of 三年前天津 or 聪明天真.
fn is_near(found: &Captures<'_>, before: &str, after: &str) -> bool {
    match &found[0] {
        "前天" | "后天" => {
            !before.ends_with(['以', '之', '年', '月', '周', '天', '日', '先', '时', '分'])
                && !after.starts_with(['气', '天', '津', '然', '赋', '性'])
        }
        "明天" | "明日" => {
            !before.ends_with(['聪', '文', '光', '说', '声', '透', '证', '发', '表', '失'])
        }
        _ => true,
    }
}

/// Whether the next or the last weekday is meant, and not the last Friday of a month.
fn is_weekday(found: &Captures<'_>, _: &str, after: &str) -> bool {
    let way = found.name("way").map_or("", |way| way.as_str());
    let is_in_a_month = way.eq_ignore_ascii_case("last") && begins_with(after, "in");
    !is_in_a_month && !begins_with(after, "of")
}

/// Whether 周五 means one Friday: not every Friday, and not a part of 一周五天 or 一周三次.
fn is_weekday_of_week(found: &Captures<'_>, before: &str, after: &str) -> bool {
    let is_how_often = before
        .ends_with(|c: char| c.is_ascii_digit() || "每一二两三四五六七八九十几半".contains(c));
    let counts = after.starts_with(['次', '遍', '回', '个', '趟', '节']);
    let days = after.starts_with('天') && !after.starts_with("天气");
    let named = found.name("way").is_some();
    // 本周五天 may be five days of this week.
    (named || !is_how_often) && !counts && !days
}

/// Whether 上月 and the like name a month, and are no part of 以上月 or 早上.
fn is_said_of_month(_: &Captures<'_>, before: &str, _: &str) -> bool {
    !before.ends_with(['以', '之', '早', '晚', '基', '根', '日', '版'])
}

/// Whether 半年 is no part of 两个半年 or 一年半.
fn is_half(_: &Captures<'_>, before: &str, _: &str) -> bool {
    !before
        .ends_with(|c: char| c.is_ascii_digit() || "个每上下前后一二两三四五六七八九十".contains(c))
}

/// Whether the name of a feast means the day, and not a tree, a song or a wish.
fn is_feast(_: &Captures<'_>, before: &str, after: &str) -> bool {
    const THINGS: [&str; 16] = [
        "tree",
        "trees",
        "carol",
        "carols",
        "cake",
        "card",
        "cards",
        "song",
        "songs",
        "party",
        "dinner",
        "market",
        "gift",
        "gifts",
        "island",
        "resolutions",
    ];
    const THINGS_HAN: [&str; 8] = ["树", "老人", "歌", "卡", "礼物", "帽", "岛", "快乐"];
    let is_thing = THINGS.iter().any(|word| begins_with(after, word))
        || THINGS_HAN.iter().any(|word| after.starts_with(word));
    let is_wish = ["merry", "happy"].iter().any(|word| is_after(before, word));
    !is_thing && !is_wish
}

/// Whether `after` begins with `word`, whatever the case of its letters.
fn begins_with(after: &str, word: &str) -> bool {
    let mut words = after.split(|c: char| !c.is_alphanumeric());
    let first = words.find(|word| !word.is_empty());
    after.starts_with(char::is_whitespace)
        && first.is_some_and(|first| first.eq_ignore_ascii_case(word))
}

/// Whether `before` ends with `word`, whatever the case of its letters.
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
    let count = count_in(&found["n"])?;
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

/// A count in digits or in words, below a hundred.
fn count_in(text: &str) -> Option<u32> {
    let digits = text.parse().ok();
    let article = || {
        ["a", "an"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
    };
    let count = digits.or_else(|| numbers::word(text));
    count
        .or_else(|| article().then_some(1))
        .or_else(|| numbers::han_count(text))
}

fn weekday(found: &Captures<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let day = found.name("day").or(found.name("day2"))?;
    let day = days::weekday(day.as_str())?;
    let (wanted, is) = (i64::from(day), days::in_week(today));
    let way = found.name("way").map_or("", |way| way.as_str());
    match way.to_lowercase().as_str() {
        "this" | "" => moved(today, (wanted - is).rem_euclid(7)),
        "last" | "past" => moved(today, -(is - wanted - 1).rem_euclid(7) - 1),
        _ => days::next_weekday(today, day),
    }
}

fn weekday_of_week(found: &Captures<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let wanted = i64::from(days::weekday_of_han(&found["day"])?);
    let is = days::in_week(today);
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

fn day_of_month(found: &Captures<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let months: i32 = match &found["way"] {
        "下下" => 2,
        "下" => 1,
        "上" => -1,
        "上上" => -2,
        _ => 0,
    };
    let (first, by) = (today.with_day(1)?, Months::new(months.unsigned_abs()));
    let month = match months < 0 {
        true => first.checked_sub_months(by),
        false => first.checked_add_months(by),
    };
    month?.with_day(count_in(&found["day"])?)
}

fn half_a_year(found: &Captures<'_>, today: NaiveDate) -> Option<NaiveDate> {
    match &found["way"] == "前" {
        true => today.checked_sub_months(Months::new(6)),
        false => today.checked_add_months(Months::new(6)),
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

#[cfg(test)]
mod tests;
