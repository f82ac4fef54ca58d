//! Days of the Gregorian calendar: how far apart two are, and which one is so many days on.

use crate::span::{self, Unit};

/// What stands beside days and not beside other numbers.
const SIGNS: [&str; 5] = ["@", "day", "week", "month", "year"];

/// The months, which are also written with their first three letters.
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// `expression` with each day as YYYY-MM-DD whose order is clear: the year stands first, or the month
/// has its name.
pub fn written(expression: &str) -> String {
    let words: Vec<&str> = expression.split_whitespace().collect();
    let mut whole: Vec<String> = Vec::new();
    let (mut at, mut is_other) = (0, false);
    while at < words.len() {
        let three = words.get(at..at + 3).and_then(named);
        // The 3rd of March 2024.
        let four = words.get(at..at + 4).filter(|four| four[1] == "of");
        let four = four.and_then(|four| named(&[four[0], four[2], four[3]]));
        let found = three
            .map(|day| (day, 3))
            .or(four.map(|day| (day, 4)))
            .or(slashed(words[at]).map(|day| (day, 1)));
        is_other |= found.is_some();
        if found.is_some() && whole.last().is_some_and(|last| last == "the") {
            whole.pop();
        }
        let (word, used) = found.unwrap_or((words[at].to_owned(), 1));
        whole.push(word);
        at += used;
    }
    match is_other {
        true => whole.join(" "),
        false => expression.to_owned(),
    }
}

/// The day that three words are: 3 March 2024, or March 3rd, 2024.
fn named(words: &[&str]) -> Option<String> {
    let [first, second, year] = words else {
        return None;
    };
    let (month, day) = match month(first) {
        Some(month) => (month, second),
        None => (month(second)?, first),
    };
    let day = day.trim_end_matches(',');
    let behind = ["st", "nd", "rd", "th"];
    let day = behind
        .iter()
        .find_map(|end| day.strip_suffix(*end))
        .unwrap_or(day);
    let text = format!("{year}-{month:02}-{day:0>2}");
    number(&text).map(|_| text)
}

/// The number of the month that `word` is.
fn month(word: &str) -> Option<usize> {
    let word = word.trim_end_matches(['.', ',']).to_lowercase();
    let is_month = |name: &str| word == name || word == name[..3];
    match word.as_str() {
        "sept" => Some(9),
        _ => MONTHS
            .iter()
            .position(|name| is_month(name))
            .map(|at| at + 1),
    }
}

/// The day that one word is with other signs between its parts: 2024/03/05.
fn slashed(word: &str) -> Option<String> {
    let text = word.replace(['/', '.'], "-");
    let is_same = text == word || text.split('-').any(|part| part.len() == 1);
    // 8000/10/20 is a division.
    let is_meant = !is_same && is_written(&text);
    number(&text).filter(|_| is_meant).map(|_| text)
}

/// The value of an expression that is a day minus a day, or a day and some days, weeks, months or
/// years; `None` for any other.
pub fn value(expression: &str) -> Option<String> {
    let text: String = expression.replace('@', " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let (first, sign, rest) = match words.as_slice() {
        [first, sign @ ("+" | "-"), rest @ ..] => (number(first)?, *sign, rest),
        ["from", first, "to" | "until" | "till", last]
        | [first, "to" | "until" | "till", last]
        | ["between", first, "and", last]
        | ["days", "between", first, "and", last] => {
            (number(last)?, "-", std::slice::from_ref(first))
        }
        [
            unit @ ("weeks" | "months" | "years"),
            "between",
            first,
            "and",
            last,
        ] => {
            return apart(unit, number(first)?, number(last)?);
        }
        [many @ .., "after", first] => (number(first)?, "+", many),
        [many @ .., "before", first] => (number(first)?, "-", many),
        _ => return None,
    };
    match (sign, rest) {
        ("-", [other]) if number(other).is_some() => {
            let days = first - number(other)?;
            let unit = if days.abs() == 1 { "day" } else { "days" };
            Some(format!("{days} {unit}"))
        }
        (sign, many) => {
            let sign = if sign == "-" { -1 } else { 1 };
            let (mut months, mut days): (i64, i64) = (0, 0);
            for part in span::parts(many)? {
                let (all, each) = match part.unit {
                    Unit::Day => (&mut days, 1),
                    Unit::Week => (&mut days, 7),
                    Unit::Month => (&mut months, 1),
                    Unit::Year => (&mut months, 12),
                    Unit::Hour | Unit::Minute | Unit::Second => return None,
                };
                *all = all.checked_add(part.count.checked_mul(each * sign)?)?;
            }
            day(months_on(first, months)?.checked_add(days)?)
        }
    }
}

