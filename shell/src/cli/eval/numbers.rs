//! Numbers in an answer, as a check reads them.

use regex::Regex;

/// A number as it stands alone in a text.
const ALONE: &str = r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$";
/// A number within a text, with or without thousands set apart.
const WITHIN: &str = r"[0-9]{1,3}(?:[,'\u{a0}\u{202f}][0-9]{3})+(?:\.[0-9]+)?|(?:[0-9]+(?:\.[0-9]+)?|\B\.[0-9]+)(?:[eE][-+]?[0-9]+)?";

/// The number that `text` is as a whole.
pub fn number(text: &str) -> Option<f64> {
    let alone = Regex::new(ALONE).ok()?;
    alone.is_match(text).then(|| text.parse().ok())?
}

/// How far from `wanted` a number may be that is the same.
pub fn near(wanted: f64) -> f64 {
    wanted.abs().max(1.0) * 1e-9
}

/// The numbers in `text`, in their order. A minus belongs to one unless something stands right
/// before it.
pub fn numbers(text: &str) -> Vec<f64> {
    let Ok(within) = Regex::new(WITHIN) else {
        return Vec::new();
    };
    let value = |found: regex::Match| {
        let digits = found
            .as_str()
            .replace([',', '\'', '\u{a0}', '\u{202f}'], "");
        let value: f64 = digits.parse().ok()?;
        // A currency sign may stand between both.
        let before = text[..found.start()].trim_end_matches(['$', '€', '£', '¥']);
        let sign = before.strip_suffix(['-', '−']);
        let alone = |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || c == ')');
        Some(match sign.is_some_and(alone) {
            true => -value,
            false => value,
        })
    };
    within.find_iter(text).filter_map(value).collect()
}
