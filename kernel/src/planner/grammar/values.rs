//! The values of an enumeration as one pattern. An engine that spelled out thousands of values
//! one by one would take longer than the rest of a step.

use std::collections::BTreeSet;

use serde_json::Value;

/// The values of an enumeration, sorted, if they are all texts.
pub(super) fn texts(values: &Value) -> Option<BTreeSet<&str>> {
    values.as_array()?.iter().map(Value::as_str).collect()
}

/// A pattern of `texts`, sorted, in which shared beginnings stand once.
pub(super) fn any_of(texts: &[&str]) -> String {
    let shared = shared(texts);
    let mut branches = Vec::new();
    let mut rest: Vec<&str> = texts.iter().map(|text| &text[shared..]).collect();
    let ends = rest.first().is_some_and(|text| text.is_empty());
    if ends {
        rest.remove(0);
    }
    let first = |text: &&str| text.chars().next();
    for group in rest.chunk_by(|one, other| first(one) == first(other)) {
        branches.push(match group {
            [one] => regex::escape(one),
            group => any_of(group),
        });
    }
    let begin = regex::escape(&texts[0][..shared]);
    let optional = if ends { "?" } else { "" };
    match branches.len() {
        0 => begin,
        _ => format!("{begin}(?:{}){optional}", branches.join("|")),
    }
}

/// The length in bytes of the beginning that all of `texts` share, up to the border of a
/// character.
fn shared(texts: &[&str]) -> usize {
    let (Some(first), Some(last)) = (texts.first(), texts.last()) else {
        return 0;
    };
    // In a sorted list, all texts share what the first and the last share.
    let alike = first.chars().zip(last.chars()).take_while(|(a, b)| a == b);
    alike.map(|(letter, _)| letter.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_texts_begin_with_alike_stands_once() {
        let check = |given: &[&str], want: &str| {
            let all: BTreeSet<&str> = given.iter().copied().collect();
            let all: Vec<&str> = all.into_iter().collect();
            assert_eq!(any_of(&all), want);
        };
        check(&["ab"], "ab");
        check(&["ab", "ac"], "a(?:b|c)");
        check(&["a", "ab", "abc", "b"], "(?:a(?:b(?:c)?)?|b)");
        check(&["", "é.", "è"], "(?:è|é\\.)?");
    }
}
