//! A memory that lists a value for each of several names. What corrects one of them leaves the others
//! true: they stay beside it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::{HAN, pattern};

/// Names of persons and things from which on a note is a list, and for other words.
const NAMES_MIN: usize = 2;
const WORDS_MIN: usize = 3;

/// `new` with the note `old` behind it, where `old` lists a number for several names and `new` speaks of
/// some of these only: "Gloves: Ida 6, Otto 8" beside "Otto has 7 now". `None` where all of `old` is
/// replaced by `new`.
pub(crate) fn with_the_rest(old: &str, new: &str) -> Option<String> {
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
