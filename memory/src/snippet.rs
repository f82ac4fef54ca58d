//! Snippets: the passage of a page that shows why it was found.
//!
//! Rows of a table come with its head: without it a reader takes the value of another column, and
//! in one line the value of another row.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::ops::Range;

use crate::rank::QUERY_TERMS_MAX;
use crate::shape::{Table, folded, table_at};
use crate::text;

/// The longest snippet that has no table, in characters.
pub const SNIPPET_CHARS_MAX: usize = 240;
/// The longest snippet of a table, in characters.
pub const TABLE_CHARS_MAX: usize = 600;

/// How long the cells of a row may be that is too long: the first that makes it short enough.
const CELL_CHARS: [usize; 5] = [usize::MAX, 240, 120, 60, 24];

/// Bytes within which matches count as one passage; the rest of a snippet is context.
const PASSAGE_BYTES: usize = 180;
/// Bytes looked at after the first match, so that a long page costs no more than a short one.
const SCAN_BYTES_MAX: usize = 256 << 10;

/// What of `text` is shown to who asks for `query`, and has room for `chars_max` characters: all of
/// it where it fits, else the passage with the most words of the query, and of a table its head
/// and as many rows as fit.
///
/// ```
/// use quipu_memory::excerpt;
///
/// assert_eq!(excerpt("Opens\nat nine.", "opens", 100), "Opens at nine.");
/// ```
pub fn excerpt(text: &str, query: &str, chars_max: usize) -> String {
    match text.chars().nth(chars_max) {
        None => folded(text),
        Some(_) => within(text, &text::query_terms(query, QUERY_TERMS_MAX), chars_max),
    }
}

/// The passage of `text` with the most different `terms`, as plain text: in one line, but for the
/// lines of tables, lists and records. Of a table it has the head, and the rows with the most terms.
/// Without a match (it may have been in the title) it is the beginning.
pub(crate) fn snippet(text: &str, terms: &[String]) -> String {
    within(text, terms, TABLE_CHARS_MAX)
}

/// The same, with at most `table_chars_max` characters of a table.
pub(crate) fn within(text: &str, terms: &[String], table_chars_max: usize) -> String {
    let passage = best_passage(text, terms);
    let ends = [passage.start, passage.end];
    if let Some(table) = ends.into_iter().find_map(|at| table_at(text, at)) {
        return of_table(text, &table, terms, table_chars_max);
    }
    let shown = widened(text, passage.clone());
    let shown = below_tables(text, shown.start, passage.start)..shown.end;
    let line = folded(&text[shown.clone()]);
    let before = if shown.start > 0 { "…" } else { "" };
    let after = if shown.end < text.trim_end().len() {
        "…"
    } else {
        ""
    };
    format!("{before}{line}{after}")
}

/// `start`, or where a table ends that begins before it, but no place beyond `limit`: rows without
/// their head say nothing.
fn below_tables(text: &str, start: usize, limit: usize) -> usize {
    let table = table_at(text, start).map(|table| table.range());
    match table.filter(|table| table.start < start) {
        Some(table) => table.end.clamp(start, limit),
        None => start,
    }
}

/// The head of `table`, its name where that is short, and its rows with the most `terms`: all rows
/// where these fit, and the first ones where none has a term. `…` stands for rows that are left out.
fn of_table(text: &str, table: &Table, terms: &[String], chars_max: usize) -> String {
    let of = |range: &Range<usize>| table.shown(text, range);
    let name = table.name.as_ref().map(of);
    let name = name.filter(|name| chars(name) * 5 <= chars_max);
    let head = table
        .head
        .as_ref()
        .map(|head| shorter(&of(head), chars_max / 2));
    let mut lines: Vec<String> = name.into_iter().chain(head).collect();
    let said: usize = lines.iter().map(|line| chars(line) + 1).sum();
    let rows: Vec<String> = table.rows.iter().map(of).collect();
    // What stands before the table and after it is left out.
    let room = chars_max.saturating_sub(said + 4);
    let range = table.range();
    let start = table.name.as_ref().map_or(range.start, |name| name.start);
    if !text[..start].trim().is_empty() {
        lines.insert(0, "…".to_owned());
    }
    let mut next = 0;
    for (n, row) in rows_that_fit(&rows, terms, room) {
        if n > next {
            lines.push("…".to_owned());
        }
        lines.push(row);
        next = n + 1;
    }
    if next < rows.len() || !text[range.end..].trim().is_empty() {
        lines.push("…".to_owned());
    }
    lines.join("\n")
}

/// Those of `rows` with the most `terms` that have room in `room` characters, by their numbers.
fn rows_that_fit(rows: &[String], terms: &[String], mut room: usize) -> BTreeMap<usize, String> {
    let wanted: HashSet<&str> = terms.iter().map(String::as_str).collect();
    let matches = |row: &String| {
        let found = text::tokens(row).map(|token| token.term);
        let found = found.filter(|term| wanted.contains(term.as_str()));
        found.collect::<HashSet<_>>().len()
    };
    let mut order: Vec<(Reverse<usize>, usize)> = rows
        .iter()
        .enumerate()
        .map(|(n, row)| (Reverse(matches(row)), n))
        .collect();
    order.sort();
    let fit_all = rows.iter().map(|row| chars(row) + 1).sum::<usize>() <= room;
    if !fit_all && order.first().is_some_and(|(matches, _)| matches.0 > 0) {
        order.retain(|(matches, _)| matches.0 > 0);
    }
    let mut kept = BTreeMap::new();
    for (_, n) in order {
        let row = match kept.is_empty() {
            true => shorter(&rows[n], room),
            false => rows[n].clone(),
        };
        // With the sign for rows that are left out before it.
        let needed = chars(&row) + if fit_all { 1 } else { 3 };
        if needed <= room || kept.is_empty() {
            room = room.saturating_sub(needed);
            kept.insert(n, row);
        }
    }
    kept
}

/// A row, or a head, of at most `chars_max` characters: long cells lose their ends first.
fn shorter(row: &str, chars_max: usize) -> String {
    let cut = |text: &str, max: usize| -> String {
        let kept = text.chars().take(max.saturating_sub(1));
        match text.chars().nth(max) {
            Some(_) => kept.chain(['…']).collect(),
            None => text.to_owned(),
        }
    };
    let with_cells = |max: &usize| {
        let cells: Vec<String> = row.split('|').map(|cell| cut(cell, *max)).collect();
        cells.join("|")
    };
    let mut tried = CELL_CHARS.iter().map(with_cells);
    let fits = tried.find(|row| chars(row) <= chars_max);
    fits.unwrap_or_else(|| cut(row, chars_max))
}

fn chars(text: &str) -> usize {
    text.chars().count()
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
