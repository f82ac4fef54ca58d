//! A memory that lists a value for each of several names, or says several things. What corrects one of
//! them leaves the others true: they stay beside it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::blocks::is_heading;
use super::facts::sentences;
use super::poor_answer::{says_no, stem};
use super::shared_words::{shared_things, telling_words};
use crate::pattern::{HAN, pattern};

/// Names of persons and things from which on a note is a list, and for other words.
const NAMES_MIN: usize = 2;
const WORDS_MIN: usize = 3;
/// Lines of a note from which on one of them may be corrected by itself.
const LINES_MIN: usize = 2;
/// Words of a clause, those for its speaker apart, from which on it says something by itself.
const CLAUSE_WORDS_MIN: usize = 3;
/// The largest share of its words that a clause has in common with what corrects another one.
const SHARED_MAX: f32 = 0.34;

/// What stands around a list that was corrected before, in both languages.
const MARKS: [(&str, char); 2] = [(" (Noted before: ", ')'), ("（以前记下的：", '）')];

/// The note `old` with what `new` says in its place, where `old` lists a number for several names and
/// `new` speaks of some of these only: "Gloves: Ida 6, Otto 8" becomes "Gloves: Ida 6, Otto 7"; or `new`
/// with the clauses of `old` that are about something else. Of several lines those stay in their places
/// that `new` does not speak of. `None` where all of `old` is replaced by `new`.
pub(crate) fn with_the_rest(old: &str, new: &str) -> Option<String> {
    let (said, list) = taken_apart(old);
    let names = listed(list);
    let is_all_anew = !names.is_empty() && named_in(&names, new).len() == names.len();
    if is_all_anew && !said.is_empty() {
        return None;
    }
    let plain = format!("{} {list}", said.join(" "));
    with_the_lines(old, new)
        .or_else(|| with_the_list(&said, list, new))
        .or_else(|| with_the_clauses(&plain, new))
}

/// What corrected a list before, newest first, and that list. A note that was never corrected is
/// all list.
fn taken_apart(note: &str) -> (Vec<&str>, &str) {
    let mut said = Vec::new();
    let mut rest = note.trim();
    loop {
        let begins = |(mark, end): &(&'static str, char)| {
            let within = rest.strip_suffix(*end)?;
            within.split_once(*mark)
        };
        let Some((before, behind)) = MARKS.iter().find_map(begins) else {
            return (said, rest);
        };
        said.push(before);
        rest = behind;
    }
}

/// `old` with `new` in the place of the lines that it corrects, where there are others. Where it may
/// correct any of several, it stands before them all.
fn with_the_lines(old: &str, new: &str) -> Option<String> {
    let lines: Vec<&str> = old.lines().filter(|line| !line.trim().is_empty()).collect();
    let heads = lines.iter().take(1).filter(|line| is_heading(line)).count();
    let (head, lines) = lines.split_at(heads);
    if lines.len() < LINES_MIN {
        return None;
    }
    let named: Vec<bool> = lines.iter().map(|line| names_its_line(line, new)).collect();
    let several = new.trim().lines().nth(1).is_some();
    let by_name = named.contains(&true);
    let shares = share_most(lines, new);
    if !by_name && !shares.contains(&true) {
        return None;
    }
    let corrected = match by_name {
        true => named,
        // The new value of one line may be the old one of another.
        false => {
            let by_words = share_most(lines, &without_numbers(new));
            let both = shares.iter().zip(by_words);
            both.map(|(all, words)| *all && words).collect()
        }
    };
    let count = corrected.iter().filter(|is| **is).count();
    if by_name && count == lines.len() {
        return None;
    }
    let is_open = !by_name && (count != 1 || several);
    let mut all: Vec<&str> = head.to_vec();
    if is_open {
        all.push(new.trim());
    }
    let mut is_said = is_open;
    for (line, is_corrected) in lines.iter().zip(corrected) {
        if !is_corrected || is_open {
            all.push(line);
        } else if !is_said {
            all.push(new.trim());
            is_said = true;
        }
    }
    Some(all.join("\n"))
}

/// Which of `lines` have the most in common with `new`.
fn share_most(lines: &[&str], new: &str) -> Vec<bool> {
    let worth = shared_things(lines, new);
    let most = worth.iter().copied().fold(0.0, f32::max);
    let shares = worth.iter().map(|worth| *worth > 0.0 && *worth >= most);
    shares.collect()
}

fn without_numbers(text: &str) -> String {
    static NUMBERS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d+"));
    NUMBERS.replace_all(text, " ").into_owned()
}

