//! Chinese: a text becomes the phonemes of Mandarin, with tones.
//!
//! `normalization` makes words of numbers and signs (`numbers`); `words` finds where words are,
//! `readings` how their characters are read, `polyphones` which reading is meant beside others,
//! `sandhi` how tones change there, and `syllables` writes pinyin in phonemes.

mod normalization;
mod numbers;
mod polyphones;
mod readings;
mod sandhi;
mod syllables;
mod words;

use std::path::Path;

use crate::error::VoiceError;
use readings::Readings;
use sandhi::change;
use words::Words;

/// What reads Chinese.
pub struct Chinese {
    words: Words,
    readings: Readings,
}

impl Chinese {
    /// Reads the dictionaries in `folder`.
    ///
    /// # Errors
    /// A file that cannot be read, or is damaged.
    pub fn open(folder: &Path) -> Result<Self, VoiceError> {
        let [words, phrases, characters] =
            ["dict.txt", "phrases_dict.json", "pinyin_dict.json"].map(|name| folder.join(name));
        Ok(Self {
            words: Words::open(&words)?,
            readings: Readings::open(&phrases, &characters)?,
        })
    }

    /// `text` in words, as it is said.
    pub fn spoken(text: &str) -> String {
        normalization::spoken(text)
    }

    /// The phonemes of a phrase of nothing but Chinese characters, with spaces between words.
    pub fn phonemes(&self, phrase: &str) -> String {
        let words = self.words.cut(phrase);
        let mut words: Vec<_> = words
            .into_iter()
            .map(|word| self.readings.of(word))
            .collect();
        polyphones::settle(&mut words);
        change(&mut words);
        let said = words.iter().map(|word| {
            let syllables = word.iter().filter_map(|read| read.syllable.phonemes());
            syllables.collect::<String>()
        });
        let said: Vec<String> = said.filter(|word| !word.is_empty()).collect();
        said.join(" ")
    }
}

/// Whether `c` is a character of Chinese, or a digit that is read like one.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '〇' | '０'..='９')
}
