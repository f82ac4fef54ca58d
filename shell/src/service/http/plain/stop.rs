//! Ends a text at a client's own words, which may come in pieces.

/// Watches a text for words that end it.
#[derive(Debug, Default)]
pub struct Stops {
    words: Vec<String>,
    /// What may be the beginning of such words, and is held back.
    held: String,
}

impl Stops {
    /// Ends a text at any of `words`.
    pub fn new(words: Vec<String>) -> Self {
        Self {
            words,
            held: String::new(),
        }
    }

    /// Takes the next piece: what can be passed on, and which of the words has ended the text,
    /// if one did.
    pub fn take(&mut self, piece: &str) -> (String, Option<usize>) {
        self.held.push_str(piece);
        let words = self.words.iter().enumerate();
        let found = words.filter_map(|(at, word)| Some((self.held.find(word)?, at)));
        if let Some((end, at)) = found.min() {
            self.held.truncate(end);
            return (std::mem::take(&mut self.held), Some(at));
        }
        let keep = self.begun();
        let rest = self.held.split_off(self.held.len() - keep);
        (std::mem::replace(&mut self.held, rest), None)
    }

    /// What was held back: the text is over without such words.
    pub fn rest(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Bytes at the end of the text that begin one of the words.
    fn begun(&self) -> usize {
        let begins = |len: &usize| {
            let at = self.held.len() - len;
            self.held.is_char_boundary(at)
                && self
                    .words
                    .iter()
                    .any(|word| word.starts_with(&self.held[at..]))
        };
        let most = self.words.iter().map(String::len).max().unwrap_or(0);
        let most = most.saturating_sub(1).min(self.held.len());
        (1..=most).rev().find(begins).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_at_the_first_of_the_words() {
        let check = |words: &[&str], pieces: &[&str], want: &str, by: Option<usize>| {
            let mut stops = Stops::new(words.iter().map(|word| (*word).into()).collect());
            let (mut got, mut ended) = (String::new(), None);
            for piece in pieces {
                let (text, over) = stops.take(piece);
                got.push_str(&text);
                ended = over;
                if ended.is_some() {
                    break;
                }
            }
            if ended.is_none() {
                got.push_str(&stops.rest());
            }
            assert_eq!((got.as_str(), ended), (want, by), "{words:?} {pieces:?}");
        };
        check(&[], &["a", "b"], "ab", None);
        check(&["END"], &["one EN", "D two"], "one ", Some(0));
        check(&["END"], &["one EN", "TER"], "one ENTER", None);
        check(&["b", "ab"], &["xab"], "x", Some(1));
        check(&["\n\n"], &["a\n", "b\n", "\nc"], "a\nb", Some(0));
        check(&["über"], &["na ü", "ber"], "na ", Some(0));
        check(&["END"], &["EN"], "EN", None);
    }
}