/// The day so many months on, or the last of its month where that is shorter, as calendars have it
/// (ISO 8601 leaves it open; spreadsheets and Java's time library agree).
fn months_on(days: i64, months: i64) -> Option<i64> {
    let (year, month, day) = civil(days)?;
    let months = (year * 12 + month - 1).checked_add(months)?;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    (1000..=9999)
        .contains(&year)
        .then(|| since_1970(year, month, day.min(length(year, month))))
}

/// How far two days are apart, in whole units and what is left in days.
fn apart(unit: &str, first: i64, last: i64) -> Option<String> {
    let (first, last) = (first.min(last), first.max(last));
    let days = last - first;
    let each = match unit {
        "weeks" => return Some(span::said(&[(days / 7, "week"), (days % 7, "day")])),
        "months" => 1,
        _ => 12,
    };
    let mut count = 0;
    while months_on(first, (count + 1) * each).is_some_and(|day| day <= last) {
        count += 1;
    }
    let left = last - months_on(first, count * each)?;
    Some(span::said(&[
        (count, unit.trim_end_matches('s')),
        (left, "day"),
    ]))
}

/// Why nothing is computed with a day that is not in the calendar, if there is one. Without a sign
/// of days 1500-20-30 is a subtraction.
pub fn missing(expression: &str) -> Option<String> {
    let words = expression.split(|c: char| c != '-' && !c.is_ascii_digit());
    let days: Vec<&str> = words.filter(|word| is_written(word)).collect();
    let day = days.iter().find(|day| number(day).is_none())?;
    let is_sign = |sign: &&str| expression.contains(*sign);
    let are_meant = days.len() > 1 || SIGNS.iter().any(is_sign);
    are_meant.then(|| format!("there is no day {day} in the calendar"))
}

/// Whether `text` has the form YYYY-MM-DD, with a month and a day that could be one.
fn is_written(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    let is_short = |part: &str| part.parse().is_ok_and(|n: u8| (1..=31).contains(&n));
    lengths.eq([4_usize, 2, 2])
        && text.starts_with(['1', '2'])
        && text.split('-').skip(1).all(is_short)
}