/// Whether `new` has what stands before the colon of `line`: the day of "Monday: Ann". The hour of
/// "9:30 choir" names nothing.
fn names_its_line(line: &str, new: &str) -> bool {
    let Some((key, value)) = line.split_once([':', '：']) else {
        return false;
    };
    let is_digit = |c: char| c.is_ascii_digit();
    if key.ends_with(is_digit) && value.starts_with(is_digit) {
        return false;
    }
    let key = key.trim().to_lowercase();
    let new = new.to_lowercase();
    match key.contains(|c: char| HAN.contains(&c)) {
        true => new.contains(&key),
        false => {
            let said: BTreeSet<&str> = new.unicode_words().map(stem).collect();
            let mut words = key.unicode_words().map(stem).peekable();
            words.peek().is_some() && words.all(|word| said.contains(word))
        }
    }
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

/// `list` with the values that `new` gives some of its names, and those that were `said` of others before.
/// What cannot be put in the place of a number stands before the list.
fn with_the_list(said: &[&str], list: &str, new: &str) -> Option<String> {
    let names = listed(list);
    let told = named_in(&names, new);
    if !(1..names.len()).contains(&told.len()) {
        return None;
    }
    let before: Vec<String> = said.iter().flat_map(|said| sentences(said)).collect();
    let still_counts = |said: &&str| {
        let of = named_in(&names, said);
        of.is_empty() || !of.is_subset(&told)
    };
    let before = before.iter().map(|said| said.trim()).filter(still_counts);
    let all: Vec<&str> = [new.trim()].into_iter().chain(before).collect();
    let (mut list, mut beside) = (list.to_owned(), Vec::new());
    // The newest comes first, and counts most.
    for said in all.into_iter().rev() {
        match with_the_value(&list, &names, said) {
            Some(corrected) => list = corrected,
            None => beside.insert(0, said),
        }
    }
    if beside.is_empty() {
        return Some(list);
    }
    let (mark, end) = MARKS[usize::from(new.contains(|c: char| HAN.contains(&c)))];
    Some(format!("{}{mark}{list}{end}", beside.join(" ")))
}

/// `list` with the number that `said` ends with, in the place of that of the only one of `names` it speaks
/// of.
fn with_the_value(list: &str, names: &BTreeSet<String>, said: &str) -> Option<String> {
    static ENDS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)(?:^|[^\p{Latin}\d.:/])(?P<value>\d+(?:[.:/]\d+)*)(?:\s+(?:now|instead))?了?[\s.!。！]*$",
        )
    });
    static DIGITS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d+(?:[.:/]\d+)*"));
    let told: Vec<&String> = named_in(names, said).into_iter().collect();
    let [name] = told[..] else {
        return None;
    };
    let ends = ENDS.captures(said)?;
    let value = ends.name("value")?;
    let is_only = DIGITS.find_iter(said).count() == 1;
    let is_behind = said[..value.start()].to_lowercase().contains(name.as_str());
    if !is_only || !is_behind || says_no(said) {
        return None;
    }
    let items = ITEMS.captures_iter(list);
    let mut items = items.filter(|item| item[1].to_lowercase() == *name);
    let (item, only) = (items.next()?, items.next().is_none());
    let known = item.get(2).filter(|_| only)?;
    let known_end = known.start() + known.as_str().trim_end_matches(['.', ':', '/']).len();
    Some(format!(
        "{}{}{}",
        &list[..known.start()],
        value.as_str(),
        &list[known_end..]
    ))
}

/// Those of `names` that `text` has.
fn named_in<'a>(names: &'a BTreeSet<String>, text: &str) -> BTreeSet<&'a String> {
    let lower = text.to_lowercase();
    let is_said = |name: &&String| match name.contains(|c: char| HAN.contains(&c)) {
        true => lower.contains(name.as_str()),
        false => lower
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == name.as_str()),
    };
    names.iter().filter(is_said).collect()
}

/// A name and its number.
static ITEMS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(\p{L}[\p{L}\p{M}'’-]*) ?[:：=]? ?(\d[\d.:/]*)[^\s,，、;；.。\d]{0,6}(?:[,，、;；.。\n]|$| and |和|与)",
    )
});

