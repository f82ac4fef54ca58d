//! Tables of values: comma-separated and the like.

use super::{Block, lines};

/// The blocks of a text: one for each record, and the first is the head of all others.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut records: Vec<std::ops::Range<usize>> = Vec::new();
    let mut quoted = false;
    let mut lines_open = 0;
    for line in lines(text) {
        let words = &text[line.clone()];
        match records.last_mut() {
            // A value in quotes may have lines of its own; a stray quote must not swallow
            // the rest of the file.
            Some(last)
                if (quoted && lines_open < LINES_MAX)
                    || words.trim().is_empty()
                    || is_preface(&text[last.clone()]) =>
            {
                last.end = line.end;
                lines_open += 1;
            }
            _ => {
                records.push(line);
                (quoted, lines_open) = (false, 0);
            }
        }
        quoted = ends_in_quotes(words, quoted);
    }
    let head = records.first().cloned();
    let block = |(n, range)| Block {
        range,
        opens: n == 0,
        head: head.clone().filter(|_| n > 0),
        ..Block::default()
    };
    records.into_iter().enumerate().map(block).collect()
}

/// Whether a value in quotes goes on after `line`, where one does before it or not. A quote opens
/// where a value begins, and is a sign like others within it: `5" pipe`.
fn ends_in_quotes(line: &str, mut quoted: bool) -> bool {
    let mut before = ',';
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        match (sign, quoted) {
            // Two of them are one of the value.
            ('"', true) if signs.peek() == Some(&'"') => _ = signs.next(),
            ('"', true) => quoted = false,
            ('"', false) => quoted = matches!(before, ',' | ';' | '\t' | '|'),
            _ => {}
        }
        if sign != ' ' {
            before = sign;
        }
    }
    quoted
}

/// Whether `record` comes before the head: it is blank, or says how values are separated.
fn is_preface(record: &str) -> bool {
    let record = record.trim();
    record.is_empty() || (record.starts_with("sep=") && record.len() <= 5)
}

/// Lines of one record.
const LINES_MAX: usize = 200;