/// The days from 1970-01-01 to a day that is written as YYYY-MM-DD, if there is that day.
fn number(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || !(1..=2).contains(&month.len()) || !parts.iter().all(|part| plain(part)) {
        return None;
    }
    let (year, month, day): (i64, i64, i64) =
        (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let is_there = (1..=12).contains(&month) && (1..=length(year, month)).contains(&day);
    is_there.then(|| since_1970(year, month, day))
}

fn length(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counted in years that begin in March, so that the leap day is the last.
fn since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The day that is `days` after 1970-01-01, in the years that have four digits.
fn day(days: i64) -> Option<String> {
    let (year, month, day) = civil(days)?;
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// The year, the month and the day of it, in the years that have four digits.
fn civil(days: i64) -> Option<(i64, i64, i64)> {
    let first = since_1970(1000, 1, 1);
    let last = since_1970(9999, 12, 31);
    if !(first..=last).contains(&days) {
        return None;
    }
    let (mut year, mut month) = (1970 + days.div_euclid(366), 1);
    while since_1970(year + 1, 1, 1) <= days {
        year += 1;
    }
    while since_1970(year, 1, 1) > days {
        year -= 1;
    }
    while month < 12 && since_1970(year, month + 1, 1) <= days {
        month += 1;
    }
    Some((year, month, days - since_1970(year, month, 1) + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_may_be_that_of_a_month() {
        let check = |expression: &str, want: &str| assert_eq!(written(expression), want);
        check("1st of May 2026 + 3 weeks", "2026-05-01 + 3 weeks");
        check(
            "the 3rd of March 2026 - the 1st of January 2026",
            "2026-03-03 - 2026-01-01",
        );
        check("half of May 2026", "half of May 2026");
        check("the sum of 3, 4", "the sum of 3, 4");
    }

    #[test]
    fn days_are_counted() {
        let check = |expression: &str, want: Option<&str>| {
            assert_eq!(value(expression).as_deref(), want, "{expression}");
        };
        check("2023-03-01 - 2023-02-28", Some("1 day"));
        check("2000-03-01 - 2000-02-28", Some("2 days"));
        check("1900-03-01 - 1900-02-28", Some("1 day"));
        check("@2023-01-01 - @2024-01-01", Some("-365 days"));
        check("1970-01-01 - 1969-12-31", Some("1 day"));
        check("2023-12-31 + 1 day", Some("2024-01-01"));
        check("2023-03-01 - 2 weeks", Some("2023-02-15"));
        check("1996-02-28 + 2 days", Some("1996-03-01"));
        check("1969-12-31 + 0 days", Some("1969-12-31"));
        check("2023-02-28 to 2023-03-01", Some("1 day"));
        check("days between 2023-01-01 and 2023-01-08", Some("7 days"));
        check("from 2023-01-08 until 2023-01-01", Some("-7 days"));
        check("3 weeks after 2023-01-01", Some("2023-01-22"));
        check("5 days before 2023-01-01", Some("2022-12-27"));
        check("2023-02-30 - 2023-01-01", None);
        check("2023-01-01 + 2 months", Some("2023-03-01"));
        check("2023-01-31 + 1 month", Some("2023-02-28"));
        check("2024-03-31 - 1 month", Some("2024-02-29"));
        check("2024-02-29 + 1 year", Some("2025-02-28"));
        check("2026-03-01 + 18 months", Some("2027-09-01"));
        check("2026-03-01 + 1 year and 6 months", Some("2027-09-01"));
        check("2026-03-01 + 1 month 3 days", Some("2026-04-04"));
        check("6 months before 2026-03-31", Some("2025-09-30"));
        check("9999-12-01 + 1 month", None);
        check("2023-01-01 + 2 hours", None);
        check("2023-01-01 + 2.5 months", None);
        check("weeks between 2026-01-05 and 2026-03-02", Some("8 weeks"));
        check(
            "weeks between 2026-03-03 and 2026-01-05",
            Some("8 weeks 1 day"),
        );
        check(
            "months between 2026-01-05 and 2026-09-08",
            Some("8 months 3 days"),
        );
        check(
            "years between 2020-02-29 and 2024-02-28",
            Some("3 years 365 days"),
        );
        check("weeks between 2026-01-05 and 2026-01-05", Some("0 days"));
        check("2023 - 1 - 1", None);
        check("1 + 1", None);
        let check = |expression: &str, want: Option<&str>| {
            let said = missing(expression);
            let day = said
                .as_deref()
                .map(|said| said.split_whitespace().nth(4).unwrap_or_default());
            assert_eq!(day, want, "{expression}");
        };
        check("2023-02-29 + 1 day", Some("2023-02-29"));
        check("2024-01-01 - @2023-13-01", Some("2023-13-01"));
        check("2024-02-29 + 1 day", None);
        check("2023-02-30 - 2023-13-01", Some("2023-02-30"));
        check("1500-20-30", None);
        check("(1500-20-30) * 2 kg", None);
        check("1990-45-60", None);
        check("2023 - 02 - 30", None);
        check("5 - 3", None);
    }

    #[test]
    fn days_are_written_in_one_way() {
        let check = |expression: &str, want: &str| assert_eq!(written(expression), want);
        check("2023/03/01 - 2023.02.28", "2023-03-01 - 2023-02-28");
        check("3 March 2023 + 5 days", "2023-03-03 + 5 days");
        check(
            "Mar. 3rd, 2023 to Sept 14, 2023",
            "2023-03-03 to 2023-09-14",
        );
        check("30 Feb 2023", "30 Feb 2023");
        check("1 may  2", "1 may  2");
        check("2023/3/1", "2023/3/1");
        check("8000/10/20", "8000/10/20");
        check("5/6/2023  - 1", "5/6/2023  - 1");
    }
}
