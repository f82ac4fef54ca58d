//! Numbers with units, as fields of results have them, and which of two is the greater one.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::laid_out;

/// Units of the size of a text, each with how many bytes it is.
const SIZES: &[(&str, f64)] = &[
    ("b", 1.0),
    ("bytes", 1.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("tb", 1e12),
    ("kib", 1024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
];
/// What such a size is counted in.
const BYTES: &str = "bytes";

static MEASURE: LazyLock<Regex> = LazyLock::new(|| {
    laid_out(
        r"^(?P<before>[$€£¥₹]|[A-Z]{3}\b)?\s*
          (?P<low>-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)
          (?:\s*(?:-|–|to)\s*[$€£¥₹]?\s*(?P<high>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?))?
          \s*(?P<after>[\p{L}%°/$€£¥₹][\p{L}\p{N}%°/. ]{0,24})?$",
    )
});

/// A number, or a range of numbers, of something.
///
/// A text is one where it says nothing else: `$1,200`, `4.5 stars`, `100 - 220 EUR`, `12 MB`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measure {
    low: f64,
    high: f64,
    /// What is counted, in small letters; empty where that is not said.
    unit: String,
}

impl Measure {
    /// The measure that `text` is.
    pub(super) fn of(text: &str) -> Option<Self> {
        let found = MEASURE.captures(text.trim())?;
        let number = |name: &str| -> Option<f64> {
            let digits = found.name(name)?.as_str().replace(',', "");
            digits.parse().ok()
        };
        let low = number("low")?;
        let high = match found.name("high") {
            Some(_) => number("high")?,
            None => low,
        };
        let said = |name: &str| found.name(name).map_or("", |unit| unit.as_str().trim());
        let unit = match (said("before"), said("after")) {
            (before, "") => before.to_lowercase(),
            ("", after) => after.to_lowercase(),
            // What costs so much a night costs that.
            (before, after) => format!("{before} {after}").to_lowercase(),
        };
        let size = SIZES.iter().find(|(name, _)| *name == unit);
        let (scale, unit) = match size {
            Some((_, bytes)) => (*bytes, BYTES.to_owned()),
            None => (1.0, unit),
        };
        (low <= high).then_some(Self {
            low: low * scale,
            high: high * scale,
            unit,
        })
    }

    /// The measure that a bare number is.
    pub(super) fn bare(number: f64) -> Self {
        Self {
            low: number,
            high: number,
            unit: String::new(),
        }
    }

    /// The same of what `other` counts, where it was not said of what it is.
    pub(super) fn counting_as(self, other: &Self) -> Self {
        match self.unit.is_empty() {
            true => Self {
                unit: other.unit.clone(),
                ..self
            },
            false => self,
        }
    }

    /// How the two stand to each other. Measures of different things do not, and neither do ranges
    /// of which one lies within the other.
    pub(super) fn compared(&self, other: &Self) -> Option<Ordering> {
        if self.unit != other.unit {
            return None;
        }
        let low = self.low.partial_cmp(&other.low)?;
        let high = self.high.partial_cmp(&other.high)?;
        match (low, high) {
            (low, high) if low == high => Some(low),
            (Ordering::Equal, one) | (one, Ordering::Equal) => Some(one),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ordering::{Equal, Greater, Less};

    #[test]
    fn measures_of_the_same_thing_are_compared() {
        let check = |one: &str, other: &str, want: Option<Ordering>| {
            let pair = Measure::of(one).zip(Measure::of(other));
            let found = pair.and_then(|(one, other)| one.compared(&other));
            assert_eq!(found, want, "{one} {other}");
        };
        check("9", "10", Some(Less));
        check("$1,200", "$900.50", Some(Greater));
        check("4.5 stars", "4.50 Stars", Some(Equal));
        check("4.2/5", "4.9/5", Some(Less));
        check("12 MB", "900 KB", Some(Greater));
        check("1 GiB", "1 GB", Some(Greater));
        check("100 - 220", "150 - 250", Some(Less));
        check("100 - 220", "100 - 180", Some(Greater));
        // One within the other, other things, and what is no measure.
        check("100 - 220", "120 - 180", None);
        check("12 EUR", "12 USD", None);
        check("12 EUR", "12", None);
        check("$12 per night", "$9 per night", Some(Greater));
        check("about 12", "9", None);
        check("2024-05-19", "9", None);
        check("10:30", "9", None);
        check("220 - 100", "9", None);
        check("", "9", None);
    }
}
