//! The sentences of a text, and those facts in it that a user wants kept, each in the user's own
//! words. The phrases that say something of a sentence are in `wording`.

use std::sync::LazyLock;

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::wording::{after_request_to_keep, announces};
use crate::pattern::laid_out;

/// The most facts that are taken from one text. Whatever is beyond them stays together in the
/// last one.
const FACTS_MAX: usize = 64;
/// Characters of one fact.
const FACT_CHARS_MAX: usize = 1_000;
/// As many facts have to follow a sentence that announces them.
const ANNOUNCED_MIN: usize = 2;
/// A piece with fewer letters than this says nothing by itself.
const LETTERS_MIN: usize = 4;

/// The facts that `text` states: its sentences and the items of its lists, without
/// questions, requests to change a note, and headings such as "Please remember:".
///
/// A text of one sentence is one fact, whatever it looks like.
pub fn facts(text: &str) -> Vec<String> {
    let mut facts: Vec<String> = Vec::new();
    for line in text.lines() {
        for piece in sentences(line) {
            let piece = item(&piece);
            if is_heading(piece) || is_question(piece) || is_request(piece) {
                continue;
            }
            match facts.last_mut() {
                // Too short to stand alone, or too many.
                Some(last) if letters(piece) < LETTERS_MIN => {
                    last.push(' ');
                    last.push_str(piece);
                }
                _ if letters(piece) == 0 => {}
                _ => facts.push(piece.to_owned()),
            }
        }
    }
    if facts.len() > ANNOUNCED_MIN && announces(&facts[0]) {
        facts.remove(0);
    }
    if facts.len() > FACTS_MAX {
        let rest = facts.split_off(FACTS_MAX - 1).join(" ");
        facts.push(rest);
    }
    if facts.is_empty() {
        facts.push(text.trim().to_owned());
    }
    for fact in &mut facts {
        if let Some((at, _)) = fact.char_indices().nth(FACT_CHARS_MAX) {
            fact.truncate(at);
        }
    }
    facts
}

/// Whether `text` begins with the request to keep what follows.
pub fn asks_to_keep(text: &str) -> bool {
    without_request(text).len() < text.len()
}

/// A fact without a request to keep it: the words after "Remember: …" and "please note that …".
/// In "remember to …" the thing to be done is itself the fact.
pub fn without_request(fact: &str) -> &str {
    let rest = after_request_to_keep(fact);
    if letters(rest) < LETTERS_MIN || rest.len() == fact.len() {
        fact
    } else {
        // "Would you note that …?"
        rest.trim_end().trim_end_matches(['?', '？'])
    }
}

/// Whether `text` has more than one sentence.
pub fn is_told_in_sentences(text: &str) -> bool {
    let pieces = text.lines().flat_map(sentences);
    pieces
        .filter(|piece| letters(piece) >= LETTERS_MIN)
        .nth(1)
        .is_some()
}

/// Whether `text` tells something and asks nothing.
pub fn only_tells(text: &str) -> bool {
    !text
        .lines()
        .flat_map(sentences)
        // "Could you note that …?" asks for nothing else.
        .any(|piece| is_question(piece.trim_end()) && !asks_to_keep(&piece))
}

/// Whether `piece` only asks for a note to be changed, or to be told something: no fact of its own.
fn is_request(piece: &str) -> bool {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        laid_out(
            r"(?i)^(?:(?:please|and|now|then|so),?\s+)*(?:
            (?:change|correct|update|fix|adjust|amend)\s+(?:that|this|it|(?:your|my|the)\s+(?:notes?|memory|memories|records?|entry|list))\b
            |(?:tell|show)\s+me\b)
            |^(?:请|麻烦)?(?:你|帮我)?(?:改|更正|更新|修改|纠正)(?:一下|过来|正)?(?:吧)?[。！!.]?$",
        )
    });
    ASKS.is_match(piece.trim())
}

/// A line without the list mark that begins it.
fn item(line: &str) -> &str {
    let line = line.trim();
    let bare = line.trim_start_matches(['-', '*', '•', '·']).trim_start();
    let digits = bare.len() - bare.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    match bare[digits..].strip_prefix(['.', ')', '、']) {
        Some(rest) if (1..=2).contains(&digits) => rest.trim_start(),
        _ => bare,
    }
}

/// Sentences by Unicode's rules, joined again where only an abbreviation ended them.
pub(crate) fn sentences(line: &str) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    for piece in line.split_sentence_bounds() {
        match whole.last_mut().filter(|last| is_abbreviated(last)) {
            Some(last) => last.push_str(piece),
            None => whole.push(piece.to_owned()),
        }
    }
    whole
}

