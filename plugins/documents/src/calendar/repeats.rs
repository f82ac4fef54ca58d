//! How often something is, and how long it lasts, in words (RFC 5545, 3.3.6 and 3.3.10).

use super::time;

const DAYS: &[(&str, &str)] = &[
    ("MO", "Monday"),
    ("TU", "Tuesday"),
    ("WE", "Wednesday"),
    ("TH", "Thursday"),
    ("FR", "Friday"),
    ("SA", "Saturday"),
    ("SU", "Sunday"),
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const ORDINALS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
/// Letters of a duration, in the order in which they stand.
const UNITS: &[(char, &str)] = &[
    ('W', "week"),
    ('D', "day"),
    ('H', "hour"),
    ('M', "minute"),
    ('S', "second"),
];

/// `FREQ=WEEKLY;BYDAY=MO,WE` as "every week on Monday, Wednesday"; what has no words here
/// stays as it is.
pub fn rule(value: &str) -> String {
    in_words(value).unwrap_or_else(|| value.to_owned())
}

fn in_words(rule: &str) -> Option<String> {
    let mut interval = 1_u32;
    let (mut unit, mut on, mut limits) = ("", Vec::new(), Vec::new());
    let mut days = None;
    let mut place = None;
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=')?;
        match key.to_ascii_uppercase().as_str() {
            "FREQ" => unit = frequency(value)?,
            "INTERVAL" => interval = value.parse().ok()?,
            "BYDAY" => days = Some(list(value, day)?),
            "BYYEARDAY" => on.push(format!("on {} of the year", list(value, month_day)?)),
            "BYWEEKNO" => on.push(format!("in week {}", list(value, count)?)),
            "BYHOUR" => on.push(format!("at the hours {}", list(value, count)?)),
            "BYMINUTE" => on.push(format!("at the minutes {}", list(value, count)?)),
            "BYSETPOS" => place = Some(list(value, position)?),
            "BYMONTHDAY" => on.push(format!("on {}", list(value, month_day)?)),
            "BYMONTH" => on.push(format!("in {}", list(value, month)?)),
            "COUNT" => limits.push(format!("{value} times")),
            "UNTIL" => limits.push(format!("until {}", time(value))),
            // On which day a week begins changes next to nothing.
            "WKST" => {}
            _ => return None,
        }
    }
    match (days, place) {
        (Some(days), Some(place)) => on.push(format!("on {place} of these days: {days}")),
        (Some(days), None) => on.push(format!("on {days}")),
        (None, Some(_)) => return None,
        (None, None) => {}
    }
    let every = match (unit, interval) {
        ("", _) => return None,
        (unit, 1) => format!("every {unit}"),
        (unit, count) => format!("every {count} {unit}s"),
    };
    let first = std::iter::once(every)
        .chain(on)
        .collect::<Vec<_>>()
        .join(" ");
    Some(
        std::iter::once(first)
            .chain(limits)
            .collect::<Vec<_>>()
            .join(", "),
    )
}

/// The words for each value of a list; none where one has none.
fn list(values: &str, word: fn(&str) -> Option<String>) -> Option<String> {
    let words: Option<Vec<String>> = values.split(',').map(word).collect();
    words.map(|words| words.join(", "))
}

fn frequency(value: &str) -> Option<&'static str> {
    let units = [
        ("SECONDLY", "second"),
        ("MINUTELY", "minute"),
        ("HOURLY", "hour"),
        ("DAILY", "day"),
        ("WEEKLY", "week"),
        ("MONTHLY", "month"),
        ("YEARLY", "year"),
    ];
    let found = units
        .iter()
        .find(|(name, _)| value.eq_ignore_ascii_case(name));
    found.map(|(_, unit)| *unit)
}

/// `-1FR` as "the last Friday".
fn day(word: &str) -> Option<String> {
    let (count, name) = word
        .trim()
        .split_at_checked(word.trim().len().checked_sub(2)?)?;
    let (_, day) = DAYS
        .iter()
        .find(|(short, _)| name.eq_ignore_ascii_case(short))?;
    match count.parse::<i32>() {
        Err(_) => count.is_empty().then(|| (*day).to_owned()),
        Ok(count) => place(count).map(|place| format!("the {place} {day}")),
    }
}