/// The names that `note` gives a number each, in lower case; none where these are too few for a list.
fn listed(note: &str) -> BTreeSet<String> {
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
    fn a_correction_of_a_correction_does_not_nest() {
        let check = |old: &str, new: &str, want: Option<&str>| {
            assert_eq!(with_the_rest(old, new).as_deref(), want, "{old} {new}");
        };
        let once = "Otto takes 7.5 now. (Noted before: Gloves: Ida 6, Otto 8, Pia 7.)";
        check(
            once,
            "Otto takes 9 now.",
            Some("Gloves: Ida 6, Otto 9, Pia 7."),
        );
        let twice =
            "Ida takes 5 now. Otto takes 7.5 now. (Noted before: Gloves: Ida 6, Otto 8, Pia 7.)";
        let both = "Gloves: Ida 5, Otto 7.5, Pia 7.";
        check(once, "Ida takes 5 now.", Some(both));
        check(
            twice,
            "Otto takes 9 now.",
            Some("Gloves: Ida 5, Otto 9, Pia 7."),
        );
        check(
            both,
            "Pia 8 instead",
            Some("Gloves: Ida 5, Otto 7.5, Pia 8."),
        );
        // What is no number of the list stands before it.
        check(
            both,
            "Otto takes 2 pairs now.",
            Some("Otto takes 2 pairs now. (Noted before: Gloves: Ida 5, Otto 7.5, Pia 7.)"),
        );
        check(
            both,
            "Otto no longer takes 7.5.",
            Some("Otto no longer takes 7.5. (Noted before: Gloves: Ida 5, Otto 7.5, Pia 7.)"),
        );
        check(
            "Otto lost his. (Noted before: Gloves: Ida 5, Otto 7.5, Pia 7.)",
            "Ida takes 6 now.",
            Some("Otto lost his. (Noted before: Gloves: Ida 6, Otto 7.5, Pia 7.)"),
        );
        // One that nested is laid flat.
        check(
            "Otto takes 9 now. (Noted before: Otto takes 7.5 now. (Noted before: Gloves: Ida 6, Otto 8.))",
            "Otto takes 10 now.",
            Some("Gloves: Ida 6, Otto 10."),
        );
        check(
            "李明现在穿43（以前记下的：鞋码：安娜38、李明42）",
            "李明现在穿44",
            Some("鞋码：安娜38、李明44"),
        );
        check(once, "Ida 6, Otto 7, Pia 8 are the gloves now.", None);
    }

    #[test]
    fn the_other_lines_of_a_note_stay() {
        let check = |old: &str, new: &str, want: Option<&str>| {
            assert_eq!(with_the_rest(old, new).as_deref(), want, "{old} {new}");
        };
        let duty = "the duty list:\nMonday: Ann\nTuesday: Bo\nFriday: Bo";
        check(
            duty,
            "Tuesday is Kim now, no longer Bo.",
            Some("the duty list:\nMonday: Ann\nTuesday is Kim now, no longer Bo.\nFriday: Bo"),
        );
        check(
            duty,
            "Mondays and Fridays: Kim",
            Some("the duty list:\nMondays and Fridays: Kim\nTuesday: Bo"),
        );
        // Which of the lines of Bo it is, nobody knows.
        check(
            duty,
            "Bo is ill.",
            Some("the duty list:\nBo is ill.\nMonday: Ann\nTuesday: Bo\nFriday: Bo"),
        );
        check(
            "hook 1: Ida\nhook 2: Otto",
            "hook 2: Pia",
            Some("hook 1: Ida\nhook 2: Pia"),
        );
        check(
            "值班表：\n周一：安娜\n周二：李明",
            "周二现在是王伟",
            Some("值班表：\n周一：安娜\n周二现在是王伟"),
        );
        // The hour of another line, or its value, does not name it.
        check(
            "9:00 choir\n10:30 market",
            "The choir is at 10:30 now.",
            Some("The choir is at 10:30 now.\n9:00 choir\n10:30 market"),
        );
        check(
            "Otto 38\nPia 42",
            "Ida takes 38 now.",
            Some("Ida takes 38 now.\nOtto 38\nPia 42"),
        );
        // All of it is said anew, or nothing of it; one line alone.
        check(duty, "Monday: Bo, Tuesday: Ann, Friday: Kim", None);
        check(duty, "The crew has no duty any more.", None);
        check("duty:\nMonday: Ann", "Monday: Bo", None);
    }

    #[test]
    fn the_others_of_a_list_stay() {
        let check = |old: &str, new: &str, want: Option<&str>| {
            assert_eq!(with_the_rest(old, new).as_deref(), want, "{old} {new}");
        };
        let gloves = "Gloves of the crew: Ida 6.5, Otto 8, Pia 7.";
        check(
            gloves,
            "Otto takes 7.5 now.",
            Some("Gloves of the crew: Ida 6.5, Otto 7.5, Pia 7."),
        );
        check(
            "鞋码：安娜38、李明42",
            "李明现在穿43",
            Some("鞋码：安娜38、李明43"),
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
