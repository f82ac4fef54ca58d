//! Patterns for texts: `*` stands for any run of characters, everything else for itself.

use serde::{Deserialize, Serialize};

/// What separates the members of a list that is written as one text.
const SEPARATORS: &[char] = &[',', ';', '|'];

/// A text with `*` for what may differ; `\*` is a star and `\\` a backslash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern {
    written: String,
    /// What stands between the stars; never empty.
    parts: Vec<String>,
}

impl From<String> for Pattern {
    fn from(written: String) -> Self {
        let (mut parts, mut part) = (Vec::new(), String::new());
        let mut chars = written.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' => parts.push(std::mem::take(&mut part)),
                '\\' if matches!(chars.peek(), Some('*' | '\\')) => part.extend(chars.next()),
                c => part.push(c),
            }
        }
        parts.push(part);
        Self { written, parts }
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.written
    }
}

impl Pattern {
    /// The pattern that fits `text` and nothing else.
    pub fn exactly(text: &str) -> Self {
        text.replace('\\', "\\\\").replace('*', "\\*").into()
    }

    /// As it was written.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Whether `text` fits as it is. Where a star is only a part of the pattern, it stands
    /// for no separator and no white space: `*@a.org` is one address, and no list that ends
    /// with one.
    pub fn fits(&self, text: &str) -> bool {
        let joins = |c: char| SEPARATORS.contains(&c) || c.is_whitespace();
        let is_any = self.parts.iter().all(String::is_empty);
        let gaps_are_plain = |gap: &str| is_any || !gap.contains(joins);
        fits(&self.parts, text, &gaps_are_plain)
    }

    /// Whether `text`, or a member of it where it is a list, fits in upper or lower case: for
    /// rules that forbid.
    pub fn fits_loosely(&self, text: &str) -> bool {
        let parts: Vec<String> = self.parts.iter().map(|part| part.to_lowercase()).collect();
        let text = text.to_lowercase();
        let is_end = |c: char| SEPARATORS.contains(&c) || c.is_whitespace() || "<>\"'".contains(c);
        let members = text.split(is_end).filter(|member| !member.is_empty());
        let mut candidates = [text.as_str(), text.trim()].into_iter().chain(members);
        candidates.any(|text| fits(&parts, text, &|_| true))
    }
}

/// Whether `text` is the `parts` in their order, with something that `gap` lets pass between
/// two of them.
fn fits(parts: &[String], text: &str, gap: &dyn Fn(&str) -> bool) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return text == first;
    };
    let Some(mut left) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in middle {
        // The first place is the best one: it leaves most to the parts that follow.
        let Some(at) = left.find(part.as_str()) else {
            return false;
        };
        if !gap(&left[..at]) {
            return false;
        }
        left = &left[at + part.len()..];
    }
    left.strip_suffix(last.as_str()).is_some_and(gap)
}
