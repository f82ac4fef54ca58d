//! From letters to rows: which of them are on one line, and where words end.
//!
//! Where a font has a space the page draws none, or one that is too wide; some programs
//! place each letter by itself. So only the gaps say where words end, compared with the
//! size of the letters and with the gaps of their neighbours.

use crate::glyphs::Letter;
use crate::{accents, bidi};

/// From this gap on, in parts of the letter's size, there is a space.
const SPACE: f64 = 0.16;
/// From this gap on it is another column, or the next cell of a table.
const CELL: f64 = 1.2;
/// Letters set apart on purpose are no further from each other than this.
const SPREAD_MAX: f64 = 0.6;
/// How many gaps have to be alike before letters count as set apart.
const SPREAD_LETTERS: usize = 5;
/// Letters nearer to each other than this, in parts of their size, were drawn twice.
const TWICE: f64 = 0.2;
/// The same in parts of the room that a letter takes: two of a narrow one may stand close.
const TWICE_OF_ROOM: f64 = 0.75;
/// Letters smaller than this, in parts of the largest of their line, may be lines beside it.
const BESIDE: f64 = 0.7;
/// How many letters each of these lines has at least.
const BESIDE_LETTERS: usize = 4;

/// Words beside each other without a wide gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    pub text: String,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    /// The height of most of its letters.
    pub size: f64,
}

/// Pieces on one line, from left to right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub pieces: Vec<Piece>,
}

impl Row {
    pub fn bottom(&self) -> f64 {
        self.pieces
            .iter()
            .map(|piece| piece.bottom)
            .fold(f64::MIN, f64::max)
    }

    pub fn size(&self) -> f64 {
        self.pieces
            .iter()
            .map(|piece| piece.size)
            .fold(0.0, f64::max)
    }

    /// Its words, with a wider space between the cells of a table.
    pub fn text(&self) -> String {
        let pieces: Vec<&str> = self
            .pieces
            .iter()
            .map(|piece| piece.text.as_str())
            .collect();
        pieces.join("  ")
    }
}

/// The rows of upright `letters`, from the top of the page to its bottom.
pub fn rows(letters: Vec<Letter>) -> Vec<Row> {
    let mut lines: Vec<Line> = lines(letters).into_iter().flat_map(apart).collect();
    lines.sort_by(|a, b| a.base.total_cmp(&b.base));
    lines
        .into_iter()
        .map(|line| row(line.letters))
        .filter(|row| !row.pieces.is_empty())
        .collect()
}

/// Letters whose heights overlap.
struct Line {
    letters: Vec<Letter>,
    base: f64,
    top: f64,
    bottom: f64,
}

/// Puts the letters on lines, the large ones first, so that what is raised or lowered
/// finds the line it belongs to.
fn lines(letters: Vec<Letter>) -> Vec<Line> {
    let mut letters: Vec<(usize, Letter)> = letters.into_iter().enumerate().collect();
    letters.sort_by(|(_, a), (_, b)| {
        let rough = |letter: &Letter| (letter.size * 2.0).round() as i64;
        rough(b)
            .cmp(&rough(a))
            .then(a.start.y.total_cmp(&b.start.y))
    });
    let mut lines: Vec<Line> = Vec::new();
    // By the height at which a line begins, so that few are looked at.
    let mut order: Vec<usize> = Vec::new();
    let mut tallest = 0.0_f64;
    for (_, letter) in letters {
        let (top, bottom) = (letter.top(), letter.bottom());
        tallest = tallest.max(bottom - top);
        let first = order.partition_point(|line| lines[*line].top < top - tallest);
        let best = order[first..]
            .iter()
            .take_while(|line| lines[**line].top < bottom)
            .map(|line| {
                let found = &lines[*line];
                (bottom.min(found.bottom) - top.max(found.top), *line)
            })
            .max_by(|a, b| a.0.total_cmp(&b.0));
        match best {
            Some((overlap, line)) if overlap > 0.5 * (bottom - top) => {
                lines[line].letters.push(letter);
            }
            _ => {
                let at = order.partition_point(|line| lines[*line].top < top);
                order.insert(at, lines.len());
                lines.push(Line {
                    base: letter.start.y,
                    letters: vec![letter],
                    top,
                    bottom,
                });
            }
        }
    }
    lines
}

