//! Snippets: the passage of a page that shows why it was found.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;

use crate::text;

/// The longest snippet, in characters.
pub const SNIPPET_CHARS_MAX: usize = 240;

/// Bytes within which matches count as one passage; the rest of a snippet is context.
const PASSAGE_BYTES: usize = 180;
/// Bytes looked at after the first match, so that a long page costs no more than a short one.
const SCAN_BYTES_MAX: usize = 256 << 10;

/// The passage of `text` with the most different `terms`, as one line of plain text.
/// Without a match (it may have been in the title) it is the beginning.
pub(crate) fn snippet(text: &str, terms: &[String]) -> String {
    let passage = best_passage(text, terms);
    let shown = widened(text, passage);
    let line = text[shown.clone()]
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let before = if shown.start > 0 { "…" } else { "" };
    let after = if shown.end < text.trim_end().len() {
        "…"
    } else {
        ""
    };
    format!("{before}{line}{after}")
}

/// The bytes from the first to the last match of the best passage; `0..0` without a match.
fn best_passage(text: &str, terms: &[String]) -> Range<usize> {
    let wanted: HashSet<&str> = terms.iter().map(String::as_str).collect();
    let mut window: VecDeque<text::Token> = VecDeque::new();
    let (mut best, mut best_score) = (0..0, (0, 0));
    let mut scan_end = usize::MAX;
    for token in text::tokens(text) {
        if token.span.start > scan_end || best_score.0 == wanted.len() {
            break;
        }
        if !wanted.contains(token.term.as_str()) {
            continue;
        }
        scan_end = scan_end.min(token.span.start.saturating_add(SCAN_BYTES_MAX));
        window.push_back(token);
        let last = window.back().map_or(0, |token| token.span.end);
        while window.len() > 1 && last - window[0].span.start > PASSAGE_BYTES {
            window.pop_front();
        }
        let different = window
            .iter()
            .map(|token| &token.term)
            .collect::<HashSet<_>>()
            .len();
        let score = (different, window.len());
        if score > best_score {
            (best, best_score) = (window[0].span.start..last, score);
        }
    }
    best
}

/// `passage` with as much around it as a snippet has room for, cut between words.
fn widened(text: &str, passage: Range<usize>) -> Range<usize> {
    let room_total = SNIPPET_CHARS_MAX - 2; // the two ellipses
    let mut end = passage.end;
    let mut room = room_total;
    for (used, (at, _)) in text[passage.clone()].char_indices().enumerate() {
        if used == room_total {
            // One word longer than a whole snippet: its beginning has to do.
            return passage.start..passage.start + at;
        }
        room = room_total - used - 1;
    }
    // A third of the room before the passage, the rest after it; what one side does
    // not need goes to the other.
    let after_free = text[end..].chars().take(room).count();
    let before_room = (room / 3).max(room - after_free);
    let mut start = passage.start;
    for (at, _) in text[..passage.start].char_indices().rev().take(before_room) {
        start = at;
    }
    let before_used = text[start..passage.start].chars().count();
    for (at, c) in text[end..].char_indices().take(room - before_used) {
        end = passage.end + at + c.len_utf8();
    }
    on_word_starts(text, start, passage.start)..on_word_ends(text, end, passage.end)
}

/// `start`, moved on to the beginning of a word, but not beyond `limit`.
fn on_word_starts(text: &str, start: usize, limit: usize) -> usize {
    let inside = text[..start]
        .chars()
        .next_back()
        .is_some_and(|c| !c.is_whitespace());
    let cut = text[start..limit].find(char::is_whitespace);
    match cut {
        Some(at) if inside => start + at,
        _ => start,
    }
}

/// `end`, moved back to the end of a word, but not before `limit`.
fn on_word_ends(text: &str, end: usize, limit: usize) -> usize {
    let inside = text[end..]
        .chars()
        .next()
        .is_some_and(|c| !c.is_whitespace());
    let cut = text[limit..end].rfind(char::is_whitespace);
    match cut {
        Some(at) if inside => limit + at,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, query: &str) -> String {
        let line = snippet(text, &text::query_terms(query, 16));
        assert!(
            line.chars().count() <= SNIPPET_CHARS_MAX,
            "{line:?} is too long"
        );
        assert!(!line.contains('\n'), "{line:?} is more than one line");
        line
    }

    #[test]
    fn a_short_text_is_its_own_snippet() {
        assert_eq!(check("One\n\ttwo  three\n", "two"), "One two three");
        assert_eq!(check("", "two"), "");
        assert_eq!(check("One two", ""), "One two");
    }

    #[test]
    fn the_passage_with_most_words_is_shown() {
        let filler = "nothing of note here ".repeat(50);
        let text = format!("a llama {filler} the llama carries a quipu {filler} quipu");
        let line = check(&text, "llamas quipu");
        assert!(line.contains("the llama carries a quipu"), "{line:?}");
        assert!(line.starts_with("…") && line.ends_with("…"), "{line:?}");
    }

    #[test]
    fn without_a_match_the_beginning_is_shown() {
        let line = check(&"wool ".repeat(100), "absent");
        assert!(
            line.starts_with("wool wool") && line.ends_with("wool…"),
            "{line:?}"
        );
    }

    #[test]
    fn any_text_is_cut_between_characters() {
        for unit in ["é", "日", "🦙 ", "e\u{301}", "x"] {
            let text = unit.repeat(3_000);
            for query in ["e", "日", "x", "none"] {
                check(&text, query);
            }
            check(&format!("{text} quipu {text}"), "quipu");
        }
    }
}
