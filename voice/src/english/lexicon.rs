//! How words are pronounced: two dictionaries, the endings of words, and letters one by one.
//!
//! The dictionaries are those of misaki, in its phonemes for American English. What is in
//! neither is left to the speller, see `spelling`.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use crate::dictionary;
use crate::error::VoiceError;

/// The vowels, by which a sound is known that follows "the" or takes a stress.
pub const VOWELS: &str = "AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻɐᵊ";
/// Sounds after which a `t` before an ending becomes short, as in "waited".
const SHORTENS: &str = "AIOWYiuæɑəɛɪɹʊʌ";
const PRIMARY: char = 'ˈ';
const SECONDARY: char = 'ˌ';

/// What a dictionary says of a word.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    /// One pronunciation; none where it is spelled.
    One(Option<String>),
    /// By the kind of word; `DEFAULT` is always there.
    Several(HashMap<String, Option<String>>),
}

/// What kind of word is likely where a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing is known.
    Any,
    /// A thing: after "the" or "my".
    Noun,
    /// What somebody does: after "to" or "you".
    Verb,
    /// What somebody did, for it has no ending of now: after "he" or "she".
    Past,
    /// What somebody has done: after "have" or "was".
    Participle,
}

impl Kind {
    fn keys(self) -> &'static [&'static str] {
        match self {
            Kind::Any => &[],
            Kind::Noun => &["NOUN", "ADJ"],
            Kind::Verb => &["VERB"],
            Kind::Past => &["VBD", "VERB"],
            Kind::Participle => &["VBN", "VBD", "ADJ", "VERB"],
        }
    }
}

/// The dictionaries.
pub struct Lexicon {
    /// Pronunciations that people have checked.
    gold: HashMap<String, Entry>,
    /// Others.
    silver: HashMap<String, Entry>,
}

impl Lexicon {
    /// Reads the two dictionaries, JSON objects from words to phonemes.
    ///
    /// # Errors
    /// A file that cannot be read, or is no such dictionary.
    pub fn open(gold: &Path, silver: &Path) -> Result<Self, VoiceError> {
        Ok(Self {
            gold: dictionary::read(gold)?,
            silver: dictionary::read(silver)?,
        })
    }

    /// How `word` is pronounced, if that is known; `is_last` where nothing follows it.
    pub fn word(&self, word: &str, kind: Kind, is_last: bool) -> Option<String> {
        if is_spelled(word) {
            return self.letters(word);
        }
        let is_shouted = word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
        if is_shouted {
            return self.shouted(word, kind, is_last);
        }
        if let Some(front) = word.strip_suffix('s')
            && front.len() > 1
            && front.chars().all(|c| c.is_ascii_uppercase())
        {
            // Several of an acronym: GPUs.
            return self.letters(front).map(|said| with_s(&said));
        }
        self.known(word, kind, is_last)
            .or_else(|| self.with_ending(word, kind))
            .or_else(|| self.compound(word))
    }

    /// The names of the letters of `word`, the last one stressed.
    pub fn letters(&self, word: &str) -> Option<String> {
        let mut said = String::new();
        for letter in word.chars().filter(char::is_ascii_alphabetic) {
            let name = letter.to_ascii_uppercase().to_string();
            said += self.find(&name, Kind::Any, false)?;
        }
        let said = said.replace(PRIMARY, "ˌ");
        let last = said.rfind(SECONDARY)?;
        Some(format!(
            "{}{PRIMARY}{}",
            &said[..last],
            &said[last + SECONDARY.len_utf8()..]
        ))
    }

    /// A word in capitals: an acronym, unless it is long enough for another word. None where it
    /// is left to the speller.
    fn shouted(&self, word: &str, kind: Kind, is_last: bool) -> Option<String> {
        let entry = self.gold.get(word);
        if let Some(Entry::Several(forms)) = entry
            && matches!(forms.get("NOUN"), Some(None))
        {
            return self.letters(word);
        }
        let lower = word.to_lowercase();
        let is_word = entry.is_some() || word.len() > 3;
        let said = || {
            self.known(word, kind, is_last)
                .or_else(|| self.with_ending(&lower, kind))
        };
        if let Some(said) = is_word.then(said).flatten() {
            return Some(said);
        }
        let has_vowel = lower.contains(['a', 'e', 'i', 'o', 'u', 'y']);
        match word.len() > 4 && has_vowel {
            true => None,
            false => self.letters(word),
        }
    }

    /// A word as it is, or in another case.
    fn known(&self, word: &str, kind: Kind, is_last: bool) -> Option<String> {
        let lower = word.to_lowercase();
        let mut capital = lower.clone();
        if let Some(first) = capital.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let forms = [word, &lower, &capital];
        let found = forms.iter().find_map(|form| self.find(form, kind, is_last));
        found.map(str::to_owned)
    }

