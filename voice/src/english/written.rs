//! What is written otherwise than it is said in English: numbers, money, dates, times, units,
//! abbreviations, signs. All of it becomes words; what is pronounced how is not known here.
//!
//! The rules are applied one after another, so that a date is read before its numbers are. What
//! is spelled letter by letter is written with points between the letters: `U.S`.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::numbers::{cardinal, digits, number, number_or_year, ordinal, plural, year};
use super::units::{ABBREVIATIONS, MONTHS, UNITS};

/// What replaces a match.
type Said = fn(&Captures<'_>) -> String;

/// Each pattern with what is said in its place, in the order in which they are applied.
const RULES: &[(&str, Said)] = &[
    // Addresses.
    (r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b", |m| address(&m[0])),
    (r"\bhttps?://(?:www\.)?([^\s<>()]*[\w/])", |m| {
        address(&m[1])
    }),
    (
        r"\b(?:www\.)?((?:[A-Za-z0-9-]+\.)+(?:com|org|net|io|dev|edu|gov)\b(?:/[\w./-]*\w)?)",
        |m| address(&m[1]),
    ),
    // Dates.
    (r"\b(1[1-9]\d\d|20\d\d)-(0\d|1[0-2])-([0-3]\d)\b", |m| {
        date(&m[2], &m[3], &m[1])
    }),
    (
        r"\b(1[0-2]|0?[1-9])/([0-3]?\d)/(1[1-9]\d\d|20\d\d)\b",
        |m| date(&m[1], &m[2], &m[3]),
    ),
    (
        r"\b(January|February|March|April|May|June|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?) (\d{1,2})(?:st|nd|rd|th)?\b",
        |m| format!("{} {}", month(&m[1]), ordinal(value(&m[2]))),
    ),
    (
        r"\b(?:the )?(\d{1,2})(?:st|nd|rd|th)? (?:of )?(January|February|March|April|May|June|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)",
        |m| format!("the {} of {}", ordinal(value(&m[1])), month(&m[2])),
    ),
    // Times.
    (
        r"\b([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?:\s?(AM|PM|am|pm|a\.m\.|p\.m\.))?",
        |m| {
            time(
                &m[1],
                &m[2],
                m.get(3).map(|at| at.as_str()),
                m.get(4).map(|at| at.as_str()),
            )
        },
    ),
    (r"\b(\d{1,2})\s?(AM|PM|am|pm|a\.m\.|p\.m\.)", |m| {
        format!("{} {}", number(&m[1]), half_of_day(&m[2]))
    }),
    // Money.
    (
        r"([$€£¥])\s?(\d[\d,]*(?:\.\d+)?)\s?(thousand|million|billion|trillion|[kKMB])\b",
        |m| format!("{} {} {}", number(&m[2]), scale(&m[3]), plural_coin(&m[1])),
    ),
    (r"([$€£¥])\s?(\d[\d,]*)(?:\.(\d\d))?\b", |m| {
        money(&m[1], &m[2], m.get(3).map(|at| at.as_str()))
    }),
    (r"(\d[\d,]*(?:\.\d+)?)\s?([€£])", |m| {
        format!("{} {}", number(&m[1]), plural_coin(&m[2]))
    }),
    // Telephone numbers, versions, addresses of machines.
    (r"\b\d{3}-(?:\d{3}-)?\d{4}\b", |m| {
        m[0].split('-').map(digits).collect::<Vec<_>>().join(", ")
    }),
    (r"\b[vV]?(\d+(?:\.\d+){2,})\b", |m| {
        m[1].split('.')
            .map(number)
            .collect::<Vec<_>>()
            .join(" point ")
    }),
    (r"\b[vV](\d+(?:\.\d+)?)\b", |m| {
        format!("version {}", number(&m[1]))
    }),
    // Decades, spans and measures.
    (r"\b(1[1-9]|20)(\d0)s\b", |m| {
        plural(&year(value(&m[1]) * 100 + value(&m[2])))
    }),
    (r"(\d)(?:[–—-]| [–—-] )(\d)", |m| {
        format!("{} to {}", &m[1], &m[2])
    }),
    (
        r"(-?\d[\d,]*(?:\.\d+)?)\s?([A-Za-zµμ°℃℉]+(?:/[a-z]+)?)",
        |m| measure(&m[1], &m[2]).unwrap_or_else(|| m[0].to_owned()),
    ),
    (r"(\d)\s?%", |m| format!("{} percent ", &m[1])),
    // Places and fractions.
    (r"\b(\d+)(?:st|nd|rd|th)\b", |m| ordinal(value(&m[1]))),
    (r"\b24/7\b", |_| "twenty-four seven".to_owned()),
    (r"\b(\d{1,3})/(\d{1,3})\b", |m| {
        fraction(value(&m[1]), value(&m[2]))
    }),
    (r"(^|[\s(=])[-−](\d)", |m| {
        format!("{}minus {}", &m[1], &m[2])
    }),
    (r"(?:#|\b[Nn]o\. ?)(\d)", |m| format!("number {}", &m[1])),
    // What is left of numbers.
    (r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+", |m| {
        format!(" {} ", number_or_year(&m[0]))
    }),
    // Abbreviations and signs.
    (r"\b([A-Za-z]+(?:\.[A-Za-z]+)*)\.", |m| {
        abbreviation(&m[1]).unwrap_or_else(|| m[0].to_owned())
    }),
    (r"\bw/o\b", |_| "without".to_owned()),
    (r"(\w)/(\w)", |m| format!("{} slash {}", &m[1], &m[2])),
    (r"[&+=@<>×÷±°~^→%$€£_]", |m| sign(&m[0])),
];

static COMPILED: LazyLock<Vec<(Regex, Said)>> = LazyLock::new(|| {
    let compiled = RULES.iter().map(|(pattern, said)| {
        let pattern = Regex::new(pattern).expect("the patterns are part of the program");
        (pattern, *said)
    });
    compiled.collect()
});

/// `text` as it is said.
pub fn spoken(text: &str) -> String {
    let mut text = text.replace(['’', '‘'], "'");
    for (pattern, said) in COMPILED.iter() {
        if pattern.is_match(&text) {
            text = pattern.replace_all(&text, *said).into_owned();
        }
    }
    text
}

fn value(written: &str) -> u64 {
    written.parse().unwrap_or_default()
}

/// An address of a page or of mail.
fn address(written: &str) -> String {
    let mut said = String::new();
    for c in written.chars() {
        match c {
            '.' => said.push_str(" dot "),
            '/' => said.push_str(" slash "),
            '@' => said.push_str(" at "),
            '-' => said.push_str(" dash "),
            '_' => said.push_str(" underscore "),
            '?' => said.push_str(" question mark "),
            c => said.push(c),
        }
    }
    said
}

/// The whole name of a month that may be shortened.
fn month(written: &str) -> &str {
    let front: String = written.chars().take(3).collect();
    let found = MONTHS.iter().find(|name| name.starts_with(&front));
    found.copied().unwrap_or(written)
}

fn date(month: &str, day: &str, in_year: &str) -> String {
    let name = MONTHS.get(value(month).saturating_sub(1) as usize);
    let name = name.copied().unwrap_or_default();
    format!("{name} {}, {}", ordinal(value(day)), year(value(in_year)))
}

fn time(hour: &str, minute: &str, second: Option<&str>, half: Option<&str>) -> String {
    let mut said = cardinal(value(hour));
    match (value(minute), half) {
        (0, None) if (1..13).contains(&value(hour)) => said.push_str(" o'clock"),
        (0, None) => said.push_str(" hundred"),
        (0, Some(_)) => {}
        (minutes @ 1..=9, _) => said += &format!(" oh {}", cardinal(minutes)),
        (minutes, _) => said += &format!(" {}", cardinal(minutes)),
    }
    if let Some(second) = second {
        said += &format!(" and {} seconds", cardinal(value(second)));
    }
    if let Some(half) = half {
        said += &format!(" {}", half_of_day(half));
    }
    said
}

fn half_of_day(written: &str) -> &'static str {
    match written.starts_with(['a', 'A']) {
        true => "A.M",
        false => "P.M",
    }
}

