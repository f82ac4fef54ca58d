//! Text analysis: text to the terms it is found by.
//!
//! A word becomes a term by dropping case, accents and the English ending, so that
//! "Cafés" finds "cafe". A name made of words is found whole and by each of them
//! (`getUserName`, `user_name`), and so is a number with points. Scripts that write
//! words without spaces are found by each sign and each pair of neighbours, Chinese by its simplified
//! signs. What some write
//! with a joint and others as one word is found by both ("e-mail", "U.S.A."), and so is a letter with
//! dots that others spell with two ("Müller", "Mueller"). Signs are
//! brought into one form before words are looked for (`text/signs.rs`). One analysis
//! serves every store, queries and snippets alike.

mod chinese;
mod fold;
mod signs;
mod split;
mod stop;

use std::collections::{HashSet, VecDeque};
use std::ops::Range;

pub(crate) use stop::is_function_word;

use signs::{Sign, Signs};

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
    signs: Signs<'a>,
    /// Signs that were looked at and not taken yet.
    ahead: VecDeque<Sign>,
    /// The last signs that were taken, the last one first.
    before: [char; 3],
    stemmer: Stemmer,
    /// Terms of the last word that were not given out yet.
    ready: VecDeque<Token>,
}

/// The terms of `text`, in order.
pub(crate) fn tokens(text: &str) -> Tokens<'_> {
    Tokens {
        signs: Signs::of(text),
        ahead: VecDeque::new(),
        before: [' '; 3],
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
            let first = self.take()?;
            if !first.c.is_alphanumeric() {
                continue;
            }
            match split::stands_alone(first.c) {
                true => self.sign(first),
                false => self.word(first),
            }
        }
    }
}

