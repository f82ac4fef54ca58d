//! What is said in place of what the rules of `normalization` have found: dates, money, measures,
//! fractions, addresses and signs as words.

use super::numbers::{cardinal, number, ordinal, plural, roman, year};
use super::units::{MONTHS, UNITS};

/// Two digits of a year are of this century below, of the last one from here on.
const LAST_CENTURY: u64 = 70;

/// A whole number as it is written.
pub fn value(written: &str) -> u64 {
    written.parse().unwrap_or_default()
}

/// An address of a page or of mail, or the name of a file.
pub fn address(written: &str) -> String {
    let mut said = String::new();
    for c in written.trim_end_matches('/').chars() {
        let word = match c {
            '.' => "dot",
            '/' => "slash",
            '@' => "at",
            '-' => "dash",
            '_' => "underscore",
            '?' => "question mark",
            ':' => "colon",
            '#' => "hash",
            '+' => "plus",
            '&' => "and",
            '=' => "equals",
            '%' => "percent",
            '~' => "tilde",
            c => {
                said.push(c);
                continue;
            }
        };
        said += &format!(" {word} ");
    }
    said
}

/// The whole name of a month that may be shortened.
pub fn month(written: &str) -> &str {
    let front: String = written.chars().take(3).collect();
    let found = MONTHS.iter().find(|name| name.starts_with(&front));
    found.copied().unwrap_or(written)
}

/// A day of the month with this number, in a year.
pub fn date(month: u64, day: u64, in_year: u64) -> String {
    let name = MONTHS.get(month.saturating_sub(1) as usize);
    let name = name.copied().unwrap_or_default();
    format!("{name} {}, {}", ordinal(day), year(in_year))
}

/// The year that is written with two digits.
pub fn short_year(written: &str) -> u64 {
    match value(written) {
        year @ LAST_CENTURY.. => 1900 + year,
        year => 2000 + year,
    }
}

/// A time of the day; `half` is that of the day.
pub fn time(hour: &str, minute: &str, second: Option<&str>, half: Option<&str>) -> String {
    let mut said = cardinal(value(hour));
    match (value(minute), half) {
        (0, None) if (1..13).contains(&value(hour)) => said.push_str(" o'clock"),
        (0, None) => said.push_str(" hundred"),
        (0, Some(_)) => {}
        (minutes @ 1..=9, _) => said += &format!(" oh {}", cardinal(minutes)),
        (minutes, _) => said += &format!(" {}", cardinal(minutes)),
    }
    match second.map(value) {
        None | Some(0) => {}
        Some(1) => said += " and one second",
        Some(seconds) => said += &format!(" and {} seconds", cardinal(seconds)),
    }
    if let Some(half) = half {
        said += &format!(" {}", half_of_day(half));
    }
    said
}

/// Before or after noon.
pub fn half_of_day(written: &str) -> &'static str {
    match written.starts_with(['a', 'A']) {
        true => "A.M",
        false => "P.M",
    }
}

/// The power of ten that a letter behind a number stands for.
pub fn scale(written: &str) -> &str {
    match written {
        "k" | "K" => "thousand",
        "m" | "M" | "mn" => "million",
        "B" | "bn" => "billion",
        "T" | "tn" => "trillion",
        other => other,
    }
}

/// The sign of the coin with this code.
pub fn coin_of(code: &str) -> &'static str {
    match code {
        "EUR" => "€",
        "GBP" => "£",
        "CNY" | "RMB" => "¥",
        "INR" => "₹",
        _ => "$",
    }
}

/// The names of a coin and its hundredth, one of each.
fn coin(sign: &str) -> (&'static str, &'static str) {
    match sign {
        "€" => ("euro", "cent"),
        "£" => ("pound", "penny"),
        "¥" => ("yuan", "fen"),
        "₹" => ("rupee", "paisa"),
        _ => ("dollar", "cent"),
    }
}

/// What several of a coin are called.
pub fn plural_coin(sign: &str) -> String {
    several(coin(sign).0)
}

fn several(coin: &str) -> String {
    match coin {
        "penny" => "pence".to_owned(),
        "paisa" => "paise".to_owned(),
        "yuan" | "fen" => coin.to_owned(),
        coin => plural(coin),
    }
}

