//! A number in a text, and what it counts.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::numeral;
use crate::pattern::pattern;
use crate::written::numbers;

/// The relative difference up to which two numbers are the same: two ways of computing one number
/// agree within it.
const NEAR: f64 = 1e-6;
/// A number with at least this many decimals may be a rounded one.
const ROUNDED_DECIMALS_MIN: usize = 2;

/// Decimals that count for a fraction, such as a third, when numbers are rounded.
const FRACTION_DECIMALS: usize = 99;

/// A unit: its names, what it measures, and how many base units it has.
type Unit = (&'static [&'static str], &'static str, f64);

const UNITS: &[Unit] = &[
    (&["%", "％", "percent", "per cent", "pct"], PERCENT, 1.0),
    (
        &["mm", "millimetres", "millimeters", "毫米"],
        "length",
        0.001,
    ),
    (
        &["cm", "centimetres", "centimeters", "厘米"],
        "length",
        0.01,
    ),
    (
        &["km", "kilometres", "kilometers", "公里", "千米"],
        "length",
        1_000.0,
    ),
    (
        &["m", "metre", "metres", "meter", "meters", "米"],
        "length",
        1.0,
    ),
    (&["inch", "inches"], "length", 0.0254),
    (&["ft", "foot", "feet"], "length", 0.3048),
    (&["yard", "yards", "yd"], "length", 0.9144),
    (&["mile", "miles", "mi"], "length", 1_609.344),
    (&["mg", "milligrams"], "mass", 0.001),
    (
        &["kg", "kilograms", "kilos", "千克", "公斤"],
        "mass",
        1_000.0,
    ),
    (&["g", "gram", "grams", "克"], "mass", 1.0),
    (&["tonne", "tonnes", "吨"], "mass", 1e6),
    (
        &["ml", "millilitres", "milliliters", "毫升"],
        "volume",
        0.001,
    ),
    (
        &["l", "litre", "litres", "liter", "liters", "升"],
        "volume",
        1.0,
    ),
    (&["ms", "milliseconds", "毫秒"], "time", 0.001),
    (&["s", "sec", "second", "seconds", "秒"], "time", 1.0),
    (&["min", "mins", "minute", "minutes", "分钟"], "time", 60.0),
    (
        &["h", "hr", "hrs", "hour", "hours", "小时"],
        "time",
        3_600.0,
    ),
    (&["day", "days", "天"], "time", 86_400.0),
    (&["week", "weeks", "周", "星期"], "time", 604_800.0),
    (&["month", "months", "个月"], "months", 1.0),
    (&["year", "years", "年"], "months", 12.0),
    (&["$", "usd", "dollar", "dollars", "美元"], "dollars", 1.0),
    (&["¢", "cent", "cents"], "dollars", 0.01),
    (&["€", "eur", "euro", "euros", "欧元"], "euros", 1.0),
    (&["£", "gbp"], "pounds", 1.0),
    (&["¥", "￥", "yuan", "rmb", "cny", "元", "块"], "yuan", 1.0),
    (&["°c", "℃", "celsius"], "celsius", 1.0),
    (&["°f", "℉", "fahrenheit"], "fahrenheit", 1.0),
];
/// What percentages measure.
const PERCENT: &str = "percent";

/// Words and characters behind a number that make it larger.
const SCALES: &[(&str, f64)] = &[
    ("thousand", 1e3),
    ("million", 1e6),
    ("billion", 1e9),
    ("万", 1e4),
    ("亿", 1e8),
];

/// A number, perhaps of something.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    value: f64,
    /// Digits after its point.
    decimals: usize,
    /// What it measures, and how many base units its unit has.
    unit: Option<(&'static str, f64)>,
}

impl Quantity {
    /// The number, in its own unit.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// A number without a unit, as it is written in digits.
    pub(super) fn bare(digits: &str) -> Self {
        let digits = digits.replace(',', "").replace('−', "-");
        let part = digits.split_once('.').map_or("", |(_, part)| part);
        Self {
            value: digits.parse().unwrap_or(f64::NAN),
            decimals: part.trim_end_matches('0').len(),
            unit: None,
        }
    }

    /// The last number in `text`, in digits or words, with its unit.
    pub(super) fn last_in(text: &str) -> Option<Self> {
        let text = &with_plain_numerals(text);
        let Some((mut quantity, start, end)) = last_digits(text) else {
            return in_words(text);
        };
        let mut after = text[end..].trim_start_matches([' ', '\u{a0}', '-']);
        let lower = after.to_lowercase();
        if let Some((word, scale)) = SCALES.iter().find(|(word, _)| lower.starts_with(word)) {
            quantity.value *= scale;
            quantity.decimals = 0;
            after = after[word.len()..].trim_start();
        }
        quantity.unit = unit_after(after).or_else(|| unit_before(&text[..start]));
        Some(quantity)
    }

