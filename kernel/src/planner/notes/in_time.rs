//! A value that holds from some time on, "from May on the rent is 910", beside the one that holds until
//! then: both are true, so one memory says both with their times. Which of them holds is told by the date.

use std::ops::Range;
use std::sync::LazyLock;

use chrono::{Datelike, Days, Months, NaiveDate};
use regex::Regex;

use crate::pattern::{HAN, laid_out, pattern};
use crate::written::days;

/// What stands between a value and the one that follows it, in both languages.
const THEN: [&str; 2] = [" Then: ", "之后："];

/// `old` until `new` holds, and `new` from then on, where `new` says from when it does and that is not yet.
/// What `old` says of several times goes on. `None` where `new` holds already.
pub(crate) fn with_its_time(old: &str, new: &str, today: Option<NaiveDate>) -> Option<String> {
    let (_, when) = holds_from(new)?;
    let day = today.and_then(|today| day_of(when, today).map(|day| (day, today)));
    if day.is_some_and(|(day, today)| day <= today) {
        return None;
    }
    let when = day.map_or_else(|| when.to_owned(), |(day, _)| day.to_string());
    let (old, new) = (old.trim(), new.trim());
    let chinese = new.contains(|c: char| HAN.contains(&c));
    let (then, end) = match chinese {
        true => (THEN[1], "。"),
        false => (THEN[0], "."),
    };
    let end = match old.ends_with(['.', '!', '。', '！']) {
        true => "",
        false => end,
    };
    Some(match (is_of_times(old), chinese) {
        (true, _) => format!("{old}{end}{then}{new}"),
        (false, true) => format!("{when}以前：{old}{end}{then}{new}"),
        (false, false) => format!("Until {when}: {old}{end}{then}{new}"),
    })
}

/// Whether `note` says what holds until some time and what holds then.
pub(crate) fn is_of_times(note: &str) -> bool {
    UNTIL.is_match(note) && THEN.iter().any(|then| note.contains(then))
}

/// `text` without the words that say from when on it holds; `None` where it has none.
pub(crate) fn without_its_time(text: &str) -> Option<String> {
    let (at, _) = holds_from(text)?;
    let (before, behind) = (text[..at.start].trim(), text[at.end..].trim());
    let behind = behind.trim_start_matches([',', '，', ' ']);
    Some(format!("{before} {behind}").trim().to_owned())
}

/// What `note` says that holds on the day `today`, and later: what held until a day that is over is left
/// out. `None` where all of it counts.
pub(crate) fn what_holds(note: &str, today: NaiveDate) -> Option<&str> {
    let until = UNTIL.captures(note)?;
    let day = until.name("day").or(until.name("tag"))?.as_str();
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    let mut later = THEN.iter().filter_map(|then| note.split_once(then));
    let (_, later) = later.next().filter(|_| day <= today)?;
    Some(later)
}

/// How a note of times begins.
static UNTIL: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"^(?:Until (?:(?P<day>\d{4}-\d{2}-\d{2})|[^:.]{1,24}): |(?:(?P<tag>\d{4}-\d{2}-\d{2})|[^：。]{1,12})以前：)",
    )
});

/// Where `text` says from when on it holds, in bytes, and that time in its words.
fn holds_from(text: &str) -> Option<(Range<usize>, &str)> {
    static FROM: LazyLock<Regex> = LazyLock::new(|| {
        let weekdays = days::any_weekday();
        let months =
            "January|February|March|April|May|June|July|August|September|October|November|December";
        let day = format!(
            r"(?i:tomorrow|next\s+(?:week|month|year|{weekdays})|(?:next\s+)?(?:{weekdays}))|(?:next\s+)?(?:{months})(?:\s+\d{{1,2}}(?:st|nd|rd|th)?)?(?:,?\s+\d{{4}})?
            |(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{months})(?:\s+\d{{4}})?|\d{{4}}-\d{{2}}-\d{{2}}|the\s+\d{{1,2}}(?:st|nd|rd|th)"
        );
        laid_out(&format!(
            r"(?:^|[.!:,]\s+)(?i:from)\s+(?P<first>{day})(?:\s+(?i:on(?:wards?)?)\b|\b)
            |\b(?i:from)\s+(?P<on>{day})\s+(?i:on(?:wards?)?)\b
            |\b(?i:as\s+of|as\s+from|starting(?:\s+(?:from|on|in))?|beginning(?:\s+(?:on|in))?|effective(?:\s+(?:from|on))?)\s+(?P<of>{day})\b
            |(?:从|自)(?P<han>(?:下|明|后天|周|星期|礼拜|\d|[一二三四五六七八九十]+月)[^，。；：]{{0,9}}?)(?:起|开始|以后|之后)
            |(?P<han2>下个?[周月年]|下?(?:周|星期|礼拜)[一二三四五六日天]|明[天年]|\d{{1,2}}月(?:\d{{1,2}}[日号])?)(?:起|开始)"
        ))
    });
    // "From Monday to Friday" is a span.
    static SPANS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)^\s*(?:to|till|until|through|[-–—])(?:\s|\d|$)|^\s*[到至]"));
    static PAST: LazyLock<Regex> =
        LazyLock::new(|| pattern("现在|今|这|那|此|刚|昨|上|小|去年|头|前"));
    let found = FROM.captures(text)?;
    let all = found.get(0)?;
    let names = ["first", "on", "of", "han", "han2"];
    let when = names
        .into_iter()
        .find_map(|name| found.name(name))?
        .as_str();
    let is_span = SPANS.is_match(&text[all.end()..]);
    (!is_span && !PAST.is_match(when)).then_some((all.range(), when))
}

