//! How long something lasts, in words: 1 h 25 min, 18 months, 1 year and 6 months.

/// One part of it: how many, and of what.
pub struct Part {
    pub count: i64,
    pub unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// What people call them.
const NAMES: [(&[&str], Unit); 7] = [
    (&["s", "sec", "secs", "second", "seconds"], Unit::Second),
    (&["m", "min", "mins", "minute", "minutes"], Unit::Minute),
    (&["h", "hr", "hrs", "hour", "hours"], Unit::Hour),
    (&["d", "day", "days"], Unit::Day),
    (&["w", "wk", "wks", "week", "weeks"], Unit::Week),
    (&["mo", "mos", "month", "months"], Unit::Month),
    (&["y", "yr", "yrs", "year", "years"], Unit::Year),
];

/// The parts of `words`, each a whole number and its unit, together or apart, in any number of words;
/// `None` where anything else stands there.
pub fn parts(words: &[&str]) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut pending: Option<i64> = None;
    for word in words {
        if *word == "and" && pending.is_none() && !parts.is_empty() {
            continue;
        }
        let mut rest = word.trim_end_matches(',');
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            if digits > 0 {
                if pending.is_some() {
                    return None;
                }
                pending = Some(rest[..digits].parse().ok()?);
                rest = &rest[digits..];
                continue;
            }
            let letters = rest
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(rest.len());
            let name = rest[..letters].to_ascii_lowercase();
            let (_, unit) = NAMES
                .iter()
                .find(|(names, _)| names.contains(&name.as_str()))?;
            parts.push(Part {
                count: pending.take()?,
                unit: *unit,
            });
            rest = &rest[letters..];
        }
    }
    (pending.is_none() && !parts.is_empty()).then_some(parts)
}

/// `count` of what `one` is called, without a part that is nothing.
pub fn said(parts: &[(i64, &str)]) -> String {
    let some = parts.iter().filter(|(count, _)| *count != 0);
    let said = some.map(|(count, one)| match count.abs() {
        1 => format!("{count} {one}"),
        _ => format!("{count} {one}s"),
    });
    let said: Vec<String> = said.collect();
    match (said.is_empty(), parts.last()) {
        (true, Some((_, one))) => format!("0 {one}s"),
        _ => said.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read() {
        let check = |text: &str, want: &[(i64, Unit)]| {
            let words: Vec<&str> = text.split_whitespace().collect();
            let found = parts(&words).unwrap_or_default();
            let found: Vec<(i64, Unit)> =
                found.iter().map(|part| (part.count, part.unit)).collect();
            assert_eq!(found, want, "{text}");
        };
        check("90 min", &[(90, Unit::Minute)]);
        check("1h 25min", &[(1, Unit::Hour), (25, Unit::Minute)]);
        check("1h25m", &[(1, Unit::Hour), (25, Unit::Minute)]);
        check("1 year, and 6 months", &[(1, Unit::Year), (6, Unit::Month)]);
        check("2 weeks", &[(2, Unit::Week)]);
        check("1.5 hours", &[]);
        check("2 3 days", &[]);
        check("5", &[]);
        check("days", &[]);
        check("2 boxes", &[]);
        check("and 2 days", &[]);
        check("", &[]);
    }

    #[test]
    fn a_span_is_said_without_what_it_has_not() {
        assert_eq!(said(&[(8, "week"), (1, "day")]), "8 weeks 1 day");
        assert_eq!(said(&[(8, "week"), (0, "day")]), "8 weeks");
        assert_eq!(said(&[(0, "week"), (0, "day")]), "0 days");
        assert_eq!(said(&[(-1, "day")]), "-1 day");
    }
}
