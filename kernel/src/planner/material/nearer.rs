//! Two pairs in one sentence: "Ida has the saw and Otto the axe". A small model says of the axe whom the
//! sentence names first. The clause that has the word which is asked for is meant.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::names::telling;
use crate::numbers::{alike, in_any_form};
use crate::pattern::{HAN, laid_out, pattern};
use crate::planner::facts::sentences;
use crate::planner::poor_answer::{says_no, stem};
use crate::planner::shared_words::telling_words;
use crate::planner::wording::asks_for_a_total;

/// Words, or half the ideographs, from which on a piece of a sentence says a pair.
const WORDS_MIN: usize = 2;
/// Clauses of one sentence that are told apart; more are a list.
const CLAUSES_MAX: usize = 8;

/// The clause of `found` that `told` asks of, where `answer` says what another clause of the same sentence
/// says, and this one names somebody or something else. `None` where no such clause is meant for sure.
pub(crate) fn clause_meant(told: &str, found: &str, answer: &str) -> Option<String> {
    static OFFERS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bor\b|还是|或"));
    if OFFERS.is_match(told) || asks_for_a_total(told) {
        return None;
    }
    let mut meant = None;
    for sentence in found.lines().flat_map(sentences) {
        let clauses = clauses(&sentence);
        let Some(at) = asked_of(told, &clauses) else {
            continue;
        };
        match is_of_another(told, &clauses, at, answer) {
            Some(true) => meant = meant.or(Some(clauses[at].clone())),
            // It is said here.
            Some(false) => return None,
            None => {}
        }
    }
    meant
}

/// The place of the only one of `clauses` that `told` asks of. A verb that stands in the first clause alone
/// may be meant in all of them; so its words count only where another clause repeats one of `told` too.
fn asked_of(told: &str, clauses: &[String]) -> Option<usize> {
    if !(2..=CLAUSES_MAX).contains(&clauses.len()) {
        return None;
    }
    let has: Vec<BTreeSet<String>> = clauses.iter().map(|clause| pieces(clause)).collect();
    let places = |word: &String| -> Vec<usize> {
        let all = has.iter().enumerate();
        let all = all.filter(|(_, words)| words.contains(word));
        all.map(|(at, _)| at).collect()
    };
    let asked: Vec<Vec<usize>> = pieces(told).iter().map(places).collect();
    let only: BTreeSet<usize> = asked
        .iter()
        .filter(|at| at.len() == 1)
        .map(|at| at[0])
        .collect();
    let later: Vec<usize> = only.iter().copied().filter(|at| *at > 0).collect();
    let is_repeated = clauses
        .iter()
        .skip(1)
        .any(|clause| repeats(told, &clauses[0], clause));
    match later[..] {
        [at] => Some(at),
        [] if only.contains(&0) && is_repeated => Some(0),
        _ => None,
    }
}

/// Whether both clauses have a word of `told` other than articles: the verb.
fn repeats(told: &str, one: &str, other: &str) -> bool {
    static EMPTY: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?:the|a|an|of|in|at|on|to|for|by|with|from|s|and|my|our|her|his|their|的|了)$",
        )
    });
    let words = |text: &str| -> BTreeSet<String> {
        let lower = text.to_lowercase();
        let words = lower.unicode_words().filter(|word| !EMPTY.is_match(word));
        words.map(str::to_owned).collect()
    };
    let (told, one, other) = (words(told), words(one), words(other));
    one.intersection(&other).any(|word| told.contains(word))
}

/// Whether `answer` says what others of `clauses` say, and not what that `at` says, which has a word or
/// number of its own in its place. `None` where it says nothing of either.
fn is_of_another(told: &str, clauses: &[String], at: usize, answer: &str) -> Option<bool> {
    let clause = &clauses[at];
    let others: Vec<&str> = clauses
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != at)
        .map(|(_, other)| other.as_str())
        .collect();
    let others = others.join("\n");
    let numbers = |text: &str| -> Vec<f64> {
        let known = in_any_form(told);
        let mut all = in_any_form(text);
        all.retain(|number| !known.iter().any(|known| alike(*known, *number)));
        all
    };
    let has = |all: &[f64], number: &f64| all.iter().any(|known| alike(*known, *number));
    let (said, own, other) = (numbers(answer), numbers(clause), numbers(&others));
    if !said.is_empty() {
        if said.iter().any(|number| has(&own, number)) {
            return Some(false);
        }
        let of_others = said.iter().any(|number| has(&other, number));
        return (of_others && !own.is_empty() && !says_no(clause)).then_some(true);
    }
    let known = telling_words(told);
    let words = |text: &str| -> BTreeSet<String> {
        let words = telling_words(text);
        words
            .difference(&known)
            .map(|word| stem(word).to_owned())
            .collect()
    };
    let (said, own, other) = (words(answer), words(clause), words(&others));
    let only_own: BTreeSet<String> = own.difference(&other).cloned().collect();
    let only_others: BTreeSet<&String> = other.difference(&own).collect();
    if !said.is_disjoint(&only_own) {
        return Some(false);
    }
    let taken: Vec<&String> = said
        .iter()
        .filter(|word| only_others.contains(word))
        .collect();
    // A name stands in the place of a name.
    let are_names = taken.iter().any(|word| is_a_name_in(&others, word));
    let may_be = |word: &String| !are_names || is_a_name_in(clause, word);
    // "Ida runs the mill and lives with Otto" says of Ida where she lives.
    let has_its_own = only_own.iter().any(may_be) && (!are_names || has_a_subject(clause));
    (!taken.is_empty() && has_its_own && !says_no(clause)).then_some(true)
}