/// The day that `when` is, from `today` on.
fn day_of(when: &str, today: NaiveDate) -> Option<NaiveDate> {
    if let [day] = &days::written(when)[..] {
        return day.from(today);
    }
    let monday = |weeks: u64| {
        let begun = today.checked_sub_days(Days::new(days::in_week(today) as u64))?;
        begun.checked_add_days(Days::new(7 * weeks))
    };
    let lower = when.to_lowercase();
    match lower.as_str() {
        "tomorrow" | "明天" => today.succ_opt(),
        "next week" | "下周" | "下个周" => monday(1),
        "next month" | "下月" | "下个月" => {
            today.with_day(1)?.checked_add_months(Months::new(1))
        }
        "next year" | "明年" | "下年" => NaiveDate::from_ymd_opt(today.year() + 1, 1, 1),
        _ => month_of(&lower)
            .and_then(|month| days::next(today, month, 1))
            .or_else(|| days::next_weekday(today, days::weekday(&lower)?)),
    }
}

/// The month that `when` is by its name or number alone.
fn month_of(when: &str) -> Option<u32> {
    let number = || when.strip_suffix('月')?.parse().ok();
    days::month_named(when).or_else(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn both_values_are_kept_with_their_times() {
        let check = |old: &str, new: &str, want: Option<&str>| {
            let today = Some(day("2026-03-12"));
            assert_eq!(
                with_its_time(old, new, today).as_deref(),
                want,
                "{old} / {new}"
            );
        };
        check(
            "Our dues are 55.",
            "From June on our dues are 60.",
            Some("Until 2026-06-01: Our dues are 55. Then: From June on our dues are 60."),
        );
        check(
            "Our dues are 55",
            "Our dues are 60 as of next week.",
            Some("Until 2026-03-16: Our dues are 55. Then: Our dues are 60 as of next week."),
        );
        check(
            "会费是55。",
            "从下个月起会费60。",
            Some("2026-04-01以前：会费是55。之后：从下个月起会费60。"),
        );
        check(
            "Until 2026-06-01: Our dues are 55. Then: From June on our dues are 60.",
            "Starting 2026-09-01 our dues are 70.",
            Some(
                "Until 2026-06-01: Our dues are 55. Then: From June on our dues are 60. Then: Starting 2026-09-01 our dues are 70.",
            ),
        );
        // It holds already, or no time is told.
        check(
            "Our dues are 55.",
            "As of 2026-02-01 our dues are 60.",
            None,
        );
        check("Our dues are 55.", "Our dues are 60.", None);
        check("会费是55。", "从现在起会费60。", None);
    }

    #[test]
    fn a_span_or_an_origin_is_no_beginning() {
        let check = |text: &str, want: Option<&str>| {
            assert_eq!(holds_from(text).map(|(_, when)| when), want, "{text}");
        };
        check("From Monday on the sauna is shut.", Some("Monday"));
        check("The sauna is shut from 3 May on.", Some("3 May"));
        check(
            "The sauna is shut, starting next Monday.",
            Some("next Monday"),
        );
        check("下周起桑拿关门", Some("下周"));
        check("从五月一号开始桑拿关门", Some("五月一号"));
        check("The sauna is open from Monday to Friday.", None);
        check("From Monday to Friday the sauna is open.", None);
        check("The letter from May is here.", None);
        check("From the pier you see the sauna.", None);
        check("From now on the sauna is shut.", None);
        check("他从小就爱游泳", None);
        check("他从来不早起", None);
        check("从今天起桑拿关门", None);
        check("", None);
    }

    #[test]
    fn what_holds_is_read_without_its_time() {
        let check = |text: &str, want: Option<&str>| {
            assert_eq!(without_its_time(text).as_deref(), want, "{text}");
        };
        check("From June on, our dues are 60.", Some("our dues are 60."));
        check("从下个月起会费60。", Some("会费60。"));
        check("Our dues are 60.", None);
    }

    #[test]
    fn what_is_over_is_left_out() {
        let note = "Until 2026-06-01: Our dues are 55. Then: From June on our dues are 60.";
        let check = |note: &str, today: &str, want: Option<&str>| {
            assert_eq!(what_holds(note, day(today)), want, "{note} {today}");
        };
        check(note, "2026-05-31", None);
        check(note, "2026-06-01", Some("From June on our dues are 60."));
        let han = "2026-04-01以前：会费是55。之后：从下个月起会费60。";
        check(han, "2026-03-31", None);
        check(han, "2026-04-02", Some("从下个月起会费60。"));
        check("Until June: Our dues are 55. Then: 60.", "2026-07-01", None);
        check("Until 2026-06-01 our dues are 55.", "2026-07-01", None);
        check("Our dues are 55. Then: 60.", "2026-07-01", None);
        assert!(is_of_times(note) && is_of_times(han));
        assert!(!is_of_times("Until noon the sauna is shut.") && !is_of_times(""));
    }
}
