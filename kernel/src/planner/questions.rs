//! A task that asks several things, as in "who …, and what …?": its questions, and which of them
//! an answer leaves out. Decided by words, without a model. In doubt, nothing counts as left out.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::facts::sentences;
use super::wording::is_about_its_words;
use crate::pattern::{HAN, laid_out, pattern};
use crate::written::numbers;

/// The most questions of one task. A task with more is a questionnaire, and says itself what it
/// wants.
const QUESTIONS_MAX: usize = 4;
/// Letters that a word needs to say what a question is about.
const WORD_CHARS_MIN: usize = 3;
/// Words are compared by this many first letters: `services` and `serviced` are one.
const STEM_CHARS: usize = 5;
/// Ideographs that an answer has to share with a question to speak of it; any other word counts
/// for two.
const SHARED_MIN: usize = 2;
/// The fewest characters of a Chinese question: fewer are a word such as "谁".
const HAN_CHARS_MIN: usize = 3;

/// What a question asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A number, or a time.
    Number,
    /// A person.
    Person,
    /// Anything else.
    Other,
}

/// The questions of `task`, each in its own words; none where it asks one thing only.
pub(crate) fn questions(task: &str) -> Vec<String> {
    if is_about_its_words(task) {
        return Vec::new();
    }
    let pieces = task.lines().flat_map(sentences);
    let pieces = pieces.flat_map(|sentence| split(&sentence));
    let questions: Vec<String> = pieces.filter(|piece| asks(piece)).collect();
    match (2..=QUESTIONS_MAX).contains(&questions.len()) {
        true => questions,
        false => Vec::new(),
    }
}

/// The questions of `task` that `answer` does not speak of, if it speaks of another.
pub(crate) fn left_out(task: &str, answer: &str) -> Vec<String> {
    let questions = questions(task);
    let said = words(answer);
    let about: Vec<BTreeSet<String>> = questions.iter().map(|question| words(question)).collect();
    let kinds: Vec<Kind> = questions.iter().map(|question| kind(question)).collect();
    let enough = |kind: Kind, told: usize| {
        let asked = kinds.iter().filter(|other| **other == kind).count();
        asked > 0 && told >= asked
    };
    let numbers = enough(Kind::Number, new_numbers(task, answer));
    let persons = enough(Kind::Person, new_names(task, answer));
    let speaks_of = |at: usize| {
        let others = || {
            about
                .iter()
                .enumerate()
                .filter(move |(other, _)| *other != at)
        };
        let own = about[at]
            .iter()
            .filter(|word| !others().any(|(_, words)| words.contains(*word)));
        let own: Vec<&String> = own.collect();
        let shared = own.iter().filter(|word| said.contains(**word));
        // A question without words of its own cannot be missed.
        own.is_empty() || shared.map(|word| weight(word)).sum::<usize>() >= SHARED_MIN
    };
    let speaks: Vec<bool> = (0..questions.len()).map(speaks_of).collect();
    let answers = |at: usize| {
        let told = match kinds[at] {
            Kind::Number => numbers,
            Kind::Person => persons,
            Kind::Other => false,
        };
        speaks[at] || told
    };
    let is_left = |at: usize| {
        let mut others = (0..questions.len()).filter(|other| *other != at);
        let another = match kinds[at] {
            Kind::Number => others.any(answers),
            _ => others.any(|other| speaks[other]),
        };
        !answers(at) && another
    };
    let left = (0..questions.len()).filter(|at| is_left(*at));
    left.map(|at| questions[at].clone()).collect()
}

/// Splits a sentence at the words that stand between questions.
fn split(sentence: &str) -> Vec<String> {
    static BETWEEN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)(?:[,;]\s*)?\band\s+(?:also\s+)?|;\s*|[，；](?:以及|还有|并且)?|以及|还有|并且|和",
        )
    });
    static OF_TWO: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:between|both)\b"));
    let mut pieces = Vec::new();
    let mut begins = 0;
    for found in BETWEEN.find_iter(sentence) {
        let (before, after) = (&sentence[begins..found.start()], &sentence[found.end()..]);
        if asks(before) && asks(after) && !OF_TWO.is_match(before) {
            pieces.push(before.trim().to_owned());
            begins = found.end();
        }
    }
    pieces.push(sentence[begins..].trim().to_owned());
    pieces
}

/// Whether a piece of a sentence is a question: it begins with a question word or, in Chinese,
/// has one.
fn asks(piece: &str) -> bool {
    static BEGINS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^\W*(?:(?:please|tell\s+me|say|do\s+you\s+know|(?:can|could)\s+you\s+tell\s+me
            |i\s+(?:want|need)\s+to\s+know)[\s,:]+)*
            (?:(?:in|at|on|for|to|from|with|of|by|since|until)\s+)?
            (?:what|when|where|which|who|whose|whom|how|why)\b",
        )
    });
    static HAS: LazyLock<Regex> = LazyLock::new(|| pattern("谁|什么|哪|多少|几|怎么|何时|何处|吗"));
    let han = piece.chars().filter(|c| HAN.contains(c)).count();
    BEGINS.is_match(piece) || han >= HAN_CHARS_MIN && HAS.is_match(piece)
}

fn kind(question: &str) -> Kind {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)\bhow\s+(?:many|much|long|old|far|tall|high|deep|heavy|wide|big|large|fast)\b
            |\b(?:when|time|year|date|price|costs?|number|code|age)\b
            |多少|几|哪一?年|何时|什么时候|号码",
        )
    });
    static PERSON: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:who|whose|whom)\b"));
    match (NUMBER.is_match(question), PERSON.is_match(question)) {
        (true, _) => Kind::Number,
        (_, true) => Kind::Person,
        _ => Kind::Other,
    }
}

