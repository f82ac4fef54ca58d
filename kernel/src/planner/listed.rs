//! A memory that lists a value for each of several names, or says several things. What corrects one of
//! them leaves the others true: they stay beside it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::facts::sentences;
use super::shared_words::telling_words;
use crate::pattern::{HAN, pattern};

/// Names of persons and things from which on a note is a list, and for other words.
const NAMES_MIN: usize = 2;
const WORDS_MIN: usize = 3;
/// Words of a clause, those for its speaker apart, from which on it says something by itself.
const CLAUSE_WORDS_MIN: usize = 3;
/// The largest share of its words that a clause has in common with what corrects another one.
const SHARED_MAX: f32 = 0.34;

/// `new` with the note `old` behind it, where `old` lists a number for several names and `new` speaks of
/// some of these only: "Gloves: Ida 6, Otto 8" beside "Otto has 7 now"; or with the clauses of `old` that
/// are about something else. `None` where all of `old` is replaced by `new`.
pub(crate) fn with_the_rest(old: &str, new: &str) -> Option<String> {
    with_the_list(old, new).or_else(|| with_the_clauses(old, new))
}

/// `new` with the clauses of `old` behind it that are about something else, where one of the others is
/// not.
fn with_the_clauses(old: &str, new: &str) -> Option<String> {
    static BETWEEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"[;；，]\s*|, (?:and|but|while) "));
    let about = |text: &str| {
        let mut words = telling_words(text);
        words.remove("i");
        words
    };
    let said = about(new);
    let all = sentences(old);
    let clauses = all.iter().flat_map(|sentence| BETWEEN.split(sentence));
    let clauses: Vec<&str> = clauses.map(str::trim).collect();
    let is_other = |clause: &&&str| {
        let words = about(clause);
        let shared = words.intersection(&said).count() as f32;
        words.len() >= CLAUSE_WORDS_MIN && shared <= SHARED_MAX * words.len() as f32
    };
    let others: Vec<&str> = clauses.iter().filter(is_other).copied().collect();
    let corrected = clauses.iter().filter(|clause| !is_other(clause));
    let any = corrected
        .map(|clause| about(clause).intersection(&said).count())
        .max();
    let rest = others.join(" ");
    (!others.is_empty() && any > Some(0)).then(|| format!("{} {rest}", new.trim()))
}

/// `new` with the list `old` behind it, where it speaks of some of its names only.
fn with_the_list(old: &str, new: &str) -> Option<String> {
    let names = listed(old);
    let lower = new.to_lowercase();
    let said = |name: &&String| match name.contains(|c: char| HAN.contains(&c)) {
        true => lower.contains(name.as_str()),
        false => lower
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == name.as_str()),
    };
    let told = names.iter().filter(said).count();
    let some = (1..names.len()).contains(&told);
    let behind = |new: &str| match new.contains(|c: char| HAN.contains(&c)) {
        true => format!("{new}（以前记下的：{old}）"),
        false => format!("{new} (Noted before: {old})"),
    };
    some.then(|| behind(new.trim()))
}

/// The names that `note` gives a number each, in lower case; none where these are too few for a list.
fn listed(note: &str) -> BTreeSet<String> {
    static ITEMS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(\p{L}[\p{L}\p{M}'’-]*) ?[:：=]? ?\d[\d.:/]*[^\s,，、;；.。\d]{0,6}(?:[,，、;；.。\n]|$| and |和|与)",
        )
    });
    let named: Vec<&str> = ITEMS
        .captures_iter(note)
        .filter_map(|found| found.get(1))
        .map(|name| name.as_str())
        .collect();
    let is_name = |word: &&&str| word.starts_with(|c: char| c.is_uppercase() || HAN.contains(&c));
    let enough = match named.iter().filter(is_name).count() == named.len() {
        true => NAMES_MIN,
        false => WORDS_MIN,
    };
    let names: BTreeSet<String> = named.iter().map(|name| name.to_lowercase()).collect();
    match names.len() >= enough {
        true => names,
        false => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_of_a_list_stay() {
        let check = |old: &str, new: &str, want: Option<&str>| {
            assert_eq!(with_the_rest(old, new).as_deref(), want, "{old} {new}");
        };
        let gloves = "Gloves of the crew: Ida 6.5, Otto 8, Pia 7.";
        check(
            gloves,
            "Otto takes 7.5 now.",
            Some("Otto takes 7.5 now. (Noted before: Gloves of the crew: Ida 6.5, Otto 8, Pia 7.)"),
        );
        check(
            "鞋码：安娜38、李明42",
            "李明现在穿43",
            Some("李明现在穿43（以前记下的：鞋码：安娜38、李明42）"),
        );
        // All of it is said anew, or nothing of it.
        check(gloves, "Ida 6, Otto 7, Pia 8 are the gloves now.", None);
        check(gloves, "The crew has new gloves.", None);
        check(gloves, "Ottoline takes 7.5.", None);
        // Another clause stays, one of the same thing does not.
        check(
            "Our baker is Paul Roth, and the oven is cleaned by Kim Lund.",
            "Our baker is Ida Moor now, no longer Paul Roth.",
            Some(
                "Our baker is Ida Moor now, no longer Paul Roth. the oven is cleaned by Kim Lund.",
            ),
        );
        check(
            "The choir sings on Monday. Parking costs four euro there.",
            "The choir sings on Friday.",
            Some("The choir sings on Friday. Parking costs four euro there."),
        );
        check(
            "The choir sings on Monday, and it sings loud.",
            "The choir sings on Friday.",
            None,
        );
        // One fact with two numbers.
        check(
            "My flat is number 8, floor 3.",
            "My flat is number 9.",
            None,
        );
        check(
            "The train leaves at 8:15.",
            "The train leaves at 8:40.",
            None,
        );
        check("Ida has size 6.", "Ida has size 7.", None);
        check("", "", None);
    }
}