fn scale(written: &str) -> &str {
    match written {
        "k" | "K" => "thousand",
        "M" => "million",
        "B" => "billion",
        other => other,
    }
}

/// The names of a coin and its hundredth, one of each.
fn coin(sign: &str) -> (&'static str, &'static str) {
    match sign {
        "€" => ("euro", "cent"),
        "£" => ("pound", "penny"),
        "¥" => ("yuan", "fen"),
        _ => ("dollar", "cent"),
    }
}

fn plural_coin(sign: &str) -> String {
    several(coin(sign).0)
}

fn several(coin: &str) -> String {
    match coin {
        "penny" => "pence".to_owned(),
        "yuan" | "fen" => coin.to_owned(),
        coin => plural(coin),
    }
}

fn money(sign: &str, whole: &str, part: Option<&str>) -> String {
    let (large, small) = coin(sign);
    let amount = |count: &str, name: &str| match count {
        "1" => format!("one {name}"),
        count => format!("{} {}", number(count), several(name)),
    };
    let part = part.map(|part| part.trim_start_matches('0'));
    match part.filter(|part| !part.is_empty()) {
        None => amount(whole, large),
        Some(part) if whole == "0" => amount(part, small),
        Some(part) => format!("{} and {}", amount(whole, large), amount(part, small)),
    }
}