/// A number without a sign.
fn count(word: &str) -> Option<String> {
    let count: u32 = word.trim().parse().ok()?;
    Some(count.to_string())
}

/// -1 as "the last".
fn position(word: &str) -> Option<String> {
    let place = place(word.trim().parse().ok()?)?;
    Some(format!("the {place}"))
}

fn month_day(word: &str) -> Option<String> {
    match word.trim().parse::<i32>().ok()? {
        count @ 1..=366 => Some(format!("day {count}")),
        count => place(count).map(|place| format!("the {place} day")),
    }
}

fn month(word: &str) -> Option<String> {
    let number: usize = word.trim().parse().ok()?;
    MONTHS.get(number.checked_sub(1)?).map(ToString::to_string)
}

/// 2 as "second", -1 as "last", -2 as "second to last".
fn place(count: i32) -> Option<String> {
    let ordinal = |count: u32| ORDINALS.get(count.checked_sub(1)? as usize).copied();
    match count {
        -1 => Some("last".to_owned()),
        count if count < 0 => ordinal(count.unsigned_abs()).map(|word| format!("{word} to last")),
        count => ordinal(count.unsigned_abs()).map(str::to_owned),
    }
}

/// `P1DT2H` as "1 day 2 hours"; what is no duration stays as it is.
pub fn duration(value: &str) -> String {
    words(value).unwrap_or_else(|| value.to_owned())
}

fn words(value: &str) -> Option<String> {
    let rest = value.trim().trim_start_matches('+').strip_prefix('P')?;
    let mut words = Vec::new();
    let mut digits = String::new();
    for sign in rest.chars() {
        if sign.is_ascii_digit() {
            digits.push(sign);
        } else if sign != 'T' {
            let (_, unit) = UNITS.iter().find(|(letter, _)| *letter == sign)?;
            let count: u32 = std::mem::take(&mut digits).parse().ok()?;
            match count {
                0 => {}
                1 => words.push(format!("1 {unit}")),
                count => words.push(format!("{count} {unit}s")),
            }
        }
    }
    (!words.is_empty() && digits.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_said_in_words() {
        let check = |value: &str, expected: &str| assert_eq!(rule(value), expected);
        check("FREQ=DAILY", "every day");
        check(
            "FREQ=WEEKLY;WKST=SU;BYDAY=MO,WE",
            "every week on Monday, Wednesday",
        );
        check(
            "FREQ=WEEKLY;INTERVAL=2;UNTIL=20260630T220000Z;BYDAY=TU",
            "every 2 weeks on Tuesday, until 2026-06-30 22:00 UTC",
        );
        check(
            "FREQ=MONTHLY;BYDAY=-1FR;COUNT=6",
            "every month on the last Friday, 6 times",
        );
        check("FREQ=MONTHLY;BYDAY=2MO", "every month on the second Monday");
        check(
            "FREQ=MONTHLY;BYMONTHDAY=15,-1",
            "every month on day 15, the last day",
        );
        check(
            "FREQ=DAILY;BYHOUR=9,17;BYMINUTE=30",
            "every day at the hours 9, 17 at the minutes 30",
        );
        check(
            "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
            "every year in week 20 on Monday",
        );
        check(
            "FREQ=YEARLY;BYYEARDAY=100,-1",
            "every year on day 100, the last day of the year",
        );
        check(
            "FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU,WE,TH,FR",
            "every month on the last of these days: Monday, Tuesday, Wednesday, Thursday, Friday",
        );
        check(
            "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=8",
            "every year in March on day 8",
        );
        // What has no words here stays as it is.
        for odd in [
            "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9",
            "FREQ=YEARLY;BYSETPOS=1",
            "FREQ=YEARLY;BYDAY=20MO",
            "FREQ=",
            "",
        ] {
            check(odd, odd);
        }
    }

    #[test]
    fn durations_are_said_in_words() {
        let check = |value: &str, expected: &str| assert_eq!(duration(value), expected);
        check("PT1H30M", "1 hour 30 minutes");
        check("P1DT2H0M", "1 day 2 hours");
        check("P2W", "2 weeks");
        check("PT", "PT");
        check("soon", "soon");
        check("P1", "P1");
    }
}
