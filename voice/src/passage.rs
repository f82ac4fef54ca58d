//! From a text to its sentences: what is only there for the eye goes, and each sentence is said
//! in one language.

use std::sync::LazyLock;

use regex::Regex;

use crate::chinese::is_han;
use crate::english::abbreviation;
use crate::marks::ends_sentence;

/// Bytes of a sentence after which the next comma ends it.
const SENTENCE_BYTES_MAX: usize = 600;

/// What is shortened before a number only: a point after it ends no sentence then.
const BEFORE_NUMBERS: &[&str] = &[
    "No", "no", "Nos", "nos", "Art", "Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept",
    "Oct", "Nov", "Dec", "Pt", "Sec", "op", "Op",
];

/// A language that can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// American English.
    English,
    /// Mandarin.
    Chinese,
}

/// A sentence, and the language that most of it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// What is written.
    pub text: String,
    /// Its language.
    pub language: Language,
}

/// The sentences of `text`, which may be Markdown. What has neither letters nor digits is left
/// out, and so is code.
///
/// ```
/// let said = quipu_voice::sentences("# News\nDr. Li is *here*. 你好！");
/// let texts: Vec<&str> = said.iter().map(|sentence| sentence.text.as_str()).collect();
/// assert_eq!(texts, ["News", "Dr. Li is here.", "你好！"]);
/// ```
pub fn sentences(text: &str) -> Vec<Sentence> {
    let mut found = Vec::new();
    for paragraph in paragraphs(text) {
        for text in cut(&paragraph) {
            if text.chars().any(char::is_alphanumeric) {
                let language = language(&text);
                found.push(Sentence { text, language });
            }
        }
    }
    found
}

/// Chinese counts by the character, English by the word.
fn language(text: &str) -> Language {
    let han = text.chars().filter(|c| is_han(*c)).count();
    let words = text.split(|c: char| !c.is_ascii_alphabetic());
    let words = words.filter(|word| !word.is_empty()).count();
    match han > words {
        true => Language::Chinese,
        false => Language::English,
    }
}

/// The paragraphs of a text, each on one line, without what Markdown adds.
fn paragraphs(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut is_new = true;
    let mut is_code = false;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("```") || line.starts_with("~~~") {
            is_code = !is_code;
            is_new = true;
            continue;
        }
        if is_code {
            continue;
        }
        let bare = without_marker(line);
        let is_marked = bare.len() != line.len() || is_item(line);
        let bare = inline(bare);
        match found.last_mut().filter(|_| !is_new && !is_marked) {
            Some(last) => {
                if !last.ends_with(is_han) || !bare.starts_with(is_han) {
                    last.push(' ');
                }
                last.push_str(&bare);
            }
            None => found.push(bare),
        }
        // A heading is a paragraph of its own.
        is_new = line.is_empty() || line.starts_with(['#', '|']);
    }
    found
}

/// A line without the mark of a heading, a list, a quotation or a table at its start.
fn without_marker(line: &str) -> &str {
    static MARKER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:#{1,6}\s+|[-*+•]\s+|\[[ xX]\]\s+|>\s*|\|)+")
            .expect("the pattern is right")
    });
    match MARKER.find(line) {
        Some(found) => &line[found.end()..],
        None => line,
    }
}

/// Whether a line is an item of a numbered list; its number is said.
fn is_item(line: &str) -> bool {
    static ITEM: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\d{1,3}[.)、]\s*\D").expect("the pattern is right"));
    ITEM.is_match(line)
}

/// What is only there for the eye in a line, and what stays of it, in the order in which it goes.
static INLINE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        // Pictures, links, notes, tags, formulas.
        (r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", "$1"),
        (r"\[\^[^\]]*\]:?", ""),
        (r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|<!--.*?-->", " "),
        (r"\$\$?([^$0-9\s][^$]*)\$\$?", "$1"),
        // A star between numbers multiplies, two of them are a power, one alone is a sign.
        (r"([0-9])\s*\*\*\s*([0-9])", "$1 ^ $2"),
        (r"([0-9])\s*\*\s*([0-9])", "$1 × $2"),
        (r" \* ", " × "),
        (r"\*|__|~~|`", ""),
        (r"\|", ", "),
    ];
    let compiled = patterns.map(|(pattern, stays)| {
        let pattern = Regex::new(pattern).expect("the pattern is right");
        (pattern, stays)
    });
    compiled.into()
});

/// A line without marks of emphasis, code and links.
fn inline(line: &str) -> String {
    static RULE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^[-=*_|:\s]+$").expect("the pattern is right"));
    if RULE.is_match(line) {
        return String::new();
    }
    let bare = INLINE.iter().fold(line.to_owned(), |line, (pattern, stays)| {
        pattern.replace_all(&line, *stays).into_owned()
    });
    bare.trim().to_owned()
}

/// The sentences of a paragraph.
fn cut(paragraph: &str) -> Vec<String> {
    let chars: Vec<char> = paragraph.chars().collect();
    let mut found = Vec::new();
    let mut sentence = String::new();
    let mut n = 0;
    while n < chars.len() {
        let c = chars[n];
        sentence.push(c);
        n += 1;
        let is_long = sentence.len() > SENTENCE_BYTES_MAX && ",;，；、".contains(c);
        if !(is_long || ends_sentence(c) && is_end(&sentence, &chars[n..])) {
            continue;
        }
        // What closes the sentence belongs to it.
        while let Some(next) = chars.get(n)
            && (ends_sentence(*next) || "\"'”’）)」』》".contains(*next))
        {
            sentence.push(*next);
            n += 1;
        }
        found.push(std::mem::take(&mut sentence).trim().to_owned());
    }
    found.push(sentence.trim().to_owned());
    found.retain(|sentence| !sentence.is_empty());
    found
}