/// Numbers of `answer` that are not in `task`.
fn new_numbers(task: &str, answer: &str) -> usize {
    let of = |text: &str| -> BTreeSet<String> {
        let lower = text.to_lowercase();
        let words = lower.unicode_words();
        let is_number = |word: &&str| {
            word.starts_with(|c: char| c.is_ascii_digit()) || numbers::word(word).is_some()
        };
        words.filter(is_number).map(str::to_owned).collect()
    };
    of(answer).difference(&of(task)).count()
}

/// Words of `answer` that are written like names and are not in `task`.
fn new_names(task: &str, answer: &str) -> usize {
    let task = task.to_lowercase();
    let known: BTreeSet<&str> = task.unicode_words().collect();
    let is_name = |word: &&str| {
        let lower = word.to_lowercase();
        let capital = word.starts_with(char::is_uppercase) && word.chars().count() > 1;
        capital && !known.contains(lower.as_str()) && !COMMON.contains(&lower.as_str())
    };
    let names: BTreeSet<&str> = answer.unicode_words().filter(is_name).collect();
    names.len()
}

/// The words that say what a text is about, by their first letters; each ideograph is one word.
fn words(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    let tells = |word: &&str| match is_han(word) {
        true => !EMPTY_HAN.contains(*word),
        false => word.chars().count() >= WORD_CHARS_MIN && !COMMON.contains(word),
    };
    let words = lower.unicode_words().filter(tells);
    words
        .map(|word| word.chars().take(STEM_CHARS).collect())
        .collect()
}

fn weight(word: &str) -> usize {
    match is_han(word) {
        true => 1,
        false => SHARED_MIN,
    }
}

fn is_han(word: &str) -> bool {
    word.starts_with(|c: char| HAN.contains(&c))
}

/// Words that say nothing of what a text is about.
const COMMON: [&str; 59] = [
    "about",
    "according",
    "also",
    "and",
    "any",
    "are",
    "based",
    "been",
    "but",
    "can",
    "did",
    "does",
    "for",
    "from",
    "had",
    "has",
    "have",
    "her",
    "his",
    "how",
    "into",
    "its",
    "many",
    "much",
    "not",
    "please",
    "sorry",
    "tell",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "was",
    "were",
    "what",
    "when",
    "where",
    "which",
    "who",
    "whom",
    "whose",
    "why",
    "will",
    "with",
    "would",
    "yes",
    "you",
    "your",
    "she",
    "it",
    "he",
    "in",
    "no",
];
/// Ideographs that say nothing of it.
const EMPTY_HAN: &str = "谁什么哪多少几怎为何时处吗的是了在有和以及还一个我你他她它们这那请由";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_asks_two_things_has_two_questions() {
        let check = |task: &str, want: &[&str]| assert_eq!(questions(task), want, "{task}");
        check(
            "Who tunes the organ, and what is the age of the bell that Wim rings?",
            &[
                "Who tunes the organ",
                "what is the age of the bell that Wim rings?",
            ],
        );
        check(
            "Tell me where the key is and how old the lock is.",
            &["Tell me where the key is", "how old the lock is."],
        );
        check(
            "Who tunes the organ? In which year was it built?",
            &["Who tunes the organ?", "In which year was it built?"],
        );
        check(
            "谁给风琴调音，维姆敲的钟有多少年了？",
            &["谁给风琴调音", "维姆敲的钟有多少年了？"],
        );
        check(
            "风琴是谁调的以及钟在哪里？",
            &["风琴是谁调的", "钟在哪里？"],
        );
        for one in [
            "Who tunes the organ and the piano?",
            "What is the difference between what Ann says and what Bo says?",
            "Translate: who are you and what do you want?",
            "Send Ann a note and ask what she wants.",
            "Ann has 3 cats. How many legs is that?",
            "谁和谁结婚了？",
            "如果他明天来，几点出发？",
            "",
        ] {
            check(one, &[]);
        }
    }

    #[test]
    fn what_an_answer_does_not_speak_of_is_left_out() {
        const ASKED: &str = "Who tunes the organ, and what is the age of the bell that Wim rings?";
        const AGE: &str = "what is the age of the bell that Wim rings?";
        let check = |task: &str, answer: &str, want: &[&str]| {
            assert_eq!(left_out(task, answer), want, "{answer}");
        };
        check(ASKED, "Jaap tunes the organ.", &[AGE]);
        check(ASKED, "Jaap.", &[AGE]);
        check(ASKED, "The bell is 90 years old.", &["Who tunes the organ"]);
        check(ASKED, "Jaap tunes the organ, and the bell is 90.", &[]);
        check(ASKED, "Jaap; 90 years.", &[]);
        check(
            ASKED,
            "Jaap tunes the organ. The age of the bell is not given.",
            &[],
        );
        check(ASKED, "I don't know.", &[]);
        let both = "How tall is the gate and how much does the fence cost?";
        check(
            both,
            "The gate is 2 metres tall.",
            &["how much does the fence cost?"],
        );
        check(both, "2 metres, and 300 crowns.", &[]);
        let han = "谁给风琴调音，维姆敲的钟有多少年了？";
        check(han, "雅普给风琴调音。", &["维姆敲的钟有多少年了？"]);
        check(han, "雅普给风琴调音，维姆敲的钟有90年了。", &[]);
        check("Who tunes the organ?", "The bell is 90 years old.", &[]);
    }
}
