//! English: a text becomes the phonemes of American English.
//!
//! `normalization` makes words of numbers and signs (`verbalization`, `numbers`, `units`);
//! `lexicon` knows how words are pronounced, and `spelling` guesses it of others. Here is what
//! depends on the words around.

mod lexicon;
mod normalization;
mod numbers;
mod spelling;
mod units;
mod verbalization;

use std::path::Path;

use unicode_normalization::UnicodeNormalization;

use crate::error::VoiceError;
use crate::marks::{is_closing, is_mark};
use lexicon::{Kind, Lexicon, VOWELS};
use spelling::Speller;

pub use normalization::abbreviation;

/// Names of its files, in the folder of the voice.
const FILES: [&str; 3] = ["us_gold.json", "us_silver.json", "oov_bart_en_us.npz"];

/// After these a verb is likely.
const BEFORE_VERBS: &[&str] = &[
    "to", "i", "you", "we", "they", "who", "will", "would", "can", "could", "should", "must",
    "may", "might", "do", "does", "did", "don't", "doesn't", "didn't", "can't", "cannot", "won't",
    "let's", "please", "not", "never", "i'll", "you'll", "we'll", "they'll",
];
/// After these a noun is likely.
const BEFORE_NOUNS: &[&str] = &[
    "the", "a", "an", "my", "your", "his", "her", "its", "our", "their", "this", "that", "these",
    "those", "of", "no", "some", "any", "each", "every", "in", "on", "for", "with",
];
/// After these a participle is likely.
const BEFORE_PARTICIPLES: &[&str] = &[
    "have", "has", "had", "having", "was", "were", "is", "are", "be", "been", "being", "i've",
    "we've", "you've", "they've", "it's", "get", "got",
];

/// After these a verb tells what was, where the sentence says when that was.
const TELLERS: &[&str] = &["i", "you", "we", "they", "who"];
/// Words that say that something was, and those that do after "last".
const PAST: &[&str] = &["yesterday", "ago", "previously"];
const PAST_AFTER_LAST: &[&str] = &["night", "week", "month", "year", "time", "summer", "winter"];

/// What reads English.
pub struct English {
    lexicon: Lexicon,
    speller: Speller,
}

/// A piece of a sentence.
enum Piece {
    Word(String),
    Mark(char),
}

impl English {
    /// Reads the dictionaries in `folder`.
    ///
    /// # Errors
    /// A file that cannot be read, or is damaged.
    pub fn open(folder: &Path) -> Result<Self, VoiceError> {
        let [gold, silver, speller] = FILES.map(|name| folder.join(name));
        Ok(Self {
            lexicon: Lexicon::open(&gold, &silver)?,
            speller: Speller::open(&speller)?,
        })
    }

    /// `text` in words, as it is said.
    pub fn spoken(text: &str) -> String {
        normalization::spoken(text)
    }

    /// The phonemes of `words`, a text without numbers.
    pub fn phonemes(&self, words: &str) -> String {
        let mut pieces = pieces(words);
        quieten(&mut pieces);
        let is_past = is_past(&pieces);
        let mut said: Vec<String> = Vec::with_capacity(pieces.len());
        // From the end: how "the" is said depends on the sound after it.
        let mut next = None;
        for (n, piece) in pieces.iter().enumerate().rev() {
            let sound = match piece {
                Piece::Mark(mark) => mark.to_string(),
                Piece::Word(word) => {
                    let before = match n.checked_sub(1).map(|n| &pieces[n]) {
                        Some(Piece::Word(before)) => before.to_lowercase(),
                        _ => String::new(),
                    };
                    self.word(word, (&before, kind(&before, is_past)), next)
                }
            };
            next = first_sound(&sound).or(next.filter(|_| matches!(piece, Piece::Word(_))));
            said.push(sound);
        }
        said.reverse();
        joined(&pieces, &said)
    }

