//! The words that two texts share, which tell what both are about.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation;

/// Whether two texts share a word for a thing or a person; each ideograph is a word.
pub fn share_a_word(one: &str, other: &str) -> bool {
    !telling_words(one).is_disjoint(&telling_words(other))
}

/// Whether two texts share a word other than those for speaker and listener.
pub fn share_a_thing(one: &str, other: &str) -> bool {
    shared_things(&[one], other)[0] > 0.0
}

/// For each of `texts`, how much the words for things that it shares with `text` say of what both
/// are about. A word counts the less, the more of the texts have it.
pub fn shared_things(texts: &[&str], text: &str) -> Vec<f32> {
    let mut asked = telling_words(text);
    asked.retain(|word| SPEAKERS.iter().all(|speaker| speaker[0] != word));
    let words: Vec<BTreeSet<String>> = texts.iter().map(|text| telling_words(text)).collect();
    let worth =
        |word: &String| 1.0 / words.iter().filter(|words| words.contains(word)).count() as f32;
    let shared = |words: &BTreeSet<String>| words.intersection(&asked).map(worth).sum();
    words.iter().map(shared).collect()
}

/// How alike two texts are by all their words, from 0 to 1: the coefficient of Sørensen and Dice.
/// Each word counts the same, including numbers and the words for speakers: two notes on one
/// thing differ in little else. `quipu_memory::likeness` weighs words by how rare they are.
pub fn dice(one: &str, other: &str) -> f32 {
    let (one, other) = (words(one), words(other));
    let all = one.len() + other.len();
    match all {
        0 => 0.0,
        _ => 2.0 * one.intersection(&other).count() as f32 / all as f32,
    }
}

/// Whether `text` has what `answer` says beyond `question`: each number, and more than half of
/// the other words.
pub fn says_no_more(answer: &str, text: &str, question: &str) -> bool {
    let (text, question) = (telling_words(text), telling_words(question));
    let mut said = telling_words(answer);
    // A bare number may stand in the question as well.
    let is_number = |word: &String| word.chars().any(|c| c.is_ascii_digit());
    said.retain(|word| is_number(word) || !question.contains(word));
    let there = said.iter().filter(|word| text.contains(*word)).count();
    let numbers = said.iter().filter(|word| is_number(word));
    numbers.into_iter().all(|word| text.contains(word)) && 2 * there > said.len()
}

/// The words of `text` that say something.
pub(super) fn telling_words(text: &str) -> BTreeSet<String> {
    let mut words = words(text);
    words.retain(|word| !EMPTY.contains(&word.as_str()) && (word.len() > 1 || word == "i"));
    words
}

/// The words of `text` in small letters. `I'm` is two words, and all words for one speaker are
/// the same word.
fn words(text: &str) -> BTreeSet<String> {
    let text = text.to_lowercase();
    let words = text
        .unicode_words()
        .flat_map(|word| word.split(['\'', '’']));
    let same = |word: &str| {
        let speaker = SPEAKERS.iter().find(|speaker| speaker.contains(&word));
        speaker.map_or(word, |speaker| speaker[0]).to_owned()
    };
    words.map(same).collect()
}

/// Words for who speaks and who listens, each with its other forms.
const SPEAKERS: [&[&str]; 5] = [
    &["i", "me", "my", "mine"],
    &["we", "us", "our", "ours"],
    &["you", "your", "yours"],
    &["我"],
    &["你"],
];

/// Words that say nothing of what a text is about.
const EMPTY: [&str; 40] = [
    "a", "actually", "am", "an", "and", "are", "as", "at", "be", "but", "by", "can", "for", "has",
    "have", "in", "is", "it", "not", "now", "of", "on", "or", "please", "remember", "that", "the",
    "this", "to", "was", "will", "with", "的", "了", "是", "在", "有", "记", "住", "不",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_on_other_things_share_no_word() {
        let check = |one: &str, other: &str, want: bool| {
            assert_eq!(share_a_word(one, other), want, "{one} / {other}");
        };
        check("My cat is called Miso.", "The cat is five now.", true);
        check(
            "The library is at the lake.",
            "It is the cat of my aunt.",
            false,
        );
        check("图书馆六点关门。", "My cat is called Miso.", false);
        check("我的猫五岁了", "猫叫米索", true);
        check("Actually, I'm 41.", "I am 40 years old.", true);
        check(
            "Please remember my age.",
            "Remember that tea is out.",
            false,
        );
        check("", "a", false);
    }

    #[test]
    fn a_thing_is_more_than_who_speaks() {
        let check = |one: &str, other: &str, want: bool| {
            assert_eq!(share_a_thing(one, other), want, "{one} / {other}");
        };
        check("I live in Graz.", "Write me a poem.", false);
        check("我住在青岛。", "我要一首诗", false);
        check(
            "My insurer is Amsel.",
            "Change my insurer to Drossel.",
            true,
        );
        check("包裹重3公斤", "包裹不是3公斤", true);
    }

    #[test]
    fn two_texts_are_the_more_alike_the_more_words_they_share() {
        let check = |text: &str, nearer: &str, farther: &str| {
            let (near, far) = (dice(nearer, text), dice(farther, text));
            assert!(near > far, "{text}: {nearer} {near}, {farther} {far}");
        };
        check(
            "I work as a baker now.",
            "I work as a nurse.",
            "I start work at 8:30.",
        );
        check("我现在是一名厨师。", "我是一名护士。", "我晚上十一点睡觉。");
        check("Ann plays the harp.", "Ann plays the flute.", "Tea is out.");
        assert_eq!(dice("", ""), 0.0);
        assert_eq!(dice("Tea is out.", "tea is OUT"), 1.0);
    }

    #[test]
    fn what_an_answer_adds_stands_in_the_text() {
        let text = "[d1] «We have 31 pear trees. Olle prunes them in March.»";
        let check = |question: &str, answer: &str, want: bool| {
            assert_eq!(says_no_more(answer, text, question), want, "{answer}");
        };
        check("How many pear trees are there?", "31", true);
        check(
            "How many pear trees are there?",
            "There are 31 pear trees.",
            true,
        );
        check(
            "How many pear trees are there?",
            "There are 40 pear trees.",
            false,
        );
        check("Who prunes the trees?", "Olle prunes the trees.", true);
        check("Who prunes the trees?", "Dr. John Doe", false);
        check("Who prunes the trees?", "The trees.", false);
        check("谁修剪梨树？", "张三", false);
        check("", "", false);
    }

    #[test]
    fn a_rare_word_says_more_of_what_a_text_is_about() {
        let texts = [
            "My wife is called Ann.",
            "Our dog is called Rex.",
            "Tea is out.",
        ];
        let shared = shared_things(&texts, "The dog is called Waffle now.");
        assert_eq!(shared, [0.5, 1.5, 0.0]);
        assert_eq!(shared_things(&[], "Tea"), [0.0; 0]);
    }
}