/// Whether a sentence ends with what was read of it, before `rest`.
fn is_end(sentence: &str, rest: &[char]) -> bool {
    let last = sentence.chars().next_back().unwrap_or_default();
    if !last.is_ascii() && last != '…' {
        return true;
    }
    let next = rest
        .iter()
        .find(|c| !ends_sentence(**c) && !"\"'”’)".contains(**c));
    match next {
        None => true,
        Some(next) if is_han(*next) && last != '.' => true,
        Some(next) if !next.is_whitespace() => false,
        Some(_) if last != '.' => true,
        Some(_) => {
            let is_digit = |c: char| c.is_ascii_digit();
            let front = &sentence[..sentence.len() - 1];
            let mut words = front.rsplit(|c: char| c.is_whitespace() || c == '(');
            let word = words.next().unwrap_or_default();
            let after = rest.iter().find(|c| c.is_alphanumeric());
            let is_letter = word.len() == 1 && word != "I" && !word.starts_with(is_digit);
            // The number of an item of a list.
            let is_number = front.trim().chars().all(is_digit);
            let is_known = abbreviation(word).is_some() && word != "etc";
            let is_numbered = after.is_some_and(char::is_ascii_digit);
            let is_before_number = is_numbered && BEFORE_NUMBERS.contains(&word);
            let is_short = is_letter || is_number || is_known || is_before_number;
            !is_short && !after.is_some_and(|c| c.is_lowercase())
        }
    }
}

/// `phonemes` in portions of at most `most` symbols, cut after a mark where there is one.
pub fn portions(phonemes: &str, most: usize) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = phonemes.trim();
    while let Some((end, _)) = rest.char_indices().nth(most) {
        let front = &rest[..end];
        let after_mark = front
            .rfind([',', ';', ':', '—', ')', '”'])
            .map(|at| at + front[at..].chars().next().map_or(1, char::len_utf8));
        let at = after_mark.filter(|at| *at > end / 3);
        let at = at
            .or_else(|| front.rfind(' ').filter(|at| *at > 0))
            .unwrap_or(end);
        found.push(rest[..at].trim());
        rest = rest[at..].trim();
    }
    found.push(rest);
    found.retain(|portion| !portion.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_sentences() {
        let check = |text: &str, expected: &[&str]| {
            let found = sentences(text);
            let found: Vec<&str> = found.iter().map(|one| one.text.as_str()).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("One. Two! Three?", &["One.", "Two!", "Three?"]);
        check("Mr. Smith has 3.5 kg.", &["Mr. Smith has 3.5 kg."]);
        check("In the U.S. it rains.", &["In the U.S. it rains."]);
        check("See No. 7 on Mar. 3. Then go.", &["See No. 7 on Mar. 3.", "Then go."]);
        check("I said no. Then I left.", &["I said no.", "Then I left."]);
        check("Open main.rs. Then read v1.2. Done.", &["Open main.rs.", "Then read v1.2.", "Done."]);
        check(
            "He said \"Go!\" Then he left.",
            &["He said \"Go!\"", "Then he left."],
        );
        check(
            "She asked: why? and left.",
            &["She asked: why?", "and left."],
        );
        check("Wait... what?", &["Wait... what?"]);
        check("今天很好。我们走吧！", &["今天很好。", "我们走吧！"]);
        check("他说：“好。”然后走了", &["他说：“好。”", "然后走了"]);
        check(
            "a line\nthat goes on\n\nanother",
            &["a line that goes on", "another"],
        );
        check("# Title\n- one\n- **two**", &["Title", "one", "two"]);
        check("1. one\n2. two", &["1. one", "2. two"]);
        check("see [this](http://a.b/c) `now`", &["see this now"]);
        check("before\n```\ncode\n```\nafter", &["before", "after"]);
        check("| a | b |\n|---|---|\n| 1 | 2 |", &["a ,  b ,", "1 ,  2 ,"]);
        check("- [x] done\n- [ ] open", &["done", "open"]);
        check("2*3 is 6", &["2 × 3 is 6"]);
        check("2**10 and a * b", &["2 ^ 10 and a × b"]);
        check("a **bold** and ~~old~~ word", &["a bold and old word"]);
        check("one<br>two <b>bold</b>", &["one two  bold"]);
        check("so it is[^1], $x + y$ is", &["so it is, x + y is"]);
        check("It costs $5 or $6.", &["It costs $5 or $6."]);
        check("see [this][1] and <https://a.b/c>", &["see this and <https://a.b/c>"]);
        check("...\n---\n!", &[]);
    }

    #[test]
    fn a_sentence_has_one_language() {
        for (text, expected) in [
            ("Hello there", Language::English),
            ("你好", Language::Chinese),
            ("我用Rust写程序", Language::Chinese),
            ("The word 好 means good", Language::English),
            ("42", Language::English),
        ] {
            assert_eq!(language(text), expected, "{text}");
        }
    }

    #[test]
    fn long_sentences_are_cut_at_marks() {
        assert_eq!(portions("abc, def ghi", 20), ["abc, def ghi"]);
        assert_eq!(portions("abc, def ghi", 7), ["abc,", "def ghi"]);
        assert_eq!(portions("abcd efgh", 6), ["abcd", "efgh"]);
        assert_eq!(portions("abcdefgh", 3), ["abc", "def", "gh"]);
    }
}
