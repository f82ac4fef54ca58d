//! Text analysis: text to the terms it is found by.
//!
//! A word becomes a term by dropping case, accents and the English ending, so that
//! "Cafés" finds "cafe". A name made of words is found whole and by each of them
//! (`getUserName`, `user_name`), and so is a number with points. Scripts that write
//! words without spaces are found by each sign and each pair of neighbours. One
//! analysis serves every store, queries and snippets alike.

mod fold;
mod split;
mod stop;

use std::collections::{HashSet, VecDeque};
use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

pub(crate) use stop::is_function_word;

use frostem::{Algorithm, Stemmer};
use unicode_normalization::char::is_combining_mark;

/// Bytes of a word that count; what is longer is data rather than a word, and still
/// found by its beginning.
const WORD_BYTES_MAX: usize = 128;

/// One term and where in the text it stands, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) term: String,
    pub(crate) span: Range<usize>,
}

/// The terms of a text, in order; those of one place begin with the longest.
pub(crate) struct Tokens<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    stemmer: Stemmer,
    /// Terms of the last word that were not given out yet.
    ready: VecDeque<Token>,
}

/// The terms of `text`, in order.
pub(crate) fn tokens(text: &str) -> Tokens<'_> {
    Tokens {
        text,
        chars: text.char_indices().peekable(),
        stemmer: Stemmer::new(Algorithm::English),
        ready: VecDeque::new(),
    }
}

/// The first `max` different terms of `text`, in order of appearance.
fn distinct_terms(text: &str, max: usize) -> Vec<String> {
    let mut seen = HashSet::new();
    tokens(text)
        .map(|token| token.term)
        .filter(|term| seen.insert(term.clone()))
        .take(max)
        .collect()
}

/// What to look for when asked for `text`: its first `max` different terms, without
/// the words that every sentence has, unless it has no others.
pub(crate) fn query_terms(text: &str, max: usize) -> Vec<String> {
    let all = distinct_terms(text, max);
    let telling: Vec<String> = all
        .iter()
        .filter(|term| !is_function_word(term))
        .cloned()
        .collect();
    if telling.is_empty() { all } else { telling }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            let (start, first) = self.chars.next()?;
            if !first.is_alphanumeric() {
                continue;
            }
            match split::stands_alone(first) {
                true => self.sign(start, first),
                false => self.word(start, first),
            }
        }
    }
}

impl Tokens<'_> {
    /// Makes ready the sign at `start`, and the pair it forms with the sign after it.
    fn sign(&mut self, start: usize, first: char) {
        let end = self.marks_after(start + first.len_utf8());
        self.push(start..end);
        if let Some(&(at, second)) = self.chars.peek()
            && at == end
            && split::stands_alone(second)
        {
            self.push(start..end + second.len_utf8());
        }
    }

    /// Makes ready the word that begins at `start`, and the words it is made of.
    fn word(&mut self, start: usize, first: char) {
        let mut end = start + first.len_utf8();
        while let Some(&(at, c)) = self.chars.peek() {
            let inside = is_combining_mark(c)
                || (c.is_alphanumeric() && !split::stands_alone(c))
                || split::joins_digits(self.text, at, c);
            if !inside {
                break;
            }
            end = at + c.len_utf8();
            self.chars.next();
        }
        let span = start..end;
        if split::is_contraction(self.text, &span) {
            return;
        }
        self.push(span.clone());
        for part in split::parts(&self.text[span]) {
            self.push(start + part.start..start + part.end);
        }
    }

    /// The end of the combining marks that follow `end`, which are taken.
    fn marks_after(&mut self, mut end: usize) -> usize {
        while let Some((at, c)) = self.chars.next_if(|&(_, c)| is_combining_mark(c)) {
            end = at + c.len_utf8();
        }
        end
    }

    fn push(&mut self, span: Range<usize>) {
        let term = self.term(&self.text[span.clone()]);
        if !term.is_empty() {
            self.ready.push_back(Token { term, span });
        }
    }

    fn term(&self, word: &str) -> String {
        let word = &word[..word.floor_char_boundary(WORD_BYTES_MAX)];
        let folded = if word.is_ascii() {
            word.to_ascii_lowercase()
        } else {
            fold::fold(word)
        };
        if folded.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return self.stemmer.stem(&folded).into_owned();
        }
        // "1,400" is the number 1400 wherever it has no letters.
        match folded
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b',')
        {
            true => folded.replace(',', ""),
            false => folded,
        }
    }
}

#[cfg(test)]
mod tests;
