//! Times of a clock: when something ends that begins then, and how long it is from one to another.

use crate::span::{self, Part, Unit};

/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// A time of day, as it was written.
#[derive(Clone, Copy)]
struct Time {
    /// Minutes since midnight.
    minutes: i64,
    /// Whether it was written with am or pm.
    halves: bool,
}

/// The value of an expression that is a time of day and how long something lasts, or a time of day
/// to another; `None` for any other.
pub fn value(expression: &str) -> Option<String> {
    let spaced = expression.replace(['–', '—'], " - ").replace('+', " + ");
    let spaced = with_minus_apart(&spaced);
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let words = words.as_slice();
    match words {
        ["from", rest @ ..] | ["between", rest @ ..] => {
            over_night(rest, &["to", "until", "till", "and"])
        }
        [many @ .., "after", last] => later(time(&[last])?, &[(1, span::parts(many)?)]),
        [many @ .., "before", last] => later(time(&[last])?, &[(-1, span::parts(many)?)]),
        _ => over_night(words, &["to", "until", "till"]).or_else(|| chained(words)),
    }
}

/// `9:40-8:15` as words; the sign of a number stays with it.
fn with_minus_apart(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let apart = |(at, c): (usize, &char)| match c {
        '-' if at > 0 && !chars[at - 1].is_whitespace() => " - ".to_owned(),
        _ => c.to_string(),
    };
    chars.iter().enumerate().map(apart).collect()
}

/// How long it is from one time to another behind one of `words`; the earlier one of the next day is
/// meant.
fn over_night(all: &[&str], words: &[&str]) -> Option<String> {
    let at = all.iter().position(|word| words.contains(word))?;
    let (first, last) = (time(&all[..at])?, time(&all[at + 1..])?);
    Some(lasting((last.minutes - first.minutes).rem_euclid(DAY)))
}

/// A time minus a time of the same day, or a time and spans that are added and taken away.
fn chained(words: &[&str]) -> Option<String> {
    let is_sign = |word: &&str| ["+", "-"].contains(word);
    let at = words.iter().position(is_sign)?;
    let begins = time(&words[..at])?;
    if words[at] == "-"
        && let Some(other) = time(&words[at + 1..])
    {
        let minutes = begins.minutes - other.minutes;
        return (minutes >= 0).then(|| lasting(minutes));
    }
    let mut spans = Vec::new();
    for part in words[at..].chunk_by(|_, next| !is_sign(&next)) {
        let (sign, rest) = part.split_first()?;
        spans.push((if *sign == "-" { -1 } else { 1 }, span::parts(rest)?));
    }
    later(begins, &spans)
}

/// The time that is the `spans` later than `begins`, and on which day where that is another.
fn later(begins: Time, spans: &[(i64, Vec<Part>)]) -> Option<String> {
    let mut minutes = begins.minutes;
    for (sign, part) in spans
        .iter()
        .flat_map(|(sign, parts)| parts.iter().map(move |part| (sign, part)))
    {
        let each = match part.unit {
            Unit::Minute => 1,
            Unit::Hour => 60,
            _ => return None,
        };
        minutes = minutes.checked_add(part.count.checked_mul(each * sign)?)?;
    }
    let days = minutes.div_euclid(DAY);
    let of_day = minutes.rem_euclid(DAY);
    let (hour, minute) = (of_day / 60, of_day % 60);
    let said = match begins.halves {
        false => format!("{hour:02}:{minute:02}"),
        true => {
            let half = if hour < 12 { "am" } else { "pm" };
            format!("{}:{minute:02} {half}", (hour + 11) % 12 + 1)
        }
    };
    Some(match days {
        0 => said,
        1 => format!("{said} the next day"),
        -1 => format!("{said} the day before"),
        2.. => format!("{said}, {days} days later"),
        _ => format!("{said}, {} days before", -days),
    })
}

fn lasting(minutes: i64) -> String {
    span::said(&[(minutes / 60, "hour"), (minutes % 60, "minute")])
}

/// The time that `words` are: 9:40, 21:05, 9:40 pm, 9pm.
fn time(words: &[&str]) -> Option<Time> {
    let text = words.concat().to_ascii_lowercase();
    let half = |end: &str| text.strip_suffix(end);
    let (clock, half) = match (half("am"), half("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (_, Some(clock)) => (clock, Some(12)),
        _ => (text.as_str(), None),
    };
    let marks: &[char] = if half.is_some() { &[':', '.'] } else { &[':'] };
    let (hour, minute) = match clock.split_once(marks) {
        Some((hour, minute)) => (hour, minute),
        None if half.is_some() => (clock, "00"),
        None => return None,
    };
    let number = |text: &str, length: &[usize]| -> Option<i64> {
        let plain = length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse().ok()).flatten()
    };
    let (hour, minute) = (number(hour, &[1, 2])?, number(minute, &[2])?);
    let hour = match half {
        Some(half) => (1..=12).contains(&hour).then_some(hour % 12 + half)?,
        None => hour,
    };
    (hour < 24 && minute < 60).then_some(Time {
        minutes: hour * 60 + minute,
        halves: half.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_computed_with() {
        let check = |expression: &str, want: Option<&str>| {
            assert_eq!(value(expression).as_deref(), want, "{expression}");
        };
        check("9:40 + 1 h 25 min", Some("11:05"));
        check("9:40+85min", Some("11:05"));
        check("17:05 - 8:50", Some("8 hours 15 minutes"));
        check("17:05-8:50", Some("8 hours 15 minutes"));
        check("8:15 + 45 min + 1 hour - 10 minutes", Some("09:50"));
        check("23:50 + 20 min", Some("00:10 the next day"));
        check("0:10 - 20 min", Some("23:50 the day before"));
        check("9:00 + 50 hours", Some("11:00, 2 days later"));
        check("7:30 pm + 90 min", Some("9:00 pm"));
        check("7.30pm + 90 min", Some("9:00 pm"));
        check("11pm + 2 hours", Some("1:00 am the next day"));
        check("12:15 am + 1 hour", Some("1:15 am"));
        check("12:15 pm - 30 minutes", Some("11:45 am"));
        check("from 8:30 to 12:15", Some("3 hours 45 minutes"));
        check("22:30 to 6:15", Some("7 hours 45 minutes"));
        check("between 9 am and 5 pm", Some("8 hours"));
        check("45 minutes before 10:20", Some("09:35"));
        check("2 hours after 9:00", Some("11:00"));
        check("9:00 - 9:00", Some("0 minutes"));
        // Of which day the later one is, nobody says.
        check("8:50 - 17:05", None);
        check("9:40 + 1:25", None);
        check("9:40 + 3", None);
        check("9:40 + 2 days", None);
        check("9 + 25 min", None);
        check("25:00 + 10 min", None);
        check("9:75 + 10 min", None);
        check("13 pm + 10 min", None);
        check("2:1 + 3 min", None);
        check("9:40 * 2", None);
        check("90 min - 45 min", None);
        check("", None);
    }
}