/// The lines in `line`: a letter that is as high as several lines has them beside it.
fn apart(line: Line) -> Vec<Line> {
    let largest = line.letters.iter().map(|letter| letter.size);
    let largest = largest.fold(0.0, f64::max);
    let is_small = |letter: &Letter| letter.size < BESIDE * largest;
    if !line.letters.iter().any(is_small) {
        return vec![line];
    }
    let (mut small, large): (Vec<Letter>, Vec<Letter>) =
        line.letters.into_iter().partition(is_small);
    small.sort_by(|a, b| a.start.y.total_cmp(&b.start.y));
    let mut lines = vec![Line {
        letters: large,
        ..line
    }];
    for letter in small {
        let (top, bottom) = (letter.top(), letter.bottom());
        // What is raised or lowered stays with its line.
        match lines[1..].last_mut() {
            Some(last) if letter.start.y - last.base < 0.8 * letter.size => {
                (last.top, last.bottom) = (last.top.min(top), last.bottom.max(bottom));
                last.letters.push(letter);
            }
            _ => lines.push(Line {
                base: letter.start.y,
                letters: vec![letter],
                top,
                bottom,
            }),
        }
    }
    let beside = &lines[1..];
    let are_lines = |line: &Line| line.letters.len() >= BESIDE_LETTERS;
    if beside.len() > 1 && beside.iter().all(are_lines) {
        return lines;
    }
    let rest: Vec<Letter> = lines.drain(1..).flat_map(|line| line.letters).collect();
    lines[0].letters.extend(rest);
    lines
}

/// The pieces of the letters of one line.
fn row(mut letters: Vec<Letter>) -> Row {
    letters.sort_by(|a, b| a.start.x.min(a.end.x).total_cmp(&b.start.x.min(b.end.x)));
    // A shadow, or bold letters made of thin ones.
    letters.dedup_by(|next, before| {
        let apart = (next.start - before.start).hypot();
        let room = (before.end - before.start).hypot();
        next.text == before.text
            && !next.text.trim().is_empty()
            && apart < TWICE * before.size.min(next.size)
            && (room == 0.0 || apart < TWICE_OF_ROOM * room)
    });
    let mut pieces = Vec::new();
    let mut rest = letters.as_slice();
    while !rest.is_empty() {
        let mut end = 1;
        let mut seen = last_seen(&rest[0]);
        while let Some(next) = rest.get(end) {
            if !next.text.trim().is_empty() {
                let size = next.size.max(rest[end - 1].size);
                if next.start.x - seen > CELL * size {
                    break;
                }
                seen = seen.max(last_seen(next));
            }
            end += 1;
        }
        pieces.extend(piece(&rest[..end]));
        rest = &rest[end..];
    }
    Row { pieces }
}

/// Where what one can see of a letter ends.
fn last_seen(letter: &Letter) -> f64 {
    match letter.text.trim().is_empty() {
        true => letter.start.x,
        false => letter.start.x.max(letter.end.x),
    }
}

fn piece(letters: &[Letter]) -> Option<Piece> {
    let spread = spread(letters);
    let mut text = String::new();
    // The last letter that one can see, and whether a space was drawn after it.
    let mut before: Option<&Letter> = None;
    let mut spaced = false;
    let mut accent: Option<(char, &Letter)> = None;
    for letter in letters {
        if letter.text.trim().is_empty() {
            spaced = true;
            continue;
        }
        let mark = accents::mark(&letter.text);
        if let (Some(mark), Some(before)) = (mark, before)
            && accents::stands_over(letter, before)
        {
            text.push(mark);
            continue;
        }
        if let Some(before) = before {
            let size = before.size.max(letter.size);
            let gap = (letter.start.x - last_seen(before)) / size - spread;
            // A space that is drawn counts even where the letters nearly touch.
            if gap > if spaced { -SPACE } else { SPACE } {
                text.push(' ');
            }
        }
        match accent.take() {
            Some((mark, over)) if accents::stands_over(over, letter) => {
                text.pop();
                text.push_str(&letter.text);
                text.push(mark);
            }
            _ => text.push_str(&letter.text),
        }
        accent = mark.map(|mark| (mark, letter));
        (before, spaced) = (Some(letter), false);
    }
    measured(letters, bidi::logical(&plain(&text)))
}

