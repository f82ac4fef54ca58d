//! Numbers as English words.

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
const SCALES: [&str; 6] = [
    "",
    "thousand",
    "million",
    "billion",
    "trillion",
    "quadrillion",
];
/// Numbers with more digits are read digit by digit.
const DIGITS_MAX: usize = 15;
/// The signs of Roman numerals with what each is worth, and where their numbers end here.
const ROMAN: [(&str, u64); 9] = [
    ("C", 100),
    ("XC", 90),
    ("L", 50),
    ("XL", 40),
    ("X", 10),
    ("IX", 9),
    ("V", 5),
    ("IV", 4),
    ("I", 1),
];
const ROMAN_MAX: u64 = 399;

/// A whole number: `1204` is "one thousand two hundred four".
pub fn cardinal(value: u64) -> String {
    if value < 100 {
        return below_hundred(value as usize);
    }
    let mut words = Vec::new();
    for (power, scale) in SCALES.iter().enumerate().rev() {
        let group = (value / 1000u64.pow(power as u32) % 1000) as usize;
        if group >= 100 {
            words.push(format!("{} hundred", ONES[group / 100]));
        }
        if !group.is_multiple_of(100) {
            words.push(below_hundred(group % 100));
        }
        if group > 0 && power > 0 {
            words.push((*scale).to_owned());
        }
    }
    words.join(" ")
}

fn below_hundred(value: usize) -> String {
    match (value / 10, value % 10) {
        (0 | 1, _) => ONES[value].to_owned(),
        (tens, 0) => TENS[tens].to_owned(),
        (tens, ones) => format!("{} {}", TENS[tens], ONES[ones]),
    }
}

/// A place in an order: `21` is "twenty first".
pub fn ordinal(value: u64) -> String {
    let words = cardinal(value);
    let start = words.rfind(' ').map_or(0, |at| at + 1);
    let last = match &words[start..] {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        word => match word.strip_suffix('y') {
            Some(front) => format!("{front}ieth"),
            None => format!("{word}th"),
        },
    };
    format!("{}{last}", &words[..start])
}

/// A year: `1905` is "nineteen oh five".
pub fn year(value: u64) -> String {
    let (front, back) = (value / 100, value % 100);
    match (front % 10, back) {
        (0, 0..=9) => cardinal(value),
        (_, 0) => format!("{} hundred", cardinal(front)),
        (_, 1..=9) => format!("{} oh {}", cardinal(front), cardinal(back)),
        _ => format!("{} {}", cardinal(front), cardinal(back)),
    }
}

/// A number as it is written, with commas and a point: `1,250.5` is "one thousand two hundred
/// fifty point five".
pub fn number(written: &str) -> String {
    let plain = written.replace(',', "");
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let whole_words = match whole.len() {
        0 => "zero".to_owned(),
        1 => cardinal(whole.parse().unwrap_or_default()),
        _ if whole.starts_with('0') || whole.len() > DIGITS_MAX => digits(whole),
        _ => cardinal(whole.parse().unwrap_or_default()),
    };
    match part.is_empty() {
        true => whole_words,
        false => format!("{whole_words} point {}", digits(part)),
    }
}

/// A number that may be a year: four digits of it are read in pairs.
pub fn number_or_year(written: &str) -> String {
    match written.parse() {
        Ok(value) if written.len() == 4 && (1100..2100).contains(&value) => year(value),
        _ => number(written),
    }
}

/// The value of a Roman numeral, where it is written as one is: `XIV` is 14, `IIX` none.
pub fn roman(written: &str) -> Option<u64> {
    (1..=ROMAN_MAX).find(|value| in_roman(*value) == written)
}

fn in_roman(mut value: u64) -> String {
    let mut written = String::new();
    for (sign, worth) in ROMAN {
        while value >= worth {
            written += sign;
            value -= worth;
        }
    }
    written
}

/// Each digit of `written`; what is no digit is left out.
pub fn digits(written: &str) -> String {
    let digit = |c: char| c.to_digit(10).map(|n| ONES[n as usize]);
    let words: Vec<&str> = written.chars().filter_map(digit).collect();
    words.join(" ")
}

/// The plural of the last of `words`.
pub fn plural(words: &str) -> String {
    match words.strip_suffix('y') {
        Some(front) => format!("{front}ies"),
        None if words.ends_with('x') => format!("{words}es"),
        None => format!("{words}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_words() {
        for (value, expected) in [
            (0, "zero"),
            (15, "fifteen"),
            (40, "forty"),
            (99, "ninety nine"),
            (100, "one hundred"),
            (1204, "one thousand two hundred four"),
            (1_000_001, "one million one"),
        ] {
            assert_eq!(cardinal(value), expected);
        }
        for (value, expected) in [
            (1, "first"),
            (12, "twelfth"),
            (20, "twentieth"),
            (101, "one hundred first"),
        ] {
            assert_eq!(ordinal(value), expected);
        }
        for (value, expected) in [
            (1905, "nineteen oh five"),
            (1900, "nineteen hundred"),
            (2000, "two thousand"),
            (2007, "two thousand seven"),
            (2024, "twenty twenty four"),
        ] {
            assert_eq!(year(value), expected);
        }
        assert_eq!(
            number("1,250.5"),
            "one thousand two hundred fifty point five"
        );
        assert_eq!(number("007"), "zero zero seven");
        for (written, expected) in [
            ("I", Some(1)),
            ("XIV", Some(14)),
            ("LVIII", Some(58)),
            ("XCIX", Some(99)),
            ("IIX", None),
            ("IXI", None),
            ("", None),
        ] {
            assert_eq!(roman(written), expected, "{written}");
        }
        assert_eq!(number(".5"), "zero point five");
    }
}
