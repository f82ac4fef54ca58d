//! Where words begin and end, beyond white space.

use std::ops::Range;

/// Whether `c` is of a script that is found by single signs and pairs of them: those
/// that put no spaces between words, and Korean, which puts its particles into the word.
pub(super) fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}'     // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Burmese
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{3040}'..='\u{30ff}'   // hiragana, katakana
        | '\u{3400}'..='\u{4dbf}'   // ideographs, extension A
        | '\u{4e00}'..='\u{9fff}'   // ideographs
        | '\u{ac00}'..='\u{d7a3}'   // hangul
        | '\u{f900}'..='\u{faff}'   // ideographs, compatibility
        | '\u{20000}'..='\u{3ffff}' // ideographs, later extensions
    )
}

/// Whether the point or comma `c` stands between two digits, as in "3.14", "1,400" and
/// "v1.2".
pub(super) fn joins_digits(before: char, c: char, after: char) -> bool {
    matches!(c, '.' | ',') && before.is_ascii_digit() && after.is_ascii_digit()
}

/// Whether `c` may stand between the thousands of a number, beside points and commas: spaces
/// that do not break, apostrophes, and the sign that programs have for it.
pub(super) fn is_mark_of_thousands(c: char) -> bool {
    is_apostrophe(c) || matches!(c, '\u{a0}' | '\u{2009}' | '\u{202f}' | '_')
}

/// Whether a number has points between its thousands, two at least: one may stand before the
/// decimals.
pub(super) fn is_grouped_by_points(word: &str) -> bool {
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = word.split('.');
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len())
        && digits(first)
        && word.matches('.').count() > 1
        && groups.all(|group| group.len() == 3 && digits(group))
}

pub(super) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’')
}

/// Parts of a word that is written with joints, and bytes of one of them.
pub(super) const PARTS_MAX: usize = 6;
pub(super) const PART_BYTES_MAX: usize = 32;
/// Letters of the shorter of two parts that are also written as one word.
const SHORT_LETTERS: usize = 3;

/// Whether `c` may stand between the parts of a word.
pub(super) fn is_joint(c: char) -> bool {
    is_apostrophe(c) || matches!(c, '-' | '‐' | '‑' | '.')
}

/// Whether `joint` joins a word that begins with `first` and goes on with `part`.
pub(super) fn is_joined(joint: char, first: &str, part: &str) -> bool {
    let is_letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_word = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_number(first) {
        // The groups of a number of a book, a telephone or a day.
        return matches!(joint, '-' | '‐' | '‑') && (is_number(part) || part == "X");
    }
    let begins = |is: fn(&u8) -> bool| part.as_bytes().first().is_some_and(is);
    is_word
        && is_letters(first)
        && match joint {
            // "O'Brien", and no "don't".
            joint if is_apostrophe(joint) => begins(u8::is_ascii_uppercase),
            // "U.S.", "Ph.D." and "node.js"; no address, no file, and no end of a sentence.
            '.' => part.len() == 1 && is_letters(part) || part == "js",
            _ => true,
        }
}

/// Whether `word` has nothing but digits.
pub(super) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a word of parts with so many letters is also written as one: two of which one is
/// short, or nothing but single letters.
pub(super) fn is_compound(parts: &[usize]) -> bool {
    match parts {
        [first, second] => (*first).min(*second) <= SHORT_LETTERS,
        parts => parts.len() > 2 && parts.iter().all(|letters| *letters == 1),
    }
}

/// Whether `word` is what an apostrophe after a letter leaves behind: the "s" of
/// "Caroline's", the "ll" of "we'll".
pub(super) fn is_contraction(word: &str) -> bool {
    let short = ["s", "t", "d", "m", "ll", "re", "ve"];
    short.iter().any(|short| word.eq_ignore_ascii_case(short))
}

/// What Arabic writes in one with the word that follows: "the", and what may stand before it.
const ARTICLES: [&str; 6] = ["وال", "بال", "كال", "فال", "ال", "لل"];
/// Letters of the shortest word behind an article, in bytes.
const ARTICLE_BYTES_MIN: usize = 6;

/// Where the word behind an article begins in `word`.
fn behind_article(word: &str) -> Option<usize> {
    let article = ARTICLES
        .iter()
        .find(|article| word.starts_with(**article))?;
    (word.len() - article.len() >= ARTICLE_BYTES_MIN).then_some(article.len())
}

/// The words of a name written in camel case, the numbers between points, and the word behind an
/// article of Arabic; none where the word is not made of others. A single letter is no word.
pub(super) fn parts(word: &str) -> Vec<Range<usize>> {
    if let Some(start) = behind_article(word) {
        return std::iter::once(start..word.len()).collect();
    }
    if let Some(point) = point_behind_thousands(word) {
        return vec![0..point, point + 1..word.len()];
    }
    let mut parts = Vec::new();
    let mut start = 0;
    let mut chars = word.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |&(_, c)| c);
        // "userName", and "HTTPServer" where the second word begins.
        let new_word = c.is_uppercase()
            && (before.is_lowercase()
                || before.is_ascii_digit()
                || (before.is_uppercase() && next.is_lowercase()))
            || before.is_ascii_digit() && is_unit(word, at);
        if matches!(c, '.' | ',') {
            parts.push(start..at);
            start = at + 1;
        } else if new_word && at > start {
            parts.push(start..at);
            start = at;
        }
        before = c;
    }
    if parts.is_empty() || is_grouped(word) {
        return Vec::new();
    }
    parts.push(start..word.len());
    parts.retain(|part| part.len() > 1 || word.as_bytes()[part.start].is_ascii_digit());
    parts
}

/// Whether what begins `at` a place in `word` is the unit of the number before it: "10km", "30m2".
fn is_unit(word: &str, at: usize) -> bool {
    let number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',');
    let unit = &word[at..];
    let metres = unit.strip_suffix(['2', '3']);
    let unit = metres
        .filter(|metres| metres.ends_with('m'))
        .unwrap_or(unit);
    word[..at].bytes().all(number) && unit.chars().all(char::is_alphabetic)
}

/// Where the decimals of a number begin that has commas between its thousands: "1,400.50".
pub(super) fn point_behind_thousands(word: &str) -> Option<usize> {
    let (whole, decimals) = word.split_once('.')?;
    let is_amount = whole.contains(',') && is_grouped(whole) && is_number(decimals);
    is_amount.then_some(whole.len())
}

/// Whether a number has commas between its thousands: one number, not several.
fn is_grouped(word: &str) -> bool {
    let mut groups = word.split(',');
    let first = groups.next().unwrap_or_default();
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    digits(first) && first.len() <= 3 && groups.all(|group| group.len() == 3 && digits(group))
}
