//! From the letters of a page to its text.

use std::collections::HashSet;

use crate::columns;
use crate::glyphs::Letter;
use crate::rows::{self, Row};
use crate::tables;

/// Between rows that are further apart than this, in parts of the usual distance, a
/// paragraph ends.
const PARAGRAPH: f64 = 1.45;
/// Letters that are this much larger or smaller are of another paragraph.
const OTHER_SIZE: f64 = 1.18;
/// From this angle on text is slanted and not part of a row, in radians.
const SLANTED: f64 = 0.12;

/// The text of a page that shows `letters`: a line for each row, and a blank line between
/// paragraphs. Words that are broken at the end of a row are not yet joined.
pub fn text(letters: Vec<Letter>) -> String {
    let mut directions: [Vec<Letter>; 4] = Default::default();
    let mut slanted = Vec::new();
    for letter in letters {
        let (turns, off) = letter.turns();
        match off > SLANTED {
            true => slanted.push(letter),
            false => directions[usize::from(turns)].push(letter.upright(turns)),
        }
    }
    let mut texts: Vec<(usize, String)> = directions
        .into_iter()
        .filter(|letters| !letters.is_empty())
        .map(|letters| (letters.len(), upright(letters)))
        .collect();
    // What most of the page says comes first, then what runs along its edge.
    texts.sort_by_key(|(letters, _)| std::cmp::Reverse(*letters));
    let mut text: Vec<String> = texts.into_iter().map(|(_, text)| text).collect();
    text.push(slanted.into_iter().map(|letter| letter.text).collect());
    text.retain(|text| !text.trim().is_empty());
    text.join("\n\n")
}

fn upright(letters: Vec<Letter>) -> String {
    let parts = columns::parts(rows::rows(letters));
    let parts: Vec<String> = parts.iter().map(|rows| paragraphs(rows)).collect();
    parts.join("\n\n")
}

fn paragraphs(rows: &[Row]) -> String {
    let mut steps: Vec<f64> = rows
        .windows(2)
        .map(|pair| step(&pair[0], &pair[1]))
        .collect();
    steps.sort_by(f64::total_cmp);
    // The smaller half are steps within paragraphs.
    let usual = steps.get(steps.len() / 3).copied().unwrap_or(0.0).max(0.2);
    let mut tables = tables::with_gaps(rows).into_iter().peekable();
    let (mut text, mut n, mut is_after_table) = (String::new(), 0, false);
    while let Some(row) = rows.get(n) {
        let table = tables.next_if(|(rows, _)| rows.start == n);
        if let Some(before) = n.checked_sub(1).map(|before| &rows[before]) {
            let ratio = row.size().max(before.size()) / row.size().min(before.size()).max(0.1);
            let ends = step(before, row) > usual * PARAGRAPH || ratio > OTHER_SIZE;
            let is_apart = ends || is_after_table || table.is_some();
            text.push_str(if is_apart { "\n\n" } else { "\n" });
        }
        is_after_table = table.is_some();
        match table {
            Some((rows, table)) => {
                text.push_str(&table);
                n = rows.end;
            }
            None => {
                text.push_str(&row.text());
                n += 1;
            }
        }
    }
    text
}

/// The distance between the bottoms of two rows, in parts of their size.
fn step(above: &Row, below: &Row) -> f64 {
    (below.bottom() - above.bottom()) / above.size().max(below.size()).max(0.1)
}

/// Joins the words of all `pages` that are broken at the end of a row. A word keeps its
/// hyphen where the document has it with one elsewhere.
pub fn join_words(pages: &mut [String]) {
    let known: HashSet<String> = pages.iter().flat_map(|page| hyphenated(page)).collect();
    for page in pages {
        *page = joined(page, &known);
    }
}

/// The words of `text` that have a hyphen within a row.
fn hyphenated(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.contains(['-', '\u{2010}']))
        .map(|word| word.replace('\u{2010}', "-").to_lowercase())
        .collect()
}

fn joined(text: &str, known: &HashSet<String>) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((row, next)) = rest.split_once('\n') {
        match broken(row, next) {
            Some((head, tail)) => {
                let stem = &row[..row.len() - last_len(row)];
                let word = format!("{head}-{tail}").to_lowercase();
                whole.push_str(stem);
                if known.contains(&word) && !row.ends_with('\u{ad}') {
                    whole.push('-');
                }
                // The end of the word comes up to its beginning.
                let end = next.find(char::is_whitespace).unwrap_or(next.len());
                whole.push_str(&next[..end]);
                whole.push('\n');
                rest = next[end..].trim_start_matches([' ', '\n']);
            }
            None => {
                whole.push_str(row);
                whole.push('\n');
                rest = next;
            }
        }
    }
    whole.push_str(rest);
    whole
}

fn last_len(row: &str) -> usize {
    row.chars().next_back().map_or(0, char::len_utf8)
}

/// Both parts of the word that `row` ends with a hyphen and `next` goes on with.
fn broken<'a>(row: &'a str, next: &'a str) -> Option<(&'a str, &'a str)> {
    let stem = row.strip_suffix(['-', '\u{2010}', '\u{ad}'])?;
    let head = stem.rsplit(|c: char| !c.is_alphabetic()).next()?;
    let tail = next.split(|c: char| !c.is_alphabetic()).next()?;
    let goes_on = tail.starts_with(char::is_lowercase) || row.ends_with('\u{ad}');
    (head.chars().count() > 1 && !tail.is_empty() && goes_on).then_some((head, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_over_the_end_of_a_row() {
        let check = |text: &str, expected: &str| {
            let mut pages = [text.to_owned()];
            join_words(&mut pages);
            assert_eq!(pages[0], expected, "{text:?}");
        };
        check(
            "the inven-\ntory of blan-\nkets.",
            "the inventory\nof blankets.\n",
        );
        check(
            "a well-known\nand well-\nknown cord",
            "a well-known\nand well-known\ncord",
        );
        check("from 3-\n5 posts", "from 3-\n5 posts");
        check("the Anglo-\nSaxon", "the Anglo-\nSaxon");
        check("a\n- item", "a\n- item");
        check("soft\u{ad}\nWare", "softWare\n");
        check("ends with-", "ends with-");
    }
}