impl Tokens<'_> {
    /// The sign `n` places further on, which is not taken.
    fn peek(&mut self, n: usize) -> Option<&Sign> {
        while self.ahead.len() <= n {
            let sign = self.signs.next()?;
            self.ahead.push_back(sign);
        }
        self.ahead.get(n)
    }

    fn take(&mut self) -> Option<Sign> {
        self.peek(0)?;
        let sign = self.ahead.pop_front()?;
        self.before = [sign.c, self.before[0], self.before[1]];
        Some(sign)
    }

    /// Makes ready the sign `first`, and the pair it forms with the sign after it.
    fn sign(&mut self, first: Sign) {
        let mut word = String::from(chinese::simplified(first.c));
        let mut span = first.span;
        while let Some(mark) = self
            .peek(0)
            .filter(|sign| is_combining_mark(sign.c))
            .cloned()
        {
            self.take();
            word.push(mark.c);
            span.end = mark.span.end;
        }
        self.push(&word, span.clone());
        if let Some(second) = self
            .peek(0)
            .filter(|sign| split::stands_alone(sign.c))
            .cloned()
        {
            word.push(chinese::simplified(second.c));
            self.push(&word, span.start..second.span.end);
        }
    }

    /// Makes ready the word that begins with `first`, and the words it is made of.
    fn word(&mut self, first: Sign) {
        let follows_apostrophe =
            split::is_apostrophe(self.before[1]) && self.before[2].is_alphabetic();
        let is_first = !(split::is_joint(self.before[1]) && self.before[2].is_alphanumeric());
        let mut word = String::new();
        // Where each byte of the word stands.
        let mut spans: Vec<Range<usize>> = Vec::new();
        let put = |sign: &Sign, word: &mut String, spans: &mut Vec<Range<usize>>| {
            word.push(sign.c);
            spans.resize(word.len(), sign.span.clone());
        };
        put(&first, &mut word, &mut spans);
        let mut last = first.c;
        let mut grouped = false;
        while let Some(sign) = self.peek(0).cloned() {
            if (grouped || word.len() <= 3) && self.parts_thousands(&word) {
                // "1 400" and "1'400" are one number, whose sign counts as nothing.
                grouped = true;
                self.take();
                continue;
            }
            let after = self.peek(1).map_or(' ', |sign| sign.c);
            let inside = is_combining_mark(sign.c)
                || (sign.c.is_alphanumeric() && !split::stands_alone(sign.c))
                || split::joins_digits(last, sign.c, after);
            if !inside {
                break;
            }
            self.take();
            last = sign.c;
            // What is longer is data; it is walked over, not kept.
            if word.len() < WORD_BYTES_MAX * 2 {
                put(&sign, &mut word, &mut spans);
            }
        }
        if follows_apostrophe && split::is_contraction(&word) {
            return;
        }
        let start = spans[0].start;
        if let Some((whole, end)) = is_first.then(|| self.compound(&word)).flatten() {
            self.push(&whole, start..end);
        }
        if let Some((name, end)) = self.name_with_signs(&word) {
            self.push(&name, start..end);
        }
        let place = |part: Range<usize>| spans[part.start].start..spans[part.end - 1].end;
        self.push(&word, place(0..word.len()));
        if split::is_grouped_by_points(&word) {
            self.push(&word.replace('.', ""), place(0..word.len()));
        }
        for part in split::parts(&word) {
            self.push(&word[part.clone()], place(part));
        }
    }

    /// The word that `word`, which was taken, and those behind it are also written as: "e-mail",
    /// "Wi-Fi", "O'Brien", "node.js", "U.S.A."; and where it ends.
    fn compound(&mut self, word: &str) -> Option<(String, usize)> {
        let mut whole = word.to_owned();
        let mut end = 0;
        let mut parts = vec![word.chars().count()];
        let mut at = 0;
        while parts.len() < split::PARTS_MAX {
            let joint = self
                .peek(at)
                .map(|sign| sign.c)
                .filter(|c| split::is_joint(*c));
            let Some(joint) = joint else { break };
            let mut part = String::new();
            let mut stop = end;
            while let Some(sign) = self.peek(at + 1 + part.chars().count())
                && sign.c.is_alphanumeric()
                && part.len() < split::PART_BYTES_MAX
            {
                part.push(sign.c);
                stop = sign.span.end;
            }
            if !split::is_joined(joint, word, &part) {
                break;
            }
            at += 1 + part.chars().count();
            end = stop;
            parts.push(part.chars().count());
            whole.push_str(&part);
        }
        let is_whole = match split::is_number(word) {
            true => parts.len() > 2,
            false => split::is_compound(&parts),
        };
        is_whole.then_some((whole, end))
    }

    /// The name of a letter and the signs behind it, such as "C++" and "C#", and where it ends.
    fn name_with_signs(&mut self, word: &str) -> Option<(String, usize)> {
        if word.len() != 1 || !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return None;
        }
        let mut c_at = |n: usize| self.peek(n).map(|sign| sign.c);
        let count = match (c_at(0)?, c_at(1)) {
            ('+', Some('+')) => 2,
            ('#', after) if !after.is_some_and(char::is_alphanumeric) => 1,
            _ => return None,
        };
        let mut name = word.to_owned();
        let mut end = 0;
        for _ in 0..count {
            let sign = self.take()?;
            name.push(sign.c);
            end = sign.span.end;
        }
        Some((name, end))
    }

    /// Whether the next sign stands between the thousands of the number `word`.
    fn parts_thousands(&mut self, word: &str) -> bool {
        let is_digit = |sign: Option<&Sign>| sign.is_some_and(|sign| sign.c.is_ascii_digit());
        word.bytes().all(|byte| byte.is_ascii_digit())
            && self
                .peek(0)
                .is_some_and(|sign| split::is_mark_of_thousands(sign.c))
            && (1..=3).all(|n| is_digit(self.peek(n)))
            && !self.peek(4).is_some_and(|sign| sign.c.is_alphanumeric())
    }

    fn push(&mut self, word: &str, span: Range<usize>) {
        let term = self.term(word);
        let spelled = fold::spelled_out(word).map(|spelled| self.term(&spelled));
        let spelled = spelled.filter(|spelled| *spelled != term);
        for term in spelled.into_iter().chain([term]) {
            if !term.is_empty() {
                let span = span.clone();
                self.ready.push_back(Token { term, span });
            }
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
        // "1,400" is the number 1400 wherever it has no letters, and "1,400.50" is 1400.50.
        let of_number = |byte: u8| byte.is_ascii_digit() || byte == b',';
        match folded.bytes().all(of_number) || split::point_behind_thousands(&folded).is_some() {
            true => folded.replace(',', ""),
            false => folded,
        }
    }
}

#[cfg(test)]
mod tests;
