//! Regular expressions that are part of the program.

use std::ops::RangeInclusive;

use regex::Regex;

/// Ideographs that Chinese is written with.
pub(crate) const HAN: RangeInclusive<char> = '\u{4e00}'..='\u{9fff}';

/// The pattern `text`, which is a constant.
pub(crate) fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("a constant: {error}"))
}

/// The pattern `text`, which is laid out in lines for whoever reads it. Where spaces count, `(?x)`
/// cannot be used.
pub(crate) fn laid_out(text: &str) -> Regex {
    let text: String = text.split('\n').map(str::trim_start).collect();
    pattern(&text)
}
