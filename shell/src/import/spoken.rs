//! The speech in a recording, as passages for pages.

use crate::session::hearing::{Segment, clock};

/// Seconds of the longest passage: whoever is sent to a time should find it soon.
const PASSAGE_SECONDS: f64 = 60.0;

/// Passages of at most `tokens` tokens, as `count` counts them, each with the time at which
/// it begins. A sentence that is longer stands alone.
pub fn passages(
    segments: &[Segment],
    tokens: usize,
    count: &dyn Fn(&str) -> usize,
) -> Vec<(String, String)> {
    let mut passages: Vec<(f64, String)> = Vec::new();
    for segment in segments {
        let text = segment.text.trim();
        if let Some((start, before)) = passages.last_mut() {
            let longer = format!("{before}\n{text}");
            if segment.end - *start <= PASSAGE_SECONDS && count(&longer) <= tokens {
                *before = longer;
                continue;
            }
        }
        passages.push((segment.start, text.to_owned()));
    }
    let timed = |(start, text)| (clock(start), text);
    passages.into_iter().map(timed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passages_are_short() {
        let segments: Vec<Segment> = (0..4)
            .map(|n| Segment {
                start: f64::from(n) * 25.0 + 740.0,
                end: f64::from(n) * 25.0 + 764.0,
                text: format!(" Sentence {n}."),
            })
            .collect();
        let check = |tokens, expected: &[(&str, &str)]| {
            let found = passages(&segments, tokens, &|text| text.split_whitespace().count());
            let found: Vec<(&str, &str)> = found
                .iter()
                .map(|(time, text)| (time.as_str(), text.as_str()))
                .collect();
            assert_eq!(found, expected);
        };
        check(
            100,
            &[
                ("12:20", "Sentence 0.\nSentence 1."),
                ("13:10", "Sentence 2.\nSentence 3."),
            ],
        );
        check(
            2,
            &[
                ("12:20", "Sentence 0."),
                ("12:45", "Sentence 1."),
                ("13:10", "Sentence 2."),
                ("13:35", "Sentence 3."),
            ],
        );
    }
}
