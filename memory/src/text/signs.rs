//! The signs of a text as they count for finding it: in one normal form, whatever
//! program wrote them, and each with the place where it stands.
//!
//! What decides where words end must see this form. A Mac writes "é" and "한" as two and
//! three signs, and typesetters put signs into words that nobody sees.

use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

/// Signs that are looked at together: more marks on one letter are no writing.
const CLUSTER_MAX: usize = 32;

/// A sign and the bytes it stands in. Several may stand in the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) c: char,
    pub(super) span: Range<usize>,
}

/// The signs of a text, in order.
pub(super) struct Signs<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    /// Signs that stand in the same place as the last one, the last one first.
    ready: Vec<Sign>,
    /// Holds what is being normalised.
    cluster: String,
}

impl<'a> Signs<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            text,
            chars: text.char_indices().peekable(),
            ready: Vec::new(),
            cluster: String::new(),
        }
    }
}

impl Iterator for Signs<'_> {
    type Item = Sign;

    fn next(&mut self) -> Option<Sign> {
        if let Some(ready) = self.ready.pop() {
            return Some(ready);
        }
        loop {
            let (start, first) = self.chars.next()?;
            if is_unseen(first) {
                continue;
            }
            let end = start + first.len_utf8();
            let next = self.text.as_bytes().get(end);
            if first.is_ascii() && next.is_none_or(u8::is_ascii) {
                return Some(Sign {
                    c: first,
                    span: start..end,
                });
            }
            return Some(self.normal(start, first));
        }
    }
}

impl Signs<'_> {
    /// The first sign of what `first` and the marks that follow it are in normal form.
    fn normal(&mut self, start: usize, first: char) -> Sign {
        self.cluster.clear();
        self.cluster.push(first);
        let mut end = start + first.len_utf8();
        let mut last = first;
        for _ in 0..CLUSTER_MAX {
            let goes_on = |c: char| is_unseen(c) || joins(last, c);
            let Some((at, c)) = self.chars.next_if(|&(_, c)| goes_on(c)) else {
                break;
            };
            if !is_unseen(c) {
                self.cluster.push(c);
                last = c;
                end = at + c.len_utf8();
            }
        }
        let span = start..end;
        if !(first.is_alphanumeric() || joins('\0', first) || is_of_words(first)) {
            // What is no letter ends a word, also where it stands for letters, as "™".
            return Sign {
                c: in_ascii(first),
                span,
            };
        }
        let mut signs = self.cluster.nfkc().map(|c| Sign {
            c: in_ascii(c),
            span: span.clone(),
        });
        let sign = signs.next().unwrap_or(Sign {
            c: first,
            span: span.clone(),
        });
        self.ready.extend(signs);
        self.ready.reverse();
        sign
    }
}

/// Whether `c` is a word or a measure in one sign, as East Asian texts have them: "㍿", "㎏". Behind "№"
/// and "℡" a number stands, which would be no word of its own.
fn is_of_words(c: char) -> bool {
    matches!(c, '\u{3200}'..='\u{33ff}')
}

/// The noughts of the scripts that count in tens; their other digits follow them.
const NOUGHTS: &[u32] = &[
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0x1810,
];

/// `c`, and the digits and marks of numbers of every script as those of ASCII.
fn in_ascii(c: char) -> char {
    match c {
        '\u{66b}' => '.',
        '\u{66c}' => ',',
        c if !('\u{660}'..='\u{1819}').contains(&c) => c,
        c => {
            let value = |nought: &u32| u32::from(c).checked_sub(*nought);
            let value = NOUGHTS.iter().filter_map(value).find(|value| *value < 10);
            value
                .and_then(|value| char::from_digit(value, 10))
                .unwrap_or(c)
        }
    }
}

/// Whether `c` and the sign before it may be one in normal form.
fn joins(before: char, c: char) -> bool {
    let is_jamo = |c: char| matches!(c, '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97f}' | '\u{d7b0}'..='\u{d7ff}');
    match c {
        // The marks of half-width katakana.
        '\u{ff9e}' | '\u{ff9f}' => true,
        // The parts of a syllable, up to the first part of the next.
        '\u{1160}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7ff}' => {
            is_jamo(before) || matches!(before, '\u{ac00}'..='\u{d7a3}')
        }
        c => canonical_combining_class(c) != 0 || is_combining_mark(c),
    }
}

/// Whether `c` is never seen: it says where a line may end, how signs join, or in which
/// direction they run.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_have_one_form_and_their_place() {
        let check = |text: &str, expected: &[(char, Range<usize>)]| {
            let found: Vec<(char, Range<usize>)> =
                Signs::of(text).map(|sign| (sign.c, sign.span)).collect();
            assert_eq!(found, expected, "{text:?}");
        };
        check("ab", &[('a', 0..1), ('b', 1..2)]);
        check("e\u{301}x", &[('é', 0..3), ('x', 3..4)]);
        check("i\u{ad}n", &[('i', 0..1), ('n', 3..4)]);
        check("e\u{2060}\u{301}", &[('é', 0..6)]);
        check(
            "\u{1102}\u{1162}\u{11bc}\u{110c}\u{1161}",
            &[('냉', 0..9), ('자', 9..15)],
        );
        check("ﬁＡ", &[('f', 0..3), ('i', 0..3), ('A', 3..6)]);
        check("ｶﾞ™", &[('ガ', 0..6), ('™', 6..9)]);
        check("㎏", &[('k', 0..3), ('g', 0..3)]);
        check("๒٫৩", &[('2', 0..3), ('.', 3..5), ('3', 5..8)]);
    }
}