/// An amount of the coin with this sign.
pub fn money(sign: &str, written: &str) -> String {
    let (large, small) = coin(sign);
    let amount = |count: &str, name: &str| match count {
        "1" => format!("one {name}"),
        count => format!("{} {}", number(count), several(name)),
    };
    let (whole, part) = written.split_once('.').unwrap_or((written, ""));
    let hundredths = part.trim_start_matches('0');
    match part.len() {
        0 => amount(whole, large),
        2 if hundredths.is_empty() => amount(whole, large),
        2 if whole == "0" || whole.is_empty() => amount(hundredths, small),
        2 => format!("{} and {}", amount(whole, large), amount(hundredths, small)),
        _ => amount(written, large),
    }
}

/// A number with its unit; none where that is no unit.
pub fn measure(count: &str, written: &str) -> Option<String> {
    let (unit, per) = match written.split_once('/') {
        Some((unit, per)) => (unit, Some(per)),
        None => (written, None),
    };
    let name = |unit: &str| UNITS.iter().find(|(short, _, _)| *short == unit);
    let (_, one, many) = name(unit)?;
    let per = match per {
        None => String::new(),
        Some(per) => format!(" per {}", name(per)?.1),
    };
    let unit = if count == "1" { one } else { many };
    Some(format!("{} {unit}{per} ", number(count)))
}

/// A part of a whole: `3/4` is "three quarters", `8/10` is "eight out of ten".
pub fn fraction(upper: u64, lower: u64) -> String {
    let out_of = || format!("{} out of {}", cardinal(upper), cardinal(lower));
    let part = match lower {
        10 | 100 if upper > 1 => return out_of(),
        _ if upper == lower => return out_of(),
        2 => "half".to_owned(),
        4 => "quarter".to_owned(),
        3 | 5..=10 | 16 | 20 | 100 => ordinal(lower),
        _ => return format!("{} over {}", cardinal(upper), cardinal(lower)),
    };
    match (upper, part.as_str()) {
        (1, _) => format!("one {part}"),
        (_, "half") => format!("{} halves", cardinal(upper)),
        _ => format!("{} {}", cardinal(upper), plural(&part)),
    }
}

/// A fraction that is one sign.
pub fn vulgar(written: &str) -> &'static str {
    match written {
        "½" => "one half",
        "¼" => "one quarter",
        "¾" => "three quarters",
        "⅓" => "one third",
        "⅔" => "two thirds",
        _ => "one eighth",
    }
}

/// `name` with a Roman numeral, which is said as `said` says; `whole` where it is none.
pub fn numbered(whole: &str, name: &str, written: &str, said: fn(u64) -> String) -> String {
    match roman(written) {
        Some(value) => format!("{name} {}", said(value)),
        None => whole.to_owned(),
    }
}

/// A time that something is counted by, in full.
pub fn per(written: &str) -> &str {
    match written {
        "hr" => "hour",
        "wk" => "week",
        "mo" => "month",
        "yr" => "year",
        other => other,
    }
}

/// A way in a town, in full.
pub fn street(written: &str) -> &'static str {
    match written {
        "Rd" => "Road",
        "Ln" => "Lane",
        "Ct" => "Court",
        _ => "Street",
    }
}

/// How two things compare, or where an arrow leads.
pub fn relation(written: &str) -> &'static str {
    match written {
        "<=" => "less than or equal to",
        ">=" => "greater than or equal to",
        "!=" => "is not equal to",
        "==" => "equals",
        "=>" => "gives",
        _ => "to",
    }
}

/// The name of a Greek letter that stands alone.
pub fn greek(written: &str) -> &'static str {
    match written {
        "α" => "alpha",
        "β" => "beta",
        "γ" => "gamma",
        "δ" | "Δ" => "delta",
        "ε" => "epsilon",
        "θ" => "theta",
        "λ" => "lambda",
        "µ" => "mu",
        "π" => "pi",
        "ρ" => "rho",
        "σ" | "Σ" => "sigma",
        "φ" => "phi",
        _ => "omega",
    }
}

/// A sign between words or numbers.
pub fn sign(written: &str) -> String {
    let said = match written {
        "&" => "and",
        "+" => "plus",
        "−" => "minus",
        "=" => "equals",
        "@" => "at",
        "<" => "less than",
        ">" => "greater than",
        "≤" => "less than or equal to",
        "≥" => "greater than or equal to",
        "≠" => "is not equal to",
        "×" => "times",
        "÷" => "divided by",
        "±" => "plus or minus",
        "°" => "degrees",
        "~" | "≈" => "about",
        "^" => "to the power of",
        "→" => "to",
        "√" => "the square root of",
        "∞" => "infinity",
        "§" => "section",
        "%" => "percent",
        "$" => "dollars",
        "€" => "euros",
        "£" => "pounds",
        "¢" => "cents",
        _ => "",
    };
    format!(" {said} ")
}
