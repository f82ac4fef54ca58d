//! Tables of values: comma-separated and the like.

use super::{Block, lines};
use crate::shape::signs;

/// The blocks of a text: one for each record, and the first is the head of all others. Remarks may
/// come before it.
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
    let before = remarks(text, &records);
    let head = records.get(before).cloned();
    let block = |(n, range): (usize, std::ops::Range<usize>)| Block {
        range,
        opens: n <= before,
        head: head.clone().filter(|_| n > before),
        ..Block::default()
    };
    records.into_iter().enumerate().map(block).collect()
}

/// How many records come before the head: a title, remarks, a day. They have fewer values than
/// the head, which has as many as most records.
fn remarks(text: &str, records: &[std::ops::Range<usize>]) -> usize {
    let records = &records[..records.len().min(RECORDS_MAX)];
    let is_remark = |record: &std::ops::Range<usize>| text[record.clone()].starts_with('#');
    // How many records have as many of a sign as most, how many that is, and which have fewer
    // before it.
    let of = |sign: char| {
        let counts: Vec<usize> = records
            .iter()
            .map(|record| signs(&text[record.clone()], sign))
            .collect();
        let alike = |usual: usize| counts.iter().filter(|count| **count == usual).count();
        let usual = counts.iter().copied().filter(|count| *count > 0);
        let usual = usual.max_by_key(|usual| (alike(*usual), *usual))?;
        let before = counts
            .iter()
            .zip(records)
            .take_while(|(count, record)| **count < usual || **count != usual && is_remark(record));
        let before = before.count();
        Some((alike(usual), usual, before, counts[0]))
    };
    let best = [',', ';', '\t', '|'].into_iter().filter_map(of).max();
    let Some((alike, usual, before, first)) = best else {
        return 0;
    };
    // A head without a name for the numbers of the rows has one value less.
    let is_head = before == 1 && first + 1 == usual && !is_remark(&records[0]);
    match is_head || alike < before.max(2) {
        true => 0,
        false => before,
    }
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
/// Records by which it is told where a table begins.
const RECORDS_MAX: usize = 200;
