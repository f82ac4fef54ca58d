//! What two texts say together: the notes have the number of a flight, and a table has that number beside
//! its gate. Both lines are told together, for a small model that reads them apart finds nothing.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::names::telling;
use super::row::in_words;
use super::table::tables;
use crate::pattern::{HAN, laid_out, pattern};
use crate::planner::facts::sentences;

/// Lines that have a key beside the one that gives it; more of them say nothing for sure.
const LINES_MAX: usize = 2;
/// Characters of a line that is told again.
const CHARS_MAX: usize = 240;
/// Words of a key, and its characters in all.
const KEY_WORDS_MAX: usize = 4;
const KEY_CHARS_MIN: usize = 3;
/// Words that ask, and lead to no line.
const ASKING: [&str; 10] = [
    "who", "what", "when", "where", "which", "whose", "how", "from", "doe", "do",
];
/// Lines of a text that is looked through.
const TEXT_LINES_MAX: usize = 2_000;

/// The lines of `found` that answer `task` together: one that has a word of the task and names a key, a code
/// or a name that the task does not have, and those that have this key. None where no key leads on.
pub(crate) fn across(task: &str, found: &str) -> Vec<String> {
    let plain: Vec<String> = found
        .lines()
        .take(TEXT_LINES_MAX)
        .filter(|line| !line.contains('|') && !is_border(line))
        .flat_map(sentences)
        .map(|sentence| bare(&sentence))
        .filter(|sentence| !sentence.is_empty())
        .collect();
    let known: BTreeSet<String> = plain.iter().map(|line| joined(line)).collect();
    // The second line of a list reads like a row below the first.
    let is_line = |row: &Vec<String>| {
        plain
            .iter()
            .any(|line| row.iter().all(|cell| line.contains(cell)))
    };
    let rows: Vec<String> = tables(found)
        .iter()
        .flat_map(|table| {
            let rows = (0..table.rows.len()).filter(|at| !is_line(&table.rows[*at]));
            rows.filter_map(|at| in_words(table, at))
                .collect::<Vec<_>>()
        })
        .filter(|row| !known.contains(&joined(row)))
        .collect();
    let mut asked = telling(task);
    asked.retain(|word| !ASKING.contains(&word.as_str()));
    let mut told: Vec<String> = Vec::new();
    let leading = plain
        .iter()
        .filter(|line| !telling(line).is_disjoint(&asked));
    for line in leading {
        for key in keys(line).into_iter().filter(|key| !has(task, key)) {
            let lines = plain.iter().chain(&rows).filter(|other| *other != line);
            let beside: Vec<&String> = lines.filter(|other| has(other, &key)).collect();
            let adds = |other: &&&String| !telling(other).is_subset(&telling(line));
            let count = beside.iter().filter(adds).count();
            if !(1..=LINES_MAX).contains(&count) || beside.len() > LINES_MAX {
                continue;
            }
            for said in [line].into_iter().chain(beside) {
                let fits = said.chars().count() <= CHARS_MAX;
                if fits && !told.contains(said) {
                    told.push(said.clone());
                }
            }
        }
    }
    match told.len() {
        2..=4 => told,
        _ => Vec::new(),
    }
}

/// A line without the id of its passage and the marks of a list.
fn bare(line: &str) -> String {
    static HEAD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:\[[a-z]+\d[^\]]*\]|[\s*#>-])+"));
    static SOURCE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s*\(process \d+\)\s*$"));
    let line = HEAD.replace(line.trim(), "");
    SOURCE.replace(&line, "").trim().to_owned()
}

fn is_border(line: &str) -> bool {
    line.starts_with("[from ") || line.starts_with("[end ")
}

/// What may lead from `line` to another one: codes, names of two words, and what it says something to be,
/// each as its words in small letters without gaps.
fn keys(line: &str) -> BTreeSet<String> {
    static CODES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"\b[A-Z]{1,4}[ -]?\d{1,5}[A-Z]?\b|[A-Z]{1,4}\d{1,5}|\b\p{Lu}\p{Ll}+(?:[ -]\p{Lu}\p{Ll}+)+\b",
        )
    });
    static VALUES: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?:\b(?:is|are)(?:\s+(?:called|named))?\s+|:\s+)(?P<value>\p{Lu}[^\s,.;]{2,20})[.!]?$
            |(?:是|叫|为|：)(?P<han>\p{Han}{2,6}|[\w-]{3,12})[。！]?$",
        )
    });
    let codes = CODES.find_iter(line).map(|found| found.as_str());
    let values = VALUES.captures_iter(line);
    let values = values.filter_map(|found| found.name("value").or(found.name("han")));
    let all = codes.chain(values.map(|value| value.as_str()));
    all.map(joined)
        .filter(|key| {
            key.chars().count() >= KEY_CHARS_MIN || key.contains(|c: char| HAN.contains(&c))
        })
        .collect()
}

/// The words of `text` in small letters, without what stands between them.
fn joined(text: &str) -> String {
    text.to_lowercase().unicode_words().collect()
}

/// Whether `text` has `key` as whole words, however these are parted.
fn has(text: &str, key: &str) -> bool {
    if key.contains(|c: char| HAN.contains(&c)) {
        return text.contains(key);
    }
    let lower = text.to_lowercase();
    let parts = lower.split(|c: char| !c.is_alphanumeric() || HAN.contains(&c));
    let words: Vec<&str> = parts.filter(|word| !word.is_empty()).collect();
    (0..words.len()).any(|at| {
        let end = words.len().min(at + KEY_WORDS_MAX);
        (at + 1..=end).any(|end| words[at..end].concat() == key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_from_one_text_to_another() {
        let check = |task: &str, found: &str, want: &[&str]| {
            assert_eq!(across(task, found), want, "{task} / {found}");
        };
        let boards = "[m4] Our ferry is QX 31. (process 2)\n\n| Ferry | Pier |\n|---|---|\n| QX30 | 4 |\n| QX31 | 7 |\n| QX40 | 9 |";
        check(
            "From which pier does our ferry leave?",
            boards,
            &["Our ferry is QX 31.", "Ferry: QX31 | Pier: 7"],
        );
        check(
            "How do I ring the sexton?",
            "The sexton is Olaf Brandt.\nOlaf Brandt: 55 71 08\nPia Lund: 55 71 09",
            &["The sexton is Olaf Brandt.", "Olaf Brandt: 55 71 08"],
        );
        check(
            "我们的渡轮从几号码头走？",
            "我们的渡轮是QX31。\nQX31从七号码头走。\nQX40从九号码头走。",
            &["我们的渡轮是QX31。", "QX31从七号码头走。"],
        );
    }

    #[test]
    fn where_no_key_leads_on_nothing_is_joined() {
        let check = |task: &str, found: &str| {
            assert_eq!(
                across(task, found),
                Vec::<String>::new(),
                "{task} / {found}"
            );
        };
        let pier = "From which pier does our ferry leave?";
        // It is asked for by its key, or stands in one line only.
        check(
            "From which pier does QX31 leave?",
            "The ferry QX31 is new.\nQX31 leaves from pier 7.",
        );
        check(pier, "Our ferry is QX31, from pier 7.");
        check(pier, "Our ferry is QX31.\nQX310 leaves from pier 7.");
        // Too many have it.
        check(pier, "Our ferry is QX31.\nQX31: 4\nQX31: 5\nQX31: 6");
        check(pier, "The sauna is by Olaf Brandt.\nOlaf Brandt: 55 71 08");
        check(pier, "Our ferry is late.");
        check("", "Our ferry is QX31.\nQX31: 4");
        check(pier, "");
    }
}