    /// Whether both are the same. For percentages, a hundredth is the same too: 20 % is 0.2.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        match (self.unit, other.unit) {
            (Some((one, _)), Some((two, _))) if one != two => false,
            (Some((_, one)), Some((_, two))) if one != two => {
                near(self.value * one, other.value * two)
            }
            (Some((PERCENT, _)), None) => {
                self.as_plain(other) || near(self.value / 100.0, other.value)
            }
            (None, Some((PERCENT, _))) => {
                self.as_plain(other) || near(other.value / 100.0, self.value)
            }
            _ => self.as_plain(other),
        }
    }

    /// Whether the numbers are the same, or one is the other rounded.
    fn as_plain(&self, other: &Self) -> bool {
        let rounded = |fine: &Self, coarse: &Self| {
            let scale = 10f64.powi(coarse.decimals as i32);
            coarse.decimals >= ROUNDED_DECIMALS_MIN
                && fine.decimals > coarse.decimals
                && near((fine.value * scale).round() / scale, coarse.value)
        };
        near(self.value, other.value) || rounded(self, other) || rounded(other, self)
    }
}

/// `text` with digits for numbers that Chinese units stand among: 35000 for 3万5千.
fn with_plain_numerals(text: &str) -> Cow<'_, str> {
    static MIXED: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\d+[百千万亿]\d+[百千万亿]?(?:\d+[百千万亿])*"));
    MIXED.replace_all(text, |found: &Captures<'_>| {
        let number = numbers::han(&found[0]);
        number.map_or_else(|| found[0].to_owned(), |number| number.to_string())
    })
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= NEAR * one.abs().max(other.abs())
}

/// The last number in digits, and where it stands.
fn last_digits(text: &str) -> Option<(Quantity, usize, usize)> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        let digits = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?";
        let text = format!(
            r"(?:(?P<over>\d+)\s*/\s*(?P<under>[1-9]\d*))|(?P<number>{digits}(?:[eE][-+]?\d+)?)|(?P<part>\.\d+)"
        );
        pattern(&text)
    });
    let found = NUMBER.captures_iter(text).last()?;
    let whole = found.get(0)?;
    let mut quantity = match (found.name("over"), found.name("under")) {
        (Some(over), Some(under)) => {
            let (over, under) = (
                Quantity::bare(over.as_str()),
                Quantity::bare(under.as_str()),
            );
            Quantity {
                value: over.value / under.value,
                decimals: FRACTION_DECIMALS,
                unit: None,
            }
        }
        _ => Quantity::bare(whole.as_str()),
    };
    // A currency sign may stand between a minus and its number; "3-4" has none.
    let before = text[..whole.start()].trim_end_matches(['$', '€', '£', '¥', '￥']);
    let minus = before.strip_suffix(['-', '−']);
    if minus.is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == ')')) {
        quantity.value = -quantity.value;
    }
    Some((quantity, whole.start(), whole.end()))
}

fn in_words(text: &str) -> Option<Quantity> {
    let plain = |value: f64| Quantity {
        value,
        decimals: 0,
        unit: None,
    };
    if let Some((value, start, end)) = numeral::last_han(text) {
        let mut quantity = plain(value);
        let percent = text[..start].ends_with("百分之");
        quantity.unit = match percent {
            true => Some((PERCENT, 1.0)),
            false => unit_after(&text[end..]),
        };
        return Some(quantity);
    }
    numeral::english(text).map(plain)
}

/// The unit that `text` begins with.
fn unit_after(text: &str) -> Option<(&'static str, f64)> {
    let lower = text.to_lowercase();
    let begins = |name: &str| {
        let rest = lower.strip_prefix(name);
        // A name in letters has to be a whole word: "m" is not a part of "men".
        let whole = |rest: &str| {
            let ascii = name.ends_with(|c: char| c.is_ascii_alphabetic());
            !ascii || !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
        };
        rest.is_some_and(whole)
    };
    let mut found: Vec<(usize, (&'static str, f64))> = Vec::new();
    for (names, kind, factor) in UNITS {
        for name in names.iter().filter(|name| begins(name)) {
            found.push((name.len(), (*kind, *factor)));
        }
    }
    // The longest match counts: 个月 before 个.
    found
        .into_iter()
        .max_by_key(|(len, _)| *len)
        .map(|(_, unit)| unit)
}

/// The currency sign that `text` ends in.
fn unit_before(text: &str) -> Option<(&'static str, f64)> {
    let sign = text.trim_end().chars().next_back()?;
    let sign = sign.to_string();
    let unit = UNITS
        .iter()
        .find(|(names, ..)| "$€£¥￥".contains(sign.as_str()) && names.contains(&sign.as_str()))?;
    Some((unit.1, unit.2))
}