    fn find(&self, word: &str, kind: Kind, is_last: bool) -> Option<&str> {
        let entry = self.gold.get(word).or_else(|| self.silver.get(word))?;
        let forms = match entry {
            Entry::One(said) => return said.as_deref(),
            Entry::Several(forms) => forms,
        };
        let of = |key: &str| forms.get(key).and_then(Option::as_deref);
        // The key for words before a pause is called None.
        let pause = if is_last { of("None") } else { None };
        pause
            .or_else(|| kind.keys().iter().find_map(|key| of(key)))
            .or_else(|| of("DEFAULT"))
    }

    /// A known word with an ending: cats, waited, running, dog's.
    fn with_ending(&self, word: &str, kind: Kind) -> Option<String> {
        let lower = word.to_lowercase();
        let known = |stem: &str| match stem.len() > 1 {
            true => self.known(stem, kind, false),
            false => None,
        };
        let ends = |end: &str, then: &str| {
            let stem = lower.strip_suffix(end)?;
            known(&format!("{stem}{then}"))
        };
        let twice = |end: &str| {
            let stem = lower.strip_suffix(end)?;
            let mut last = stem.chars().rev();
            let is_double = stem.len() > 2 && last.next() == last.next();
            is_double.then(|| known(&stem[..stem.len() - 1]))?
        };
        let plural = || {
            ends("'s", "")
                .or_else(|| ends("s'", ""))
                .or_else(|| ends("ies", "y"))
        };
        let plural = || {
            plural()
                .or_else(|| ends("s", ""))
                .or_else(|| ends("es", ""))
        };
        if lower.ends_with(['s', '\'']) && !lower.ends_with("ss") {
            if let Some(stem) = plural() {
                return Some(with_s(&stem));
            }
            // The stem may have an ending of its own: "settings".
            let stem = lower
                .strip_suffix("'s")
                .or_else(|| lower.strip_suffix('s'))?;
            return self.with_ending(stem, kind).map(|stem| with_s(&stem));
        }
        if lower.ends_with("ed") {
            let stem = ends("ied", "y")
                .or_else(|| ends("d", ""))
                .or_else(|| ends("ed", ""));
            return stem.or_else(|| twice("ed")).map(|stem| with_ed(&stem));
        }
        if lower.ends_with("ing") {
            let stem = ends("ing", "").or_else(|| ends("ing", "e"));
            return stem.or_else(|| twice("ing")).map(|stem| with_ing(&stem));
        }
        if lower.ends_with("ly") {
            return ends("ly", "").map(|stem| stem + "li");
        }
        if lower.ends_with("n't") {
            return ends("n't", "").map(|stem| stem + "ᵊnt");
        }
        let short = [("'ll", "ᵊl"), ("'ve", "əv"), ("'re", "əɹ"), ("'d", "d")];
        let mut short = short.iter();
        short.find_map(|(end, said)| ends(end, "").map(|stem| stem + *said))
    }

    /// Two known words written as one: "screenshot", "filename".
    fn compound(&self, word: &str) -> Option<String> {
        const PART_MIN: usize = 4;
        let lower = word.to_lowercase();
        if !lower.is_ascii() || lower.len() < 2 * PART_MIN {
            return None;
        }
        // The parts are as equal as can be.
        let mut cuts: Vec<usize> = (PART_MIN..=lower.len() - PART_MIN).collect();
        cuts.sort_by_key(|cut| cut.abs_diff(lower.len() - cut));
        cuts.into_iter().find_map(|cut| {
            let (front, back) = lower.split_at(cut);
            let of = |part: &str| match self.gold.contains_key(part) {
                true => self.known(part, Kind::Any, false),
                false => None,
            };
            let (front, back) = (of(front)?, of(back)?);
            Some(format!("{front}{}", back.replace(PRIMARY, "ˌ")))
        })
    }
}

/// Whether letters with points between them stand for their names: `U.S`.
fn is_spelled(word: &str) -> bool {
    word.contains('.') && word.split('.').all(|letter| letter.len() <= 1)
}

/// A word with the ending of "cats", "dogs" or "horses".
fn with_s(stem: &str) -> String {
    match stem.chars().next_back() {
        Some(last) if "ptkfθ".contains(last) => format!("{stem}s"),
        Some(last) if "szʃʒʧʤ".contains(last) => format!("{stem}ᵻz"),
        _ => format!("{stem}z"),
    }
}

/// A word with the ending of "walked", "lived" or "waited".
fn with_ed(stem: &str) -> String {
    match stem.chars().next_back() {
        Some(last) if "pkfθʃsʧ".contains(last) => format!("{stem}t"),
        Some('d') => format!("{stem}ᵻd"),
        Some('t') => format!("{}ᵻd", shortened(stem)),
        _ => format!("{stem}d"),
    }
}

/// A word with the ending of "walking".
fn with_ing(stem: &str) -> String {
    format!("{}ɪŋ", shortened(stem))
}

/// A stem before an ending with a vowel: its last `t` is short after a vowel.
fn shortened(stem: &str) -> String {
    let mut before = stem.chars().rev();
    match (before.next(), before.next()) {
        (Some('t'), Some(last)) if SHORTENS.contains(last) => {
            format!("{}ɾ", &stem[..stem.len() - 1])
        }
        _ => stem.to_owned(),
    }
}
