//! Folding: what differs only in how it is written becomes the same.

use unicode_normalization::UnicodeNormalization;

/// Compatibility forms and accents folded away, in lower case.
pub(super) fn fold(word: &str) -> String {
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
            // The end of a Greek word, which capitals do not show.
            'ς' => plain.push('σ'),
            // Letters that Arabic and Persian keyboards write in ways of their own.
            'ك' => plain.push('ک'),
            'ي' | 'ى' => plain.push('ی'),
            'ة' => plain.push('ه'),
            'ँ' => plain.push('ं'),
            // A nasal without a vowel, which Hindi also writes as a dot.
            VIRAMA if plain.ends_with(NASALS) => {
                plain.pop();
                plain.push('ं');
            }
            other => plain.push(other),
        }
    }
    plain.nfc().collect()
}

/// `word` with the letters in two that keyboards without them have: "Mueller" of "Müller", "Aarhus" of
/// "Århus"; `None` where it has none of these.
pub(super) fn spelled_out(word: &str) -> Option<String> {
    let pair = |c: char| match c {
        'ä' | 'Ä' => Some("ae"),
        'ö' | 'Ö' | 'ø' | 'Ø' => Some("oe"),
        'ü' | 'Ü' => Some("ue"),
        'å' | 'Å' => Some("aa"),
        _ => None,
    };
    if word.is_ascii() || !word.chars().any(|c| pair(c).is_some()) {
        return None;
    }
    let mut spelled = String::with_capacity(word.len());
    for c in word.chars() {
        match pair(c) {
            Some(pair) => spelled.push_str(pair),
            None => spelled.push(c),
        }
    }
    Some(spelled)
}

/// The letters of Devanagari that a dot above stands for, and the sign that takes their vowel.
const NASALS: [char; 5] = ['ङ', 'ञ', 'ण', 'न', 'म'];
const VIRAMA: char = '\u{94d}';

/// Accents of alphabets, the marks that choose how a sign is drawn, and what Arabic and Hebrew
/// are mostly written without: points for vowels, signs for reading aloud, a drawn-out line.
/// The vowel signs of other scripts are letters and stay; the dot under a letter of Devanagari is
/// mostly left out.
fn is_decoration(c: char) -> bool {
    matches!(c, '\u{93c}' | '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}')
        || matches!(
            c,
            '\u{591}'
                ..='\u{5bd}'
                    | '\u{5bf}'
                    | '\u{5c1}'
                    | '\u{5c2}'
                    | '\u{5c4}'
                    | '\u{5c5}'
                    | '\u{5c7}'
        )
        || matches!(c, '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{655}' | '\u{670}')
        || matches!(c, '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}')
}
