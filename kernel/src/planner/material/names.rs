//! The names that rows and columns of a table have, and which of them stand in a task.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::apart::{stands_apart, stands_around_a_count};
use super::table::Table;
use crate::pattern::{HAN, pattern};
use crate::planner::poor_answer::stem;
use crate::planner::shared_words::telling_words;

/// Words of a name.
const NAME_WORDS_MAX: usize = 6;
/// Digits from which on a number alone names a row, as a year does.
const NAME_DIGITS: usize = 3;
/// Letters that a cell behind the first column needs to name its row: "yes" and "no" do not.
const LETTERS_MIN: usize = 4;

/// Words for who speaks and who listens, as the words that tell something have them.
const SPEAKERS: [&str; 3] = ["i", "we", "you"];

/// A name, as its words in small letters.
pub(super) type Name = Vec<String>;

/// For each row of `table` the columns whose cells are names that were `said`.
pub(super) fn named_cells(table: &Table, said: &BTreeSet<Name>) -> Vec<BTreeSet<usize>> {
    let named = |row: &Vec<String>| {
        let is_said =
            |at: &usize| key(table, *at, &row[*at]).is_some_and(|key| said.contains(&key));
        (0..row.len()).filter(is_said).collect()
    };
    table.rows.iter().map(named).collect()
}

/// The names of rows and columns of `table` that stand in `words`, and not only within a longer one.
pub(super) fn said(table: &Table, words: &[String]) -> BTreeSet<Name> {
    let cells = table.rows.iter().flat_map(|row| row.iter().enumerate());
    let keys = cells.filter_map(|(column, cell)| key(table, column, cell));
    let heads: BTreeSet<Name> = table.head.iter().filter_map(|head| name(head)).collect();
    let names: BTreeSet<Name> = keys.chain(heads.iter().cloned()).collect();
    let mut names: Vec<Name> = names.into_iter().collect();
    names.sort_by_key(|name| Reverse(name.len()));
    let mut taken: Vec<Range<usize>> = Vec::new();
    let mut said = BTreeSet::new();
    for name in names {
        let stands =
            |at: &usize| words[*at..].starts_with(&name) && stands_apart(words, *at, name.len());
        let places = (0..words.len()).filter(stands);
        let within = |place: &Range<usize>| {
            let around = |taken: &Range<usize>| {
                let holds = taken.start <= place.start && place.end <= taken.end;
                holds && taken.len() > place.len()
            };
            taken.iter().any(around)
        };
        let places = places.map(|at| at..at + name.len());
        let places: Vec<Range<usize>> = places.filter(|place| !within(place)).collect();
        if !places.is_empty() {
            taken.extend(places);
            said.insert(name);
        }
    }
    let of_verbs = heads.into_iter();
    said.extend(of_verbs.filter(|head| stands_around_a_count(words, head)));
    said
}

/// The words by which `cell` of a `column` names its row. A small number and a single letter do so
/// beside the name of their column only: "Room B". `None` where it is a value.
fn key(table: &Table, column: usize, cell: &str) -> Option<Name> {
    let words = name(cell)?;
    let has_digits = cell.contains(|c: char| c.is_ascii_digit());
    let letters = |word: &String| match word.contains(|c: char| HAN.contains(&c)) {
        true => 2 * word.chars().count(),
        false => word.chars().filter(|c| c.is_alphabetic()).count(),
    };
    let letters: usize = words.iter().map(letters).sum();
    if column > 0 && (has_digits || letters < LETTERS_MIN) {
        return None;
    }
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    if telling_words(cell).is_empty() || letters < 3 && digits < NAME_DIGITS {
        let head = name(&table.head[column])?;
        return Some([head, words].concat());
    }
    Some(words)
}

/// What `text` says of the thing it is about: its words, each in the singular, with a single sign the
/// word before it, "ward 3", and of Chinese every two ideographs in a row.
pub(crate) fn telling(text: &str) -> BTreeSet<String> {
    let is_han = |word: &str| word.contains(|c: char| HAN.contains(&c));
    let plain = text.replace('_', " ");
    let mut telling = telling_words(&plain);
    telling.retain(|word| !is_han(word) && !SPEAKERS.contains(&word.as_str()));
    let mut telling: BTreeSet<String> = telling.iter().map(|word| stem(word).to_owned()).collect();
    let all = words(&plain);
    let is_short = |word: &str| word.len() == 1;
    let numbered = all.windows(2);
    let numbered =
        numbered.filter(|pair| is_short(&pair[1]) && pair[0].len() > 1 && !is_han(&pair[0]));
    telling.extend(numbered.map(|pair| pair.join(" ")));
    let signs: Vec<char> = plain.chars().collect();
    let of_han = signs
        .windows(2)
        .filter(|pair| pair.iter().all(|c| HAN.contains(c)));
    telling.extend(of_han.map(|pair| pair.iter().collect::<String>()));
    telling
}

/// Which of several things has the most of the words that were `said` of each. `None` where another
/// one has a word that it lacks, or as many.
pub(super) fn best_named(said: &[BTreeSet<String>]) -> Option<usize> {
    let best = (0..said.len()).max_by_key(|at| said[*at].len())?;
    let has_fewer =
        |at: usize| said[at].len() < said[best].len() && said[at].is_subset(&said[best]);
    let is_best = (0..said.len()).all(|at| at == best || has_fewer(at));
    (is_best && said.len() > 1).then_some(best)
}

/// The words of the name `text`, without what stands in brackets.
pub(super) fn name(text: &str) -> Option<Name> {
    static ASIDE: LazyLock<Regex> = LazyLock::new(|| pattern(r"[(（\[][^)）\]]*[)）\]]"));
    let words = words(&ASIDE.replace_all(text, " "));
    (1..=NAME_WORDS_MAX).contains(&words.len()).then_some(words)
}

/// The words of `text` in small letters, each in the singular; an ideograph is a word, and so
/// is each part of `price_per_case`.
pub(super) fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace('_', " ");
    let words = text.unicode_words().map(|word| stem(word).to_owned());
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_something_is_found_in_words_and_ideographs() {
        let check = |text: &str, want: &[&str]| {
            let want: BTreeSet<String> = want.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(telling(text), want, "{text}");
        };
        check("The rooms of ward 3", &["room", "ward", "ward 3"]);
        check("price_per_sack", &["per", "price", "sack"]);
        check("东区学校", &["东区", "区学", "学校"]);
        check("我们的 my", &["们的", "我们"]);
        check("a", &[]);
        check("", &[]);
    }

    #[test]
    fn the_best_named_has_all_that_others_have() {
        let check = |said: &[&str], want: Option<usize>| {
            let sets: Vec<BTreeSet<String>> = said.iter().map(|text| telling(text)).collect();
            assert_eq!(best_named(&sets), want, "{said:?}");
        };
        check(&["big room", "big room upstairs", "room"], Some(1));
        check(&["ward 3", "ward 4 of 3", "ward"], None);
        check(&["ward 3", "ward"], Some(0));
        // As many, other words, or only what all have.
        check(&["big room", "room upstairs", "room"], None);
        check(&["big room upstairs", "room back"], None);
        check(&["room", "room"], None);
        check(&["room"], None);
        check(&[], None);
    }
}
