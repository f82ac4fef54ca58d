//! What an answer says beyond its question, and which sentences say that as well.

use std::collections::BTreeSet;

use super::numbers::{alike, in_any_form};
use super::shared_words::telling_words;

/// What an answer says beyond its question: its numbers, or its words where it has none.
pub(super) struct Particulars {
    numbers: Vec<f64>,
    words: BTreeSet<String>,
}

impl Particulars {
    /// Those of `answer` to `question`.
    pub(super) fn of(answer: &str, question: &str) -> Self {
        let asked = in_any_form(question);
        let is_new = |number: &f64| !asked.iter().any(|asked| alike(*asked, *number));
        let numbers: Vec<f64> = in_any_form(answer).into_iter().filter(is_new).collect();
        let mut words = BTreeSet::new();
        if numbers.is_empty() {
            let known = telling_words(question);
            words = telling_words(answer);
            words.retain(|word| !known.contains(word));
        }
        Self { numbers, words }
    }

    /// Whether `sentence` says some of them too.
    pub(super) fn stand_in(&self, sentence: &str) -> bool {
        if self.numbers.is_empty() {
            return !self.words.is_disjoint(&telling_words(sentence));
        }
        let there = in_any_form(sentence);
        let said = |number: &f64| there.iter().any(|there| alike(*there, *number));
        self.numbers.iter().any(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_says_is_found_in_a_sentence() {
        let check = |answer: &str, sentence: &str, want: bool| {
            let question = "When does the mill open on 3 May? 五月三日几点开门？";
            let said = Particulars::of(answer, question);
            assert_eq!(said.stand_in(sentence), want, "{answer} / {sentence}");
        };
        check("The mill opens at 9.", "It opens at nine.", true);
        check("The mill opens at 9.", "The mill opens on 3 May.", false);
        check("At noon, on 3 May.", "It opens at noon.", true);
        check("At noon, on 3 May.", "The mill opens on 3 May.", false);
        check("磨坊九点开门。", "9点开", true);
        check("The mill.", "The mill opens.", false);
        check("", "", false);
    }
}