/// Whether `clause` begins with a name, a thing or an ideograph rather than with a verb.
fn has_a_subject(clause: &str) -> bool {
    static BEGINS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"^\W*(?:and\s+|but\s+)?(?:\p{Lu}|\p{Han}|(?:the|a|an|my|our|your|his|her|its|their|this|that|both)\s)",
        )
    });
    BEGINS.is_match(clause)
}

/// Whether `word`, in small letters, stands in `text` with a capital letter; ideographs have none, and may
/// all be of names.
fn is_a_name_in(text: &str, word: &str) -> bool {
    let is_it = |found: &&str| stem(&found.to_lowercase()) == word;
    let mut found = text.unicode_words().filter(is_it);
    found.any(|found| found.starts_with(|c: char| c.is_uppercase() || HAN.contains(&c)))
}

/// The clauses of `sentence` that say a pair each; shorter pieces belong to the next one.
fn clauses(sentence: &str) -> Vec<String> {
    static BETWEEN: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)[,;]\s+(?:and\s+|but\s+|while\s+)?|[，；、]|\s+(?:and|but|while|whereas)\s+|[而和]",
        )
    });
    let is_pair = |text: &str| {
        let signs = |word: &String| word.chars().all(|c| HAN.contains(&c));
        let words = telling_words(text);
        let of_han = words.iter().filter(|word| signs(word)).count();
        words.len() - of_han + of_han / 2 >= WORDS_MIN
    };
    let sentence = sentence.trim();
    let mut clauses: Vec<String> = Vec::new();
    let mut from = 0;
    let joints = BETWEEN
        .find_iter(sentence)
        .map(|found| (found.start(), found.end()));
    for (end, next) in joints.chain([(sentence.len(), sentence.len())]) {
        let piece = sentence[from..end].trim();
        if is_pair(piece) {
            clauses.push(piece.to_owned());
        } else if next < sentence.len() {
            continue;
        } else if let Some(last) = clauses.last_mut() {
            last.push_str(", ");
            last.push_str(piece);
        }
        from = next;
    }
    clauses
}

/// What `text` is about: its words in the singular, and of Chinese every two ideographs in a row.
fn pieces(text: &str) -> BTreeSet<String> {
    let mut pieces = telling(text);
    pieces.retain(|piece| !ASKING.contains(&piece.as_str()));
    pieces
}

/// Words that ask and may stand in a clause too.
const ASKING: [&str; 12] = [
    "who", "what", "when", "where", "which", "how", "much", "many", "do", "did", "doe", "whose",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clause_with_the_word_asked_for_is_meant() {
        let check = |told: &str, found: &str, answer: &str, want: &str| {
            let meant = clause_meant(told, found, answer);
            assert_eq!(meant.as_deref(), Some(want), "{told} / {found} / {answer}");
        };
        let tools = "Ida has the saw and Otto the axe.";
        check(
            "Who has the axe?",
            tools,
            "Ida has the axe.",
            "Otto the axe.",
        );
        check("What does Otto have?", tools, "The saw.", "Otto the axe.");
        check(
            "Who has the saw?",
            "Ida has the saw and Otto has the axe.",
            "Otto.",
            "Ida has the saw",
        );
        check(
            "Who borrowed the axe?",
            "Ida borrowed the saw, Otto the axe, and Pia the rake.",
            "Ida",
            "Otto the axe",
        );
        check(
            "When does Pia's ferry leave?",
            "Otto's ferry leaves at 8 and Pia's at 11.",
            "At 8.",
            "Pia's at 11.",
        );
        check(
            "谁拿着斧头？",
            "小陈借了锯子，小李拿着斧头。",
            "小陈",
            "小李拿着斧头。",
        );
    }

    #[test]
    fn an_answer_of_the_clause_stays() {
        let check = |told: &str, found: &str, answer: &str| {
            let meant = clause_meant(told, found, answer);
            assert_eq!(meant, None, "{told} / {found} / {answer}");
        };
        let tools = "Ida has the saw and Otto the axe.";
        check("Who has the axe?", tools, "Otto");
        check(
            "Who has the axe?",
            tools,
            "Ida has the saw, and Otto the axe.",
        );
        check("Who has the axe?", tools, "Nobody.");
        check("Who has the rake?", tools, "Ida");
        check("Who has the axe, Otto or Ida?", tools, "Ida");
        // The verb of the first clause counts for both.
        let ferries = "Otto's ferry leaves at 8 and Pia's at 11.";
        check("When does Pia's ferry leave?", ferries, "At 11.");
        check("When does Otto's ferry leave?", ferries, "At 8.");
        // Nobody else is named there, or the first name is the subject of both.
        check(
            "Who lives in Graz?",
            "Ida Moor runs the mill and lives with Otto in Graz.",
            "Ida Moor",
        );
        check(
            "Who has the axe?",
            "Ida, who lives in Graz and has the axe, is away.",
            "Ida",
        );
        check(
            "Who has the axe?",
            "Ida and Otto have the axe, Pia has the saw.",
            "Ida",
        );
        check(
            "Who has the axe?",
            "Ida has the saw, but Otto has not got the axe.",
            "Ida",
        );
        check(
            "Who has the axe?",
            "Ida had the axe, then Otto took the axe.",
            "Ida",
        );
        check(
            "How much do the saw and the axe cost in all?",
            "The saw costs 40 and the axe 65.",
            "40",
        );
        check("谁拿着斧头？", "小陈借了锯子，小李拿着斧头。", "小李");
        check("Who has the axe?", "", "Ida");
        check("", tools, "");
    }
}
