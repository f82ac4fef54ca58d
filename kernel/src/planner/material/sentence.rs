//! Whether one sentence of what was found says what a task asks. Then it is read: a small model adds
//! to a number that is the answer already.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use crate::numbers::{alike, in_any_form};
use crate::pattern::pattern;
use crate::planner::facts::sentences;
use crate::planner::poor_answer::stem;
use crate::planner::wording::without_addresses;

/// The fewest words that say what a question is about; an ideograph is one.
const WORDS_MIN: usize = 2;

/// Words that ask, or say where to look, each in the singular: no sentence has to repeat them.
const ASKING: &str = " a according an and are at be by can check could did do doe document find for from ha had \
    have here how i in it know like long look many me much my need note of on open page please say see \
    should take tell that the there thi to wa we what when which will with would you your ";
/// The same in Chinese, a character each.
const ASKING_HAN: &str = "几个多少久长远大高重呢吗啊的了是有要请问看一下到里上中在我你告诉知道页面网笔记文档资料按照根据什么";

/// Whether exactly one sentence of `found` has all that the question `task` is about, its numbers
/// too, and a number more: a number of what is asked for, where the task says of what. Where the
/// task asks for one thing and another, two numbers more may have to be added up.
pub(crate) fn says_it_in_a_sentence(task: &str, found: &str) -> bool {
    let task = without_addresses(task);
    let mut about = words(&task);
    about.retain(|word| !is_asking(word));
    if about.len() < WORDS_MIN {
        return false;
    }
    let unit = unit_asked_for(&task);
    let known = in_any_form(&task);
    let joins = JOINS.is_match(&task);
    let says = |sentence: &String| {
        let mut numbers = in_any_form(sentence);
        numbers.retain(|number| !known.iter().any(|known| alike(*known, *number)));
        let of_it = unit.as_ref().is_none_or(|unit| counts(sentence, unit));
        let may_be_read = numbers.len() == 1 || !numbers.is_empty() && !joins;
        of_it && may_be_read && about.is_subset(&words(sentence))
    };
    let sentences = found
        .lines()
        .flat_map(sentences)
        .collect::<BTreeSet<String>>();
    sentences.iter().filter(|&sentence| says(sentence)).count() == 1
}

/// Words that join one thing to another.
static JOINS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:and|with|plus|both)\b|[和与跟加]"));

/// What `task` counts: the word behind "how many", in the singular.
fn unit_asked_for(task: &str) -> Option<String> {
    static COUNTS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)\bhow\s+many\s+(?P<unit>[a-z]+)"));
    let unit = COUNTS.captures(task)?["unit"].to_lowercase();
    Some(stem(&unit).to_owned())
}

/// Whether `sentence` has a number right before `unit`.
fn counts(sentence: &str, unit: &str) -> bool {
    let lower = sentence.to_lowercase();
    let all: Vec<&str> = lower.unicode_words().collect();
    let mut pairs = all.windows(2);
    pairs.any(|pair| !in_any_form(pair[0]).is_empty() && stem(pair[1]) == unit)
}

/// Whether `word` only asks.
fn is_asking(word: &str) -> bool {
    ASKING.contains(&format!(" {word} ")) || word.chars().all(|c| ASKING_HAN.contains(c))
}

/// The words of `text` in small letters, each in the singular.
fn words(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    let words = lower.unicode_words().map(stem);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "The play has two halves, and one half lasts 43 minutes. The bar sells tea.\n\
        A sack of rye costs 35 euros. Each of the 12 mills grinds 40 sacks a day.\n\
        黑麦每袋35公斤。磨坊有三层。";

    #[test]
    fn what_stands_in_one_sentence_is_not_computed() {
        let check = |task: &str| assert!(says_it_in_a_sentence(task, PAGE), "{task}");
        check("How long does one half of the play last?");
        check("How many minutes does one half last, by the page?");
        check("What does a sack of rye cost?");
        check("How many sacks does each of the mills grind?");
        check("See http://127.0.0.1/9 and tell me what a sack of rye costs.");
        check("黑麦每袋多少公斤？");
    }

    #[test]
    fn what_needs_more_than_a_sentence_is_computed() {
        let check = |task: &str| assert!(!says_it_in_a_sentence(task, PAGE), "{task}");
        check("How long do both halves of the play last?");
        check("What do nine sacks of rye cost?");
        check("What does a sack of rye cost with 10 % off?");
        // A number, but of something else.
        check("How many cups of tea does the bar sell?");
        check("How many days does one half last?");
        check("How long is tea sold?");
        check("两袋黑麦多少公斤？");
        check("How much?");
        check("");
        let both = "The mill holds 40 sacks and the barn holds 55.";
        let task = "How many sacks do the mill and the barn hold?";
        assert!(!says_it_in_a_sentence(task, both));
        let twice = "A sack of rye costs 35 euros. A sack of old rye costs 20 euros.";
        assert!(!says_it_in_a_sentence(
            "What does a sack of rye cost?",
            twice
        ));
    }
}
