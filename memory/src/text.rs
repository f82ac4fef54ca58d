//! Text analysis: text to the terms it is found by.
//!
//! A word becomes a term by dropping case, accents and the English ending, so that
//! "Cafés" finds "cafe". Ideographs and kana have no spaces between words; each is a
//! term of its own. One analysis serves every store, queries and snippets alike.

use std::collections::HashSet;
use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

use frostem::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Bytes of a word that count; what is longer is data rather than a word, and still
/// found by its beginning.
const WORD_BYTES_MAX: usize = 128;

/// One term and where in the text it stands, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) term: String,
    pub(crate) span: Range<usize>,
}

/// The terms of a text, in order.
pub(crate) struct Tokens<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    stemmer: Stemmer,
}

/// The terms of `text`, in order.
pub(crate) fn tokens(text: &str) -> Tokens<'_> {
    Tokens {
        text,
        chars: text.char_indices().peekable(),
        stemmer: Stemmer::new(Algorithm::English),
    }
}

/// The first `max` different terms of `text`, in order of appearance.
pub(crate) fn distinct_terms(text: &str, max: usize) -> Vec<String> {
    let mut seen = HashSet::new();
    tokens(text)
        .map(|token| token.term)
        .filter(|term| seen.insert(term.clone()))
        .take(max)
        .collect()
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let (start, first) = self.chars.next()?;
            if !first.is_alphanumeric() {
                continue;
            }
            let mut end = start + first.len_utf8();
            while let Some((at, c)) = self.chars.next_if(|&(_, c)| continues(first, c)) {
                end = at + c.len_utf8();
            }
            let term = self.term(&self.text[start..end]);
            if !term.is_empty() {
                return Some(Token {
                    term,
                    span: start..end,
                });
            }
        }
    }
}

impl Tokens<'_> {
    fn term(&self, word: &str) -> String {
        let word = &word[..word.floor_char_boundary(WORD_BYTES_MAX)];
        let folded = if word.is_ascii() {
            word.to_ascii_lowercase()
        } else {
            fold(word)
        };
        match folded.bytes().all(|byte| byte.is_ascii_lowercase()) {
            true => self.stemmer.stem(&folded).into_owned(),
            false => folded,
        }
    }
}

/// Whether `c` belongs to the word that began with `first`.
fn continues(first: char, c: char) -> bool {
    is_combining_mark(c) || (c.is_alphanumeric() && !stands_alone(c) && !stands_alone(first))
}

/// Whether `c` is of a script that writes words without spaces, one sign each.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}'     // hiragana, katakana
        | '\u{3400}'..='\u{4dbf}'   // ideographs, extension A
        | '\u{4e00}'..='\u{9fff}'   // ideographs
        | '\u{f900}'..='\u{faff}'   // ideographs, compatibility
        | '\u{20000}'..='\u{3ffff}' // ideographs, later extensions
    )
}

/// Compatibility forms and accents folded away, in lower case.
fn fold(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for c in word
        .nfkd()
        .filter(|&c| !is_decoration(c))
        .flat_map(char::to_lowercase)
    {
        match c {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'þ' => plain.push_str("th"),
            'ø' => plain.push('o'),
            'đ' | 'ð' => plain.push('d'),
            'ł' => plain.push('l'),
            'ħ' => plain.push('h'),
            'ı' => plain.push('i'),
            other => plain.push(other),
        }
    }
    plain.nfc().collect()
}

/// Accents of alphabets, and the marks that choose how a sign is drawn. The vowel
/// signs of other scripts are letters and stay.
fn is_decoration(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, terms: &[&str]) {
        let found: Vec<Token> = tokens(text).collect();
        let words: Vec<&str> = found.iter().map(|token| token.term.as_str()).collect();
        assert_eq!(words, terms, "terms of {text:?}");
        for token in found {
            assert!(
                text.get(token.span.clone()).is_some(),
                "{token:?} in {text:?}"
            );
        }
    }

    #[test]
    fn words_become_terms() {
        check("", &[]);
        check(" \0 -- \u{1f999} ❤\u{fe0f} ", &[]);
        check("Running RUNS", &["run", "run"]);
        check("Caf\u{e9}s cafe\u{301}s CAFES", &["cafe", "cafe", "cafe"]);
        check(
            "Straße Łódź Ærø İstanbul",
            &["strass", "lodz", "aero", "istanbul"],
        );
        check("x86_64 v1.2 don't", &["x86", "64", "v1", "2", "don", "t"]);
        check("ﬁne Ｗｉｄｅ", &["fine", "wide"]);
        check("日本語 text", &["日", "本", "語", "text"]);
        check("Привет हिन्दी", &["привет", "हिन्दी"]);
    }

    #[test]
    fn a_word_without_end_is_bounded() {
        let endless = "é".repeat(1 << 20);
        let found: Vec<Token> = tokens(&endless).collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].term, "e".repeat(64));
    }

    #[test]
    fn distinct_terms_keep_their_order_and_bound() {
        assert_eq!(distinct_terms("b a B c", 8), ["b", "a", "c"]);
        assert_eq!(distinct_terms("b a B c", 2), ["b", "a"]);
    }
}
