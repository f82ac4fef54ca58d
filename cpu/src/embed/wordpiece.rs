//! Texts to tokens, as BERT does it: lower case without accents, split at white space and
//! punctuation, and each word into the longest pieces of the vocabulary
//! (Wu et al., "Google's Neural Machine Translation System", 2016). What counts as an accent, a
//! format character and punctuation is as in `BertNormalizer` and `BertPreTokenizer` of the library
//! tokenizers, by Unicode's general categories; but each control character that is white space
//! splits words here, where only tabs and line ends do there.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_normalization::UnicodeNormalization;

use super::EmbedError;

/// Longer words are no words, and unknown.
const WORD_CHARS_MAX: usize = 100;
/// What files for llama.cpp have before a piece that begins a word.
#[cfg(any(feature = "llama", test))]
const FIRST_MARK: char = '\u{2581}';

/// A vocabulary of pieces.
pub(crate) struct WordPiece {
    /// Pieces that begin a word, and those that go on with one.
    first: HashMap<String, usize>,
    rest: HashMap<String, usize>,
}

impl WordPiece {
    /// Reads a `tokenizer.json` whose tokens are below `tokens`.
    pub(crate) fn read(path: &Path, tokens: usize) -> Result<Self, EmbedError> {
        let text = fs::read_to_string(path).map_err(|source| EmbedError::Io {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, tokens).map_err(|detail| EmbedError::Format {
            path: path.to_owned(),
            detail: detail.to_owned(),
        })
    }

    pub(crate) fn parse(text: &str, tokens: usize) -> Result<Self, &'static str> {
        let file: Value = serde_json::from_str(text).map_err(|_| "it is not JSON")?;
        let model = &file["model"];
        let is_bert = file["normalizer"]["type"] == "BertNormalizer"
            && file["normalizer"]["lowercase"] == true
            && file["pre_tokenizer"]["type"] == "BertPreTokenizer"
            && model["continuing_subword_prefix"] == "##";
        if !is_bert {
            return Err("its tokens are not cut as BERT does it in lower case");
        }
        let vocabulary = model["vocab"].as_object().ok_or("it has no vocabulary")?;
        let mut pieces = Self {
            first: HashMap::new(),
            rest: HashMap::new(),
        };
        for (piece, number) in vocabulary {
            let number = number.as_u64().and_then(|n| usize::try_from(n).ok());
            let number = number.filter(|n| *n < tokens);
            let number = number.ok_or("its vocabulary does not fit the table")?;
            match piece.strip_prefix("##") {
                Some(rest) if !rest.is_empty() => pieces.rest.insert(rest.to_owned(), number),
                // Marks like [UNK] cannot come out of a text, which is cut at brackets.
                _ => pieces.first.insert(piece.clone(), number),
            };
        }
        Ok(pieces)
    }

    /// The vocabulary of a file for llama.cpp, given in the order of its tokens: there a piece that
    /// begins a word has a mark in front, and one that goes on has none.
    #[cfg(any(feature = "llama", test))]
    pub(crate) fn marked<'a>(all: impl Iterator<Item = &'a str>) -> Self {
        let mut pieces = Self {
            first: HashMap::new(),
            rest: HashMap::new(),
        };
        for (number, piece) in all.enumerate() {
            match piece.strip_prefix(FIRST_MARK) {
                Some(first) => pieces.first.insert(first.to_owned(), number),
                None if piece.starts_with('[') => pieces.first.insert(piece.to_owned(), number),
                None => pieces.rest.insert(piece.to_owned(), number),
            };
        }
        pieces
    }

    /// The tokens of `text`; words that cannot be made of pieces are left out.
    pub(crate) fn tokens<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.tokens_or(text, None)
    }

    /// The tokens of `text`, with `unknown` for a word that cannot be made of pieces, if it is one.
    pub(crate) fn tokens_or<'a>(
        &'a self,
        text: &'a str,
        unknown: Option<usize>,
    ) -> impl Iterator<Item = usize> + 'a {
        text.split_whitespace().flat_map(move |part| {
            let mut tokens = Vec::new();
            for word in words(part) {
                let before = tokens.len();
                self.pieces(&word, &mut tokens);
                if tokens.len() == before {
                    tokens.extend(unknown);
                }
            }
            tokens
        })
    }

    /// The token of a mark such as `[UNK]`, which comes out of no text.
    pub(crate) fn mark(&self, mark: &str) -> Option<usize> {
        self.first.get(mark).copied()
    }

    /// Adds the longest pieces that make up `word`, or nothing where it has none.
    fn pieces(&self, word: &str, tokens: &mut Vec<usize>) {
        if word.chars().take(WORD_CHARS_MAX + 1).count() > WORD_CHARS_MAX {
            return;
        }
        let before = tokens.len();
        let mut start = 0;
        while start < word.len() {
            let pieces = if start == 0 { &self.first } else { &self.rest };
            let mut ends = (start + 1..=word.len()).rev();
            let longest = ends.find_map(|end| {
                let piece = word.get(start..end)?;
                Some((*pieces.get(piece)?, end))
            });
            let Some((token, end)) = longest else {
                tokens.truncate(before);
                return;
            };
            tokens.push(token);
            start = end;
        }
    }
}

/// The words of a text without white space: letters together, punctuation and ideographs
/// each alone; in lower case, without accents.
fn words(part: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let plain = part
        .chars()
        .filter(|c| !is_dropped(*c))
        .nfd()
        .filter(|c| category(*c) != GeneralCategory::NonspacingMark)
        .flat_map(char::to_lowercase);
    for c in plain {
        if is_ideograph(c) || is_punctuation(c) {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            words.push(c.to_string());
        } else {
            word.push(c);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The category of a character; asked of most texts for letters of ASCII alone.
fn category(c: char) -> GeneralCategory {
    match c {
        'a'..='z' => GeneralCategory::LowercaseLetter,
        c => get_general_category(c),
    }
}

/// Whether a character is none of a text: a control or format character such as a soft hyphen,
/// one that nobody assigned, or one that stands for what could not be read.
fn is_dropped(c: char) -> bool {
    use GeneralCategory::{Control, Format, PrivateUse, Surrogate, Unassigned};
    c == '\u{fffd}'
        || matches!(
            category(c),
            Control | Format | PrivateUse | Surrogate | Unassigned
        )
}

fn is_punctuation(c: char) -> bool {
    use GeneralCategory as Of;
    c.is_ascii_punctuation()
        || matches!(
            category(c),
            Of::ConnectorPunctuation
                | Of::DashPunctuation
                | Of::OpenPunctuation
                | Of::ClosePunctuation
                | Of::InitialPunctuation
                | Of::FinalPunctuation
                | Of::OtherPunctuation
        )
}

fn is_ideograph(c: char) -> bool {
    matches!(c,
        '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{2a6df}'
        | '\u{2a700}'..='\u{2b81f}' | '\u{2b920}'..='\u{2ceaf}' | '\u{f900}'..='\u{faff}'
        | '\u{2f800}'..='\u{2fa1f}')
}