    /// The phonemes of a word of a likely kind after the word `before`; `next` says whether a vowel
    /// follows, and nothing before a pause.
    fn word(&self, word: &str, (before, kind): (&str, Kind), next: Option<bool>) -> String {
        let lower = word.to_lowercase();
        let fixed = match (lower.as_str(), next) {
            ("the", Some(true)) => "ði",
            ("the", _) => "ðə",
            ("a", Some(_)) if word == "a" || before.is_empty() => "ɐ",
            ("an", _) => "ɐn",
            ("to", Some(true)) => "tʊ",
            ("to", Some(false)) => "tə",
            ("in", Some(_)) => "ɪn",
            ("i", _) => "ˌI",
            ("quipu", _) => "kˈipu",
            _ => "",
        };
        if !fixed.is_empty() {
            return fixed.to_owned();
        }
        let parts = word.split('-').filter(|part| !part.is_empty());
        let whole = self.lexicon.word(word, kind, next.is_none());
        let sound = whole.unwrap_or_else(|| {
            let parts = parts.map(|part| self.part(part, kind, next));
            parts.collect()
        });
        // The short t and the stop in the throat have other symbols in the network.
        sound.replace('ɾ', "T").replace('ʔ', "t")
    }

    fn part(&self, part: &str, kind: Kind, next: Option<bool>) -> String {
        let known = self.lexicon.word(part, kind, next.is_none());
        known.unwrap_or_else(|| {
            let spelled = self.speller.spell(part);
            match spelled.chars().any(|c| VOWELS.contains(c)) {
                true => spelled,
                // What cannot be pronounced is spelled.
                false => self.lexicon.letters(part).unwrap_or_default(),
            }
        })
    }
}

/// The kind of word that is likely after the word `before`.
fn kind(before: &str, is_past: bool) -> Kind {
    match before {
        before if is_past && TELLERS.contains(&before) => Kind::Past,
        before if BEFORE_PARTICIPLES.contains(&before) => Kind::Participle,
        before if BEFORE_NOUNS.contains(&before) => Kind::Noun,
        "he" | "she" | "it" => Kind::Past,
        before if BEFORE_VERBS.contains(&before) => Kind::Verb,
        _ => Kind::Any,
    }
}

/// Whether a sentence says that it tells what was: yesterday, two days ago, last week.
fn is_past(pieces: &[Piece]) -> bool {
    let words = pieces.iter().map(|piece| match piece {
        Piece::Word(word) => word.to_lowercase(),
        Piece::Mark(_) => String::new(),
    });
    let words: Vec<String> = words.collect();
    let is_last = |two: &[String]| two[0] == "last" && PAST_AFTER_LAST.contains(&&*two[1]);
    words.iter().any(|word| PAST.contains(&&**word)) || words.windows(2).any(is_last)
}

/// Whether a word begins with a vowel; none of a mark.
fn first_sound(sound: &str) -> Option<bool> {
    let first = sound.chars().find(|c| !"ˈˌ".contains(*c))?;
    (!is_mark(first)).then(|| VOWELS.contains(first))
}

/// The words and marks of a text; what is neither is left out.
fn pieces(text: &str) -> Vec<Piece> {
    // Accents go: the dictionaries have none.
    let bare = text.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c));
    let mut plain: Vec<char> = Vec::with_capacity(text.len());
    for c in bare {
        match latin(c) {
            Some(letters) => plain.extend(letters.chars()),
            None => plain.push(c),
        }
    }
    let mut pieces = Vec::new();
    let mut word = String::new();
    for (n, c) in plain.iter().enumerate() {
        let next = plain.get(n + 1).copied().unwrap_or(' ');
        let inside = !word.is_empty() && next.is_ascii_alphabetic();
        match c {
            c if c.is_ascii_alphabetic() => {
                if is_hump(&word, *c, next) {
                    pieces.push(Piece::Word(std::mem::take(&mut word)));
                }
                word.push(*c);
            }
            '-' if inside => word.push('-'),
            // Of letters with points between them.
            '.' if inside && word.split('.').all(|part| part.len() == 1) => word.push('.'),
            '\'' if inside || word.ends_with(['s', 'S']) => word.push('\''),
            c => {
                if !word.is_empty() {
                    pieces.push(Piece::Word(std::mem::take(&mut word)));
                }
                if is_mark(*c) {
                    pieces.push(Piece::Mark(*c));
                }
            }
        }
    }
    if !word.is_empty() {
        pieces.push(Piece::Word(word));
    }
    pieces
}