/// Whether a sentence seems to end only because of an abbreviation or a number of a list: `Dr.`,
/// `J. S.`, `2.`
fn is_abbreviated(sentence: &str) -> bool {
    let Some(text) = sentence.trim_end().strip_suffix('.') else {
        return false;
    };
    let word = text.rsplit([' ', '.']).next().unwrap_or_default();
    if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) && word == text.trim() {
        return true;
    }
    let initial = word.chars().next().is_some_and(char::is_uppercase);
    let vowels = word.chars().any(|c| "aeiouyAEIOUY".contains(c));
    initial && (word.chars().count() == 1 || word.len() <= 3 && !vowels) || word == "St"
}

fn is_heading(piece: &str) -> bool {
    piece.ends_with([':', '：'])
}

fn is_question(piece: &str) -> bool {
    piece.ends_with(['?', '？'])
}

fn letters(piece: &str) -> usize {
    // An ideograph says as much as several letters.
    let weight = |c: char| match c {
        '\u{2E80}'.. => 2,
        c if c.is_alphanumeric() => 1,
        _ => 0,
    };
    piece.chars().map(weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        assert_eq!(facts(text), want, "{text}");
    }

    #[test]
    fn a_fact_is_said_without_the_request_to_keep_it() {
        let check = |fact: &str, want: &str| assert_eq!(without_request(fact), want);
        check(
            "Remember: my hen is called Berta.",
            "my hen is called Berta.",
        );
        check(
            "Please remember that the hen is Berta.",
            "the hen is Berta.",
        );
        check("Could you note this down: gate 4711", "gate 4711");
        check("For next time: no milk for Ann.", "no milk for Ann.");
        check("Be so kind and write down that Ann is in.", "Ann is in.");
        check("Write this down: gate 4711", "gate 4711");
        check("Before I forget, jot it down: gate 4711", "gate 4711");
        check("Here's one for your notes: gate 4711", "gate 4711");
        check("Update your notes: gate 4711", "gate 4711");
        check("Would you mind noting that Ann is in?", "Ann is in");
        check("写下来，车位是B12", "车位是B12");
        check(
            "Don't forget, my aunt lives in Graz",
            "my aunt lives in Graz",
        );
        check("请记住：我的狗叫豆豆。", "我的狗叫豆豆。");
        check("记一下，车位是B12", "车位是B12");
        for whole in [
            "Remember to feed the hen.",
            "My hen remembers that day.",
            "Remember the hen is Berta.",
            "我记得你说过",
            "Remember: ok",
            "Store-bought eggs are small.",
            "Write down the first ten primes.",
            "Log the error: it is 404.",
            "",
        ] {
            check(whole, whole);
        }
    }

    #[test]
    fn who_asks_does_more_than_tell() {
        let check = |text: &str, want: bool| assert_eq!(only_tells(text), want, "{text}");
        check("Remember: the key is under the mat.", true);
        check("My key is 17. What is 3 times 4?", false);
        check("我搬家了。你在哪？", false);
        check("Would you mind noting that the pump is a Delta 20?", true);
        check("Can you remember what my pump is?", false);
    }

    #[test]
    fn sentences_are_more_than_one() {
        let check = |text: &str, want: bool| {
            assert_eq!(is_told_in_sentences(text), want, "{text}");
        };
        check("What is 12.5% of 80, rounded?", false);
        check("Dr. Ash has 3 cats. How many legs is that?", true);
        check("盒子里有12支笔。拿走5支，还剩几支？", true);
        check("", false);
    }

    #[test]
    fn each_sentence_and_item_is_a_fact() {
        check(
            "Remember that the hen is Berta.",
            &["Remember that the hen is Berta."],
        );
        check(
            "Please remember:\n- the gate code is 4711\n- Dr. Weiss is our vet. She closes at 5.",
            &[
                "the gate code is 4711",
                "Dr. Weiss is our vet.",
                "She closes at 5.",
            ],
        );
        check(
            "1. 我的狗叫豆豆。2. 我住在杭州。\n3、车位是B12",
            &["我的狗叫豆豆。", "我住在杭州。", "车位是B12"],
        );
        check(
            "My aunt lives in Graz. OK? Thanks.",
            &["My aunt lives in Graz.", "Thanks."],
        );
        check("Is it late?", &["Is it late?"]);
        check(
            "Our boat is red now. Please change that in your notes, then tell me its berth.",
            &["Our boat is red now."],
        );
        check("船现在是红色的。请改一下。", &["船现在是红色的。"]);
        check("Change trains at Graz.", &["Change trains at Graz."]);
        check(
            "Two things have changed, please note them. My boat is red now. Its berth is 7.",
            &["My boat is red now.", "Its berth is 7."],
        );
        check(
            "请记住下面两件事。我的船是红色的。泊位是7号。",
            &["我的船是红色的。", "泊位是7号。"],
        );
        check(
            "I keep three things in the shed.",
            &["I keep three things in the shed."],
        );
        check("Note J. S. Bach. Ja.", &["Note J. S. Bach. Ja."]);
    }
}