/// The piece that says `text` and has these letters; none where nothing can be seen.
fn measured(letters: &[Letter], text: String) -> Option<Piece> {
    let seen = || {
        letters
            .iter()
            .filter(|letter| !letter.text.trim().is_empty())
    };
    let mut sizes: Vec<f64> = seen().map(|letter| letter.size).collect();
    sizes.sort_by(f64::total_cmp);
    Some(Piece {
        text,
        left: seen().next()?.start.x,
        right: seen().map(last_seen).fold(f64::MIN, f64::max),
        top: seen().map(Letter::top).fold(f64::MAX, f64::min),
        bottom: seen().map(Letter::bottom).fold(f64::MIN, f64::max),
        size: sizes[sizes.len() / 2],
    })
}

/// The gap that all neighbours in a line have whose letters are set apart, in parts of
/// their size; zero in any other line.
fn spread(letters: &[Letter]) -> f64 {
    let mut gaps: Vec<f64> = letters
        .windows(2)
        .filter(|pair| {
            pair.iter()
                .all(|letter| letter.text.chars().all(char::is_alphabetic))
        })
        .map(|pair| (pair[1].start.x - pair[0].end.x) / pair[0].size.max(pair[1].size))
        .collect();
    if gaps.len() < SPREAD_LETTERS {
        return 0.0;
    }
    gaps.sort_by(f64::total_cmp);
    let (low, middle) = (gaps[gaps.len() / 4], gaps[gaps.len() / 2]);
    match (0.05..=SPREAD_MAX).contains(&low) && middle - low < 0.1 {
        true => middle,
        false => 0.0,
    }
}

/// Letters that are drawn as one become several: "ﬁ" is "fi".
fn plain(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let is_form = |c: char| matches!(c, '\u{fb00}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}');
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if is_form(c) => plain.extend(std::iter::once(c).nfkc()),
            c if c.is_control() => plain.push(' '),
            '\u{a0}' | '\u{2000}'..='\u{200a}' => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The letters of a text of this size, which begins at x and y.
    fn letters(text: &str, x: f64, y: f64, size: f64) -> Vec<Letter> {
        let width = size * 0.5;
        let place = |(n, c): (usize, char)| {
            let left = x + width * n as f64;
            Letter {
                text: c.to_string(),
                start: (left, y).into(),
                end: (left + width, y).into(),
                size,
            }
        };
        text.chars().enumerate().map(place).collect()
    }

    #[test]
    fn a_letter_that_is_drawn_twice_is_said_once() {
        let check = |letters: &[(&str, f64)], room: f64, expected: &str| {
            let place = |(text, x): &(&str, f64)| Letter {
                text: (*text).to_owned(),
                start: (*x, 10.0).into(),
                end: (x + room, 10.0).into(),
                size: 10.0,
            };
            let found: Vec<String> = rows(letters.iter().map(place).collect())
                .iter()
                .map(Row::text)
                .collect();
            assert_eq!(found, [expected]);
        };
        // Bold, made of two thin ones.
        check(&[("w", 0.0), ("w", 0.4), ("e", 6.0), ("e", 6.4)], 6.0, "we");
        // Two of them in a narrow font.
        check(&[("e", 0.0), ("l", 1.8), ("l", 3.6)], 1.8, "ell");
    }

    #[test]
    fn lines_beside_a_large_letter_are_lines() {
        let check = |parts: &[(&str, f64, f64, f64)], expected: &[&str]| {
            let all = parts
                .iter()
                .flat_map(|(text, x, y, size)| letters(text, *x, *y, *size));
            let found: Vec<String> = rows(all.collect()).iter().map(Row::text).collect();
            assert_eq!(found, expected);
        };
        check(
            &[
                ("Mill road", 0.0, 10.0, 10.0),
                ("at the river", 0.0, 22.0, 10.0),
                ("since 1903", 0.0, 34.0, 10.0),
                ("W", 100.0, 35.0, 40.0),
            ],
            &["Mill road", "at the river", "since 1903", "W"],
        );
        // What is raised stays on its line.
        check(
            &[("twelve", 0.0, 20.0, 10.0), ("34", 30.0, 16.0, 6.0)],
            &["twelve34"],
        );
    }
}