/// The letters of English that stand for a letter of another language without an accent that
/// could go.
fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'Æ' => "Ae",
        'œ' => "oe",
        'Œ' => "Oe",
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'þ' => "th",
        'Þ' => "Th",
        'ı' => "i",
        _ => return None,
    })
}

/// Whether the letter `c` begins a word within a name such as `fileName`.
fn is_hump(word: &str, c: char, next: char) -> bool {
    c.is_ascii_uppercase()
        && word.ends_with(|c: char| c.is_ascii_lowercase())
        && next.is_ascii_alphabetic()
        && !word.starts_with("Mc")
        && !word.starts_with("Mac")
}

/// A sentence in capitals is read as others are.
fn quieten(pieces: &mut [Piece]) {
    let words = || {
        pieces.iter().filter_map(|piece| match piece {
            Piece::Word(word) => Some(word),
            Piece::Mark(_) => None,
        })
    };
    let long = words().filter(|word| word.len() > 1).count();
    let is_loud = long > 2 && words().all(|word| *word == word.to_uppercase());
    for piece in pieces.iter_mut().filter(|_| is_loud) {
        if let Piece::Word(word) = piece {
            *word = word.to_lowercase();
        }
    }
}

/// Words with spaces between them, and marks where they belong.
fn joined(pieces: &[Piece], said: &[String]) -> String {
    let mut text = String::new();
    let mut is_open = true;
    for (piece, said) in pieces.iter().zip(said).filter(|(_, said)| !said.is_empty()) {
        let is_close = matches!(piece, Piece::Mark(mark) if is_closing(*mark));
        if !is_close && !is_open {
            text.push(' ');
        }
        text.push_str(said);
        is_open = matches!(piece, Piece::Mark(mark) if !is_closing(*mark) && *mark != '—');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_word_says_of_which_kind_it_is() {
        let check = |sentence: &str, before: &str, expected: Kind| {
            let is_past = is_past(&pieces(sentence));
            assert_eq!(kind(before, is_past), expected, "{sentence}");
        };
        check("I read it", "i", Kind::Verb);
        check("I read it yesterday", "i", Kind::Past);
        check("Two weeks ago we read it", "we", Kind::Past);
        check("Last night they read it", "they", Kind::Past);
        check("At last we read it", "we", Kind::Verb);
        check("I wanted to read it yesterday", "to", Kind::Verb);
        check("He read it", "he", Kind::Past);
        check("I have read it", "have", Kind::Participle);
        check("The record is long", "the", Kind::Noun);
        check("Records are long", "", Kind::Any);
    }

    #[test]
    fn a_text_is_taken_apart() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<String> = pieces(text)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Word(word) => word,
                    Piece::Mark(mark) => mark.to_string(),
                })
                .collect();
            assert_eq!(found, expected, "{text}");
        };
        check("Zoë's café, Jørgen", &["Zoe's", "cafe", ",", "Jorgen"]);
        check("Łódź straße", &["Lodz", "strasse"]);
        check("fileName of McDonald", &["file", "Name", "of", "McDonald"]);
        check("the U.S army", &["the", "U.S", "army"]);
        check("well-known - or not", &["well-known", "or", "not"]);
        check("one — two", &["one", "—", "two"]);
        check("你好 hello", &["hello"]);
    }
}
