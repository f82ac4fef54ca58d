//! How alike short texts are, by their telling words: which worked examples fit a task, and
//! which of them say the same. Nothing is stored or indexed for it.

use std::collections::HashMap;

use crate::text;

/// A text as its telling words, each with how often it occurs.
type Words = HashMap<String, f32>;

/// How alike `one` is to each of `others`, 0 to 1: the cosine of their telling words, each of
/// which counts the more, the fewer of the texts have it. Texts without a telling word in
/// common are not alike at all, whatever else their sentences share.
///
/// ```
/// let tasks = ["How many eggs do 3 hens lay in a week?", "Translate the letter."];
/// let alike = quipu_memory::likeness("How many eggs are left of 12?", &tasks);
/// assert!(alike[0] > 0.1 && alike[1] == 0.0);
/// ```
pub fn likeness(one: &str, others: &[&str]) -> Vec<f32> {
    let one = words(one);
    let others: Vec<Words> = others.iter().map(|text| words(text)).collect();
    let mut there: HashMap<&str, usize> = HashMap::new();
    for term in others.iter().chain([&one]).flat_map(HashMap::keys) {
        *there.entry(term).or_default() += 1;
    }
    let texts = others.len() as f32 + 1.0;
    let weight = |term: &str, count: f32| {
        let of = there.get(term).copied().unwrap_or(1) as f32;
        (1.0 + count.ln()) * (1.0 + texts / of).ln()
    };
    let weighed = |words: &Words| -> Words {
        let weighed = words.iter();
        let weighed = weighed.map(|(term, count)| (term.clone(), weight(term, *count)));
        weighed.collect()
    };
    let one = weighed(&one);
    let others = others.iter().map(|words| cosine(&one, &weighed(words)));
    others.collect()
}

fn words(text: &str) -> Words {
    let mut words = Words::new();
    for token in text::tokens(text) {
        let term = token.term;
        let is_number = term.bytes().all(|byte| byte.is_ascii_digit());
        if !text::is_function_word(&term) && !is_number {
            *words.entry(term).or_default() += 1.0;
        }
    }
    words
}

fn cosine(one: &Words, other: &Words) -> f32 {
    // In the order of the words, so that the last bits are the same each time.
    let mut shared: Vec<(&String, f32)> = one
        .iter()
        .filter_map(|(term, weight)| Some((term, weight * other.get(term)?)))
        .collect();
    shared.sort_by(|a, b| a.0.cmp(b.0));
    let dot: f32 = shared.iter().map(|(_, product)| product).sum();
    let length = |words: &Words| {
        let mut squares: Vec<f32> = words.values().map(|weight| weight * weight).collect();
        squares.sort_by(f32::total_cmp);
        squares.iter().sum::<f32>().sqrt()
    };
    match dot > 0.0 {
        true => dot / (length(one) * length(other)),
        false => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_alike_by_their_telling_words() {
        let check = |one: &str, other: &str, low: f32, high: f32| {
            let alike = likeness(one, &[other, "Something else about trains."])[0];
            assert!((low..=high).contains(&alike), "{one} / {other}: {alike}");
        };
        check(
            "How many eggs are there?",
            "How many eggs are there?",
            0.999,
            1.001,
        );
        check(
            "How many eggs lay 3 hens?",
            "How many eggs lay 4 hens?",
            0.9,
            1.001,
        );
        check("Eggs of the hens", "The price of eggs", 0.1, 0.8);
        check(
            "What is the capital of Peru?",
            "What is the price of 12 eggs?",
            0.0,
            0.0,
        );
        check("", "", 0.0, 0.0);
        check("12 of 5", "12 of 5", 0.0, 0.0);
    }
}
