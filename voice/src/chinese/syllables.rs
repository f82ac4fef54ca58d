//! From pinyin to phonemes: a syllable with its tone, as the network was trained to read them.

use unicode_normalization::UnicodeNormalization;

/// A syllable: its letters without the mark of the tone (`ü` kept), and its tone from 1 to 5,
/// where 5 is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syllable {
    /// Its letters.
    pub letters: String,
    /// Its tone.
    pub tone: u8,
}

/// Each initial with its phonemes; those of two letters first.
const INITIALS: &[(&str, &str)] = &[
    ("zh", "ꭧ"),
    ("ch", "ꭧʰ"),
    ("sh", "ʂ"),
    ("b", "p"),
    ("p", "pʰ"),
    ("m", "m"),
    ("f", "f"),
    ("d", "t"),
    ("t", "tʰ"),
    ("n", "n"),
    ("l", "l"),
    ("g", "k"),
    ("k", "kʰ"),
    ("h", "x"),
    ("j", "ʨ"),
    ("q", "ʨʰ"),
    ("x", "ɕ"),
    ("r", "ɻ"),
    ("z", "ʦ"),
    ("c", "ʦʰ"),
    ("s", "s"),
];

/// Each final with its phonemes before and after the tone.
const FINALS: &[(&str, &str, &str)] = &[
    ("a", "a", ""),
    ("ai", "ai", ""),
    ("an", "a", "n"),
    ("ang", "a", "ŋ"),
    ("ao", "au", ""),
    ("e", "ɤ", ""),
    ("ei", "ei", ""),
    ("en", "ə", "n"),
    ("eng", "ə", "ŋ"),
    ("i", "i", ""),
    ("ia", "ja", ""),
    ("ian", "jɛ", "n"),
    ("iang", "ja", "ŋ"),
    ("iao", "jau", ""),
    ("ie", "je", ""),
    ("in", "i", "n"),
    ("ing", "i", "ŋ"),
    ("io", "jɔ", ""),
    ("iong", "jʊ", "ŋ"),
    ("iou", "jou", ""),
    ("o", "wo", ""),
    ("ong", "ʊ", "ŋ"),
    ("ou", "ou", ""),
    ("u", "u", ""),
    ("ua", "wa", ""),
    ("uai", "wai", ""),
    ("uan", "wa", "n"),
    ("uang", "wa", "ŋ"),
    ("uei", "wei", ""),
    ("uen", "wə", "n"),
    ("ueng", "wə", "ŋ"),
    ("uo", "wo", ""),
    ("ü", "y", ""),
    ("üan", "ɥɛ", "n"),
    ("üe", "ɥe", ""),
    ("ün", "y", "n"),
];

/// Syllables that are not made of an initial and a final.
const WHOLE: &[(&str, &str, &str)] = &[
    ("er", "ɚ", ""),
    ("o", "ɔ", ""),
    ("ê", "ɛ", ""),
    ("m", "m", ""),
    ("n", "n", ""),
    ("ng", "ŋ", ""),
    ("hm", "hm", ""),
    ("hng", "hŋ", ""),
];

impl Syllable {
    /// The syllable that is written as `pinyin`, with the mark of its tone on a vowel.
    pub fn parse(pinyin: &str) -> Self {
        let mut tone = 5;
        let mut letters = String::new();
        for c in pinyin.nfd() {
            match c {
                '\u{304}' => tone = 1,
                '\u{301}' => tone = 2,
                '\u{30c}' => tone = 3,
                '\u{300}' => tone = 4,
                '\u{308}' => {
                    letters.pop();
                    letters.push('ü');
                }
                '\u{302}' => {
                    letters.pop();
                    letters.push('ê');
                }
                c => letters.push(c),
            }
        }
        Self { letters, tone }
    }

    /// Its phonemes; none where it is no syllable of Mandarin.
    pub fn phonemes(&self) -> Option<String> {
        let arrow = match self.tone {
            1 => "→",
            2 => "↗",
            3 => "↓",
            4 => "↘",
            _ => "",
        };
        let mut whole = WHOLE.iter();
        if let Some((_, before, after)) = whole.find(|(name, _, _)| *name == self.letters) {
            return Some(format!("{before}{arrow}{after}"));
        }
        let mut initials = INITIALS.iter();
        let initial = initials.find(|(name, _)| self.letters.starts_with(name));
        let (name, said) = initial.copied().unwrap_or_default();
        let rest = &self.letters[name.len()..];
        // The vowel of "zi" and "zhi".
        if rest == "i" && ["zh", "ch", "sh", "r", "z", "c", "s"].contains(&name) {
            return Some(format!("{said}ɨ{arrow}"));
        }
        let rest = full(name, rest);
        let (_, before, after) = FINALS.iter().find(|(name, _, _)| *name == rest)?;
        Some(format!("{said}{before}{arrow}{after}"))
    }
}

/// A final in full, as pinyin shortens it after an initial and writes it without one.
fn full(initial: &str, rest: &str) -> String {
    if initial.is_empty() {
        if let Some(rest) = rest.strip_prefix('y') {
            return match rest.chars().next() {
                Some('u') => format!("ü{}", &rest[1..]),
                Some('i' | 'ü') => rest.to_owned(),
                _ => match rest {
                    "ou" => "iou".to_owned(),
                    "e" => "ie".to_owned(),
                    rest => format!("i{rest}"),
                },
            };
        }
        if let Some(rest) = rest.strip_prefix('w') {
            return match rest {
                "u" => "u".to_owned(),
                "ei" => "uei".to_owned(),
                "en" => "uen".to_owned(),
                rest => format!("u{rest}"),
            };
        }
    }
    if ["j", "q", "x"].contains(&initial)
        && let Some(rest) = rest.strip_prefix('u')
    {
        return format!("ü{rest}");
    }
    match rest {
        "iu" => "iou".to_owned(),
        "ui" => "uei".to_owned(),
        "un" => "uen".to_owned(),
        "ue" => "üe".to_owned(),
        rest => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinyin_becomes_phonemes() {
        for (pinyin, expected) in [
            ("nǐ", "ni↓"),
            ("hǎo", "xau↓"),
            ("zhōng", "ꭧʊ→ŋ"),
            ("guó", "kwo↗"),
            ("shì", "ʂɨ↘"),
            ("xué", "ɕɥe↗"),
            ("yuán", "ɥɛ↗n"),
            ("yún", "y↗n"),
            ("yòu", "jou↘"),
            ("wèi", "wei↘"),
            ("lǜ", "ly↘"),
            ("nüè", "nɥe↘"),
            ("duì", "twei↘"),
            ("chūn", "ꭧʰwə→n"),
            ("qún", "ʨʰy↗n"),
            ("bō", "pwo→"),
            ("ér", "ɚ↗"),
            ("de", "tɤ"),
            ("yī", "i→"),
            ("yǔ", "y↓"),
            ("wǔ", "u↓"),
            ("jiǔ", "ʨjou↓"),
            ("rì", "ɻɨ↘"),
        ] {
            assert_eq!(
                Syllable::parse(pinyin).phonemes().as_deref(),
                Some(expected),
                "{pinyin}"
            );
        }
    }
}
