//! How characters are read: by the phrase that they stand in, or alone. The dictionaries are
//! those of pypinyin.

use std::collections::HashMap;
use std::path::Path;

use super::numbers::numeral;
use super::sandhi::Read;
use super::syllables::Syllable;
use crate::dictionary;
use crate::error::VoiceError;

/// Characters of the longest phrase that is looked for.
const PHRASE_MAX: usize = 8;

/// Readings of characters that are words of their own, where they differ from the first in the
/// dictionary.
const ALONE: &[(char, &str)] = &[
    ('〇', "líng"),
    ('个', "gè"),
    ('为', "wèi"),
    ('了', "le"),
    ('会', "huì"),
    ('都', "dōu"),
    ('还', "hái"),
    ('和', "hé"),
    ('只', "zhǐ"),
    ('没', "méi"),
    ('着', "zhe"),
    ('看', "kàn"),
    ('种', "zhǒng"),
    ('行', "xíng"),
    ('要', "yào"),
    ('过', "guò"),
    ('那', "nà"),
    ('当', "dāng"),
    ('给', "gěi"),
    ('与', "yǔ"),
    ('应', "yīng"),
    ('更', "gèng"),
    ('便', "biàn"),
    ('重', "zhòng"),
    ('地', "de"),
    ('得', "de"),
    ('教', "jiāo"),
    ('谁', "shéi"),
    ('长', "cháng"),
];

/// The dictionaries.
pub struct Readings {
    /// The readings of each character of a phrase; of several the first is the usual one.
    phrases: HashMap<String, Vec<Vec<String>>>,
    /// By the number of a character, its readings with commas between them.
    characters: HashMap<String, String>,
}

impl Readings {
    /// Reads the dictionaries, JSON objects.
    ///
    /// # Errors
    /// A file that cannot be read, or is no such dictionary.
    pub fn open(phrases: &Path, characters: &Path) -> Result<Self, VoiceError> {
        Ok(Self {
            phrases: dictionary::read(phrases)?,
            characters: dictionary::read(characters)?,
        })
    }

    /// The characters of `word` with their readings; those that are not known are left out.
    pub fn of(&self, word: &str) -> Vec<Read> {
        let mut read = Vec::new();
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let phrase = self.longest_phrase(rest);
            let (front, pinyin) = match phrase {
                Some((front, pinyin)) => (front, pinyin),
                None => {
                    let front = &rest[..first.len_utf8()];
                    let alone = front.len() == word.len();
                    (front, self.alone(first, alone).into_iter().collect())
                }
            };
            let syllables = front.chars().zip(pinyin);
            read.extend(syllables.map(|(character, pinyin)| Read {
                character,
                syllable: Syllable::parse(pinyin),
            }));
            rest = &rest[front.len()..];
        }
        read
    }

    /// The longest phrase that `text` begins with, and the reading of each of its characters.
    fn longest_phrase<'a, 'b>(&'b self, text: &'a str) -> Option<(&'a str, Vec<&'b str>)> {
        let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
        let ends: Vec<usize> = ends.take(PHRASE_MAX).collect();
        ends.into_iter().skip(1).rev().find_map(|end| {
            let front = &text[..end];
            let readings = self.phrases.get(front)?;
            let first = readings
                .iter()
                .map(|several| several.first().map(String::as_str));
            let first: Option<Vec<&str>> = first.collect();
            first
                .filter(|first| first.len() == front.chars().count())
                .map(|first| (front, first))
        })
    }

    fn alone(&self, character: char, is_word: bool) -> Option<&str> {
        let mut alone = ALONE.iter();
        if let Some((_, pinyin)) = alone.find(|(known, _)| *known == character && is_word) {
            return Some(pinyin);
        }
        let character = numeral(character).unwrap_or(character);
        let readings = self.characters.get(&(character as u32).to_string())?;
        readings.split(',').next()
    }
}