/// A number with its unit; none where that is no unit.
fn measure(count: &str, written: &str) -> Option<String> {
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
    let (sign, plain) = match count.strip_prefix('-') {
        Some(plain) => ("minus ", plain),
        None => ("", count),
    };
    let unit = if plain == "1" { one } else { many };
    Some(format!("{sign}{} {unit}{per} ", number(plain)))
}

fn fraction(upper: u64, lower: u64) -> String {
    let part = match lower {
        2 => "half".to_owned(),
        4 => "quarter".to_owned(),
        3 | 5..=10 => ordinal(lower),
        _ => return format!("{} over {}", cardinal(upper), cardinal(lower)),
    };
    match (upper, part.as_str()) {
        (1, _) => format!("one {part}"),
        (_, "half") => format!("{} halves", cardinal(upper)),
        _ => format!("{} {}", cardinal(upper), plural(&part)),
    }
}

/// What an abbreviation stands for, written without its last point.
pub fn abbreviation(written: &str) -> Option<String> {
    let mut known = ABBREVIATIONS.iter();
    if let Some((_, said)) = known.find(|(short, _)| *short == written) {
        return Some((*said).to_owned());
    }
    // Single letters with points between them: their last point goes.
    let mut letters = written.split('.');
    (written.contains('.') && letters.all(|letter| letter.len() == 1)).then(|| written.to_owned())
}

fn sign(written: &str) -> String {
    let said = match written {
        "&" => "and",
        "+" => "plus",
        "=" => "equals",
        "@" => "at",
        "<" => "less than",
        ">" => "greater than",
        "×" => "times",
        "÷" => "divided by",
        "±" => "plus or minus",
        "°" => "degrees",
        "~" => "about",
        "^" => "to the power of",
        "→" => "to",
        "%" => "percent",
        "$" => "dollars",
        "€" => "euros",
        "£" => "pounds",
        _ => "",
    };
    format!(" {said} ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_becomes_words() {
        let check = |written: &str, expected: &str| {
            let said = spoken(written);
            let said: Vec<&str> = said.split_whitespace().collect();
            assert_eq!(said.join(" "), expected, "{written}");
        };
        check("It is 3:05 pm.", "It is three oh five P.M");
        check("At 9:00 we left", "At nine o'clock we left");
        check("at 5 p.m. sharp", "at five P.M sharp");
        check("on 2024-03-05", "on March fifth, twenty twenty four");
        check(
            "on 12/25/1999,",
            "on December twenty fifth, nineteen ninety nine,",
        );
        check("Mar. 3", "March third");
        check("the 4th of July", "the fourth of July");
        check("4 July 1776", "the fourth of July seventeen seventy six");
        check("May 2024", "May twenty twenty four");
        check("$3.50", "three dollars and fifty cents");
        check("$1.5 million", "one point five million dollars");
        check("£1", "one pound");
        check("$0.05", "five cents");
        check("12.5%", "twelve point five percent");
        check("5 km", "five kilometers");
        check("1 kg", "one kilogram");
        check("90 km/h", "ninety kilometers per hour");
        check("-5°C", "minus five degrees Celsius");
        check("16GB", "sixteen gigabytes");
        check("3 cats", "three cats");
        check("the 21st", "the twenty first");
        check("1/2 and 3/4", "one half and three quarters");
        check("the 1980s", "the nineteen eighties");
        check("10-20", "ten to twenty");
        check("5 -3", "five minus three");
        check("x = -3", "x equals minus three");
        check(
            "call 555-123-4567",
            "call five five five, one two three, four five six seven",
        );
        check("v1.2.3", "one point two point three");
        check(
            "1,234,567",
            "one million two hundred thirty four thousand five hundred sixty seven",
        );
        check(
            "Dr. Smith vs. Mr. Jones",
            "Doctor Smith versus Mister Jones",
        );
        check("e.g. this", "for example this");
        check("the U.S. army", "the U.S army");
        check("and/or", "and slash or");
        check("a@b.org", "a at b dot org");
        check(
            "see https://example.com/a-b.",
            "see example dot com slash a dash b.",
        );
        check("AT&T", "AT and T");
        check("I read it.", "I read it.");
    }
}
